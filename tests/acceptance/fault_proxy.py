"""A provider behind a bad line: what it answers is passed on, or goes wrong on the way (R12)."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from custagent.testing.wire import Exchange, WireError, call, close, read_exchange, written

#: Seconds between two bytes of a slow body: far less than any socket's time-out.
DRIP = 0.2


class Fault(StrEnum):
    """What may go wrong with one exchange."""

    TIME_OUT = "time-out"
    RESET = "reset"
    #: The provider did what it was asked to, and nobody is told.
    RESET_AFTERWARDS = "reset afterwards"
    #: A byte now and then, for ever.
    SLOW_BODY = "slow body"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    AWAY = "503"
    HALF_JSON = "half JSON"
    #: Fewer bytes than were announced.
    CUT_BODY = "cut body"
    WRONG_TYPES = "wrong types"
    A_PAGE = "a page of HTML"
    NO_HTTP = "no HTTP"


#: How a provider answers what gets through.
Answer = Callable[[Exchange], Awaitable[bytes]]

_WRONG = ([], None, 7, "yes", {"choices": "none", "messages": 3}, {"choices": [None], "messages": [{"id": 7}]})
#: With these the provider says 200, so it did what it was asked to.
_TAKEN = {Fault.HALF_JSON, Fault.WRONG_TYPES}
_FAILED = {"error": {"message": "no", "type": "x", "code": 1}}


def passed_on(address: str) -> Answer:
    """A provider at this address."""

    async def ask(asked: Exchange) -> bytes:
        kept = {name: value for name, value in asked.headers.items() if name not in ("content-length", "connection")}
        answer = await call(asked.method, f"{address}{asked.target}", kept, asked.body, seconds=10)
        return written(answer.first, {"Content-Type": "application/json"}, answer.body)

    return ask


def completion(text: str) -> Answer:
    """A chat service that always writes the same, as OpenAI does."""
    message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "small",
        "choices": [message],
        "usage": usage,
    }

    async def write(_: Exchange) -> bytes:
        return answered(200, body)

    return write


def answered(status: int, value: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer in JSON."""
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return written(f"HTTP/1.1 {status} told", all_headers, json.dumps(value).encode())


class Weather:
    """Which faults come: those of a list first, then at random with a probability."""

    def __init__(self, seed: int = 0) -> None:
        self._first: deque[Fault | None] = deque()
        self._probability = 0.0
        self._chance = random.Random(seed)

    def __call__(self) -> Fault | None:
        if self._first:
            return self._first.popleft()
        return self._chance.choice(list(Fault)) if self._chance.random() < self._probability else None

    def turns(self, *first: Fault | None, probability: float = 0.0) -> None:
        """From now on, None being fair weather; without anything it is fair."""
        self._first = deque(first)
        self._probability = probability


class FaultProxy:
    """The line, in a thread of its own. Use it as `with FaultProxy(…) as line`."""

    def __init__(
        self, answer: Answer, weather: Weather, *, spared: Callable[[Exchange], bool] = lambda _: False
    ) -> None:
        """Nothing goes wrong with what is `spared`."""
        self._answer = answer
        self._spared = spared
        self.weather = weather
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self._started = threading.Event()
        self.address = ""
        #: How often each fault came about; None counts what got through.
        self.seen: Counter[Fault | None] = Counter()
        #: What it asks for with a 429, as seconds or in words.
        self.wait: float | str = 1
        #: Connections that are open now.
        self.open = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            asked = await read_exchange(reader)
            if asked is not None:
                fault = None if self._spared(asked) else self.weather()
                self.seen[fault] += 1
                await self._go_wrong(fault, asked, reader, writer)
        except (WireError, OSError):
            pass  # whoever asked has gone
        finally:
            await close(writer)
            self.open -= 1

    async def _go_wrong(
        self, fault: Fault | None, asked: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match fault:
            case Fault.TIME_OUT:
                await reader.read()  # until the other side has had enough
            case Fault.RESET | Fault.RESET_AFTERWARDS:
                if fault is Fault.RESET_AFTERWARDS:
                    await self._answer(asked)
                reset(writer)
            case Fault.SLOW_BODY:
                await self._drip(await self._answer(asked), writer)
            case Fault.CUT_BODY:
                writer.write((await self._answer(asked))[:-10])
            case None:
                writer.write(await self._answer(asked))
            case _:
                if fault in _TAKEN:
                    await self._answer(asked)
                writer.write(self._told(fault))
        with suppress(OSError):
            await writer.drain()

    def _told(self, fault: Fault) -> bytes:
        match fault:
            case Fault.TOO_MANY:
                return answered(429, _FAILED, {"Retry-After": str(self.wait)})
            case Fault.HALF_JSON:
                return written(
                    "HTTP/1.1 200 OK", {"Content-Type": "application/json"}, b'{"id": "1", "choices": [{"ind'
                )
            case Fault.WRONG_TYPES:
                return answered(200, _WRONG[self.seen[fault] % len(_WRONG)])
            case Fault.A_PAGE:
                return written("HTTP/1.1 502 Bad Gateway", {"Content-Type": "text/html"}, b"<html>oops</html>")
            case Fault.NO_HTTP:
                return b"\x00\xff whatever this is\r\n\r\n"
        return answered(503 if fault is Fault.AWAY else 500, _FAILED)

    async def _drip(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        """Everything but the end comes slowly; the end never does."""
        head, _, body = answer.partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        for byte in body[:-1] * 1000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(DRIP)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection as a crashed machine does."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
