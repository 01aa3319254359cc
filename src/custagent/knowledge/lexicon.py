"""Lexical search: BM25 over stemmed words, one set of postings a language.

The score is BM25 divided by the best value that the question could reach,
`sum over its distinct words of idf * (k1 + 1)`, so it is absolute (0..1) and fades out by itself where the question
and the passage share no words, as across languages. idf = ln(1 + (N - n + .5) / (n + .5)), k1 = 1.5, b = .75
(Robertson and Zaragoza 2009; why not FTS5: docs/decisions, fused retrieval).
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from custagent.core.document import Chunk
from custagent.language import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.5
B = 0.75
#: A word of the page's title counts as so many words of the text: all passages of the page share it.
TITLE_WEIGHT = 0.4

_HEADS = "words.json"
_ARRAYS = "words.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A passage as lexical search sees it."""

    #: Its row in the whole index.
    row: int
    language: str
    #: The page's title.
    title: str = ""
    #: All else that is searched.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """The words of all passages in one language. Arrays are parallel: posting i says `rows[i]` has weight `weights[i]`."""

    language: str
    #: Word -> its slot; slot s has the postings offsets[s]..offsets[s + 1].
    slots: dict[str, int]
    offsets: NDArray[np.int64]
    #: Which passage, as a row of the whole index.
    rows: NDArray[np.int32]
    #: tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)).
    weights: NDArray[np.float32]
    #: How many passages there are in this language.
    passages: int

    def holding(self, word: str) -> int:
        """In how many passages the word stands."""
        slot = self.slots.get(word)
        return 0 if slot is None else int(self.offsets[slot + 1] - self.offsets[slot])

    def idf(self, word: str, *, among: int = 0, beside: Sequence[Postings] = ()) -> float:
        """How rare the word is here and in the passages of the same language `beside`, always above 0."""
        both = [self, *(other for other in beside if other.language == self.language)]
        n = sum(one.holding(word) for one in both)
        return math.log(1 + (max(sum(one.passages for one in both), among) - n + 0.5) / (n + 0.5))

    def rarity(self, query: str, *, among: int = 0, beside: Sequence[Postings] = ()) -> dict[str, float]:
        """How rare each word of the query is, as if there were at least `among` passages."""
        return {word: self.idf(word, among=among, beside=beside) for word in sorted(set(words(query, self.language)))}

    def add_scores(self, query: str, scores: NDArray[np.float32], *, beside: Sequence[Postings] = ()) -> None:
        """Add this language's normalised BM25 of each passage to `scores`, shape (rows of the whole index,)."""
        rarity = self.rarity(query, beside=beside)
        best = sum(rarity.values()) * (K1 + 1)
        for word, idf in rarity.items():
            slot = self.slots.get(word)
            if slot is not None:
                span = slice(int(self.offsets[slot]), int(self.offsets[slot + 1]))
                scores[self.rows[span]] += self.weights[span] * (idf / best)


def entry_of(row: int, chunk: Chunk) -> Entry:
    """The passage for lexical search. A short answer's question is what is searched, so it counts in full."""
    if chunk.question:
        return Entry(row=row, language=chunk.language, text=chunk.indexed_text)
    own = dict.fromkeys([*chunk.heading.split(" > "), chunk.text])
    title = "" if chunk.title in own else chunk.title
    return Entry(row=row, language=chunk.language, title=title, text="\n".join(own))


def build_postings(entries: Iterable[Entry]) -> list[Postings]:
    """Postings, one a language."""
    by_language: defaultdict[str, list[tuple[int, dict[str, float]]]] = defaultdict(list)
    for entry in entries:
        by_language[entry.language].append((entry.row, _frequencies(entry)))
    return [_postings(language, counted) for language, counted in sorted(by_language.items())]


def _frequencies(entry: Entry) -> dict[str, float]:
    """How often each word occurs, those of the title as fractions."""
    found: dict[str, float] = {**Counter(words(entry.text, entry.language))}
    for word in _title_words(entry.title, entry.language):
        found[word] = found.get(word, 0.0) + TITLE_WEIGHT
    return found


@lru_cache(maxsize=16)
def _title_words(title: str, language: str) -> tuple[str, ...]:
    """All passages of a page have the same, one after the other."""
    return tuple(words(title, language))


def _postings(language: str, counted: Sequence[tuple[int, dict[str, float]]]) -> Postings:
    """All at once in arrays: word by word it would take most of the time that an index takes without its vectors."""
    import numpy as np

    sizes = [len(frequencies) for _, frequencies in counted]
    lengths = np.array([sum(frequencies.values()) for _, frequencies in counted])
    average = lengths.mean() or 1.0
    slots = {word: slot for slot, word in enumerate(sorted(set().union(*(one for _, one in counted))))}
    total = sum(sizes)
    # One posting after the other, as they stand in the passages.
    places = np.fromiter((slots[word] for _, one in counted for word in one), dtype=np.int64, count=total)
    tf = np.fromiter((often for _, one in counted for often in one.values()), dtype=np.float64, count=total)
    rows = np.repeat(np.array([row for row, _ in counted], dtype=np.int32), sizes)
    norms = np.repeat(K1 * (1 - B + B * lengths / average), sizes)
    by_word = np.argsort(places, kind="stable")
    return Postings(
        language=language,
        slots=slots,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(places, minlength=len(slots)))]).astype(np.int64),
        rows=rows[by_word],
        weights=(tf * (K1 + 1) / (tf + norms))[by_word].astype(np.float32),
        passages=len(counted),
    )


def save_postings(postings: Sequence[Postings], folder: Path) -> None:
    """Write `words.json` and `words.npz`."""
    import numpy as np

    heads = [{"language": one.language, "passages": one.passages, "words": list(one.slots)} for one in postings]
    (folder / _HEADS).write_text(json.dumps(heads), encoding="ascii")
    arrays: dict[str, NDArray[np.int64] | NDArray[np.int32] | NDArray[np.float32]] = {}
    for number, one in enumerate(postings):
        arrays |= {f"offsets{number}": one.offsets, f"rows{number}": one.rows, f"weights{number}": one.weights}
    np.savez(folder / _ARRAYS, **arrays)  # type: ignore[arg-type] # numpy takes the names for its own options


def load_postings(folder: Path) -> list[Postings]:
    """What `save_postings` wrote. Raises OSError, ValueError, KeyError or zipfile.BadZipFile for anything else."""
    import numpy as np

    heads = json.loads((folder / _HEADS).read_text(encoding="ascii"))
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        return [
            Postings(
                language=head["language"],
                slots={word: slot for slot, word in enumerate(head["words"])},
                offsets=arrays[f"offsets{number}"],
                rows=arrays[f"rows{number}"],
                weights=arrays[f"weights{number}"],
                passages=head["passages"],
            )
            for number, head in enumerate(heads)
        ]
