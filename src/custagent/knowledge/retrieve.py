"""Fused retrieval: cosine + 0.2 * BM25norm.

Both parts are absolute, so the sum is comparable between questions and fades to plain cosine where question and
passage are in different languages. Rank fusion and per-query normalisation are not: they collapse across languages
(docs/decisions, fused retrieval).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from custagent.core.document import ScoredChunk
from custagent.core.errors import IndexDamaged
from custagent.core.ports import DocumentStore, Embedder, Retrieval, Search
from custagent.knowledge.index import Index, IndexFolder, Live
from custagent.knowledge.lexicon import Postings
from custagent.knowledge.nearest import cosines
from custagent.knowledge.unindexed import Unindexed, Waiting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

LEXICAL_WEIGHT = 0.2
#: So few passages do not tell which words are rare: each stands in one of them.
_FEW = 30
#: More than two ways to reckon the same cosine differ by.
ROUNDING = 1e-4
#: The cosine that a passage without a vector is taken to have: so far from that of unrelated ones to 1 with the fewest,
#: and so much further with all of the question's words. Fitted to the best passages by words of the bundled engine
#: (docs/decisions, index sizes).
_SAME_THING, _WORDY = 0.06, 0.75
#: The cosine of unrelated passages: of the bundled engine, where there is no index to ask; else of so many of it.
_UNRELATED, _SAMPLE = 0.79, 64
#: Seconds after which a damaged index is looked at again, and told of again.
_LOOKED_AGAIN = 10.0

#: The texts that are searched for, with the part of each in the scores, 0..1.
_Shares: TypeAlias = Sequence[tuple[str, float]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """A passage with its scores, see ScoredChunk."""

    chunk_id: int
    cosine: float
    lexical: float
    estimated: bool = False

    @property
    def score(self) -> float:
        return self.cosine + LEXICAL_WEIGHT * self.lexical


class HybridRetriever:
    """A Retriever over the live index generation of one agent; it follows when a new generation goes live.

    Passages that no index holds yet are found by their words. Where the index is damaged, the one that is in memory
    serves, else the words of all passages, until there is another.
    """

    def __init__(
        self,
        folder: IndexFolder,
        documents: DocumentStore,
        embedder: Embedder,
        *,
        mend: Callable[[], None] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`mend` begins to make a damaged index anew and returns at once; `now` gives seconds."""
        self._folder = folder
        self._documents = documents
        self._embedder = embedder
        self._mend = mend
        self._now = now
        self._index: Index | None = None
        self._unindexed = Unindexed(documents, folder.agent, now=now)
        #: The generation that cannot be used, None where it cannot be told which; and until when it is not looked at.
        self._damaged: tuple[Live | None, float] | None = None

    def retrieve(self, search: Search, *, limit: int) -> Retrieval:
        """See the port; of equally good passages the one that was stored first."""
        started = time.perf_counter()
        index = self.live_index()
        loaded = time.perf_counter()
        timings = {"load": (loaded - started) * 1000}
        waiting = self._unindexed.after(_last(index))
        indexed = index is not None and index.manifest.chunks > 0
        if not (indexed or waiting.chunk_ids) or limit < 1 or not search.text.strip():
            return Retrieval(chunks=(), timings_ms=timings)
        shares = _shares(search)
        chunks: list[ScoredChunk] = []
        searched, unrelated = loaded, _UNRELATED
        if index is not None and indexed:
            vector = self._embedded(index, shares)
            searched = time.perf_counter()
            chunks += self._best(index, shares, vector, limit)
            unrelated = _unrelated(index, vector) if waiting.chunk_ids else unrelated
        if waiting.chunk_ids:
            chunks += self._best_waiting(waiting, _lexical_beside(waiting, index, shares), unrelated, limit)
            chunks.sort(key=lambda scored: -scored.score)
        timings["embed"] = (searched - loaded) * 1000
        timings["search"] = (time.perf_counter() - searched) * 1000
        return Retrieval(chunks=tuple(chunks[:limit]), rarity=_rarity(search, index, waiting), timings_ms=timings)

    def live_index(self) -> Index | None:
        """The generation that serves: the live one, loaded when it is new. None when there is none that can be used.

        Raises IndexDamaged when its vectors cannot be compared with those of the workspace's engine.
        """
        live = None
        try:
            live = self._folder.live()
            if live is None:
                self._index = None
            elif (self._index is None or self._index.live != live) and not self._is_known_damaged(live):
                self._index = self._folder.load()
        except IndexDamaged as damaged:
            self._tell(damaged, live)
        if self._index is not None and self._index.manifest.embedder not in self._embedder.comparable:
            raise self._unfit(
                f"was made by {self._index.manifest.embedder}, the workspace now uses {self._embedder.name}"
            )
        return self._index

    def _is_known_damaged(self, live: Live | None) -> bool:
        """Whether it was found damaged just now: reading all of it with every question would take long."""
        return self._damaged is not None and self._damaged[0] == live and self._now() < self._damaged[1]

    def _tell(self, damaged: IndexDamaged, live: Live | None) -> None:
        """Have it mended, and say so once in a while."""
        if self._is_known_damaged(live):
            return
        self._damaged = live, self._now() + _LOOKED_AGAIN
        _log.warning("%s; until it is made anew, answers come from %s", damaged.message, self._rest())
        if self._mend is not None:
            self._mend()

    def _rest(self) -> str:
        return "the words of its content" if self._index is None else "what was loaded before"

    def _embedded(self, index: Index, shares: _Shares) -> Vectors:
        """What is searched for, shape (1, dimension). Raises IndexDamaged, EmbedderError."""
        # A mean of cosines is the cosine with the mean: both texts are searched for at once.
        vector: Vectors = sum(share * self._embedder.embed_query(text) for text, share in shares)  # type: ignore[assignment] # there is at least one
        if vector.shape != (1, index.manifest.dimension):
            raise IndexDamaged(
                f"the index of agent {self._folder.agent!r} has vectors of length {index.manifest.dimension}, "
                f"{self._embedder.name} now gives others under the same name",
                hint=f"Give the engine another `model:` in custagent.yaml, then: custagent sources sync {self._folder.agent}",
            )
        return vector

    def _best(self, index: Index, shares: _Shares, vector: Vectors, limit: int) -> list[ScoredChunk]:
        """The best that the database still holds: a removed page leaves the answers at once (SRC-3)."""
        lexical = _lexical(index.postings, shares, index.manifest.chunks)
        kept: list[ScoredChunk] = []
        seen: set[int] = set()
        depth = limit
        while True:
            hits = [hit for hit in _rank(index, lexical, vector, depth) if hit.chunk_id not in seen]
            seen |= {hit.chunk_id for hit in hits}
            kept += self._held(hits)
            if len(kept) >= limit or len(seen) == index.manifest.chunks:
                return kept[:limit]
            # Only right after a removal, before the index is built again.
            depth *= 4

    def _best_waiting(
        self, waiting: Waiting, lexical: NDArray[np.float32], unrelated: float, limit: int
    ) -> list[ScoredChunk]:
        """The best by their words, of those that the database still holds; `unrelated` is the cosine without any."""
        import numpy as np

        order = np.argsort(-lexical, kind="stable").tolist()
        kept: list[ScoredChunk] = []
        # A page that changes twice while it waits leaves rows that the database does not hold any more.
        for start in range(0, len(order), 4 * limit):
            hits = [
                _Hit(
                    chunk_id=waiting.chunk_ids[row],
                    cosine=unrelated + (1 - unrelated) * (_SAME_THING + _WORDY * float(lexical[row])),
                    lexical=float(lexical[row]),
                    estimated=True,
                )
                for row in order[start : start + 4 * limit]
            ]
            kept += self._held(hits)
            if len(kept) >= limit:
                break
        return kept[:limit]

    def _held(self, hits: Sequence[_Hit]) -> Iterator[ScoredChunk]:
        held = self._documents.chunks(self._folder.agent, [hit.chunk_id for hit in hits])
        for hit in hits:
            if hit.chunk_id in held:
                yield ScoredChunk(
                    chunk=held[hit.chunk_id],
                    cosine=hit.cosine,
                    lexical=hit.lexical,
                    score=hit.score,
                    estimated=hit.estimated,
                )

    def _unfit(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"the index of agent {self._folder.agent!r} {what}",
            hint=f"Make a new one with: custagent sources sync {self._folder.agent}",
        )


