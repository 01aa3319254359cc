"""What contacts think of the agent's replies: thumbs up or down, the last word counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from custagent.core.errors import UnknownName
from custagent.core.message import MessageKind, Sender, Verdict, may_be_judged
from custagent.store.database import Database
from custagent.store.lease import check_fence
from custagent.store.ledger import take_back_resolution
from custagent.store.moments import to_text


class SqliteFeedback:
    """The verdicts, one a reply."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        message: int,
        verdict: Verdict | None,
        at: datetime,
        *,
        channel: str,
        contact_key: str,
        fence: int = 0,
    ) -> None:
        """Write down what the contact thinks of a reply in place of what they thought before; None takes it back.

        A reply that did not help was no resolution: what was charged for one is given back with it (CRED-4).
        Raises UnknownName for a message that is not a reply of the agent to this contact: whether there is such a
        message at all is none of their business. Raises LeaseHeld.
        """

        def give(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            row = connection.execute(
                "SELECT messages.sender, messages.kind, messages.conversation FROM messages"
                " JOIN conversations ON conversations.id = messages.conversation"
                " JOIN contacts ON contacts.id = conversations.contact"
                " WHERE messages.id = ? AND contacts.channel = ? AND contacts.key = ?",
                (message, channel, contact_key),
            ).fetchone()
            if row is None or not may_be_judged(Sender(row[0]), MessageKind(row[1])):
                raise UnknownName(f"There is no reply {message} to judge.")
            if verdict is None:
                connection.execute("DELETE FROM feedback WHERE message = ?", (message,))
                return
            connection.execute(
                "INSERT INTO feedback (message, conversation, verdict, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (message) DO UPDATE SET verdict = excluded.verdict, at = excluded.at"
                " WHERE verdict <> excluded.verdict",
                (message, row[2], verdict.value, to_text(at)),
            )
            if verdict is Verdict.DOWN:
                take_back_resolution(connection, row[2], at)

        self._database.write(give)

    def verdicts(self, conversation: str) -> Mapping[int, Verdict]:
        """By message id, in order; replies that nobody judged are absent."""
        return self._read("conversation = ?", conversation)

    def verdicts_of_contact(self, channel: str, contact_key: str) -> Mapping[int, Verdict]:
        """The same over all the contact's conversations on the channel."""
        return self._read(
            "conversation IN (SELECT conversations.id FROM conversations"
            " JOIN contacts ON contacts.id = conversations.contact WHERE contacts.channel = ? AND contacts.key = ?)",
            channel,
            contact_key,
        )

    def _read(self, condition: str, *values: str) -> Mapping[int, Verdict]:
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT message, verdict FROM feedback WHERE {condition} ORDER BY message",  # noqa: S608 - constants of this file
                values,
            ).fetchall()
        )
        return {message: Verdict(verdict) for message, verdict in rows}
