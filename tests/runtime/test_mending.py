"""A damaged index is made anew by itself, while questions are answered by the words of the content (SRC-5, R9)."""

from __future__ import annotations

import logging
import shutil
from threading import Event

import pytest

from custagent.core.errors import EmbedderError
from custagent.core.ports import Search
from custagent.knowledge.index.index import IndexFolder
from custagent.runtime.mending import Mending
from tests.acceptance.conftest import wait_until

SEARCH = Search(text="How long is the warranty?")


def test_a_damaged_index_is_made_anew_while_the_words_answer(live, caplog):
    folder = live.index_folder("support")
    retriever = live.retriever("support")
    expected = retriever.retrieve(SEARCH, limit=1).chunks[0].chunk
    before = live.embedder.embedded
    (folder.folder / "000001" / "vectors.faiss").write_bytes(b"garbage")

    fresh = live.retriever("support")
    with caplog.at_level(logging.WARNING):
        found = fresh.retrieve(SEARCH, limit=1).chunks[0]
        assert (found.chunk, found.estimated) == (expected, True)
        wait_until(lambda: not fresh.retrieve(SEARCH, limit=1).chunks[0].estimated)
    assert fresh.retrieve(SEARCH, limit=1).chunks[0].chunk == expected
    assert live.embedder.embedded == before, "the vectors are in the database"
    assert folder.generation() == 2
    wait_until(lambda: "was damaged, and has been made anew" in caplog.text)


def test_a_missing_index_is_made_anew_while_the_words_answer(live, caplog):
    folder, before = live.index_folder("support"), live.embedder.embedded
    shutil.rmtree(folder.folder)
    retriever = live.retriever("support")
    with caplog.at_level(logging.WARNING):
        assert retriever.retrieve(SEARCH, limit=1).chunks[0].estimated
        wait_until(lambda: not retriever.retrieve(SEARCH, limit=1).chunks[0].estimated)
    assert live.embedder.embedded == before, "the vectors are in the database"
    live.close()
    assert [record.message for record in caplog.records] == [
        "the index of agent 'support' was missing, and has been made anew"
    ]


def test_what_is_being_read_in_for_the_first_time_is_left_to_who_reads_it(tmp_path, caplog):
    folder, slow = IndexFolder(tmp_path, "ada"), Slow()
    mending = Mending(lambda: slow)

    def ended() -> bool:
        mending.begin(folder)
        return slow.updates > 1

    with caplog.at_level(logging.WARNING):
        wait_until(ended)
        mending.close()
    assert (folder.live(), caplog.messages) == (None, [])


class Slow:
    """An indexer that tells how far it is until it is stopped."""

    def __init__(self) -> None:
        self.began, self.updates = Event(), 0

    def update(self, _folder, progress) -> bool:
        self.updates += 1
        while True:
            self.began.set()
            progress(0, 1)


def test_one_is_under_way_at_a_time_and_ends_with_the_workspace(tmp_path, caplog):
    slow = Slow()
    mending, folder = Mending(lambda: slow), IndexFolder(tmp_path, "ada")
    folder.folder.mkdir()
    (folder.folder / "current").write_text("garbage")
    mending.begin(folder)
    assert slow.began.wait(60)
    mending.begin(folder)
    with caplog.at_level(logging.INFO):
        mending.close()
    assert slow.updates == 1
    assert "was not made anew yet" in caplog.text
    mending.begin(folder)
    mending.close()
    assert slow.updates == 1, "nothing begins after the end"


class Broken:
    def update(self, _folder, _progress) -> bool:
        raise EmbedderError("the engine is not there")


def test_what_goes_wrong_is_told_and_tried_again_when_it_is_asked_for(tmp_path, caplog):
    mending = Mending(Broken)
    for _ in range(2):
        mending.begin(IndexFolder(tmp_path, "ada"))
        mending.close()
        mending = Mending(Broken)
    assert caplog.text.count("the index of agent 'ada' cannot be made anew: the engine is not there") == 2


@pytest.fixture(autouse=True)
def _closed(live):
    """Threads must not outlive the database of a test."""
    yield
    live.close()
