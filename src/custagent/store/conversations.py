"""Conversations and their messages: written down once, changed by whole turns, closed by silence."""

from __future__ import annotations

import secrets
import sqlite3
import string
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from custagent.core.conversation import (
    Begun,
    Contact,
    Conversation,
    ImpossibleTransition,
    Status,
    Threading,
    Turn,
    may_become,
    outcome_of,
)
from custagent.core.errors import Overtaken, UnknownName
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.core.ports import ConversationStore
from custagent.store.database import Database
from custagent.store.lease import check_fence
from custagent.store.ledger import charge_once
from custagent.store.messages import (
    MESSAGE_COLUMNS,
    add_inbound,
    add_message,
    find_inbound,
    has_unhandled,
    mark_handled,
    message_of,
    messages_of,
    reply_kinds,
)
from custagent.store.moments import from_text, to_text
from custagent.store.outbox import drop_queued, queue
from custagent.store.threads import (
    CONVERSATION_COLUMNS,
    CONVERSATIONS,
    Kept,
    close_silent,
    conversation_of,
    find_contact,
    go_on,
    keep_contact,
    latest,
    load,
    note_inbound,
    note_reply,
    open_thread,
    require,
)

#: Letters and digits only: an id never looks like an option of a command.
_ALPHABET = string.ascii_letters + string.digits
#: 131 bits.
_ID_LENGTH = 22

