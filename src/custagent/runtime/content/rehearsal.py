"""An agent with content read afresh, in a database of its own that is thrown away: nothing of the workspace changes.

What files say is read as they say it now. What the web says is what was stored when it was read last: a simulation asks
no other machine. Vectors that the workspace has are taken from it, so that only texts it does not know are embedded.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from custagent.core.agent import AgentDefinition, UrlSource, source_key
from custagent.core.document import Chunk
from custagent.core.ports import Answerer, Embedder, VectorCache
from custagent.core.workspace import Workspace
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.knowledge.ingest import Ingestor
from custagent.knowledge.reading import Listener
from custagent.runtime.bootstrap import Application
from custagent.store.store import Store


class Rehearsal:
    """One agent and its content, as a folder has them. A context manager; what it keeps goes when it is left."""

    def __init__(
        self,
        app: Application,
        agent: AgentDefinition,
        workspace: Workspace,
        *,
        files: Path,
        embedder: Embedder,
        known: Sequence[VectorCache] = (),
    ) -> None:
        """`files` is the folder that the sources' paths are relative to; `known` are caches of vectors besides its own."""
        self._app = app
        self._agent = agent
        self._workspace = workspace
        self._files = files
        self._embedder = embedder
        self._known = known
        self._open = ExitStack()
        #: What could not be read, a sentence each.
        self.problems: list[str] = []
        #: Web sources whose pages are those that were stored before.
        self.from_store: list[str] = []

    def __enter__(self) -> Self:
        folder = Path(self._open.enter_context(TemporaryDirectory(prefix="custagent-")))
        self._store = self._open.enter_context(Store(folder / "rehearsal.db", self._app.clock))
        self.index = IndexFolder(folder / "index", self._agent.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def vectors(self) -> VectorCache:
        """Its own vectors, for the next rehearsal."""
        return self._store.vectors

    @property
    def chunks(self) -> Sequence[Chunk]:
        """All its passages."""
        return self._store.documents.chunks_of(self._agent.name)

    def read(self, listener: Listener) -> Answerer:
        """Read and index everything; who answers from it. Raises EmbedderError, StoreError, ConfigError."""
        asyncio.run(self._read(listener))
        cache = _Layered(self._store.vectors, self._known)
        Indexer(self._store.documents, cache, self._embedder).update(self.index, listener.embedded)
        retriever = HybridRetriever(self.index, self._store.documents, self._embedder)
        return self._app.answerer(self._agent, self._workspace, retriever=retriever)

    async def _read(self, listener: Listener) -> None:
        ingestor = Ingestor(
            root=self._files,
            documents=self._store.documents,
            sources=self._store.sources,
            clock=self._app.clock,
            default_language=self._workspace.default_language,
        )
        async with ingestor:
            for source in self._agent.sources:
                if isinstance(source, UrlSource):
                    self._copy(source, listener)
                    continue
                state = await ingestor.read(self._agent.name, source, listener)
                if state.error:
                    self.problems.append(f"{source.location}: {state.error}")
                self.problems += [f"{place}: {reason}" for place, reason in state.not_read]

    def _copy(self, source: UrlSource, listener: Listener) -> None:
        """Take over what is stored of a web source."""
        name, key, stored = self._agent.name, source_key(source.kind, source.location), self._app.store.documents
        passages = defaultdict(list)
        for chunk in stored.chunks_of(name):
            passages[chunk.location].append(chunk)
        for location in stored.validators(name, key):
            document = stored.document(location)
            if document is not None:
                self._store.documents.save_document(document, passages[location], agent=name, source=key)
                listener.page_read(location)
        if self._store.documents.validators(name, key):
            self.from_store.append(source.location)
        else:
            self.problems.append(
                f"{source.location}: no page of it is stored, so it is left out (custagent sources sync {name})"
            )


class _Layered(VectorCache):
    """A cache that looks into others, and writes into none of them."""

    def __init__(self, own: VectorCache, others: Sequence[VectorCache]) -> None:
        self._own = own
        self._others = others

    def vectors(self, engine: str, hashes: Iterable[str]) -> Mapping[str, bytes]:
        """See the port."""
        wanted = set(hashes)
        found = dict(self._own.vectors(engine, wanted))
        for other in self._others:
            found |= other.vectors(engine, wanted - found.keys())
        return found

    def save_vectors(self, engine: str, vectors: Mapping[str, bytes]) -> None:
        """See the port."""
        self._own.save_vectors(engine, vectors)
