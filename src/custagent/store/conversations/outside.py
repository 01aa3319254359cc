"""What somebody of the company wrote past custagent, such as in the provider's own app: people have taken over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from custagent.core.channel_event import PersonWrote
from custagent.core.conversation import Event, Status, Threading, transition
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.store.conversations.files import keep_attached
from custagent.store.conversations.identities import keep_identities, keyed
from custagent.store.conversations.messages import add_message, mark_handled
from custagent.store.conversations.outbox import drop_queued
from custagent.store.conversations.threads import (
    Kept,
    by_now,
    keep_contact,
    keep_snooze,
    latest,
    note_reply,
    open_thread,
    owes,
)
from custagent.store.database.moments import to_text


def note_person(
    connection: sqlite3.Connection,
    event: PersonWrote,
    threading: Threading,
    *,
    make_id: Callable[[], str],
    at: datetime,
) -> str:
    """The conversation, which people have from now on; what the agent had not sent yet is withdrawn.

    "" where only the thread was taken, and there is none.
    """
    key = keyed(connection, event.channel, event.contact_key, event.identities)
    contact = keep_contact(connection, _as_heard(event, key))
    keep_identities(connection, event.channel, contact, event.identities)
    said = bool(event.text or event.attachments)
    kept = latest(connection, contact)
    if kept is not None:
        kept = by_now(connection, kept, threading, at, unhandled=owes(connection, kept))
    if kept is None or (kept.conversation.status is Status.CLOSED and not threading.reopens):
        if not said:
            return ""
        kept = open_thread(connection, make_id(), contact, agent="", at=at)
    drop_queued(connection, kept.conversation.id, at)
    if said:
        mark_handled(connection, kept.conversation.id)
        _write(connection, event, kept.conversation.id, at)
    _take_over(connection, kept, at, answered=said)
    return kept.conversation.id


def _write(connection: sqlite3.Connection, event: PersonWrote, conversation: str, at: datetime) -> None:
    written = add_message(
        connection,
        Message(
            conversation=conversation,
            sender=Sender.PERSON,
            kind=MessageKind.PERSON,
            text=event.text,
            attachments=event.attachments,
            at=at,
        ),
    )
    keep_attached(connection, written, event.channel)
    note_reply(connection, written, at)
    connection.execute(
        "UPDATE channel_events SET message = ?, conversation = ? WHERE channel = ? AND external_id = ?",
        (written.id, conversation, event.channel, event.external_id),
    )


def _take_over(connection: sqlite3.Connection, kept: Kept, at: datetime, *, answered: bool) -> None:
    """Whoever had it among people keeps it; the contact waits for nobody once something was said."""
    before = kept.conversation
    reopened = before.status is Status.CLOSED or not answered
    status = transition(before.status, Event.TAKEN if reopened else Event.PERSON_REPLIED)
    connection.execute(
        "UPDATE conversations SET status = ?1, closed_from = NULL, closed_at = NULL, outcome = NULL,"
        " waiting_since = CASE WHEN ?2 THEN NULL ELSE coalesce(waiting_since, ?3) END, version = version + 1 WHERE id = ?4",
        (status.value, answered, to_text(at), before.id),
    )
    if before.status is Status.SNOOZED:
        keep_snooze(connection, before.id, None)


def _as_heard(event: PersonWrote, key: str) -> InboundMessage:
    """Whom it was written to, as a message of theirs would tell it."""
    return InboundMessage(
        channel=event.channel, external_id=event.external_id, contact_key=key, text="", sent_at=event.at
    )
