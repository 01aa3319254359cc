"""How much there is of what `custagent status` tells, counted by the database."""

from __future__ import annotations

from collections.abc import Mapping

from custagent.core.conversation import Status
from custagent.core.message import DeliveryStatus
from custagent.store.database import Database


class Totals:
    """Counts over all conversations and replies; none reads their texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def conversations(self) -> Mapping[Status, int]:
        """How many conversations there are of each status; every status is there."""
        counted = self._counted("SELECT status, count(*) FROM conversations GROUP BY status")
        return {status: counted.get(status.value, 0) for status in Status}

    def replies(self) -> Mapping[DeliveryStatus, int]:
        """How many replies wait for sending, and how many were given up (dead letters)."""
        counted = self._counted(
            "SELECT 'queued', count(*) FROM outbox WHERE status = 'queued'"
            " UNION ALL SELECT 'failed', count(*) FROM outbox WHERE status = 'failed'"
        )
        return {status: counted[status.value] for status in (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)}

    def _counted(self, query: str) -> dict[str, int]:
        return self._database.read(lambda connection: dict(connection.execute(query).fetchall()))
