"""Chooses what is quoted of passages: what answers best, whole with what it needs, then what is worth most beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from custagent.answer.quoting.context import is_furniture, needs
from custagent.answer.quoting.repeats import Statement
from custagent.answer.quoting.tables import in_ranges
from custagent.answer.quoting.units import Kind, goes_on, units_of
from custagent.answer.signals import topic_words
from custagent.core.document import ELLIPSIS, Chunk

#: What makes a unit worth quoting, beside the share of the question that it holds: the first passage is the best one,
#: a passage begins with what matters, and sentences go on from each other. Chosen by `benchmarks/quotes.py`, where a
#: wide range does as well.
OF_BEST_PASSAGE, OF_BEGINNING, GOES_ON, LEADS_ON = 0.2, 0.3, 0.3, 0.1
#: What is worth less is not quoted, however much room there is.
LEAST_WORTH = 0.4
#: A number of the question that lies within a range of a table's row counts as this share of the question.
IN_RANGE = 0.5
#: A further passage may be quoted with this many characters even where there is no room to grow.
LEAST_ROOM = 250
#: One sentence between two quoted ones is quoted too when it is no longer than this.
SHORT_GAP = 80


class Passage:
    """A passage, or several that follow each other, with what of the question each of its units holds."""

    def __init__(self, run: Sequence[Chunk], question: str, *, whole: bool) -> None:
        first = run[0]
        self.run = run
        self.language = first.language
        #: Quoted from its first letter to its last.
        self.whole = whole
        self.units = units_of(*(chunk.text for chunk in run))
        self.statements = [Statement(unit.text, self.language) for unit in self.units]
        topic = topic_words(question, self.language)
        # What stands under a heading is about what the heading says.
        named = topic & topic_words(first.heading.rsplit(" > ", 1)[-1], self.language)
        self.held = [named | (topic & statement.about) for statement in self.statements]
        self.silent = [is_furniture(unit, run[unit.part]) for unit in self.units]
        self.in_range = [unit.kind is Kind.ROW and in_ranges(question, unit.text) for unit in self.units]
        self.needs = needs(self.units, self.language, self.silent)
        #: The first unit of each text that says something.
        self.beginnings = {
            next((index for index in self.of_part(part) if not self.silent[index]), -1) for part in range(len(run))
        }
        self._read_tables()

    def _read_tables(self) -> None:
        """Rows that hold most of what not all do are quoted alone; where none does, the table is quoted as a list is."""
        rows = [index for index, unit in enumerate(self.units) if unit.kind is Kind.ROW]
        for block in {self.units[index].block for index in rows}:
            table = [index for index in rows if self.units[index].block == block]
            common = frozenset[str].intersection(*(self.held[index] for index in table))
            in_range = [index for index in table if self.in_range[index]]
            most = max(len(self.held[index] - common) for index in table)
            outstanding = [index for index in table if 0 < most == len(self.held[index] - common)]
            if in_range and len(in_range) < len(table):
                outstanding = in_range
            together = frozenset[int]().union(*(self.needs[index] for index in table))
            for index in table:
                if not outstanding:
                    self.needs[index] = together
                elif index not in outstanding:
                    self.silent[index] = True

    def size(self, indices: Iterable[int]) -> int:
        """Characters, with the white space after each unit."""
        return sum(self.units[index].end - self.units[index].start + 1 for index in indices)

    def of_part(self, part: int) -> list[int]:
        """The units of one of its texts."""
        return [index for index, unit in enumerate(self.units) if unit.part == part]

    def uncut(self, index: int) -> bool:
        """Whether the unit belongs to what is quoted whole or not at all."""
        return self.units[index].group != -1 or self.units[index].kind in (Kind.ROW, Kind.HEADER)


class Choice:
    """What has been chosen so far, of all passages."""

    def __init__(self, passages: Sequence[Passage], *, room: int, grow_to: int) -> None:
        self._passages = passages
        self._rarity = _rarity(passages)
        self._total = math.fsum(self._rarity.values()) or 1.0
        self._room = room
        self._grow_to = min(grow_to, room)
        self._chosen: list[set[int]] = [set() for _ in passages]
        self._left_out: set[tuple[int, int]] = set()
        #: Items that are cited without their list, as (passage, unit).
        self._untold: set[tuple[int, int]] = set()
        self._covered: set[str] = set()

    def take_best_of(self, number: int, part: int) -> None:
        """The unit of one text that answers best, with what it needs; without its list where that does not fit.

        Beside what is chosen already, what needs less room goes before what answers better and needs more.
        """
        passage = self._passages[number]
        units = passage.of_part(part)
        if passage.whole or not units:
            self._take(number, frozenset(units))
            return
        best, *rest = sorted(units, key=lambda index: (-self._worth(number, index), index))
        if self._size():
            left = max(self._grow_to - self._size(), LEAST_ROOM)
            best = next((index for index in (best, *rest) if passage.size(passage.needs[index]) <= left), best)
        wanted = passage.needs[best]
        if self._size() + passage.size(wanted) > self._room:
            uncut = {index for index in wanted if passage.uncut(index)}
            wanted = ((wanted - uncut) if uncut else None) or frozenset({best})
            # The citation needs words to rest on, even where they are not told.
            self._untold |= {(number, index) for index in wanted & uncut}
            self._left_out |= {(number, part)} if uncut else set()
        self._take(number, wanted)

    def grow(self) -> None:
        """Go on with what is worth most, as long as there is room."""
        while fitting := list(self._fitting()):
            worth, number, index = max(fitting)
            if worth < LEAST_WORTH:
                break
            self._take(-number, self._passages[-number].needs[-index])
        for number in range(len(self._passages)):
            self._close_gaps(number)

    def stretches(self, number: int, part: int, *, told: bool = False) -> tuple[tuple[int, int], ...]:
        """What is quoted of one text, as (start, end) in it; `told`: without what another passage's quote says."""
        passage = self._passages[number]
        chosen = self._told(number) if told else self._chosen[number]
        if passage.whole or not passage.units:
            return ((0, len(passage.run[part].text)),) if chosen or not passage.units else ()
        found: list[tuple[int, int]] = []
        before = -2
        for index in sorted(chosen):
            unit = passage.units[index]
            if unit.part != part:
                continue
            if index == before + 1 and found:
                found[-1] = (found[-1][0], unit.end)
            else:
                found.append((unit.start, unit.end))
            before = index
        return tuple(found)

    def joint(self, number: int, part: int) -> str:
        """What stands between the quote of one text and that of the text before it."""
        passage, chosen = self._passages[number], self._told(number)
        here = min((index for index in chosen if passage.units[index].part == part), default=-1)
        before = max((index for index in chosen if passage.units[index].part < part), default=-1)
        if here < 0 or before < 0:
            return ""
        if here != before + 1:
            return f" {ELLIPSIS}\n\n"
        return "\n" if goes_on(passage.units[before], passage.units[here]) else "\n\n"

    def repeats(self, number: int) -> int | None:
        """The earlier passage that says some of what is chosen of this one; None when there is none."""
        return next(
            (other for index in self._chosen[number] if (other := self._said_in(number, index)) is not None), None
        )

    def left_out(self, number: int, part: int) -> bool:
        """Whether a list or table of one text was too long."""
        return (number, part) in self._left_out

    def _fitting(self) -> Iterable[tuple[float, int, int]]:
        """What there is room for, as (worth, -passage, -unit)."""
        left = self._grow_to - self._size()
        for number, passage in enumerate(self._passages):
            # Where the list that answers is left out, what stands around it says nothing.
            done = passage.whole or any(self.left_out(number, part) for part in range(len(passage.run)))
            for index in () if done else range(len(passage.units)):
                if index in self._chosen[number] or passage.silent[index]:
                    continue
                if passage.size(passage.needs[index] - self._chosen[number]) <= left:
                    worth = self._worth(number, index)
                    if worth >= LEAST_WORTH and self._said_in(number, index) is None:
                        yield worth, -number, -index

    def _close_gaps(self, number: int) -> None:
        passage, chosen = self._passages[number], self._chosen[number]
        for before, after in pairwise(sorted(chosen)):
            gap = passage.units[before + 1] if after == before + 2 else None
            if gap and gap.kind is Kind.SENTENCE and len(gap.text) <= SHORT_GAP and not passage.silent[before + 1]:
                self._take(number, passage.needs[before + 1])

    def _told(self, number: int) -> set[int]:
        """What is chosen of a passage and not said by an earlier one; what that needs is told again with it."""
        new = {
            index
            for index in self._chosen[number]
            if (number, index) not in self._untold and self._said_in(number, index) is None
        }
        needed = frozenset[int]().union(*(self._passages[number].needs[index] for index in new))
        return new | {index for index in needed & self._chosen[number] if (number, index) not in self._untold}

    def _said_in(self, number: int, index: int) -> int | None:
        """The earlier passage whose chosen units say what this unit says."""
        passage = self._passages[number]
        for other in range(number):
            earlier = self._passages[other]
            if earlier.language == passage.language and any(
                passage.statements[index].is_said_by(earlier.statements[said]) for said in self._chosen[other]
            ):
                return other
        return None

    def _take(self, number: int, indices: Collection[int]) -> None:
        self._chosen[number].update(indices)
        self._covered.update(*(self._passages[number].held[index] for index in indices))

    def _size(self) -> int:
        return sum(passage.size(chosen) for passage, chosen in zip(self._passages, self._chosen, strict=True))

    def _worth(self, number: int, index: int) -> float:
        """How much a unit would add: what it holds of the question, half of it for what nothing chosen holds yet."""
        passage, chosen = self._passages[number], self._chosen[number]
        if passage.silent[index]:
            return -1.0
        unit, held = passage.units[index], passage.held[index]
        worth = (self._weight(held) + self._weight(held - self._covered)) / 2
        worth += OF_BEST_PASSAGE * (number == 0) + IN_RANGE * passage.in_range[index]
        if unit.kind is Kind.ROW:
            # The next row is about something else.
            return worth
        return (
            worth
            + OF_BEGINNING * (index in passage.beginnings)
            + GOES_ON * (index - 1 in chosen)
            + LEADS_ON * (index + 1 in chosen)
        )

    def _weight(self, held: Iterable[str]) -> float:
        # fsum: the same whatever order a set gives its words in.
        return math.fsum(self._rarity[word] for word in held) / self._total


def _rarity(passages: Sequence[Passage]) -> Mapping[str, float]:
    """How much each word of the topic tells: one that few units hold tells more."""
    total = sum(len(passage.units) for passage in passages)
    count = Counter(word for passage in passages for held in passage.held for word in held)
    return {word: math.log(1 + total / times) for word, times in count.items()}
