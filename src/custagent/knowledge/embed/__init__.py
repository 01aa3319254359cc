"""The embedding engines behind the Embedder port: bundled, sentence-transformers, LiteLLM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from custagent.core.errors import EmbedderError
from custagent.core.workspace import EmbedderSettings

if TYPE_CHECKING:
    from custagent.core.ports import Embedder


def make_embedder(settings: EmbedderSettings, *, api_key: str | None = None, memory: Path | None = None) -> Embedder:
    """The engine that the workspace names; it loads when it is first used.

    `api_key` is the resolved secret of a LiteLLM engine; `memory` the file in which the bundled engine remembers what
    it measured on this machine, None to remember nothing. Raises EmbedderError when the settings lack something.
    """
    if settings.engine == "bundled":
        from custagent.knowledge.embed.bundled import BundledEmbedder

        return BundledEmbedder(memory)
    if settings.engine == "sentence-transformers":
        from custagent.knowledge.embed.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(_model(settings))
    from custagent.knowledge.embed.litellm import LiteLLMEmbedder

    return LiteLLMEmbedder(_model(settings), api_base=settings.api_base, api_key=api_key)


def _model(settings: EmbedderSettings) -> str:
    if settings.model is None:
        raise EmbedderError(
            f"the embedding engine {settings.engine!r} needs a model",
            hint="Write `embedder: {engine: …, model: …}` in custagent.yaml.",
        )
    return settings.model
