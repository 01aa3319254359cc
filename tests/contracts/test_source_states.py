"""What every SourceStates promises. An implementation joins by a line in IMPLEMENTATIONS."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custagent.core.document import Chunk, Document, SourceState, SourceStatus
from custagent.core.ports import DocumentStore, SourceStates
from custagent.store import Store
from custagent.testing import FrozenClock


@dataclass(frozen=True, kw_only=True)
class Rooms:
    sources: SourceStates
    #: Pages and chunks are counted from what is stored.
    documents: DocumentStore


@contextmanager
def sqlite(folder: Path) -> Iterator[Rooms]:
    with Store(folder / "custagent.db", FrozenClock()) as store:
        yield Rooms(sources=store.sources, documents=store.documents)


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractContextManager[Rooms]]] = {"sqlite": sqlite}


@pytest.fixture(params=IMPLEMENTATIONS)
def rooms(request, tmp_path) -> Iterator[Rooms]:
    with IMPLEMENTATIONS[request.param](tmp_path) as made:
        yield made


STATE = SourceState(
    key="s1",
    kind="url",
    location="https://help.example",
    status=SourceStatus.STALE,
    error="The site did not answer.",
    problems=(("https://help.example/z", "HTTP 404"), ("https://help.example/a", "HTTP 500")),
    synced_at=datetime(2026, 7, 4, 12, 0, 0, 5, tzinfo=UTC),
)


def save(rooms: Rooms, location: str, pages: list[int | None], *, agent: str = "ada", source: str = "s1") -> None:
    document = Document(location=location, title="T", language="en", sections=())
    chunks = [
        Chunk(location=location, title="T", language="en", text=f"{location} {number}", page=page, ordinal=number)
        for number, page in enumerate(pages)
    ]
    rooms.documents.save_document(document, chunks, agent=agent, source=source)


def test_a_source_that_was_never_read_is_absent(rooms):
    save(rooms, "a", [None])
    assert rooms.sources.source_states("ada") == {}


def test_a_state_comes_back_as_it_was_saved(rooms):
    rooms.sources.save_source_state("ada", STATE)
    assert rooms.sources.source_states("ada") == {"s1": STATE}
    assert rooms.sources.source_states("bob") == {}


def test_the_last_state_counts(rooms):
    rooms.sources.save_source_state("ada", STATE)
    newer = SourceState(key="s1", kind="file", location="a.md", status=SourceStatus.READING)
    rooms.sources.save_source_state("ada", newer)
    assert rooms.sources.source_states("ada") == {"s1": newer}


def test_pages_and_chunks_are_counted_not_believed(rooms):
    rooms.sources.save_source_state("ada", replace(STATE, pages=77, chunks=99))
    rooms.sources.save_source_state("ada", replace(STATE, key="s2"))
    save(rooms, "site/a", [None, None, None])
    save(rooms, "site/empty", [])
    save(rooms, "manual.pdf", [1, 1, 2, 7])
    save(rooms, "site/a", [None, None, None], source="s2")
    save(rooms, "site/b", [None], agent="bob")
    states = rooms.sources.source_states("ada")
    assert (states["s1"].pages, states["s1"].chunks) == (1 + 1 + 3, 3 + 0 + 4)
    assert (states["s2"].pages, states["s2"].chunks) == (1, 3)


def test_a_forgotten_source_takes_its_own_documents_along(rooms):
    for key in ("s1", "s2"):
        rooms.sources.save_source_state("ada", replace(STATE, key=key))
    save(rooms, "a", [None])
    save(rooms, "b", [None])
    save(rooms, "b", [None], source="s2")
    save(rooms, "c", [None])
    save(rooms, "c", [None], agent="bob")
    rooms.sources.forget_source("ada", "s1")
    assert list(rooms.sources.source_states("ada")) == ["s2"]
    assert {chunk.location for chunk in rooms.documents.chunks_of("ada")} == {"b"}
    assert rooms.documents.document("a") is None
    assert rooms.documents.document("c") is not None
    rooms.sources.save_source_state("ada", SourceState(key="s1", kind="url", location="x"))
    assert rooms.sources.source_states("ada")["s1"].problems == ()


def test_forgetting_what_is_not_there(rooms):
    rooms.sources.save_source_state("ada", STATE)
    rooms.sources.forget_source("ada", "unknown")
    rooms.sources.forget_source("bob", "s1")
    assert rooms.sources.source_states("ada") == {"s1": STATE}
