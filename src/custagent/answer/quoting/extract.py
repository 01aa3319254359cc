"""Finds the words of passages that answer a question, and quotes them as they stand (ANS-4).

units (sentences, items, rows) -> what each holds of the question, and what it needs -> the best of each passage ->
what goes with it -> quotes
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from custagent.answer.quoting.choice import Choice, Passage
from custagent.answer.quoting.context import is_connected, is_furniture
from custagent.answer.quoting.units import units_of
from custagent.core.document import ELLIPSIS, Chunk

#: All quotes of an answer together grow to this many characters; only what cannot be cut may make them longer.
QUOTED_CHARS = 740
#: A passage of so few characters is quoted whole.
WHOLE_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What is quoted of one passage: stretches of whole sentences, items and rows, in the passage's order."""

    chunk: Chunk
    #: Where each stretch begins and ends in the passage's text.
    stretches: tuple[tuple[int, int], ...]
    #: The same without what another quote says: what is told of this one. Empty when nothing is new in it, and when all
    #: that answers is a list that was left out.
    told: tuple[tuple[int, int], ...]
    #: Of the quotes before it, the index of the one that it repeats; None when it repeats none.
    repeats: int | None = None
    #: Its list was too long to be quoted.
    list_left_out: bool = False
    #: It goes on with the passage of the quote before; `joint` then stands between the two.
    goes_on: bool = False
    joint: str = ""

    @property
    def text(self) -> str:
        """The stretches, to the letter, with an ELLIPSIS where something was left out between them."""
        return _joined(self.chunk.text, self.stretches)

    @property
    def told_text(self) -> str:
        """What is told of it, in the same way."""
        return _joined(self.chunk.text, self.told)


def quote(
    question: str, passages: Sequence[Chunk], *, room: int, near: Iterable[Chunk] = (), grow_to: int = QUOTED_CHARS
) -> list[Quote]:
    """What the passages, the best one first, say in answer to the question: at least one Quote of each that says anything.

    Each passage gives the sentence that holds most of the question's topic, and with it what it cannot be understood
    without (`context.needs`); up to `grow_to` characters, what is worth most goes with it. `room` is how many the
    channel carries: a list that does not fit is left out, and its Quote says so. A short answer is quoted whole, and so
    is a short passage. Where a list goes on in a passage among `near`, that one is quoted from as well.
    """
    passages = [chunk for chunk in passages if _says_something(chunk)] or passages[:1]
    runs = _runs(passages, near, room)
    choice = Choice([Passage(run, question, whole=_is_whole(run, room)) for run in runs], room=room, grow_to=grow_to)
    for chunk in passages:
        number = next(index for index, run in enumerate(runs) if chunk in run)
        choice.take_best_of(number, runs[number].index(chunk))
    choice.grow()
    return _quotes(runs, choice)


def _says_something(chunk: Chunk) -> bool:
    """Whether there is more in the passage than its own title."""
    return len(chunk.text) > WHOLE_CHARS or not all(is_furniture(unit, chunk) for unit in units_of(chunk.text))


def _is_whole(run: Sequence[Chunk], room: int) -> bool:
    chunk = run[0]
    return len(run) == 1 and (bool(chunk.question) or len(chunk.text) <= WHOLE_CHARS) and len(chunk.text) <= room


def _runs(passages: Sequence[Chunk], near: Iterable[Chunk], room: int) -> list[list[Chunk]]:
    """The passages, each with those that it goes on in; passages that follow each other on a page are one run.

    A list that has outgrown the room by far is followed no further: it is not quoted.
    """
    following = {_place(chunk): chunk for chunk in (*near, *passages)}
    runs: list[list[Chunk]] = []
    for chunk in passages:
        if any(chunk in run for run in runs):
            continue
        run = [chunk]
        while after := following.get(_place(run[-1], 1)):
            if after not in passages and (_size(run) > 2 * room or not is_connected(run[-1], after)):
                break
            run.append(after)
        while before := following.get(_place(run[0], -1)):
            if before not in passages and (_size(run) > 2 * room or not is_connected(before, run[0])):
                break
            run.insert(0, before)
        runs = [*(one for one in runs if not any(each in run for each in one)), run]
    return runs


def _size(run: Iterable[Chunk]) -> int:
    return sum(len(chunk.text) for chunk in run)


def _place(chunk: Chunk, step: int = 0) -> tuple[str, str, str, int | None, int]:
    """Where the passage stands, or the one that many steps after it in the same section."""
    return chunk.location, chunk.heading, chunk.anchor, chunk.page, chunk.ordinal + step


def _quotes(runs: Sequence[Sequence[Chunk]], choice: Choice) -> list[Quote]:
    found: list[Quote] = []
    first_of_run: list[int] = []
    for number, run in enumerate(runs):
        first_of_run.append(len(found))
        repeated = choice.repeats(number)
        for part, chunk in enumerate(run):
            stretches = choice.stretches(number, part)
            if not stretches:
                continue
            found.append(
                Quote(
                    chunk=chunk,
                    stretches=stretches,
                    told=choice.stretches(number, part, told=True),
                    repeats=None if repeated is None else first_of_run[repeated],
                    list_left_out=choice.left_out(number, part),
                    goes_on=len(found) > first_of_run[number],
                    joint=choice.joint(number, part),
                )
            )
    return found


def _joined(text: str, stretches: Sequence[tuple[int, int]]) -> str:
    joined, before = "", 0
    for start, end in stretches:
        if joined:
            joined += f" {ELLIPSIS}{_joint(text[before:start])}"
        joined, before = joined + text[start:end], end
    return joined


def _joint(left_out: str) -> str:
    """The white space after an ellipsis: what the page has between the paragraphs or lines that it stands for."""
    if "\n\n" in left_out:
        return "\n\n"
    return "\n" if "\n" in left_out else " "
