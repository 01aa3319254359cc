"""How alike questions are in what they ask: by their vectors, and by the rare words that they share.

The vectors of the bundled engine all point the same way, so that two questions that have nothing to do with each other
have a cosine of .75 and more. What all share is taken away first: the mean of the content that the questions were asked
of, and, as they grow many, of the questions themselves. Which words are rare is told by the questions too: where all ask
about cards, "card" tells nothing.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: How much of the common direction is the questions' own, at most, and with how many of them it is half of that.
QUESTIONS_SHARE, QUESTIONS_HALF = 0.4, 20
#: What the same rare words add to a cosine.
WORDS_WEIGHT = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it is compared."""

    #: Unit vector, float32 little-endian bytes.
    vector: bytes
    #: The words that carry its topic, as stems.
    words: frozenset[str]


class Likeness:
    """Compares questions of one agent. What is rare and what is common is told by all that are `known`."""

    def __init__(self, known: Sequence[Asked], centre: Floats) -> None:
        """`centre` is the mean of the content's vectors, shape (dimension,); zeros where there is no content."""
        share = QUESTIONS_SHARE * len(known) / (len(known) + QUESTIONS_HALF)
        own = _rows(known).mean(axis=0) if known else centre
        self._common = (1 - share) * centre + share * own
        held = Counter(word for one in known for word in one.words)
        self._rarity = {word: math.log((len(known) + 1) / (count + 0.5)) for word, count in held.items()}
        self._unknown = math.log((len(known) + 1) / 0.5)

    def between(self, some: Sequence[Asked], others: Sequence[Asked]) -> Floats:
        """How alike each of `some` is to each of `others`, shape (some, others): at most 1 + WORDS_WEIGHT."""
        import numpy as np

        if not some or not others:
            return np.zeros((len(some), len(others)), dtype=np.float32)
        alike: Floats = self._centred(some) @ self._centred(others).T + WORDS_WEIGHT * self._shared(some, others)
        return alike

    def _centred(self, asked: Sequence[Asked]) -> Floats:
        import numpy as np

        rows = _rows(asked) - self._common
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        # A question that is the mean itself points nowhere.
        centred: Floats = (rows / np.maximum(lengths, 1e-6)).astype(np.float32)
        return centred

    def _shared(self, some: Sequence[Asked], others: Sequence[Asked]) -> Floats:
        """The share of the words' rarity that both have, of what the one with less of it has: 0..1."""
        import numpy as np

        holders: defaultdict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(others):
            for word in one.words:
                holders[word].append(at)
        shared = np.zeros((len(some), len(others)), dtype=np.float32)
        for row, one in enumerate(some):
            for word in sorted(one.words & holders.keys()):
                shared[row, holders[word]] += self._rarity_of(word)
        least = np.minimum(self._weights(some)[:, None], self._weights(others)[None, :])
        agreement: Floats = (shared / np.maximum(least, 1e-6)).astype(np.float32)
        return agreement

    def _weights(self, asked: Sequence[Asked]) -> Floats:
        import numpy as np

        return np.array([sum(map(self._rarity_of, sorted(one.words))) for one in asked], dtype=np.float32)

    def _rarity_of(self, word: str) -> float:
        return self._rarity.get(word, self._unknown)


def _rows(asked: Sequence[Asked]) -> Floats:
    import numpy as np

    return np.stack([np.frombuffer(one.vector, dtype="<f4") for one in asked])
