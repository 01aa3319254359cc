"""Checks what a model wrote against the passages; a sentence that fails is not sent (ANS-4).

A sentence passes when it names at least one passage, every number and every address in it stands in the passages it
names, and, where both are in the same language, most of its topic words do too and it does not turn round what the
passage says. Words are compared, not meanings: a false statement made of a passage's own words can pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from custagent.answer.facts import addresses, known_numbers, numbers
from custagent.answer.prompt import NO_ANSWER
from custagent.answer.signals import topic_words
from custagent.answer.spoken import plain
from custagent.core.document import Chunk
from custagent.language import words
from custagent.locales import catalogue, languages
from custagent.sentences import sentences

#: The least share of a sentence's topic words that must stand in the passages it names.
MIN_SUPPORT = 0.6
#: A statement and a clause of a passage that share this much of their topic words are about the same thing.
SAME_STATEMENT = 0.5
#: What a model writes beyond this is not read.
MAX_WRITTEN = 10_000

_MARKS = r"\[\d{1,2}(?: ?, ?\d{1,2}){0,20}\]"
_MARK = re.compile(_MARKS)
#: "Returns are free. [2]": the mark belongs to the sentence before it.
_LEADING_MARKS = re.compile(rf"(?:{_MARKS} ?)+")
_MARK_WITH_SPACES = re.compile(rf" ?{_MARKS}(?: (?=[.,;:!?]))?")
_MARK_RIGHT_AFTER = re.compile(r"(?<=[.!?…])(?=\[\d)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,2000})>")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,1000}>")
_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{0,2000}(?: [^()]{0,200})?\)")
#: What is left of markup that the rules above do not understand.
_MARKUP = re.compile(r"<[A-Za-z/!]|\]\(|&[#\w]{2,10};")
_LIST_MARK = re.compile(r"(?:[-*•–]|\d{1,3}[.)])\s+")
_CLAUSE_END = re.compile(r"[,;:()–—]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What is left of a model's text."""

    #: Without marks; "" when nothing was borne out.
    text: str
    #: The kept sentences that rest on each passage, by its index from 0, in order of first use.
    resting: Mapping[int, str]
    #: The sentences that failed.
    dropped: tuple[str, ...]
    #: The model says that the passages do not answer the question.
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """A sentence of the model, without its marks."""

    text: str
    #: Indices of the passages it names; -1 and beyond the last for those that do not exist.
    named: tuple[int, ...]

    @property
    def is_list_item(self) -> bool:
        return _LIST_MARK.match(self.text) is not None


def verify(written: str, passages: Sequence[Chunk], *, language: str) -> Verified:
    """Keep the sentences of `written`, which is in `language`, that the passages bear out."""
    if plain(_MARK.sub("", written[:MAX_WRITTEN])).startswith(NO_ANSWER.lower()):
        return Verified(text="", resting={}, dropped=(), refused=True)
    sources = [_Source(passage, language) for passage in passages]
    kept, resting, dropped = list[_Statement](), dict[int, str](), list[str]()
    for statement in _statements(written[:MAX_WRITTEN]):
        named = [sources[index] for index in statement.named if 0 <= index < len(sources)]
        if not named or len(named) < len(statement.named) or not _is_borne_out(statement.text, named, language):
            dropped.append(statement.text)
            continue
        kept.append(statement)
        for index in statement.named:
            resting[index] = f"{resting.get(index, '')} {statement.text}".strip()
    return Verified(text=_joined(kept), resting=resting, dropped=tuple(dropped))


def _joined(statements: Sequence[_Statement]) -> str:
    """Sentences one after the other; each item of a list has a line of its own."""
    text = "".join(
        ("\n" if statement.is_list_item or before.is_list_item else " ") + statement.text
        for before, statement in pairwise([*statements[:1], *statements])
    )
    return text.strip()


