"""Documents and their chunks: the same location is stored once and shared by all agents (SRC-8)."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from custagent.core.document import Chunk, Document
from custagent.core.ports import Clock, DocumentStore
from custagent.store.content.pages import Page, link, save_pages, sections_of
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

_CHUNK_COLUMNS = "id, document_id, ordinal, text, heading, anchor, page, language, question, start"
_ChunkRow: TypeAlias = tuple[int, int, int, str, str, str, int | None, str, str, int | None]


class SqliteDocumentStore(DocumentStore):
    """The documents in the database. Every method is one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def document(self, location: str) -> Document | None:
        """The stored document of this location, or None."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT location, title, language, sections, media_type, etag, last_modified, links,"
                " dated, bytes_hash"
                " FROM documents WHERE location = ?",
                (location,),
            ).fetchone()
        )
        if row is None:
            return None
        return Document(
            location=row[0],
            title=row[1],
            language=row[2],
            sections=sections_of(row[3]),
            media_type=row[4],
            etag=row[5],
            last_modified=row[6],
            links=tuple(json.loads(row[7])),
            dated=row[8],
            bytes_hash=row[9],
        )

    def save_document(self, document: Document, chunks: Sequence[Chunk], *, agent: str, source: str) -> None:
        """`save_documents` of one."""
        self.save_documents([(document, chunks)], agent=agent, source=source)

    def save_documents(self, documents: Iterable[tuple[Document, Sequence[Chunk]]], *, agent: str, source: str) -> None:
        """Store whole pages for one source, in one transaction; each replaces the version before (SRC-5).

        Chunks that say the same as before keep their ids, wherever they stand now; the others get new ones. All agents
        that hold a location see the new version; of two versions of one location the last one counts. Raises
        ValueError when a chunk belongs to another document.
        """
        # Hashing is done here, not in the writer thread that everybody waits for.
        pages = {document.location: Page.of(document, chunks) for document, chunks in documents}
        at = to_text(self._clock.now())
        if pages:
            self._database.write(
                lambda connection: save_pages(connection, tuple(pages.values()), agent=agent, source=source, at=at)
            )

    def keep_documents(self, locations: Iterable[str], *, agent: str, source: str) -> int:
        """Drop the source's documents that are not among `locations`; how many went.

        A document that no source of any agent holds any more is deleted.
        """
        kept = json.dumps(list(locations))

        def drop(connection: sqlite3.Connection) -> int:
            rows = connection.execute(
                "SELECT document_id FROM source_documents JOIN documents ON documents.id = document_id"
                " WHERE agent = ? AND source = ? AND location NOT IN (SELECT value FROM json_each(?))",
                (agent, source, kept),
            )
            return unlink(connection, agent, source, [row[0] for row in rows])

        return self._database.write(drop)

    def chunks_of(self, agent: str) -> Sequence[Chunk]:
        """All chunks of the agent's sources, by id."""

        def query(connection: sqlite3.Connection) -> list[Chunk]:
            rows = connection.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks"  # noqa: S608 - the columns are a constant of this file
                " WHERE document_id IN (SELECT document_id FROM source_documents WHERE agent = ?)",
                (agent,),
            )
            return _chunks_from(connection, agent, sorted(rows))

        return self._database.read(query)

    def chunks_after(self, agent: str, last: int) -> Sequence[Chunk]:
        """Those of them with ids above `last`, by id: what was stored since. Where there are none it costs next to nothing."""

        def query(connection: sqlite3.Connection) -> list[Chunk]:
            rows = connection.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE id > ?"  # noqa: S608 - the columns are a constant of this file
                # The sign keeps SQLite from looking through the agent's documents first.
                " AND +document_id IN (SELECT document_id FROM source_documents WHERE agent = ?)",
                (last, agent),
            )
            return _chunks_from(connection, agent, sorted(rows))

        return self._database.read(query)

    def chunks(self, agent: str, ids: Iterable[int]) -> Mapping[int, Chunk]:
        """The chunks among `ids` that the agent's sources still hold, by id."""
        # An index hands out its own kind of integers.
        wanted = json.dumps([int(chunk_id) for chunk_id in ids])

        def query(connection: sqlite3.Connection) -> dict[int, Chunk]:
            rows = connection.execute(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks"  # noqa: S608 - the columns are a constant of this file
                " WHERE id IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM source_documents"
                " WHERE source_documents.document_id = chunks.document_id AND agent = ?)",
                (wanted, agent),
            )
            return {chunk.id: chunk for chunk in _chunks_from(connection, agent, sorted(rows))}

        return self._database.read(query)

    def validators(self, agent: str, source: str) -> Mapping[str, tuple[str, str]]:
        """(etag, last_modified) by location for every document of the source, in the order in which they came.

        What a conditional request needs; "" where the server sent none.
        """
        return self._database.read(
            lambda connection: {
                location: (etag, last_modified)
                for location, etag, last_modified in connection.execute(
                    "SELECT location, etag, last_modified FROM source_documents"
                    " JOIN documents ON documents.id = document_id WHERE agent = ? AND source = ? ORDER BY seq",
                    (agent, source),
                )
            }
        )

    def validators_of_others(self, beginning: str, *, agent: str, source: str) -> Mapping[str, tuple[str, str]]:
        """The same of documents that other sources hold and this one does not, whose location begins so."""
        return self._database.read(
            lambda connection: {
                location: (etag, last_modified)
                for location, etag, last_modified in connection.execute(
                    "SELECT location, etag, last_modified FROM documents WHERE substr(location, 1, length(?1)) = ?1"
                    " AND id NOT IN (SELECT document_id FROM source_documents WHERE agent = ?2 AND source = ?3)"
                    " ORDER BY id",
                    (beginning, agent, source),
                )
            }
        )

    def share(self, locations: Iterable[str], *, agent: str, source: str) -> None:
        """Let the source hold these stored documents too; one that is not stored, or held already, changes nothing."""
        shared = json.dumps(list(locations))

        def share(connection: sqlite3.Connection) -> None:
            rows = connection.execute(
                "SELECT documents.id FROM json_each(?) JOIN documents ON documents.location = json_each.value"
                " ORDER BY json_each.key",
                (shared,),
            ).fetchall()
            link(connection, agent, source, [row[0] for row in rows])

        self._database.write(share)

    def touch(self, locations: Iterable[str]) -> None:
        """Note that these were looked at just now and have not changed."""
        at, touched = to_text(self._clock.now()), json.dumps(list(locations))
        self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE documents SET fetched_at = ? WHERE location IN (SELECT value FROM json_each(?))",
                    (at, touched),
                ).rowcount
            )
        )

    def fetched(self, agent: str, source: str) -> Mapping[str, datetime]:
        """When each document of the source was last fetched or found unchanged, by location."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT location, fetched_at FROM source_documents"
                " JOIN documents ON documents.id = document_id WHERE agent = ? AND source = ? ORDER BY seq",
                (agent, source),
            ).fetchall()
        )
        return {location: from_text(at) for location, at in rows}


def unlink(connection: sqlite3.Connection, agent: str, source: str, document_ids: Sequence[int]) -> int:
    """Take documents from a source, and delete those that nobody holds any more; how many were taken."""
    ids = json.dumps(document_ids)
    taken = connection.execute(
        "DELETE FROM source_documents"
        " WHERE agent = ? AND source = ? AND document_id IN (SELECT value FROM json_each(?))",
        (agent, source, ids),
    ).rowcount
    connection.execute(
        "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM source_documents WHERE document_id = documents.id)",
        (ids,),
    )
    return taken


def _chunks_from(connection: sqlite3.Connection, agent: str, rows: Sequence[_ChunkRow]) -> list[Chunk]:
    """Rows as the agent sees them. Three queries in all, however many rows; titles and sources are shared by them."""
    ids = json.dumps(list({row[1] for row in rows}))
    pages: dict[int, tuple[str, str]] = {
        document_id: (location, title)
        for document_id, location, title in connection.execute(
            "SELECT id, location, title FROM documents WHERE id IN (SELECT value FROM json_each(?))", (ids,)
        )
    }
    sources = _source_locations(connection, agent, ids)
    chunks = []
    for chunk_id, document_id, ordinal, text, heading, anchor, page, language, question, start in rows:
        location, title = pages[document_id]
        chunks.append(
            Chunk(
                id=chunk_id,
                location=location,
                title=title,
                text=text,
                heading=heading,
                anchor=anchor,
                page=page,
                language=language,
                ordinal=ordinal,
                start=start,
                sources=sources.get(document_id, ()),
                question=question,
            )
        )
    return chunks


def _source_locations(connection: sqlite3.Connection, agent: str, ids: str) -> Mapping[int, tuple[str, ...]]:
    """The locations of the agent's sources by document id. A source has none before its first state is saved."""
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for document_id, location in connection.execute(
        "SELECT document_id, location FROM source_documents"
        " JOIN sources ON sources.agent = source_documents.agent AND sources.key = source_documents.source"
        " WHERE source_documents.agent = ? AND document_id IN (SELECT value FROM json_each(?)) ORDER BY sources.id",
        (agent, ids),
    ):
        found[document_id] += (location,)
    return found
