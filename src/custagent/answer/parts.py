"""What the words of a message may be in a request for a person: the keys of `[person]` in the catalogues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache, reduce
from operator import or_

from custagent.answer.spoken import PAUSE, folded_phrase
from custagent.locales import Catalogue, catalogue


class Part(Flag):
    """What a word, or words that belong together, may be. A word may be several."""

    #: "someone", "anybody".
    SOMEBODY = auto()
    #: "human", "agent", "manager".
    PEOPLE = auto()
    #: "customer service".
    TEAM = auto()
    #: "real", "living".
    REAL = auto()
    #: "talk", "chat".
    CONTACT = auto()
    #: "reach", "call": one reaches a shop as well.
    REACH = auto()
    #: "transfer", "put through", and whom: `ME`.
    CONNECT = auto()
    ME = auto()
    #: "I want", "can I".
    WANT = auto()
    #: "how do I".
    HOW = auto()
    #: "is there", and what closes that question: "available", "I can talk to".
    EXIST = auto()
    HERE = auto()
    #: "bot", and what turns it down: "no", "tired of".
    MACHINE = auto()
    AGAINST = auto()
    #: What a person would do: "look at this", and "call me".
    HELP = auto()
    CALL = auto()
    #: "to", "a", "please": it carries nothing.
    LINK = auto()
    #: "with": it leads to somebody who is talked to.
    WITH = auto()
    #: What may follow somebody who is wanted: "now", "about", "from your".
    TAIL = auto()
    #: "when", "how many": the question is about something.
    ABOUT = auto()
    #: "my", "the person", "human resources": nobody of ours is meant.
    UNLESS = auto()
    #: A comma, a dash.
    PAUSE = auto()
    #: Any other word.
    OTHER = auto()


NOTHING = Part(0)
SOMEONE = Part.SOMEBODY | Part.PEOPLE | Part.TEAM
TALK = Part.CONTACT | Part.REACH

#: Words of an entry, a stem with a star.
_Sequence = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The parts of requests in one language."""

    #: By the first word of the sequence, with a star where it is a stem.
    sequences: Mapping[str, Sequence[tuple[_Sequence, Part]]]
    #: The stars' lengths, for a word's beginnings to be looked up.
    stem_lengths: tuple[int, ...]
    #: Beginnings of all that names somebody, or the machine: a sentence without any asks for nobody.
    heads: frozenset[str]
    head_stems: tuple[str, ...]
    #: Whole ways to say it, and whole sentences, each between spaces.
    phrases: tuple[str, ...]
    alone: frozenset[str]

    def says_it_whole(self, words: Iterable[str]) -> bool:
        """Whether the words are, or hold, a request that needs no rule."""
        spoken = f" {' '.join(word for word in words if word != PAUSE)} "
        return spoken in self.alone or any(phrase in spoken for phrase in self.phrases)

    def names_anybody(self, words: Iterable[str]) -> bool:
        """Whether a word may name somebody, or the machine. Quick, and true too often."""
        return any(word in self.heads or word.startswith(self.head_stems) for word in words)

    def parts(self, words: Sequence[str]) -> list[Part]:
        """What each word is, or each run of words that belong together; the longest run counts."""
        found: list[Part] = []
        at = 0
        while at < len(words):
            length, part = self._longest(words, at)
            found.append(part)
            at += length
        return found

    def _longest(self, words: Sequence[str], at: int) -> tuple[int, Part]:
        word = words[at]
        if word == PAUSE:
            return 1, Part.PAUSE
        best, part = 1, NOTHING
        stems = (f"{word[:length]}*" for length in self.stem_lengths if length <= len(word))
        for first in (word, *stems):
            for sequence, meaning in self.sequences.get(first, ()):
                if len(sequence) < best or not _stands(sequence, words, at):
                    continue
                part = meaning if len(sequence) > best else part | meaning
                best = len(sequence)
        return best, Part.UNLESS if part & Part.UNLESS else part or Part.OTHER


@cache
def lexicon(language: str) -> Lexicon:
    """What the catalogue of `language` knows. Raises KeyError when there is none."""
    texts = catalogue(language)
    sequences = _sequences(texts)
    named = SOMEONE | Part.MACHINE
    heads = {first for first, several in sequences.items() if any(part & named for _, part in several)}
    return Lexicon(
        sequences=sequences,
        stem_lengths=tuple(sorted({len(first) - 1 for first in sequences if first.endswith("*")})),
        heads=frozenset(first for first in heads if not first.endswith("*")),
        head_stems=tuple(sorted(first[:-1] for first in heads if first.endswith("*"))),
        phrases=tuple(f" {' '.join(_words(phrase))} " for phrase in texts.person["phrases"]),
        alone=frozenset(f" {' '.join(_words(phrase))} " for phrase in texts.person["alone"]),
    )


def _sequences(texts: Catalogue) -> Mapping[str, Sequence[tuple[_Sequence, Part]]]:
    meanings: dict[_Sequence, Part] = defaultdict(lambda: NOTHING)
    for part in Part:
        for phrase in texts.person.get(part.name.lower() if part.name else "", ()):
            meanings[_words(phrase)] |= part
    for phrase in (*texts.greetings, *texts.thanks):
        meanings[_words(phrase)] |= Part.LINK
    by_first: dict[str, list[tuple[_Sequence, Part]]] = defaultdict(list)
    for sequence, meaning in meanings.items():
        # "to talk to" may follow somebody, and is talking all the same; "transférez-moi" names who is put through.
        talks = NOTHING if meaning & Part.UNLESS else reduce(or_, (meanings.get((one,), NOTHING) for one in sequence))
        by_first[sequence[0]].append((sequence, meaning | talks & (TALK | Part.ME)))
    return by_first


def _words(phrase: str) -> _Sequence:
    """The words of an entry, a stem with its star."""
    return tuple(
        f"{word}*" if written.endswith("*") else word
        for written in phrase.split()
        for word in folded_phrase(written).replace("'", " ").split()
    )


def _stands(sequence: Sequence[str], words: Sequence[str], at: int) -> bool:
    """Whether the words from `at` on are those of the sequence."""
    return len(words) - at >= len(sequence) and all(
        word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
        for wanted, word in zip(sequence, words[at : at + len(sequence)], strict=True)
    )
