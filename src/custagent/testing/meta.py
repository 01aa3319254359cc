"""A messaging provider for tests that behaves as Meta does with WhatsApp, on this machine, in a thread of its own.

It signs what it posts to the webhook and posts it again until it is answered 200: at once, then ever less often. It
sends batches, in any order, some more than once. It takes replies as the Graph API does, remembers each in the order in
which it took it, and tells what became of them by webhooks of their own. It can be told to fail. What it remembers is
the oracle of a test: whatever happened to the runner, it knows which messages were acknowledged and which replies came.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from custagent.channels.signature import SIGNATURE_HEADER, sign
from custagent.testing.meta_words import as_bytes, envelope, refusal, status_item, text_item
from custagent.testing.whatsapp import BASE, GRAPH_VERSION, WEBHOOK_PATH
from custagent.testing.wire import Exchange, WireError, call, close, read_exchange, written

_OK: Final = 200
#: Seconds that a test waits for what another process does.
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the provider and the workspace agree on. The names are those of the variables in `environment`."""

    phone_number_id: str = "106540352242922"
    display_phone_number: str = "15550783881"
    business: str = "102290129340398"
    access_token: str = "EAA-for-tests-only"  # noqa: S105 - it opens nothing
    app_secret: str = "app-secret-for-tests-only"  # noqa: S105 - it signs nothing but tests
    verify_token: str = "verify-token-for-tests-only"  # noqa: S105 - see above

    def channel(self, name: str) -> str:
        """The channel as an item of `channels:` in custagent.yaml; `FakeMeta.environment` has its variables."""
        return (
            f"  - name: {name}\n    kind: whatsapp\n    phone_number_id: '{self.phone_number_id}'\n"
            "    access_token: ${WHATSAPP_TOKEN}\n    app_secret: ${WHATSAPP_SECRET}\n"
            "    verify_token: ${WHATSAPP_VERIFY}\n"
        )


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
    #: It will not take it, ever: nobody has this number.
    REFUSE = "refuse"
    #: It takes it, and tells later that it could not be delivered.
    LOSE = "lose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply that the provider took."""

    #: Whom it was for.
    to: str
    text: str
    #: The provider's id of it.
    id: str
    #: What was sent along: the same for a reply that is sent again.
    reference: str
    #: Who sent it: the User-Agent header.
    sender: str


@dataclass(slots=True, kw_only=True)
class _Item:
    """Something that goes into a batch."""

    #: "messages" or "statuses".
    kind: str
    words: Mapping[str, Any]


@dataclass(slots=True)
class _Log:
    """What the provider remembers."""

    #: The ids of the messages that were answered 200.
    acknowledged: set[str] = field(default_factory=set)
    replies: list[Reply] = field(default_factory=list)
    by_phone: dict[str, list[Reply]] = field(default_factory=dict)
    #: (status, how many items) of each answer to a batch; 0 where none came.
    answers: list[tuple[int, int]] = field(default_factory=list)