def _last(index: Index | None) -> int:
    """The highest id of the index's chunks, which are in the order of their ids; 0 when there are none."""
    return int(index.chunk_ids[-1]) if index is not None and len(index.chunk_ids) else 0


def _shares(search: Search) -> _Shares:
    """The texts that are searched for, with the share of each in the scores; the shares add up to 1."""
    if not search.context.strip() or search.weight <= 0:
        return [(search.text, 1.0)]
    whole = 1.0 + search.weight
    return [(search.text, 1.0 / whole), (search.context, search.weight / whole)]


def _rarity(search: Search, index: Index | None, waiting: Waiting) -> dict[str, dict[str, float]]:
    """How rare each word is, by language: in the index, where it has the language, and in what waits for it."""
    indexed = index.postings if index else []
    found = {one.language: one.rarity(search.text, among=_FEW, beside=indexed) for one in waiting.postings}
    return found | {one.language: one.rarity(search.text, among=_FEW, beside=waiting.postings) for one in indexed}


def _unrelated(index: Index, vector: Vectors) -> float:
    """The cosine that most passages have, whatever is asked: engines differ widely in it."""
    import numpy as np

    count = index.manifest.chunks
    some = np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64)
    return float(np.median(cosines(index.vectors, vector, some)))


def _lexical_beside(waiting: Waiting, index: Index | None, shares: _Shares) -> NDArray[np.float32]:
    """The normalised BM25 of what waits, shape (chunks,); how rare a word is the index tells as well."""
    return _lexical(waiting.postings, shares, len(waiting.chunk_ids), beside=index.postings if index else ())


