"""Brings an agent's index up to date: embeds the passages that have no vector yet, then builds a generation.

Vectors are kept in the database by the hash of their text, so unchanged text costs nothing, an interrupted run goes
on where it stopped, and an index can be built again at any time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from custagent.core.document import Chunk
from custagent.core.errors import EmbedderError, EngineMissing, IndexDamaged
from custagent.core.ids import content_hash
from custagent.core.ports import DocumentStore, Embedder, VectorCache
from custagent.knowledge.index.index import IndexFolder, Manifest
from custagent.knowledge.index.scale import Scale, is_calibrated, measure

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: Passages that are embedded in one go, and between two reports of progress.
BATCH = 64
#: Seconds of embedding after which the vectors are remembered. A real engine takes longer for a single batch, so an
#: interruption costs a batch at most; one that takes next to nothing would spend most of its time waiting for the disk.
REMEMBERED_EVERY = 0.05
#: Vectors that wait for that at most: some megabytes.
_MOST_WAITING = 2048
#: Seconds before an engine that could not be measured is asked again.
_MEASURED_AGAIN = 3600.0
#: The multiples of the golden ratio, of which only what is behind the point counts, are spread evenly however many.
_GOLDEN = 0.618034


class Indexer:
    """Builds the index generations of agents."""

    def __init__(
        self,
        documents: DocumentStore,
        cache: VectorCache,
        embedder: Embedder,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` gives seconds."""
        self._documents = documents
        self._cache = cache
        self._embedder = embedder
        self._now = now
        #: What was measured of the engine; and, where it failed, before when it is not asked again.
        self._scale: Scale | None = None
        self._not_before = float("-inf")

    def update(self, folder: IndexFolder, progress: Callable[[int, int], None]) -> bool:
        """Make the live generation hold what the database holds; whether a new one was built.

        Vectors that are there serve, also those of another engine that this one's questions can be compared with: a new
        page is not made to wait until all the old ones are embedded again. `upgrade` does that.
        `progress` hears (passages embedded, passages to embed). A damaged index is built anew. On a machine without an
        engine nothing is built. Raises EmbedderError, and IndexDamaged when the disk does not take the index.
        """
        return self._bring_up(folder, progress, upgrade=False)

    def upgrade(self, folder: IndexFolder, progress: Callable[[int, int], None]) -> bool:
        """`update`, with this engine's vectors alone: what another one embedded is embedded again."""
        return self._bring_up(folder, progress, upgrade=True)

    def _bring_up(self, folder: IndexFolder, progress: Callable[[int, int], None], *, upgrade: bool) -> bool:
        built = False
        try:
            while True:
                before = _number(folder)
                chunks = self._documents.chunks_of(folder.agent)
                hashes = [chunk.hash for chunk in chunks]
                fingerprint = content_hash(*(f"{chunk.id} {one}" for chunk, one in zip(chunks, hashes, strict=True)))
                if self._is_live(folder, fingerprint, upgrade=upgrade):
                    return built
                try:
                    engine, vectors = self._vectors(chunks, hashes, progress, upgrade=upgrade)
                    scale = self._scale_for(folder, vectors)
                finally:
                    # What comes next needs the room.
                    self._embedder.release()
                manifest = folder.build(chunks, vectors, embedder=engine, fingerprint=fingerprint, scale=scale)
                built = True
                if manifest.generation <= before + 1:
                    return built
                # Another process has built one meanwhile, perhaps from more than we had seen.
        except EngineMissing:
            # Retrieval goes by the words of what is stored; whoever shows this to people says so (`words_only`).
            return built

    def _is_live(self, folder: IndexFolder, fingerprint: str, *, upgrade: bool) -> bool:
        try:
            manifest = folder.manifest()
        except IndexDamaged:
            return False
        if manifest is None or manifest.fingerprint != fingerprint:
            return False
        fits = manifest.embedder == self._embedder.name or (
            not upgrade and manifest.embedder in self._embedder.comparable
        )
        return fits and not self._can_be_measured(manifest)

    def _can_be_measured(self, manifest: Manifest) -> bool:
        """Whether it was made without the engine's scale, by an earlier version or because the engine failed."""
        if manifest.scale or not manifest.chunks or is_calibrated(self._embedder):
            return False
        return self._measure() is not None

    def _scale_for(self, folder: IndexFolder, vectors: Vectors) -> Scale | None:
        """How the engine's cosines are read: as the live index has it, else measured; None where nothing is to be read."""
        if is_calibrated(self._embedder) or not len(vectors):
            return None
        try:
            before = folder.about()
        except IndexDamaged:
            before = None
        if before and before.embedder in self._embedder.comparable and before.dimension == vectors.shape[1]:
            return before.scale or self._measure()
        return self._measure()

    def _measure(self) -> Scale | None:
        """Ask the engine, once: it may be a service that costs, or that is down."""
        if self._scale is None and self._now() >= self._not_before:
            self._scale = measure(self._embedder)
            self._not_before = self._now() + _MEASURED_AGAIN
        return self._scale

    def _vectors(
        self,
        chunks: Sequence[Chunk],
        hashes: Sequence[str],
        progress: Callable[[int, int], None],
        *,
        upgrade: bool,
    ) -> tuple[str, Vectors]:
        """The chunks' vectors in their order, shape (len(chunks), dimension), (0, 0) for no chunks; and by whom.

        `hashes` are those of the chunks, which are reckoned once.
        Where they are of several engines, another one than this is named, so that `upgrade` finds work.
        """
        import numpy as np

        engine = self._embedder.name
        by_hash = dict(zip(hashes, chunks, strict=True))
        known = dict(self._cache.vectors(engine, by_hash))
        others = () if upgrade else sorted(set(self._embedder.comparable) - {engine})
        for other in others:
            found = self._cache.vectors(other, by_hash.keys() - known.keys())
            engine = other if found else engine
            known |= found
        known |= self._embed_all({one: chunk for one, chunk in by_hash.items() if one not in known}, progress)
        if len(set(map(len, known.values()))) > 1:
            # The engine gives vectors of another length than before, under the same name: none of before fits.
            engine, known = self._embedder.name, self._embed_all(by_hash, progress, anew=True)
        joined = np.frombuffer(b"".join(known[one] for one in hashes), dtype="<f4")
        return engine, joined.reshape(len(chunks), -1) if chunks else joined.reshape(0, 0)

    def _embed_all(
        self, chunks: Mapping[str, Chunk], progress: Callable[[int, int], None], *, anew: bool = False
    ) -> dict[str, bytes]:
        """A vector for each text, by its hash; each batch that takes a while is remembered at once.

        Another process may be at the same texts: a terminal that reads content, and the runner that starts beside it.
        What it has embedded by then is taken from it; and whoever meets it goes on from the other end, so that both
        work towards each other and a batch or two at most are embedded twice. `anew`: what the cache holds fits no more.
        """
        # Texts of similar length make the best use of a batch.
        distinct = sorted(((one, chunk.indexed_text) for one, chunk in chunks.items()), key=lambda pair: len(pair[1]))
        batches = [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]
        # Long and short ones by turns, so that the pace so far tells how much time is left.
        waiting = deque(batch for _, batch in sorted(enumerate(batches), key=lambda one: one[0] * _GOLDEN % 1))
        found: dict[str, bytes] = {}
        fresh = _Fresh(self._cache, self._embedder.name, self._now, alone=anew)
        backwards = False
        try:
            while waiting:
                progress(len(found), len(distinct))
                batch = waiting.pop() if backwards else waiting.popleft()
                theirs = fresh.of_others(batch)
                own = self._embed([pair for pair in batch if pair[0] not in theirs])
                found |= theirs | own
                backwards ^= bool(theirs) | fresh.add(own)
        finally:
            # Also when it is stopped between two batches.
            fresh.remember()
        progress(len(distinct), len(distinct))
        return found

    def _embed(self, batch: Sequence[tuple[str, str]]) -> dict[str, bytes]:
        """The vectors of texts that come with their hashes."""
        import numpy as np

        if not batch:
            return {}
        rows = self._embedder.embed_passages([text for _, text in batch])
        if len(rows) != len(batch) or not np.isfinite(rows).all():
            raise EmbedderError(
                f"{self._embedder.name} gave no usable vectors for {len(batch)} passages",
                hint="Try again; if it stays so, set another engine or model as `embedder:` in custagent.yaml.",
            )
        return {one: row.astype("<f4").tobytes() for (one, _), row in zip(batch, rows, strict=True)}


