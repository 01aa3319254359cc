"""Questions that were asked before are not embedded again."""

from __future__ import annotations

from custagent.knowledge.embed.remembering import RememberingEmbedder
from custagent.testing import HashEmbedder


class Counting(HashEmbedder):
    """Counts the questions that it is really asked."""

    asked = 0

    def embed_query(self, text):
        self.asked += 1
        return super().embed_query(text)


def test_a_question_is_embedded_once_until_it_is_forgotten() -> None:
    inner = Counting()
    remembering = RememberingEmbedder(inner, most=2)
    first = remembering.embed_query("one")
    assert (remembering.embed_query("one") == first).all()
    assert (first == HashEmbedder().embed_query("one")).all()
    assert inner.asked == 1
    for text in ("two", "three", "one"):
        remembering.embed_query(text)
    assert inner.asked == 4


def test_everything_else_is_the_other_embedders() -> None:
    inner = Counting(name="inner", also=("older",))
    remembering = RememberingEmbedder(inner)
    assert (remembering.name, remembering.comparable) == ("inner", ("inner", "older"))
    assert remembering.dimension == inner.dimension
    remembering.embed_passages(["a", "b"])
    remembering.release()
    assert (inner.embedded, inner.released) == (2, 1)
