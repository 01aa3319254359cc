"""What is kept of a reply's reasons."""

from __future__ import annotations

import json

from custagent.conversation.evidence import evidence_object, evidence_text
from custagent.core.answer import Answer, Decision, DecisionKind, Evidence, Part, Reason, Reckoning, Usage
from custagent.core.document import Chunk, ScoredChunk

CHUNK = Chunk(
    id=4, location="https://help.example/prices", title="Prices", text="It costs 5 €.", heading="Shop > Bells",
    anchor="bells", page=2, language="en",
)  # fmt: skip
EVIDENCE = Evidence(
    searched="bell How much is it?",
    language="en",
    triggers={"guardrail": "legal advice"},
    chunks=(ScoredChunk(chunk=CHUNK, cosine=0.912345, lexical=0.25, score=0.962345),),
    signals={"cosine": 0.9123456789012345},
    reckoning=Reckoning(
        calibration="same-language 01234567", base=-0.1, parts={"cosine": 1 / 3}, answer_from=0.5, clarify_from=0.25,
        preset="balanced",
    ),
)  # fmt: skip
DECISION = Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.8)


def answered(**rest) -> Answer:
    return Answer(decision=DECISION, text="It costs 5 €.", language="en", **rest)


def test_everything_behind_a_reply_is_kept() -> None:
    answer = answered(
        evidence=EVIDENCE,
        usage=Usage(model="x/y", input_tokens=5, output_tokens=6, calls=1),
        timings_ms={"total": 3.5},
    )
    assert json.loads(evidence_text(answer, [41, 42])) == {
        "asked": [41, 42],
        "searched": "bell How much is it?",
        "language": "en",
        "triggers": {"guardrail": "legal advice"},
        "signals": {"cosine": 0.9123456789012345},
        "reckoning": {
            "calibration": "same-language 01234567", "base": -0.1, "parts": {"cosine": 1 / 3}, "answer_from": 0.5,
            "clarify_from": 0.25, "preset": "balanced",
        },
        "passages": [
            {
                "id": 4, "location": "https://help.example/prices", "title": "Prices", "heading": "Shop > Bells",
                "anchor": "bells", "page": 2, "language": "en", "question": "", "text": "It costs 5 €.",
                "score": 0.9623, "cosine": 0.9123, "lexical": 0.25,
            }
        ],
        "parts": [],
        "usage": {"model": "x/y", "input_tokens": 5, "output_tokens": 6, "calls": 1, "cost": None},
        "timings_ms": {"total": 3.5},
    }  # fmt: skip
    assert "€" in evidence_text(answer)


def test_each_of_several_questions_keeps_its_own() -> None:
    part = Part(question="How much is a bell?", decision=DECISION, evidence=EVIDENCE)
    (kept,) = evidence_object(answered(parts=(part,)))["parts"]
    assert (kept["question"], kept["decision"], kept["reason"], kept["confidence"]) == (
        "How much is a bell?", "answer", "grounded", 0.8,
    )  # fmt: skip
    assert kept["searched"] == "bell How much is it?"
    assert kept["passages"][0]["id"] == 4


def test_what_was_not_asked_of_the_content_has_no_reckoning() -> None:
    kept = evidence_object(answered())
    assert (kept["reckoning"], kept["passages"], kept["signals"], kept["searched"]) == (None, [], {}, "")
