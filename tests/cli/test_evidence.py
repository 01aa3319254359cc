"""The view of an explanation: whole at any width, readable without colour, in words for every reason and signal."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from rich.console import Console

from custagent.answer.signals import Signals
from custagent.answer.understanding.triggers import Triggers
from custagent.cli import evidence
from custagent.cli.evidence import show_explanation, show_replies
from custagent.core.answer import DecisionKind, Reason
from custagent.locales.staff import staff_words
from custagent.runtime.inbox import reasons
from custagent.runtime.inbox.explain import Explanation, Now, Passage, Reasoning

TEXT = "We look at every return first. Refunds are paid within 5 working days. Gift cards are never refunded."
QUOTE = "Refunds are paid within 5 working days."
RECKONING = {
    "calibration": "same-language 0123abcd", "base": -0.5, "parts": {"cosine": 1.5, "lead": -0.25, "coverage": 0.0},
    "answer_from": 0.5, "clarify_from": 0.25, "preset": "balanced",
}  # fmt: skip
PASSAGE = Passage(
    title="Refunds and everything that belongs to them", heading="When the money comes",
    link="https://help.example.com/returns/refunds-and-everything-that-belongs-to-them.html#when", text=TEXT, score=0.951,
    cosine=0.9, lexical=0.255, quoted=((TEXT.index(QUOTE), TEXT.index(QUOTE) + len(QUOTE)),), now=Now.GONE,
)  # fmt: skip
REASONING = Reasoning(
    decision="answer", reason="grounded", confidence=0.68, searched="refunds When does the money come?", language="en",
    triggers={"small-talk": "greeting"}, signals={"cosine": 0.9, "lead": 0.02, "coverage": 1.0, "lexical": 0.255},
    reckoning=RECKONING,
    passages=(
        PASSAGE,
        dataclasses.replace(PASSAGE, title="Vouchers", now=Now.UNCHANGED),
        dataclasses.replace(PASSAGE, title="Gift cards", quoted=(), now=Now.CHANGED),
    ),
)  # fmt: skip
EXPLANATION = Explanation(
    message=42, conversation="k2Hq9vXwB4nT7mRz1LcYdA", channel="website", at=datetime(2026, 11, 22, 12, 1, tzinfo=UTC),
    asked=("When does the money come?",), text=f"Good question!\n\n{QUOTE}", language="en", reasoning=REASONING,
    agent="support", agent_version=3, live_version=5, index_generation=7,
    usage={"model": "openai/small", "input_tokens": 812, "output_tokens": 54, "calls": 2, "cost": 0.0012},
    timings_ms={"understand": 1.0, "embed": 20.0, "total": 27.4}, credits=100,
)  # fmt: skip


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is printed at a width."""

    def show(width: int, explanation: Explanation = EXPLANATION, **rest: bool) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        evidence.stdout.cache_clear()
        show_explanation(explanation, **rest)
        evidence.stdout.cache_clear()
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("width", [64, 80, 120])
def test_everything_is_there_and_nothing_is_cut(shown, width: int) -> None:
    lines = shown(width).splitlines()
    told = " ".join(" ".join(line.strip(" ┃") for line in lines).split())
    assert max(len(line.rstrip()) for line in lines) <= width
    for part in (
        "Reply 42", "2026-11-22 12:01 UTC", "version 3 (live now: 5)", "index 7", "English (en)",
        "answered (answer), because the content answers the question",
        "0.68", "asks back from 0.25, answers from 0.50 (balanced)", "+1.50", "-0.25", "same-language 0123abcd",
        "its page is gone since", "unchanged since", "its page has changed since", "small talk: greeting", "27 ms", "asked 2 times",
        "0.0012 US dollars", "has cost 100 credits", "refunds When does the money come?", QUOTE,
        "custagent credits explain k2Hq9vXwB4nT7mRz1LcYdA",
    ):  # fmt: skip
        assert part in told, part


def test_what_was_quoted_is_marked_without_colour(shown) -> None:
    marked = [line.strip(" ┃") for line in shown(80).splitlines() if "┃" in line and "was quoted" not in line]
    # By two passages.
    assert " ".join(marked) == f"{QUOTE} {QUOTE}"
    assert "\x1b" not in shown(80)


def test_the_thresholds_stand_below_the_bar(shown) -> None:
    bar, marks = next(
        (line, below) for line, below in zip(shown(80).splitlines(), shown(80).splitlines()[1:], strict=False) if "░" in line
    )  # fmt: skip
    start = bar.index("█")
    assert bar.count("█") == round(0.68 * 40)
    assert [at - start for at, sign in enumerate(marks) if sign == "▲"] == [10, 20]


def test_the_signal_that_adds_most_comes_first(shown) -> None:
    out = shown(120)
    assert out.index("cosine") < out.index("lead ") < out.index("coverage") < out.index("lexical")


def test_a_preview_repeats_nothing(shown) -> None:
    out = shown(80, dataclasses.replace(EXPLANATION, message=0, conversation=""), with_reply=False)
    assert "Reply" not in out
    assert "Credits" not in out
    assert "Good question" not in out


def test_each_of_several_questions_has_its_own(shown) -> None:
    parts = tuple(dataclasses.replace(REASONING, question=question) for question in ("How?", "When?"))
    out = shown(80, dataclasses.replace(EXPLANATION, parts=parts))
    assert "Question 1 of 2: How?" in out
    assert "Question 2 of 2: When?" in out


def test_what_was_not_kept_is_said(shown) -> None:
    bare = Reasoning(decision="handoff", reason="paused", confidence=0.0)
    out = shown(80, dataclasses.replace(EXPLANATION, reasoning=bare, usage={}, timings_ms={}, asked=(), text=""))
    assert "somebody had paused the agent" in " ".join(out.split())
    assert out.count("(not kept)") == 2
    assert "How sure" not in out


def test_text_from_outside_moves_no_cursor(shown) -> None:
    evil = dataclasses.replace(EXPLANATION, asked=("hi\x1b[2J",), text="\x1b[31m[bold]x[/bold]")
    out = shown(80, evil)
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out


def test_replies_are_listed_with_their_reasons(shown, capsys: pytest.CaptureFixture[str]) -> None:
    shown(80)
    show_replies([EXPLANATION])
    out = capsys.readouterr().out
    evidence.stdout.cache_clear()
    for part in ("42", "answered", "confidence 0.68", "When does the money come?", "the content answers the question"):
        assert part in out


def test_every_decision_reason_signal_and_trigger_has_words() -> None:
    words = staff_words()
    assert set(words.decisions) == set(DecisionKind)
    assert set(Reason) <= set(words.reasons)
    assert {field.name for field in dataclasses.fields(Signals)} <= set(reasons.SIGNALS)
    assert {field.name.replace("_", "-") for field in dataclasses.fields(Triggers)} <= set(words.triggers)
    assert reasons.reason_in_words("of-another-version") == "of another version"
    assert reasons.decision_in_words("of another version") == "of another version"
    assert isinstance(evidence.stdout(), Console)
