"""What a package of another's may bring besides channels: an embedding engine, a reader of files (docs/extending.md).

Both are functions, found by an entry point. These promises, and the values that they speak of, are stable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from custagent.core.document import Document, RawContent

if TYPE_CHECKING:
    # Settings are written by people, so reading them takes pydantic; who reads files needs none.
    from custagent.core.ports import Embedder
    from custagent.core.workspace import EmbedderSettings

#: Where packages name embedding engines: called as `embedder: {engine: …}` calls it.
EMBEDDER_GROUP: Final = "custagent.embedders"
#: Where packages name readers of files: called as the file's suffix, in lower case and without its dot.
CONVERTER_GROUP: Final = "custagent.converters"


class MakeEmbedder(Protocol):
    """Makes an embedding engine; `tests/contracts/test_embedder.py` tells what an engine has to keep."""

    def __call__(self, settings: EmbedderSettings, *, api_key: str | None) -> Embedder:
        """The engine with its `model` and `api_base`; `api_key` is the secret that the settings name.

        Called at the start of most commands: it loads nothing heavy, the engine does so when it is first used. Raises
        EmbedderError where the settings lack something.
        """
        ...


class ReadFile(Protocol):
    """Reads files of one suffix; `tests/contracts/test_converter.py` tells what it has to keep."""

    def __call__(self, raw: RawContent) -> Document:
        """The document in these bytes; its `title` or `language` may be "", and are then found out.

        Called in a child process with limits on time and memory: a file that breaks it breaks nothing else. Raises
        ConvertError, whose message names `raw.location`, for bytes that hold no text.
        """
        ...
