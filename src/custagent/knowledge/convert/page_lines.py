"""Lines of a paged document that are not its text: running heads, page numbers, dotted lines of contents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

Pages = list[list[str]]

#: How many lines at the top and the bottom of a page may be running heads.
_EDGE = 2
#: On so many pages, and on so large a share of them, a line at the edge repeats because it is a running head.
_MIN_REPEATS = 3
_REPEAT_SHARE = 0.5
#: Page numbers count if they run along with the pages on this share of them.
_NUMBERED_SHARE = 0.3
_NUMBER = re.compile(r"(?<![\d.,])\d{1,5}(?![\d.,])")
_ROMAN = re.compile(r"[ivxlc]{1,8}", re.IGNORECASE)
#: "Roadmap . . . . . 3", "Roadmap....iv", "alias . . . 12, 40".
_LEADER = re.compile(r"(?<![.\s])\s?\.(?:\s?\.){3,}\s*(?:(\d{1,5}(?:,\s?\d{1,5})*|[ivxlc]{1,8})\s*)?$", re.IGNORECASE)
_LEADER_RUN = re.compile(r"(?<![.\s])\s?\.(?:\s?\.){3,}\s*")
_MIN_LEADERS = 5
#: A page of contents with less than this beside its dotted lines has only its heading.
_CONTENTS_REST = 60
_MIN_PAGES_WITH_CONTENTS = 4


def without_running_heads(pages: Pages) -> Pages:
    """`pages` without lines at their edges that repeat on most of them or carry the running page number."""
    repeats: Counter[str] = Counter()
    offsets: Counter[int] = Counter()
    for number, lines in enumerate(pages, start=1):
        repeats.update({_shape(lines[index]) for index in _edges(lines)})
        offsets.update({found - number for index in _edges(lines) for found in _numbers(lines[index])})
    needed = max(_MIN_REPEATS, len(pages) * _REPEAT_SHARE)
    heads = {shape for shape, count in repeats.items() if count >= needed}
    offset, count = offsets.most_common(1)[0] if offsets else (0, 0)
    is_numbered = count >= max(_MIN_REPEATS, len(pages) * _NUMBERED_SHARE)
    cleaned = []
    for number, lines in enumerate(pages, start=1):
        expected = number + offset if is_numbered else None
        dropped = {index for index in _edges(lines) if _is_head(lines[index], heads, expected)}
        cleaned.append([line for index, line in enumerate(lines) if index not in dropped])
    return cleaned


def without_contents(pages: Pages) -> Pages:
    """`pages` without the dotted lines of a table of contents or an index, which hold no answer.

    A price list is dotted too: lines go only from a page that is mostly such lines, all pointing to existing pages.
    Dots that stay are shortened.
    """
    cleaned = []
    for lines in pages:
        leaders = [found for line in lines if (found := _LEADER.search(line))]
        targets = [int(digits) for found in leaders for digits in re.findall(r"\d+", found.group(1) or "")]
        is_contents = (
            len(pages) >= _MIN_PAGES_WITH_CONTENTS
            and len(leaders) >= _MIN_LEADERS
            and len(leaders) * 2 >= len(lines)
            and all(target <= len(pages) for target in targets)
        )
        if is_contents:
            # What is left are the initials between the entries of an index.
            rest = [line for line in lines if not _LEADER.search(line) and len(line.strip()) > 1]
            cleaned.append(rest if len(" ".join(rest)) > _CONTENTS_REST else [])
        else:
            cleaned.append(
                [_LEADER_RUN.sub(" … ", line).rstrip(" …") if _LEADER.search(line) else line for line in lines]
            )
    return cleaned


def _edges(lines: Sequence[str]) -> Iterator[int]:
    """The places of the first and last lines of a page."""
    yield from range(min(_EDGE, len(lines)))
    yield from range(max(_EDGE, len(lines) - _EDGE), len(lines))


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split())).casefold()


def _numbers(line: str) -> list[int]:
    """The numbers that stand first or last in the line: there a page number stands."""
    words = line.split()
    ends = {words[0], words[-1]} if words else set()
    return [int(word) for word in ends if _NUMBER.fullmatch(word)]


def _is_head(line: str, heads: set[str], expected: int | None) -> bool:
    if not line.strip() or _shape(line) in heads or _ROMAN.fullmatch(line.strip()):
        return True
    return expected is not None and expected in _numbers(line)
