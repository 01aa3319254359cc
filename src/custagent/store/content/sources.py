"""How far each source of each agent has been read."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from custagent.core.document import SourceState, SourceStatus
from custagent.core.ports import SourceStates
from custagent.store.content.documents import unlink
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

#: A paged file counts its pages, everything else is one page (`SourceState.pages`).
_COUNTS = """
    SELECT source, sum(pages), sum(chunks)
    FROM source_documents JOIN (
        SELECT documents.id, max(1, count(DISTINCT chunks.page)) AS pages, count(chunks.document_id) AS chunks
        FROM documents LEFT JOIN chunks ON chunks.document_id = documents.id
        WHERE documents.id IN (SELECT document_id FROM source_documents WHERE agent = ?1)
        GROUP BY documents.id
    ) AS counted ON counted.id = document_id
    WHERE agent = ?1 GROUP BY source
"""


class SqliteSourceStates(SourceStates):
    """The sources' states in the database, counted from the documents beside them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def source_states(self, agent: str) -> Mapping[str, SourceState]:
        """By key, in the order in which they were first saved; a source that was never read is absent."""
        return self._database.read(lambda connection: _states(connection, agent))

    def save_source_state(self, agent: str, state: SourceState) -> None:
        """Replace what was known of one source. `pages` and `chunks` are not taken over but counted when read."""
        synced_at = to_text(state.synced_at) if state.synced_at else None

        def save(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO sources (agent, key, kind, location, status, error, synced_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (agent, key) DO UPDATE SET kind = excluded.kind, location = excluded.location,"
                " status = excluded.status, error = excluded.error, synced_at = excluded.synced_at",
                (agent, state.key, state.kind, state.location, state.status.value, state.error, synced_at),
            )
            connection.execute("DELETE FROM source_problems WHERE agent = ? AND key = ?", (agent, state.key))
            connection.executemany(
                "INSERT INTO source_problems (agent, key, position, location, reason) VALUES (?, ?, ?, ?, ?)",
                [(agent, state.key, position, *problem) for position, problem in enumerate(state.problems)],
            )

        self._database.write(save)

    def forget_source(self, agent: str, key: str) -> None:
        """Drop the source, its documents that no other source holds, and its state. Unknown ones are no error."""
        self._database.write(lambda connection: _forget(connection, agent, key))

    def forget_agent(self, agent: str) -> None:
        """Drop all sources of a deleted agent, in one transaction."""

        def forget(connection: sqlite3.Connection) -> None:
            keys = connection.execute(
                "SELECT source FROM source_documents WHERE agent = ?1 UNION SELECT key FROM sources WHERE agent = ?1",
                (agent,),
            ).fetchall()
            for (key,) in keys:
                _forget(connection, agent, key)

        self._database.write(forget)


def _forget(connection: sqlite3.Connection, agent: str, key: str) -> None:
    rows = connection.execute("SELECT document_id FROM source_documents WHERE agent = ? AND source = ?", (agent, key))
    unlink(connection, agent, key, [row[0] for row in rows])
    # Its problems go with it.
    connection.execute("DELETE FROM sources WHERE agent = ? AND key = ?", (agent, key))


def _states(connection: sqlite3.Connection, agent: str) -> dict[str, SourceState]:
    counts = {key: (pages, chunks) for key, pages, chunks in connection.execute(_COUNTS, (agent,))}
    problems: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, location, reason in connection.execute(
        "SELECT key, location, reason FROM source_problems WHERE agent = ? ORDER BY key, position", (agent,)
    ):
        problems[key].append((location, reason))
    states = {}
    for key, kind, location, status, error, synced_at in connection.execute(
        "SELECT key, kind, location, status, error, synced_at FROM sources WHERE agent = ? ORDER BY id", (agent,)
    ):
        pages, chunks = counts.get(key, (0, 0))
        states[key] = SourceState(
            key=key,
            kind=kind,
            location=location,
            status=SourceStatus(status),
            pages=pages,
            chunks=chunks,
            error=error,
            problems=tuple(problems[key]),
            synced_at=from_text(synced_at) if synced_at else None,
        )
    return states
