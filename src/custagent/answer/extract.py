"""Finds the words of a passage that answer a question, and quotes them as they stand (ANS-4)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from custagent.core.document import Chunk
from custagent.language import words
from custagent.sentences import sentences

#: A quote is not longer than this many characters, unless one sentence is.
QUOTE_CHARS = 600

_LIST_ITEM = re.compile(r"(?:[-*•–]|\d{1,3}[.)])\s")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A sentence, list item or table row, and where it stands in the passage."""

    text: str
    start: int
    end: int
    #: Which paragraph, list or table it belongs to.
    block: int


def extract(topic: frozenset[str], chunk: Chunk) -> str:
    """The stretch of the passage that holds most of the question's topic, to the letter; at most QUOTE_CHARS long.

    A short passage, and a short answer whatever its length, is quoted whole. A longer passage is quoted from its
    beginning where that leaves room for the best sentence, so that the quote begins where a thought begins; else
    around the best sentence, with the whole list, table or paragraph that holds it where that fits.
    """
    units = _units(chunk.text)
    if chunk.question or len(chunk.text) <= QUOTE_CHARS or not units:
        return chunk.text
    best = _best(topic, units, chunk.language)
    first, last = _grow_within_block(units, *_with_its_question(units, best))
    if _fits(units, 0, last) and not _asks_or_announces(units[first].text):
        first = 0
    last = _grow_on(units, first, last)
    if last > best and units[last].text.endswith(":"):
        last -= 1
    return chunk.text[units[first].start : units[last].end]


def _with_its_question(units: Sequence[_Unit], best: int) -> tuple[int, int]:
    """A question with the beginning of its answer, an answer with its question, where both fit; else `best` alone."""
    first = last = best
    if _asks_or_announces(units[best].text):
        last = min(best + 1, len(units) - 1)
    elif best and _asks_or_announces(units[best - 1].text):
        first = best - 1
    return (first, last) if _fits(units, first, last) else (best, best)


def _grow_within_block(units: Sequence[_Unit], first: int, last: int) -> tuple[int, int]:
    """The whole block, or, where that does not fit, what there is room for: from the passage's beginning on, else
    what follows and then what comes before."""
    block = units[last].block
    head = min((i for i in range(first, last + 1) if units[i].block == block), default=first)
    while head and units[head - 1].block == block:
        head -= 1
    tail = last
    while tail + 1 < len(units) and units[tail + 1].block == block:
        tail += 1
    # A list belongs to the sentence that announces it.
    if head and _LIST_ITEM.match(units[head].text) and _asks_or_announces(units[head - 1].text):
        head -= 1
    for start in (min(head, first), first):
        if _fits(units, start, tail):
            return start, tail
    if _fits(units, 0, last) and not _asks_or_announces(units[first].text):
        return 0, last
    while last < tail and _fits(units, first, last + 1):
        last += 1
    while head < first and _fits(units, first - 1, last):
        first -= 1
    return first, last


def _grow_on(units: Sequence[_Unit], first: int, last: int) -> int:
    """On through the passage as far as there is room; a list is taken whole or not at all."""
    while last + 1 < len(units):
        end = last + 1
        if _LIST_ITEM.match(units[end].text):
            while end + 1 < len(units) and units[end + 1].block == units[end].block:
                end += 1
        if not _fits(units, first, end):
            break
        last = end
    return last


def _best(topic: frozenset[str], units: Sequence[_Unit], language: str) -> int:
    """The unit with most of the topic, rare words counting more; the first where several are equal."""
    held = [topic & set(words(unit.text, language)) for unit in units]
    count = {word: sum(word in one for one in held) for word in topic}
    # fsum: the same whatever order a set gives its words in.
    scores = [math.fsum(math.log(1 + len(units) / count[word]) for word in one) for one in held]
    return scores.index(max(scores))


def _units(text: str) -> list[_Unit]:
    units: list[_Unit] = []
    at = 0
    for block, paragraph in enumerate(_PARAGRAPH_END.split(text)):
        for line in paragraph.split("\n"):
            for sentence in sentences(line):
                start = text.index(sentence, at)
                at = start + len(sentence)
                units.append(_Unit(text=sentence, start=start, end=at, block=block))
    return units


def _asks_or_announces(text: str) -> bool:
    """Whether what follows belongs to it: a question to its answer, "You need:" to its list."""
    return text.endswith((":", "?"))


def _fits(units: Sequence[_Unit], first: int, last: int) -> bool:
    return units[last].end - units[first].start <= QUOTE_CHARS
