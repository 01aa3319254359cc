"""What the words of a message may be in a request for a person: the keys of `[person]` in the catalogues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache, reduce
from operator import or_
from typing import TypeVar

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
    #: "him", "them": whoever was named before.
    THEM = auto()
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
#: A sentence without any of these asks for nobody.
NAMED = SOMEONE | Part.MACHINE
TALK = Part.CONTACT | Part.REACH

#: A mistyped word is told from its right spelling when that has so many letters, and in messages of so many words.
_MIN_CORRECTED, _MAX_CORRECTED_WORDS = 6, 40
#: One wrong letter makes another word sooner than a missing one: "leveren" is no "lederen".
_MIN_WRONG = 8

#: Words of an entry, a stem with a star.
_Sequence = tuple[str, ...]
_Key = TypeVar("_Key", bound=Hashable)


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

    #: Long words of the entries, by what a slip leaves alone (`_marks`) and their length.
    long_words: Mapping[tuple[str, int], Sequence[str]]
    #: The same by what is left without their first letter.
    beheaded: Mapping[str, Sequence[str]]
    #: The beginnings of all words of which only the beginning counts.
    stems: tuple[str, ...]
    #: Words that are right as they stand: those of the entries, and those that every sentence has.
    right: frozenset[str]

    def says_it_whole(self, words: Iterable[str]) -> bool:
        """Whether the words are, or hold, a request that needs no rule."""
        spoken = f" {' '.join(word for word in words if word != PAUSE)} "
        return spoken in self.alone or any(phrase in spoken for phrase in self.phrases)

    def corrected(self, words: Sequence[str]) -> Sequence[str]:
        """The words with those mended that are one slip of the finger away from a word of the entries."""
        return words if len(words) > _MAX_CORRECTED_WORDS else [self._mended(word) for word in words]

    def _mended(self, word: str) -> str:
        if len(word) < _MIN_CORRECTED - 1 or word in self.right or word.startswith(self.stems):
            return word
        near = range(len(word) - 1, len(word) + 2)
        alike = [right for mark in _marks(word) for long in near for right in self.long_words.get((mark, long), ())]
        meant = {right for right in alike if _is_one_slip(word, right)}
        return min(meant.union(self.beheaded.get(word, ())), default=word)

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
    named = NAMED.value
    heads = {first for first, several in sequences.items() if any(part.value & named for _, part in several)}
    spelt = {word for several in sequences.values() for words, _ in several for word in words}
    long_words = sorted(word for word in spelt if len(word) >= _MIN_CORRECTED and not word.endswith("*"))
    return Lexicon(
        sequences=sequences,
        stem_lengths=tuple(sorted({len(first) - 1 for first in sequences if first.endswith("*")})),
        heads=frozenset(first for first in heads if not first.endswith("*")),
        head_stems=tuple(sorted(first[:-1] for first in heads if first.endswith("*"))),
        phrases=tuple(f" {' '.join(_words(phrase))} " for phrase in texts.person["phrases"]),
        alone=frozenset(f" {' '.join(_words(phrase))} " for phrase in texts.person["alone"]),
        long_words=_grouped(((mark, len(word)), word) for word in long_words for mark in _marks(word)),
        beheaded=_grouped((word[1:], word) for word in long_words),
        stems=tuple(sorted(word[:-1] for word in spelt if word.endswith("*"))),
        right=frozenset(spelt | {folded_phrase(word) for word in texts.stop_words | texts.cues}),
    )


def _grouped(pairs: Iterable[tuple[_Key, str]]) -> Mapping[_Key, Sequence[str]]:
    found: dict[_Key, list[str]] = defaultdict(list)
    for key, word in pairs:
        found[key].append(word)
    return dict(found)


def _marks(word: str) -> tuple[str, str]:
    """Its first two letters, and its first and last two: one slip behind the first letter leaves one of them alone."""
    return word[:2], word[0] + word[-2:]


def _is_one_slip(word: str, meant: str) -> bool:
    """Whether one letter is missing, too many or wrong, or two neighbours have changed places; the first two hold."""
    if word[0] != meant[0]:
        # "ablar" for "hablar": a letter that is not heard.
        return meant[1:] == word
    if len(word) != len(meant):
        shorter, longer = sorted((word, meant), key=len)
        # Without its last letter a word is more often another form, or another word: "perso" is no "persona".
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer) - 1))
    wrong = [at for at, (one, other) in enumerate(zip(word, meant, strict=True)) if one != other]
    if len(wrong) == 1:
        return len(word) >= _MIN_WRONG
    first, second = wrong[0], wrong[-1]
    return len(wrong) == second - first + 1 == 2 and word[first] == meant[second] and word[second] == meant[first]  # noqa: PLR2004 - two neighbours


def _sequences(texts: Catalogue) -> Mapping[str, Sequence[tuple[_Sequence, Part]]]:
    # Numbers, for joining flags takes ten times as long, and there are thousands of entries.
    meanings: dict[_Sequence, int] = defaultdict(int)
    for part in Part:
        for phrase in texts.person.get(part.name.lower() if part.name else "", ()):
            meanings[_words(phrase)] |= part.value
    for phrase in (*texts.greetings, *texts.thanks):
        meanings[_words(phrase)] |= Part.LINK.value
    # "to talk to" may follow somebody, and is talking all the same; "transférez-moi" names who is put through, and a
    # "vraie personne" is as real as two words are.
    unless, talked = Part.UNLESS.value, (TALK | Part.ME | Part.REAL).value
    by_first: dict[str, list[tuple[_Sequence, Part]]] = defaultdict(list)
    for sequence, meaning in meanings.items():
        talks = (
            0 if meaning & unless or len(sequence) == 1 else reduce(or_, (meanings.get((one,), 0) for one in sequence))
        )
        by_first[sequence[0]].append((sequence, _part(meaning | talks & talked)))
    return by_first


_part = cache(Part)


def _words(phrase: str) -> _Sequence:
    """The words of an entry, a stem with its star."""
    if phrase.isascii() and phrase.replace(" ", "").isalnum():
        # Most entries are such words, and reading all of them is felt at the start.
        return tuple(phrase.lower().split())
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
