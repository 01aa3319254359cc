"""Any embedding model that LiteLLM knows: hosted, or served on this machine."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from custagent.core.errors import EmbedderError
from custagent.deadline import close_with, run_within
from custagent.knowledge.embed.texts import clean

if TYPE_CHECKING:
    from custagent.core.ports import Vectors

#: Texts a request: below the limit of every large provider.
BATCH = 64
#: Of what a service says about a failure, so many characters are shown.
_SHOWN = 300


class LiteLLMEmbedder:
    """An Embedder behind an API. The texts leave the machine for wherever `model` and `api_base` say.

    `timeout` is in seconds and for a batch, tries included: after that it is over, whatever the service does.
    """

    def __init__(
        self, model: str, *, api_base: str | None = None, api_key: str | None = None, timeout: float = 60.0
    ) -> None:
        self.model = model
        self.api_base = api_base
        self._api_key = api_key
        self._timeout = timeout

    @property
    def name(self) -> str:
        # Two servers may each have a model of this name.
        return f"litellm {self.model}" + (f" at {_place(self.api_base)}" if self.api_base else "")

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
        batches = [self._embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(batches)

    def release(self) -> None:
        """See the port: passages need nothing that questions do not."""

    def embed_query(self, text: str) -> Vectors:
        """See the port."""
        return self._embed([text])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        rows = self._ask([clean(text) for text in texts])
        try:
            vectors = np.asarray(rows, dtype=np.float32)
        except (ValueError, TypeError) as error:
            raise self._failed("the answer holds no vectors") from error
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():  # noqa: PLR2004 - rows and columns
            raise self._failed("the answer does not hold one vector for each text")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(lengths, 1e-12)  # type: ignore[no-any-return] # numpy widens a quotient to Any

    def _ask(self, texts: list[str]) -> list[Any]:
        """One embedding a text, in their order, as the service gave them."""
        litellm = _library()
        try:
            response = run_within(
                self._timeout,
                lambda: litellm.aembedding(
                    model=self.model,
                    input=texts,
                    api_base=self.api_base,
                    api_key=self._api_key,
                    timeout=self._timeout,
                    max_retries=2,
                ),
            )
            rows = sorted(response.data, key=lambda row: row["index"])
            return [row["embedding"] for row in rows]
        except TimeoutError as error:
            raise self._failed(f"it did not answer in time ({self._timeout:.0f}s)") from error
        except (_root_of_errors(litellm), ValueError, KeyError, TypeError, AttributeError) as error:
            # What the service says may hold the key, and then the traceback would too.
            cause = None if self._api_key and self._api_key in str(error) else error
            raise self._failed(str(error)) from cause

    def _failed(self, why: str) -> EmbedderError:
        shown = " ".join(why.replace(self._api_key, "…").split() if self._api_key else why.split())
        return EmbedderError(
            f"the embedding model {self.model!r} failed: {shown[:_SHOWN]}",
            hint="Check `embedder:` in custagent.yaml, the key, and that the service is up.",
        )


def _place(api_base: str) -> str:
    """An address without the user and password that may stand in it."""
    parts = urlsplit(api_base)
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"


def _root_of_errors(litellm: Any) -> type[Exception]:
    # All its errors are the openai library's; litellm.exceptions.OpenAIError is but one of them.
    root: type[Exception] = litellm.exceptions.openai.OpenAIError
    return root


@cache
def _library() -> Any:
    # LiteLLM fetches a price list when it is imported, unless told not to; custagent makes no call unasked.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    litellm.telemetry = False
    # Else it prints advertisements of its help pages.
    litellm.suppress_debug_info = True
    # Its own connections are not closed when the process ends, and are complained about ("Unclosed connector").
    litellm.disable_aiohttp_transport = True
    atexit.register(close_with, litellm.close_litellm_async_clients)
    return litellm
