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
from custagent.core.ports import DocumentStore, Embedder, Retrieval
from custagent.knowledge.index import Index, IndexFolder

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

LEXICAL_WEIGHT = 0.2
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


class HybridRetriever:
    """A Retriever over the live index generation of one agent; it follows when a new generation goes live."""

    def __init__(self, folder: IndexFolder, documents: DocumentStore, embedder: Embedder) -> None:
        self._folder = folder
        self._documents = documents
        self._embedder = embedder
        self._index: Index | None = None

    def retrieve(self, query: str, *, limit: int) -> Retrieval:
        """See the port; of equally good passages the one that was stored first."""
        started = time.perf_counter()
        index = self.live_index()
        loaded = time.perf_counter()
        timings = {"load": (loaded - started) * 1000}
        if index is None or index.manifest.chunks == 0 or limit < 1 or not query.strip():
            return Retrieval(chunks=(), timings_ms=timings)
        vector = self._embedder.embed_query(query)
        embedded = time.perf_counter()
        chunks = self._best(index, query, vector, limit)
        timings["embed"] = (embedded - loaded) * 1000
        timings["search"] = (time.perf_counter() - embedded) * 1000
        rarity = {postings.language: postings.rarity(query) for postings in index.postings}
        return Retrieval(chunks=chunks, rarity=rarity, timings_ms=timings)

    def live_index(self) -> Index | None:
        """The live generation, loaded when it is new; None when nothing was built. Raises IndexDamaged."""
        live = self._folder.live()
        if live is None:
            return None
        if self._index is None or self._index.live != live:
            index = self._folder.load()
            if index is not None and index.manifest.embedder != self._embedder.name:
                raise self._unfit(
                    f"was made by {index.manifest.embedder}, the workspace now uses {self._embedder.name}"
                )
            self._index = index
        return self._index

    def _best(self, index: Index, query: str, vector: Vectors, limit: int) -> tuple[ScoredChunk, ...]:
        """The best that the database still holds: a removed page leaves the answers at once (SRC-3)."""
        if vector.shape != (1, index.manifest.dimension):
            raise IndexDamaged(
                f"the index of agent {self._folder.agent!r} has vectors of length {index.manifest.dimension}, "
                f"{self._embedder.name} now gives others under the same name",
                hint=f"Give the engine another `model:` in custagent.yaml, then: custagent sources sync {self._folder.agent}",
            )
        kept: list[ScoredChunk] = []
        asked: set[int] = set()
        depth = limit
        while True:
            hits = [hit for hit in _rank(index, query, vector, depth) if hit.row not in asked]
            asked |= {hit.row for hit in hits}
            kept += self._held(index, hits)
            if len(kept) >= limit or len(asked) == index.manifest.chunks:
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


def _rank(index: Index, query: str, vector: Vectors, depth: int) -> list[_Hit]:
    """The `depth` best rows, best first: exactly those that scoring every row would give.

    The nearest rows and those with the best words are scored first. Of the others, which are no nearer than the last
    of the nearest, only those can still matter whose words would lift them over the worst of the best.
    """
    import numpy as np

    total = index.manifest.chunks
    depth = min(depth, total)
    lexical = np.zeros(total, dtype=np.float32)
    for postings in index.postings:
        postings.add_scores(query, lexical)
    cosines_of_nearest, nearest = index.vectors.search(vector, depth)
    wordiest = np.argpartition(lexical, total - depth)[total - depth :]
    rows = np.union1d(nearest[0], wordiest)
    cosines = index.vectors.reconstruct_batch(rows) @ vector[0]
    worst = np.partition(cosines + LEXICAL_WEIGHT * lexical[rows], len(rows) - depth)[len(rows) - depth]
    needed = (worst - cosines_of_nearest[0][-1]) / LEXICAL_WEIGHT - ROUNDING
    more = np.setdiff1d(np.flatnonzero((lexical > 0) & (lexical >= needed)), rows)
    if len(more):
        rows = np.concatenate([rows, more])
        cosines = np.concatenate([cosines, index.vectors.reconstruct_batch(more) @ vector[0]])
    best = np.lexsort((rows, -(cosines + LEXICAL_WEIGHT * lexical[rows])))[:depth]
    return [_Hit(row=int(rows[at]), cosine=float(cosines[at]), lexical=float(lexical[rows[at]])) for at in best]
