"""Finding conversations: by what they are, and by the words that were said in them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.core.conversation import Conversation, Status
from custagent.core.message import Sender
from custagent.store.conversations.threads import CONVERSATION_COLUMNS, CONVERSATIONS, conversation_of
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

#: What `assignee` may be instead of a name: conversations that wait for whoever comes.
NOBODY = "nobody"
#: Found words stand between these in a snippet.
FOUND = "**"

#: Messages whose words are noted in one transaction: the runner's own writes go between.
_NOTED_AT_ONCE = 2_000
#: Words in a snippet.
_SNIPPET_WORDS = 20
#: A phrase between quotation marks, or a word; a star at its end stands for any ending.
_TERM = re.compile(r'"([^"]+)"(\*?)|([^\s"]+)')
#: In which something was said last come first. Imported ones have no place in the order of writing (0), so among
#: themselves their times decide.
_KEY = "conversations.last_message, conversations.last_message_at, conversations.id"
_ORDER = ", ".join(f"{column} DESC" for column in _KEY.split(", "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which conversations are meant. What is None or "" leaves out nothing."""

    status: Status | None = None
    channel: str = ""
    agent: str = ""
    #: ISO 639-1.
    language: str = ""
    #: "user:NAME", "team:NAME", or NOBODY.
    assignee: str = ""
    #: The contact's id, key or email, or a part of the name.
    contact: str = ""
    #: Something was said last at or after, and before; aware.
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A conversation in which words were found."""

    conversation: Conversation
    #: How many of its messages hold them.
    messages: int
    #: The last message that does, who said it and when.
    message: int
    sender: Sender
    at: datetime
    #: The words in their surroundings, each found one between two `FOUND`.
    snippet: str


class Search:
    """Conversations by their properties and words. Nothing of it is in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, wanted: Filter, *, limit: int, before: str = "") -> tuple[Conversation, ...]:
        """Those in which something was said last come first; with `before` those that follow that conversation."""
        condition, values = _condition(wanted, before)
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {CONVERSATION_COLUMNS} FROM {CONVERSATIONS} WHERE {condition} ORDER BY {_ORDER} LIMIT ?",  # noqa: S608 - constants of the room
                (*values, max(limit, 0)),
            ).fetchall()
        )
        return tuple(conversation_of(row) for row in rows)

    def ids(self, wanted: Filter) -> tuple[str, ...]:
        """All of them in the order of `list`, of one moment: in pages, one in which somebody writes would be missed."""
        condition, values = _condition(wanted, "")
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT conversations.id FROM {CONVERSATIONS} WHERE {condition} ORDER BY {_ORDER}",  # noqa: S608 - constants of the room
                values,
            ).fetchall()
        )
        return tuple(row[0] for row in rows)

    def find(self, words: str, wanted: Filter, *, limit: int, before: str = "") -> tuple[Hit, ...]:
        """Conversations with a message that holds all the words, in the order of `list`. Call `note_words` first.

        Capitals and accents make no difference; "words in quotation marks" stand side by side; a star ends the
        beginning of a word.
        """
        query = _query(words)
        if not query:
            return ()
        condition, values = _condition(wanted, before)

        def find(connection: sqlite3.Connection) -> list[Hit]:
            rows = connection.execute(
                f"SELECT {CONVERSATION_COLUMNS}, count(*), max(messages.id) FROM message_words"  # noqa: S608 - constants of the room
                " JOIN messages ON messages.id = message_words.rowid"
                " JOIN conversations ON conversations.id = messages.conversation"
                f" JOIN contacts ON contacts.id = conversations.contact WHERE message_words MATCH ? AND {condition}"
                f" GROUP BY conversations.id ORDER BY {_ORDER} LIMIT ?",
                (query, *values, max(limit, 0)),
            ).fetchall()
            return [_hit(connection, query, row) for row in rows]

        return tuple(self._database.read(find))

    def note_words(self, progress: Callable[[int, int], None] = lambda _done, _of: None) -> int:
        """Note the words of what was said since the last time; of how many messages.

        `progress` hears (messages noted, messages to note). A kill costs nothing: the next call goes on.
        """
        last, newest = self._database.read(
            lambda connection: (_last_noted(connection), _max_id(connection)),
        )
        to_note = self._database.read(
            lambda connection: int(
                connection.execute("SELECT count(*) FROM messages WHERE id > ? AND id <= ?", (last, newest)).fetchone()[
                    0
                ]
            )
        )
        done = 0
        while done < to_note:
            progress(done, to_note)
            noted = self._database.write(lambda connection: _note_some(connection, newest))
            if not noted:
                break  # another search was faster
            done += noted
        return done


