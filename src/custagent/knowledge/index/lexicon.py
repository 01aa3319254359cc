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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from custagent.core.document import Chunk
from custagent.language import words, words_of_each

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.5
B = 0.75
#: A word of the page's title counts as so many words of the text: all passages of the page share it.
TITLE_WEIGHT = 0.4
#: So many passages are counted at a time: ten megabytes of numbers.
_AT_A_TIME = 8192

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
    by_language: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_language[entry.language].append(entry)
    return [_postings(language, of) for language, of in sorted(by_language.items())]


def _postings(language: str, entries: Sequence[Entry]) -> Postings:
    """All in arrays: passage by passage and word by word it would take most of the time of an index without vectors."""
    import numpy as np

    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    counted = [
        _counted(entries[start : start + _AT_A_TIME], language, numbers) for start in range(0, len(entries), _AT_A_TIME)
    ]
    found, places, tf = (np.concatenate(parts) for parts in zip(*counted, strict=True))
    places += np.repeat(np.arange(len(counted)) * _AT_A_TIME, [len(part) for part, _, _ in counted])
    lengths = np.bincount(places, weights=tf, minlength=len(entries))
    average = lengths.mean() or 1.0
    slots = {word: slot for slot, word in enumerate(sorted(numbers))}
    of_number = np.fromiter((slots[word] for word in numbers), dtype=np.int64, count=len(slots))
    slot = of_number[found]
    by_word = np.argsort(slot, kind="stable")
    norms = (K1 * (1 - B + B * lengths / average))[places]
    rows = np.array([entry.row for entry in entries], dtype=np.int32)
    return Postings(
        language=language,
        slots=slots,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(slot, minlength=len(slots)))]).astype(np.int64),
        rows=rows[places[by_word]],
        weights=(tf * (K1 + 1) / (tf + norms))[by_word].astype(np.float32),
        passages=len(entries),
    )


def _counted(
    entries: Sequence[Entry], language: str, numbers: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The words by their `numbers`, which grow; the places of their entries, ascending for each word; how often.

    A word of the title counts as TITLE_WEIGHT. No pair of word and place comes twice.
    """
    import numpy as np

    total = len(entries)
    texts = _occurrences((entry.text for entry in entries), total, language, numbers)
    titles = _occurrences((entry.title for entry in entries), total, language, numbers)
    # Those of titles are the odd ones, and come after those of the text.
    marked, often = np.unique(np.concatenate([texts * 2, titles * 2 + 1]), return_counts=True)
    first = np.flatnonzero(np.diff(marked // 2, prepend=-1))
    tf = np.add.reduceat(often * np.where(marked % 2, TITLE_WEIGHT, 1.0), first)
    found, places = np.divmod(marked[first] // 2, total)
    return found, places, tf


def _occurrences(texts: Iterable[str], total: int, language: str, numbers: dict[str, int]) -> NDArray[np.int64]:
    """One number for each word of each of the `total` texts: the word's own * total + the text's place."""
    import numpy as np

    sizes: list[int] = []

    def runs_of_all() -> Iterator[Sequence[str]]:
        for text in texts:
            runs = (text.lower() if text.isascii() else text).split()
            sizes.append(len(runs))
            yield runs

    # What stands between white space first, because there is so little of it that differs.
    distinct: defaultdict[str, int] = defaultdict(count().__next__)
    runs = np.fromiter(map(distinct.__getitem__, chain.from_iterable(runs_of_all())), dtype=np.int64)
    words_of_run = list(words_of_each(distinct, language))
    words = np.fromiter(map(numbers.__getitem__, chain.from_iterable(words_of_run)), dtype=np.int64)
    lengths = np.fromiter(map(len, words_of_run), dtype=np.int64, count=len(words_of_run))
    begins = np.cumsum(lengths) - lengths
    each = lengths[runs]
    # Where in `words` those of each run stand: its beginning, and from there one after the other.
    at = np.repeat(begins[runs] - (np.cumsum(each) - each), each) + np.arange(each.sum())
    found: NDArray[np.int64] = words[at] * total + np.repeat(np.repeat(np.arange(total), sizes), each)
    return found


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
