"""Vectors by the hash of their text: equal text is embedded once, in whatever document or agent it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from custagent.core.ports import VectorCache
from custagent.store.database.database import Database


class SqliteVectorCache(VectorCache):
    """The vectors in the database: a cache that can be computed again, but embedding is by far the dearest step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def vectors(self, engine: str, hashes: Iterable[str]) -> Mapping[str, bytes]:
        """The known ones among `hashes`, as float32 little-endian bytes."""
        wanted = json.dumps(list(hashes))
        return self._database.read(
            lambda connection: dict(
                connection.execute(
                    "SELECT hash, vector FROM vectors WHERE engine = ? AND hash IN (SELECT value FROM json_each(?))",
                    (engine, wanted),
                )
            )
        )

    def save_vectors(self, engine: str, vectors: Mapping[str, bytes]) -> None:
        """Remember these; a known hash gets the new vector."""
        rows = [(engine, text_hash, vector) for text_hash, vector in vectors.items()]
        self._database.write(
            lambda connection: (
                connection.executemany(
                    "INSERT INTO vectors (engine, hash, vector) VALUES (?, ?, ?)"
                    " ON CONFLICT (engine, hash) DO UPDATE SET vector = excluded.vector",
                    rows,
                ).rowcount
            )
        )

    def drop_unused_vectors(self) -> int:
        """Forget the vectors, of every engine, whose text no stored chunk has any more; how many went.

        For the end of a sync. What another process embeds meanwhile is stored as chunks already, so it stays.
        """
        return self._database.write(
            lambda connection: (
                connection.execute(
                    "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.hash = vectors.hash)"
                ).rowcount
            )
        )
