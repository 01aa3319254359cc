"""How an explanation looks in the terminal: the question, the decision, how sure and why, and what it rests on.

Wrapped to the width that there is, nothing cut. Everything can be told without colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from custagent.cli.render import counted, say, stdout, visible
from custagent.locales import FALLBACK, catalogue
from custagent.runtime.inbox.explain import Explanation, Now, Passage, Reasoning
from custagent.runtime.inbox.reasons import decision_in_words, reason_in_words, signal_in_words, trigger_in_words

if TYPE_CHECKING:
    from rich.console import RenderableType

_LABEL = 12
_BAR_CELLS = 40
#: Cells to either side of the middle of a signal's bar.
_PART_CELLS = 4
_COLOURS = {"answer": "green", "clarify": "yellow", "rephrase": "yellow", "handoff": "magenta"}
_FATES = {
    Now.UNCHANGED: "unchanged since",
    Now.CHANGED: "its page has changed since",
    Now.GONE: "its page is gone since",
}


def show_explanation(explanation: Explanation, *, with_reply: bool = True) -> None:
    """All of it: what was asked and said, the decision, and what it rests on; `with_reply` where nobody saw it yet."""
    if with_reply:
        _show_reply(explanation)
    if not explanation.parts:
        show_reasoning(explanation.reasoning)
    for number, part in enumerate(explanation.parts, 1):
        _heading(f"Question {number} of {len(explanation.parts)}: {part.question}")
        show_reasoning(part)
    _show_costs(explanation)


def _show_reply(explanation: Explanation) -> None:
    _show_head(explanation)
    _show_facts([
        ("Asked", "\n".join(explanation.asked) or "(not kept)"),
        ("Replied", explanation.text or "(not kept)"),
        *([("Offered", "\n".join(f"- {option}" for option in explanation.options))] if explanation.options else []),
    ])  # fmt: skip


def show_reasoning(reasoning: Reasoning) -> None:
    """One decision: why, how sure, by which signals, and the passages."""
    decided = Text(decision_in_words(reasoning.decision), style=f"bold {_COLOURS.get(reasoning.decision, '')}".strip())
    decided.append(f" ({reasoning.decision}), because {reason_in_words(reasoning.reason)}", style="")
    facts: list[tuple[str, RenderableType | str]] = [("Decision", decided)]
    if reasoning.language:
        facts.append(("Language", _language(reasoning.language)))
    if reasoning.triggers:
        told = ", ".join(trigger_in_words(name, value) for name, value in reasoning.triggers.items())
        facts.append(("In the words", told))
    if reasoning.searched:
        facts.append(("Searched", reasoning.searched))
    _show_facts(facts)
    if reasoning.confidence is not None and (reasoning.reckoning or reasoning.passages):
        _show_confidence(reasoning.confidence, reasoning.reckoning)
    _show_signals(reasoning)
    _show_passages(reasoning.passages)


def show_replies(explanations: Sequence[Explanation]) -> None:
    """The replies of one conversation, each with its reason."""
    for one in explanations:
        reasoning = one.reasoning
        head = Text(f"{one.message}", style="bold")
        head.append(f"  {one.at:%Y-%m-%d %H:%M}  " if one.at else "  ", style="dim")
        head.append(decision_in_words(reasoning.decision), style=_COLOURS.get(reasoning.decision, ""))
        if reasoning.confidence is not None and reasoning.reckoning:
            head.append(f"  confidence {reasoning.confidence:.2f}", style="dim")
        stdout().print(head)
        _show_facts([
            ("Asked", "\n".join(one.asked) or "(not kept)"),
            ("Because", reason_in_words(reasoning.reason)),
        ], blank=False)  # fmt: skip
        say()


def _show_head(explanation: Explanation) -> None:
    if not explanation.message:
        return
    version = f"version {explanation.agent_version}" if explanation.agent_version else "version not known"
    if explanation.live_version and explanation.live_version != explanation.agent_version:
        version += f" (live now: {explanation.live_version})"
    head = Text(f"Reply {explanation.message}", style="bold")
    at = f"  {explanation.at:%Y-%m-%d %H:%M} UTC" if explanation.at else ""
    head.append(f"{at} · {explanation.channel} · conversation {explanation.conversation}", style="dim")
    stdout().print(head)
    say(f"by {explanation.agent}, {version}, index {explanation.index_generation}", style="dim")


def _show_facts(facts: Sequence[tuple[str, RenderableType | str]], *, blank: bool = True) -> None:
    """Labels on the left, what is told beside them, wrapped within its column."""
    if blank:
        say()
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_LABEL, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, told in facts:
        grid.add_row(label, visible(told) if isinstance(told, str) else told)
    stdout().print(Padding(grid, (0, 0, 0, 2), expand=False))


def _heading(text: str) -> None:
    say()
    stdout().print(Text(visible(text), style="bold"))


def _show_confidence(confidence: float, reckoning: Mapping[str, Any] | None) -> None:
    """A bar from 0 to 1 with the thresholds below it."""
    _heading("How sure")
    filled = round(confidence * _BAR_CELLS)
    bar = Text("  0 ")
    bar.append("█" * filled + "░" * (_BAR_CELLS - filled), style="cyan")
    bar.append(f" 1   {confidence:.2f}", style="bold")
    stdout().print(bar)
    if reckoning is None:
        return
    marks = [" "] * (_BAR_CELLS + 1)
    for threshold in (reckoning["clarify_from"], reckoning["answer_from"]):
        marks[round(threshold * _BAR_CELLS)] = "▲"
    say(f"    {''.join(marks).rstrip()}", style="dim")
    named = f" ({reckoning['preset']})" if reckoning["preset"] else " (numbers of its own)"
    _say_wrapped(
        f"asks back from {reckoning['clarify_from']:.2f}, answers from {reckoning['answer_from']:.2f}{named}", dim=True
    )


def _show_signals(reasoning: Reasoning) -> None:
    """Each signal with its value and what it adds; those that are only told come last."""
    if not reasoning.signals or reasoning.reckoning is None:
        return
    _heading("What made it so")
    parts: Mapping[str, float] = reasoning.reckoning["parts"]
    most = max((abs(part) for part in parts.values()), default=0.0) or 1.0
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim", overflow="fold")
    grid.add_row("signal", "value", "adds", "", "", style="dim")
    for name in sorted(parts, key=lambda one: -abs(parts[one])):
        value = f"{reasoning.signals.get(name, 0.0):.3f}"
        # Never "-0.00".
        grid.add_row(
            name, value, f"{round(parts[name], 2) + 0.0:+.2f}", _leaning(parts[name] / most), signal_in_words(name)
        )
    for name, number in reasoning.signals.items():
        if name not in parts:
            grid.add_row(name, f"{number:.3f}", "", "", signal_in_words(name), style="dim")
    stdout().print(Padding(grid, (0, 0, 0, 2), expand=False))
    base = reasoning.reckoning["base"]
    odds = base + sum(parts.values())
    _say_wrapped(
        f"{base:+.2f} to begin with, {odds:+.2f} in all: log-odds, which say {reasoning.reckoned:.2f}. "
        f"Coefficients: {reasoning.reckoning['calibration']}.",
        dim=True,
    )


def _leaning(share: float) -> Text:
    """To the right for what speaks for an answer, to the left for what speaks against it."""
    cells = round(abs(share) * _PART_CELLS)
    if share >= 0:
        return Text(" " * _PART_CELLS + "│" + ("█" * cells).ljust(_PART_CELLS), style="green")
    return Text(("█" * cells).rjust(_PART_CELLS) + "│" + " " * _PART_CELLS, style="red")


def _show_passages(passages: Sequence[Passage]) -> None:
    quoted = [passage for passage in passages if passage.quoted]
    others = [passage for passage in passages if not passage.quoted]
    if quoted:
        _heading("What it rests on (┃ was quoted)")
    for number, passage in enumerate(quoted):
        if number:
            say()
        _show_passage(passage)
    if others:
        _heading("What else was looked at" if quoted else "What was looked at")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, justify="right")
        grid.add_column(overflow="fold")
        for passage in others:
            told = Text(visible(_named(passage)))
            fate = "" if passage.now is Now.UNCHANGED else _fate(passage)
            told.append(f"\n{visible(passage.link)}{fate}", style="dim")
            grid.add_row(f"{passage.score:.3f}", told)
        stdout().print(Padding(grid, (0, 0, 0, 2), expand=False))


def _show_passage(passage: Passage) -> None:
    head = Text(f"  {passage.score:.3f}  ", style="")
    head.append(visible(_named(passage)), style="bold")
    stdout().print(head)
    link = Text(f"{visible(passage.link)}{_fate(passage)}", style="dim")
    stdout().print(Padding(link, (0, 0, 0, 9), expand=False))
    for text, is_quoted in _pieces(passage):
        grid = Table.grid()
        grid.add_column(width=2)
        grid.add_column(overflow="fold")
        for line in _wrapped(text, stdout().width - 13):
            grid.add_row("┃" if is_quoted else "", Text(line, style="bold" if is_quoted else "dim"))
        stdout().print(Padding(grid, (0, 0, 0, 9), expand=False))


def _pieces(passage: Passage) -> Iterator[tuple[str, bool]]:
    """The passage in pieces, each with whether it was quoted."""
    at = 0
    for begin, end in (*passage.quoted, (len(passage.text), len(passage.text))):
        for text, is_quoted in ((passage.text[at:begin], False), (passage.text[begin:end], True)):
            if text.strip():
                yield visible(text.strip()), is_quoted
        at = end


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` cells, so that each can have its mark."""
    for line in text.splitlines():
        wrapped = Text(line).wrap(stdout(), max(width, 20), overflow="fold")
        yield from (one.plain.rstrip() for one in wrapped)


