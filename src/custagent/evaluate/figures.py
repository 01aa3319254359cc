"""Figures about conversations: counts, rates with their uncertainty, times, credits (STAT-1).

What each of them means stands in `definitions`, in the words that people read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, sqrt
from zoneinfo import ZoneInfo

from custagent.core.conversation import Outcome, Status
from custagent.core.stats import ConversationFacts

#: Silence after which a conversation is judged, as HubSpot does; at exactly this long it is.
SETTLED_AFTER = timedelta(hours=72)
#: A rate of fewer conversations says nothing: its interval spans forty points and more.
ENOUGH = 20
#: Of the normal distribution: 95 % lie within so many standard deviations.
_Z = 1.959963984540054
#: Upper bounds in seconds of the bars that tell how times are spread; the last bar has none.
TIME_BOUNDS = (5, 30, 60, 300, 3600, 8 * 3600, 24 * 3600)


class Ending(StrEnum):
    """How conversations stand or ended, each in exactly one way."""

    #: The agent answered, and nothing more came.
    ANSWERED = "answered"
    #: The agent asked back or could not help, and the contact stayed silent.
    UNRESOLVED = "unresolved"
    #: A person had it.
    PERSON = "person"
    #: Closed without a question: greetings alone, or a reply that never left.
    NOTHING_ASKED = "nothing-asked"
    #: Not closed yet.
    GOING_ON = "going-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many, and how sure that is."""

    count: int
    base: int

    @property
    def share(self) -> float | None:
        """0..1; None of nothing."""
        return self.count / self.base if self.base else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough to speak of a rate."""
        return self.base >= ENOUGH

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval: the true rate lies within it in 95 of 100 such spans of time; None of nothing.

        E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
        """
        if not self.base:
            return None
        share, shrink = self.count / self.base, 1 + _Z**2 / self.base
        middle = (share + _Z**2 / (2 * self.base)) / shrink
        half = _Z * sqrt(share * (1 - share) / self.base + _Z**2 / (4 * self.base**2)) / shrink
        # At the ends rounding must not lead past the share itself.
        return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long something took, in seconds."""

    count: int
    #: Half of them took at most this long, and nine of ten; None of nothing. Both are times that occurred.
    median: float | None
    p90: float | None
    #: How many took at most each of TIME_BOUNDS and more than the one before; the last: longer than all.
    spread: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of some conversations."""

    conversations: int
    #: By Ending; every one is there.
    endings: Mapping[Ending, int]
    #: Conversations that the agent took part in, of all.
    handled: Rate
    #: Of these, those that have not been silent for SETTLED_AFTER: no rate below counts them.
    too_young: int
    #: Three ways to say "resolved", each of the settled ones that the agent took part in.
    resolved: Rate
    answered: Rate
    confirmed: Rate
    #: Of the same: those that no person had to do with, and those that were handed over.
    deflected: Rate
    handed_over: Rate
    #: Why the agent gave conversations away, by reason, most often first; of all that it gave away.
    reasons: Mapping[str, int]
    #: Replies that contacts judged helpful, of those that they judged.
    helpful: Rate
    #: Replies that people here call wrong.
    wrong: int
    #: From the contact's first message to the agent's first reply, and from the handing over to a person's first.
    agent_times: Times
    person_times: Times
    #: Conversations that were handed over, are not closed, and that no person has replied in yet.
    still_waiting: int
    #: Credits of these conversations, whenever they were booked.
    charged: int
    given_back: int
    #: Credits of the settled conversations a resolved one; None where none is resolved.
    credits_per_resolution: float | None

    @property
    def used(self) -> int:
        """Credits that these conversations cost."""
        return self.charged - self.given_back


@dataclass(frozen=True, slots=True)
class Judged:
    """A conversation with what it counts as. Its fields are read some million times, so they are reckoned once."""

    facts: ConversationFacts
    #: The calendar day in the zone, as 2026-11-18, and the ISO week, as 2026-W47, that it began in.
    day: str
    week: str
    ending: Ending
    handled: bool
    settled: bool
    resolved: bool
    answered: bool
    confirmed: bool
    deflected: bool
    handed_over: bool
    agent_seconds: float | None
    person_seconds: float | None
    still_waiting: bool


