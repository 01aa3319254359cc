"""Fused retrieval: cosine + 0.2 * BM25norm.

Both parts are absolute, so the sum is comparable between questions and fades to plain cosine where question and
passage are in different languages. Rank fusion and per-query normalisation are not: they collapse across languages
(docs/decisions, fused retrieval). The cosines of other engines than the bundled one are brought to its scale first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from custagent.core.document import ScoredChunk
from custagent.core.errors import EngineMissing, IndexDamaged
from custagent.core.ports import DocumentStore, Embedder, Retrieval, Search
from custagent.knowledge.index.index import Index, IndexFolder, Live
from custagent.knowledge.index.lexicon import Postings
from custagent.knowledge.index.nearest import cosines
from custagent.knowledge.index.unindexed import Unindexed, Waiting
from custagent.language import words

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
#: The cosine of a question and passages of the same content that do not answer it, where there is no index to ask; else it
#: is that of so many of the index.
UNRELATED, _SAMPLE = 0.79, 64
#: So often a search is made at most where pages change while it is under way: one more is needed for the next change
#: that falls into its few milliseconds, so that even on a busy machine five are not always enough.
_MOST_LOOKS = 20
#: Seconds after which a damaged index is looked at again, and told of again; and after which one that is missing is.
_LOOKED_AGAIN, _MISSED_AGAIN = 10.0, 60.0

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What there is to search at one moment."""

    index: Index | None
    waiting: Waiting

    @property
    def filled_index(self) -> Index | None:
        """The index, if there is anything in it."""
        return self.index if self.index is not None and self.index.manifest.chunks else None

    @property
    def is_empty(self) -> bool:
        return self.filled_index is None and not self.waiting.chunk_ids

    def is_same_as(self, other: _Sight) -> bool:
        """Whether nothing has changed between the two."""
        return self.index is other.index and self.waiting is other.waiting


