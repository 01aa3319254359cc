"""Which engine embeds passages on this machine: the fast one where it is right and faster, else the package's own.

Right means that it gives three fixed texts the vectors that the package's own engine gives them; that is looked at
whenever it is loaded. Faster is measured once, on the same texts, and remembered with the other's vectors. Failures are
not remembered: what failed is tried again by the next process.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Protocol

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.engine import FastEngine, engine_name
from custagent.knowledge.embed.bundled.memory import Measured, Memory, installed

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

_log = logging.getLogger(__name__)

#: The least cosine between the two engines' vectors of one text. Measured: .999, a wrong kernel gives far less.
ALIKE = 0.995

_SENTENCES = (
    "You can return your bicycle within 30 days of delivery if it has not been ridden.",
    "Versandkosten erstatten wir, sobald die Ware geprüft in unserem Lager in Göteborg angekommen ist.",
    "¿Cuánto tarda un reembolso? Normalmente entre tres y cinco días laborables después de la devolución.",
    "退货包裹的运费由我们承担,请保留好收据。",
    "Гарантия на раму составляет пять лет, на аккумулятор — два года или 500 циклов зарядки.",
)
#: As long as a question, as a passage, and as what the model can just take.
TEXTS = (_SENTENCES[0], " ".join(_SENTENCES), " ".join([*_SENTENCES * 4, *_SENTENCES[:3]]))


class PassageEngine(Protocol):
    """What embeds passages: FastEngine or NanoEngine."""

    @property
    def name(self) -> str:
        """Engine, model and version; asking loads nothing."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors in the texts' order, shape (len(texts), 384). Raises EmbedderError."""
        ...


class Choice:
    """The engine for passages, chosen when it is first needed. Several threads may use it."""

    def __init__(
        self,
        own: PassageEngine,
        memory: Memory,
        *,
        load: Callable[[], PassageEngine] = FastEngine,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`own` is the package's own engine, `load` makes the fast one and raises EmbedderError, `now` gives seconds."""
        self._own = own
        self._memory = memory
        self._load = load
        self._now = now
        self._measured: Measured | None = None
        self._fast: PassageEngine | None = None
        self._failed = False
        self._lock = RLock()

    @property
    def name(self) -> str:
        """The name of the chosen engine. Raises EmbedderError where the package is missing."""
        with self._lock:
            return self._chosen()

    @property
    def names(self) -> tuple[str, str]:
        """The names of both engines; first the one that is chosen, or will be as far as is known.

        Loads and measures nothing. Raises EmbedderError where the package is missing.
        """
        # Without the lock: whoever asks a question does not wait until another thread has measured.
        own, fast = self._own.name, engine_name()
        known = self._recalled()
        slow = self._failed or installed("onnxruntime") is None or (known is not None and known.faster == own)
        return (own, fast) if slow else (fast, own)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages by the chosen engine, shape (len(texts), 384). Raises EmbedderError."""
        with self._lock:
            fast = self._loaded()
        if fast is not None:
            try:
                return fast.embed(texts)
            except EmbedderError as error:
                with self._lock:
                    self._give_up(error)
        return self._own.embed(texts)

    def release(self) -> None:
        """Drop the fast engine; it is loaded again when it is needed again."""
        with self._lock:
            self._fast = None
        _give_back()

    def _chosen(self) -> str:
        """The name of the engine to use; measures where nothing is known."""
        own = self._own.name
        if self._failed:
            return own
        measured = self._recalled() or self._measure()
        return own if measured is None else measured.faster

    def _recalled(self) -> Measured | None:
        """What is known without measuring."""
        if self._measured is None:
            found = self._memory.recall()
            if found is not None and found.faster in (self._own.name, engine_name()):
                self._measured = found
        return self._measured

    def _loaded(self) -> PassageEngine | None:
        """The fast engine, loaded and found right, if it is the one to use."""
        if self._chosen() == self._own.name or self._measured is None:
            return None
        if self._fast is None:
            try:
                fast = self._load()
                # What it was made from.
                _give_back()
                right = _are_alike(fast.embed(TEXTS), _rows(self._measured.vectors))
            except EmbedderError as error:
                self._give_up(error)
                return None
            self._fast = fast
            if not right:
                # The engine is wrong, or what was remembered is: only the package's own engine can tell.
                self._measured = self._measure()
                return self._fast if self._chosen() != self._own.name else None
        return self._fast

    def _measure(self) -> Measured | None:
        """Compare and time both engines, and remember the faster; None, with a warning, where the fast one fails."""
        try:
            fast = self._fast or self._load()
            fast_seconds, found = self._timed(fast)
        except EmbedderError as error:
            self._give_up(error)
            return None
        own_seconds, expected = self._timed(self._own)
        if not _are_alike(found, expected):
            self._give_up(EmbedderError("on this processor its vectors are not right"))
            return None
        faster = fast if fast_seconds < own_seconds else self._own
        self._fast = fast if faster is fast else None
        self._measured = Measured(faster=faster.name, vectors=expected.astype("<f4").tobytes())
        self._memory.remember(self._measured)
        return self._measured

    def _timed(self, one: PassageEngine) -> tuple[float, Vectors]:
        """How many seconds it takes for TEXTS once it is loaded, and their vectors."""
        one.embed(TEXTS[:1])
        before = self._now()
        vectors = one.embed(TEXTS)
        return self._now() - before, vectors

    def _give_up(self, error: EmbedderError) -> None:
        """Use the package's own engine for the rest of this process; said once."""
        if not self._failed:
            _log.warning(
                "the fast embedding engine is not used: %s; everything works, but reading content in takes longer",
                error.message,
            )
        self._failed, self._fast = True, None


def _give_back() -> None:
    """Hand freed memory to the system: the C library of Linux keeps some 60 MB of it otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _are_alike(found: Vectors, expected: Vectors) -> bool:
    # A cosine that is not a number is not above it either.
    return found.shape == expected.shape and bool(((found * expected).sum(axis=1) > ALIKE).all())


def _rows(vectors: bytes) -> Vectors:
    """What was remembered, shape (3, 384); shape (0, 384) for bytes that cannot be that."""
    import numpy as np

    row = 384 * 4
    return np.frombuffer(vectors if len(vectors) % row == 0 else b"", "<f4").reshape(-1, 384)