class FakeMeta:
    """The provider. Use it as `with FakeMeta() as meta`, start the runner with `meta.environment`, tell it `webhook`."""

    def __init__(self, *, account: Account | None = None, habits: Habits | None = None, seed: int = 0) -> None:
        self.account = account or Account()
        self.habits = habits or Habits()
        #: Where the runner takes batches; until it is set they wait.
        self.webhook = ""
        self._chance = random.Random(seed)  # noqa: S311 - a test's dice
        self._numbers = count(1)
        self._log = _Log()
        self._changed = threading.Condition()
        self._faults: deque[Fault] = deque()
        self._waiting: deque[_Item] = deque()
        self._under_way = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fake-meta", daemon=True)
        self._started: threading.Event = threading.Event()
        self.address = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the runner is started with."""
        return {
            BASE: self.address,
            "WHATSAPP_TOKEN": self.account.access_token,
            "WHATSAPP_SECRET": self.account.app_secret,
            "WHATSAPP_VERIFY": self.account.verify_token,
        }

    def reach(self, runner: str) -> None:
        """Post to the runner at this address from now on."""
        self.webhook = f"{runner}{WEBHOOK_PATH}"
        self._wake()

    # What the test does.

    def write(self, phone: str, text: str, *, name: str = "") -> str:
        """A contact writes; the message's id. It is delivered until it is acknowledged."""
        message = f"wamid.{next(self._numbers):08}"
        self._loop.call_soon_threadsafe(self._add, _Item(kind="messages", words=text_item(message, phone, text, name)))
        return message

    def deliver(self, body: bytes, *, signature: str | None = None) -> int:
        """Post these bytes once, whatever they are; the status of the answer. Raises OSError, TimeoutError."""
        headers = self._headers(body) | ({SIGNATURE_HEADER: signature} if signature is not None else {})
        answer = call("POST", self.webhook, headers, body, seconds=self.habits.patience)
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result(PATIENCE).status

    def verify(self, token: str | None = None) -> tuple[int, bytes]:
        """Ask whether the webhook is the account's, as when its address is saved: the status and what was said."""
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": self.account.verify_token if token is None else token,
            "hub.challenge": "1158201444",
        }
        asking = call("GET", f"{self.webhook}?{urlencode(query)}", {}, b"", seconds=self.habits.patience)
        answer = asyncio.run_coroutine_threadsafe(asking, self._loop).result(PATIENCE)
        return answer.status, answer.body

    def disturb(self, fault: Fault, times: int = 1) -> None:
        """The next replies that it is given go wrong."""
        self._loop.call_soon_threadsafe(self._faults.extend, [fault] * times)

    # What it remembers.

    @property
    def acknowledged(self) -> set[str]:
        """The ids of the messages that the runner answered 200 to."""
        with self._changed:
            return set(self._log.acknowledged)

    @property
    def replies(self) -> list[Reply]:
        """Every reply that it took, in order; one that was sent again is there again."""
        with self._changed:
            return list(self._log.replies)

    def replies_to(self, phone: str) -> list[Reply]:
        """Those for one contact."""
        with self._changed:
            return list(self._log.by_phone.get(phone, ()))

    @property
    def answers(self) -> list[tuple[int, int]]:
        """(status, items) of every answer that it had to a batch; status 0 where none came."""
        with self._changed:
            return list(self._log.answers)

    @property
    def idle(self) -> bool:
        """Whether all that it had to deliver is acknowledged."""
        return not self._waiting and not self._under_way

    def wait_for(self, condition: Callable[[], object], *, seconds: float = PATIENCE) -> bool:
        """Wait until something is so, looked at whenever something happens at the provider; whether it became so."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
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

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._bell.set)

    def _add(self, *items: _Item) -> None:
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
                    batch = self._next_batch()
                    self._under_way += 1
                    tasks.create_task(self._deliver(batch, free))

    def _next_batch(self) -> list[_Item]:
        size = min(len(self._waiting), self._chance.randint(1, self.habits.batch))
        if self.habits.shuffle:
            self._waiting.rotate(-self._chance.randrange(len(self._waiting)))
        batch = [self._waiting.popleft() for _ in range(size)]
        if self.habits.shuffle:
            self._chance.shuffle(batch)
        return batch

    async def _deliver(self, batch: list[_Item], free: asyncio.Semaphore) -> None:
        """Post one batch until it is answered 200, and perhaps once more then: always the same bytes."""
        messages = [item.words for item in batch if item.kind == "messages"]
        statuses = [item.words for item in batch if item.kind == "statuses"]
        body = as_bytes(envelope(self.account, messages, statuses, self._chance), escaped=self._chance.random() < 0.5)  # noqa: PLR2004 - one or the other
        try:
            pause = 0.0
            while not await self._posted(body, len(batch)):
                await asyncio.sleep(pause)
                pause = min(max(pause * 2, self.habits.pause), self.habits.longest_pause)
            with self._changed:
                self._log.acknowledged.update(str(message["id"]) for message in messages)
                self._changed.notify_all()
            if self._chance.random() < self.habits.again:
                await asyncio.sleep(self._chance.random() * self.habits.pause)
                await self._posted(body, len(batch))
        finally:
            free.release()
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    async def _posted(self, body: bytes, items: int) -> bool:
        try:
            answer = await call("POST", self.webhook, self._headers(body), body, seconds=self.habits.patience)
            status = answer.status
        except (OSError, TimeoutError):
            status = 0
        with self._changed:
            self._log.answers.append((status, items))
            self._changed.notify_all()
        return status == _OK

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, self.account.app_secret)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request to the Graph API."""
        try:
            request = await read_exchange(reader)
            if request is not None:
                answer = await self._answer(request)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except (WireError, ConnectionError):
            pass  # whoever asked has gone: killed, perhaps
        finally:
            await close(writer)

    async def _answer(self, request: Exchange) -> bytes | None:
        """None ends the connection without a word."""
        number = f"/{GRAPH_VERSION}/{self.account.phone_number_id}"
        if request.headers.get("authorization") != f"Bearer {self.account.access_token}":
            return _said(401, refusal(190, "Error validating access token"))
        if request.method == "GET" and request.target == number:
            return _said(200, {"id": self.account.phone_number_id, "verified_name": "Northwind"})
        if request.method == "POST" and request.target == f"{number}/messages":
            return await self._take(json.loads(request.body), request.headers.get("user-agent", ""))
        return _said(404, refusal(33, "Unsupported request"))

    async def _take(self, sent: Mapping[str, Any], sender: str) -> bytes | None:
        fault = self._faults.popleft() if self._faults else None
        if fault is Fault.HANG:
            await asyncio.sleep(PATIENCE * 2)
        if fault is Fault.FAIL:
            return _said(500, refusal(131000, "Something went wrong"))
        if fault is Fault.SLOW_DOWN:
            return _said(429, refusal(130429, "Rate limit hit"), {"Retry-After": "1"})
        if fault is Fault.REFUSE:
            return _said(400, refusal(131026, "Message undeliverable"))
        reply = Reply(
            to=str(sent["to"]),
            text=str(sent["text"]["body"]),
            id=f"wamid.R{next(self._numbers):08}",
            reference=str(sent.get("biz_opaque_callback_data", "")),
            sender=sender,
        )
        with self._changed:
            self._log.replies.append(reply)
            self._log.by_phone.setdefault(reply.to, []).append(reply)
            self._changed.notify_all()
        self._tell(reply, ("failed",) if fault is Fault.LOSE else self.habits.statuses)
        if fault is Fault.DROP:
            return None
        contacts = [{"input": reply.to, "wa_id": reply.to}]
        return _said(200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": reply.id}]})

    def _tell(self, reply: Reply, statuses: tuple[str, ...]) -> None:
        """What became of a reply, in any order, some of it twice."""
        told = [*statuses, *(one for one in statuses if self._chance.random() < self.habits.again)]
        if self.habits.shuffle:
            self._chance.shuffle(told)
        self._add(
            *(_Item(kind="statuses", words=status_item(reply.id, reply.to, one, reply.reference)) for one in told)
        )


def _said(status: int, told: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    return written(
        f"HTTP/1.1 {status} {'OK' if status == _OK else 'Refused'}",
        {"Content-Type": "application/json", **(headers or {})},
        json.dumps(told).encode(),
    )
