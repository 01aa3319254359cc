"""Two runners on one workspace: the first is stopped beyond its lease, the second follows it, the first wakes (R4)."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from custagent.testing.meta import FakeMeta, Reply
from tests.acceptance.conftest import wait_until
from tests.acceptance.kills import Load
from tests.acceptance.phone import CHANNEL, Caller
from tests.conftest import require

#: Seconds. Short, for the second one has to wait for its end.
LEASE = 1.0
#: Seconds between its beginning and its stop, at random.
LIFE = (0.1, 1.0)


@dataclass
class Duel:
    """What is left after some rounds, in each of which the runner of the round before is replaced."""

    house: Any
    load: Load
    rounds: int = 0
    #: How often the first stop was in the middle of a write, and it had to be stopped again.
    in_a_write: int = 0
    stops: int = 0
    #: In how many rounds something was under way.
    busy: int = 0
    #: Replies that a runner sent after it was followed.
    late: list[Reply] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def copies(self) -> dict[str, int]:
        """How often each reply came that came more than once."""
        return {one: n for one, n in Counter(reply.reference for reply in self.load.meta.replies).items() if n > 1}

    def told(self) -> str:
        return (
            f"{self.rounds} runners stopped beyond their lease and woken, {self.busy} with work open, in"
            f" {self.seconds:.0f} s; {len(self.load.meta.replies)} replies by phone, {len(self.copies)} of them twice,"
            f" {len(self.late)} by a runner that was followed; {self.in_a_write} of {self.stops} stops were in the middle"
            " of a write, when nobody could follow"
        )


def duel(
    new_phone_house: Callable[[FakeMeta], Any], meta: FakeMeta, start: Callable[..., Any], *, rounds: int, seed: int
) -> Duel:
    """So many rounds, under load by phone."""
    house = new_phone_house(meta)
    load = Load(meta=meta, visitors=[], callers=[Caller(meta, f"4677{number:06}") for number in range(8)])
    left = Duel(house=house, load=load)
    chance, began = random.Random(seed), time.monotonic()
    with ThreadPoolExecutor(len(load.callers)) as threads:
        talks = []
        try:
            first = start(house, lease=LEASE, log=house.folder.with_name("runner-0.log")).ready()
            meta.reach(first.address)
            talks = load.begin(threads)
            for _ in range(rounds):
                time.sleep(chance.uniform(*LIFE))
                first = _round(left, first, start)
        finally:
            load.stop.set()
        for each in talks:
            each.result(60)
        for caller in load.callers:
            assert caller.wait()
        wait_until(lambda: not any(house.waiting()) and meta.idle and "sent" not in house.delivery(CHANNEL))
        assert first.stop()[0] == 0
    left.seconds = time.monotonic() - began
    return left


def _round(left: Duel, first: Any, start: Callable[..., Any]) -> Any:
    """Stop the first, let a second follow, wake the first: it ends by itself. Returns the second."""
    meta = left.load.meta
    _put_to_sleep(left, first)
    left.busy += any(left.house.waiting()) or left.load.waits
    log = left.house.folder.with_name(f"runner-{left.rounds + 1}.log")
    second = start(left.house, lease=LEASE, log=log).ready()
    meta.reach(second.address)
    goal = len(meta.replies) + len(left.load.callers)
    assert meta.wait_for(lambda: len(meta.replies) >= goal)
    woken = len(meta.replies)
    first.signal(signal.SIGCONT)
    code, told = first.ends()
    assert code == 1, told
    assert "This runner has no hold on the workspace any more" in told
    assert f"process {second.process.pid} on " in told
    assert "Traceback" not in told
    left.late += [one for one in meta.replies[woken:] if one.sender.endswith(f" {first.process.pid})")]
    left.rounds += 1
    return second


def _put_to_sleep(left: Duel, runner: Any) -> None:
    """Stop it between two writes: in the middle of one SQLite's lock sleeps with it, and nobody can write at all."""
    for _ in range(200):
        left.stops += 1
        if fell_asleep_between_writes(left.house, runner.process.pid, signal.SIGSTOP):
            return
        left.in_a_write += 1
        os.kill(runner.process.pid, signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("it never stopped writing")


def fell_asleep_between_writes(house: Any, process: int, sign: signal.Signals) -> bool:
    """Stop a runner; whether somebody else can write now."""
    os.kill(process, sign)
    deadline = time.monotonic() + 90
    # Its threads stop one after the other, each when it is its turn to run.
    while set(_states(process)) != {"T"}:
        assert time.monotonic() < deadline, _states(process)
        time.sleep(0.001)
    with closing(sqlite3.connect(house.home.database, timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
    return True


def _states(process: int) -> list[str]:
    """A letter a thread, as the kernel has it; T is stopped."""
    tasks = Path(f"/proc/{process}/task")
    require("/proc", tasks.is_dir(), "whether a process is stopped is read from Linux's own list")
    states = []
    for one in tasks.iterdir():
        # A thread may end between being listed and being read.
        with suppress(FileNotFoundError, ProcessLookupError):
            states.append((one / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0])
    return states


def nobody_was_answered_twice(left: Duel) -> None:
    assert left.late == []
    assert left.copies == {}
    assert left.busy >= 0.9 * left.rounds
    threads = left.house.threads()
    for caller in left.load.callers:
        kinds = [kind for _, kind, _ in threads[caller.phone]]
        kinds.remove("disclosure")
        assert kinds == ["inbound", "answer"] * len(caller.asked)
        ours = [str(number) for number, kind, _ in threads[caller.phone] if kind != "inbound"]
        assert [reply.reference for reply in left.load.meta.replies_to(caller.phone)] == ours
    assert len({conversation for conversation, _ in left.house.charges()}) == len(left.house.charges()) == 8
