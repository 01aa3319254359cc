"""A disk that fills up under a live runner, and gets room again: for the short test and the long one (R7)."""

from __future__ import annotations

import json
import random
import resource
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import PATIENCE, wait_until

ORIGIN = "https://www.northwind.example"
QUESTION = "How long is the warranty?"
#: Messages of one visitor, before another one comes: the chat lets each say only so much at once.
EACH_SAYS = 3
#: Seconds between two tries to send the same message.
AGAIN = 0.15
#: Seconds after which messages are taken again, once there is room (R7).
RECOVERY = 5.0
#: The longest that anybody is asked to wait, in seconds.
LONGEST_WAIT = 60


class Disk:
    """The disk as one process sees it: beyond the limit no file of it grows, as if there were no room.

    RLIMIT_FSIZE, which needs no rights; Python ignores the signal that goes with it.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._room = resource.prlimit(process, resource.RLIMIT_FSIZE)

    def fill(self, limit: int) -> None:
        """No file of the process may reach beyond so many bytes; 1 is a disk without any room."""
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, (limit, self._room[1]))

    def free(self) -> None:
        """Somebody made room."""
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, self._room)


@dataclass(frozen=True, slots=True)
class Told:
    """What came back on one try to send a message; status 0: nobody answered."""

    at: float
    status: int
    retry_after: str


@dataclass
class Senders:
    """Visitors who send until they are told that the message was taken, several at a time."""

    port: int
    told: list[Told] = field(default_factory=list)
    #: The id that each message was taken under, by the id that the browser gave it.
    acknowledged: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def sending(self, at_once: int) -> Iterator[None]:
        stop = threading.Event()
        threads = [threading.Thread(target=self._send, args=(stop, number)) for number in range(at_once)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)

    def since(self, moment: float, status: int) -> list[Told]:
        return [told for told in list(self.told) if told.at >= moment and told.status == status]

    def _send(self, stop: threading.Event, number: int) -> None:
        said, token = 0, ""
        while not stop.is_set():
            if said % EACH_SAYS == 0:
                token = secrets.token_urlsafe(32)
            said += 1
            self._send_one(stop, token, f"198.51.{number}.{said % 250 + 1}")
            stop.wait(0.02)

    def _send_one(self, stop: threading.Event, token: str, address: str) -> None:
        client_id = str(uuid.uuid4())
        while not stop.is_set():
            try:
                status, retry_after, value = self._post(token, client_id, address)
            except (OSError, HTTPException):
                status, retry_after, value = 0, "", {}
            if status == 202:
                # First, so that whoever sees the status finds the message.
                self.acknowledged[client_id] = value["id"]
            self.told.append(Told(time.monotonic(), status, retry_after))
            if status == 202:
                return
            stop.wait(AGAIN)

    def _post(self, token: str, client_id: str, address: str) -> tuple[int, str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Origin": ORIGIN, "Content-Type": "application/json"}
        headers |= {"X-Forwarded-For": address}
        body = json.dumps({"client_msg_id": client_id, "text": QUESTION})
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("POST", "/chat/website/messages", body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Retry-After", ""), json.loads(response.read() or "null")


@contextmanager
def heard(process: Any) -> Iterator[list[str]]:
    """What the process says on stderr, read at once: a pipe that nobody reads would stop it. It ends with the block."""
    lines: list[str] = []
    thread = threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()
        thread.join(PATIENCE)
        process.stdout.close()
        process.stderr.close()


@dataclass
class Episode:
    """The disk was full once."""

    #: Tries that were told to wait, and what they were told.
    refused: list[Told]
    #: Tries that were told something else than "taken" and "wait" while it was full, or after.
    others: list[Told]
    #: Seconds from the room to the next message that was taken.
    recovered: float


def fill_up(house: Any, runner: Any, senders: Senders, chance: random.Random, seconds: float) -> Episode:
    """Let the disk run full under load, leave it so for so many seconds, and make room."""
    disk = Disk(runner.process.pid)
    log = Path(f"{house.home.database}-wal")
    time.sleep(chance.uniform(0.1, 0.5))
    began = time.monotonic()
    # Somewhere in the next writes of the log, in the middle of one as likely as not. A log that begins anew within what
    # it has grown to would go on for long, though.
    disk.fill(log.stat().st_size + chance.randrange(40_000))
    with suppress(AssertionError):
        wait_until(lambda: senders.since(began, 503), seconds=chance.choice([0, 2]))
    disk.fill(1)
    wait_until(lambda: len(senders.since(began, 503)) >= 3)
    time.sleep(seconds)
    refused = senders.since(began, 503)
    disk.free()
    freed = time.monotonic()
    wait_until(lambda: senders.since(freed, 202))
    others = [told for told in senders.told if told.at >= began and told.status not in (202, 429, 503)]
    return Episode(refused=refused, others=others, recovered=senders.since(freed, 202)[0].at - freed)


def nothing_is_lost(house: Any, senders: Senders) -> None:
    """Raises AssertionError unless every message that was taken is there once, answered, and charged once a visitor."""
    written = house.inbound()
    assert senders.acknowledged.items() <= written.items()
    threads = house.threads()
    for thread in threads.values():
        kinds = [kind for _, kind, _ in thread]
        assert kinds.count("disclosure") == 1
        assert kinds[-1] == "answer", "the last word is the agent's"
    assert sum(kind == "inbound" for thread in threads.values() for _, kind, _ in thread) == len(written)
    charges = house.charges()
    assert len(charges) == len({conversation for conversation, _ in charges}) == len(threads)
    with house.rows() as connection:
        assert {status for (status,) in connection.execute("SELECT DISTINCT status FROM outbox")} == {"sent"}
