"""A machine without an embedding engine: content is found by its words, with an index that came along or without one."""

from collections.abc import Iterator

import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.core.errors import EmbedderError, EngineMissing
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder


class NoEngine:
    """What the bundled engine is where its package has no build."""

    dimension = 8

    @property
    def name(self):
        raise EngineMissing("no engine here")

    comparable = name

    def embed_passages(self, *_):
        raise EngineMissing("no engine here")

    embed_query = embed_passages

    def release(self) -> None: ...


class Broken(HashEmbedder):
    def embed_passages(self, *_):
        raise EmbedderError("out of reach")


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as opened:
        texts = ("The warranty is two years.", "Returns take thirty days.")
        document = Document(
            location="a.md", title="Page", language="en", sections=tuple(Section(text=text) for text in texts)
        )
        chunks = [
            Chunk(location="a.md", title="Page", text=text, language="en", ordinal=at) for at, text in enumerate(texts)
        ]
        opened.documents.save_document(document, chunks, agent="ada", source="s")
        yield opened


@pytest.fixture
def folder(tmp_path) -> IndexFolder:
    return IndexFolder(tmp_path / "index", "ada")


def found(store: Store, folder: IndexFolder) -> list[tuple[str, bool]]:
    retriever = HybridRetriever(folder, store.documents, NoEngine())
    hits = retriever.retrieve(Search(text="How long is the warranty?"), limit=2).chunks
    return [(one.chunk.text, one.estimated) for one in hits]


def test_no_index_is_built_and_nothing_fails(store, folder):
    indexer = Indexer(store.documents, store.vectors, NoEngine())
    assert indexer.update(folder, lambda *_: None) is False
    assert indexer.upgrade(folder, lambda *_: None) is False
    assert folder.manifest() is None
    assert found(store, folder)[0] == ("The warranty is two years.", True)


def test_an_index_from_another_machine_is_left_aside(store, folder):
    Indexer(store.documents, store.vectors, HashEmbedder(dimension=8)).update(folder, lambda *_: None)
    assert folder.manifest() is not None
    assert found(store, folder) == [("The warranty is two years.", True), ("Returns take thirty days.", True)]


def test_an_engine_that_fails_is_told_all_the_same(store, folder):
    with pytest.raises(EmbedderError, match="out of reach"):
        Indexer(store.documents, store.vectors, Broken(dimension=8)).update(folder, lambda *_: None)
