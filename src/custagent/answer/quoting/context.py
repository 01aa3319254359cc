"""What a unit of a passage cannot be quoted without: its list, its header row, its condition, what "it" is.

The words that tell (`[passage]` in the catalogues) are those of the passage's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from custagent.answer.quoting.units import Kind, Unit, begins_with_item, goes_on, units_of
from custagent.answer.spoken import plain, plain_phrase
from custagent.core.document import Chunk
from custagent.locales import catalogue, languages

#: How many sentences back a chain of "It … This …" is followed.
_FURTHEST_BACK = 2
#: What is nothing but a way through the site: "Home > Help > Returns".
_CRUMBS = re.compile(r"[^\n.!?]{1,40}(?:\s[>»›/|]\s[^\n.!?>»›|]{1,40}){2,}")
#: No longer line is a title or a way through the site.
_LONGEST_FURNITURE = 250
_LONGEST_HEADING = 80
#: How much of a sentence is looked at for the words that it starts with.
_FIRST_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """A language's words that tell what belongs together."""

    conditions: tuple[str, ...] = ()
    refers_back: tuple[str, ...] = ()
    furniture: frozenset[str] = frozenset()


def needs(units: Sequence[Unit], language: str, silent: Sequence[bool]) -> list[frozenset[int]]:
    """For each unit the indices of those that it stands with; itself among them, all of it followed to its end.

    `silent` units say nothing (`is_furniture`), so that nothing needs them.
    """
    groups = _groups(units)
    bonds = _Bonds(units, _words(language))
    direct = [
        {*groups.get(unit.group, ()), *bonds.before(index), *bonds.after(index)} for index, unit in enumerate(units)
    ]
    direct = [{one for one in found if not silent[one]} for found in direct]
    return [_closure(direct, index) for index in range(len(units))]


def is_connected(before: Chunk, after: Chunk) -> bool:
    """Whether a passage cannot be quoted without the next of its section: its list goes on there, or begins there."""
    if before.text.rstrip().endswith((":", "：")):
        return True
    if not begins_with_item(after.text):
        return False
    last, first = units_of(before.text)[-1:], units_of(after.text)[:1]
    return bool(last and first) and goes_on(last[0], first[0])


def is_furniture(unit: Unit, chunk: Chunk) -> bool:
    """Whether the unit says nothing: the page's own title or heading, a way through the site, "Read more"."""
    # Within a list "Settings > Privacy > Delete" is where a step leads.
    if unit.kind is not Kind.SENTENCE or unit.group != -1 or len(unit.text) > _LONGEST_FURNITURE:
        return False
    said = plain(unit.text)
    names = {plain_phrase(name) for name in (chunk.title, *chunk.heading.split(" > "))}
    return (
        said in _words(chunk.language).furniture
        # "Title: Refunds" is no more than "Refunds".
        or not names.isdisjoint((said, said.partition(" ")[2] or said))
        or _CRUMBS.fullmatch(unit.text) is not None
    )


class _Bonds:
    """What stands right before and after a unit and belongs to it."""

    def __init__(self, units: Sequence[Unit], words: _Words) -> None:
        self._units = units
        openings = [f"{plain(unit.text[:_FIRST_CHARS])} " if unit.kind is Kind.SENTENCE else "" for unit in units]
        self._is_condition = [opening.startswith(words.conditions) for opening in openings]
        self._refers_back = [opening.startswith(words.refers_back) for opening in openings]

    def before(self, index: int) -> Iterator[int]:
        """A row's headers; what announces it; what its condition is of, or what "it" is."""
        unit = self._units[index]
        yield from _headers(self._units, index)
        first = _first_of_its_own(self._units, index)
        if first == 0:
            return
        before = self._units[first - 1]
        within = before.block == unit.block
        answers = before.asks and not unit.asks
        if before.announces or answers or self._is_condition[index] or (self._refers_back[index] and within):
            yield first - 1

    def after(self, index: int) -> Iterator[int]:
        """What it announces or is the heading of; its answer; the condition that it holds under."""
        if index + 1 == len(self._units):
            return
        unit, following = self._units[index : index + 2]
        answered = unit.asks and not following.asks
        if unit.announces or answered or self._is_condition[index + 1] or _is_heading(unit, following):
            yield index + 1


def _is_heading(unit: Unit, following: Unit) -> bool:
    """Whether it is a line of a few words that ends no sentence: a heading, or a line of an address."""
    is_line = (unit.part, unit.block, unit.line) != (following.part, following.block, following.line)
    return unit.kind is Kind.SENTENCE and is_line and len(unit.text) <= _LONGEST_HEADING and unit.text[-1].isalnum()


def _headers(units: Sequence[Unit], index: int) -> Iterator[int]:
    if units[index].kind not in (Kind.ROW, Kind.HEADER):
        return
    for at in range(index - 1, -1, -1):
        if units[at].block != units[index].block:
            return
        if units[at].kind is Kind.HEADER:
            yield at


def _first_of_its_own(units: Sequence[Unit], index: int) -> int:
    """Where the list, table or piece of code begins that the unit stands in; a sentence begins with itself."""
    unit, first = units[index], index
    while first and (unit.group != -1 or unit.kind is not Kind.SENTENCE):
        before = units[first - 1]
        of_one_table = before.block == unit.block and before.kind in (Kind.ROW, Kind.HEADER)
        if before.group != unit.group or (unit.group == -1 and not of_one_table):
            break
        first -= 1
    return first


def _groups(units: Sequence[Unit]) -> Mapping[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for index, unit in enumerate(units):
        if unit.group != -1:
            found.setdefault(unit.group, set()).add(index)
    return {group: frozenset(indices) for group, indices in found.items()}


def _closure(direct: Sequence[Iterable[int]], index: int) -> frozenset[int]:
    found, waiting = {index}, [index]
    while waiting:
        for one in direct[waiting.pop()]:
            # Backwards a chain ends: a page where each sentence leans on the one before would be quoted whole.
            if (one not in found and one >= index - _FURTHEST_BACK) or one in direct[index]:
                if one not in found:
                    waiting.append(one)
                found.add(one)
    return frozenset(found)


@cache
def _words(language: str) -> _Words:
    if language not in languages():
        return _Words()
    texts = catalogue(language).passage
    return _Words(
        conditions=tuple(f"{plain_phrase(phrase)} " for phrase in texts["conditions"]),
        refers_back=tuple(f"{plain_phrase(phrase)} " for phrase in texts["refers_back"]),
        furniture=frozenset(plain_phrase(phrase) for phrase in texts["furniture"]),
    )
