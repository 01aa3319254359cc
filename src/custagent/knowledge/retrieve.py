"""Fused retrieval: cosine + 0.2 * BM25norm.

Both parts are absolute, so the sum is comparable between questions and fades to plain cosine where question and
passage are in different languages. Rank fusion and per-query normalisation are not: they collapse across languages
(docs/decisions, fused retrieval).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custagent.core.document import ScoredChunk
from custagent.core.errors import IndexDamaged
from custagent.core.ports import DocumentStore, Embedder, Retrieval, Search
from custagent.knowledge.index import Index, IndexFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

LEXICAL_WEIGHT = 0.2
#: So few passages do not tell which words are rare: each stands in one of them.
_FEW = 30
#: More than two ways to reckon the same cosine differ by.
ROUNDING = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """A row of the index with its scores, see ScoredChunk."""

    row: int
    cosine: float
    lexical: float

    @property
    def score(self) -> float:
        return self.cosine + LEXICAL_WEIGHT * self.lexical


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A text that is searched for."""

    text: str
    #: Its part in the scores, 0..1.
    share: float
    #: Shape (1, dimension).
    vector: Vectors


class HybridRetriever:
    """A Retriever over the live index generation of one agent; it follows when a new generation goes live."""

    def __init__(self, folder: IndexFolder, documents: DocumentStore, embedder: Embedder) -> None:
        self._folder = folder
        self._documents = documents
        self._embedder = embedder
        self._index: Index | None = None

    def retrieve(self, search: Search, *, limit: int) -> Retrieval:
        """See the port; of equally good passages the one that was stored first."""
        started = time.perf_counter()
        index = self.live_index()
        loaded = time.perf_counter()
        timings = {"load": (loaded - started) * 1000}
        if index is None or index.manifest.chunks == 0 or limit < 1 or not search.text.strip():
            return Retrieval(chunks=(), timings_ms=timings)
        asked = [
            _Asked(text=text, share=share, vector=self._embedder.embed_query(text)) for text, share in _shares(search)
        ]
        embedded = time.perf_counter()
        chunks = self._best(index, asked, limit)
        timings["embed"] = (embedded - loaded) * 1000
        timings["search"] = (time.perf_counter() - embedded) * 1000
        rarity = {postings.language: postings.rarity(search.text, among=_FEW) for postings in index.postings}
        return Retrieval(chunks=chunks, rarity=rarity, timings_ms=timings)

    def live_index(self) -> Index | None:
        """The live generation, loaded when it is new; None when nothing was built. Raises IndexDamaged."""
        live = self._folder.live()
        if live is None:
            return None
        if self._index is None or self._index.live != live:
            index = self._folder.load()
            if index is not None and index.manifest.embedder not in self._embedder.comparable:
                raise self._unfit(
                    f"was made by {index.manifest.embedder}, the workspace now uses {self._embedder.name}"
                )
            self._index = index
        return self._index

    def _best(self, index: Index, asked: Sequence[_Asked], limit: int) -> tuple[ScoredChunk, ...]:
        """The best that the database still holds: a removed page leaves the answers at once (SRC-3)."""
        # A mean of cosines is the cosine with the mean: both texts are searched for at once.
        vector: Vectors = sum(one.share * one.vector for one in asked)  # type: ignore[assignment] # there is at least one
        if vector.shape != (1, index.manifest.dimension):
            raise IndexDamaged(
                f"the index of agent {self._folder.agent!r} has vectors of length {index.manifest.dimension}, "
                f"{self._embedder.name} now gives others under the same name",
                hint=f"Give the engine another `model:` in custagent.yaml, then: custagent sources sync {self._folder.agent}",
            )
        lexical = _lexical(index, asked)
        kept: list[ScoredChunk] = []
        seen: set[int] = set()
        depth = limit
        while True:
            hits = [hit for hit in _rank(index, lexical, vector, depth) if hit.row not in seen]
            seen |= {hit.row for hit in hits}
            kept += self._held(index, hits)
            if len(kept) >= limit or len(seen) == index.manifest.chunks:
                return tuple(kept[:limit])
            # Only right after a removal, before the index is built again.
            depth *= 4

    def _held(self, index: Index, hits: Sequence[_Hit]) -> Iterator[ScoredChunk]:
        ids = [int(index.chunk_ids[hit.row]) for hit in hits]
        held = self._documents.chunks(self._folder.agent, ids)
        for chunk_id, hit in zip(ids, hits, strict=True):
            if chunk_id in held:
                yield ScoredChunk(chunk=held[chunk_id], cosine=hit.cosine, lexical=hit.lexical, score=hit.score)

    def _unfit(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"the index of agent {self._folder.agent!r} {what}",
            hint=f"Make a new one with: custagent sources sync {self._folder.agent}",
        )


