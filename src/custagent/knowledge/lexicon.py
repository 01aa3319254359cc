"""Lexical search: BM25 over stemmed words, one set of postings a language.

The score is BM25 divided by the best value that the question could reach,
`sum over its distinct words of idf * (k1 + 1)`, so it is absolute (0..1) and fades out by itself where the question
and the passage share no words, as across languages. idf = ln(1 + (N - n + .5) / (n + .5)), k1 = 1.5, b = .75
(Robertson and Zaragoza 2009; why not FTS5: docs/decisions, fused retrieval).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

    def idf(self, word: str, *, among: int = 0) -> float:
        """How rare the word is, always above 0."""
        slot = self.slots.get(word)
        n = 0 if slot is None else int(self.offsets[slot + 1] - self.offsets[slot])
        return math.log(1 + (max(self.passages, among) - n + 0.5) / (n + 0.5))

    def rarity(self, query: str, *, among: int = 0) -> dict[str, float]:
        """How rare each word of the query is, as if there were at least `among` passages."""
        return {word: self.idf(word, among=among) for word in sorted(set(words(query, self.language)))}

    def add_scores(self, query: str, scores: NDArray[np.float32]) -> None:
        """Add this language's normalised BM25 of each passage to `scores`, shape (rows of the whole index,)."""
        rarity = self.rarity(query)
        best = sum(rarity.values()) * (K1 + 1)
        for word, idf in rarity.items():
            slot = self.slots.get(word)
            if slot is not None:
                span = slice(int(self.offsets[slot]), int(self.offsets[slot + 1]))
                scores[self.rows[span]] += self.weights[span] * (idf / best)


def build_postings(entries: Iterable[Entry]) -> list[Postings]:
    """Postings, one a language."""
    by_language: defaultdict[str, list[tuple[int, dict[str, float]]]] = defaultdict(list)
    for entry in entries:
        by_language[entry.language].append((entry.row, _frequencies(entry)))
    return [_postings(language, counted) for language, counted in sorted(by_language.items())]


def _frequencies(entry: Entry) -> dict[str, float]:
    """How often each word occurs, those of the title as fractions."""
    found: defaultdict[str, float] = defaultdict(float)
    for word in words(entry.text, entry.language):
        found[word] += 1.0
    for word in words(entry.title, entry.language):
        found[word] += TITLE_WEIGHT
    return found


def _postings(language: str, counted: Sequence[tuple[int, dict[str, float]]]) -> Postings:
    import numpy as np

    lengths = [sum(frequencies.values()) for _, frequencies in counted]
    average = sum(lengths) / len(lengths) or 1.0
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for (row, frequencies), length in zip(counted, lengths, strict=True):
        norm = K1 * (1 - B + B * length / average)
        for word, tf in frequencies.items():
            found[word].append((row, tf * (K1 + 1) / (tf + norm)))
    vocabulary = sorted(found)
    return Postings(
        language=language,
        slots={word: slot for slot, word in enumerate(vocabulary)},
        offsets=np.cumsum([0, *(len(found[word]) for word in vocabulary)], dtype=np.int64),
        rows=np.array([row for word in vocabulary for row, _ in found[word]], dtype=np.int32),
        weights=np.array([weight for word in vocabulary for _, weight in found[word]], dtype=np.float32),
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