#: A conversation that silence may close: where the agent still owes a reply, it does not (Threading.closes).
_SILENT = (
    "conversations.channel = ? AND conversations.silent_since IS NOT NULL"
    " AND NOT (conversations.status = 'pending' AND EXISTS"
    " (SELECT 1 FROM inbound WHERE inbound.conversation = conversations.id AND inbound.handled = 0))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a user or team has been given."""

    #: Conversations that are open now.
    open: int
    #: When they were last given one, UTC.
    last_at: datetime


def new_conversation_id() -> str:
    """Unguessable, for it stands in links."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


class SqliteConversationStore(ConversationStore):
    """The conversations in the database. Every method is one transaction, durable when it returns."""

    def __init__(self, database: Database, make_id: Callable[[], str] = new_conversation_id) -> None:
        self._database = database
        self._make_id = make_id

    def begin(self, message: InboundMessage, threading: Threading, *, agent: str, at: datetime) -> Begun:
        """Write a contact's message down, once; see the port.

        Within a contact's messages the order is that of writing: the provider's `sent_at` is kept, never used.
        Raises ValueError for a message without an external id, which could not be told from its duplicates.
        """
        return self._database.write(self._beginning(message, threading, agent, at))

    def begin_soon(
        self, message: InboundMessage, threading: Threading, *, agent: str, at: datetime, fence: int = 0
    ) -> Future[Begun]:
        """`begin` for callers that must not block: many at once share a commit (`Database.write_soon`).

        The future raises LeaseHeld when the lease `fence` is not the live one.
        """
        write = self._beginning(message, threading, agent, at)

        def begin(connection: sqlite3.Connection) -> Begun:
            check_fence(connection, fence)
            return write(connection)

        return self._database.write_soon(begin)

    def commit(self, turn: Turn, *, fence: int = 0) -> tuple[Message, ...]:
        """Write everything that a turn changes, or nothing; see the port."""
        _check_turn(turn)
        return self._database.write(lambda connection: _commit(connection, turn, fence))

    def conversation(self, conversation: str) -> Conversation | None:
        """The conversation of this id."""
        kept = self._database.read(lambda connection: load(connection, conversation))
        return kept.conversation if kept else None

    def messages(self, conversation: str, *, after: int = 0) -> tuple[Message, ...]:
        """Its messages with ids above `after`, in order; none for a conversation that is not there."""
        return self._database.read(
            lambda connection: messages_of(connection, "messages.conversation = ?", (conversation,), after)
        )

    def unhandled(self) -> tuple[tuple[Conversation, tuple[Message, ...]], ...]:
        """The agent's conversations with messages that no turn has dealt with, oldest first; see the port."""
        return self._database.read(_unhandled)

    def list(
        self, *, status: Status | None = None, channel: str | None = None, limit: int = 100
    ) -> tuple[Conversation, ...]:
        """Those in which something was said last come first."""
        # Only the conditions that are asked for, so that an index serves the filter and the order.
        asked = {"status": status, "channel": channel}
        filters = {name: str(value) for name, value in asked.items() if value is not None}
        where = " AND ".join(["true", *(f"conversations.{name} = ?" for name in filters)])
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {CONVERSATION_COLUMNS} FROM {CONVERSATIONS} WHERE {where}"  # noqa: S608 - constants of the room
                " ORDER BY conversations.last_message DESC LIMIT ?",
                (*filters.values(), max(limit, 0)),
            ).fetchall()
        )
        return tuple(conversation_of(row) for row in rows)

    def latest(self, channel: str, key: str) -> Conversation | None:
        """The contact's conversation that a message would go on with, or follow; None for a contact not heard of."""

        def find(connection: sqlite3.Connection) -> Conversation | None:
            contact = find_contact(connection, channel, key)
            kept = latest(connection, contact) if contact is not None else None
            return kept.conversation if kept else None

        return self._database.read(find)

    def messages_of_contact(self, channel: str, key: str, *, after: int = 0) -> tuple[Message, ...]:
        """The contact's messages with ids above `after`, of all their conversations on the channel, in order."""
        return self._database.read(
            lambda connection: messages_of(
                connection,
                "messages.conversation IN (SELECT conversations.id FROM conversations"
                " JOIN contacts ON contacts.id = conversations.contact WHERE contacts.channel = ? AND contacts.key = ?)",
                (channel, key),
                after,
            )
        )

    def workload(self) -> Mapping[str, Workload]:
        """What each assignee has, by "user:NAME" or "team:NAME"; those who were never given anything are absent."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT assignee, count(*) FILTER (WHERE status = 'open'), max(assigned_at)"
                " FROM conversations WHERE assignee <> '' GROUP BY assignee"
            ).fetchall()
        )
        return {name: Workload(open=count, last_at=from_text(last_at)) for name, count, last_at in rows}

    def due_for_closing(
        self, threadings: Mapping[str, Threading], at: datetime, *, limit: int = 100
    ) -> tuple[Conversation, ...]:
        """What silence has closed by `at` but nobody has committed yet, longest silent first, by channel (CONV-1).

        `threadings` are the channels' settings by name. Their index leads to these rows alone, however many
        conversations there are.
        """

        def silent(connection: sqlite3.Connection) -> tuple[Conversation, ...]:
            found: list[Conversation] = []
            for channel, threading in threadings.items():
                rows = connection.execute(
                    f"SELECT {CONVERSATION_COLUMNS} FROM {CONVERSATIONS} WHERE {_SILENT}"  # noqa: S608 - constants of the room
                    " AND conversations.silent_since <= ? ORDER BY conversations.silent_since LIMIT ?",
                    (channel, to_text(at - threading.closes_after), max(limit, 0)),
                )
                found += [conversation_of(row) for row in rows]
            return tuple(found[: max(limit, 0)])

        return self._database.read(silent)

    def next_closing_at(self, threadings: Mapping[str, Threading]) -> datetime | None:
        """When silence will close the next conversation, may be in the past; None when it will close none."""

        def first(connection: sqlite3.Connection) -> datetime | None:
            moments = []
            for channel, threading in threadings.items():
                row = connection.execute(
                    f"SELECT silent_since FROM conversations WHERE {_SILENT} ORDER BY silent_since LIMIT 1",  # noqa: S608 - constants of this file
                    (channel,),
                ).fetchone()
                moments += [from_text(row[0]) + threading.closes_after] if row else []
            return min(moments, default=None)

        return self._database.read(first)

    def save_contact(self, contact: Contact) -> None:
        """Take over a contact's name, email and language, such as an address left in the chat (HND-2)."""
        changed = self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE contacts SET name = ?, email = ?, language = ? WHERE id = ?",
                    (contact.name, contact.email, contact.language, contact.id),
                ).rowcount
            )
        )
        if not changed:
            raise UnknownName(f"There is no contact {contact.id}.")

    def _beginning(
        self, message: InboundMessage, threading: Threading, agent: str, at: datetime
    ) -> Callable[[sqlite3.Connection], Begun]:
        if not message.external_id:
            raise ValueError(f"a message on {message.channel} came without an id")
        # Made here, because the write may be run twice.
        spare_id = self._make_id()
        return lambda connection: _begin(connection, message, threading, agent=agent, spare_id=spare_id, at=at)


def _begin(
    connection: sqlite3.Connection,
    message: InboundMessage,
    threading: Threading,
    *,
    agent: str,
    spare_id: str,
    at: datetime,
) -> Begun:
    stored = find_inbound(connection, message.channel, message.external_id)
    if stored is not None:
        kept = require(connection, stored.conversation)
        return Begun(conversation=kept.conversation, message=stored, duplicate=True, new=False)
    contact = keep_contact(connection, message)
    before = _latest_by_now(connection, contact, threading, at)
    if before is None or (before.conversation.status is Status.CLOSED and not threading.reopens):
        new = True
        kept = open_thread(connection, spare_id, contact, agent=agent, at=at)
    else:
        new = before.conversation.status is Status.CLOSED
        kept = before
    status, agent = go_on(kept, agent)
    written = _write_inbound(connection, message, kept.conversation.id, at)
    note_inbound(connection, written, status, agent)
    return Begun(
        conversation=require(connection, written.conversation).conversation, message=written, duplicate=False, new=new
    )


