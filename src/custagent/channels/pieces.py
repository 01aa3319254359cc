"""A text in pieces that are short enough for a messaging service.

Services count in different ways; here lengths are those of UTF-16, the longest of them, so that none is refused.
"""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"https?://\S+")
#: Where a text is cut, the best place first: behind each of these.
_PLACES = (re.compile(r"\n[ \t]*\n\s*"), re.compile(r"\n\s*"), re.compile(r"(?<=[.!?。…])\s+"), re.compile(r"\s+"))
#: A piece that ends at a better place may be shorter, down to this part of the longest.
_LEAST = 0.25
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def length(text: str) -> int:
    """How long services count it: in UTF-16, where an emoji is two."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)  # noqa: PLR2004 - the last that is one


def pieces(text: str, longest: int) -> tuple[str, ...]:
    """`text` in pieces of at most `longest` (at least 2): cut at paragraphs, else lines, sentences, words.

    An address is never cut, unless it alone is longer. Blanks at a cut are dropped; a text of blanks has no pieces.
    """
    found = []
    left = text.strip()
    while length(left) > longest:
        cut = _cut(left, _reach(left, longest))
        found.append(left[:cut].rstrip())
        left = left[cut:].lstrip()
    return (*found, left) if left else tuple(found)


def shortened(text: str, longest: int) -> str:
    """`text` on one line, cut with an ellipsis where it is longer."""
    line = " ".join(text.split())
    return line if length(line) <= longest else line[: _reach(line, longest - 1)].rstrip() + "…"


def _reach(text: str, longest: int) -> int:
    """How many characters of the text are at most `longest` in UTF-16, and end where a person sees one end."""
    reach, taken = 0, 0
    for character in text:
        taken += length(character)
        if taken > longest:
            break
        reach += 1
    while 1 < reach < len(text) and (_goes_on(text[reach]) or text[reach - 1] == "\u200d"):
        reach -= 1
    return max(reach, 1)


def _goes_on(character: str) -> bool:
    return character in _JOINERS or unicodedata.combining(character) > 0


def _cut(text: str, reach: int) -> int:
    for place in _PLACES:
        ends = [match.end() for match in place.finditer(text, 0, reach + 1) if match.start() <= reach]
        if ends and ends[-1] >= reach * _LEAST:
            return min(ends[-1], len(text))
    for address in _ADDRESS.finditer(text):
        if address.start() < reach < address.end():
            return address.start() or reach
    return reach
