"""Pages change and generations go live while questions are asked: who asks always finds the page, once, and never in
words that are older than those of the answer before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import Any

import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder

GENERATIONS = 25
READERS = 3
OTHERS = 20


@pytest.fixture
def content(tmp_path) -> Iterator[Content]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as store:
        yield Content(store, IndexFolder(tmp_path / "index", "ada"))


class Content:
    """A page with the price of a lamp, among others."""

    def __init__(self, store: Store, folder: IndexFolder) -> None:
        self.documents, self.vectors = store.documents, store.vectors
        self.folder = folder
        self.embedder = HashEmbedder(dimension=16)
        for number in range(OTHERS):
            self._save(f"other-{number}.md", f"a bell with {number} holes")

    def put(self, price: int) -> None:
        """Let the lamp cost so much, and let that go live."""
        self.save(price)
        self.index()

    def save(self, price: int) -> None:
        """Let the lamp cost so much."""
        self._save("lamp.md", f"the lamp costs {price} kronor")

    def index(self) -> None:
        """Let what is stored go live."""
        Indexer(self.documents, self.vectors, self.embedder).update(self.folder, lambda *_: None)

    def prices(self, stop: Event) -> list[list[int]]:
        """What is found of the lamp, over and over until told to stop, and once more then."""
        # No time passes: whatever came in is looked at with the next question.
        retriever = HybridRetriever(self.folder, self.documents, self.embedder, now=lambda: 0.0)
        found = []
        while True:
            last = stop.is_set()
            found.append([price for price, _ in prices_found(retriever)])
            if last:
                return found

    def _save(self, location: str, text: str) -> None:
        document = Document(location=location, title="Page", language="en", sections=(Section(text=text),))
        chunk = Chunk(location=location, title="Page", text=text, language="en", ordinal=0)
        self.documents.save_document(document, [chunk], agent="ada", source="s")


def test_who_asks_while_generations_change_finds_the_page_once_and_never_in_older_words(content: Any) -> None:
    prices = count(1)
    content.put(next(prices))
    stop = Event()
    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(content.prices, stop) for _ in range(READERS)]
        try:
            for _ in range(GENERATIONS):
                content.put(next(prices))
        finally:
            stop.set()
        seen = [reader.result() for reader in readers]
    assert content.folder.generation() == GENERATIONS + 1
    for found in seen:
        # Between the page being stored and its index going live it is found by its words.
        assert {len(one) for one in found} == {1}, found
        assert found == sorted(found)
        assert found[-1] == [GENERATIONS + 1]


def prices_found(retriever: HybridRetriever) -> list[tuple[int, bool]]:
    """What the lamp costs by each passage that is found, and whether that was found by its words alone."""
    chunks = retriever.retrieve(Search(text="what does the lamp cost in kronor"), limit=OTHERS).chunks
    return [(int(one.chunk.text.split()[3]), one.estimated) for one in chunks if "lamp" in one.chunk.text]


class Changing:
    """The documents of a store, in which something happens right before passages are looked up, so many times."""

    def __init__(self, content: Content, happens: Callable[[], None], times: int) -> None:
        self._documents = content.documents
        self._happens, self._times = happens, times

    def chunks(self, agent: str, ids: Iterable[int]) -> Mapping[int, Chunk]:
        if self._times:
            self._times -= 1
            self._happens()
        return self._documents.chunks(agent, ids)

    def chunks_after(self, agent: str, last: int) -> Sequence[Chunk]:
        return self._documents.chunks_after(agent, last)


def found_while(content: Content, happens: Callable[[], None], times: int = 1) -> list[tuple[int, bool]]:
    """See `prices_found`; `happens` does, while it is searched."""
    documents: Any = Changing(content, happens, times)
    return prices_found(HybridRetriever(content.folder, documents, content.embedder, now=lambda: 0.0))


class TestAPageThatChangesWhileItIsSearchedFor:
    def test_it_is_found_in_its_new_words(self, content: Any) -> None:
        content.put(10)
        assert found_while(content, lambda: content.save(20)) == [(20, True)]

    def test_it_is_found_in_a_new_index(self, content: Any) -> None:
        content.put(10)
        assert found_while(content, lambda: content.put(20)) == [(20, False)]

    def test_it_is_found_when_it_waits_for_the_index_and_changes_again(self, content: Any) -> None:
        content.index()
        content.save(20)
        assert found_while(content, lambda: content.save(30)) == [(30, True)]

    def test_it_is_found_in_the_first_index_there_is(self, content: Any) -> None:
        content.save(10)
        assert found_while(content, lambda: content.put(20)) == [(20, False)]

    def test_one_that_is_removed_is_gone(self, content: Any) -> None:
        content.put(10)
        assert found_while(content, lambda: content.documents.keep_documents([], agent="ada", source="s")) == []

    def test_one_that_never_rests_does_not_keep_anybody_waiting(self, content: Any) -> None:
        prices = count(20)
        content.put(10)
        assert found_while(content, lambda: content.save(next(prices)), times=1000) == []
        assert next(prices) < 100
