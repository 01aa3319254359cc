"""Generations go live under load: who asks meanwhile always finds the page, once, and never in words that are older
than those of the answer before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import Any

import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.core.ports import Search
from custagent.knowledge.index import IndexFolder
from custagent.knowledge.indexer import Indexer
from custagent.knowledge.retrieve import HybridRetriever
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
        self._save("lamp.md", f"the lamp costs {price} kronor")
        Indexer(self.documents, self.vectors, self.embedder).update(self.folder, lambda *_: None)

    def prices(self, stop: Event) -> list[list[int]]:
        """What is found of the lamp, over and over until told to stop, and once more then."""
        retriever = HybridRetriever(self.folder, self.documents, self.embedder, now=lambda: 0.0)
        found = []
        while True:
            last = stop.is_set()
            chunks = retriever.retrieve(Search(text="what does the lamp cost in kronor"), limit=OTHERS).chunks
            found.append([int(one.chunk.text.split()[3]) for one in chunks if "lamp" in one.chunk.text])
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
