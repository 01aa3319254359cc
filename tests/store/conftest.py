"""A database in a temporary file: SQLite is never faked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custagent.core.document import Chunk, Document, Section
from custagent.store import Store
from custagent.store.database import Database
from custagent.testing import FrozenClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "custagent.db"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path) as opened:
        yield opened


@pytest.fixture
def store(path: Path, clock: FrozenClock) -> Iterator[Store]:
    with Store(path, clock) as opened:
        yield opened


@pytest.fixture
def page() -> Callable[..., tuple[Document, list[Chunk]]]:
    """Make a page: its document and one chunk a text."""

    def make(location: str, *texts: str, title: str = "Title", **rest: str) -> tuple[Document, list[Chunk]]:
        document = Document(
            location=location,
            title=title,
            language="en",
            sections=tuple(Section(text=text) for text in texts),
            **rest,
        )
        chunks = [
            Chunk(location=location, title=title, language="en", text=text, ordinal=ordinal)
            for ordinal, text in enumerate(texts)
        ]
        return document, chunks

    return make