def _condition(wanted: Filter, before: str) -> tuple[str, list[Any]]:
    """The WHERE of a filter, only with what is asked for, so that an index can serve it; and the values of its marks."""
    terms: list[tuple[str, list[Any]]] = [("true", [])]
    exact = {"status": wanted.status, "channel": wanted.channel, "agent": wanted.agent, "language": wanted.language}
    terms += [(f"conversations.{name} = ?", [str(value)]) for name, value in exact.items() if value]
    if wanted.assignee == NOBODY:
        terms.append(("conversations.assignee = '' AND conversations.status IN ('open', 'snoozed')", []))
    elif wanted.assignee:
        terms.append(("conversations.assignee = ?", [wanted.assignee]))
    if wanted.since:
        terms.append(("conversations.last_message_at >= ?", [to_text(wanted.since)]))
    if wanted.until:
        terms.append(("conversations.last_message_at < ?", [to_text(wanted.until)]))
    if wanted.contact:
        contact = (
            "(contacts.key = ?1 OR lower(contacts.email) = lower(?1) OR instr(lower(contacts.name), lower(?1)) > 0"
        )
        number = " OR contacts.id = ?1)" if wanted.contact.isascii() and wanted.contact.isdigit() else ")"
        marks = (contact + number).count("?1")
        terms.append(((contact + number).replace("?1", "?"), [wanted.contact] * marks))
    if before:
        terms.append((f"({_KEY}) < (SELECT {_KEY} FROM conversations WHERE conversations.id = ?)", [before]))  # noqa: S608 - constants of this file
    return " AND ".join(term for term, _ in terms), [value for _, values in terms for value in values]


def _query(words: str) -> str:
    """The words in FTS5's language: each quoted, so that nothing in them is an operator; "" where there is no word."""
    terms = []
    # It would end the query for SQLite.
    for phrase, star, word in _TERM.findall(words.replace("\x00", " ")):
        text = phrase or word.rstrip("*")
        if any(letter.isalnum() for letter in text):
            terms.append(f'"{text}"' + ("*" if star or word.endswith("*") else ""))
    return " ".join(terms)


def _hit(connection: sqlite3.Connection, query: str, row: tuple[Any, ...]) -> Hit:
    *conversation, count, message = row
    sender, at = connection.execute("SELECT sender, at FROM messages WHERE id = ?", (message,)).fetchone()
    (snippet,) = connection.execute(
        "SELECT snippet(message_words, 0, ?1, ?1, '…', ?2) FROM message_words"
        " WHERE message_words MATCH ?3 AND rowid = ?4",
        (FOUND, _SNIPPET_WORDS, query, message),
    ).fetchone()
    return Hit(
        conversation=conversation_of(conversation),
        messages=count,
        message=message,
        sender=Sender(sender),
        at=from_text(at),
        snippet=" ".join(snippet.split()),
    )


def _last_noted(connection: sqlite3.Connection) -> int:
    """The message whose words were noted last. Of the index itself SQLite would ask the messages."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM message_words_docsize").fetchone()[0])


def _max_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()[0])


def _note_some(connection: sqlite3.Connection, newest: int) -> int:
    return connection.execute(
        "INSERT INTO message_words (rowid, text) SELECT id, text FROM messages WHERE id > ? AND id <= ?"
        " ORDER BY id LIMIT ?",
        (_last_noted(connection), newest, _NOTED_AT_ONCE),
    ).rowcount


def replace_words(connection: sqlite3.Connection, message: int, text: str) -> None:
    """Within a transaction, before the message's text is replaced: a search finds it by its new words alone."""
    noted = connection.execute("SELECT 1 FROM message_words_docsize WHERE id = ?", (message,)).fetchone()
    if noted is None:
        return
    connection.execute(
        "INSERT INTO message_words (message_words, rowid, text) SELECT 'delete', id, text FROM messages WHERE id = ?",
        (message,),
    )
    connection.execute("INSERT INTO message_words (rowid, text) VALUES (?, ?)", (message, text))