class HybridRetriever:
    """A Retriever over the live index generation of one agent; it follows when a new generation goes live.

    Passages that no index holds yet are found by their words. Where the index is damaged, the one that is in memory
    serves, else the words of all passages, until there is another. So it is on a machine without an embedding engine.
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
        """`mend` begins to make a damaged or missing index anew and returns at once; `now` gives seconds."""
        self._folder = folder
        self._documents = documents
        self._embedder = embedder
        self._mend = mend
        self._now = now
        self._index: Index | None = None
        self._unindexed = Unindexed(documents, folder.agent, now=now)
        #: The generation that cannot be used, None where it cannot be told which; and until when it is not looked at.
        self._damaged: tuple[Live | None, float] | None = None
        #: Until when it is not told again that the index is missing.
        self._missed = float("-inf")

    def retrieve(self, search: Search, *, limit: int) -> Retrieval:
        """See the port; of equally good passages the one that was stored first."""
        started = time.perf_counter()
        sight = self._look()
        loaded = time.perf_counter()
        timings = {"load": (loaded - started) * 1000}
        if sight.index is None and sight.waiting.chunk_ids:
            self._miss()
        if sight.is_empty or limit < 1 or not search.text.strip():
            return Retrieval(chunks=(), timings_ms=timings)
        shares = _shares(search)
        vector: Vectors | None = None
        for _ in range(_MOST_LOOKS):
            if vector is None and sight.filled_index:
                vector = self._embedded(shares)
            timings.setdefault("embed", (time.perf_counter() - loaded) * 1000)
            chunks, vanished = self._search(sight, shares, vector, limit)
            # A page that has changed since we looked is neither in what we saw nor, there, in what it has become.
            newer = self._look() if vanished else sight
            if newer.is_same_as(sight):
                break
            sight = newer
        timings["search"] = (time.perf_counter() - loaded) * 1000 - timings["embed"]
        rarity = _rarity(search, sight.index, sight.waiting)
        return Retrieval(chunks=tuple(chunks[:limit]), rarity=rarity, timings_ms=timings)

    def holding(self, text: str, language: str) -> dict[str, int]:
        """See the port."""
        sight = self._look()
        there = [*(sight.index.postings if sight.index else ()), *sight.waiting.postings]
        own = [one for one in there if one.language == language]
        return {word: sum(one.holding(word) for one in own) for word in words(text, language)}

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
        try:
            if self._index is not None and self._index.manifest.embedder not in self._embedder.comparable:
                raise self._unfit(
                    f"was made by {self._index.manifest.embedder}, the workspace now uses {self._embedder.name}"
                )
        except EngineMissing:
            # The index came with the workspace from a machine that has the engine: here its words alone serve.
            return None
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

    def _miss(self) -> None:
        """There is content, and no index of it: it was lost, or is about to be made for the first time."""
        if self._mend is not None and self._damaged is None and self._now() >= self._missed:
            self._missed = self._now() + _MISSED_AGAIN
            self._mend()

    def _rest(self) -> str:
        return "the words of its content" if self._index is None else "what was loaded before"

    def _look(self) -> _Sight:
        index = self.live_index()
        return _Sight(index=index, waiting=self._unindexed.after(_last(index)))

    def _search(
        self, sight: _Sight, shares: _Shares, vector: Vectors | None, limit: int
    ) -> tuple[list[ScoredChunk], bool]:
        """The best of what is in sight, best first, and whether the database holds some of it no more.

        Raises IndexDamaged.
        """
        index, waiting = sight.filled_index, sight.waiting
        found, vanished, unrelated = list[ScoredChunk](), False, UNRELATED
        if index is not None and vector is not None:
            self._check(index, vector)
            found, vanished = self._best(index, shares, vector, limit)
            unrelated = _unrelated(index, vector) if waiting.chunk_ids else unrelated
        if waiting.chunk_ids:
            more, gone = self._best_waiting(waiting, _lexical_beside(waiting, sight.index, shares), unrelated, limit)
            found, vanished = sorted(found + more, key=lambda scored: -scored.score), vanished or gone
        return found, vanished

    def _embedded(self, shares: _Shares) -> Vectors:
        """What is searched for, shape (1, dimension). Raises EmbedderError."""
        # A mean of cosines is the cosine with the mean: both texts are searched for at once.
        return sum(share * self._embedder.embed_query(text) for text, share in shares)  # type: ignore[return-value] # there is at least one

    def _check(self, index: Index, vector: Vectors) -> None:
        """Raises IndexDamaged where the two cannot be compared."""
        if vector.shape != (1, index.manifest.dimension):
            raise IndexDamaged(
                f"the index of agent {self._folder.agent!r} has vectors of length {index.manifest.dimension}, "
                f"{self._embedder.name} now gives others under the same name",
                hint=f"Give the engine another `model:` in custagent.yaml, then: custagent sources sync {self._folder.agent}",
            )

    def _best(self, index: Index, shares: _Shares, vector: Vectors, limit: int) -> tuple[list[ScoredChunk], bool]:
        """The best that the database still holds, and whether better ones are gone from it.

        A removed page leaves the answers at once (SRC-3).
        """
        lexical = _lexical(index.postings, shares, index.manifest.chunks)
        kept: list[ScoredChunk] = []
        seen: set[int] = set()
        depth = limit
        while True:
            hits = [hit for hit in _rank(index, lexical, vector, depth) if hit.chunk_id not in seen]
            seen |= {hit.chunk_id for hit in hits}
            kept += self._held(hits)
            if len(kept) >= limit or len(seen) == index.manifest.chunks:
                return kept[:limit], len(kept) < len(seen)
            # Only right after a removal, before the index is built again.
            depth *= 4

    def _best_waiting(
        self, waiting: Waiting, lexical: NDArray[np.float32], unrelated: float, limit: int
    ) -> tuple[list[ScoredChunk], bool]:
        """The best by their words, of those that the database still holds, and whether others are gone from it.

        `unrelated` is the cosine without any words.
        """
        import numpy as np

        order = np.argsort(-lexical, kind="stable").tolist()
        kept: list[ScoredChunk] = []
        looked_at = 0
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
            looked_at += len(hits)
            if len(kept) >= limit:
                break
        return kept[:limit], len(kept) < looked_at

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
    return float(np.median(_cosines(index, vector, some)))


def _cosines(index: Index, vector: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of the vector with each of the rows, shape (rows,), as the bundled engine would have them."""
    return _read(index, cosines(index.vectors, vector, rows))


def _read(index: Index, found: NDArray[np.float32]) -> NDArray[np.float32]:
    scale = index.manifest.scale
    return found if scale is None else scale.read(found)


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
    near = _cosines(index, vector, rows)
    worst = np.partition(near + LEXICAL_WEIGHT * lexical[rows], len(rows) - depth)[len(rows) - depth]
    rounding = ROUNDING * (index.manifest.scale.spread if index.manifest.scale else 1.0)
    needed = (worst - _read(index, cosines_of_nearest[0])[-1]) / LEXICAL_WEIGHT - rounding
    more = np.flatnonzero((lexical > 0) & (lexical >= needed) & ~scored)
    if len(more):
        rows = np.concatenate([rows, more])
        near = np.concatenate([near, _cosines(index, vector, more)])
    scores = near + LEXICAL_WEIGHT * lexical[rows]
    # Only the best are sorted; those as good as the last of them are among them, for the earlier row is the better one.
    best = np.flatnonzero(scores >= np.partition(scores, len(rows) - depth)[len(rows) - depth])
    best = best[np.lexsort((rows[best], -scores[best]))[:depth]]
    return [
        _Hit(chunk_id=int(index.chunk_ids[rows[at]]), cosine=float(near[at]), lexical=float(lexical[rows[at]]))
        for at in best
    ]