def judge(facts: ConversationFacts, now: datetime, zone: ZoneInfo) -> Judged:
    """What the conversation counts as at the moment `now`; its day and week are those of the zone."""
    local = facts.opened_at.astimezone(zone)
    year, week, _ = local.isocalendar()
    alone = not facts.person_involved
    liked = facts.downs == 0
    settled = facts.took_part and now - facts.last_message_at >= SETTLED_AFTER
    # Where people took it by themselves, nobody was waited for.
    handed_at = facts.handed_over_at or (None if facts.agent else facts.wrote_at)
    return Judged(
        facts=facts,
        day=local.date().isoformat(),
        week=f"{year:04}-W{week:02}",
        ending=ending_of(facts),
        handled=facts.took_part,
        settled=settled,
        resolved=settled and facts.replies > 0 and alone and not facts.person_asked and liked,
        answered=settled and facts.answered_last and alone,
        confirmed=settled and facts.ups > 0 and liked and alone,
        deflected=settled and alone,
        handed_over=facts.took_part and facts.handed_over_at is not None,
        agent_seconds=_between(facts.wrote_at, facts.agent_at),
        person_seconds=_between(handed_at, facts.person_at),
        still_waiting=handed_at is not None and facts.person_at is None and facts.status is not Status.CLOSED,
    )


_ENDINGS = {
    Outcome.ANSWERED: Ending.ANSWERED,
    Outcome.UNRESOLVED: Ending.UNRESOLVED,
    Outcome.PERSON: Ending.PERSON,
    None: Ending.NOTHING_ASKED,
}


def ending_of(facts: ConversationFacts) -> Ending:
    """How the conversation stands or ended."""
    return _ENDINGS[facts.outcome] if facts.status is Status.CLOSED else Ending.GOING_ON


def _between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds; None where one of them is not known, or the reply came first: then it was none to this."""
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def figures_of(judged: Sequence[Judged]) -> Figures:
    """The figures of these conversations."""
    settled = [one for one in judged if one.settled]
    handled = sum(one.handled for one in judged)
    endings = Counter(one.ending for one in judged)
    resolved = sum(one.resolved for one in settled)
    spent = sum(one.facts.charged - one.facts.given_back for one in settled)
    ups = sum(one.facts.ups for one in judged)

    def of_settled(count: int) -> Rate:
        return Rate(count=count, base=len(settled))

    return Figures(
        conversations=len(judged),
        endings={ending: endings[ending] for ending in Ending},
        handled=Rate(count=handled, base=len(judged)),
        too_young=handled - len(settled),
        resolved=of_settled(resolved),
        answered=of_settled(sum(one.answered for one in settled)),
        confirmed=of_settled(sum(one.confirmed for one in settled)),
        deflected=of_settled(sum(one.deflected for one in settled)),
        handed_over=of_settled(sum(one.handed_over for one in settled)),
        reasons=dict(Counter(one.facts.reason for one in judged if one.facts.reason).most_common()),
        helpful=Rate(count=ups, base=ups + sum(one.facts.downs for one in judged)),
        wrong=sum(one.facts.wrong for one in judged),
        agent_times=times_of([one.agent_seconds for one in judged if one.agent_seconds is not None]),
        person_times=times_of([one.person_seconds for one in judged if one.person_seconds is not None]),
        still_waiting=sum(one.still_waiting for one in judged),
        charged=sum(one.facts.charged for one in judged),
        given_back=sum(one.facts.given_back for one in judged),
        credits_per_resolution=spent / resolved if resolved else None,
    )


def times_of(seconds: Sequence[float]) -> Times:
    """Median and 90th percentile by the nearest rank, and how the times are spread."""
    ordered = sorted(seconds)

    def rank(part: float) -> float | None:
        return ordered[ceil(part * len(ordered)) - 1] if ordered else None

    below = [bisect_right(ordered, bound) for bound in TIME_BOUNDS]
    starts = [0, *below]
    return Times(
        count=len(ordered),
        median=rank(0.5),
        p90=rank(0.9),
        spread=tuple(end - start for start, end in zip(starts, [*below, len(ordered)], strict=True)),
    )
