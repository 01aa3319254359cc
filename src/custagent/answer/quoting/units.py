"""Reads a passage as what may be quoted of it: sentences, list items, table rows, lines of code.

A unit is never cut. Units of one group are quoted together or not at all: the items of a list, the lines of code, the
steps that a page has in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from custagent.answer.quoting.tables import Table, table_in
from custagent.sentences import running_sentences

#: A text with an open bracket or quotation mark goes on over this many sentences at most; more is a slip of the pen.
_LONGEST_ASIDE = 4

#: After "To do so:" so many short sentences in one line are steps.
_FEWEST_STEPS, _LONGEST_STEP = 3, 80

_ITEM = re.compile(r"(?:[-*•–]|(?P<number>\d{1,3})[.)])(?:\s+|$)")
_BLOCK_END = re.compile(r"\n[^\S\n]*\n\s*")
_PROMPT = re.compile(r"\s*(?:\$ |>>> |\.\.\.(?: |$)|#!|//|</?\w+[ />]|@\w+$)")
_CODE_LINE = re.compile(
    r".*(?:[{};\\]|\)\s*:|=>|->)\s*$|\s*[\w.\[\]'\"]+\s*[+:]?=\s*\S|\s*[\w.]+\([^)]*\)\s*$"
    r"|\s*(?:def|class|import|from|return|if|for|while|sudo|pip)\b.*[):\w]$"
)
_INDENTED = re.compile(r"\s{2,}\S")
_SYMBOLS = re.compile(r"[={}()\[\];<>$|\\/_]")
#: "your calendar.Notes: …": a sentence that a page's makers glued to the next; "Node.js" and "example.Com" are not.
_GLUE = re.compile(r"(?<=[a-zà-öø-ÿ]{2}[.!?])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+[ ,:’'])")
_LAST_WORD = re.compile(r"\S+$")
#: What a line ends with that is not broken in a sentence. A line that is filled to this share of the width of its
#: paragraph was broken by the page; narrower paragraphs are addresses and the like.
_LINE_END = re.compile(r"[.!?:;…。！？：][\"'”’»)\]]*$")
_FULL, _NARROWEST = 0.85, 50
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", '"“”„«»'
_PAIRED = re.compile(r'[()\[\]{}"“”„«»]')


class Kind(StrEnum):
    """What a unit is."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    #: A table's header row or caption, which its rows cannot be read without.
    HEADER = "header"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A piece of a passage, and where it stands in it."""

    text: str
    start: int
    end: int
    kind: Kind
    #: Which paragraph, list or table it stands in, counted from 0.
    block: int
    #: Where its line begins.
    line: int = 0
    #: Which of the texts it stands in, where several were read one after the other.
    part: int = 0
    #: Units of the same group belong together; -1 stands alone.
    group: int = -1
    #: A list item's number; 0 has none.
    number: int = 0

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.text.endswith(("?", "？"))

    @property
    def announces(self) -> bool:
        """Whether what follows belongs to it, as a list does to "You need:"."""
        return self.text.endswith((":", "："))


def units_of(*texts: str) -> list[Unit]:
    """All units of passages that follow each other, in reading order; white space and empty bullets are in none."""
    found: list[Unit] = []
    block = 0
    for part, text in enumerate(texts):
        for start, end in _blocks(text):
            found += (replace(unit, part=part) for unit in _read_block(text, start, end, block))
            block += 1
    return _with_steps(_grouped(found))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _BLOCK_END.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the lines that say something begin and end, without the white space at their end."""
    found = []
    for line in text[start:end].split("\n"):
        if any(sign.isalnum() for sign in line):
            found.append((start, start + len(line.rstrip())))
        start += len(line) + 1
    return found


def _read_block(text: str, start: int, end: int, block: int) -> Iterator[Unit]:
    lines = _lines(text, start, end)
    items = [index for index, (first, last) in enumerate(lines) if _ITEM.match(text[first:last].lstrip())]
    if items:
        yield from _read_list(text, lines, items, block)
    elif table := table_in([text[first:last] for first, last in lines]):
        yield from _read_table(text, lines, table, block)
    elif _is_code([text[first:last] for first, last in lines]):
        yield _unit(text, start, start + len(text[start:end].rstrip()), Kind.CODE, block)
    else:
        for first, last in _unwrapped(text, lines):
            yield from _read_line(text, first, last, block)


