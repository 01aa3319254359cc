"""One reply from the answers to several questions: the parts in order, and plainly which one has no answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile, zip_longest

from custagent.answer.compose import Composed
from custagent.answer.deciding.evidence import KEPT
from custagent.answer.deciding.ranking import MAX_CANDIDATES
from custagent.answer.model.facts import addresses
from custagent.answer.wording import Wording
from custagent.core.answer import Candidate, Decision, DecisionKind, Evidence, Part, Reason, Usage

#: So much of a question is repeated to name it.
_MAX_NAMED_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One question with what came of it."""

    question: str
    decision: Decision
    composed: Composed
    candidates: tuple[Candidate, ...] = ()
    evidence: Evidence

    @property
    def is_answered(self) -> bool:
        return self.decision.kind is DecisionKind.ANSWER


def together(solved: Sequence[Solved], unread: Sequence[str], wording: Wording, *, sure: float) -> Solved | None:
    """The parts as one; `unread` are questions that were too many. None when no part is answered.

    Beside a part that is not answered, the others count from the confidence `sure` on: what is not known there may not
    be known at all.
    """
    answered = [one for one in solved if one.is_answered]
    if len(answered) < len(solved) and not all(one.decision.confidence >= sure for one in answered):
        return None
    if not answered:
        return None
    told = _texts(answered)
    pieces = [told[id(one)] if one.is_answered else _unknown(one.question, wording) for one in solved]
    pieces += [_unknown(question, wording) for question in unread]
    return Solved(
        question="\n".join(one.question for one in solved),
        decision=_decision(answered),
        composed=replace(
            answered[0].composed,
            text="\n\n".join(piece for piece in pieces if piece),
            citations=tuple(dict.fromkeys(citation for one in answered for citation in one.composed.citations)),
            resting=tuple(stretch for one in answered for stretch in one.composed.resting),
            usage=sum_of(one.composed.usage for one in solved),
        ),
        candidates=_best(one.candidates for one in solved),
        evidence=_evidence(solved, answered),
    )


def surer(least: float) -> float:
    """The confidence with three times the odds: from 0.5 it is 0.75."""
    return 3 * least / (1 + 2 * least)


def parts_of(solved: Sequence[Solved], unread: Sequence[str]) -> tuple[Part, ...]:
    """Each question with its decision; what was too many was not looked at."""
    skipped = Decision(kind=DecisionKind.REPHRASE, reason=Reason.NOTHING_FITS, confidence=0.0)
    looked_at = [Part(question=one.question, decision=one.decision, evidence=one.evidence) for one in solved]
    return (*looked_at, *(Part(question=question, decision=skipped) for question in unread))


def sum_of(usages: Iterable[Usage]) -> Usage:
    """What all of them used up."""
    total = Usage()
    for usage in usages:
        costs = [one for one in (total.cost, usage.cost) if one is not None]
        total = replace(
            total,
            model=usage.model or total.model,
            input_tokens=total.input_tokens + usage.input_tokens,
            output_tokens=total.output_tokens + usage.output_tokens,
            calls=total.calls + usage.calls,
            cost=sum(costs) if costs else None,
        )
    return total


def named(question: str) -> str:
    """The question as the reply repeats it: short, and without addresses, which only cited pages may give."""
    for address in set(addresses(question)):
        question = question.replace(address, "…")
    words = " ".join(question.split())
    return words if len(words) <= _MAX_NAMED_CHARS else words[:_MAX_NAMED_CHARS].rsplit(" ", 1)[0].rstrip() + " …"


def _unknown(question: str, wording: Wording) -> str:
    return wording.fixed("part_unknown").text.replace("{part}", named(question))


def _texts(answered: Sequence[Solved]) -> dict[int, str]:
    """The text of each, by identity: what all begin or end with is said once, and an answer that comes again not at all."""
    paragraphs = [one.composed.text.split("\n\n") for one in answered]
    opening = _shared(paragraphs)
    closing = _shared([list(reversed(one[opening:])) for one in paragraphs])
    told, said = dict[int, str](), set[str]()
    for place, (one, lines) in enumerate(zip(answered, paragraphs, strict=True)):
        own = lines[opening : len(lines) - closing]
        fresh = [line for line in own if line not in said]
        said.update(own)
        before = lines[:opening] if place == 0 else []
        after = lines[len(lines) - closing :] if closing and place == len(answered) - 1 else []
        told[id(one)] = "\n\n".join([*before, *fresh, *after])
    return told


def _shared(texts: Sequence[Sequence[str]]) -> int:
    """How many paragraphs all begin with, where each has more than those."""
    if len(texts) == 1:
        return 0
    same = takewhile(lambda lines: None not in lines and len(set(lines)) == 1, zip_longest(*texts))
    return min(len(list(same)), max(0, min(map(len, texts)) - 1))


def _decision(answered: Sequence[Solved]) -> Decision:
    """An answer that is as sure as its weakest part, for the reason that all parts have, else because of the content."""
    reasons = {one.decision.reason for one in answered}
    reason = next(iter(reasons)) if len(reasons) == 1 else Reason.GROUNDED
    confidence = min(one.decision.confidence for one in answered)
    return Decision(kind=DecisionKind.ANSWER, reason=reason, confidence=confidence)


def _best(ranked: Iterable[Sequence[Candidate]]) -> tuple[Candidate, ...]:
    """The pages of all parts, the best of each first."""
    found = dict[tuple[str, int | None], Candidate]()
    for row in zip_longest(*ranked):
        for one in row:
            if one is not None:
                found.setdefault((one.location, one.page), one)
    return tuple(found.values())[:MAX_CANDIDATES]


def _evidence(solved: Sequence[Solved], answered: Sequence[Solved]) -> Evidence:
    """The signals of the weakest answer, with the passages of all, the best of each first."""
    weakest = min(answered, key=lambda one: one.decision.confidence).evidence
    rows = zip_longest(*(one.evidence.chunks for one in solved))
    chunks = {id(chunk): chunk for row in rows for chunk in row if chunk is not None}
    return replace(weakest, chunks=tuple(chunks.values())[: KEPT * len(solved)])
