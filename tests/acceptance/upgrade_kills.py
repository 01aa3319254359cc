"""Kills processes that bring a database up to date, and looks at what they leave (R15).

Run as a program it is the process that is killed: it imports everything once, then opens each database whose path it
reads in a process of its own, whose number it prints.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from custagent.store.database.backup import examine
from custagent.store.database.backup_folder import backups
from custagent.store.database.connection import finding
from custagent.store.database.database import Database
from custagent.store.database.migrations import LATEST_VERSION, MIGRATIONS, bring_up, version_of

#: Versions whose tables all take the rows below.
OLDEST = 11
#: Enough rows that keeping a copy and changing the tables take some milliseconds each.
ROWS = 2_000
MOMENT = "2026-01-15T12:00:00.000000+00:00"


@dataclass
class Figures:
    """What the kills left."""

    kills: int = 0
    #: Kills that came while the old version stood, after the process had begun.
    before_the_end: int = 0
    #: Those among them that came after the copy of before was kept: while the tables were changed.
    in_the_middle: int = 0
    #: What was wrong with a file afterwards.
    faults: list[str] = field(default_factory=list)


def build(path: Path, version: int) -> None:
    """A database as the custagent of that version left it, with rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        bring_up(connection, MIGRATIONS[:version])
        connection.execute("BEGIN")
        connection.execute("INSERT INTO contacts VALUES (1, 'ch', 'key', 'Anna', '', 'sv')")
        for number in range(ROWS):
            connection.execute(
                "INSERT INTO conversations (id, channel, contact, status, agent, assignee, language, opened_at,"
                " last_message, last_message_at, last_sender, version)"
                " VALUES (?1, 'ch', 1, 'pending', 'ada', '', '', ?3, ?2, ?3, 'agent', 0)",
                (f"c{number}", number + 1, MOMENT),
            )
            connection.execute(
                "INSERT INTO messages (id, conversation, sender, kind, text, at, language, author, options, attachments,"
                " citations, decision, reason, confidence, agent_version, index_generation, evidence)"
                " VALUES (?, ?, 'agent', 'answer', ?, 't', '', '', '', '', '', '', '', 0.9, 1, 1, '')",
                (number + 1, f"c{number}", "words " * 50),
            )
        connection.execute("COMMIT")


def rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Of the columns that every version has."""
    tables = {
        "contacts": "*",
        "conversations": "id, channel, contact, status, agent, last_message",
        "messages": "id, conversation, text",
    }
    return [
        row
        for table, columns in tables.items()
        for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1")
    ]


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


class Opener:
    """A warm process that opens databases in processes of their own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.upgrade_kills"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._read() == "ready"

    def open(self, path: Path, *, kill_after: float | None = None) -> float:
        """Open it, or kill the process after so many seconds; how long it lived."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        process, began = int(self._read()), time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(process, signal.SIGKILL)
        assert self._read() == "ended"
        return time.monotonic() - began

    def close(self) -> None:
        self._process.communicate(timeout=90)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def kill_upgrades(folder: Path, times: int, *, seed: int = 0) -> Figures:
    """Kill so many upgrades, each at a moment of its own, and look at each file."""
    chance, figures = random.Random(seed), Figures()
    whole = {version: folder / f"old-{version}.db" for version in range(OLDEST, LATEST_VERSION)}
    for version, path in whole.items():
        build(path, version)
    with closing(Opener()) as opener:
        opener.open(_copy(whole[OLDEST], folder / "first"))
        took = opener.open(_copy(whole[OLDEST], folder / "timed"))
        for number in range(times):
            version = chance.choice(sorted(whole))
            path = _copy(whole[version], folder / f"{number}")
            opener.open(path, kill_after=chance.uniform(0, took))
            figures.kills += 1
            figures.faults += [f"{path}: {fault}" for fault in _look(path, whole[version], version, figures)]
    return figures


def _copy(old: Path, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "custagent.db"
    path.write_bytes(old.read_bytes())
    return path


def _look(path: Path, old: Path, version: int, figures: Figures) -> list[str]:
    """What is wrong after the kill, and after the next one who opens it."""
    with closing(sqlite3.connect(old)) as connection:
        before, old_tables = rows(connection), tables(connection)
    faults = []
    with closing(sqlite3.connect(path)) as connection:
        found = version_of(connection)
        figures.before_the_end += found == version
        figures.in_the_middle += found == version and bool(backups(path))
        if found not in (version, LATEST_VERSION):
            faults.append(f"version {found} of {version}")
        if found == version and tables(connection) != old_tables:
            faults.append("tables of a newer version")
        if finding(connection) or rows(connection) != before:
            faults.append("rows are lost or damaged")
    with Database(path) as database:
        if database.read(version_of) != LATEST_VERSION or database.read(rows) != before:
            faults.append("the next one did not bring it up whole")
    kept = backups(path)
    if not kept or any(examine(one.path).version != version for one in kept):
        faults.append("what was there before was not kept")
    if len(kept) > 1:
        faults.append("the same was kept twice")
    return faults


def main() -> None:
    import sqlite_utils  # noqa: F401 - what the first upgrade would import

    print("ready", flush=True)
    process = 0
    for line in sys.stdin:
        if process:
            # Only now: until the next one is asked for, the number stays its own, however early it ended.
            os.waitpid(process, 0)
        process = os.fork()
        if process == 0:
            Database(Path(line.strip())).close()
            os._exit(0)
        print(process, flush=True)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
