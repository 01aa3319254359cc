"""kill -9 on a runner, again and again, while contacts talk to it on a live chat and by phone, and what is left then."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from custagent.testing.meta import FakeMeta
from tests.acceptance.phone import CHANNEL, Caller

PROGRAM = Path(__file__).with_name("runner_program.py")
#: Seconds that a runner lives, at random in between: from its first message on to well into the load. On a machine where a
#: start takes longer than that, up to as long as a start.
LIFE = (0.02, 0.6)
#: Seconds that a contact waits for an answer. On a busy machine few runners live long enough to give one.
PATIENCE = 600.0


class Often:
    """Starts `custagent run` on one workspace and port, one after the other, from a process in which everything is
    imported already; use it as `with`. A start takes a twentieth of the time, so that a test can afford many.
    """

    def __init__(self, house: Any, port: int, environment: dict[str, str]) -> None:
        command = [sys.executable, str(PROGRAM), "--start-often", str(house.folder), str(port)]
        #: What the runners said; a pipe that nobody reads would stop them.
        self.log = house.folder.with_name("runners.log")
        with self.log.open("w", encoding="utf-8") as log:
            self._starter = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=environment | house.environment,
            )  # fmt: skip
        #: The one that runs, 0 when none does.
        self._runner = 0

    def __enter__(self) -> Self:
        self._line("ready")
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner:
            os.kill(self._runner, signal.SIGKILL)
        # Without a next line to read, the program ends.
        self._starter.communicate(timeout=90)
        assert "Traceback" not in self.log.read_text(encoding="utf-8")

    def start(self) -> None:
        """Returns once it answers."""
        assert self._starter.stdin is not None
        self._starter.stdin.write("start\n")
        self._starter.stdin.flush()
        self._runner = int(self._line("started ").split()[1])
        self._line("http://")

    def end(self, sign: signal.Signals) -> None:
        os.kill(self._runner, sign)
        self._line("ended")
        self._runner = 0

    def _line(self, expected: str) -> str:
        """The next line in which this stands; what a runner says besides is passed over."""
        assert self._starter.stdout is not None
        while line := self._starter.stdout.readline():
            if expected in line:
                return line.strip()
        raise AssertionError(f"the program ended before it said {expected!r}")


class Typed:
    """The same, each as it is typed: `python -m custagent run`."""

    def __init__(self, house: Any, port: int, start: Callable[..., Any]) -> None:
        self._house, self._port, self._start = house, port, start
        self._runner: Any = None

    def start(self) -> None:
        log = self._house.folder.with_name("typed.log")
        self._runner = self._start(self._house, port=self._port, log=log).ready()

    def end(self, sign: signal.Signals) -> None:
        self._runner.signal(sign)
        _, told = self._runner.ends()
        assert "Traceback" not in told


@dataclass
class Load:
    """Contacts on both channels, each of whom asks, waits for the answer, and asks again."""

    meta: Any
    visitors: list[Any]
    callers: list[Caller]
    #: The channel that callers use, and how far each reply has come there in the end.
    channel: str = CHANNEL
    final: frozenset[str] = frozenset({"read"})
    stop: threading.Event = field(default_factory=threading.Event)

    def begin(self, threads: ThreadPoolExecutor) -> list[Future[None]]:
        return [
            *(threads.submit(self._chat, visitor) for visitor in self.visitors),
            *(threads.submit(self._call, caller) for caller in self.callers),
        ]

    @property
    def waits(self) -> bool:
        """Whether somebody waits, to be acknowledged or to be answered, or the provider has something to bring."""
        return any(one.waits for one in (*self.visitors, *self.callers)) or not self.meta.idle

    def _chat(self, visitor: Any) -> None:
        while not self.stop.is_set():
            asked = visitor.send(stop=self.stop)
            if asked:
                visitor.wait_for_reply(asked, stop=self.stop, seconds=PATIENCE)

    def _call(self, caller: Caller) -> None:
        while not self.stop.is_set():
            caller.ask()
            caller.wait(stop=self.stop, seconds=PATIENCE)


@dataclass
class Aftermath:
    """What is left after all the kills, when the last runner has done what waited."""

    house: Any
    load: Load
    #: How often a runner was killed, and in how many of these something was under way.
    kills: int = 0
    busy: int = 0
    #: How many of them were started as they are typed.
    typed: int = 0
    #: From the first start to the last.
    seconds: float = 0.0

    @property
    def copies(self) -> int:
        """How many replies the provider got once more than they were written."""
        return sum(self.copies_of_each.values()) - len(self.copies_of_each)

    @property
    def copies_of_each(self) -> Counter[str]:
        return Counter(reply.reference for reply in self.load.meta.replies)

    def told(self) -> str:
        chat = sum(len(visitor.acknowledged) for visitor in self.load.visitors)
        phone = len(self.load.meta.acknowledged)
        again = sum(status != 200 for status, _ in self.load.meta.answers)
        return (
            f"{self.kills} kill -9 ({self.typed} of the command as typed) in {self.seconds:.0f} s, {self.busy} with work"
            f" open; {chat} messages by chat, {phone} by phone ({again} batches brought again);"
            f" {self.copies} replies at the provider twice"
        )


def under_load(
    new_phone_house: Callable[[FakeMeta], Any], meta: FakeMeta, contact: Callable[[int], Any], port: int, *, each: int
) -> tuple[Any, Load]:
    """A workspace, and so many contacts on each of its channels, who will find its runner at this port."""
    meta.reach(f"http://127.0.0.1:{port}")
    return new_phone_house(meta), Load(
        meta=meta,
        visitors=[contact(port) for _ in range(each)],
        callers=[Caller(meta, f"4670{number:06}") for number in range(each)],
    )


def kill_often(house: Any, load: Load, starters: Sequence[Any], seed: int) -> Aftermath:
    """`starters`: who starts each of the runners that are killed, in order; the last one starts the one that stays."""
    left = Aftermath(house=house, load=load)
    chance, began = random.Random(seed), time.monotonic()
    with ThreadPoolExecutor(len(load.visitors) + len(load.callers)) as threads:
        talks: list[Future[None]] = []
        try:
            start = _start(starters[0])
            talks = load.begin(threads)
            for starter, following in zip(starters, [*starters[1:], starters[-1]], strict=True):
                time.sleep(chance.uniform(LIFE[0], max(LIFE[1], start)))
                left.busy += any(house.waiting()) or load.waits
                starter.end(signal.SIGKILL)
                left.kills += 1
                left.typed += isinstance(starter, Typed)
                start = _start(following)
        finally:
            load.stop.set()
        left.seconds = time.monotonic() - began
        for each in talks:
            each.result(120)
        _finish(house, load)
        starters[-1].end(signal.SIGTERM)
    return left


def _start(starter: Any) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    starter.start()
    return time.monotonic() - began


def _finish(house: Any, load: Load) -> None:
    """What was taken and not answered yet is answered by the last one."""
    deadline = time.monotonic() + 120
    while any(house.waiting()) or not load.meta.idle or not load.final >= house.delivery(load.channel).keys():
        assert time.monotonic() < deadline, (house.waiting(), house.delivery(load.channel))
        time.sleep(0.02)
    for visitor in load.visitors:
        visitor.catch_up()
    for caller in load.callers:
        assert caller.wait()
