"""A passage as grounds for statements: its sentences, each with what it says in an order that can be compared.

A sentence, list item or table row is a ground of its own. What it stands under (title, heading, the line that announces
a list, the sentence that "it" stands for, the question that it answers) gives it its subject and says nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from custagent.answer.model.facts import addresses, known_numbers
from custagent.answer.model.statements import LIST_MARK
from custagent.answer.signals import QUESTION_MARKS
from custagent.answer.spoken import plain, says
from custagent.core.document import Chunk
from custagent.language import words
from custagent.locales import catalogue, languages
from custagent.sentences import sentences

#: What stands for a negation among the words of a clause.
NOT: Final = "\N{NOT SIGN}"
_FIRST_WORDS = 3
_ADDRESS = re.compile(r"://|\w@\w|\bwww\.")
_CLAUSE_END = re.compile(r"[,;:()–—]")
#: An address, a number, a word with its inner joints, or a sign that says what a number counts.
_PIECE = re.compile(
    r"[^\s<>\"]*(?:://|\w@\w|\bwww\.)[^\s<>\"]*|\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,:]\d+)*|[^\W\d_][^\W_]*(?:[-'’._:][^\W_]+)*|[€$£¥%‰₹₩]|[,;:()–—]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that a text says, in its place: a word's stem, a number, a negation."""

    stem: str
    #: The readings of a number; empty for words.
    readings: frozenset[str] = frozenset()

    @property
    def is_address(self) -> bool:
        """Whether it is a web or mail address."""
        return _ADDRESS.search(self.stem) is not None

    def is_like(self, other: Sign) -> bool:
        """Whether both say the same."""
        if self.readings or other.readings:
            return not self.readings.isdisjoint(other.readings)
        return self.stem == other.stem


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a sentence between commas or joints."""

    signs: tuple[Sign, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One sentence, list item or row."""

    text: str
    clauses: tuple[Clause, ...]
    #: What it stands under.
    head: tuple[Sign, ...]
    #: It answers a question that stands right before it, so that "No." says something.
    answers: bool

    @property
    def signs(self) -> list[Sign]:
        """All that the sentence itself says, in order."""
        return [sign for clause in self.clauses for sign in clause.signs]


