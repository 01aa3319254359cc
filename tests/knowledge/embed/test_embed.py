"""Which engine the settings make."""

import pytest

from custagent.core.errors import EmbedderError
from custagent.core.workspace import EmbedderSettings
from custagent.knowledge.embed import make_embedder
from custagent.knowledge.embed.bundled import BundledEmbedder
from custagent.knowledge.embed.litellm import LiteLLMEmbedder
from custagent.knowledge.embed.sentence_transformers import SentenceTransformersEmbedder


def test_the_bundled_engine_is_the_default():
    assert isinstance(make_embedder(EmbedderSettings()), BundledEmbedder)


def test_a_model_behind_an_api():
    settings = EmbedderSettings(engine="litellm", model="openai/small", api_base="http://127.0.0.1:1/v1")
    made = make_embedder(settings, api_key="key")
    assert isinstance(made, LiteLLMEmbedder)
    assert made.name == "litellm openai/small at 127.0.0.1:1/v1"


def test_a_model_of_the_extra():
    made = make_embedder(EmbedderSettings(engine="sentence-transformers", model="some/model"))
    assert isinstance(made, SentenceTransformersEmbedder)
    assert made.name == "sentence-transformers some/model"


@pytest.mark.parametrize("engine", ["litellm", "sentence-transformers"])
def test_an_engine_without_its_model_says_where_to_write_it(engine):
    with pytest.raises(EmbedderError, match=f"{engine}.*needs a model") as caught:
        make_embedder(EmbedderSettings(engine=engine))
    assert "custagent.yaml" in caught.value.hint
