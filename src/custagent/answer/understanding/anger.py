"""Whether the writer is angry: then a person takes over at once, for no quotation makes that better (ANS-2).

Cursing at us is enough, and so is a complaint that is aimed at us ("you are useless"). Any other ("useless", "my money
back") takes another one, or shouting, beside it: somebody who is merely not satisfied may still be helped by an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from custagent.answer.spoken import PAUSE, folded, folded_phrase
from custagent.locales import catalogue

#: So many complaints, or one and shouting, are anger.
_ENOUGH = 2
#: So many words may stand between "you are" and what we are called.
_AIMED_WITHIN = 3
#: So much of a message is read: characters of its text, and words.
_READ_CHARS = 10_000
_READ_WORDS = 600
#: The shortest word that can be shouted and is no abbreviation.
_MIN_SHOUTED = 3
_EXCLAIMED = re.compile(r"!\s*!|[?!]\s*[?!]\s*[?!]")
_WORD = re.compile(r"[^\W\d_]+")
_ANGRY_SIGNS = frozenset("😡🤬😠👿🖕")


def curses(said: Sequence[Sequence[str]], language: str) -> bool:
    """Whether one of the sentences, as `spoken.sentences` gives them, curses at us in that language."""
    spoken = _in_a_row(said)
    return any(phrase in spoken for phrase in _wording(language).curses)


def complains_loudly(text: str, said: Sequence[Sequence[str]], language: str) -> bool:
    """Whether `text`, whose sentences are `said`, complains in that language more than once, or shouting."""
    wording = _wording(language)
    spoken = _in_a_row(said)
    complaints = 0
    for phrase in wording.complaints:
        if phrase in spoken:
            # "You are thieves" is worse than that thieves were in the house.
            complaints += _ENOUGH if _is_aimed(spoken, phrase, wording) else 1
            # "My money back" is not "money back" once more.
            spoken = spoken.replace(phrase, " | ")
    return complaints > 0 and complaints + _shouts(text[:_READ_CHARS], wording) >= _ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """The anger of one language; each phrase with the spaces that it stands between, a stem with the first alone."""

    curses: tuple[str, ...]
    #: Longest first.
    complaints: tuple[str, ...]
    #: What aims a complaint at us, with its spaces.
    aimed: tuple[str, ...]
    #: Words that are no abbreviations when they stand in capitals.
    shoutable: frozenset[str]


@cache
def _wording(language: str) -> _Wording:
    texts = catalogue(language)
    known = {folded_phrase(word) for word in texts.stop_words | texts.cues}
    said = {word for phrase in (*texts.curses, *texts.complaints) for word in folded_phrase(phrase).split()}
    long_enough = {word for word in known | said if len(word) >= _MIN_SHOUTED}
    return _Wording(
        curses=tuple(map(_pattern, texts.curses)),
        complaints=tuple(sorted(map(_pattern, texts.complaints), key=len, reverse=True)),
        aimed=tuple(map(_pattern, texts.aimed)),
        shoutable=frozenset(long_enough | {folded_phrase(word) for word in texts.urgent}),
    )


def _pattern(phrase: str) -> str:
    written = " ".join(folded_phrase(word).replace("'", " ") for word in phrase.split())
    return f" {written}" if phrase.endswith("*") else f" {written} "


def _is_aimed(spoken: str, phrase: str, wording: _Wording) -> bool:
    """Whether shortly before the phrase it is said that it is us."""
    before = " ".join(spoken[: spoken.index(phrase)].split()[-_AIMED_WITHIN - 2 :])
    return any(aim in f" {before} " for aim in wording.aimed)


def _in_a_row(said: Sequence[Sequence[str]]) -> str:
    return f" {' '.join([word for words in said for word in words if word != PAUSE][:_READ_WORDS])} "


def _shouts(text: str, wording: _Wording) -> bool:
    """Whether signs say it, or capitals that are no abbreviation."""
    if _EXCLAIMED.search(text) or not _ANGRY_SIGNS.isdisjoint(text):
        return True
    return any(word.isupper() and folded(word) in wording.shoutable for word in _WORD.findall(text))
