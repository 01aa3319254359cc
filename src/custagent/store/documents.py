"""Documents and their chunks: the same location is stored once and shared by all agents (SRC-8)."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeAlias

from custagent.core.document import Chunk, Document, Section
from custagent.core.ports import Clock, DocumentStore
from custagent.store.database import Database
from custagent.store.moments import from_text, to_text

#: What makes a stored chunk the same as a new one: all but its place. A change in any of it is a new chunk, so an id
#: stands for the same words for ever.
_Identity: TypeAlias = tuple[str, str, str, str, int | None, str, str, str]

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
                "SELECT location, title, language, sections, media_type, etag, last_modified, links"
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
            sections=_sections_of(row[3]),
            media_type=row[4],
            etag=row[5],
            last_modified=row[6],
            links=tuple(json.loads(row[7])),
        )

    def save_document(self, document: Document, chunks: Sequence[Chunk], *, agent: str, source: str) -> None:
        """Store a whole page for one source, in one transaction; it replaces the version before (SRC-5).

        Chunks that say the same as before keep their ids, wherever they stand now; the others get new ones. All agents
        that hold the location see the new version. Raises ValueError when a chunk belongs to another document.
        """
        for chunk in chunks:
            if (chunk.location, chunk.title) != (document.location, document.title):
                raise ValueError(f"a chunk of {chunk.location} ({chunk.title}) was saved with {document.location}")
        # Hashing is done here, not in the writer thread that everybody waits for.
        identified = [(_identity(chunk), chunk) for chunk in chunks]
        at = to_text(self._clock.now())

        def save(connection: sqlite3.Connection) -> None:
            document_id, old_title = _save_page(connection, document, at)
            _save_chunks(connection, document_id, old_title, identified)
            _link(connection, agent, source, document_id)

        self._database.write(save)

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
            for (document_id,) in rows:
                _link(connection, agent, source, document_id)

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


def _save_page(connection: sqlite3.Connection, document: Document, at: str) -> tuple[int, str]:
    """The document's row; its id, and the title that its stored chunks go by."""
    before = connection.execute("SELECT title FROM documents WHERE location = ?", (document.location,)).fetchone()
    row = connection.execute(
        "INSERT INTO documents"
        " (location, title, language, media_type, hash, sections, etag, last_modified, links, fetched_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (location) DO UPDATE SET title = excluded.title, language = excluded.language,"
        " media_type = excluded.media_type, hash = excluded.hash, sections = excluded.sections,"
        " etag = excluded.etag, last_modified = excluded.last_modified, links = excluded.links, fetched_at = excluded.fetched_at"
        " RETURNING id",
        (
            document.location,
            document.title,
            document.language,
            document.media_type,
            document.hash,
            _sections_text(document.sections),
            document.etag,
            document.last_modified,
            json.dumps(document.links),
            at,
        ),
    ).fetchone()
    return row[0], before[0] if before else document.title


def _save_chunks(
    connection: sqlite3.Connection, document_id: int, old_title: str, identified: Sequence[tuple[_Identity, Chunk]]
) -> None:
    stored = _stored_chunks(connection, document_id, old_title)
    moved: list[tuple[int, int | None, int]] = []
    new: list[tuple[int, int, int | None, str, str, str, int | None, str, str, str]] = []
    for identity, chunk in identified:
        if same := stored.get(identity):
            chunk_id, *place = same.popleft()
            if place != [chunk.ordinal, chunk.start]:
                moved.append((chunk.ordinal, chunk.start, chunk_id))
        else:
            rest = (chunk.text, chunk.heading, chunk.anchor, chunk.page, chunk.language, chunk.question, identity[0])
            new.append((document_id, chunk.ordinal, chunk.start, *rest))
    gone = [(chunk_id,) for left in stored.values() for chunk_id, *_ in left]
    connection.executemany("DELETE FROM chunks WHERE id = ?", gone)
    connection.executemany("UPDATE chunks SET ordinal = ?, start = ? WHERE id = ?", moved)
    connection.executemany(
        "INSERT INTO chunks (document_id, ordinal, start, text, heading, anchor, page, language, question, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new,
    )


def _stored_chunks(
    connection: sqlite3.Connection, document_id: int, title: str
) -> Mapping[_Identity, deque[tuple[int, int, int | None]]]:
    """(id, ordinal, start) of the document's chunks by what they say; a page may say the same twice."""
    stored: defaultdict[_Identity, deque[tuple[int, int, int | None]]] = defaultdict(deque)
    for chunk_id, ordinal, start, chunk_hash, *rest in connection.execute(
        "SELECT id, ordinal, start, hash, text, heading, anchor, page, language, question FROM chunks"
        " WHERE document_id = ? ORDER BY ordinal, id",
        (document_id,),
    ):
        text, heading, anchor, page, language, question = rest
        stored[chunk_hash, title, heading, anchor, page, language, question, text].append((chunk_id, ordinal, start))
    return stored


def _identity(chunk: Chunk) -> _Identity:
    return (
        chunk.hash,
        chunk.title,
        chunk.heading,
        chunk.anchor,
        chunk.page,
        chunk.language,
        chunk.question,
        chunk.text,
    )


def _link(connection: sqlite3.Connection, agent: str, source: str, document_id: int) -> None:
    connection.execute(
        "INSERT INTO source_documents (agent, source, document_id, seq) SELECT ?1, ?2, ?3,"
        " (SELECT coalesce(max(seq), 0) + 1 FROM source_documents WHERE agent = ?1 AND source = ?2)"
        " WHERE true ON CONFLICT DO NOTHING",
        (agent, source, document_id),
    )


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


def _sections_text(sections: Sequence[Section]) -> str:
    return json.dumps([asdict(each) for each in sections])


def _sections_of(text: str) -> tuple[Section, ...]:
    return tuple(Section(**{**each, "headings": tuple(each["headings"])}) for each in json.loads(text))
