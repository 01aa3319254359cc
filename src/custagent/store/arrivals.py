"""Contacts' messages as they arrive: each written down once, into the conversation that it goes on with or begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from custagent.core.conversation import Arrival, Begun, Status, Threading
from custagent.core.message import InboundMessage
from custagent.store.lease import check_fence
from custagent.store.messages import add_inbound, find_inbound
from custagent.store.threads import (
    Kept,
    close_silent,
    keep_contact,
    latest,
    note_inbound,
    open_thread,
    require,
    standing_of,
)


def begin(
    connection: sqlite3.Connection, arrival: Arrival, *, make_id: Callable[[], str], at: datetime, fence: int = 0
) -> Begun:
    """Write one down, within a transaction. `make_id` names a conversation that begins with it.

    Raises LeaseHeld when the lease `fence` is not the live one.
    """
    message = arrival.message
    standing = standing_of(connection, message)
    if fence and standing.fence != fence:
        check_fence(connection, fence)
    if standing.known:
        return _duplicate(connection, message)
    if standing.contact is None:
        contact = keep_contact(connection, message)
        before = latest(connection, contact) if standing.kept else None
    else:
        contact, before = standing.contact, standing.kept
    if before is not None:
        before = _by_now(connection, before, arrival.threading, at, unhandled=standing.unhandled)
    if before is None or (before.conversation.status is Status.CLOSED and not arrival.threading.reopens):
        new = True
        kept = open_thread(connection, make_id(), contact, agent=arrival.agent, at=at)
    else:
        new = before.conversation.status is Status.CLOSED
        kept = before
    written = add_inbound(connection, message, kept.conversation.id, at)
    conversation = note_inbound(connection, written, kept, arrival.agent)
    return Begun(conversation=conversation, message=written, duplicate=False, new=new)


def _duplicate(connection: sqlite3.Connection, message: InboundMessage) -> Begun:
    """What was made of it when it came first."""
    stored = find_inbound(connection, message.channel, message.external_id)
    if stored is None:
        raise LookupError(message.external_id)
    kept = require(connection, stored.conversation)
    return Begun(conversation=kept.conversation, message=stored, duplicate=True, new=False)


def _by_now(connection: sqlite3.Connection, kept: Kept, threading: Threading, at: datetime, *, unhandled: bool) -> Kept:
    """The conversation, closed if silence has closed it meanwhile and nobody has noticed."""
    if not threading.closes(kept.conversation, kept.last_sender, at, unhandled=unhandled):
        return kept
    return close_silent(connection, kept, threading.closes_at(kept.conversation))
