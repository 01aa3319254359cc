"""What contacts think of the agent's replies: thumbs up or down, the last word counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from custagent.core.answer import Reason
from custagent.core.errors import UnknownName
from custagent.core.message import CHARGED_KINDS, Message, MessageKind, Sender, Verdict, may_be_judged
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import to_text
from custagent.store.ledger.ledger import take_back_resolution

_JUDGED = ", ".join(f"'{kind.value}'" for kind in sorted(CHARGED_KINDS))


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
            _write_down(connection, message, row[2], verdict, at)

        self._database.write(give)

    def judge(
        self, message: int, verdict: Verdict | None, at: datetime, *, conversation: str, author: str, audit: AuditEntry
    ) -> None:
        """Write down what a person here thinks of a reply, in place of what a colleague thought; None takes it back.

        What contacts think of it stays beside it. Raises UnknownName for what is no reply of the agent to a question in
        this conversation.
        """

        def judge(connection: sqlite3.Connection) -> None:
            row = connection.execute(
                "SELECT sender, kind FROM messages WHERE id = ? AND conversation = ?", (message, conversation)
            ).fetchone()
            if row is None or not may_be_judged(Sender(row[0]), MessageKind(row[1])):
                told = f"no reply {message}" if message else "no reply"
                raise UnknownName(
                    f"There is {told} of the agent to judge in {conversation}.",
                    hint=f"What was said there: custagent inbox show {conversation}",
                )
            connection.execute("DELETE FROM judgements WHERE message = ?", (message,))
            if verdict is not None:
                connection.execute(
                    "INSERT INTO judgements (message, conversation, author, verdict, at) VALUES (?, ?, ?, ?, ?)",
                    (message, conversation, author, verdict.value, to_text(at)),
                )
            add_entry(connection, audit)

        self._database.write(judge)

    def judgements(self, conversation: str) -> Mapping[int, tuple[Verdict, str]]:
        """By message id, in order: what a person here thinks of the reply, and who; replies nobody judged are absent."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT message, verdict, author FROM judgements WHERE conversation = ? ORDER BY message",
                (conversation,),
            ).fetchall()
        )
        return {message: (Verdict(verdict), author) for message, verdict, author in rows}

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


def note_not_helped(connection: sqlite3.Connection, written: Sequence[Message], at: datetime) -> None:
    """Where the agent has just understood that its last reply did not help, that reply is judged so, as by a thumb."""
    heard = next((message for message in written if message.reason == Reason.NOT_HELPED.value), None)
    if heard is None:
        return
    row = connection.execute(
        f"SELECT max(id) FROM messages WHERE conversation = ? AND id < ? AND sender = ? AND kind IN ({_JUDGED})",  # noqa: S608 - constants of this file
        (heard.conversation, heard.id, Sender.AGENT.value),
    ).fetchone()
    if row[0] is not None:
        _write_down(connection, row[0], heard.conversation, Verdict.DOWN, at)


def _write_down(
    connection: sqlite3.Connection, message: int, conversation: str, verdict: Verdict, at: datetime
) -> None:
    connection.execute(
        "INSERT INTO feedback (message, conversation, verdict, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (message) DO UPDATE SET verdict = excluded.verdict, at = excluded.at"
        " WHERE verdict <> excluded.verdict",
        (message, conversation, verdict.value, to_text(at)),
    )
    if verdict is Verdict.DOWN:
        take_back_resolution(connection, conversation, at)