def _latest_by_now(connection: sqlite3.Connection, contact: int, threading: Threading, at: datetime) -> Kept | None:
    """The contact's latest conversation, closed if silence has closed it meanwhile and nobody has noticed."""
    kept = latest(connection, contact)
    if kept is None:
        return None
    unhandled = has_unhandled(connection, kept.conversation.id)
    if not threading.closes(kept.conversation, kept.last_sender, at, unhandled=unhandled):
        return kept
    return close_silent(connection, kept, threading.closes_at(kept.conversation))


def _write_inbound(connection: sqlite3.Connection, message: InboundMessage, conversation: str, at: datetime) -> Message:
    written = add_message(
        connection,
        Message(
            conversation=conversation,
            sender=Sender.CONTACT,
            kind=MessageKind.INBOUND,
            text=message.text,
            at=at,
            language=message.language,
            attachments=message.attachments,
        ),
    )
    add_inbound(connection, message, written)
    return written


def _check_turn(turn: Turn) -> None:
    for message in turn.messages:
        if message.conversation != turn.conversation.id or message.id:
            raise ValueError(f"a turn of {turn.conversation.id} holds a message that is not new, or is another's")
        if message.sender is Sender.CONTACT:
            raise ValueError("contacts' messages are written by `begin`")
    if turn.outcome is not None and turn.status is not Status.CLOSED:
        raise ValueError(f"a turn that leaves the conversation {turn.status.value} has no outcome")


def _commit(connection: sqlite3.Connection, turn: Turn, fence: int) -> tuple[Message, ...]:
    check_fence(connection, fence)
    stored = _stored_for(connection, turn)
    if turn.withdraws:
        drop_queued(connection, stored.id, turn.at)
    if turn.charge is not None:
        charge_once(connection, stored.id, turn.charge, turn.at)
    written = tuple(add_message(connection, message) for message in turn.messages)
    for message in written:
        queue(connection, message, stored.channel)
    if written:
        note_reply(connection, written[-1], turn.at)
    everything = turn.status is Status.CLOSED or any(message.sender is Sender.PERSON for message in written)
    mark_handled(connection, stored.id, None if everything else turn.handled)
    _change(connection, stored, turn)
    return written


def _stored_for(connection: sqlite3.Connection, turn: Turn) -> Conversation:
    """The conversation as it stands, if the turn may still be committed to it."""
    kept = load(connection, turn.conversation.id)
    if kept is None:
        raise UnknownName(
            f"There is no conversation {turn.conversation.id}.", hint="`custagent conversations list` shows them."
        )
    stored = kept.conversation
    if stored.version != turn.conversation.version:
        raise Overtaken(
            f"Conversation {stored.id} has changed meanwhile: it is {stored.status.value} now. Nothing was written.",
            hint=f"Read it again with `custagent conversations show {stored.id}`, then decide anew.",
        )
    if not may_become(stored.status, turn.status):
        raise ImpossibleTransition(f"no event makes a {stored.status.value} conversation {turn.status.value}")
    return stored


def _change(connection: sqlite3.Connection, stored: Conversation, turn: Turn) -> None:
    closed_at, outcome, assignee = None, None, turn.assignee
    if turn.status is Status.CLOSED:
        closed_at = stored.closed_at or turn.at
        outcome = turn.outcome or stored.outcome or outcome_of(stored.status, reply_kinds(connection, stored.id))
        assignee = assignee or stored.assignee
    connection.execute(
        "UPDATE conversations SET status = ?1, agent = ?2, assignee = ?3, language = ?4, closed_at = ?5, outcome = ?6,"
        " closed_from = CASE WHEN ?1 = 'closed' THEN coalesce(closed_from, status) END,"
        " assigned_at = CASE WHEN ?3 = '' THEN NULL WHEN ?3 = assignee THEN assigned_at ELSE ?8 END,"
        " version = version + 1"
        " WHERE id = ?7",
        (
            turn.status.value,
            turn.agent or stored.agent,
            assignee,
            turn.language or stored.language,
            to_text(closed_at) if closed_at else None,
            outcome.value if outcome else None,
            stored.id,
            to_text(turn.at),
        ),
    )


def _unhandled(connection: sqlite3.Connection) -> tuple[tuple[Conversation, tuple[Message, ...]], ...]:
    waiting: dict[str, list[Message]] = {}
    # CROSS JOIN keeps SQLite to this order: few messages wait, many conversations are pending.
    for row in connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM inbound CROSS JOIN conversations ON conversations.id = inbound.conversation"  # noqa: S608 - constants of the room
        " JOIN messages ON messages.id = inbound.message"
        " WHERE inbound.handled = 0 AND conversations.status = 'pending' ORDER BY messages.id"
    ):
        message = message_of(row)
        waiting.setdefault(message.conversation, []).append(message)
    # In the order of the first message of each, which is what a dict keeps.
    return tuple((require(connection, each).conversation, tuple(messages)) for each, messages in waiting.items())
