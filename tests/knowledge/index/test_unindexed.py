"""What is stored and in no index yet is put together again when there is more, but not with every question."""

from __future__ import annotations

import numpy as np

from custagent.core.document import Chunk
from custagent.knowledge.index.unindexed import Unindexed, Waiting


class Stored:
    """Documents of one agent that grow, and how often they were asked for."""

    def __init__(self, *texts: str) -> None:
        self.asked: list[int] = []
        self.chunks: list[Chunk] = []
        self.add(*texts)

    def add(self, *texts: str) -> None:
        for text in texts:
            number = len(self.chunks) + 1
            self.chunks.append(Chunk(id=number, location=f"{number}.md", title="", text=text, language="en"))

    def chunks_after(self, agent: str, last: int) -> list[Chunk]:
        assert agent == "ada"
        self.asked.append(last)
        return [chunk for chunk in self.chunks if chunk.id > last]


class Watch:
    """Seconds; putting words together takes `cost` of them."""

    def __init__(self, cost: float = 0.0) -> None:
        self.time, self.cost = 0.0, cost

    def __call__(self) -> float:
        self.time += self.cost
        return self.time


def scores(waiting: Waiting, query: str) -> list[float]:
    found = np.zeros(len(waiting.chunk_ids), dtype=np.float32)
    for postings in waiting.postings:
        postings.add_scores(query, found)
    return found.tolist()


def test_only_what_comes_after_the_index_waits():
    stored = Stored("a bell", "a lamp", "a lock")
    waiting = Unindexed(stored, "ada", now=Watch()).after(2)
    assert waiting.chunk_ids == (3,)
    assert scores(waiting, "lock") > [0]


def test_nothing_new_is_nothing():
    assert Unindexed(Stored("a bell"), "ada", now=Watch()).after(1) == Waiting()


def test_what_is_known_is_not_read_again():
    stored = Stored("a bell", "a lamp")
    unindexed = Unindexed(stored, "ada", now=Watch())
    first = unindexed.after(0)
    assert unindexed.after(0) is first
    stored.add("a red lamp")
    second = unindexed.after(0)
    assert stored.asked == [0, 2, 2]
    assert second.chunk_ids == (1, 2, 3)
    bell, lamp, red = scores(second, "red lamp")
    assert bell == 0 < lamp < red


def test_a_newer_index_holds_what_waited():
    stored = Stored("a bell", "a lamp")
    unindexed = Unindexed(stored, "ada", now=Watch())
    assert unindexed.after(0).chunk_ids == (1, 2)
    assert unindexed.after(2) == Waiting()
    assert unindexed.after(1).chunk_ids == (2,), "an older one may come back when the newer is damaged"


def test_while_much_comes_in_it_is_not_put_together_with_every_question():
    stored, watch = Stored("a bell"), Watch(cost=1.0)
    unindexed = Unindexed(stored, "ada", now=watch)
    assert unindexed.after(0).chunk_ids == (1,)
    stored.add("a lamp")
    assert unindexed.after(0).chunk_ids == (1,), "it took a second, so twenty are let pass"
    watch.time += 20
    assert unindexed.after(0).chunk_ids == (1, 2)
