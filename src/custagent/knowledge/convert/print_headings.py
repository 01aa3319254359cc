"""The headings of a PDF without an outline: lines that are set larger than the text, or bold on a line of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from custagent.knowledge.convert.page_line import Line
from custagent.knowledge.convert.reflow import LIST_ITEM

#: Times the size of the text.
_LARGER = 1.12
_NOT_SMALLER = 0.95
_MAX_CHARS = 160
_MAX_LINES = 3
#: Lines of one heading are no further apart, in sizes of it.
_LEADING = 0.3
#: Where more of the lines look like headings, their look says nothing.
_MOST = 0.25
_MAX_LEVELS = 4
#: Sizes are told apart in these steps, in points.
_STEP = 0.5
_ENDS_SENTENCE = re.compile(r"[.,;:]['\"”’)\]]*$")
_LETTER = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintHeading:
    """A heading by its looks."""

    #: 1-based.
    page: int
    #: From 0, the largest print.
    level: int
    title: str


def print_headings(pages: Sequence[Sequence[Line]]) -> list[PrintHeading]:
    """The headings on the pages in reading order; none where the print tells nothing."""
    body = _body_size(pages)
    total = sum(1 for lines in pages for line in lines if line.text.strip())
    for with_bold in (True, False):
        found = [
            (number, group)
            for number, lines in enumerate(pages, start=1)
            for group in _groups(lines, body, with_bold=with_bold)
        ]
        if sum(len(group) for _, group in found) <= _MOST * total:
            break
    else:
        return []
    looks = sorted({_look(group[0]) for _, group in found}, reverse=True)
    return [
        PrintHeading(
            page=number,
            level=min(looks.index(_look(group[0])), _MAX_LEVELS - 1),
            title=" ".join(" ".join(line.text for line in group).split()),
        )
        for number, group in found
    ]


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """The size that most of the letters are set in."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text.strip())
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _groups(lines: Sequence[Line], body: float, *, with_bold: bool) -> Iterator[list[Line]]:
    """Lines that are a heading together; more than three of one look are a paragraph."""
    group: list[Line] = []
    for line in [*lines, Line(text="")]:
        stands_out = _stands_out(line, body, with_bold=with_bold)
        if (
            group
            and stands_out
            and _look(line) == _look(group[-1])
            and group[-1].bottom - line.top < _LEADING * line.size
        ):
            group.append(line)
            continue
        if group and len(group) <= _MAX_LINES and _is_title(" ".join(one.text for one in group)):
            yield group
        group = [line] if stands_out else []


def _stands_out(line: Line, body: float, *, with_bold: bool) -> bool:
    if not line.text.strip() or not body or line.parted:
        return False
    return line.size >= _LARGER * body or (with_bold and line.bold and line.size >= _NOT_SMALLER * body)


def _is_title(text: str) -> bool:
    numbered = LIST_ITEM.match(text) is not None and text.lstrip()[:1] in "-*•‣▪◦–·●○"
    return len(text) <= _MAX_CHARS and bool(_LETTER.search(text)) and not _ENDS_SENTENCE.search(text) and not numbered


def _look(line: Line) -> tuple[float, bool]:
    return _rounded(line.size), line.bold


def _rounded(size: float) -> float:
    return round(size / _STEP) * _STEP