class _Source:
    """A passage as evidence. What is needed of it is read once, when it is first asked for."""

    def __init__(self, chunk: Chunk, language: str) -> None:
        self._chunk = chunk
        #: Words can be compared only within one language.
        self.is_comparable = chunk.language == language

    @cached_property
    def numbers(self) -> frozenset[str]:
        return known_numbers(self._chunk.indexed_text, _number_words(self._chunk.language))

    @cached_property
    def addresses(self) -> frozenset[str]:
        return frozenset(addresses(self._chunk.indexed_text))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(words(self._chunk.indexed_text, self._chunk.language))

    @cached_property
    def clauses(self) -> list[tuple[frozenset[str], bool]]:
        """Topic words of each clause, and whether it is negated. A question states nothing."""
        stated = (sentence for sentence in sentences(self._chunk.text) if not sentence.endswith("?"))
        clauses = (clause for sentence in stated for clause in _CLAUSE_END.split(sentence))
        language = self._chunk.language
        return [(_topic(clause, language), _is_negated(clause, language)) for clause in clauses]


def _statements(written: str) -> Iterator[_Statement]:
    lines = [" ".join(sentence.split()) for sentence in sentences(_without_markup(written))]
    marks_lead = bool(lines) and _LEADING_MARKS.match(lines[0]) is not None
    #: Each sentence with the text that its marks are found in.
    found: list[tuple[str, str]] = []
    for line in lines:
        late = _LEADING_MARKS.match(line) if found and not marks_lead else None
        if late:
            before, marked = found.pop()
            found.append((before, marked + late.group()))
        rest = line[late.end() :] if late else line
        if rest:
            found.append((rest, rest))
    for line, marked in found:
        named = (int(n) - 1 for mark in _MARK.findall(marked) for n in mark[1:-1].split(","))
        if text := _MARK_WITH_SPACES.sub("", line).strip():
            yield _Statement(text=text, named=tuple(dict.fromkeys(named)))


def _without_markup(written: str) -> str:
    text = written.replace("【", "[").replace("】", "]").replace("**", "")
    text = _TAG.sub("", _AUTOLINK.sub(r"\1", text))
    text = _LINK.sub(lambda link: f"[{link[1]}]" if link[1].isdigit() else link[1], text)
    return _MARK_RIGHT_AFTER.sub(" ", text)


def _is_borne_out(said: str, named: Sequence[_Source], language: str) -> bool:
    if _MARKUP.search(said):
        return False
    if any(all(one not in source.addresses for source in named) for one in addresses(said)):
        return False
    known = frozenset[str]().union(*(source.numbers for source in named))
    stated = numbers(_LIST_MARK.sub("", said, count=1), _number_words(language))
    if any(known.isdisjoint(readings) for readings in stated):
        return False
    comparable = [source for source in named if source.is_comparable]
    return not comparable or _is_supported(said, comparable, language)


def _is_supported(said: str, sources: Sequence[_Source], language: str) -> bool:
    topic = _topic(said, language)
    if not topic:
        return True
    stems = frozenset[str]().union(*(source.stems for source in sources))
    if len(topic & stems) / len(topic) < MIN_SUPPORT:
        return False
    clauses = [clause for source in sources for clause in source.clauses]
    negated = _is_negated(said, language)
    if negated and not any(negation for _, negation in clauses):
        return False
    alike = [(len(topic & about) / len(topic | about), negation == negated) for about, negation in clauses]
    closeness, agrees = max(alike, default=(0.0, True))
    return agrees or closeness < SAME_STATEMENT


def _topic(text: str, language: str) -> frozenset[str]:
    if language not in languages():
        return topic_words(text, language)
    return topic_words(text, language) - frozenset(words(" ".join(catalogue(language).negations), language))


def _is_negated(text: str, language: str) -> bool:
    return language in languages() and not catalogue(language).negations.isdisjoint(plain(text).split())


def _number_words(language: str) -> Mapping[str, str]:
    return catalogue(language).numbers if language in languages() else {}