def _named(passage: Passage) -> str:
    return f"{passage.title} > {passage.heading}" if passage.heading else passage.title


def _language(code: str) -> str:
    """ "Swedish (sv)"."""
    name = catalogue(FALLBACK).languages.get(code)
    return f"{name} ({code})" if name else code


def _fate(passage: Passage) -> str:
    return f" · {_FATES[passage.now]}" if passage.now else ""


def _show_costs(explanation: Explanation) -> None:
    """Time, tokens and credits."""
    _heading("What it took")
    total = explanation.timings_ms.get("total")
    steps = [f"{step} {ms:.0f}" for step, ms in explanation.timings_ms.items() if step != "total"]
    facts = [("Time", f"{total:.0f} ms ({', '.join(steps)})" if total is not None else "not kept")]
    facts.append(("Model", _model(explanation.usage)))
    if explanation.conversation:
        facts.append(("Credits", _credits(explanation)))
    _show_facts(facts, blank=False)


def _model(usage: Mapping[str, Any]) -> str:
    if not usage.get("model"):
        return "none: the words are the content's own"
    told = f"{usage['model']}, {counted(usage['input_tokens'], 'token')} in, {usage['output_tokens']} out"
    if usage.get("calls", 0) > 1:
        told += f", asked {usage['calls']} times"
    return told if usage.get("cost") is None else f"{told}, {usage['cost']:.4f} US dollars"


def _credits(explanation: Explanation) -> str:
    spent = counted(explanation.credits, "credit")
    return f"its conversation has cost {spent}; why: custagent credits explain {explanation.conversation}"


def _say_wrapped(text: str, *, dim: bool = False) -> None:
    stdout().print(Padding(Text(visible(text), style="dim" if dim else ""), (0, 0, 0, 2), expand=False))
