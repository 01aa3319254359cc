"""How Meta brings webhooks and takes calls, on this machine, in a thread of its own: what both doubles of it share.

It signs what it posts and posts it again until it is answered 200: at once, then ever less often. It sends batches, in
any order, some more than once, written in either of Meta's two ways. What stands in them, and what calls are answered
with, is the double's. It can be told to fail.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from custagent.channels.signature import SIGNATURE_HEADER, sign
from custagent.testing.meta_words import as_bytes
from custagent.testing.wire import Exchange, WireError, call, close, read_exchange, written

#: Seconds that a test waits for what another process does.
PATIENCE: Final = 90.0
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the provider goes about it."""

    #: Items of one request at most; what waits goes together.
    batch: int = 5
    #: Seconds that it waits for more before it sends a batch.
    gather: float = 0.005
    #: How often a batch that was answered 200 is sent once more, from 0 to 1.
    again: float = 0.0
    #: Whether the items of a batch, and batches among each other, go in any order.
    shuffle: bool = True
    #: Requests under way at a time.
    connections: int = 8
    #: Seconds before a batch that was not answered 200 goes out again: the second time and on, doubled up to the last.
    pause: float = 0.05
    longest_pause: float = 1.0
    #: Seconds that an answer may take.
    patience: float = 5.0
    #: What it tells of each reply.
    statuses: tuple[str, ...] = ("sent", "delivered", "read")


class Fault(StrEnum):
    """What may go wrong with one reply that it is given."""

    #: A fault of the provider (HTTP 500): nothing was taken.
    FAIL = "fail"
    #: Too many at once (HTTP 429, with Retry-After).
    SLOW_DOWN = "slow-down"
    #: It does not say a word.
    HANG = "hang"
    #: It takes the reply, and ends the connection without saying so.
    DROP = "drop"
    #: It does not take the reply, and ends the connection without saying so.
    CUT = "cut"
    #: It will not take it, ever: nobody has this number.
    REFUSE = "refuse"
    #: It takes it, and tells later that it could not be delivered.
    LOSE = "lose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that goes into a batch."""

    #: What the double calls its kind.
    kind: str
    words: Mapping[str, Any]
    #: The id by which it is known to be acknowledged; "" for what nobody asks about.
    id: str = ""


@dataclass(slots=True)
class _Posted:
    """What became of batches."""

    acknowledged: set[str] = field(default_factory=set)
    #: (status, how many items) of each answer to a batch; 0 where none came.
    answers: list[tuple[int, int]] = field(default_factory=list)


