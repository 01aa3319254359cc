"""Conversations and their messages: written down once, changed by whole turns, closed by silence."""

from __future__ import annotations

import secrets
import sqlite3
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime

from custagent.core.conversation import (
    Arrival,
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
from custagent.core.message import InboundMessage, Message, Sender
from custagent.core.ports import ConversationStore
from custagent.store.conversations.arrivals import begin
from custagent.store.conversations.feedback import note_not_helped
from custagent.store.conversations.handoffs import note_handoff
from custagent.store.conversations.messages import (
    add_message,
    mark_handled,
    messages_of,
    reply_kinds,
)
from custagent.store.conversations.outbox import drop_queued
from custagent.store.conversations.outgoing import queue
from custagent.store.conversations.threads import (
    CONVERSATION_COLUMNS,
    CONVERSATIONS,
    conversation_of,
    find_contact,
    keep_snooze,
    latest,
    load,
    note_reply,
)
from custagent.store.conversations.waiting import count_waiting, next_waiting, waiting_in
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text
from custagent.store.ledger.ledger import charge_once

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


def new_conversation_id() -> str:
    """Unguessable, for it stands in links."""
    # One number for all letters: a system call each would cost more than the rest of receiving a message.
    number, letters = secrets.randbelow(len(_ALPHABET) ** _ID_LENGTH), []
    for _ in range(_ID_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


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
        arrival = Arrival(message=message, threading=threading, agent=agent)
        (begun,) = self._database.write(self._beginning([arrival], at))
        return begun

    def begin_all_soon(self, arrivals: Sequence[Arrival], *, at: datetime, fence: int = 0) -> Future[tuple[Begun, ...]]:
        """`begin` for a whole batch, in its order and in one transaction, for callers that must not block.

        What comes twice in it is written once. Batches at the same time share a commit (`Database.write_soon`). The
        future raises LeaseHeld when the lease `fence` is not the live one.
        """
        return self._database.write_soon(self._beginning(arrivals, at, fence))

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

    def message(self, message: int) -> Message | None:
        """The message of this id, whoever said it."""
        found = self._database.read(lambda connection: messages_of(connection, "messages.id = ?", (str(message),), 0))
        return found[0] if found else None

    def unhandled(
        self, *, limit: int = 100, busy: Collection[str] = (), full: Collection[str] = ()
    ) -> tuple[tuple[Conversation, tuple[Message, ...]], ...]:
        """The agent's conversations with messages that no turn has dealt with, oldest first; see the port.

        However much waits, no more of it than that is held in memory.
        """

        def first(connection: sqlite3.Connection) -> tuple[tuple[Conversation, tuple[Message, ...]], ...]:
            found = (waiting_in(connection, each) for each in next_waiting(connection, limit, busy, full))
            return tuple(waiting for waiting in found if waiting is not None)

        return self._database.read(first)

    def unhandled_in(self, conversation: str) -> tuple[Conversation, tuple[Message, ...]] | None:
        """The same of one conversation; None when nothing waits there, or people have it."""
        return self._database.read(lambda connection: waiting_in(connection, conversation))

    def count_unhandled(self) -> Mapping[str, int]:
        """How many of the agents' conversations wait, by channel; where very many do, of those counted that many."""
        return self._database.read(count_waiting)

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
        self, arrivals: Sequence[Arrival], at: datetime, fence: int = 0
    ) -> Callable[[sqlite3.Connection], tuple[Begun, ...]]:
        nameless = next((one.message.channel for one in arrivals if not one.message.external_id), None)
        if nameless is not None:
            raise ValueError(f"a message on {nameless} came without an id")

        def write(connection: sqlite3.Connection) -> tuple[Begun, ...]:
            return tuple(begin(connection, one, make_id=self._make_id, at=at, fence=fence) for one in arrivals)

        return write


def _check_turn(turn: Turn) -> None:
    for message in turn.messages:
        if message.conversation != turn.conversation.id or message.id:
            raise ValueError(f"a turn of {turn.conversation.id} holds a message that is not new, or is another's")
        if message.sender is Sender.CONTACT:
            raise ValueError("contacts' messages are written by `begin`")
    if turn.outcome is not None and turn.status is not Status.CLOSED:
        raise ValueError(f"a turn that leaves the conversation {turn.status.value} has no outcome")
    if turn.snoozed_until is not None and turn.status is not Status.SNOOZED:
        raise ValueError(f"a turn that leaves the conversation {turn.status.value} does not wake by itself")


def _commit(connection: sqlite3.Connection, turn: Turn, fence: int) -> tuple[Message, ...]:
    check_fence(connection, fence)
    stored = _stored_for(connection, turn)
    if turn.withdraws:
        drop_queued(connection, stored.id, turn.at)
    if turn.charge is not None:
        charge_once(connection, stored.id, turn.charge, turn.at)
    written = tuple(add_message(connection, message) for message in turn.messages)
    for message in written:
        queue(connection, message, stored, mailbox=turn.mailbox)
    if written:
        note_reply(connection, written[-1], turn.at)
    note_not_helped(connection, written, turn.at)
    everything = turn.status is Status.CLOSED or any(message.sender is Sender.PERSON for message in written)
    mark_handled(connection, stored.id, None if everything else turn.handled)
    _change(connection, stored, turn)
    note_handoff(connection, turn)
    keep_snooze(connection, stored.id, turn.snoozed_until)
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
        # A snooze stops the timer: the silence begins when it ends, or what wakes would be closed at once (CONV-1).
        " last_message_at = CASE WHEN status = 'snoozed' AND ?1 IN ('open', 'pending') THEN ?8 ELSE last_message_at END,"
        # From the moment at which people have it until one of them has the last word.
        " waiting_since = CASE WHEN ?1 IN ('pending', 'closed') OR ?9 THEN NULL WHEN status = 'pending' THEN ?8"
        " ELSE waiting_since END,"
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
            any(message.sender is Sender.PERSON for message in turn.messages),
        ),
    )
