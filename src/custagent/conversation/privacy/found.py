"""A stretch of text that is to be masked."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.core.privacy import MaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something sensitive and where it stands; never what it says, so that it may be logged."""

    kind: MaskKind
    #: The offset of its first character.
    start: int
    #: The offset after its last character.
    end: int
