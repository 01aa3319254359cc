"""A line of a PDF's page, with where it stands and how it is set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text, or a part of one; lengths in points, from the page's lower left corner."""

    text: str
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0
    #: How large its letters are.
    size: float = 0.0
    bold: bool = False
    #: It stands on the same line as the one before, after a wide gap.
    goes_on: bool = False
    #: Wide gaps part it, as between the cells of a table.
    parted: bool = False
    #: Where its first letter stands among the page's.
    at: int = 0
