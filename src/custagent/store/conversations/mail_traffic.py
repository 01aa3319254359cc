"""How much mail went to and fro of late: what keeps two machines from answering each other for ever (RFC 3834)."""

from __future__ import annotations

from datetime import datetime

from custagent.store.database.database import Database
from custagent.store.database.moments import to_text

_REPLIES = (
    "SELECT count(*) FROM contacts JOIN conversations ON conversations.contact = contacts.id"
    " JOIN outbox ON outbox.conversation = conversations.id JOIN messages ON messages.id = outbox.message"
    " WHERE contacts.channel = ? AND contacts.key = ? AND messages.at >= ?"
    " AND outbox.sender = 'agent' AND outbox.status NOT IN ('failed', 'dropped') AND messages.kind <> 'disclosure'"
)
_MESSAGES = "SELECT count(*) FROM messages WHERE conversation = ? AND at >= ? AND kind <> 'disclosure'"


class MailTraffic:
    """Counts of what was written. Both raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replies(self, channel: str, contact_key: str, since: datetime) -> int:
        """How many replies of agents the contact was sent since then, or is to be sent."""
        return self._count(_REPLIES, channel, contact_key, to_text(since))

    def messages(self, conversation: str, since: datetime) -> int:
        """How many messages both sides have written in the conversation since then."""
        return self._count(_MESSAGES, conversation, to_text(since))

    def _count(self, query: str, *values: str) -> int:
        return self._database.read(lambda connection: int(connection.execute(query, values).fetchone()[0]))