class Passage:
    """A chunk as grounds. What is needed of it is read once, when it is first asked for."""

    def __init__(self, chunk: Chunk, *, private: bool = False) -> None:
        self.chunk = chunk
        self._private = private

    @cached_property
    def _subject(self) -> str:
        """The title of a private page is not the contact's to read (SRC-4)."""
        title = "" if self._private else self.chunk.title
        return "\n".join(part for part in (title, *self.chunk.heading.split(" > "), self.chunk.question) if part)

    @cached_property
    def text(self) -> str:
        """All that the passage says."""
        return f"{self._subject}\n{self.chunk.text}"

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The addresses that may be given on to the contact: of a private page no web addresses."""
        found = frozenset(addresses(self.text))
        return frozenset(one for one in found if "@" in one) if self._private else found

    @cached_property
    def numbers(self) -> frozenset[str]:
        return known_numbers(self.text, number_words(self.chunk.language))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(words(self.text, self.chunk.language))

    @cached_property
    def grounds(self) -> tuple[Ground, ...]:
        return tuple(self._grounds())

    def _grounds(self) -> Iterator[Ground]:
        language = self.chunk.language
        subject = tuple(signs_of(self._subject, language))
        asked = _question_in(self._subject)
        announcing = before = ""
        for text in sentences(self.chunk.text):
            is_item = LIST_MARK.match(text) is not None
            if _asks(text):
                asked, before = text, ""
                continue
            said = LIST_MARK.sub("", text, count=1)
            # "You cannot return:" turns each of its items round.
            times = negations_in(announcing, language) if is_item else 0
            if is_item and announcing:
                head, told = announcing, f"{announcing} {said}"
            else:
                # Of what "it" stands for only the beginning is the subject; what was said of that is said already.
                refers = before and _refers_back(said, language)
                head, told = (f"{_CLAUSE_END.split(before)[0]}\n{asked}" if refers else asked), said
            yield Ground(
                text=told,
                clauses=tuple(_turned(_answering(list(clauses_of(said, language))), times)),
                head=(*subject, *signs_of(head, language)),
                answers=bool(asked),
            )
            if not is_item:
                announcing = text if text.endswith(":") else ""
            before = text


def signs_of(text: str, language: str) -> list[Sign]:
    """What a text says, in order, without its stop words and light words."""
    return [sign for clause in clauses_of(text, language) for sign in clause.signs]


def clauses_of(text: str, language: str) -> Iterator[Clause]:
    """The clauses of a sentence that say something."""
    joints = _joints(language)
    signs: list[Sign] = []
    begin = 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if not _CLAUSE_END.fullmatch(piece) and plain(piece) not in joints:
            signs += _signs_in(piece, language)
            continue
        if signs:
            yield Clause(signs=tuple(signs), text=text[begin : match.start()])
        signs, begin = [], match.end()
    if signs:
        yield Clause(signs=tuple(signs), text=text[begin:])


def _signs_in(piece: str, language: str) -> Iterator[Sign]:
    """What one piece of a sentence says."""
    known = number_words(language)
    folded = plain(piece)
    if _ADDRESS.search(piece):
        yield Sign(stem=piece.strip(".,;:!?()'\"").casefold())
    elif folded in _negations(language):
        yield Sign(stem=NOT)
    elif piece[0].isdigit() or folded in known:
        # Generous, as "10:00" is also 10; that no number is invented is seen to elsewhere.
        yield Sign(stem=folded, readings=known_numbers(piece, known))
    elif not piece[0].isalpha():
        yield Sign(stem=piece)
    else:
        yield from (Sign(stem=stem) for stem in words(piece, language) if stem not in _silent(language))


def _turned(clauses: Sequence[Clause], times: int) -> Iterator[Clause]:
    for clause in clauses:
        yield Clause(signs=(*(Sign(stem=NOT),) * times, *clause.signs), text=clause.text)


def _answering(clauses: Sequence[Clause]) -> Sequence[Clause]:
    """Without the "No," that only begins an answer which goes on."""
    return clauses[1:] if len(clauses) > 1 and is_no(clauses[0]) else clauses


def is_no(clause: Clause) -> bool:
    """Whether it is nothing but a negation."""
    return all(sign.stem == NOT for sign in clause.signs)


def negations_in(text: str, language: str) -> int:
    """How often the text turns round what it says."""
    return sum(word in _negations(language) for word in plain(text).split())


def limits_in(text: str, language: str) -> frozenset[str]:
    """What narrows or widens the text, by its kind: "only", "unless", "at least" …"""
    if language not in languages():
        return frozenset()
    spoken = plain(text)
    return frozenset(
        kind for kind, phrases in catalogue(language).limits.items() if any(says(spoken, phrase) for phrase in phrases)
    )


def number_words(language: str) -> Mapping[str, str]:
    """The number words of a language with their digits."""
    return catalogue(language).numbers if language in languages() else {}


def _asks(text: str) -> bool:
    return text.rstrip().endswith(QUESTION_MARKS)


def _question_in(subject: str) -> str:
    return next((line for line in reversed(subject.split("\n")) if _asks(line)), "")


def _refers_back(text: str, language: str) -> bool:
    if language not in languages():
        return False
    return not catalogue(language).pronouns.isdisjoint(plain(text).split()[:_FIRST_WORDS])


@cache
def _silent(language: str) -> frozenset[str]:
    """Stems that say nothing of their own."""
    if language not in languages():
        return frozenset()
    texts = catalogue(language)
    return frozenset(words("\n".join([*texts.stop_words, *texts.light_words]), language))


@cache
def _joints(language: str) -> frozenset[str]:
    return frozenset(map(plain, catalogue(language).joints)) if language in languages() else frozenset()


@cache
def _negations(language: str) -> frozenset[str]:
    return frozenset(map(plain, catalogue(language).negations)) if language in languages() else frozenset()


def stated(passages: Sequence[Passage]) -> Iterator[Ground]:
    """Everything that the passages say."""
    for passage in passages:
        yield from passage.grounds
