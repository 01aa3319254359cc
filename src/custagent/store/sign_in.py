"""How people prove who they are: passwords, invitations, sessions and failures, none of which can be read back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    user: str
    #: UTC.
    began_at: datetime
    #: When it was used last, UTC.
    seen_at: datetime


class SignIn:
    """What the web inbox knows people by. Tokens come as hashes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def password_hash(self, user: str) -> str:
        """The user's password, hashed; "" when none was set."""
        row = self._database.read(
            lambda connection: connection.execute("SELECT hash FROM passwords WHERE user = ?", (user,)).fetchone()
        )
        return str(row[0]) if row else ""

    def invite(self, user: str, token_hash: str, until: datetime, *, audit: AuditEntry | None = None) -> None:
        """Let who holds the token set the user's password, once, before `until`; earlier invitations end."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM invitations WHERE user = ?", (user,))
            connection.execute("INSERT INTO invitations VALUES (?, ?, ?)", (token_hash, user, to_text(until)))
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(write)

    def invited(self, token_hash: str, at: datetime, *, latest: datetime) -> str:
        """Whose invitation it is, "" when it is nobody's, used, or over.

        One that ends after `latest` is of a time when the clock was ahead, and does not hold.
        """
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT user FROM invitations WHERE token_hash = ? AND until > ? AND until <= ?",
                (token_hash, to_text(at), to_text(latest)),
            ).fetchone()
        )
        return str(row[0]) if row else ""

    def accept(self, token_hash: str, password_hash: str, at: datetime, *, audit: AuditEntry | None = None) -> str:
        """Set the password by an invitation, which is used up; whose, "" when it is no invitation (any more).

        All sessions of the user end.
        """

        def write(connection: sqlite3.Connection) -> str:
            row = connection.execute(
                "DELETE FROM invitations WHERE token_hash = ? AND until > ? RETURNING user", (token_hash, to_text(at))
            ).fetchone()
            if row is None:
                return ""
            connection.execute(
                "INSERT INTO passwords VALUES (?1, ?2, ?3) ON CONFLICT (user) DO UPDATE SET"
                " hash = excluded.hash, changed_at = excluded.changed_at",
                (row[0], password_hash, to_text(at)),
            )
            connection.execute("DELETE FROM sessions WHERE user = ?", (row[0],))
            if audit is not None:
                add_entry(connection, audit)
            return str(row[0])

        return self._database.write(write)

    def change_password(
        self, user: str, password_hash: str, at: datetime, *, keep: str, audit: AuditEntry | None = None
    ) -> None:
        """Another password for who has one; all sessions of the user end but the one whose token hash is `keep`."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE passwords SET hash = ?, changed_at = ? WHERE user = ?", (password_hash, to_text(at), user)
            )
            connection.execute("DELETE FROM invitations WHERE user = ?", (user,))
            connection.execute("DELETE FROM sessions WHERE user = ? AND token_hash <> ?", (user, keep))
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(write)

    def close_sessions(self, user: str, *, audit: AuditEntry | None = None) -> int:
        """The user has signed out everywhere; of how many places."""

        def write(connection: sqlite3.Connection) -> int:
            if audit is not None:
                add_entry(connection, audit)
            return connection.execute("DELETE FROM sessions WHERE user = ?", (user,)).rowcount

        return self._database.write(write)

    def forget(self, user: str) -> None:
        """No password, invitation or session of the user is left."""

        def write(connection: sqlite3.Connection) -> None:
            for table in ("passwords", "invitations", "sessions"):
                connection.execute(f"DELETE FROM {table} WHERE user = ?", (user,))  # noqa: S608 - constants

        self._database.write(write)

    def open_session(self, token_hash: str, user: str, at: datetime, *, audit: AuditEntry | None = None) -> None:
        """The user is signed in."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO sessions VALUES (?1, ?2, ?3, ?3)", (token_hash, user, to_text(at)))
            if audit is not None:
                add_entry(connection, audit)

        self._database.write(write)

    def session(self, token_hash: str) -> Session | None:
        """Who is signed in with this token; whether it is still good is for the caller to say."""
        row = self._database.read(
            lambda connection: connection.execute(
                "SELECT user, began_at, seen_at FROM sessions WHERE token_hash = ?", (token_hash,)
            ).fetchone()
        )
        return Session(user=row[0], began_at=from_text(row[1]), seen_at=from_text(row[2])) if row else None

    def use(self, token_hash: str, at: datetime) -> None:
        """The session was used just now."""
        self._database.write(
            lambda connection: connection.execute(
                "UPDATE sessions SET seen_at = ? WHERE token_hash = ?", (to_text(at), token_hash)
            )
        )

    def close_session(self, token_hash: str) -> None:
        """The user has signed out."""
        self._database.write(
            lambda connection: connection.execute("DELETE FROM sessions WHERE token_hash = ?", (token_hash,))
        )

    def failures(self, keys: tuple[str, ...]) -> tuple[tuple[int, datetime], ...]:
        """How often each of them failed, and when last, UTC; none for those that never did."""
        rows = self._database.read(
            lambda connection: [
                connection.execute("SELECT failures, last_at FROM sign_in_failures WHERE key = ?", (key,)).fetchone()
                for key in keys
            ]
        )
        return tuple((row[0], from_text(row[1])) for row in rows if row)

    def note_failure(self, keys: tuple[str, ...], at: datetime, *, since: datetime) -> None:
        """Once more for each of them; what failed last before `since` begins anew."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sign_in_failures WHERE last_at < ?", (to_text(since),))
            connection.executemany(
                "INSERT INTO sign_in_failures VALUES (?1, 1, ?2) ON CONFLICT (key) DO UPDATE SET"
                " failures = failures + 1, last_at = excluded.last_at",
                [(key, to_text(at)) for key in keys],
            )

        self._database.write(write)

    def forgive(self, keys: tuple[str, ...]) -> None:
        """They have got it right."""
        self._database.write(
            lambda connection: connection.executemany(
                "DELETE FROM sign_in_failures WHERE key = ?", [(k,) for k in keys]
            )
        )
