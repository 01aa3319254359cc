"""Drawings as inline SVG: a bar with its uncertainty, and columns over time.

They stretch with the page and hold no letters: these stand beside them in HTML, so they stay readable on a telephone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from custagent.evaluate.figures import Rate
from custagent.evaluate.markup import Markup, joined, tag

#: Of a drawing's own units: 100 wide and so high.
_BAR_HEIGHT, _COURSE_HEIGHT = 10, 100
#: Room that a column has, and how much of it is drawn.
_COLUMN, _COLUMN_WIDTH = 10, 8
#: Steps of a scale that people read easily.
_ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a column."""

    #: The class that colours it.
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A day or week: its parts from the bottom up, and what is told of it when one points at it."""

    told: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)


def share_bar(share: float, kind: str) -> Markup:
    """A bar that is filled by its share, 0..1; for the eye only."""
    return _bar(_filled(share, kind))


def rate_bar(rate: Rate, kind: str) -> Markup:
    """The same for a rate, with a line over the range in which the true one lies; empty where there are too few."""
    if rate.share is None or rate.interval is None or not rate.is_enough:
        return _bar()
    low, high = (100 * bound for bound in rate.interval)
    middle = _BAR_HEIGHT / 2
    range_ = tag("line", class_="range", x1=low, x2=high, y1=middle, y2=middle)
    ends = [tag("line", class_="range", x1=x, x2=x, y1=middle - 3, y2=middle + 3) for x in (low, high)]
    return _bar(_filled(rate.share, kind), range_, *ends)


def _filled(share: float, kind: str) -> Markup:
    return tag("rect", class_=f"fill {kind}", x=0, y=1, width=100 * share, height=_BAR_HEIGHT - 2)


def _bar(*drawn: Markup) -> Markup:
    ground = tag("rect", class_="rest", x=0, y=1, width=100, height=_BAR_HEIGHT - 2)
    return tag(
        "svg", ground, *drawn, class_="bar", viewBox=f"0 0 100 {_BAR_HEIGHT}", preserveAspectRatio="none",
        aria_hidden="true", focusable="false",
    )  # fmt: skip


def columns(drawn: Sequence[Column], *, named: str) -> Markup:
    """Columns side by side on a common scale, with the scale's letters beside them; `named` is for screen readers."""
    top = scale_top(max((column.total for column in drawn), default=0))
    steps = [_column(column, _COLUMN * number, top) for number, column in enumerate(drawn)]
    width = _COLUMN * max(1, len(drawn))
    lines = [
        tag("line", class_="scale", x1=0, x2=width, y1=_COURSE_HEIGHT * part, y2=_COURSE_HEIGHT * part)
        for part in (0, 0.5, 1)
    ]
    svg = tag(
        "svg", tag("title", named), *lines, *steps, class_="course", viewBox=f"0 0 {width} {_COURSE_HEIGHT}",
        preserveAspectRatio="none", role="img",
    )  # fmt: skip
    marks = [tag("span", f"{mark:,.0f}") for mark in (top, top / 2, 0)]
    scale = tag("div", *marks, class_="marks", aria_hidden="true")
    return tag("div", scale, svg, class_="plot")


def _column(column: Column, x: float, top: float) -> Markup:
    height = 0.0
    rects = []
    for part in column.parts:
        part_height = _COURSE_HEIGHT * part.count / top
        height += part_height
        y = _COURSE_HEIGHT - height
        if part.count:
            left = x + (_COLUMN - _COLUMN_WIDTH) / 2
            rects.append(tag("rect", class_=f"fill {part.kind}", x=left, y=y, width=_COLUMN_WIDTH, height=part_height))
    # The whole height takes the pointer, so that small columns tell theirs as well.
    rects.append(tag("rect", class_="air", x=x, y=0, width=_COLUMN, height=_COURSE_HEIGHT))
    return tag("g", tag("title", column.told), joined(*rects))


def scale_top(most: int) -> float:
    """Where the scale ends: a round number that is at least `most`, and at least 2, so that its half is one as well."""
    if most <= 2:  # noqa: PLR2004 - the smallest scale
        return 2
    power = 10 ** (ceil(log10(most)) - 1)
    tops = (step * power for step in _ROUND if step * power >= most)
    top = next(tops, 10.0 * power)
    return float(2 * ceil(top / 2))
