"""What the tables of documents have gained since the first. Steps of `migrations`, never edited once they have landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils


def m031_add_chunk_start(database: sqlite_utils.Database) -> None:
    """Where a passage stands in its document; unknown of those that were stored before, until the page is read again."""
    database.executescript("ALTER TABLE chunks ADD COLUMN start INTEGER;")


def m032_add_page_date(database: sqlite_utils.Database) -> None:
    """When a page says that it was changed, and the hash of the bytes that it was read from; "" where not noted."""
    database.executescript(
        "ALTER TABLE documents ADD COLUMN dated TEXT NOT NULL DEFAULT '';"
        "ALTER TABLE documents ADD COLUMN bytes_hash TEXT NOT NULL DEFAULT '';"
    )