class MetaTransport:
    """Subclasses say what bodies hold, and answer calls. Use it as `with`; `webhook` is where the runner takes batches."""

    def __init__(self, *, app_secret: str, habits: Habits | None = None, seed: int = 0) -> None:
        self.habits = habits or Habits()
        self.app_secret = app_secret
        #: Until it is set batches wait.
        self.webhook = ""
        #: Where it takes calls, once it was entered.
        self.address = ""
        self.chance = random.Random(seed)  # noqa: S311 - a test's dice
        #: Held while something is remembered; whoever waits for it is woken.
        self.changed = threading.Condition()
        #: None is a reply that nothing happens to.
        self.faults: deque[Fault | None] = deque()
        self._posted_so_far = _Posted()
        self._waiting: deque[Item] = deque()
        #: Items that are to be delivered and are not settled: those that wait, and those under way.
        self._left = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fake-meta", daemon=True)
        self._started: threading.Event = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    # What a double says.

    def envelope(self, items: Sequence[Item]) -> Mapping[str, Any]:
        """The body that brings these."""
        raise NotImplementedError

    async def answer(self, request: Exchange) -> bytes | None:
        """The response to a call, see `said`; None ends the connection without a word."""
        raise NotImplementedError

    # What a test does.

    def bring(self, *items: Item) -> None:
        """Deliver these until they are acknowledged. It is not idle from now on."""
        with self.changed:
            self._left += len(items)
        self._loop.call_soon_threadsafe(self._queue, *items)

    def add(self, *items: Item) -> None:
        """The same, in its own thread."""
        with self.changed:
            self._left += len(items)
        self._queue(*items)

    def come_to(self, webhook: str) -> None:
        """Post to this address from now on."""
        self.webhook = webhook
        self._loop.call_soon_threadsafe(self._bell.set)

    def deliver(self, body: bytes, *, signature: str | None = None) -> int:
        """Post these bytes once, whatever they are; the status of the answer. Raises OSError, TimeoutError."""
        headers = self._headers(body) | ({SIGNATURE_HEADER: signature} if signature is not None else {})
        answer = call("POST", self.webhook, headers, body, seconds=self.habits.patience)
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result(PATIENCE).status

    def ask_to_come(self, token: str) -> tuple[int, bytes]:
        """Ask whether the webhook is the account's, as when its address is saved: the status and what was said."""
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        asking = call("GET", f"{self.webhook}?{urlencode(query)}", {}, b"", seconds=self.habits.patience)
        answer = asyncio.run_coroutine_threadsafe(asking, self._loop).result(PATIENCE)
        return answer.status, answer.body

    def disturb(self, fault: Fault, times: int = 1, *, after: int = 0) -> None:
        """The next replies that it is given go wrong, `after` so many that do not."""
        self._loop.call_soon_threadsafe(self.faults.extend, [*[None] * after, *[fault] * times])

    # What it remembers.

    @property
    def acknowledged(self) -> set[str]:
        """The ids of the items that the runner answered 200 to."""
        with self.changed:
            return set(self._posted_so_far.acknowledged)

    @property
    def answers(self) -> list[tuple[int, int]]:
        """(status, items) of every answer that it had to a batch; status 0 where none came."""
        with self.changed:
            return list(self._posted_so_far.answers)

    @property
    def idle(self) -> bool:
        """Whether all that it had to deliver is acknowledged."""
        with self.changed:
            return not self._left

    def wait_for(self, condition: Callable[[], object], *, seconds: float = PATIENCE) -> bool:
        """Wait until something is so, looked at whenever something happens at the provider; whether it became so."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(left)
        return True

    # Its own thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._bell = asyncio.Event()
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        posting = self._loop.create_task(self._post())
        self._started.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            posting.cancel()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.close()

    def _queue(self, *items: Item) -> None:
        self._waiting.extend(items)
        self._bell.set()

    async def _post(self) -> None:
        """Put what waits into batches, for as long as it lives."""
        free = asyncio.Semaphore(self.habits.connections)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._bell.wait()
                self._bell.clear()
                await asyncio.sleep(self.habits.gather)
                while self._waiting and self.webhook:
                    await free.acquire()
                    tasks.create_task(self._deliver(self._next_batch(), free))

    def _next_batch(self) -> list[Item]:
        size = min(len(self._waiting), self.chance.randint(1, self.habits.batch))
        if self.habits.shuffle:
            self._waiting.rotate(-self.chance.randrange(len(self._waiting)))
        batch = [self._waiting.popleft() for _ in range(size)]
        if self.habits.shuffle:
            self.chance.shuffle(batch)
        return batch

    async def _deliver(self, batch: list[Item], free: asyncio.Semaphore) -> None:
        """Post one batch until it is answered 200, and perhaps once more then: always the same bytes."""
        body = as_bytes(self.envelope(batch), escaped=self.chance.random() < 0.5)  # noqa: PLR2004 - one or the other
        try:
            pause = 0.0
            while not await self._posted(body, len(batch)):
                await asyncio.sleep(pause)
                pause = min(max(pause * 2, self.habits.pause), self.habits.longest_pause)
            with self.changed:
                self._posted_so_far.acknowledged.update(item.id for item in batch if item.id)
                self.changed.notify_all()
            if self.chance.random() < self.habits.again:
                await asyncio.sleep(self.chance.random() * self.habits.pause)
                await self._posted(body, len(batch))
        finally:
            free.release()
            with self.changed:
                self._left -= len(batch)
                self.changed.notify_all()

    async def _posted(self, body: bytes, items: int) -> bool:
        try:
            answer = await call("POST", self.webhook, self._headers(body), body, seconds=self.habits.patience)
            status = answer.status
        except (OSError, TimeoutError):
            status = 0
        with self.changed:
            self._posted_so_far.answers.append((status, items))
            self.changed.notify_all()
        return status == _OK

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, self.app_secret)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call."""
        try:
            request = await read_exchange(reader)
            if request is not None:
                answer = await self.answer(request)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except (WireError, ConnectionError):
            pass  # whoever asked has gone: killed, perhaps
        finally:
            await close(writer)


def said(status: int, told: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """A response with this JSON."""
    return written(
        f"HTTP/1.1 {status} {'OK' if status == _OK else 'Refused'}",
        {"Content-Type": "application/json", **(headers or {})},
        json.dumps(told).encode(),
    )
