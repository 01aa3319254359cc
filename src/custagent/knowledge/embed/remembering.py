"""An Embedder that remembers questions: those that are asked twice are embedded once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from custagent.core.ports import Embedder
from custagent.knowledge.index.scale import is_calibrated

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: Questions that are remembered: about 1.5 kB each with the bundled engine.
MOST = 20_000


class RememberingEmbedder(Embedder):
    """Another embedder, with a memory for its questions. Threads may share it.

    Past customers ask the same again and again, and a comparison asks everything twice.
    """

    def __init__(self, embedder: Embedder, most: int = MOST) -> None:
        """`most` questions are remembered; then the one that was asked longest ago is forgotten."""
        self._embedder = embedder
        #: See `knowledge.scale`.
        self.calibrated = is_calibrated(embedder)
        self._query = lru_cache(maxsize=most)(embedder.embed_query)

    @property
    def name(self) -> str:
        """See the port."""
        return self._embedder.name

    @property
    def comparable(self) -> Sequence[str]:
        """See the port."""
        return self._embedder.comparable

    @property
    def dimension(self) -> int:
        """See the port."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._query(text)

    def release(self) -> None:
        """See the port."""
        self._embedder.release()
