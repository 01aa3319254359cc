"""Pages are stored several at a time, each whole, in their order, and none is told of before it is in."""

from __future__ import annotations

import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.core.errors import StoreError
from custagent.knowledge.arriving import APART, MOST_CHARS, MOST_PAGES, Arriving


class Stored:
    """A store that notes what came together."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.full = False

    def save_documents(self, documents, *, agent: str, source: str) -> None:
        assert (agent, source) == ("ada", "site")
        if self.full:
            raise StoreError("the disk is full")
        self.groups.append([document.location for document, _ in documents])


class House:
    """A store, a clock that stands, and what was told."""

    def __init__(self) -> None:
        self.store, self.time, self.told = Stored(), 100.0, []
        self.arriving = Arriving(self.store, agent="ada", source="site", stored=self.told.append, now=lambda: self.time)

    def add(self, *locations: str, text: str = "a bell") -> None:
        for location in locations:
            document = Document(location=location, title="T", language="en", sections=(Section(text=text),))
            self.arriving.add(document, [Chunk(location=location, title="T", language="en", text=text)])


@pytest.fixture
def house() -> House:
    return House()


def test_pages_that_come_fast_are_stored_together_and_told_in_their_order(house):
    house.add("a", "b", "c")
    assert house.store.groups == [["a"]], "the first one at once"
    assert house.told == ["a"]
    house.arriving.store()
    assert house.store.groups == [["a"], ["b", "c"]]
    assert house.told == ["a", "b", "c"]
    house.arriving.store()
    assert len(house.store.groups) == 2, "nothing is stored twice"


def test_pages_that_come_slowly_are_stored_one_by_one(house):
    for location in "abc":
        house.add(location)
        house.time += APART
    assert house.store.groups == [["a"], ["b"], ["c"]]


def test_so_many_pages_are_not_kept_waiting(house):
    house.add(*(str(number) for number in range(MOST_PAGES + 2)))
    assert [len(group) for group in house.store.groups] == [1, MOST_PAGES]


def test_so_much_text_is_not_kept_waiting(house):
    half = "x" * (MOST_CHARS // 2)
    house.add("a")
    house.add("b", "c", "d", text=half)
    assert house.store.groups == [["a"], ["b", "c"]]


def test_what_could_not_be_stored_is_not_told_and_not_tried_again(house):
    house.add("a", "b")
    house.store.full = True
    with pytest.raises(StoreError, match="the disk is full"):
        house.arriving.store()
    house.arriving.store()
    assert house.told == ["a"]
