"""Paragraphs from lines that were broken to fit a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import quantiles

#: What a line of a list begins with.
LIST_ITEM = re.compile(r"\s*(?:[-*•‣▪◦–·●○]\s+|(?:\d{1,3}|[A-Za-z])[.)]\s+|\(\w{1,3}\)\s+)\S")
_BULLET = re.compile(r"^(\s*)[•‣▪◦●○·]\s*")
SENTENCE_END = re.compile(r"[.!?:…。！？]['\"”’)\]]*$")
#: Begins a line that is a row of a table: it is neither joined to another nor does it tell how wide the text was set.
TABLE_ROW = "\u2063"
#: A line that is filled to this share of the width was broken by the page, not by the author.
_FILLED = 0.8
#: Narrower text (a poem, an address, code) is left as it stands.
_MIN_WIDTH = 30


def line_width(lines: Sequence[str]) -> int:
    """How long the long lines are, in characters: the width that the text was set in."""
    lengths = sorted(len(line) for line in lines if line.strip() and not line.startswith(TABLE_ROW))
    if len(lengths) < 2:  # noqa: PLR2004 - a quantile needs two
        return lengths[0] if lengths else 0
    return int(quantiles(lengths, n=10, method="inclusive")[8])


def reflow(lines: Sequence[str], width: int) -> str:
    """`lines` as paragraphs separated by blank lines; list items and short lines keep lines of their own.

    A line is joined to the next when it fills the `width`, counting the first word of the next line, which did not
    fit on it.
    """
    parts: list[str] = []
    for index, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        before = lines[index - 1].strip() if index else ""
        joint = _joint(before, text, width)
        if parts:
            parts.append(joint)
        parts.append(_BULLET.sub("- ", text).removeprefix(TABLE_ROW))
    return "".join(parts)


def _joint(before: str, text: str, width: int) -> str:
    if not before or before.startswith(TABLE_ROW) is not text.startswith(TABLE_ROW):
        return "\n\n"
    if before.startswith(TABLE_ROW):
        return "\n"
    if LIST_ITEM.match(text):
        return "\n"
    room_needed = len(before) + 1 + len(text.split(maxsplit=1)[0])
    is_full = width >= _MIN_WIDTH and room_needed > width * _FILLED
    ends = SENTENCE_END.search(before) is not None
    if is_full and not (ends and room_needed < width and text[0].isupper()):
        return " "
    return "\n\n" if ends else "\n"
