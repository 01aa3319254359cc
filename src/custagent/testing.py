"""The shipped fakes: one for each port that people extend. Deterministic, quick, and honest about being fakes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from custagent.core.errors import ChannelError, ModelError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import Completion
from custagent.language import words

if TYPE_CHECKING:
    from custagent.core.ports import Vectors


class FrozenClock:
    """A Clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The set moment."""
        return self._now

    def advance(self, **units: float) -> None:
        """Move on by `timedelta(**units)`."""
        self._now += timedelta(**units)


class FakeChannel:
    """A ChannelAdapter that delivers to a list. It fails first, once for each of `failures`, which say why."""

    def __init__(self, name: str = "fake", failures: Iterable[str] = ()) -> None:
        self._name = name
        self._failures = iter(failures)
        #: What was delivered, in order.
        self.sent: list[OutboundMessage] = []

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port."""
        failure = next(self._failures, None)
        if failure is not None:
            raise ChannelError(failure)
        self.sent.append(outbound)
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=f"{self._name}-{len(self.sent)}")

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: all is well."""
        return [("it is a fake", "")]


class HashEmbedder:
    """An Embedder without a model: each word points in a direction of its own, so texts that share words are alike."""

    def __init__(self, dimension: int = 64, name: str = "hash") -> None:
        self.dimension = dimension
        self.name = name
        self.comparable = (name,)
        #: How many passages were embedded: tests of caching count on it.
        self.embedded = 0

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        self.embedded += len(texts)
        return self._embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._embed([text])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        vectors = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text, ""):
                seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths  # type: ignore[no-any-return] # numpy widens a quotient to Any


class ScriptedModel:
    """A ChatModel that says what it was told to, one text a call; it fails when the script is over."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        #: What it was asked, call by call.
        self.prompts: list[list[dict[str, str]]] = []

    def complete(self, messages: Sequence[Mapping[str, str]]) -> Completion:
        """See the port."""
        self.prompts.append([dict(message) for message in messages])
        text = next(self._texts, None)
        if text is None:
            raise ModelError("the script is over")
        return Completion(
            text=text,
            model="scripted",
            input_tokens=len(json.dumps(self.prompts[-1])) // 4,
            output_tokens=len(text) // 4,
        )
