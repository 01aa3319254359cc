"""Contacts' messages as they arrive: each written down once, into the conversation that it goes on with or begins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime

from custagent.core.conversation import Arrival, Begun, Status
from custagent.core.message import InboundMessage, Message
from custagent.store.conversations.edits import change_at_once
from custagent.store.conversations.files import keep_attached
from custagent.store.conversations.identities import keep_identities, known_as
from custagent.store.conversations.left_to_people import is_opted_out, leave_to_people, opt
from custagent.store.conversations.messages import add_inbound, find_inbound
from custagent.store.conversations.threads import (
    Kept,
    Standing,
    by_now,
    keep_contact,
    latest,
    load,
    note_inbound,
    open_thread,
    owes,
    require,
    standing_of,
)
from custagent.store.database.lease import check_fence


def begin(
    connection: sqlite3.Connection, arrival: Arrival, *, make_id: Callable[[], str], at: datetime, fence: int = 0
) -> Begun:
    """Write one down, within a transaction. `make_id` names a conversation that begins with it.

    Raises LeaseHeld when the lease `fence` is not the live one.
    """
    message = arrival.message
    if message.identities:
        message = known_as(connection, message)
    standing = standing_of(connection, message)
    if fence and standing.fence != fence:
        check_fence(connection, fence)
    if standing.known:
        return _duplicate(connection, message)
    kept, new = _thread(connection, arrival, message, standing, make_id=make_id, at=at)
    written = add_inbound(connection, message, kept.conversation.id, at)
    conversation = note_inbound(connection, written, kept, arrival.agent)
    begun = Begun(conversation=conversation, message=written, duplicate=False, new=new)
    return begun if _is_plain(message) and not arrival.opts else _with_the_rest(connection, arrival, begun, message, at)


def _thread(
    connection: sqlite3.Connection,
    arrival: Arrival,
    message: InboundMessage,
    standing: Standing,
    *,
    make_id: Callable[[], str],
    at: datetime,
) -> tuple[Kept, bool]:
    """The conversation that the message goes on with or begins, and whether it is new, or reopened by it."""
    contact, unhandled = standing.contact, standing.unhandled
    before = _named(connection, message.thread) if message.thread else None
    if before is not None:
        unhandled = owes(connection, before)
    else:
        if contact is None:
            contact = keep_contact(connection, message)
            before = latest(connection, contact) if standing.kept else None
        else:
            before = standing.kept
        if message.thread is not None:
            before = None
    if before is not None:
        before = by_now(connection, before, arrival.threading, at, unhandled=unhandled)
    if before is None or (before.conversation.status is Status.CLOSED and not arrival.threading.reopens):
        if contact is None:
            contact = keep_contact(connection, message)
        agent = "" if message.for_people else arrival.agent
        return open_thread(connection, make_id(), contact, agent=agent, at=at), True
    return before, before.conversation.status is Status.CLOSED


def _named(connection: sqlite3.Connection, conversation: str) -> Kept | None:
    """The conversation that the channel says the message belongs to, whatever channel that began on."""
    kept = load(connection, conversation)
    return None if kept is None or kept.conversation.imported else kept


def _is_plain(message: InboundMessage) -> bool:
    """Whether its text is all that there is to it, as with most of the live chat."""
    return not (message.identities or message.attachments or message.reply_details or message.for_people)


def _with_the_rest(
    connection: sqlite3.Connection, arrival: Arrival, begun: Begun, message: InboundMessage, at: datetime
) -> Begun:
    """Note who the contact is, how to reply, and the files; leave it to people, or change it, where that is due."""
    conversation, written = begun.conversation, begun.message
    if message.identities:
        keep_identities(connection, conversation.contact.channel, conversation.contact.id, message.identities)
    if message.identities or message.reply_details:
        _keep_reply_way(connection, message, written)
    keep_attached(connection, written, message.channel)
    changed = change_at_once(connection, message.channel, message.external_id, written.id)
    if arrival.opts:
        opt(connection, conversation, written, arrival, at)
    elif message.for_people or is_opted_out(connection, conversation):
        leave_to_people(connection, conversation, written, arrival, at)
    elif not changed:
        return begun
    return Begun(
        conversation=require(connection, conversation.id).conversation,
        message=find_inbound(connection, message.channel, message.external_id) or written,
        duplicate=False,
        new=begun.new,
    )


def _keep_reply_way(connection: sqlite3.Connection, message: InboundMessage, written: Message) -> None:
    connection.execute(
        "INSERT INTO reply_ways (message, conversation, contact_key, details) VALUES (?, ?, ?, ?)",
        (written.id, written.conversation, message.contact_key, json.dumps(dict(message.reply_details))),
    )


def _duplicate(connection: sqlite3.Connection, message: InboundMessage) -> Begun:
    """What was made of it when it came first."""
    stored = find_inbound(connection, message.channel, message.external_id)
    if stored is None:
        raise LookupError(message.external_id)
    kept = require(connection, stored.conversation)
    return Begun(conversation=kept.conversation, message=stored, duplicate=True, new=False)