def _shares(search: Search) -> list[tuple[str, float]]:
    """The texts that are searched for, with the share of each in the scores; the shares add up to 1."""
    if not search.context.strip() or search.weight <= 0:
        return [(search.text, 1.0)]
    whole = 1.0 + search.weight
    return [(search.text, 1.0 / whole), (search.context, search.weight / whole)]


def _lexical(index: Index, asked: Sequence[_Asked]) -> NDArray[np.float32]:
    """The normalised BM25 of each row, shape (chunks,)."""
    import numpy as np

    total = np.zeros(index.manifest.chunks, dtype=np.float32)
    for one in asked:
        scores = np.zeros(index.manifest.chunks, dtype=np.float32)
        for postings in index.postings:
            postings.add_scores(one.text, scores)
        total += np.float32(one.share) * scores
    return total


def _rank(index: Index, lexical: NDArray[np.float32], vector: Vectors, depth: int) -> list[_Hit]:
    """The `depth` best rows, best first: exactly those that scoring every row would give.

    The nearest rows and those with the best words are scored first. Of the others, which are no nearer than the last
    of the nearest, only those can still matter whose words would lift them over the worst of the best.
    """
    import numpy as np

    total = index.manifest.chunks
    depth = min(depth, total)
    cosines_of_nearest, nearest = index.vectors.search(vector, depth)
    wordiest = np.argpartition(lexical, total - depth)[total - depth :]
    # Marks, not sets: NumPy's sets load its masked arrays first, which takes longer than the search.
    scored = np.zeros(total, dtype=bool)
    scored[nearest[0]] = scored[wordiest] = True
    rows = np.flatnonzero(scored)
    cosines = _cosines(index, vector, rows)
    worst = np.partition(cosines + LEXICAL_WEIGHT * lexical[rows], len(rows) - depth)[len(rows) - depth]
    needed = (worst - cosines_of_nearest[0][-1]) / LEXICAL_WEIGHT - ROUNDING
    more = np.flatnonzero((lexical > 0) & (lexical >= needed) & ~scored)
    if len(more):
        rows = np.concatenate([rows, more])
        cosines = np.concatenate([cosines, _cosines(index, vector, more)])
    scores = cosines + LEXICAL_WEIGHT * lexical[rows]
    # Only the best are sorted; those as good as the last of them are among them, for the earlier row is the better one.
    best = np.flatnonzero(scores >= np.partition(scores, len(rows) - depth)[len(rows) - depth])
    best = best[np.lexsort((rows[best], -scores[best]))[:depth]]
    return [_Hit(row=int(rows[at]), cosine=float(cosines[at]), lexical=float(lexical[rows[at]])) for at in best]


def _cosines(index: Index, vector: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of the vector with each of the rows, shape (rows,). Where they lie: copying them out takes longer than reckoning."""
    import faiss
    import numpy as np

    asked = np.ascontiguousarray(vector, dtype=np.float32)
    wanted = np.ascontiguousarray(rows, dtype=np.int64)
    found = np.empty(len(wanted), dtype=np.float32)
    index.vectors.compute_distance_subset(
        1, faiss.swig_ptr(asked), len(wanted), faiss.swig_ptr(found), faiss.swig_ptr(wanted)
    )
    return found
