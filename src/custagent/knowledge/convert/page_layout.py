"""Where the lines of a PDF's page stand and how they are set, and in which order people read them.

A PDF draws its text in any order. Most programs draw it as it is read; what they draw elsewhere (a head after the text,
two columns line by line) is put into place here. Where the drawn order may be right it stays: a table's cells look like
columns to whoever sees only boxes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from statistics import median, quantiles
from typing import Any

from custagent.knowledge.convert.page_line import Line
from custagent.knowledge.convert.page_tables import with_tables
from custagent.knowledge.convert.reflow import TABLE_ROW

#: More blocks than this are no text but a drawing: they stay as they are.
_MAX_BLOCKS = 60
#: Of the smaller width so much must be shared for one block to stand above another.
_OVERLAP = 0.1
#: A gap this many times the size of the letters parts two columns, or two cells.
_GAP = 1.2
#: Two columns have so many lines beside each other at least, and these are so large a share of the page's.
_MIN_PAIRS = 6
_PAIRS_SHARE = 0.4
#: Running text: so many words a line, and so many of the lines begin in the middle of a sentence.
_MIN_WORDS = 3.5
_LOWER_SHARE = 0.3
_FORCE_BOLD = 1 << 18
_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "demi")


def lines_of(text_page: Any, *, looks: bool) -> list[Line]:
    """The lines of a page of PDFium's in reading order; `looks`: also whether they are bold, which takes longer."""
    text: str = text_page.get_text_range()
    # Beyond the first plane PDFium's places are not Python's: such a page stays as it was drawn.
    is_placed = len(text) == text_page.count_chars()
    found: list[Line] = []
    at = 0
    for row in text.replace(TABLE_ROW, " ").split("\n"):
        shown = row.strip()
        if shown and is_placed:
            found += _placed(text_page, shown, at + row.index(shown[0]), looks=looks)
        else:
            found.append(Line(text=shown))
        at += len(row) + 1
    if _columns(found) or not is_placed:
        return in_reading_order(found)
    return in_reading_order(with_tables(found, lambda line: line.bold or _is_bold(text_page, line.at)))


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """The lines, or parts of lines, as people read them."""
    return _columns(lines) or _sorted_blocks(_whole_lines(lines))


def _whole_lines(lines: Sequence[Line]) -> list[Line]:
    """The lines without their gaps."""
    found: list[Line] = []
    for line in lines:
        if line.goes_on and found:
            before = found[-1]
            found[-1] = replace(
                before,
                text=f"{before.text} {line.text}",
                right=line.right,
                bottom=min(before.bottom, line.bottom),
                top=max(before.top, line.top),
                bold=before.bold and line.bold,
                parted=True,
            )
        else:
            found.append(line)
    return found


def _placed(text_page: Any, text: str, begin: int, *, looks: bool) -> Iterator[Line]:
    """A line, in parts where there are wide gaps in it, or where it is several that PDFium took for one."""
    starts = [0, *_gaps(text_page, text, begin), len(text)]
    floor = 0.0
    for start, stop in pairwise(starts):
        part = text[start:stop].rstrip()
        at, end = begin + start, begin + start + len(part) - 1
        first, last = _box(text_page, at), _box(text_page, end)
        yield Line(
            text=part,
            left=min(first[0], last[0]),
            right=max(first[1], last[1]),
            bottom=min(first[2], last[2]),
            top=max(first[3], last[3]),
            # The number of a point may be set larger than the text.
            size=min(first[3] - first[2], last[3] - last[2]),
            bold=looks and _is_bold(text_page, at) and _is_bold(text_page, end),
            goes_on=start > 0 and first[3] > floor,
            at=at,
        )
        floor = last[2]


@cache
def _raw() -> Any:
    """PDFium's own functions, loaded when the first page is read."""
    from pypdfium2 import raw

    return raw


