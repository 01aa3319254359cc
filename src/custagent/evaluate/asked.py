"""Which questions a reply of the agent tells a gap of: those that it could not answer, or answered wrongly (GAP-1, GAP-2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from custagent.core.gap import TELLING_REASONS, UNANSWERED_KINDS, AskedOnce, GapKind, LookedAt


def questions_in(looked: LookedAt) -> Iterator[AskedOnce]:
    """The unanswered questions of a reply, or the one that it was wrong about; none where it tells of no gap.

    Greetings, requests for a person and anger are not among them: the content was not asked about those. Where the
    contact chose nothing of what the agent offered, the question is the one before.
    """
    told = json.loads(looked.evidence)
    if looked.against and looked.decision not in UNANSWERED_KINDS:
        yield from _asked(looked, told, GapKind.WRONG)
        return
    for number, part in enumerate(told.get("parts") or (), 1):
        if _is_unanswered(part["decision"], part["reason"]):
            yield from _asked(looked, part, GapKind.UNANSWERED, part=number)
    if told.get("parts") or not _is_unanswered(looked.decision, looked.reason):
        return
    if told["searched"]:
        yield from _asked(looked, told, GapKind.UNANSWERED)
    elif looked.before:
        yield from _asked(looked, json.loads(looked.before_evidence or "{}"), GapKind.UNANSWERED, reply=looked.before)


def answered_then(looked: LookedAt) -> tuple[str, str]:
    """What the contact asked next and was answered, completed, and its language; "" where that was not so."""
    if not looked.then:
        return "", ""
    told = json.loads(looked.then)
    return told.get("searched", ""), told.get("language", "")


def _is_unanswered(decision: str, reason: str) -> bool:
    return decision in UNANSWERED_KINDS and reason in TELLING_REASONS


def _asked(
    looked: LookedAt, told: Mapping[str, Any], kind: GapKind, *, part: int = 0, reply: int = 0
) -> Iterator[AskedOnce]:
    searched = told.get("searched", "").strip()
    if searched:
        yield AskedOnce(
            reply=reply or looked.reply,
            part=part,
            conversation=looked.conversation,
            kind=kind,
            searched=searched,
            language=told.get("language") or looked.language,
        )
