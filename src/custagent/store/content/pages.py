"""Writes pages with their passages: many in one transaction, each with as few statements as can be."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from custagent.core.document import Chunk, Document, Section

#: What makes a stored chunk the same as a new one: all but its place. A change in any of it is a new chunk, so an id
#: stands for the same words for ever.
_Identity: TypeAlias = tuple[str, str, str, str, int | None, str, str, str]
#: document_id, ordinal, start, text, heading, anchor, page, language, question, hash
_NewChunk: TypeAlias = tuple[int, int, int | None, str, str, str, int | None, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document as it is written. Made before the writer thread takes it, for everybody waits for that."""

    document: Document
    chunks: Sequence[Chunk]
    #: Of the chunks.
    hashes: Sequence[str]
    #: Of the document, and its sections as they are stored.
    hash: str
    sections: str

    @classmethod
    def of(cls, document: Document, chunks: Sequence[Chunk]) -> Self:
        """Raises ValueError when a chunk belongs to another document."""
        for chunk in chunks:
            if (chunk.location, chunk.title) != (document.location, document.title):
                raise ValueError(f"a chunk of {chunk.location} ({chunk.title}) was saved with {document.location}")
        return cls(
            document=document,
            chunks=chunks,
            hashes=[chunk.hash for chunk in chunks],
            hash=document.hash,
            sections=_text_of(document.sections),
        )


def save_pages(connection: sqlite3.Connection, pages: Sequence[Page], *, agent: str, source: str, at: str) -> None:
    """Store them for the source, each in place of the version before; no two of them are of one location."""
    locations = json.dumps([page.document.location for page in pages])
    stored: dict[str, tuple[int, str]] = {
        location: (document_id, title)
        for location, document_id, title in connection.execute(
            "SELECT location, id, title FROM documents WHERE location IN (SELECT value FROM json_each(?))",
            (locations,),
        )
    }
    ids: list[int] = []
    new: list[_NewChunk] = []
    for page in pages:
        before = stored.get(page.document.location)
        document_id = _save_document(connection, page, before[0] if before else None, at)
        if before is None:
            new += [_row(document_id, *one) for one in zip(page.hashes, page.chunks, strict=True)]
        else:
            new += _changed_chunks(connection, page, *before)
        ids.append(document_id)
    connection.executemany(
        "INSERT INTO chunks (document_id, ordinal, start, text, heading, anchor, page, language, question, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new,
    )
    link(connection, agent, source, ids)


def link(connection: sqlite3.Connection, agent: str, source: str, document_ids: Sequence[int]) -> None:
    """Let the source hold these documents, after those that it holds; what it holds already stays where it is."""
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM source_documents WHERE agent = ? AND source = ?", (agent, source)
    ).fetchone()
    held = {
        document_id
        for (document_id,) in connection.execute(
            "SELECT document_id FROM source_documents"
            " WHERE agent = ? AND source = ? AND document_id IN (SELECT value FROM json_each(?))",
            (agent, source, json.dumps(document_ids)),
        )
    }
    fresh = [document_id for document_id in dict.fromkeys(document_ids) if document_id not in held]
    connection.executemany(
        "INSERT INTO source_documents (agent, source, document_id, seq) VALUES (?, ?, ?, ?)",
        [(agent, source, document_id, seq) for seq, document_id in enumerate(fresh, last + 1)],
    )


def _save_document(connection: sqlite3.Connection, page: Page, document_id: int | None, at: str) -> int:
    """Write the document's row, a new one where there is no id; its id."""
    document = page.document
    row = (
        document.title,
        document.language,
        document.media_type,
        page.hash,
        page.sections,
        document.etag,
        document.last_modified,
        json.dumps(document.links),
        document.dated,
        document.bytes_hash,
        at,
    )
    if document_id is not None:
        connection.execute(
            "UPDATE documents SET title = ?, language = ?, media_type = ?, hash = ?, sections = ?, etag = ?,"
            " last_modified = ?, links = ?, dated = ?, bytes_hash = ?, fetched_at = ? WHERE id = ?",
            (*row, document_id),
        )
        return document_id
    made = connection.execute(
        "INSERT INTO documents"
        " (title, language, media_type, hash, sections, etag, last_modified, links, dated, bytes_hash, fetched_at, location)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, document.location),
    )
    assert made.lastrowid is not None  # noqa: S101 - one row was inserted
    return made.lastrowid


def _changed_chunks(connection: sqlite3.Connection, page: Page, document_id: int, old_title: str) -> list[_NewChunk]:
    """Move the document's stored chunks to their new places, and delete those that are not said any more; the new ones.

    Chunks that say the same as before keep their ids, wherever they stand now.
    """
    stored = _stored_chunks(connection, document_id, old_title)
    moved: list[tuple[int, int | None, int]] = []
    new: list[_NewChunk] = []
    for chunk_hash, chunk in zip(page.hashes, page.chunks, strict=True):
        if same := stored.get(_identity(chunk_hash, chunk)):
            chunk_id, *place = same.popleft()
            if place != [chunk.ordinal, chunk.start]:
                moved.append((chunk.ordinal, chunk.start, chunk_id))
        else:
            new.append(_row(document_id, chunk_hash, chunk))
    gone = [(chunk_id,) for left in stored.values() for chunk_id, *_ in left]
    connection.executemany("DELETE FROM chunks WHERE id = ?", gone)
    connection.executemany("UPDATE chunks SET ordinal = ?, start = ? WHERE id = ?", moved)
    return new


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


def _identity(chunk_hash: str, chunk: Chunk) -> _Identity:
    return (
        chunk_hash,
        chunk.title,
        chunk.heading,
        chunk.anchor,
        chunk.page,
        chunk.language,
        chunk.question,
        chunk.text,
    )


def _row(document_id: int, chunk_hash: str, chunk: Chunk) -> _NewChunk:
    rest = (chunk.text, chunk.heading, chunk.anchor, chunk.page, chunk.language, chunk.question, chunk_hash)
    return (document_id, chunk.ordinal, chunk.start, *rest)


def _text_of(sections: Sequence[Section]) -> str:
    # Written out: `asdict` takes longer than all the rest of storing a page.
    return json.dumps(
        [
            {
                "text": one.text,
                "headings": one.headings,
                "anchor": one.anchor,
                "page": one.page,
                "links_only": one.links_only,
            }
            for one in sections
        ]
    )


def sections_of(text: str) -> tuple[Section, ...]:
    """What was stored of a document's sections."""
    return tuple(Section(**{**each, "headings": tuple(each["headings"])}) for each in json.loads(text))