def _box(text_page: Any, at: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a letter, with the room that its font leaves above and below."""
    box = _raw().FS_RECTF()
    _raw().FPDFText_GetLooseCharBox(text_page.raw, at, ctypes.byref(box))
    return box.left, box.right, box.bottom, box.top


def _gaps(text_page: Any, text: str, begin: int) -> Iterator[int]:
    """Where the line goes on after a wide gap.

    PDFium tells the boxes that the line is drawn in: a letter is only looked at where these leave a gap.
    """
    boxes = [text_page.get_rect(number) for number in range(text_page.count_rects(begin, len(text)))]
    wide = max((_GAP * (top - bottom) for _, bottom, _, top in boxes), default=0.0)
    if not any(following[0] - box[2] > wide or following[3] < box[1] for box, following in pairwise(boxes)):
        return
    for at in range(1, len(text)):
        if text[at - 1] == " " and text[at] != " ":
            left, _, bottom, top = _box(text_page, begin + at)
            _, end, floor, _ = _box(text_page, begin + len(text[:at].rstrip()) - 1)
            if left - end > _GAP * (top - bottom) or top < floor:
                yield at


def _is_bold(text_page: Any, at: int) -> bool:
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    _raw().FPDFText_GetFontInfo(text_page.raw, at, name, len(name), ctypes.byref(flags))
    called = name.value.decode("utf-8", "replace").lower()
    if flags.value & _FORCE_BOLD or any(one in called for one in _BOLD_NAMES):
        return True
    return bool(_raw().FPDFText_GetFontWeight(text_page.raw, at) >= _BOLD_WEIGHT)


def _columns(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page whose two columns were drawn line by line, one column after the other; else none."""
    filled = [line for line in lines if line.text.strip()]
    rows = _rows(filled)
    pairs = [row for row in rows if len(row) == 2]  # noqa: PLR2004 - two columns
    if len(pairs) < max(_MIN_PAIRS, _PAIRS_SHARE * len(rows)):
        return []
    for side in zip(*pairs, strict=True):
        if sum(line.text[0].islower() for line in side) < _LOWER_SHARE * len(side):
            return []
        if median(len(line.text.split()) for line in side) < _MIN_WORDS:
            return []
    # Where the second column begins: the least of it that is no stray.
    middle = quantiles([row[1].left for row in pairs], n=10, method="inclusive")[0]
    found: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in sorted(filled, key=lambda one: (-round(one.top), one.left)):
        if line.left >= middle - line.size:
            right.append(replace(line, goes_on=False))
        elif line.right <= middle:
            left.append(line)
        else:
            # Over both columns, as a heading is: what stands above it was read before.
            found += [*left, *right, line]
            left, right = [], []
    return [*found, *left, *right]


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that were drawn one after the other and stand beside each other."""
    rows: list[list[Line]] = []
    for line in lines:
        before = rows[-1][-1] if rows else None
        if (
            before
            and line.left >= before.right
            and min(line.top, before.top) - max(line.bottom, before.bottom) > line.size / 2
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


@dataclass(slots=True)
class _Block:
    """Lines that were drawn one below the other."""

    lines: list[Line]

    @property
    def top(self) -> float:
        return max(line.top for line in self.lines)

    @property
    def bottom(self) -> float:
        return min(line.bottom for line in self.lines)

    def is_above(self, other: _Block) -> bool:
        """Whether it stands above the other one, not beside it."""
        if self.bottom < other.top - 0.3 * other.lines[0].size:
            return False
        left, right = _reach(self.lines)
        other_left, other_right = _reach(other.lines)
        shared = min(right, other_right) - max(left, other_left)
        return shared > _OVERLAP * min(right - left, other_right - other_left)


def _reach(lines: Sequence[Line]) -> tuple[float, float]:
    return min(line.left for line in lines), max(line.right for line in lines)


def _sorted_blocks(lines: Sequence[Line]) -> list[Line]:
    """The lines in the order in which they were drawn, but none before one that stands above it."""
    blocks: list[_Block] = []
    for line in lines:
        if not line.text.strip():
            # Between two lines it is a gap that the program has drawn.
            if blocks:
                blocks[-1].lines.append(replace(blocks[-1].lines[-1], text=""))
            continue
        previous = blocks[-1].lines[-1] if blocks else None
        if previous is None or line.bottom >= previous.top - 0.2 * previous.size:
            blocks.append(_Block([]))
        blocks[-1].lines.append(line)
    if len(blocks) < 2 or len(blocks) > _MAX_BLOCKS:  # noqa: PLR2004 - one block is in order
        return list(lines)
    found: list[Line] = []
    while blocks:
        following = next(
            (block for block in blocks if not any(one.is_above(block) for one in blocks if one is not block)), blocks[0]
        )
        blocks.remove(following)
        found += following.lines
    return found