def _unwrapped(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines, joined where one was broken to fit a page: it ends in the middle of a sentence that the next goes on."""
    width = max((last - first for first, last in lines), default=0)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        while at + 1 < len(lines) and not _LINE_END.search(text, start, end):
            first, last = lines[at + 1]
            following = text[first:last].split(maxsplit=1)[0]
            is_full = width >= _NARROWEST and end - lines[at][0] + len(following) >= _FULL * width
            if not (following[0].islower() or is_full):
                break
            at, end = at + 1, last
        yield start, end
        at += 1


def _read_line(text: str, start: int, end: int, block: int) -> Iterator[Unit]:
    for first, last in _whole(text, list(_pieces(text, start, end))):
        yield replace(_unit(text, first, last, Kind.SENTENCE, block), line=start)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each sentence of a line begins and ends."""
    for sentence in running_sentences(text[start:end]):
        start = text.index(sentence, start)
        last = start + len(sentence)
        for glue in _GLUE.finditer(text, start, last):
            before = _LAST_WORD.search(text, start, glue.start())
            if before and before.group()[:-1].isalpha() and before.group()[:-1].islower():
                yield start, glue.start()
                start = glue.start()
        yield start, last
        start = last


def _whole(text: str, pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pieces, joined where a bracket or quotation mark is open between them and closed soon."""
    at = 0
    while at < len(pieces):
        start, end = pieces[at]
        last = at
        if not is_balanced(text[start:end]):
            ends = range(at + 1, min(at + _LONGEST_ASIDE, len(pieces)))
            last = next((one for one in ends if is_balanced(text[start : pieces[one][1]])), at)
        yield start, pieces[last][1]
        at = last + 1


def is_balanced(text: str) -> bool:
    """Whether each bracket and quotation mark that is opened in `text` is closed in it."""
    if not _PAIRED.search(text):
        return True
    depth = 0
    for sign in text:
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth < 0:
            return False
    return depth == 0 and sum(text.count(sign) for sign in _QUOTES) % 2 == 0


def _read_list(text: str, lines: Sequence[tuple[int, int]], items: Sequence[int], block: int) -> Iterator[Unit]:
    for first, last in lines[: items[0]]:
        yield from _read_line(text, first, last, block)
    after = items[-1] + 1
    # What is indented below the last item, or goes on with it, belongs to it.
    while after < len(lines) and (text[lines[after][0]].isspace() or text[lines[after][0]].islower()):
        after += 1
    for begin, stop in zip(items, [*items[1:], after], strict=True):
        first, last = lines[begin][0], lines[stop - 1][1]
        found = _ITEM.match(text[first:last].lstrip())
        number = int(found["number"]) if found and found["number"] else 0
        yield replace(_unit(text, first, last, Kind.ITEM, block), number=number)
    for first, last in lines[after:]:
        yield from _read_line(text, first, last, block)


def _read_table(text: str, lines: Sequence[tuple[int, int]], table: Table, block: int) -> Iterator[Unit]:
    for index, (first, last) in enumerate(lines):
        yield _unit(text, first, last, Kind.HEADER if index in table.headers else Kind.ROW, block)


def _unit(text: str, start: int, end: int, kind: Kind, block: int) -> Unit:
    # Code keeps its indentation, without which it is not what it was.
    while kind is not Kind.CODE and start < end and text[start].isspace():
        start += 1
    return Unit(text=text[start:end], start=start, end=end, kind=kind, block=block)


def _is_code(lines: Sequence[str]) -> bool:
    """Whether most of the lines look like a program's, a configuration's or a terminal's."""
    sure = [line for line in lines if _PROMPT.match(line) or (_CODE_LINE.match(line) and _SYMBOLS.search(line))]
    indented = [line for line in lines if sure and line not in sure and _INDENTED.match(line)]
    return len(lines) > 1 and 2 * (len(sure) + len(indented)) > len(lines)


def _grouped(units: Sequence[Unit]) -> list[Unit]:
    """The units with their groups: a list with blank lines, or other paragraphs, between its items is one list."""
    found: list[Unit] = []
    group = 0
    for index, unit in enumerate(units):
        before = units[index - 1] if index else None
        if unit.kind not in (Kind.ITEM, Kind.CODE):
            found.append(unit)
            continue
        if before and ((before.kind is unit.kind and before.block == unit.block) or goes_on(before, unit)):
            found.append(replace(unit, group=group))
            continue
        interrupted = _interrupted(units, index)
        if interrupted is None:
            group += 1
        else:
            found[interrupted + 1 :] = [replace(one, group=group) for one in found[interrupted + 1 :]]
        found.append(replace(unit, group=group))
    return found


def _with_steps(units: Sequence[Unit]) -> list[Unit]:
    """The units, with the sentences of each line of steps in a group of their own."""
    found = list(units)
    group = max((unit.group for unit in units), default=-1)
    for index, unit in enumerate(units[:-1]):
        following = units[index + 1]
        if not unit.announces or following.kind is not Kind.SENTENCE or following.group != -1:
            continue
        place = following.part, following.block, following.line
        steps = [
            at for at in range(index + 1, len(units)) if (units[at].part, units[at].block, units[at].line) == place
        ]
        if place == (unit.part, unit.block, unit.line) or len(steps) < _FEWEST_STEPS:
            continue
        if sum(len(units[at].text) for at in steps) <= _LONGEST_STEP * len(steps):
            group += 1
            found[steps[0] : steps[-1] + 1] = [replace(units[at], group=group) for at in steps]
    return found


def begins_with_item(text: str) -> bool:
    """Whether the first thing in `text` is a list item."""
    return _ITEM.match(text.lstrip()) is not None


def goes_on(before: Unit, unit: Unit) -> bool:
    """Whether two units with a blank line between them, or a passage's end, are parts of the same list or code."""
    if before.kind is not unit.kind or unit.kind not in (Kind.ITEM, Kind.CODE):
        return False
    return unit.number == before.number + 1 if unit.number or before.number else True


def _interrupted(units: Sequence[Unit], index: int) -> int | None:
    """The item before `units[index]` in its numbered list, which paragraphs of explanation interrupt; None: there is none."""
    number = units[index].number
    for at in range(index - 1, -1, -1):
        if units[at].kind is Kind.ITEM:
            return at if number > 1 and units[at].number == number - 1 else None
        if units[at].kind is not Kind.SENTENCE:
            return None
    return None
