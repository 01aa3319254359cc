"""Which runner works on the workspace: one at a time, with a token that tells old ones from the live one (RUN-1)."""

from __future__ import annotations

import os
import socket
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from custagent.core.errors import LeaseHeld, StoreError
from custagent.store.database.database import Database
from custagent.store.database.faults import is_busy
from custagent.store.database.moments import from_text, to_text
from custagent.store.database.runner_lock import RunnerLock


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHolder:
    """A runner, as another one names it to its user."""

    host: str
    pid: int
    #: When it took the lease, UTC.
    since: datetime

    @classmethod
    def this_process(cls, at: datetime) -> Self:
        """The running process, which takes the lease at `at`."""
        return cls(host=socket.gethostname(), pid=os.getpid(), since=at)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The row of the lease."""

    token: int
    holder: LeaseHolder
    renewed_at: datetime
    ttl: timedelta
    released: bool

    def lives(self, at: datetime) -> bool:
        """Whether it may still be renewed by its holder alone, at `at` on the wall clock.

        Processes share no other clock, and the wall clock can be set. A lease that was renewed further than its length
        away from now, in the past or in the *future*, has ended: so a clock that is set back by a day does not keep a
        crashed runner's lease for a day. The price is that a jump by more than the length can end the lease of a
        runner that lives, until its next renewal. That is safe: who takes over gets a higher token, and everything
        the other one wants to write is refused.
        """
        return not self.released and abs(at - self.renewed_at) < self.ttl

    def was_left(self, ended: int, host: str) -> bool:
        """Whether it is the lease `ended`, whose process on `host` is known to be no more."""
        return ended == self.token and self.holder.host == host


class Lease:
    """The lease of one workspace. Renew it at a third of its length, by a clock that cannot be set (monotonic)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = RunnerLock(database.path.with_name("runner.lock"))

    def acquire(self, holder: LeaseHolder, ttl: timedelta, at: datetime) -> int:
        """Take the lease for `ttl`; its token, higher than every one before. Raises LeaseHeld, naming who has it.

        The lease of a process that has ended is taken at once; that of one that lives and is silent, when it has run out.
        """
        before = self._database.read(_load)
        new = not self._lock.held and self._lock.take()
        ended = self._lock.token() if new else 0
        if before is not None and before.lives(at) and not before.was_left(ended, holder.host):
            # Told at once, also while somebody keeps the database.
            if new:
                self._lock.free()
            raise _held(before)
        try:
            token = self._database.write(lambda connection: take_lease(connection, holder, ttl, at, ended=ended))
        except StoreError as error:
            if new:
                self._lock.free()
            if is_busy(error) and before is not None and not new:
                raise _stuck(before, at) from error
            raise
        self._lock.mark(token)
        return token

    def renew(self, token: int, ttl: timedelta, at: datetime) -> None:
        """Keep it for `ttl` from now. Raises LeaseHeld when another runner took over, or it was released.

        A lease that ran out and that nobody took meanwhile is still its last holder's.
        """

        def keep(connection: sqlite3.Connection) -> None:
            check_fence(connection, token)
            connection.execute("UPDATE lease SET renewed_at = ?, ttl_seconds = ?", (to_text(at), ttl.total_seconds()))

        self._database.write(keep)
        if not self._lock.held and self._lock.take():
            # One that was stopped for long, and was followed, had it until now.
            self._lock.mark(token)

    def release(self, token: int) -> None:
        """Let the next runner begin at once. Does nothing when another one took over already."""
        self._database.write(
            lambda connection: connection.execute("UPDATE lease SET released = 1 WHERE token = ?", (token,)).rowcount
        )
        self._lock.free()

    def close(self) -> None:
        """This process writes no more, whether it released the lease or not."""
        self._lock.free()

    def check(self, token: int) -> None:
        """Raises LeaseHeld when `token` is not the live one: asked before something is done that is no write."""
        self._database.read(lambda connection: check_fence(connection, token))

    def holder(self, at: datetime) -> LeaseHolder | None:
        """Who has the lease at `at`; None when no runner does, or the last one ended without releasing it."""
        kept = self._database.read(_load)
        if kept is None or not kept.lives(at) or kept.was_left(self._lock.left_by(), socket.gethostname()):
            return None
        return kept.holder


def take_lease(
    connection: sqlite3.Connection, holder: LeaseHolder, ttl: timedelta, at: datetime, *, ended: int = 0
) -> int:
    """`Lease.acquire`, within a transaction of its caller; `ended` is the token of a lease whose process is no more."""
    kept = _load(connection)
    if kept is not None and kept.lives(at) and not kept.was_left(ended, holder.host):
        raise _held(kept)
    token = kept.token + 1 if kept else 1
    connection.execute(
        "INSERT INTO lease (id, token, host, pid, since, renewed_at, ttl_seconds, released)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (id) DO UPDATE SET token = excluded.token, host = excluded.host, pid = excluded.pid,"
        " since = excluded.since, renewed_at = excluded.renewed_at, ttl_seconds = excluded.ttl_seconds,"
        " released = 0",
        (token, holder.host, holder.pid, to_text(holder.since), to_text(at), ttl.total_seconds()),
    )
    return token


def check_fence(connection: sqlite3.Connection, token: int) -> None:
    """Raises LeaseHeld within a transaction whose writer holds an old token; 0 writes without a lease.

    The token decides, not the time: a runner that was late but not followed by another one does no harm.
    """
    if not token:
        return
    kept = _load(connection)
    if kept is None or kept.token != token or kept.released:
        raise _lost(kept, token)


def _load(connection: sqlite3.Connection) -> _Kept | None:
    row = connection.execute("SELECT token, host, pid, since, renewed_at, ttl_seconds, released FROM lease").fetchone()
    if row is None:
        return None
    token, host, pid, since, renewed_at, ttl_seconds, released = row
    return _Kept(
        token=token,
        holder=LeaseHolder(host=host, pid=pid, since=from_text(since)),
        renewed_at=from_text(renewed_at),
        ttl=timedelta(seconds=ttl_seconds),
        released=bool(released),
    )


def _held(kept: _Kept) -> LeaseHeld:
    ends = kept.renewed_at + kept.ttl
    return LeaseHeld(
        f"A runner works on this workspace already: {kept.holder}.",
        hint=f"Stop that one first. If it has crashed, `custagent run` works again from {ends:%H:%M:%S} UTC.",
    )


def _stuck(kept: _Kept, at: datetime) -> LeaseHeld:
    """A process that is stopped in the middle of a write takes SQLite's lock with it, and nobody can take that away."""
    holder = kept.holder
    silent = f"It lives, and has been silent since {kept.renewed_at:%H:%M:%S} UTC. " if not kept.lives(at) else ""
    return LeaseHeld(
        f"The database is kept by a runner that is stopped in the middle of a write: {holder}.",
        hint=f"{silent}On {holder.host}, let it go on with `kill -CONT {holder.pid}`, or end it with"
        f" `kill -9 {holder.pid}` and run this again. Nothing that was confirmed is lost either way.",
    )


def _lost(kept: _Kept | None, token: int) -> LeaseHeld:
    now = f"{kept.holder} works on it" if kept and kept.token != token else "it was given up"
    return LeaseHeld(
        f"This runner has no hold on the workspace any more ({now}); nothing was written.",
        hint="Nothing is lost: the runner that works does the rest. `custagent status` shows which one that is.",
    )
