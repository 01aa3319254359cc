"""The embedding engines behind the Embedder port: bundled, sentence-transformers, LiteLLM, and those of other packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from custagent.brought import brought, load, unusable
from custagent.core.errors import EmbedderError
from custagent.core.extension import EMBEDDER_GROUP, MakeEmbedder
from custagent.core.workspace import ENGINES, EmbedderSettings

if TYPE_CHECKING:
    from custagent.core.ports import Embedder


def make_embedder(settings: EmbedderSettings, *, api_key: str | None = None, memory: Path | None = None) -> Embedder:
    """The engine that the workspace names; it loads when it is first used.

    `api_key` is the resolved secret that the settings name; `memory` the file in which the bundled engine remembers what
    it measured on this machine, None to remember nothing. Raises EmbedderError when the settings lack something.
    """
    if settings.engine == "bundled":
        from custagent.knowledge.embed.bundled import BundledEmbedder

        return BundledEmbedder(memory)
    if settings.engine == "sentence-transformers":
        from custagent.knowledge.embed.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(_model(settings))
    if settings.engine == "litellm":
        from custagent.knowledge.embed.litellm import LiteLLMEmbedder

        return LiteLLMEmbedder(_model(settings), api_base=settings.api_base, api_key=api_key)
    return _brought(settings, api_key)


def _brought(settings: EmbedderSettings, api_key: str | None) -> Embedder:
    """The engine that another package brings."""
    found = brought(EMBEDDER_GROUP).get(settings.engine)
    if found is None:
        raise EmbedderError(
            f"nothing that is installed here brings the embedding engine {settings.engine!r}",
            hint="Install the package that brings it into the Python that runs custagent, or set another `embedder:`"
            f" in custagent.yaml: {', '.join([*ENGINES, *brought(EMBEDDER_GROUP)])}.",
        )
    brings = f"the embedding engine {found.name}"
    make: MakeEmbedder = load(found, brings, EmbedderError)
    try:
        return make(settings, api_key=api_key)
    except TypeError as error:
        raise unusable(found, brings, error, EmbedderError) from error


def _model(settings: EmbedderSettings) -> str:
    if settings.model is None:
        raise EmbedderError(
            f"the embedding engine {settings.engine!r} needs a model",
            hint="Write `embedder: {engine: …, model: …}` in custagent.yaml.",
        )
    return settings.model
