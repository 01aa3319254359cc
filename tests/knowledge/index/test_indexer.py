"""Bringing an index up to date: only what changed is embedded, and nothing is done twice."""

from collections.abc import Iterator

import numpy as np
import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.core.errors import EmbedderError
from custagent.core.ports import VectorCache
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import BATCH, Indexer
from custagent.knowledge.index.scale import PAIRS
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder
from tests.knowledge.distant import Distant


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path) -> IndexFolder:
    return IndexFolder(tmp_path / "index", "ada")


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder(dimension=8)


def save(store: Store, location: str, *texts: str, agent: str = "ada") -> None:
    document = Document(
        location=location, title="Page", language="en", sections=tuple(Section(text=text) for text in texts)
    )
    chunks = [
        Chunk(location=location, title="Page", text=text, language="en", ordinal=at) for at, text in enumerate(texts)
    ]
    store.documents.save_document(document, chunks, agent=agent, source="s")


def quiet(_done: int, _total: int) -> None:
    """Nobody looks."""


def update(store: Store, embedder: HashEmbedder, folder: IndexFolder, progress=quiet) -> bool:
    return Indexer(store.documents, store.vectors, embedder).update(folder, progress)


def indexed(store: Store, folder: IndexFolder) -> list[str]:
    index = folder.load()
    assert index is not None
    held = store.documents.chunks(folder.agent, index.chunk_ids.tolist())
    return [held[int(chunk_id)].text for chunk_id in index.chunk_ids]


def test_everything_is_embedded_once_and_then_nothing(store, embedder, folder):
    save(store, "a.md", "one", "two")
    assert update(store, embedder, folder)
    assert (embedder.embedded, indexed(store, folder)) == (2, ["one", "two"])
    before = folder.live()
    assert not update(store, embedder, folder)
    assert (embedder.embedded, folder.live()) == (2, before)


def test_only_changed_passages_are_embedded(store, embedder, folder):
    save(store, "a.md", "one", "two", "three")
    update(store, embedder, folder)
    save(store, "a.md", "one", "2", "three")
    assert update(store, embedder, folder)
    assert embedder.embedded == 4
    assert sorted(indexed(store, folder)) == ["2", "one", "three"]


def test_the_same_words_are_embedded_once_wherever_they_stand(store, embedder, folder):
    save(store, "a.md", "one", "one")
    save(store, "b.md", "one")
    save(store, "c.md", "one", agent="bob")
    update(store, embedder, folder)
    update(store, embedder, IndexFolder(folder.folder.parent, "bob"))
    assert embedder.embedded == 1
    assert indexed(store, folder) == ["one"] * 3


def test_each_row_has_the_vector_of_its_passage(store, embedder, folder):
    save(store, "a.md", *(f"{'long ' * (number % 7)}{number}" for number in range(3 * BATCH + 1)))
    update(store, embedder, folder)
    index = folder.load()
    expected = embedder.embed_passages([chunk.indexed_text for chunk in store.documents.chunks_of("ada")])
    assert np.array_equal(index.vectors.reconstruct_n(0, len(expected)), expected)


def test_progress_counts_up_to_the_end(store, embedder, folder):
    save(store, "a.md", *(f"text {number}" for number in range(BATCH + 3)))
    heard = []
    update(store, embedder, folder, lambda done, total: heard.append((done, total)))
    assert heard[0] == (0, BATCH + 3)
    assert heard[1] in ((3, BATCH + 3), (BATCH, BATCH + 3)), "batches come in any order"
    assert heard[2:] == [(BATCH + 3, BATCH + 3)]


def test_long_and_short_passages_come_by_turns_so_that_the_pace_tells_the_time_left(store, folder):
    class Weighed(HashEmbedder):
        def embed_passages(self, texts):
            sizes.append(sum(map(len, texts)))
            return super().embed_passages(texts)

    sizes: list[int] = []
    save(store, "a.md", *(f"{number} {'x' * number}" for number in range(20 * BATCH)))
    update(store, Weighed(dimension=8), folder)
    assert len(sizes) == 20
    assert 0.4 < sum(sizes[:10]) / sum(sizes) < 0.6, "in the order of their lengths it would be a quarter"


def test_an_interrupted_run_goes_on_where_it_stopped(store, embedder, folder):
    save(store, "a.md", *(f"text {number}" for number in range(3 * BATCH)))

    def stopped(done: int, _total: int) -> None:
        if done == 2 * BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update(store, embedder, folder, stopped)
    assert folder.load() is None
    assert update(store, embedder, folder)
    assert embedder.embedded == 3 * BATCH


class Watched(VectorCache):
    """A cache that notes how many vectors came at once, and a clock that embedding moves."""

    def __init__(self, cache: VectorCache) -> None:
        self._cache, self.saved, self.time = cache, [], 0.0

    def vectors(self, engine, hashes):
        return self._cache.vectors(engine, hashes)

    def save_vectors(self, engine, vectors):
        self.saved.append(len(vectors))
        self._cache.save_vectors(engine, vectors)


