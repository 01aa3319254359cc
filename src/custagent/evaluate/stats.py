"""The report of a span of time: its figures in all, and by agent, channel, language, week and day (STAT-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from custagent.core.gap import Gap
from custagent.core.stats import ConversationFacts, LedgerFacts
from custagent.evaluate.figures import Figures, Judged, figures_of, judge

#: What stands in the place of a name that there is none of.
NO_AGENT = "people from the start"
NO_LANGUAGE = "not known"


class Division(StrEnum):
    """What figures can be divided by."""

    AGENT = "agent"
    CHANNEL = "channel"
    LANGUAGE = "language"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of those conversations that have something in common."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How the credits stand when the report is made, whatever its span."""

    #: The sum of all entries.
    balance: int
    #: What new conversations may still cost this month; None when nothing limits it.
    available: int | None
    policy: str
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is told of a span of time."""

    #: Conversations that began from `since` on and before `until`; aware.
    since: datetime
    until: datetime
    #: IANA name: days and weeks are those of this place.
    timezone: str
    #: When it was reckoned; what is settled is settled by then.
    made_at: datetime
    workspace: str
    #: Only of this agent, or this channel; "" for all.
    agent: str
    channel: str
    total: Figures
    #: By Division; the largest group first, weeks in their order.
    by: Mapping[Division, tuple[Group, ...]]
    #: Each day of the span, or where these are too many each week from the first one with a conversation on, in order;
    #: those without conversations included.
    course: tuple[Group, ...]
    ledger: LedgerFacts
    balance: Balance
    #: Gaps that are open now and were asked about since the span began, most asked first; as the last look found them.
    gaps: tuple[Gap, ...] = ()


#: Up to so many days are shown one by one.
MOST_DAYS = 62


def report_of(
    facts: Iterable[ConversationFacts],
    ledger: LedgerFacts,
    balance: Balance,
    *,
    since: datetime,
    until: datetime,
    timezone: str,
    now: datetime,
    workspace: str,
    agent: str = "",
    channel: str = "",
    gaps: Sequence[Gap] = (),
) -> Report:
    """The report on conversations of the span, as they stand `now`."""
    zone = ZoneInfo(timezone)
    judged = [judge(one, now, zone) for one in facts]
    return Report(
        since=since,
        until=until,
        timezone=timezone,
        made_at=now,
        workspace=workspace,
        agent=agent,
        channel=channel,
        total=figures_of(judged),
        by={division: _divided(judged, _NAMES[division], division) for division in Division},
        course=_course(judged, since, min(until, now), zone),
        ledger=ledger,
        balance=balance,
        gaps=tuple(gaps),
    )


_NAMES: Mapping[Division, Callable[[Judged], str]] = {
    Division.AGENT: lambda one: one.facts.agent or NO_AGENT,
    Division.CHANNEL: lambda one: one.facts.channel,
    Division.LANGUAGE: lambda one: one.facts.language or NO_LANGUAGE,
    Division.WEEK: lambda one: one.week,
}


def _divided(judged: Sequence[Judged], name_of: Callable[[Judged], str], division: Division) -> tuple[Group, ...]:
    sorted_out = _sorted_out(judged, name_of)
    if division is Division.WEEK:
        names = sorted(sorted_out)
    else:
        names = sorted(sorted_out, key=lambda name: (-len(sorted_out[name]), name))
    return tuple(Group(name=name, figures=figures_of(sorted_out[name])) for name in names)


def _course(judged: Sequence[Judged], since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Group, ...]:
    first, last = _days(since, until, zone)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    by_day = len(days) <= MOST_DAYS
    # A dictionary keeps the order in which they come, each once.
    names = dict.fromkeys(f"{day:%Y-%m-%d}" if by_day else f"{day:%G-W%V}" for day in days)
    sorted_out = _sorted_out(judged, (lambda one: one.day) if by_day else (lambda one: one.week))
    if not by_day:
        begun = min(sorted_out, default="")
        names = {name: None for name in names if name >= begun}
    return tuple(Group(name=name, figures=figures_of(sorted_out.get(name, []))) for name in names)


def _sorted_out(judged: Sequence[Judged], name_of: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    sorted_out: dict[str, list[Judged]] = {}
    for one in judged:
        sorted_out.setdefault(name_of(one), []).append(one)
    return sorted_out


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last calendar day; a span that ends at midnight ends with the day before."""
    first = since.astimezone(zone).date()
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    return first, max(first, last)
