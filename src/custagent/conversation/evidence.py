"""What a reply rests on, as it is kept with it: content, settings and coefficients change, what was said does not (ANS-8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from custagent.core.answer import Answer, Evidence, Part
from custagent.core.document import ScoredChunk


def evidence_text(answer: Answer, asked: Sequence[int] = ()) -> str:
    """Everything behind a reply, as JSON. `asked` are the ids of the contact's messages that it replies to."""
    return json.dumps(evidence_object(answer, asked), ensure_ascii=False)


def evidence_object(answer: Answer, asked: Sequence[int] = ()) -> dict[str, Any]:
    """The same as an object. Signals and log-odds are kept to the last digit: they give the same confidence again."""
    return {
        "asked": list(asked),
        **_evidence(answer.evidence),
        "parts": [_part(part) for part in answer.parts],
        "usage": asdict(answer.usage),
        "timings_ms": dict(answer.timings_ms),
    }


def _part(part: Part) -> dict[str, Any]:
    decision = part.decision
    return {
        "question": part.question,
        "decision": decision.kind.value,
        "reason": decision.reason.value,
        "confidence": decision.confidence,
        **_evidence(part.evidence),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    reckoning = evidence.reckoning
    return {
        "searched": evidence.searched,
        "language": evidence.language,
        "triggers": dict(evidence.triggers),
        "signals": dict(evidence.signals),
        "reckoning": {**asdict(reckoning), "parts": dict(reckoning.parts)} if reckoning else None,
        "passages": [_passage(scored) for scored in evidence.chunks],
    }


def _passage(scored: ScoredChunk) -> Mapping[str, object]:
    chunk = scored.chunk
    return {
        # Ids are never used twice, so this tells whether the content still holds the passage.
        "id": chunk.id,
        "location": chunk.location,
        "title": chunk.title,
        "heading": chunk.heading,
        "anchor": chunk.anchor,
        "page": chunk.page,
        "language": chunk.language,
        "question": chunk.question,
        "text": chunk.text,
        "score": round(scored.score, 4),
        "cosine": round(scored.cosine, 4),
        "lexical": round(scored.lexical, 4),
    }
