"""What channels tell beside contacts' messages and the fate of replies: taken once, however often it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from custagent.core.channel_event import ChannelEvent, IdentitiesChanged, MessageChanged, PersonWrote, Unread
from custagent.core.conversation import Conversation, Threading
from custagent.core.errors import UnknownName
from custagent.store.conversations.edits import change_message
from custagent.store.conversations.identities import change_identities
from custagent.store.conversations.outside import note_person
from custagent.store.conversations.threads import load
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text

#: Providers tell the same again for at most a week; then what stands in no conversation goes.
EVENTS_KEPT = timedelta(days=30)
#: Items that nobody can read which are kept of one channel; beyond, the oldest go.
MOST_UNREAD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadItem:
    """Something that this version cannot read, as it is kept."""

    id: int
    channel: str
    #: The provider's name of its kind.
    kind: str
    #: Masked JSON.
    content: str
    #: When it came, UTC.
    at: datetime


class ChannelNews:
    """The other half of what comes in: events, and how far channels have been read."""

    def __init__(self, database: Database, make_id: Callable[[], str]) -> None:
        self._database = database
        self._make_id = make_id

    def take_soon(
        self,
        events: Sequence[ChannelEvent],
        at: datetime,
        *,
        threadings: Mapping[str, Threading],
        fence: int = 0,
    ) -> Future[tuple[Conversation, ...]]:
        """Write down what follows from them, in their order and in one transaction; the conversations that changed.

        Texts are masked. What was taken before changes nothing. `threadings` tells by channel how its conversations end.
        The future raises LeaseHeld when the lease `fence` is not the live one.
        """

        def take(connection: sqlite3.Connection) -> tuple[Conversation, ...]:
            check_fence(connection, fence)
            _forget(connection, at - EVENTS_KEPT)
            changed: dict[str, None] = {}
            for event in events:
                conversation = self._take(connection, event, threadings, at)
                if conversation:
                    changed[conversation] = None
            kept = (load(connection, conversation) for conversation in changed)
            return tuple(one.conversation for one in kept if one is not None)

        return self._database.write_soon(take)

    def remember_soon(self, channel: str, value: str, *, fence: int = 0) -> Future[None]:
        """Keep how far a channel has read what waits for it there. The future raises LeaseHeld."""

        def remember(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "INSERT INTO channel_progress (channel, value) VALUES (?, ?)"
                " ON CONFLICT (channel) DO UPDATE SET value = excluded.value",
                (channel, value),
            )

        return self._database.write_soon(remember)

    def remembered(self, channel: str) -> str:
        """What was last kept of the channel, "" at first."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT value FROM channel_progress WHERE channel = ?", (channel,)
            ).fetchone()
        )
        return str(row[0]) if row else ""

    def known(self, channel: str, external_ids: Collection[str]) -> frozenset[str]:
        """Those among the provider's ids of messages that are written down, ours and contacts'."""
        return frozenset(self._database.read(lambda connection: _conversations(connection, channel, external_ids)))

    def conversation_of(self, channel: str, external_ids: Sequence[str]) -> Conversation | None:
        """The conversation of the last of these provider's ids that is known, ours or the contact's."""

        def find(connection: sqlite3.Connection) -> Conversation | None:
            found = _conversations(connection, channel, external_ids)
            last = next((found[one] for one in reversed(external_ids) if one in found), None)
            kept = load(connection, last) if last else None
            return kept.conversation if kept else None

        return self._database.read(find)

    def unread(self, *, channel: str | None = None, limit: int = 100) -> tuple[UnreadItem, ...]:
        """What this version cannot read, the newest first."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, channel, kind, content, at FROM unread_items WHERE (?1 IS NULL OR channel = ?1)"
                " ORDER BY id DESC LIMIT ?2",
                (channel, max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            UnreadItem(id=row[0], channel=row[1], kind=row[2], content=row[3], at=from_text(row[4])) for row in rows
        )

    def count_unread(self) -> Mapping[str, int]:
        """How many there are, by channel."""
        return dict(
            self._database.read(
                lambda connection: connection.execute(
                    "SELECT channel, count(*) FROM unread_items GROUP BY channel ORDER BY channel"
                ).fetchall()
            )
        )

    def clear_unread(self, *, channel: str | None = None) -> int:
        """Delete what was kept of the channel, or of all; how many."""
        return self._database.write(
            lambda connection: (
                connection.execute("DELETE FROM unread_items WHERE (?1 IS NULL OR channel = ?1)", (channel,)).rowcount
            )
        )

    def _take(
        self, connection: sqlite3.Connection, event: ChannelEvent, threadings: Mapping[str, Threading], at: datetime
    ) -> str:
        """The conversation that it changes, "" when it changes none."""
        if isinstance(event, Unread):
            _keep_unread(connection, event, at)
            return ""
        if not event.external_id:
            raise ValueError(f"an event on {event.channel} came without an id")
        if event.channel not in threadings:
            raise UnknownName(f"The channel {event.channel!r} does not exist any more.")
        if not _first_time(connection, event.channel, event.external_id, at):
            return ""
        match event:
            case IdentitiesChanged():
                change_identities(connection, event)
                return ""
            case MessageChanged():
                return change_message(connection, event)
            case PersonWrote():
                return note_person(connection, event, threadings[event.channel], make_id=self._make_id, at=at)


def _forget(connection: sqlite3.Connection, before: datetime) -> None:
    connection.execute("DELETE FROM channel_events WHERE message IS NULL AND at < ?", (to_text(before),))
    connection.execute("DELETE FROM early_changes WHERE at < ?", (to_text(before),))


def _first_time(connection: sqlite3.Connection, channel: str, external_id: str, at: datetime) -> bool:
    """Whether the event was not taken yet, and is none of our own replies that comes back."""
    # Their indexes leave out those without an id, and are used only where that is asked.
    ours = "SELECT 1 FROM outbox WHERE channel = ?1 AND external_id = ?2 AND external_id <> '' UNION ALL"
    ours += " SELECT 1 FROM outbox_parts WHERE channel = ?1 AND external_id = ?2 AND external_id <> ''"
    if connection.execute(ours, (channel, external_id)).fetchone() is not None:
        return False
    taken = connection.execute(
        "INSERT INTO channel_events (channel, external_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (channel, external_id, to_text(at)),
    )
    return taken.rowcount > 0


def _keep_unread(connection: sqlite3.Connection, event: Unread, at: datetime) -> None:
    connection.execute(
        "INSERT INTO unread_items (channel, kind, content, content_hash, at) SELECT ?1, ?2, ?3, ?4, ?5"
        " WHERE NOT EXISTS (SELECT 1 FROM unread_items WHERE channel = ?1 AND content_hash = ?4)",
        (event.channel, event.kind, event.content, event.content_hash, to_text(at)),
    )
    connection.execute(
        "DELETE FROM unread_items WHERE channel = ?1 AND id <= (SELECT id FROM unread_items WHERE channel = ?1"
        " ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (event.channel, MOST_UNREAD),
    )


def _conversations(connection: sqlite3.Connection, channel: str, external_ids: Collection[str]) -> dict[str, str]:
    """The conversations of those ids that are known, by id."""
    found: dict[str, str] = {}
    for value in external_ids:
        if not value:
            continue
        for table in ("inbound", "outbox", "outbox_parts", "channel_events"):
            row = connection.execute(
                f"SELECT conversation FROM {table} WHERE channel = ? AND external_id = ?"  # noqa: S608 - constants of this file
                " AND external_id <> '' AND conversation IS NOT NULL",
                (channel, value),
            ).fetchone()
            if row is not None:
                found[value] = row[0]
                break
    return found
