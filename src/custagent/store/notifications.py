"""The outbox of notifications: which events webhooks are still to be told, and how it went.

Events are read from what is written anyway (handoffs, notices), up to where they were read before, so that a turn costs
nothing more and none is lost or told twice by us: reading on and putting into this outbox is one transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from custagent.core.notice import Notice
from custagent.core.notification import Happening, Notification, NotificationEvent, WebhookState
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import from_text, to_text
from custagent.store.notices import tell_once

#: How long it is remembered that something was told, or given up, or waits for a receiver that is gone.
KEPT_FOR = timedelta(days=30)
#: Events that one look takes at most.
_AT_ONCE = 500
_REST = "conversations.language, conversations.assignee, conversations.waiting_since"
_CONVERSATION = f"conversations.channel, {_REST}"
_HANDOFFS = (
    f"SELECT handoffs.id, 'handoff', handoffs.at, handoffs.conversation, {_CONVERSATION},"  # noqa: S608 - constants of this file
    " json_extract(handoffs.summary, '$.reason'), ''"
    " FROM handoffs JOIN conversations ON conversations.id = handoffs.conversation"
    " WHERE handoffs.id > ? ORDER BY handoffs.id LIMIT ?"
)
_NOTICES = (
    "SELECT notices.id, notices.kind, notices.at, notices.conversation,"  # noqa: S608 - constants of this file
    # A notice about a channel names it in its key: "channel:NAME:…".
    " CASE notices.kind WHEN 'channel' THEN substr(notices.key, 9, instr(substr(notices.key, 9), ':') - 1)"
    f" ELSE conversations.channel END, {_REST}, '', notices.text"
    " FROM notices LEFT JOIN conversations ON conversations.id = notices.conversation"
    " WHERE notices.id > ? AND notices.kind IN ('overdue', 'credits', 'channel') ORDER BY notices.id LIMIT ?"
)
_SOURCES = {"handoffs": _HANDOFFS, "notices": _NOTICES}
#: Told of each by its JSON: (event, as it happened) in, the JSON out.
Write = Callable[[str, Happening], str]


class Notifications:
    """What is told to webhooks. All raise StoreError; what takes a fence raises LeaseHeld."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(
        self, wanted: Mapping[str, Collection[NotificationEvent]], write: Write, now: datetime, *, fence: int = 0
    ) -> int:
        """Put what happened since the last time into the outbox of each webhook that wants it; how many.

        `wanted` are the events by the webhook's key. What happened while a webhook was not there it is never told.
        """
        if not self._database.read(_is_behind):
            return 0

        def collect(connection: sqlite3.Connection) -> int:
            check_fence(connection, fence)
            put = 0
            for source, query in _SOURCES.items():
                last = _last(connection, source)
                rows = connection.execute(query, (last, _AT_ONCE)).fetchall()
                for row in rows:
                    put += _put(connection, _happening(row), wanted, write, now)
                reached = rows[-1][0] if len(rows) == _AT_ONCE else _newest(connection, source)
                connection.execute("INSERT OR REPLACE INTO notified (source, last) VALUES (?, ?)", (source, reached))
            return put

        return self._database.write(collect)

    def due(self, now: datetime, *, webhooks: Collection[str], limit: int) -> Sequence[Notification]:
        """What is to be sent now to these webhooks, nothing to one that is stopped. What has failed least comes first, so
        that an event which a receiver cannot read keeps none of the others.
        """
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id, webhook, event, body, since, tries FROM notifications"
                " WHERE status = 'waiting' AND next_at <= ?1 AND webhook IN (SELECT value FROM json_each(?2))"
                " AND webhook NOT IN (SELECT webhook FROM stopped_webhooks) ORDER BY tries, next_at, rowid LIMIT ?3",
                (to_text(now), json.dumps(list(webhooks)), max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            Notification(
                id=id_, webhook=webhook, event=NotificationEvent(event), body=body, since=from_text(since), tries=tries
            )
            for id_, webhook, event, body, since, tries in rows
        )

    def note_sent(self, sent: Notification, now: datetime, *, fence: int = 0) -> None:
        """It has arrived."""
        self._note(sent, "status = 'sent', changed_at = ?3, error = ''", (to_text(now),), fence=fence)

    def note_failed(
        self,
        failed: Notification,
        error: str,
        next_at: datetime,
        now: datetime,
        *,
        held_until: datetime,
        fence: int = 0,
    ) -> None:
        """It is tried again at `next_at`; what else waits for the webhook is held until `held_until`."""

        def note(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                "UPDATE notifications SET tries = tries + 1, error = ?, next_at = ?, changed_at = ?"
                " WHERE id = ? AND webhook = ?",
                (error, to_text(max(next_at, held_until)), to_text(now), failed.id, failed.webhook),
            )
            connection.execute(
                "UPDATE notifications SET next_at = ?1 WHERE webhook = ?2 AND status = 'waiting' AND next_at < ?1",
                (to_text(held_until), failed.webhook),
            )

        self._database.write(note)

    def give_up(self, failed: Notification, error: str, now: datetime, notice: Notice, *, fence: int = 0) -> None:
        """It is tried no more, and people are told."""
        change = "tries = tries + 1, status = 'given-up', error = ?3, changed_at = ?4"
        self._note(failed, change, (error, to_text(now)), fence=fence, notice=notice)

    def stop(self, webhook: str, error: str, now: datetime, notice: Notice, *, fence: int = 0) -> None:
        """The receiver said that it is gone: it is told nothing any more, and people are told."""

        def stop(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute("INSERT OR REPLACE INTO stopped_webhooks VALUES (?, ?)", (webhook, to_text(now)))
            connection.execute(
                "UPDATE notifications SET status = 'given-up', error = ?, changed_at = ?"
                " WHERE webhook = ? AND status = 'waiting'",
                (error, to_text(now), webhook),
            )
            tell_once(connection, notice)

        self._database.write(stop)

    def retry(self, webhooks: Collection[str], now: datetime, *, audit: AuditEntry | None = None) -> int:
        """Try again, at once, all that was given up or waits, also what a receiver did not want; how many."""

        def retry(connection: sqlite3.Connection) -> int:
            names = json.dumps(list(webhooks))
            started = connection.execute(
                "DELETE FROM stopped_webhooks WHERE webhook IN (SELECT value FROM json_each(?))", (names,)
            ).rowcount
            # The day in which it is tried begins anew.
            changed = connection.execute(
                "UPDATE notifications SET status = 'waiting', next_at = ?1, since = ?1, changed_at = ?1"
                " WHERE webhook IN (SELECT value FROM json_each(?2)) AND status IN ('given-up', 'waiting')",
                (to_text(now), names),
            ).rowcount
            if audit is not None and started + changed:
                add_entry(connection, audit)
            return changed

        return self._database.write(retry)

    def states(self) -> Mapping[str, WebhookState]:
        """How it stands with each webhook that was ever to be told something, by its key."""
        return self._database.read(_states)

    def forget(self, now: datetime, *, webhooks: Collection[str], fence: int = 0) -> int:
        """Drop what is old, and what was meant for a webhook that is not there any more; how many."""
        if not self._database.read(
            lambda connection: connection.execute("SELECT 1 FROM notifications LIMIT 1").fetchone()
        ):
            return 0

        def forget(connection: sqlite3.Connection) -> int:
            check_fence(connection, fence)
            names = json.dumps(list(webhooks))
            old = to_text(now - KEPT_FOR)
            return connection.execute(
                "DELETE FROM notifications WHERE changed_at < ? OR webhook NOT IN (SELECT value FROM json_each(?))",
                (old, names),
            ).rowcount

        return self._database.write(forget)

    def _note(
        self, one: Notification, change: str, values: tuple[Any, ...], *, fence: int, notice: Notice | None = None
    ) -> None:
        def note(connection: sqlite3.Connection) -> None:
            check_fence(connection, fence)
            connection.execute(
                f"UPDATE notifications SET {change} WHERE id = ?1 AND webhook = ?2",  # noqa: S608 - constants of this file
                (one.id, one.webhook, *values),
            )
            if notice is not None:
                tell_once(connection, notice)

        self._database.write(note)


def _is_behind(connection: sqlite3.Connection) -> bool:
    return any(_newest(connection, source) > _last(connection, source) for source in _SOURCES)


def _last(connection: sqlite3.Connection, source: str) -> int:
    row = connection.execute("SELECT last FROM notified WHERE source = ?", (source,)).fetchone()
    return int(row[0]) if row else 0


def _newest(connection: sqlite3.Connection, source: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {source}").fetchone()[0])  # noqa: S608 - a constant


def _happening(row: Sequence[Any]) -> Happening:
    _, event, at, conversation, channel, language, assignee, waiting_since, reason, text = row
    return Happening(
        event=NotificationEvent(event),
        at=from_text(at),
        conversation=conversation,
        channel=channel or "",
        language=language or "",
        assignee=assignee or "",
        waiting_since=from_text(waiting_since) if waiting_since else None,
        reason=reason or "",
        text=text,
    )


def _put(
    connection: sqlite3.Connection,
    happening: Happening,
    wanted: Mapping[str, Collection[NotificationEvent]],
    write: Write,
    now: datetime,
) -> int:
    webhooks = [webhook for webhook, events in wanted.items() if happening.event in events]
    if not webhooks:
        return 0
    id_ = f"evt_{secrets.token_hex(12)}"
    body, at = write(id_, happening), to_text(now)
    connection.executemany(
        "INSERT INTO notifications (id, webhook, event, conversation, body, at, since, next_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (id_, webhook, happening.event.value, happening.conversation, body, to_text(happening.at), at, at, at)
            for webhook in webhooks
        ],
    )
    return len(webhooks)


def _states(connection: sqlite3.Connection) -> Mapping[str, WebhookState]:
    stopped = dict(connection.execute("SELECT webhook, at FROM stopped_webhooks").fetchall())
    counts = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT webhook, sum(status = 'waiting'), sum(status = 'waiting' AND tries > 0), sum(status = 'given-up'),"
            " sum(status = 'sent') FROM notifications GROUP BY webhook"
        )
    }
    # Of max() and bare columns SQLite takes the row that has it.
    errors = {
        webhook: error
        for webhook, error, _ in connection.execute(
            "SELECT webhook, error, max(changed_at) FROM notifications WHERE error <> '' GROUP BY webhook"
        )
    }
    untold = (0, 0, 0, 0)
    return {
        webhook: WebhookState(
            waiting=waiting, failing=failing, given_up=given_up, sent=sent, error=errors.get(webhook, ""),
            stopped_at=from_text(stopped[webhook]) if webhook in stopped else None,
        )
        for webhook, (waiting, failing, given_up, sent) in (dict.fromkeys(stopped, untold) | counts).items()
    }  # fmt: skip
