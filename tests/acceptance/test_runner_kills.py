"""kill -9, again and again, under chat load: what was acknowledged is there, answered and charged once (CONV-2, R1-R3)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from custagent.store import Store
from custagent.testing import FrozenClock

PROGRAM = Path(__file__).with_name("runner_program.py")
#: CUSTAGENT_KILLS asks for more, by hand.
KILLS = int(os.environ.get("CUSTAGENT_KILLS") or 60)
CONTACTS = 10
#: Seconds: short, for nobody contends for it here and the next runner has to wait for its end.
LEASE = 0.2
#: Seconds that a runner lives, at random in between: from its first message on to well into the load.
LIFE = (0.02, 0.6)
ANSWER = "Two years from the day you buy it."


class Often:
    """Starts runners on one workspace and port, one after the other, and kills each; use it as `with`."""

    def __init__(self, house: Any, port: int) -> None:
        command = [sys.executable, str(PROGRAM), "--start-often", str(house.folder), str(port), str(LEASE)]
        self._starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        #: The one that runs, 0 when none does.
        self._runner = 0

    def __enter__(self) -> Self:
        self._line("ready")
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner:
            os.kill(self._runner, signal.SIGKILL)
        # Without a next line to read, the program ends.
        self._starter.communicate(timeout=10)

    def start(self) -> None:
        """Returns once it answers."""
        assert self._starter.stdin is not None
        self._starter.stdin.write("start\n")
        self._starter.stdin.flush()
        self._runner = int(self._line())
        self._line("http://")

    def end(self, sign: signal.Signals) -> None:
        os.kill(self._runner, sign)
        self._line("ended")
        self._runner = 0

    def _line(self, expected: str = "") -> str:
        assert self._starter.stdout is not None
        line = self._starter.stdout.readline()
        assert line, "the program ended"
        assert line.startswith(expected), line
        return line.strip()


def talk(visitor: Any, stop: threading.Event) -> Any:
    """Ask, wait for the answer, ask again."""
    while not stop.is_set():
        asked = visitor.send(stop=stop)
        if asked:
            visitor.wait_for_reply(asked, stop=stop, seconds=120)
    return visitor


@dataclass
class Aftermath:
    """What is left after all the kills, when the last runner has done what waited."""

    house: Any
    visitors: list[Any]
    #: How often a runner was killed, and in how many of these something was under way.
    kills: int = 0
    busy: int = 0
    #: From the first start to the last.
    seconds: float = 0.0


def kill_often(house: Any, port: int, visitors: list[Any]) -> Aftermath:
    left = Aftermath(house=house, visitors=visitors)
    chance, stop, started = random.Random(KILLS), threading.Event(), time.monotonic()
    with Often(house, port) as often, ThreadPoolExecutor(len(visitors)) as threads:
        often.start()
        talks: list[Future[Any]] = [threads.submit(talk, visitor, stop) for visitor in visitors]
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(*LIFE))
                left.busy += any(house.waiting()) or any(visitor.waits for visitor in visitors)
                often.end(signal.SIGKILL)
                left.kills += 1
                often.start()
        finally:
            stop.set()
        left.seconds = time.monotonic() - started
        for each in talks:
            each.result(60)
        # What was taken and not answered yet is answered by the last one.
        deadline = time.monotonic() + 30
        while any(house.waiting()):
            assert time.monotonic() < deadline, house.waiting()
            time.sleep(0.02)
        for visitor in visitors:
            visitor.catch_up()
        often.end(signal.SIGTERM)
    return left


@pytest.fixture(scope="module")
def aftermath(new_house, contact, free_port, record) -> Aftermath:
    left = kill_often(new_house(), free_port, [contact(free_port) for _ in range(CONTACTS)])
    record(
        f"{left.kills} kill -9 in {left.seconds:.0f} s, {left.busy} with work open;"
        f" {sum(len(visitor.acknowledged) for visitor in left.visitors)} messages of {CONTACTS} contacts"
    )
    return left


def test_it_was_under_load(aftermath):
    assert aftermath.kills == KILLS
    assert aftermath.busy >= 0.9 * KILLS
    assert all(len(visitor.acknowledged) > KILLS / 20 for visitor in aftermath.visitors)


def test_every_acknowledged_message_is_there_once(aftermath):
    written = aftermath.house.inbound()
    threads = aftermath.house.threads()
    for visitor in aftermath.visitors:
        asked = [number for number, kind, _ in threads[visitor.key] if kind == "inbound"]
        assert visitor.acknowledged.items() <= written.items()
        assert set(visitor.acknowledged.values()) <= set(asked)
        # At most the one that it was just sending when it was told to stop was written and not acknowledged.
        assert len(asked) - len(visitor.acknowledged) in (0, 1)
        assert len(asked) == len(set(asked))


def test_every_message_is_answered_once(aftermath):
    for visitor in aftermath.visitors:
        kinds = [kind for _, kind, _ in aftermath.house.threads()[visitor.key]]
        assert kinds[1] == "disclosure"
        kinds.remove("disclosure")
        assert kinds == ["inbound", "answer"] * (len(kinds) // 2)
        assert {text for _, kind, text in aftermath.house.threads()[visitor.key] if kind == "answer"} == {ANSWER}


def test_no_message_was_shown_twice_and_none_was_left_out(aftermath):
    for visitor in aftermath.visitors:
        shown = [message["id"] for message in visitor.heard]
        assert shown == [number for number, _, _ in aftermath.house.threads()[visitor.key]]


def test_every_conversation_was_charged_once(aftermath):
    charges = aftermath.house.charges()
    assert len(charges) == CONTACTS
    assert len({conversation for conversation, _ in charges}) == CONTACTS
    assert {amount for _, amount in charges} == {-100}


def test_the_ledger_and_the_database_are_whole(aftermath):
    with Store(aftermath.house.home.database, FrozenClock()) as store:
        assert store.ledger.verify() is None
        store.check()
        assert len(store.conversations.list()) == CONTACTS
        for conversation in store.conversations.list():
            assert set(store.outbox.statuses(conversation.id).values()) == {"sent"}
