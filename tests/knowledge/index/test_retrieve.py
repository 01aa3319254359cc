"""Fused retrieval: exactly what scoring every passage gives, and nothing that is not there any more."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.core.document import Chunk, Document, Section
from custagent.core.errors import IndexDamaged
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import LEXICAL_WEIGHT, HybridRetriever
from custagent.knowledge.index.scale import UNRELATED as SCALE_UNRELATED
from custagent.knowledge.index.scale import Scale
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder
from tests.knowledge.distant import Distant


@dataclass
class House:
    store: Store
    folder: IndexFolder
    embedder: HashEmbedder = field(default_factory=lambda: HashEmbedder(dimension=8))

    def save(self, location: str, *texts: str, language: str = "en") -> None:
        document = Document(
            location=location, title="Page", language=language, sections=tuple(Section(text=text) for text in texts)
        )
        chunks = [
            Chunk(location=location, title="Page", text=text, language=language, ordinal=at)
            for at, text in enumerate(texts)
        ]
        self.store.documents.save_document(document, chunks, agent="ada", source="s")

    def index(self) -> None:
        Indexer(self.store.documents, self.store.vectors, self.embedder).update(self.folder, lambda *_: None)

    def retriever(self) -> HybridRetriever:
        # No time passes: whatever came in is looked at with the next question.
        return HybridRetriever(self.folder, self.store.documents, self.embedder, now=lambda: 0.0)

    def texts(self, query: str, limit: int = 10) -> list[str]:
        return [one.chunk.text for one in self.retriever().retrieve(Search(text=query), limit=limit).chunks]


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as store:
        yield House(store=store, folder=IndexFolder(tmp_path / "index", "ada"))


class Held:
    """The documents of an index that was built from these chunks."""

    def __init__(self, chunks: list[Chunk]) -> None:
        self.chunks_by_id = {chunk.id: chunk for chunk in chunks}

    def chunks(self, _agent, ids):
        return {chunk_id: self.chunks_by_id[chunk_id] for chunk_id in ids if chunk_id in self.chunks_by_id}

    def chunks_after(self, _agent, last):
        return [chunk for chunk_id, chunk in sorted(self.chunks_by_id.items()) if chunk_id > last]


#: The bundled engine's, one far from it, and one of which chance could make much.
SCALES = (None, Scale(unrelated=0.1, related=0.5), Scale(unrelated=0.9, related=0.93))
_WORDS = "bike lamp bell lock tyre parcel return price the a of".split()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.integers(1, 130), st.floats(0, 1))
@pytest.mark.parametrize("scale", SCALES)
def test_it_is_exactly_what_scoring_every_passage_gives(tmp_path_factory, scale, seed, total, limit, removed):  # noqa: PLR0917 - each is drawn by name
    """Against brute force, also right after a removal, when the index still holds what the database does not.

    And whatever the scale of the engine is.
    """
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(_WORDS, size=rng.integers(1, 6))) for _ in range(total)]
    languages = rng.choice(["en", "sv"], size=total)
    chunks = [
        Chunk(id=10 + row, location=f"{row}", title="", text=texts[row], language=str(languages[row]))
        for row in range(total)
    ]
    # Close together as those of real engines, so that the words can turn the order round.
    vectors = np.ones((total, 8)) + 0.2 * rng.standard_normal((total, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    embedder = HashEmbedder(dimension=8)
    folder = IndexFolder(tmp_path_factory.mktemp("index"), "ada")
    folder.build(chunks, vectors, embedder=embedder.name, fingerprint="f", scale=scale)
    kept = [chunk for chunk in chunks if rng.random() >= removed]
    query = " ".join(rng.choice(_WORDS, size=3))

    found = HybridRetriever(folder, Held(kept), embedder).retrieve(Search(text=query), limit=limit).chunks

    lexical = np.zeros(total, dtype=np.float32)
    for postings in folder.load().postings:
        postings.add_scores(query, lexical)
    cosines = vectors @ embedder.embed_query(query)[0]
    cosines = scale.read(cosines) if scale else cosines
    scores = {
        chunk.id: cosines[row] + LEXICAL_WEIGHT * lexical[row] for row, chunk in enumerate(chunks) if chunk in kept
    }
    best = sorted(scores.values(), reverse=True)[:limit]
    assert [one.score for one in found] == pytest.approx(best, abs=1e-5)
    assert len({one.chunk.id for one in found}) == len(found) == min(limit, len(kept))
    for one in found:
        row = one.chunk.id - 10
        assert one.score == pytest.approx(scores[one.chunk.id], abs=1e-5)
        assert (one.cosine, one.lexical) == pytest.approx((cosines[row], lexical[row]), abs=1e-5)


def test_the_best_come_first_and_no_more_than_wanted(house):
    house.save("a.md", "a bell", "a red lamp", "a lamp and a bell", "a lock")
    house.index()
    assert house.texts("red lamp", limit=1) == ["a red lamp"]
    assert len(house.texts("red lamp", limit=3)) == 3


def test_equally_good_ones_come_as_they_were_stored(house):
    house.save("b.md", "lamp", "lamp")
    house.save("a.md", "lamp")
    house.index()
    found = house.retriever().retrieve(Search(text="lamp"), limit=3).chunks
    assert [(one.chunk.location, one.chunk.ordinal) for one in found] == [("b.md", 0), ("b.md", 1), ("a.md", 0)]


def test_a_limit_beyond_everything_gives_everything(house):
    house.save("a.md", "a bell", "a lamp")
    house.index()
    assert sorted(house.texts("lamp", limit=1000)) == ["a bell", "a lamp"]


@pytest.mark.parametrize("limit", [0, -1])
def test_no_limit_gives_nothing(house, limit):
    house.save("a.md", "a bell")
    house.index()
    assert house.texts("bell", limit=limit) == []


def test_without_an_index_or_content_there_is_nothing(house):
    assert house.texts("lamp") == []
    house.index()
    assert house.texts("lamp") == []


@pytest.mark.parametrize("query", ["", " \n"])
def test_an_empty_question_finds_nothing(house, query):
    house.save("a.md", "a bell")
    house.index()
    assert house.texts(query) == []


@pytest.mark.parametrize("query", ["???", "…", "🚲", "\0", "\ud800"])
def test_a_question_without_words_is_no_trouble(house, query):
    house.save("a.md", "a bell", "a lamp")
    house.index()
    found = house.retriever().retrieve(Search(text=query), limit=5).chunks
    assert len(found) == 2
    assert all(one.lexical == 0 for one in found)


def test_a_removed_page_is_gone_at_once(house):
    """SRC-3: before the index is built again."""
    house.save("a.md", "a red lamp", "a blue lamp")
    house.save("b.md", "a lamp")
    house.index()
    retriever = house.retriever()
    assert len(retriever.retrieve(Search(text="red lamp"), limit=2).chunks) == 2
    house.store.documents.keep_documents(["b.md"], agent="ada", source="s")
    assert [one.chunk.text for one in retriever.retrieve(Search(text="red lamp"), limit=2).chunks] == ["a lamp"]


def test_a_page_that_changed_is_not_quoted_in_its_old_words(house):
    house.save("a.md", "costs 10 kr")
    house.index()
    house.save("a.md", "costs 20 kr")
    assert house.texts("costs 10 kr") == ["costs 20 kr"], "by its words, before it is indexed"
    house.index()
    assert house.texts("costs 10 kr") == ["costs 20 kr"]


def test_it_follows_when_a_new_generation_goes_live(house):
    house.save("a.md", "a bell")
    house.index()
    retriever = house.retriever()
    assert [one.chunk.text for one in retriever.retrieve(Search(text="lamp"), limit=5).chunks] == ["a bell"]
    house.save("b.md", "a lamp")
    house.index()
    assert [one.chunk.text for one in retriever.retrieve(Search(text="lamp"), limit=5).chunks] == ["a lamp", "a bell"]


def test_it_notices_that_the_index_was_removed_and_built_again(house):
    house.save("a.md", "a bell")
    house.index()
    retriever = house.retriever()
    retriever.retrieve(Search(text="lamp"), limit=5)
    house.folder.remove()
    assert [one.estimated for one in retriever.retrieve(Search(text="lamp"), limit=5).chunks] == [True]
    house.save("a.md", "a lamp")
    house.index()
    assert house.folder.generation() == 1, "the same number as before"
    found = retriever.retrieve(Search(text="lamp"), limit=5).chunks
    assert [(one.chunk.text, one.estimated) for one in found] == [("a lamp", False)]


def test_what_was_said_before_counts_as_much_as_it_is_told_to(house):
    house.save("a.md", "a red lamp", "a red bell", "a blue lamp")
    house.index()
    retriever = house.retriever()

    def scores(search: Search) -> dict[str, tuple[float, float]]:
        return {one.chunk.text: (one.cosine, one.lexical) for one in retriever.retrieve(search, limit=3).chunks}

    alone, before = scores(Search(text="lamp")), scores(Search(text="red lamp"))
    assert scores(Search(text="lamp", context="red lamp")) == alone, "no weight"
    both = scores(Search(text="lamp", context="red lamp", weight=0.5))
    for text, found in both.items():
        expected = [(one + 0.5 * other) / 1.5 for one, other in zip(alone[text], before[text], strict=True)]
        assert found == pytest.approx(expected, abs=1e-5)
    assert next(iter(both)) == "a red lamp"


def test_it_loads_a_generation_once(house):
    house.save("a.md", "a bell")
    house.index()
    retriever = house.retriever()
    assert retriever.live_index() is retriever.live_index()


def test_vectors_of_another_engine_are_never_searched(house):
    house.save("a.md", "a bell")
    house.index()
    house.embedder = HashEmbedder(dimension=8, name="other")
    retriever = house.retriever()
    for _ in range(2):  # also when asked again
        with pytest.raises(IndexDamaged, match=r"'ada' was made by hash.*now uses other") as caught:
            retriever.retrieve(Search(text="bell"), limit=5)
        assert "custagent sources sync ada" in caught.value.hint
    house.index()
    assert [one.chunk.text for one in retriever.retrieve(Search(text="bell"), limit=5).chunks] == ["a bell"]


def test_a_question_may_be_asked_of_vectors_that_it_can_be_compared_with(house):
    house.save("a.md", "a bell")
    house.index()
    house.embedder = HashEmbedder(dimension=8, name="newer", also=["hash"])
    assert house.texts("bell") == ["a bell"]


def test_vectors_of_another_length_are_told_in_words(house):
    house.save("a.md", "a bell")
    house.index()
    house.embedder = HashEmbedder(dimension=16)
    with pytest.raises(IndexDamaged, match="vectors of length 8"):
        house.texts("bell")


def test_before_there_is_an_index_the_words_find_what_is_stored(house):
    """SRC-5: new whole pages answer lexically until their vectors are there."""
    house.save("a.md", "a red lamp", "a blue lamp", "a bell")
    found = house.retriever().retrieve(Search(text="red lamp"), limit=2)
    assert [one.chunk.text for one in found.chunks] == ["a red lamp", "a blue lamp"]
    assert all(one.estimated and one.lexical > 0 for one in found.chunks)
    assert found.rarity["en"]["red"] > found.rarity["en"]["lamp"]


def test_a_new_page_is_found_beside_those_of_the_index(house):
    # With few dimensions words that have nothing in common are alike by chance.
    house.embedder = HashEmbedder(dimension=256)
    house.save("a.md", "a bell", "a lock", "a tyre")
    house.index()
    retriever = house.retriever()
    assert "a red lamp" not in [one.chunk.text for one in retriever.retrieve(Search(text="red lamp"), limit=9).chunks]
    house.save("b.md", "a red lamp")
    found = retriever.retrieve(Search(text="red lamp"), limit=9).chunks
    assert (found[0].chunk.text, found[0].estimated) == ("a red lamp", True)
    assert sorted(one.chunk.text for one in found if not one.estimated) == ["a bell", "a lock", "a tyre"]
    house.save("c.md", "one more red lamp")
    found = retriever.retrieve(Search(text="red lamp"), limit=9).chunks
    assert {one.chunk.text for one in found if one.estimated} == {"a red lamp", "one more red lamp"}
    house.index()
    assert not any(one.estimated for one in retriever.retrieve(Search(text="red lamp"), limit=9).chunks)


def test_a_new_page_that_is_removed_again_is_gone_at_once(house):
    house.save("a.md", "a bell")
    house.index()
    retriever = house.retriever()
    house.save("b.md", *["a red lamp"] * 30)
    assert retriever.retrieve(Search(text="lamp"), limit=1).chunks[0].chunk.location == "b.md"
    house.store.documents.keep_documents(["a.md"], agent="ada", source="s")
    assert [one.chunk.location for one in retriever.retrieve(Search(text="lamp"), limit=9).chunks] == ["a.md"]


def test_a_damaged_index_is_told_and_mended_while_the_words_answer(house, caplog):
    house.save("a.md", "a bell", "a lamp")
    house.index()
    told: list[float] = []
    clock = [100.0]
    retriever = HybridRetriever(
        house.folder,
        house.store.documents,
        house.embedder,
        mend=lambda: told.append(clock[0]),
        now=lambda: clock[0],
    )
    (house.folder.folder / "000001" / "vectors.faiss").write_text("garbage")
    found = retriever.retrieve(Search(text="lamp"), limit=1).chunks
    assert [(one.chunk.text, one.estimated) for one in found] == [("a lamp", True)]
    assert "the index of agent 'ada' cannot be used" in caplog.text
    assert "the words of its content" in caplog.text
    retriever.retrieve(Search(text="lamp"), limit=1)
    assert told == [100], "known already"
    clock[0] += 10
    retriever.retrieve(Search(text="lamp"), limit=1)
    assert told == [100, 110], "after a while it is tried again"
    house.index()
    assert not retriever.retrieve(Search(text="lamp"), limit=1).chunks[0].estimated


def test_what_was_loaded_before_serves_while_the_files_are_damaged(house, caplog):
    house.save("a.md", "a bell", "a lamp")
    house.index()
    retriever = house.retriever()
    retriever.retrieve(Search(text="lamp"), limit=1)
    (house.folder.folder / "current").write_text("garbage")
    found = retriever.retrieve(Search(text="lamp"), limit=1).chunks
    assert [(one.chunk.text, one.estimated) for one in found] == [("a lamp", False)]
    assert "what was loaded before" in caplog.text


def test_it_tells_how_long_each_step_took_and_how_rare_each_word_is(house):
    house.save("a.md", "a bell", "a lamp")
    house.save("b.md", "en klocka", language="sv")
    house.index()
    retrieval = house.retriever().retrieve(Search(text="bells and lamps"), limit=1)
    assert list(retrieval.timings_ms) == ["load", "embed", "search"]
    assert min(retrieval.timings_ms.values()) >= 0
    assert retrieval.rarity.keys() == {"en", "sv"}
    assert retrieval.rarity["en"]["and"] > retrieval.rarity["en"]["bell"] > 0


def test_what_waits_is_compared_with_what_another_engine_finds_on_one_scale(house):
    """An estimate is as the bundled engine's; so is what an engine with cosines of about .1 finds."""
    house.embedder = Distant({"bell": "bells", "chime": "bells"})
    house.save("a.md", "a bell", "a lock", "a tyre", "a lamp")
    house.index()
    house.save("b.md", "a blue tyre")
    retriever = house.retriever()
    found = {one.chunk.text: one for one in retriever.retrieve(Search(text="chime"), limit=9).chunks}
    assert max(found.values(), key=lambda one: one.score).chunk.text == "a bell"
    unrelated = [one.cosine for text, one in found.items() if text != "a bell"]
    assert unrelated == pytest.approx([SCALE_UNRELATED] * 4, abs=0.06)
    assert found["a blue tyre"].estimated
    assert retriever.retrieve(Search(text="blue tyre"), limit=9).chunks[0].chunk.text == "a blue tyre"