def _lexical(
    postings: Sequence[Postings], shares: _Shares, rows: int, *, beside: Sequence[Postings] = ()
) -> NDArray[np.float32]:
    """The normalised BM25 of each row, shape (rows,)."""
    import numpy as np

    total = np.zeros(rows, dtype=np.float32)
    for text, share in shares:
        scores = np.zeros(rows, dtype=np.float32)
        for one in postings:
            one.add_scores(text, scores, beside=beside)
        total += np.float32(share) * scores
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
    near = cosines(index.vectors, vector, rows)
    worst = np.partition(near + LEXICAL_WEIGHT * lexical[rows], len(rows) - depth)[len(rows) - depth]
    needed = (worst - cosines_of_nearest[0][-1]) / LEXICAL_WEIGHT - ROUNDING
    more = np.flatnonzero((lexical > 0) & (lexical >= needed) & ~scored)
    if len(more):
        rows = np.concatenate([rows, more])
        near = np.concatenate([near, cosines(index.vectors, vector, more)])
    scores = near + LEXICAL_WEIGHT * lexical[rows]
    # Only the best are sorted; those as good as the last of them are among them, for the earlier row is the better one.
    best = np.flatnonzero(scores >= np.partition(scores, len(rows) - depth)[len(rows) - depth])
    best = best[np.lexsort((rows[best], -scores[best]))[:depth]]
    return [
        _Hit(chunk_id=int(index.chunk_ids[rows[at]]), cosine=float(near[at]), lexical=float(lexical[rows[at]]))
        for at in best
    ]
