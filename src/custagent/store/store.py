"""The store: one database file, and what is kept in it by subject."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from custagent.core.ports import Clock
from custagent.store.audit import Audit
from custagent.store.checks import ChannelChecks
from custagent.store.conversations import SqliteConversationStore, new_conversation_id
from custagent.store.database import Database
from custagent.store.documents import SqliteDocumentStore
from custagent.store.lease import Lease
from custagent.store.ledger import Ledger
from custagent.store.outbox import SqliteOutbox
from custagent.store.pauses import Pauses
from custagent.store.sources import SqliteSourceStates
from custagent.store.totals import Totals
from custagent.store.vectors import SqliteVectorCache
from custagent.store.versions import AppliedVersions


class Store:
    """Opens the workspace's database and hands out its parts. A context manager; or `close()` it.

    Threads may share it; other processes may have the same file open. Every method of every part raises StoreError
    when the database is full, busy for too long, damaged, closed, or of a newer custagent.
    """

    def __init__(
        self, path: Path, clock: Clock, *, make_conversation_id: Callable[[], str] = new_conversation_id
    ) -> None:
        self._database = Database(path)
        self.documents = SqliteDocumentStore(self._database, clock)
        self.vectors = SqliteVectorCache(self._database)
        self.sources = SqliteSourceStates(self._database)
        self.versions = AppliedVersions(self._database)
        self.audit = Audit(self._database)
        self.ledger = Ledger(self._database)
        self.conversations = SqliteConversationStore(self._database, make_conversation_id)
        self.outbox = SqliteOutbox(self._database, clock)
        self.lease = Lease(self._database)
        self.pauses = Pauses(self._database)
        self.checks = ChannelChecks(self._database)
        self.totals = Totals(self._database)

    def check(self) -> None:
        """Look through the whole file, whatever its size. Raises StoreError when it is damaged."""
        self._database.check()

    def close(self) -> None:
        """Finish what was queued and let go of the file. May be called twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
