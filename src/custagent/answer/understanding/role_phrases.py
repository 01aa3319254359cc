"""What makes a role hand over where the team has written no phrases of its own: for sales, that somebody wants to buy (CRE-4).

A phrase of the catalogue's `role_handoff` is said where its words stand in one sentence in sequence, read without accents.
"want|like + to buy" is both "want to buy" and "like to buy"; "…" stands for up to six words, for some languages put the
verb at the end: "möchte … kaufen". What is turned down is not said: "I do not want to buy".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from custagent.answer.spoken import PAUSE, sentences
from custagent.locales import Catalogue, catalogue

#: What may stand between the parts of a phrase, as the most words.
_BETWEEN = {"…": 6, "+": 0}
#: What stands between the ways to say a part.
_OR = "|"
#: So many words before a phrase may turn it down.
_NEGATED_BEFORE = 2


def role_phrase(said: Iterable[Sequence[str]], role: str, catalogues: Iterable[Catalogue]) -> str:
    """The words by which the role hands over, as they were said but without accents and capitals, "" when none are.

    `said` is the message as `spoken.sentences` reads it; the catalogues are tried in their order.
    """
    several = [(list(words), frozenset(words)) for words in said]
    phrases = ((phrase, one.language) for one in catalogues for phrase in one.role_handoff.get(role, ()))
    # Most phrases have no word of the message at all: a set tells so at once.
    likely = (
        (words, phrase, language)
        for phrase, language in phrases
        for words, vocabulary in several
        if not any(heads.isdisjoint(vocabulary) for heads in _heads(phrase))
    )
    return next(filter(None, (_said(*one) for one in likely)), "")


def _said(words: Sequence[str], phrase: str, language: str) -> str:
    (_, first), *rest = _parts(phrase)
    for start, end in _places(words, first):
        until: int | None = end
        for between, part in rest:
            until = until and _next(words, part, until, between)
        if until and not _negates(words[max(0, start - _NEGATED_BEFORE) : until], language):
            return " ".join(words[start:until])
    return ""


def _next(words: Sequence[str], part: Sequence[Sequence[str]], after: int, between: int) -> int | None:
    """Where the part ends that begins at most `between` words after, without a pause; None where none does."""
    for start, end in _places(words[after:], part):
        if start <= between and PAUSE not in words[after : after + start]:
            return after + end
    return None


def _places(words: Sequence[str], part: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Where one of the ways to say the part stands, in order, the longest first."""
    for start in range(len(words)):
        for way in part:
            if tuple(words[start : start + len(way)]) == tuple(way):
                yield start, start + len(way)


def _negates(words: Sequence[str], language: str) -> bool:
    return any(_places(words, _negations(language)))


@lru_cache(maxsize=2048)
def _parts(phrase: str) -> tuple[tuple[int, tuple[tuple[str, ...], ...]], ...]:
    """The parts of a phrase: how many words may stand before it, and the ways to say it, as sentences are read."""
    parts, between = [], 0
    for piece in re.split(rf"\s*([{''.join(_BETWEEN)}])\s*", phrase):
        if piece in _BETWEEN:
            between = _BETWEEN[piece]
        else:
            ways = {tuple(words) for way in piece.split(_OR) for words in sentences(way)}
            parts.append((between, tuple(sorted(ways, key=len, reverse=True))))
    return tuple(parts)


@lru_cache(maxsize=2048)
def _heads(phrase: str) -> tuple[frozenset[str], ...]:
    """For each part of the phrase, the words that its ways begin with."""
    return tuple(frozenset(way[0] for way in ways) for _, ways in _parts(phrase))


@lru_cache
def _negations(language: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words) for negation in catalogue(language).negations for words in sentences(negation))
