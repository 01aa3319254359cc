"""Passages, agents and whole contents for the answer room. Stores and indexes are real; nothing is faked but models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from custagent.answer.answerer import ContentAnswerer
from custagent.answer.understanding.triggers import Triggers, find_triggers
from custagent.core.agent import AgentDefinition, ConfidenceThresholds
from custagent.core.document import Chunk, Document, ScoredChunk, Section, SourceState
from custagent.core.workspace import Workspace
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.locales import catalogue, languages
from custagent.store import Store
from custagent.testing import FrozenClock, HashEmbedder

WISHES = Path(__file__).resolve().parent.parent / "data"

#: Thresholds that make one outcome certain, whatever the calibration.
THRESHOLDS = {
    "answer": ConfidenceThresholds(answer=0.0, clarify=0.0),
    "clarify": ConfidenceThresholds(answer=1.0, clarify=0.0),
    "rephrase": ConfidenceThresholds(answer=1.0, clarify=1.0),
}


@pytest.fixture(scope="session")
def chunk() -> Callable[..., Chunk]:
    def make(text: str = "Refunds take five days.", **rest: Any) -> Chunk:
        return Chunk(
            **{"location": "https://help.example/refunds", "title": "Refunds", "language": "en", **rest}, text=text
        )

    return make


@pytest.fixture(scope="session")
def scored(chunk) -> Callable[..., ScoredChunk]:
    """A passage of a page with a score: `scored(0.9, "costs", heading="Prices")`; `number` is that of a PDF's page."""

    def make(
        score: float,
        page: str = "refunds",
        text: str = "Refunds take five days.",
        *,
        number: int | None = None,
        **rest: Any,
    ) -> ScoredChunk:
        place = {"location": f"https://help.example/{page}", "title": page.capitalize(), "page": number}
        return ScoredChunk(chunk=chunk(text, **{**place, **rest}), cosine=score, lexical=0.0, score=score)

    return make


@pytest.fixture(scope="session")
def agent() -> Callable[..., AgentDefinition]:
    """An agent; `sure="answer"` makes it answer everything, "clarify" ask back, "rephrase" never know."""

    def make(*, sure: str | None = None, **rest: Any) -> AgentDefinition:
        if sure:
            rest["confidence"] = THRESHOLDS[sure]
        return AgentDefinition(**{"name": "support", **rest})

    return make


class Content:
    """What an agent knows: pages, read into a store and an index."""

    def __init__(self, folder: Path, clock: FrozenClock) -> None:
        self.clock = clock
        self.store = Store(folder / "custagent.db", clock)
        self._folder = IndexFolder(folder / "index", "support")
        self._embedder = HashEmbedder(dimension=256)

    def add(self, chunks: Sequence[Chunk], *, source: str) -> None:
        """Store one page for one source and make it searchable."""
        first = chunks[0]
        sections = tuple(Section(text=one.text) for one in chunks)
        document = Document(location=first.location, title=first.title, language=first.language, sections=sections)
        self.store.documents.save_document(document, chunks, agent="support", source=source)
        kind = "short-answer" if first.question else "file"
        state = SourceState(key=source, kind=kind, location=source)
        self.store.sources.save_source_state("support", state)

    def answerer(self, agent: AgentDefinition, **rest: Any) -> ContentAnswerer:
        """The answerer over everything that was added."""
        documents = self.store.documents
        Indexer(documents, self.store.vectors, self._embedder).update(self._folder, lambda *_: None)
        workspace = rest.pop("workspace", Workspace(name="Spokes"))
        retriever = HybridRetriever(self._folder, documents, self._embedder)
        return ContentAnswerer(**{
            "agent": agent, "workspace": workspace, "retriever": retriever, "clock": self.clock, **rest,
        })  # fmt: skip


@pytest.fixture(scope="module")
def shared_content(tmp_path_factory) -> Iterator[Callable[[], Content]]:
    """Makes contents that several tests read: a database costs more than a test."""
    with ExitStack() as stack:

        def make() -> Content:
            made = Content(tmp_path_factory.mktemp("content"), FrozenClock())
            stack.callback(made.store.close)
            return made

        yield make


@pytest.fixture
def content(tmp_path) -> Iterator[Content]:
    """A content of the test's own."""
    made = Content(tmp_path, FrozenClock())
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def sentences_of() -> Callable[..., list[tuple[str, str]]]:
    """(language, sentence) of these kinds in a file of wishes: each of its lines has a kind, a language, a sentence."""

    def read(file: str, *kinds: str) -> list[tuple[str, str]]:
        lines = (line.split("\t") for line in (WISHES / file).read_text(encoding="utf-8").splitlines())
        return [(language, text) for kind, language, text in lines if kind in kinds]

    return read


@pytest.fixture(scope="session")
def triggered() -> Callable[[str, str], Triggers]:
    """What a text triggers with all catalogues, as an agent reads a message in that language."""
    support = AgentDefinition(name="support")

    def find(text: str, language: str) -> Triggers:
        catalogues = [catalogue(one) for one in sorted(languages(), key=lambda one: one != language)]
        return find_triggers(text, support, catalogues)

    return find
