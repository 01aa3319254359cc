"""Messages that contacts change or take back after they have come.

What the agent has not dealt with yet it answers as it stands now. What it has dealt with is not answered again: no
message gets two answers (CONV-2); people see that it was changed.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from custagent.core.channel_event import MessageChanged
from custagent.store.conversations.messages import find_inbound
from custagent.store.conversations.search import replace_words
from custagent.store.database.moments import to_text


def change_message(connection: sqlite3.Connection, event: MessageChanged) -> str:
    """The conversation of the message, which says something else now; "" where the message has not come yet.

    Then the change waits for it.
    """
    stored = find_inbound(connection, event.channel, event.changed)
    if stored is None:
        connection.execute(
            "INSERT INTO early_changes (channel, changed, text, at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (channel, changed) DO UPDATE SET text = excluded.text, at = excluded.at"
            " WHERE excluded.at >= at",
            (event.channel, event.changed, event.text, to_text(event.at)),
        )
        return ""
    if stored.edited_at is not None and stored.edited_at > event.at:
        return ""
    _replace(connection, stored.id, event.text, event.at)
    return stored.conversation


def change_at_once(connection: sqlite3.Connection, channel: str, external_id: str, message: int) -> bool:
    """Whether a change had come before the message; it is made now."""
    row = connection.execute(
        "DELETE FROM early_changes WHERE channel = ? AND changed = ? RETURNING text, at", (channel, external_id)
    ).fetchone()
    if row is None:
        return False
    text, at = row
    _replace(connection, message, text, datetime.fromisoformat(at))
    return True


def _replace(connection: sqlite3.Connection, message: int, text: str, at: datetime) -> None:
    replace_words(connection, message, text)
    # With its files, when it was taken back.
    connection.execute(
        "UPDATE messages SET text = ?1, edited_at = ?2, attachments = iif(?1 = '', '[]', attachments) WHERE id = ?3",
        (text, to_text(at), message),
    )
    if not text:
        connection.execute("DELETE FROM attached_files WHERE message = ?", (message,))
        connection.execute("UPDATE inbound SET handled = 1 WHERE message = ?", (message,))
    # What was made of the old text goes: a recap, what a gap compares, and a turn, which is refused.
    connection.execute(
        "UPDATE recaps SET said = '' WHERE conversation = (SELECT conversation FROM messages WHERE id = ?)", (message,)
    )
    connection.execute(
        "UPDATE gap_questions SET words = '', vector = '' WHERE conversation ="
        " (SELECT conversation FROM messages WHERE id = ?)",
        (message,),
    )
    connection.execute(
        "UPDATE conversations SET version = version + 1 WHERE id = (SELECT conversation FROM messages WHERE id = ?)",
        (message,),
    )