@pytest.mark.parametrize(("seconds", "saved"), [(1.0, [BATCH, BATCH, BATCH]), (0.0, [3 * BATCH])])
def test_a_batch_that_takes_a_while_is_remembered_at_once(store, folder, seconds, saved):
    class Timed(HashEmbedder):
        def embed_passages(self, texts):
            watched.time += seconds
            return super().embed_passages(texts)

    save(store, "a.md", *(f"text {number}" for number in range(3 * BATCH)))
    watched = Watched(store.vectors)
    Indexer(store.documents, watched, Timed(dimension=8), now=lambda: watched.time).update(folder, quiet)
    assert watched.saved == saved


def test_another_engine_embeds_everything_again(store, embedder, folder):
    save(store, "a.md", "one", "two")
    update(store, embedder, folder)
    other = HashEmbedder(dimension=16, name="other")
    assert update(store, other, folder)
    assert other.embedded == 2
    manifest = folder.manifest()
    assert (manifest.embedder, manifest.dimension) == ("other", 16)
    assert update(store, embedder, folder)
    assert embedder.embedded == 2, "its vectors were kept"


def test_an_engine_that_changed_under_its_name_embeds_everything_again(store, embedder, folder):
    save(store, "a.md", "one", "two")
    update(store, embedder, folder)
    save(store, "b.md", "three")
    changed = HashEmbedder(dimension=16)
    assert changed.name == embedder.name
    assert update(store, changed, folder)
    assert folder.manifest().dimension == 16
    assert len(indexed(store, folder)) == 3


OLDER, NEWER = "older", "newer"


@pytest.fixture
def newer() -> HashEmbedder:
    """An engine whose questions can be compared with the vectors of the older one."""
    return HashEmbedder(dimension=8, name=NEWER, also=[OLDER])


@pytest.fixture
def made_before(store, folder) -> IndexFolder:
    """An index of the older engine."""
    save(store, "a.md", "one", "two")
    update(store, HashEmbedder(dimension=8, name=OLDER), folder)
    return folder


def upgrade(store: Store, embedder: HashEmbedder, folder: IndexFolder) -> bool:
    return Indexer(store.documents, store.vectors, embedder).upgrade(folder, quiet)


def test_an_index_of_a_comparable_engine_stays_until_it_is_upgraded(store, made_before, newer):
    assert not update(store, newer, made_before)
    assert (newer.embedded, made_before.manifest().embedder) == (0, OLDER)
    assert upgrade(store, newer, made_before)
    assert (newer.embedded, made_before.manifest().embedder) == (2, NEWER)
    assert not upgrade(store, newer, made_before)


def test_a_new_page_does_not_wait_for_the_old_ones_to_be_embedded_again(store, made_before, newer):
    save(store, "b.md", "three")
    assert update(store, newer, made_before)
    assert (newer.embedded, indexed(store, made_before)) == (1, ["one", "two", "three"])
    assert made_before.manifest().embedder == OLDER, "it holds vectors of both, so there is something to upgrade"
    assert upgrade(store, newer, made_before)
    assert (newer.embedded, made_before.manifest().embedder) == (3, NEWER)


def test_vectors_of_a_comparable_engine_serve_another_agent(store, made_before, newer):
    save(store, "c.md", "one", agent="bob")
    other = IndexFolder(made_before.folder.parent, "bob")
    assert update(store, newer, other)
    assert (newer.embedded, other.manifest().embedder) == (0, OLDER)


def test_memory_is_given_back_whatever_happens(store, embedder, folder):
    save(store, "a.md", "one")
    update(store, embedder, folder)
    assert embedder.released == 1
    strange = Strange(np.ones((2, 8)))
    save(store, "b.md", "two")
    strange.name = "strange"
    with pytest.raises(EmbedderError):
        update(store, strange, folder)
    assert strange.released == 1


def test_memory_is_given_back_before_the_index_is_built_which_needs_it_too(store, embedder, tmp_path):
    class Watched(IndexFolder):
        def build(self, *args, **kwargs):
            released.append(embedder.released)
            return super().build(*args, **kwargs)

    released: list[int] = []
    save(store, "a.md", "one")
    update(store, embedder, Watched(tmp_path / "index", "ada"))
    assert released == [1]


@pytest.mark.parametrize("damage", ["current", "000001/manifest.json", "000001/vectors.faiss"])
def test_a_damaged_index_is_built_again_without_embedding(store, embedder, folder, damage):
    save(store, "a.md", "one")
    update(store, embedder, folder)
    (folder.folder / damage).write_text("garbage")
    assert update(store, embedder, folder)
    assert (embedder.embedded, indexed(store, folder)) == (1, ["one"])


