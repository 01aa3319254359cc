"""What two candidates make of the same past questions: where they differ, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from custagent.core.past_question import Replayed


class Kind(StrEnum):
    """How a question's treatment differs; the first that is true."""

    DECISION = "decision"
    #: It rests on other pages, or other passages of them.
    SOURCES = "sources"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One question that is treated otherwise."""

    kind: Kind
    before: Replayed
    now: Replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every difference, and how much is the same."""

    #: In the order of the file, decisions first, then sources, then texts.
    found: tuple[Difference, ...]
    unchanged: int

    def of(self, kind: Kind) -> tuple[Difference, ...]:
        """Those of one kind."""
        return tuple(one for one in self.found if one.kind is kind)


def compare(pairs: Iterable[tuple[Sequence[Replayed], Sequence[Replayed]]]) -> Comparison:
    """Each pair is one conversation: what it was before, and what it is now. A confidence alone makes no difference."""
    found: list[Difference] = []
    unchanged = 0
    for befores, nows in pairs:
        for before, now in zip(befores, nows, strict=True):
            kind = _kind(before, now)
            if kind is None:
                unchanged += 1
            else:
                found.append(Difference(kind=kind, before=before, now=now))
    order = list(Kind)
    return Comparison(found=tuple(sorted(found, key=lambda one: order.index(one.kind))), unchanged=unchanged)


def _kind(before: Replayed, now: Replayed) -> Kind | None:
    if before.decision is not now.decision:
        return Kind.DECISION
    if before.sources != now.sources:
        return Kind.SOURCES
    return Kind.TEXT if before.text != now.text else None
