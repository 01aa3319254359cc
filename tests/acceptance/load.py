"""Load on a real runner, and what it does to the process: memory, open files, the database's log (R14, R16, R18)."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("load_program.py")
COMMANDS = Path(__file__).with_name("commands_program.py")
#: What the runner is made for, messages a second: the load of the soak, of which overload is ten times.
RATED = 10
#: Bytes that the write-ahead log may take.
MOST_LOG = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """A process at one moment."""

    #: Seconds since the first look.
    at: float
    #: Bytes of memory.
    memory: int
    #: Open files and connections.
    files: int
    threads: int
    #: Bytes of the write-ahead log.
    log: int
    #: Conversations with messages that wait for the agent.
    waiting: int

    @property
    def files_beside_threads(self) -> int:
        """Without the two files of the database that each of the pool's threads holds; those start as work needs them."""
        return self.files - 2 * self.threads


@dataclass
class Watched:
    """What was seen of a runner."""

    seen: list[Vitals] = field(default_factory=list)

    def after(self, share: float) -> list[Vitals]:
        """The looks in the rest of the time, after this share of it."""
        ends = self.seen[-1].at
        return [one for one in self.seen if one.at >= share * ends]

    def between(self, begin: float, end: float) -> list[Vitals]:
        """The looks between these shares of the time."""
        ends = self.seen[-1].at
        return [one for one in self.seen if begin * ends <= one.at <= end * ends]

    def growth(self, warm: float) -> float:
        """How much the memory grew between the first and the last third of the time after this share of it."""
        third = (1 - warm) / 3
        first = statistics.median(one.memory for one in self.between(warm, warm + third))
        last = statistics.median(one.memory for one in self.between(1 - third, 1))
        return last / first - 1

    def slope(self, warm: float) -> float:
        """Bytes a second that the memory grew by, as a straight line through the time after this share of it."""
        looks = self.after(warm)
        return statistics.linear_regression([one.at for one in looks], [one.memory for one in looks]).slope

    @property
    def most_log(self) -> int:
        return max(one.log for one in self.seen)


def vitals(runner: Any, started: float) -> Vitals:
    process = Path(f"/proc/{runner.process.pid}")
    status = (process / "status").read_text(encoding="ascii")
    log = runner.house.home.database.with_name(runner.house.home.database.name + "-wal")
    with runner.house.rows() as rows:
        waiting = rows.execute("SELECT count(DISTINCT conversation) FROM inbound WHERE handled = 0").fetchone()[0]
    return Vitals(
        at=time.monotonic() - started,
        memory=int(status.partition("VmRSS:")[2].split()[0]) * 1024,
        files=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        log=log.stat().st_size if log.exists() else 0,
        waiting=waiting,
    )


@contextmanager
def watching(runner: Any, *, every: float) -> Iterator[Watched]:
    """Looks at a runner again and again for as long as the block lasts."""
    watched, stop, started = Watched(), threading.Event(), time.monotonic()

    def look() -> None:
        while not stop.wait(every):
            watched.seen.append(vitals(runner, started))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield watched
    finally:
        stop.set()
        watcher.join()


def put_load(mode: str, port: int, **settings: Any) -> dict[str, Any]:
    """What the load program measured; it works in a process of its own."""
    words = [f"{name}={value}" for name, value in settings.items()]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), mode, f"127.0.0.1:{port}", "channel=website", *words],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def warm_up(runner: Any, contact: Any) -> None:
    """The first answer loads the engine, and its threads their memory."""
    for _ in range(3):
        visitor = contact(runner.port)
        visitor.wait_for_reply(visitor.send(), seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """What came of far more messages than can be answered."""

    measured: dict[str, Any]
    watched: Watched
    #: Messages that were acknowledged, and of these those that are not in the database.
    taken: int
    lost: int
    #: Seconds after the load until nothing waited any more; None: it was not waited for.
    recovery: float | None
    #: Turns a second while it lasted.
    pace: float

    @property
    def refused(self) -> int:
        return sum(self.measured["statuses"].get(status, 0) for status in ("429", "503"))

    def told(self) -> str:
        seconds = self.measured["seconds"]
        recovered = "" if self.recovery is None else f", all answered {self.recovery:.0f} s later"
        return (
            f"{self.measured['requests']} messages in {seconds:.0f} s: {self.taken} taken, {self.lost} lost,"
            f" {self.refused} refused (asked to wait {self.measured['retry_after']} s),"
            f" p95 of being told {self.measured['latency']['p95']:.0f} ms; {self.pace:.1f} answers a second,"
            f" at most {max(one.waiting for one in self.watched.seen)} conversations waited{recovered};"
            f" memory {self.watched.growth(0.2):+.1%}, at most {max(one.memory for one in self.watched.seen) >> 20} MB"
        )


def overload(house: Any, runner: Any, taken: Path, *, seconds: float, rate: float, recover: float = 0) -> Overload:
    """Send `rate` messages a second, each of a visitor of its own; then wait at most `recover` seconds for the rest."""
    before = answered(house)
    with watching(runner, every=max(0.25, seconds / 600)) as watched:
        measured = put_load("rate", runner.port, rate=rate, seconds=seconds, each=1, taken=taken, run=3)
        pace = (answered(house) - before) / measured["seconds"]
    recovery = None
    if recover:
        began = time.monotonic()
        while any(house.waiting()):
            assert time.monotonic() - began < recover, house.waiting()
            time.sleep(0.1)
        recovery = time.monotonic() - began
    acknowledged = set(taken.read_text(encoding="utf-8").split())
    lost = len(acknowledged - house.inbound().keys())
    return Overload(
        measured=measured, watched=watched, taken=len(acknowledged), lost=lost, recovery=recovery, pace=pace
    )  # fmt: skip


def answered(house: Any) -> int:
    """How many turns the agent has made."""
    with house.rows() as rows:
        kinds = "('contact', 'person')"
        asked = f"SELECT count(*) FROM messages WHERE sender NOT IN {kinds} AND kind <> 'disclosure'"
        return int(rows.execute(asked).fetchone()[0])


@dataclass
class Commands:
    """Processes that type commands, one after the other."""

    processes: list[subprocess.Popen[str]]

    def done(self, within: float) -> list[dict[str, Any]]:
        """What each process says of its commands: how often each ran, and what went wrong."""
        told = []
        for process in self.processes:
            out, error = process.communicate(timeout=within)
            assert process.returncode == 0, error
            told.append(json.loads(out))
        return told


def type_commands(house: Any, environment: dict[str, str], *, processes: int, seconds: float) -> Commands:
    """So many processes, each with commands of its own, for so many seconds."""
    return Commands([
        subprocess.Popen(
            [sys.executable, str(COMMANDS), str(number), str(seconds)], cwd=house.folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(processes)
    ])  # fmt: skip


def flat(values: list[int], *, by: Callable[[list[int]], float] = statistics.median, spare: int) -> bool:
    """Whether the last quarter is no higher than the first, `spare` aside."""
    quarter = max(1, len(values) // 4)
    return by(values[-quarter:]) <= by(values[:quarter]) + spare
