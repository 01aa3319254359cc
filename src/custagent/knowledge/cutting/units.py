"""What passages are put together from: paragraphs, list items, table rows and sentences, each a stretch of the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TypeAlias

from custagent.sentences import running_sentences

#: Where a stretch begins, and where the text after it begins.
Span: TypeAlias = tuple[int, int]

#: Chinese, Japanese and Korean characters count twice: measured, 1.4 to 2 of them are a token, of other scripts 3.7.
_DENSE = re.compile(r"[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)*\n")
_LIST_ITEM = re.compile(r"(\s*)(?:[-*•–]|\d{1,3}[.)]|[A-Za-z][.)])\s+\S")
#: Where to cut a sentence that is too long and has no white space: after these marks.
_PAUSES = "、，；：,;"
_ENDS_SENTENCE = re.compile(r"[.!?:;,…。！？][\"'”’»)\]]*$")
_LEADS_ON = re.compile(r"[:?：？][\"'”’»)\]]*$")
_LETTER = re.compile(r"[^\W\d_]")
#: A line longer than this heads nothing.
_MAX_HEAD = 90


def size_of(text: str, start: int = 0, stop: int | None = None) -> int:
    """The length of a stretch in characters, dense ones counted twice."""
    stop = len(text) if stop is None else stop
    length = stop - start
    return length if text.isascii() else length + sum(1 for _ in _DENSE.finditer(text, start, stop))


def units(text: str, *, target: int, most: int) -> Iterator[Span]:
    """The text's units in order: paragraphs of up to `target`, of longer ones the parts; none larger than `most`.

    Between them there is nothing but white space.
    """
    for paragraph in _between(text, _BLANK_LINES, 0, len(text)):
        if size_of(text, *paragraph) <= target:
            yield paragraph
            continue
        for part in _parts(text, paragraph):
            if size_of(text, *part) <= target:
                yield part
            else:
                yield from _sentences(text, part, most)


def is_lead(text: str, unit: Span, following: Span) -> bool:
    """Whether a unit only leads on to the one after it: "The prices are:", a question, a line that heads what follows."""
    shown = text[slice(*unit)]
    if _LEADS_ON.search(shown):
        return True
    if "\n" in shown or len(shown) > _MAX_HEAD or _ENDS_SENTENCE.search(shown) or not _LETTER.search(shown):
        return False
    # One short line among others is an item of their list.
    after = text[slice(*following)].split("\n", 1)[0]
    is_row = "; " in shown or shown.lstrip().startswith(("- ", "* ", "• "))
    return not is_row and (len(after) > _MAX_HEAD or _ENDS_SENTENCE.search(after) is not None)


def _between(text: str, gap: re.Pattern[str], start: int, stop: int) -> Iterator[Span]:
    """What stands between the gaps, without white space at its ends, except that a line keeps its indentation."""
    for found in gap.finditer(text, start, stop):
        yield from _bare(text, start, found.start())
        start = found.end()
        # The indentation of the line after belongs to it.
        start = text.rfind("\n", 0, start) + 1
    yield from _bare(text, start, stop)


def _bare(text: str, start: int, stop: int) -> Iterator[Span]:
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    while start < stop and text[start] == "\n":
        start += 1
    if start < stop:
        yield start, stop


def _parts(text: str, paragraph: Span) -> Iterator[Span]:
    """List items, rows and sentences of a paragraph, each with the lines that it goes on in."""
    part: Span | None = None
    item: re.Match[str] | None = None
    for line in _lines(text, paragraph):
        if part is not None and _goes_on(text, part, line, item):
            part = part[0], line[1]
            continue
        if part is not None:
            yield part
        part = line
        item = _LIST_ITEM.match(text, *line)
    if part is not None:
        yield part


def _lines(text: str, paragraph: Span) -> Iterator[Span]:
    start, stop = paragraph
    while start < stop:
        end = text.find("\n", start, stop)
        end = stop if end < 0 else end
        yield from _bare(text, start, end)
        start = end + 1


def _goes_on(text: str, part: Span, line: Span, item: re.Match[str] | None) -> bool:
    """Whether the line belongs to the part: the next line of a list item, or the rest of a sentence."""
    if _LIST_ITEM.match(text, *line):
        return False
    start, stop = line
    indented = start + len(text[start:stop]) - len(text[start:stop].lstrip())
    if item is not None and indented - start > len(item.group(1)):
        return True
    end = text[max(part[0], part[1] - _MAX_HEAD) : part[1]]
    # Code and columns are lines, however they begin.
    is_prose = indented == start and " " in text[start:stop] and "; " not in end
    return is_prose and text[indented].islower() and not _ENDS_SENTENCE.search(end)


def _sentences(text: str, part: Span, most: int) -> Iterator[Span]:
    """The sentences of a part, none longer than `most`."""
    end, stop = part
    for sentence in running_sentences(text[end:stop]):
        start = text.index(sentence, end, stop)
        end = start + len(sentence)
        yield from _cut_up(text, start, end, most)


def _cut_up(text: str, start: int, stop: int, most: int) -> Iterator[Span]:
    """Pieces of a sentence, none larger than `most`."""
    while size_of(text, start, min(stop, start + most + 1)) > most:
        end = _cut(text, start, most)
        yield start, end
        start = next(at for at in range(end, stop) if not text[at].isspace())
    yield start, stop


def _cut(text: str, start: int, most: int) -> int:
    """Where to end a piece that begins at `start`: before white space, else after a pause, else anywhere."""
    end, size = start, 0
    while (size := size + size_of(text[end])) <= most:
        end += 1
    at = next((at for at in range(end, start, -1) if text[at].isspace()), start)
    while at > start and text[at - 1].isspace():
        at -= 1
    if at > start:
        return at
    for at in range(end, (start + end) // 2, -1):
        if text[at - 1] in _PAUSES:
            return at
    # A mark above or below a letter belongs to it.
    at = next((at for at in range(end, start, -1) if not unicodedata.category(text[at]).startswith("M")), start)
    return at if at > start else end
