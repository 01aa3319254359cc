"""The one thread of a process that writes. Writes that wait together are committed together (group commit)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from custagent.core.errors import StoreError
from custagent.store.database.faults import as_store_error, patiently

Result = TypeVar("Result")

#: Bounds how long the first of a group waits for the last.
LARGEST_GROUP = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    write: Callable[[sqlite3.Connection], Any]
    done: Future[Any]


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One call of a write function: what it returned or raised, kept until its caller may be told.

    As a context manager it takes whatever is raised, because that belongs to the caller, who waits in another thread
    and gets it there; it would only end this one.
    """

    result: Any = None
    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True


class Writer:
    """Runs write functions one after the other on a connection of its own, each all or nothing.

    A future resolves only after COMMIT at synchronous FULL: what it confirms survives a crash. Functions run inside
    BEGIN IMMEDIATE and neither begin nor end transactions (`executescript` does). They must change nothing but the
    database, because a group that cannot be committed is undone and its functions are run again one by one.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, *, busy_seconds: float) -> None:
        self._connection = connection
        self._path = path
        self._busy_seconds = busy_seconds
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        #: Held from before BEGIN until after COMMIT.
        self._at_work = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def soon(self, write: Callable[[sqlite3.Connection], Result]) -> Future[Result]:
        """Queue a write. The future raises what the function raised, StoreError for the database's own errors."""
        done: Future[Result] = Future()
        with self._gate:
            if self._closed:
                raise StoreError(f"The database {self._path} is closed.")
            if self._thread is None:
                # Started by the first write: most commands only read. A daemon, so that a program that forgets to
                # close still ends; nothing confirmed is lost by that.
                self._thread = threading.Thread(target=self._run, name="custagent-writer", daemon=True)
                self._thread.start()
            self._queue.put(_Job(write=write, done=done))
        return done

    def wait(self, write: Callable[[sqlite3.Connection], Result]) -> Result:
        """Write and wait for the commit. A write function must not call this: it would wait for itself."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write function must use the connection it was given, not start another write")
        return self.soon(write).result()

    def between(self, action: Callable[[], None], seconds: float) -> None:
        """Do something while nothing is being written; after so many seconds of waiting, all the same."""
        free = self._at_work.acquire(timeout=seconds)
        try:
            action()
        finally:
            if free:
                self._at_work.release()

    def close(self) -> None:
        """Finish what is queued, then end the thread and the connection. May be called twice."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            jobs = [job for job in group if job.done.set_running_or_notify_cancel()]
            with self._at_work:
                together = len(jobs) > 1 and self._commit_together(jobs)
            for job in () if together else jobs:
                with self._at_work:
                    self._commit_alone(job)

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for a write and take all that came with it; False when the queue ended."""
        group: list[_Job] = []
        job = self._queue.get()
        while job is not None:
            group.append(job)
            if len(group) == LARGEST_GROUP:
                return group, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _commit_together(self, jobs: list[_Job]) -> bool:
        """One transaction for all. False when it was undone and nobody has been told anything.

        A function that raises does not undo the others.
        """
        try:
            self._begin()
        except sqlite3.Error as error:
            # The database is out of reach: asking again for each would only multiply the waiting.
            for job in jobs:
                self._tell(job, _Attempt(error=error))
            return True
        try:
            attempts = self._without_savepoints(jobs)
            if attempts is None:
                self._undo()
                self._begin()
                attempts = [self._in_savepoint(job) for job in jobs]
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._undo()
            return False
        for job, attempt in zip(jobs, attempts, strict=True):
            self._tell(job, attempt)
        return True

    def _without_savepoints(self, jobs: list[_Job]) -> list[_Attempt] | None:
        """As it nearly always goes: a savepoint each would cost a tenth more. None when one failed, to be told from the
        others; nothing after it was run.
        """
        attempts = []
        for job in jobs:
            attempt = self._attempt(job)
            if attempt.error is not None or not self._connection.in_transaction:
                return None
            attempts.append(attempt)
        return attempts

    def _in_savepoint(self, job: _Job) -> _Attempt:
        """Raises sqlite3.Error when the function ended the transaction, or an error of the disk did."""
        self._connection.execute("SAVEPOINT one_write")
        attempt = self._attempt(job)
        if attempt.error is not None:
            self._connection.execute("ROLLBACK TO one_write")
        self._connection.execute("RELEASE one_write")
        return attempt

    def _commit_alone(self, job: _Job) -> None:
        try:
            self._begin()
            attempt = self._attempt(job)
            if attempt.error is None:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            attempt = _Attempt(error=error)
        if attempt.error is not None:
            self._undo()
        self._tell(job, attempt)

    def _attempt(self, job: _Job) -> _Attempt:
        attempt = _Attempt()
        with attempt:
            attempt.result = job.write(self._connection)
        return attempt

    def _begin(self) -> None:
        # IMMEDIATE: a deferred transaction that starts with a read fails at its first write when another process has
        # written since, and no busy handler helps.
        patiently(lambda: self._connection.execute("BEGIN IMMEDIATE"), self._busy_seconds)

    def _undo(self) -> None:
        # A rollback that fails leaves the transaction open, and the next BEGIN says so to its caller; raising here
        # would end the thread and leave everybody waiting.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _tell(self, job: _Job, attempt: _Attempt) -> None:
        error = attempt.error
        if error is None:
            job.done.set_result(attempt.result)
            return
        if isinstance(error, sqlite3.Error | UnicodeError):
            plain = as_store_error(error, self._path)
            plain.__cause__ = error
            error = plain
        job.done.set_exception(error)
