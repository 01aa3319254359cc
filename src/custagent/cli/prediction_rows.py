"""What a simulation found out, for programs: one JSON object, or a row a question."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custagent.cli.archive import new_file
from custagent.core.past_question import Replayed
from custagent.evaluate.comparison import Comparison
from custagent.evaluate.figures import Rate
from custagent.evaluate.prediction import Made, Prediction, made_of
from custagent.runtime.proving.past_questions import PastQuestions
from custagent.runtime.proving.simulated_costs import Costs
from custagent.runtime.proving.simulated_gaps import Lack
from custagent.runtime.proving.simulation import Candidate, Conversation

#: A cell that begins so is taken for a formula by spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "line", "id", "conversation", "turn", "question", "channel", "label", "language", "decision", "reason",
    "confidence", "sources", "nearest", "reply",
)  # fmt: skip
_BEFORE = ("before_decision", "before_sources", "before_reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that a simulation found out."""

    agent: str
    file: PastQuestions
    now: Candidate
    #: With whom it was compared; None with nobody.
    before: Candidate | None
    conversations: Sequence[Conversation]
    prediction: Prediction
    costs: Costs
    lacks: Sequence[Lack]
    differences: Comparison | None
    #: Whether Ctrl-C ended it before all were asked.
    stopped: bool


@contextmanager
def csv_rows(path: Path | None) -> Iterator[Any]:
    """A writer of rows into a new file that only the owner may read; None without a path. Raises UsageError."""
    if path is None:
        yield None
        return
    with new_file(path) as file:
        yield csv.writer(file, lineterminator="\n")


def write_rows(rows: Any, conversations: Sequence[Conversation]) -> None:
    """A row a question, under a header."""
    compared = any(one.before for one in conversations)
    rows.writerow([*_COLUMNS, *(_BEFORE if compared else ())])
    for conversation in conversations:
        for number, one in enumerate(conversation.now):
            before = conversation.before[number] if compared else None
            old = (made_of(before).value, " ".join(before.sources), before.text) if before else ()
            rows.writerow([_harmless(cell) for cell in (*_cells(one), *old)])


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    """What `simulate --json` prints. Scripts rely on the keys."""
    found = outcome.prediction
    return {
        "agent": outcome.agent,
        "asked": outcome.now.called,
        "stopped": outcome.stopped,
        "columns": {column.value: name for column, name in outcome.file.columns.items()},
        "not_found": [column.value for column in outcome.file.missing],
        "replies_left_out": outcome.file.replies,
        "problems": outcome.now.problems,
        "questions": found.questions,
        "conversations": found.conversations,
        "decisions": _rates(found.made),
        "without_person": _rate(found.without_person),
        "handed_over": _rate(found.handed_over),
        "handoff_reasons": found.reasons,
        "costs": [
            {"policy": one.policy.value, "price": one.price, "charged": one.charged, "credits": one.credits}
            for one in outcome.costs.totals
        ],
        "policy": outcome.costs.policy.value,
        "model_dollars": round(outcome.costs.dollars, 6),
        "divisions": [
            {"by": one.by, "name": one.name, "questions": one.questions, "decisions": _rates(one.made)}
            for one in found.divisions
        ],
        "gaps": [
            {"topic": one.topic, "nearest": one.nearest, "questions": [each.question.text for each in one.replayed]}
            for one in outcome.lacks
        ],
        "replies": [_reply(one) for conversation in outcome.conversations for one in conversation.now],
        "compared": _compared(outcome),
    }


def _compared(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.before is None or outcome.differences is None:
        return None
    return {
        "with": outcome.before.called,
        "problems": outcome.before.problems,
        "web_sources_as_stored": outcome.before.from_store,
        "unchanged": outcome.differences.unchanged,
        "changed": [
            {"what": one.kind.value, "before": _reply(one.before), "now": _reply(one.now)}
            for one in outcome.differences.found
        ],
    }


def _rates(made: Mapping[Made, Rate]) -> dict[str, Any]:
    return {one.value: _rate(rate) for one, rate in made.items()}


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval or (None, None)
    return {"count": rate.count, "of": rate.base, "share": rate.share, "low": low, "high": high}


def _reply(one: Replayed) -> dict[str, Any]:
    return {
        "line": one.question.line,
        "id": one.question.id,
        "conversation": one.question.conversation,
        "turn": one.turn,
        "question": one.question.text,
        "decision": made_of(one).value,
        "reason": one.reason.value if one.reason else "",
        "confidence": round(one.confidence, 4),
        "language": one.language,
        "text": one.text,
        "sources": one.sources,
        "nearest": one.nearest,
    }


def _cells(one: Replayed) -> tuple[Any, ...]:
    asked = one.question
    return (
        asked.line, asked.id, asked.conversation, one.turn, asked.text, asked.channel, asked.label,
        one.language or asked.language, made_of(one).value, one.reason.value if one.reason else "",
        f"{one.confidence:.4f}", " ".join(one.sources), one.nearest, one.text,
    )  # fmt: skip


def _harmless(cell: Any) -> Any:
    """A customer's words are no formula, whatever they begin with."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
