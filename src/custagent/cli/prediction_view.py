"""What a simulation found out, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from custagent.cli.prediction_rows import Outcome
from custagent.cli.render import counted, next_steps, say, table, warn
from custagent.core.past_question import Replayed
from custagent.evaluate.comparison import Comparison, Difference, Kind
from custagent.evaluate.figures import Rate
from custagent.evaluate.prediction import Division, Made, ToRead, made_of
from custagent.runtime.proving.past_questions import WITHOUT, PastQuestions
from custagent.runtime.proving.simulated_costs import Costs
from custagent.runtime.proving.simulated_gaps import Lack
from custagent.runtime.proving.simulation import Candidate

#: How the outcomes are called where there is room, and as headings of columns.
_CALLED: Final = {
    Made.ANSWERED: "answered",
    Made.CLARIFIED: "asked back which is meant",
    Made.REPHRASED: "asked to rephrase",
    Made.HANDED_OVER: "handed over",
    Made.WITH_PERSON: "left to the person who has it",
}
#: Topics that are lacking, parts of a division, and changes of a kind that are shown; --json has them all.
MOST_LACKS = 10
MOST_PARTS = 12
MOST_CHANGES = 20
#: Characters of a question or reply.
_SHOWN = 150
#: Words that are shown before those which differ.
_WORDS_BEFORE = 4


def show_outcome(outcome: Outcome) -> None:
    """Everything, the most important first."""
    _show_file(outcome.file)
    _show_problems(outcome)
    if outcome.prediction.questions:
        _show_decisions(outcome)
        _show_costs(outcome.costs, outcome.prediction.conversations)
        for by in ("language", "channel", "label"):
            _show_divisions([one for one in outcome.prediction.divisions if one.by == by])
        _show_lacks(outcome.lacks)
        _show_reading(outcome.prediction.to_read, outcome.now)
    if outcome.differences and outcome.before:
        _show_differences(outcome.before, outcome.now, outcome.differences)
    next_steps([f"custagent preview {outcome.agent}", f"custagent sources lint {outcome.agent}"])


def _show_file(file: PastQuestions) -> None:
    found = ", ".join(
        f"{column.value} in “{name}”" if column.value != name else column.value for column, name in file.columns.items()
    )
    say(f"Read {counted(len(file.questions), 'question')}: {found}.")
    for column in file.missing:
        say(f"  No {column.value}: {WITHOUT[column]}.", style="dim")
    if file.replies:
        replies = "1 reply" if file.replies == 1 else f"{file.replies} replies"
        say(f"  {replies} left out: the agent's own come instead.", style="dim")
    if file.empty:
        say(f"  {counted(file.empty, 'row')} without words left out.", style="dim")


def _show_problems(outcome: Outcome) -> None:
    for candidate in (outcome.now, outcome.before):
        for problem in candidate.problems if candidate else ():
            warn(f"{candidate.called}: {problem}" if outcome.before and candidate else problem)
    if outcome.now.unsynced:
        differ = "1 page differs" if outcome.now.unsynced == 1 else f"{outcome.now.unsynced} pages differ"
        warn(
            f"{differ} from what the preview and the live agent know",
            hint=f"Let them know too with: custagent sources sync {outcome.agent}",
        )


def _show_decisions(outcome: Outcome) -> None:
    found = outcome.prediction
    say()
    asked = f"{counted(found.questions, 'question')} in {counted(found.conversations, 'conversation')}"
    say(f"What {outcome.agent} would do, {outcome.now.called}: {asked}", style="bold")
    rows = [
        (_CALLED[made], rate.count, *_shares(rate))
        for made, rate in found.made.items()
        if rate.count or made is not Made.WITH_PERSON
    ]
    table(["Questions", "Number", "Share", "95 % range"], rows)
    say()
    rows = [
        ("answered to the end, without a person", found.without_person.count, *_shares(found.without_person)),
        ("handed over", found.handed_over.count, *_shares(found.handed_over)),
    ]
    table(["Conversations", "Number", "Share", "95 % range"], rows)
    if found.reasons:
        say(f"Handed over for: {', '.join(f'{reason} {number}' for reason, number in found.reasons.items())}.")


def _shares(rate: Rate) -> tuple[str, str]:
    """ "68 %" and "55 to 79 %"."""
    if rate.share is None or rate.interval is None:
        return "", ""
    low, high = rate.interval
    return f"{rate.share:.0%}".replace("%", " %"), f"{low * 100:.0f} to {high * 100:.0f} %"


def _show_costs(costs: Costs, conversations: int) -> None:
    say()
    say("What it would cost", style="bold")
    rows = [
        (
            f"{one.policy.value} (in force)" if one.policy is costs.policy else one.policy.value,
            one.price,
            one.charged,
            one.credits,
            round(1000 * one.credits / conversations),
        )
        for one in costs.totals
    ]
    table(["Policy", "Price", "Charged", "Credits", "A thousand conversations"], rows)
    if costs.dollars:
        say(f"The model that writes the replies costs about {costs.dollars:.2f} US dollars for them.")


def _show_divisions(divisions: Sequence[Division]) -> None:
    if not divisions:
        return
    say()
    shown = divisions[:MOST_PARTS]
    rows = [
        (
            one.name,
            one.questions,
            *_shares(one.made[Made.ANSWERED]),
            one.made[Made.CLARIFIED].count,
            one.made[Made.REPHRASED].count,
            one.made[Made.HANDED_OVER].count + one.made[Made.WITH_PERSON].count,
        )
        for one in shown
    ]
    heading = divisions[0].by.capitalize()
    table([heading, "Questions", "Answered", "95 % range", "Asked back", "Rephrase", "Person"], rows)
    if len(divisions) > len(shown):
        say(f"and {len(divisions) - len(shown)} more; --json has all", style="dim")


def _show_lacks(lacks: Sequence[Lack]) -> None:
    if not lacks:
        return
    say()
    say(f"What the content lacks: {counted(len(lacks), 'topic')}", style="bold")
    for lack in lacks[:MOST_LACKS]:
        say(f"{len(lack.replayed):>4}  {_short(lack.topic)}")
        if lack.nearest:
            say(f"      nearest: {lack.nearest_title} ({lack.nearest})", style="dim")
    if len(lacks) > MOST_LACKS:
        say(f"      and {len(lacks) - MOST_LACKS} more; --json has all", style="dim")


def _show_reading(to_read: ToRead, candidate: Candidate) -> None:
    limit = candidate.agent.confidence.answer
    for heading, some in (
        ("To read: answered, and least sure", to_read.unsure),
        (f"To read: not answered, and nearly sure enough ({limit:.2f})", to_read.nearly),
        ("To read: asked back", to_read.asked_back),
    ):
        if some:
            say()
            say(heading, style="bold")
        for one in some:
            _show_one(one)


def _show_one(one: Replayed) -> None:
    say(f"{one.confidence:.2f}  {_short(one.question.text)}")
    say(f"      line {one.question.line}: {_short(one.text)}", style="dim")
    for source in one.sources[:2]:
        say(f"      {source}", style="dim")


def _show_differences(before: Candidate, now: Candidate, found: Comparison) -> None:
    say()
    say(f"What differs: {before.called}, and {now.called}", style="bold")
    if before.from_store:
        say(f"  As it was stored last, for both: {', '.join(before.from_store)}", style="dim")
    for kind, heading in (
        (Kind.DECISION, "decided otherwise"),
        (Kind.SOURCES, "answered from elsewhere"),
        (Kind.TEXT, "worded otherwise"),
    ):
        changed = found.of(kind)
        if changed:
            say(f"{heading}: {len(changed)}", style="bold")
        for one in changed[:MOST_CHANGES]:
            _show_change(one)
        if len(changed) > MOST_CHANGES:
            say(f"  and {len(changed) - MOST_CHANGES} more; --json has all", style="dim")
    say(f"The same: {found.unchanged}.")


def _show_change(one: Difference) -> None:
    say(f"  line {one.now.question.line}: {_short(one.now.question.text)}")
    if one.kind is Kind.SOURCES:
        told = _sources_apart(one.before.sources, one.now.sources)
    elif one.kind is Kind.TEXT:
        told = _texts_apart(one.before.text, one.now.text)
    else:
        told = _decided(one.before), _decided(one.now)
    for name, text in zip(("before", "now"), told, strict=True):
        say(f"    {name + ':':<8}{text}", style="dim")


def _decided(one: Replayed) -> str:
    reason = f" ({one.reason.value}, {one.confidence:.2f})" if one.reason else ""
    return f"{_CALLED[made_of(one)]}{reason}"


def _sources_apart(before: Sequence[str], now: Sequence[str]) -> tuple[str, str]:
    """The pages that only one of them cites; where they cite the same in another order, all."""
    if set(before) == set(now):
        return ", ".join(before), ", ".join(now)
    gone = ", ".join(one for one in before if one not in now)
    new = ", ".join(one for one in now if one not in before)
    return gone or "nothing else", new or "nothing else"


def _texts_apart(before: str, now: str) -> tuple[str, str]:
    """Both from a little before the first word that differs."""
    one, other = before.split(), now.split()
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - _WORDS_BEFORE)
    mark = "… " if start else ""
    return _short(mark + " ".join(one[start:])), _short(mark + " ".join(other[start:]))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"
