"""A question in the content's own words: "shipping" becomes "delivery" where the pages speak of delivery only.

A word that the content does not hold says nothing about its passages, and an agent is rightly unsure about it. The
catalogues tell which words of customers mean the same (`[same_words]`); a word that the content has stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

from custagent.language import words
from custagent.locales import catalogue, languages

#: In how many passages each stemmed word of a text stands.
Holding: TypeAlias = Callable[[str], Mapping[str, int]]
#: By the stems of a word or phrase: what means the same, as it is written.
_Same: TypeAlias = Mapping[tuple[str, ...], tuple[str, ...]]

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


def in_words_of_content(text: str, language: str, holding: Holding) -> str:
    """`text` with each word that the content lacks in the words that it has for the same, the most frequent of them."""
    same = _same_words(language) if language in languages() else {}
    if not same:
        return text
    longest = max(map(len, same))
    written = list(_WORD.finditer(text))
    stems = [tuple(words(one[0], language)) for one in written]
    parts, done, at = list[str](), 0, 0
    while at < len(written):
        for size in range(min(longest, len(written) - at), 0, -1):
            alike = same.get(tuple(stem for each in stems[at : at + size] for stem in each), ())
            said = [one[0] for one in written[at : at + size]]
            instead = _instead(said, alike, language, holding) if alike else ""
            if instead:
                parts += [text[done : written[at].start()], instead]
                done = written[at + size - 1].end()
                at += size - 1
                break
        at += 1
    return "".join([*parts, text[done:]])


def _instead(said: list[str], alike: tuple[str, ...], language: str, holding: Holding) -> str:
    """What the content says for the word or phrase; "" where it says that itself, or nothing of the kind.

    Of a phrase it may hold all words and not the phrase: then a single word of the content's is the surer one.
    """
    counts = holding(" ".join([*said, *alike]))
    holds_all = all(counts.get(stem, 0) for one in said for stem in words(one, language)[:1])
    if holds_all and len(said) == 1:
        return ""

    def held(other: str) -> int:
        stems = words(other, language)
        return 0 if holds_all and len(stems) > 1 else min(counts.get(stem, 0) for stem in stems)

    best = max(alike, key=held)
    return best if held(best) else ""


@cache
def _same_words(language: str) -> _Same:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in catalogue(language).same_words:
        for one in group:
            stems = tuple(words(one, language))
            found[stems] = (*found.get(stems, ()), *(other for other in group if other != one))
    return found