def test_no_content_makes_an_empty_index_and_asks_the_engine_nothing(store, folder):
    class Unasked(HashEmbedder):
        @property
        def dimension(self) -> int:
            raise AssertionError("it may stand behind a network")

        @dimension.setter
        def dimension(self, _value: int) -> None:
            """Never asked for."""

    assert update(store, Unasked(), folder)
    assert folder.manifest().chunks == 0


def test_removing_the_last_page_empties_the_index(store, embedder, folder):
    save(store, "a.md", "one")
    update(store, embedder, folder)
    store.documents.keep_documents([], agent="ada", source="s")
    assert update(store, embedder, folder)
    assert indexed(store, folder) == []


def test_what_another_process_added_meanwhile_is_not_lost(store, embedder, folder):
    """Two `sources add` at once: the slower one must not put its older view in force."""
    save(store, "a.md", "one")
    update(store, embedder, folder)
    save(store, "b.md", "two")

    def overtaken(done: int, _total: int) -> None:
        if done == 0 and folder.generation() == 1:
            save(store, "c.md", "three")
            update(store, HashEmbedder(dimension=8), folder)

    assert update(store, embedder, folder, overtaken)
    assert sorted(indexed(store, folder)) == ["one", "three", "two"]


class Strange(HashEmbedder):
    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__()
        self.vectors = vectors

    def embed_passages(self, _texts):
        return self.vectors


@pytest.mark.parametrize("vectors", [np.ones((1, 8)), np.full((2, 8), np.nan), np.full((2, 8), np.inf)])
def test_unusable_vectors_are_not_kept(store, folder, vectors):
    save(store, "a.md", "one", "two")
    with pytest.raises(EmbedderError, match="no usable vectors for 2 passages"):
        update(store, Strange(vectors), folder)
    assert store.vectors.vectors("hash", [chunk.hash for chunk in store.documents.chunks_of("ada")]) == {}
    assert folder.load() is None


class TestScale:
    """How the cosines of an engine are read is asked of it once, and kept with the index."""

    def test_it_is_measured_once_and_kept(self, store, folder):
        engine = Distant()
        save(store, "a.md", "one")
        update(store, engine, folder)
        kept = folder.manifest().scale
        assert (kept.unrelated, kept.related) == pytest.approx((0.1, 0.5), abs=0.05)
        assert engine.questions == [question for question, _ in PAIRS]
        save(store, "b.md", "two")
        # Another process, later; that nothing more is measured is seen by what is embedded.
        later = Distant()
        assert update(store, later, folder)
        assert not update(store, later, folder)
        assert (later.questions, later.embedded) == ([], 1)
        assert folder.load().manifest.scale == kept

    def test_another_engine_is_measured_anew(self, store, folder):
        save(store, "a.md", "one")
        update(store, Distant(), folder)
        other = Distant(name="other")
        update(store, other, folder)
        assert len(other.questions) == len(PAIRS)
        longer = Distant(name="other", dimension=300)
        save(store, "b.md", "two")
        update(store, longer, folder)
        assert (folder.manifest().dimension, len(longer.questions)) == (300, len(PAIRS))

    def test_where_confidence_fits_already_nothing_is_asked(self, store, embedder, folder):
        save(store, "a.md", "one")
        update(store, embedder, folder)
        assert (embedder.embedded, folder.manifest().scale) == (1, None)

    def test_without_content_nothing_is_asked(self, store, folder):
        engine = Distant()
        update(store, engine, folder)
        assert (engine.questions, engine.embedded) == ([], 0)
        assert not update(store, engine, folder)

    def test_an_engine_that_fails_then_is_asked_another_time(self, store, folder):
        engine, clock = Distant(), [0.0]
        engine.is_down = True
        indexer = Indexer(store.documents, store.vectors, engine, now=lambda: clock[0])
        save(store, "a.md", "one")
        assert indexer.update(folder, lambda *_: None)
        assert folder.manifest().scale is None
        assert not indexer.update(folder, lambda *_: None)
        assert len(engine.questions) == 1, "not with every sync"
        engine.is_down = False
        clock[0] += 3600
        assert indexer.update(folder, lambda *_: None)
        assert folder.manifest().scale is not None
        assert not indexer.update(folder, lambda *_: None)

    def test_an_index_of_an_earlier_version_gets_it_without_embedding(self, store, folder):
        engine = Distant()
        save(store, "a.md", "one")
        update(store, engine, folder)
        manifest, index = folder.manifest(), folder.load()
        vectors = index.vectors.reconstruct_n(0, 1)
        folder.build(
            store.documents.chunks_of("ada"), vectors, embedder=manifest.embedder, fingerprint=manifest.fingerprint
        )
        assert folder.manifest().scale is None
        later = Distant()
        assert update(store, later, folder)
        assert folder.manifest().scale == manifest.scale
        assert later.embedded == len(PAIRS)

    def test_a_damaged_index_is_made_anew_with_it(self, store, folder):
        save(store, "a.md", "one")
        update(store, Distant(), folder)
        (folder.folder / "current").write_text("garbage")
        update(store, Distant(), folder)
        assert folder.manifest().scale is not None
