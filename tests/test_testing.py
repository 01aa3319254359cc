"""The shipped fakes keep what they promise to those who test with them."""

from datetime import UTC, datetime

import pytest

from custagent.core.errors import ModelError
from custagent.testing import FrozenClock, HashEmbedder, ScriptedModel


def test_a_frozen_clock_moves_only_when_told():
    clock = FrozenClock(datetime(2026, 3, 1, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    clock.advance(hours=25, minutes=1)
    assert clock.now() == datetime(2026, 3, 2, 1, 1, tzinfo=UTC)
    assert FrozenClock().now().tzinfo is UTC


def test_texts_that_share_words_are_alike():
    embedder = HashEmbedder(dimension=256)
    ask = embedder.embed_query("When will my parcel arrive?")
    about = embedder.embed_passages(["Your parcel will arrive on Monday", "Bicycles have two wheels"])
    near, far = (ask @ about.T)[0]
    assert near > 0.3 > far


def test_it_counts_the_passages_that_it_embedded():
    embedder = HashEmbedder()
    embedder.embed_passages(["a", "b"])
    embedder.embed_query("c")
    embedder.embed_passages(["d"])
    assert embedder.embedded == 3


def test_a_scripted_model_says_its_lines_and_keeps_what_it_was_asked():
    model = ScriptedModel(["first", "second"])
    done = model.complete([{"role": "user", "content": "hello"}])
    assert (done.text, done.model) == ("first", "scripted")
    assert done.input_tokens > 0
    assert model.complete([{"role": "user", "content": "again"}]).text == "second"
    assert model.prompts == [[{"role": "user", "content": "hello"}], [{"role": "user", "content": "again"}]]
    with pytest.raises(ModelError, match="script is over"):
        model.complete([])
