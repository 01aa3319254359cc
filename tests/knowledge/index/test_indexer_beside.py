"""Two processes that embed the same passages share the work: a terminal that reads content, and the runner beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import BATCH, Indexer
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder
from tests.knowledge.index.test_indexer import Watched, indexed, quiet, save


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(tmp_path / "custagent.db", FrozenClock()) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path) -> IndexFolder:
    return IndexFolder(tmp_path / "index", "ada")


class Slow(HashEmbedder):
    """An engine whose batches take a second of `Watched`'s clock, and that is interrupted before each of them."""

    def __init__(self, watched: Watched, between=lambda: None, **rest) -> None:
        super().__init__(**{"dimension": 8, **rest})
        self._watched, self._between = watched, between

    def embed_passages(self, texts):
        self._between()
        self._watched.time += 1.0
        return super().embed_passages(texts)


def slow_update(store: Store, folder: IndexFolder, between=lambda: None) -> int:
    """How many passages it embedded."""
    watched = Watched(store.vectors)
    engine = Slow(watched, between)
    Indexer(store.documents, watched, engine, now=lambda: watched.time).update(folder, quiet)
    return engine.embedded


def test_what_another_process_embeds_meanwhile_is_taken_from_it(store, folder):
    save(store, "a.md", *(f"text {number}" for number in range(6 * BATCH)))
    theirs = []

    def beside() -> None:
        if not theirs:
            theirs.append(0)  # the other one is not disturbed
        elif theirs == [0]:
            theirs.append(slow_update(store, folder))

    own = slow_update(store, folder, beside)
    assert (own, theirs[1]) == (2 * BATCH, 5 * BATCH), "only the batch at which it was met is embedded by both"
    assert len(set(indexed(store, folder))) == 6 * BATCH


def test_two_processes_that_begin_together_work_towards_each_other(store, folder, tmp_path):
    """Each embeds a batch while the other does: step by step they would do everything twice."""
    texts = 10 * BATCH
    save(store, "a.md", *(f"text {number}" for number in range(texts)))
    mine, yours = threading.Semaphore(0), threading.Semaphore(0)

    def turns(wait: threading.Semaphore, other: threading.Semaphore):
        def step() -> None:
            other.release()
            assert wait.acquire(timeout=60)

        return step

    def other() -> int:
        assert yours.acquire(timeout=60)
        try:
            return slow_update(store, IndexFolder(tmp_path / "beside", "ada"), turns(yours, mine))
        finally:
            mine.release(100)

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(other)
        own = slow_update(store, folder, turns(mine, yours))
        yours.release(100)
        assert texts <= own + beside.result(timeout=60) <= texts + 2 * BATCH


def test_vectors_of_an_engine_as_it_was_before_are_not_taken_for_those_of_another_process(store, folder):
    texts = 3 * BATCH
    save(store, "a.md", *(f"text {number}" for number in range(texts)))
    slow_update(store, folder)
    save(store, "b.md", "new")
    watched = Watched(store.vectors)
    changed = Slow(watched, dimension=16)
    Indexer(store.documents, watched, changed, now=lambda: watched.time).update(folder, quiet)
    assert changed.embedded == 1 + texts + 1
    assert folder.manifest().dimension == 16