class _Fresh:
    """Vectors on their way into the cache, and what other processes have put there meanwhile.

    The cache is asked for what others have done only where a batch takes a while: there it costs next to nothing, and
    saves much.
    """

    def __init__(self, cache: VectorCache, engine: str, now: Callable[[], float], *, alone: bool) -> None:
        """`alone`: what is in the cache does not count."""
        self._cache, self._engine, self._now, self._alone = cache, engine, now, alone
        self._waiting: dict[str, bytes] = {}
        self._remembered = now()
        self._is_slow = False

    def of_others(self, batch: Sequence[tuple[str, str]]) -> dict[str, bytes]:
        """The vectors of the batch that another process has embedded by now."""
        return self._held([one for one, _ in batch]) if self._is_slow else {}

    def add(self, vectors: Mapping[str, bytes]) -> bool:
        """Remember them soon; whether another process has embedded one of them at the same time."""
        if not vectors:
            return False
        self._waiting |= vectors
        self._is_slow = self._now() - self._remembered >= REMEMBERED_EVERY
        met = self._is_slow and bool(self._held(vectors))
        if self._is_slow or len(self._waiting) >= _MOST_WAITING:
            self.remember()
        return met

    def _held(self, hashes: Iterable[str]) -> dict[str, bytes]:
        return {} if self._alone else dict(self._cache.vectors(self._engine, hashes))

    def remember(self) -> None:
        """Save what waits."""
        if self._waiting:
            self._cache.save_vectors(self._engine, self._waiting)
        self._waiting, self._remembered = {}, self._now()


def _number(folder: IndexFolder) -> int:
    try:
        return folder.generation()
    except IndexDamaged:
        return 0
