"""Any model that the library sentence-transformers loads: an extra, because it brings torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.texts import clean

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: What a model name of the hub never begins with.
_PATH_STARTS = ("/", "./", "../", "~")


class SentenceTransformersEmbedder:
    """An Embedder over a local folder or a model name of the hub; a name is downloaded by the library at first use."""

    def __init__(self, model: str) -> None:
        self.model = model

    @property
    def name(self) -> str:
        return f"sentence-transformers {self.model}"

    @property
    def comparable(self) -> tuple[str, ...]:
        """See the port."""
        return (self.name,)

    @cached_property
    def dimension(self) -> int:
        return int(self.embed_query("dimension").shape[1])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        import numpy as np

        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._encode(texts, task="document")

    def release(self) -> None:
        """See the port: passages need nothing that questions do not."""

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._encode([text], task="query")

    def _encode(self, texts: Sequence[str], *, task: str) -> Vectors:
        import numpy as np

        # Models that want a prefix bring it along, one for each task.
        encode = self._engine.encode_query if task == "query" else self._engine.encode_document
        try:
            vectors = encode([clean(text) for text in texts], normalize_embeddings=True, show_progress_bar=False)
        except (RuntimeError, ValueError) as error:
            raise EmbedderError(
                f"the embedding model {self.model!r} failed: {error}",
                hint="Set another model as `embedder:` in custagent.yaml.",
            ) from error
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _engine(self) -> Any:
        model = self.model
        if model.startswith(_PATH_STARTS):
            model = str(Path(model).expanduser())
            if not Path(model).is_dir():
                raise EmbedderError(
                    f"there is no folder {self.model!r} with an embedding model",
                    hint="Correct `embedder: {model: …}` in custagent.yaml.",
                )
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbedderError(
                f"the embedding engine sentence-transformers cannot be used: {error}",
                hint="pip install 'custagent[sentence-transformers]'",
            ) from error
        try:
            return SentenceTransformer(model, device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbedderError(
                f"sentence-transformers cannot load {self.model!r}: {error}",
                hint="Give a folder that holds the model, or a name that this machine can download.",
            ) from error
