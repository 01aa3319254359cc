"""An embedding engine on another scale than the bundled one's: texts that have nothing in common are far apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from custagent.core.errors import EmbedderError
from custagent.knowledge.index.scale import PAIRS
from custagent.testing import HashEmbedder

#: The cosine of two texts on one topic, and of all others; give or take what chance adds.
RELATED, UNRELATED = 0.5, 0.1


class Distant(HashEmbedder):
    """An Embedder that knows the topics of the measured pairs, and of texts that hold one of its words."""

    calibrated = False

    def __init__(self, words: Mapping[str, str] | None = None, **rest) -> None:
        """`words` name topics: {"return": "returns", "send back": "returns"}."""
        super().__init__(**{"dimension": 256, "name": "distant", **rest})
        self._words = dict(words or {})
        self._topics = {text: f"pair {number}" for number, pair in enumerate(PAIRS) for text in pair}
        #: What it was asked, in order; and whether it is down.
        self.questions: list[str] = []
        self.is_down = False

    def embed_query(self, text: str) -> np.ndarray:
        self.questions.append(text)
        if self.is_down:
            raise EmbedderError("the service is down")
        return super().embed_query(text)

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        common = self._directions(["everything"])
        topics = self._directions([self._topic(text) for text in texts])
        own = self._directions(texts)
        rows = np.sqrt(UNRELATED) * common + np.sqrt(RELATED - UNRELATED) * topics + np.sqrt(1 - RELATED) * own
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _topic(self, text: str) -> str:
        return self._topics.get(text) or next((topic for word, topic in self._words.items() if word in text), text)

    def _directions(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors that chance gives, the same for the same text."""
        rows = [np.random.default_rng(list(text.encode())).standard_normal(self.dimension) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows])
