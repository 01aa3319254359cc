"""An embedder without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from custagent.language import words

if TYPE_CHECKING:
    from custagent.core.ports import Vectors


class HashEmbedder:
    """An Embedder without a model: each word points in a direction of its own, so texts that share words are alike."""

    #: Its cosines are taken as they are (`knowledge.scale`).
    calibrated = True

    def __init__(self, dimension: int = 64, name: str = "hash", also: Iterable[str] = ()) -> None:
        """`also`: names of other engines whose vectors a question of this one can be compared with."""
        self.dimension = dimension
        self.name = name
        self.comparable = (name, *also)
        #: How many passages were embedded: tests of caching count on it.
        self.embedded = 0
        #: How often it was told to give memory back.
        self.released = 0

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        self.embedded += len(texts)
        return self._embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._embed([text])

    def release(self) -> None:
        """See the port: it holds nothing."""
        self.released += 1

    def _embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        vectors = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text, ""):
                seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths  # type: ignore[no-any-return] # numpy widens a quotient to Any
