"""The adapter of the extra; its contract is tested with the packaged model in tests/contracts/test_embedder.py."""

import importlib.util
import sys

import pytest

from custagent.core.errors import EmbedderError
from custagent.knowledge.embed.sentence_transformers import SentenceTransformersEmbedder


def test_a_folder_that_is_not_there_is_named_and_nothing_is_downloaded(tmp_path):
    missing = str(tmp_path / "no-model")
    with pytest.raises(EmbedderError, match=r"no folder.*no-model") as caught:
        SentenceTransformersEmbedder(missing).embed_query("hello")
    assert "custagent.yaml" in caught.value.hint


def test_without_the_extra_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    # Python's own way to say that a module cannot be imported.
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbedderError, match="cannot be used") as caught:
        SentenceTransformersEmbedder(str(tmp_path)).embed_query("hello")
    assert caught.value.hint == "pip install 'custagent[sentence-transformers]'"


def test_a_folder_without_a_model_is_an_error(tmp_path, require):
    require("sentence-transformers", importlib.util.find_spec("sentence_transformers"), "an extra, it brings torch")
    with pytest.raises(EmbedderError, match="cannot load"):
        SentenceTransformersEmbedder(str(tmp_path)).embed_query("hello")
