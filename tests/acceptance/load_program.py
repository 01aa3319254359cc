"""Visitors by the thousand, from a process of their own: what the load tests and benchmarks measure with.

    python load_program.py MODE HOST:PORT KEY=VALUE …

prints one JSON object when it is done. Modes:

    posts    `connections` send one message after the other for `seconds`
    rate     `rate` messages a second for `seconds`, on time whether or not the earlier ones were taken
    echo     `probes` visitors send one message each, and wait until their own stream shows it
    hold     `streams` are opened, "ready" is printed, and they stay open until stdin ends
    ask      `visitors` come at `rate` a second, send one message each and wait until the agent has replied

`channel` names the chat, `each` how many messages a visitor sends. Every visitor has an address and a token of its own,
as behind a proxy, so that the limits for one visitor hold and those for one address do not stand in the way. `taken`
names a file that gets the id of every message that was acknowledged, a line each.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

#: Messages that one visitor sends; the burst that a visitor is allowed.
PER_VISITOR = 5
#: Seconds after which a reply counts as never given.
PATIENCE = 120.0

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: (\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection that is kept: a request, its reply, the next one. Or one stream, read to its end."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._received = bytearray()
        self._reply: asyncio.Future[tuple[int, bytes, bytes]] | None = None
        #: Of a stream: is told of each event as it came, its lines and all.
        self.on_event: Callable[[bytes], None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        self._received += received
        if self.on_event is not None:
            self._read_events(self.on_event)
        elif self._reply is not None:
            self._read_reply()

    def connection_lost(self, _: Exception | None) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionError("the connection ended"))

    @property
    def ended(self) -> bool:
        """The server has closed it, as it does with one that was silent for a while."""
        return bool(self._transport.is_closing())

    def request(self, sent: bytes) -> asyncio.Future[tuple[int, bytes, bytes]]:
        """Send; the status, the head and the body of the reply."""
        self._reply = asyncio.get_running_loop().create_future()
        if self.ended:
            self._reply.set_exception(ConnectionError("the connection ended"))
        else:
            self._transport.write(sent)
        return self._reply

    def stream(self, sent: bytes, on_event: Callable[[bytes], None]) -> None:
        """Send, and hear what comes from then on."""
        self.on_event = on_event
        self._transport.write(sent)

    def close(self) -> None:
        self._transport.abort()

    def _read_events(self, tell: Callable[[bytes], None]) -> None:
        *events, rest = bytes(self._received).split(b"\n\n")
        self._received = bytearray(rest)
        for event in events:
            tell(event)

    def _read_reply(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end])
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(self._received) < end + 4 + size:
            return
        body = bytes(self._received[end + 4 : end + 4 + size])
        del self._received[: end + 4 + size]
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_result((int(head[9:12]), head, body))


class Load:
    """What is asked of one server, and what became of it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        channel: str = "people",
        each: int = PER_VISITOR,
        taken: str = "",
        run: int = 1,
    ) -> None:
        self.host, self.port, self.channel, self._each = host, port, channel, each
        self._taken = taken
        #: Tells the visitors of one run of this program from those of another.
        self._run = run
        self._message = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.acknowledged: list[str] = []
        self.retry_after: Counter[int] = Counter()

    async def connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, self.host, self.port)
        return connection

    def headers(self, visitor: int) -> str:
        address = f"10.{visitor >> 16 & 255}.{visitor >> 8 & 255}.{visitor & 255}"
        token = f"{self._run:x}-{visitor:x}-".ljust(43, "v")
        return (
            f"Host: {self.host}:{self.port}\r\nAuthorization: Bearer {token}\r\nX-Forwarded-For: {address}\r\n"
            f"Origin: http://{self.host}:{self.port}\r\n"
        )

    def post(self, text: str, visitor: int | None = None) -> tuple[str, bytes]:
        """The next message's id, and the request that sends it."""
        self._message += 1
        visitor = self._message // self._each if visitor is None else visitor
        name = f"{self._message:08x}-0000-4000-8000-{self._run:012x}"
        body = json.dumps({"client_msg_id": name, "text": text, "language": "en"})
        head = (
            f"POST /chat/{self.channel}/messages HTTP/1.1\r\n{self.headers(visitor)}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return name, (head + body).encode()

    async def send(self, connection: Connection, text: str, *, planned: float | None = None) -> Connection | None:
        """Send one message; the connection for the next one, None when there is none.

        A kept connection may end just as it is used again: then the same is sent on a new one, as browsers do.
        """
        name, request = self.post(text)
        started = planned or time.perf_counter()
        status, head, kept = 0, b"", None
        with suppress(OSError):
            try:
                status, head, _ = await connection.request(request)
            except ConnectionError:
                connection = await self.connect()
                status, head, _ = await connection.request(request)
            kept = connection
        self.statuses[status] += 1
        self.latencies.append(time.perf_counter() - started)
        if status == 202:
            self.acknowledged.append(name)
        elif wait := _RETRY_AFTER.search(head):
            self.retry_after[int(wait[1])] += 1
        return kept

    def report(self, seconds: float, **more: Any) -> dict[str, Any]:
        if self._taken:
            Path(self._taken).write_text("".join(f"{name}\n" for name in self.acknowledged), encoding="utf-8")
        return {
            "seconds": seconds,
            "requests": sum(self.statuses.values()),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "per_second": sum(self.statuses.values()) / seconds,
            "retry_after": {str(wait): count for wait, count in sorted(self.retry_after.items())},
            "latency": percentiles(self.latencies),
            **more,
        }


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return {}
    ranks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[int(rank * (len(ordered) - 1))] * 1000, 2) for name, rank in ranks.items()}


async def posts(load: Load, *, connections: int = 256, seconds: float = 5, text: str = "How much?") -> dict[str, Any]:
    """As fast as the server takes them."""
    open_connections = [await load.connect() for _ in range(connections)]
    started = time.perf_counter()

    async def go_on(connection: Connection) -> None:
        kept: Connection | None = connection
        while kept is not None and time.perf_counter() - started < seconds:
            kept = await load.send(kept, text)

    await asyncio.gather(*(go_on(connection) for connection in open_connections))
    took = time.perf_counter() - started
    for connection in open_connections:
        connection.close()
    return load.report(took)


async def rate(
    load: Load, *, rate: float = 10, seconds: float = 10, text: str = "How long is the warranty?", most: int = 500
) -> dict[str, Any]:
    """On time: `most` connections at once; a message for which none is free counts as refused by us (status -1)."""
    idle: list[Connection] = []
    under_way: set[asyncio.Task[None]] = set()

    async def one(planned: float) -> None:
        while idle and idle[0].ended:
            del idle[0]
        try:
            connection = idle.pop() if idle and not idle[-1].ended else await load.connect()
        except OSError:
            load.statuses[0] += 1
            return
        if kept := await load.send(connection, text, planned=planned):
            idle.append(kept)

    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        planned = started + number / rate
        if (early := planned - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        if len(under_way) >= most:
            load.statuses[-1] += 1
            continue
        task = asyncio.create_task(one(planned))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way, timeout=PATIENCE)
    return load.report(time.perf_counter() - started)


class Stream:
    """One visitor's open stream."""

    def __init__(self, load: Load, visitor: int) -> None:
        self._load = load
        self.visitor = visitor
        self.live = asyncio.Event()
        #: The kinds of the messages that came, and when the last one did.
        self.kinds: list[str] = []
        self.heard_at = 0.0
        self.heard = asyncio.Event()
        self._connection: Connection | None = None

    async def open(self) -> None:
        self._connection = await self._load.connect()
        head = f"GET /chat/{self._load.channel}/events HTTP/1.1\r\n{self._load.headers(self.visitor)}\r\n"
        self._connection.stream(head.encode(), self._hear)

    @property
    def ended(self) -> bool:
        return self._connection is None or self._connection.ended

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _hear(self, event: bytes) -> None:
        if b"event: live" in event:
            self.live.set()
        elif b"event: message" in event:
            self.heard_at = time.perf_counter()
            value = json.loads(event[event.index(b"data: ") + 6 :].partition(b"\n")[0].partition(b"\r")[0])
            self.kinds.append(value["kind"])
            self.heard.set()

    async def wait_for(self, enough: Callable[[list[str]], bool]) -> float:
        """When the message came with which it was enough."""
        while not enough(self.kinds):
            self.heard.clear()
            await self.heard.wait()
        return self.heard_at


async def open_streams(load: Load, count: int, first: int) -> list[Stream]:
    """So many at a time that the server's queue of new connections holds them."""
    streams = [Stream(load, first + number) for number in range(count)]
    for at in range(0, count, 100):
        some = streams[at : at + 100]
        await asyncio.gather(*(stream.open() for stream in some))
        await asyncio.gather(*(asyncio.wait_for(stream.live.wait(), PATIENCE) for stream in some))
    return streams


async def echo(load: Load, *, probes: int = 200, rate: float = 20) -> dict[str, Any]:
    """How long it takes from sending a message until the visitor's own stream shows it."""
    sender = await load.connect()
    times: list[float] = []
    started = time.perf_counter()
    for number in range(probes):
        if (early := started + number / rate - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        (mine,) = await open_streams(load, 1, first=number)
        _, request = load.post("How much?", number)
        sent = time.perf_counter()
        status, _, _ = await sender.request(request)
        load.statuses[status] += 1
        times.append(await asyncio.wait_for(mine.wait_for(lambda kinds: "inbound" in kinds), PATIENCE) - sent)
        mine.close()
    return load.report(time.perf_counter() - started, echo=percentiles(times), times=times)


async def hold(load: Load, *, streams: int = 1_000) -> dict[str, Any]:
    """Visitors who only have the chat open."""
    started = time.perf_counter()
    standing = await open_streams(load, streams, first=1_000_000)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    alive = sum(stream.live.is_set() and not stream.ended for stream in standing)
    for stream in standing:
        stream.close()
    return load.report(time.perf_counter() - started, streams=alive)


async def ask(
    load: Load, *, visitors: int = 100, rate: float = 10, text: str = "How long is the warranty?", stuck: str = ""
) -> dict[str, Any]:
    """How long it takes until the agent has replied. With `stuck`, one more visitor comes first and sends that text."""
    first = [await hang(load, stuck)] if stuck else []
    started = time.perf_counter()
    times: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        (mine,) = await open_streams(load, 1, first=number)
        connection = await load.connect()
        _, request = load.post(text, number)
        sent = time.perf_counter()
        status, _, _ = await connection.request(request)
        load.statuses[status] += 1
        if status == 202:
            answered = mine.wait_for(lambda kinds: bool(set(kinds) - {"inbound", "disclosure"}))
            times.append(await asyncio.wait_for(answered, PATIENCE) - sent)
        connection.close()
        mine.close()

    await asyncio.gather(*(one(number) for number in range(visitors)))
    hanging = sum(stream.kinds == ["inbound"] for stream in first)
    for stream in first:
        stream.close()
    return load.report(
        time.perf_counter() - started, answered=percentiles(times), count=len(times), times=times, hanging=hanging
    )


async def hang(load: Load, text: str) -> Stream:
    """A visitor whose message the agent does not get done with."""
    (stream,) = await open_streams(load, 1, first=2_000_000)
    connection = await load.connect()
    _, request = load.post(text, stream.visitor)
    status, _, _ = await connection.request(request)
    assert status == 202, status
    await stream.wait_for(lambda kinds: "inbound" in kinds)
    connection.close()
    return stream


MODES = {"posts": posts, "rate": rate, "echo": echo, "hold": hold, "ask": ask}
_OF_THE_LOAD = ("channel", "each", "taken", "run")


def value(text: str) -> Any:
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text


def main(mode: str, address: str, *settings: str) -> None:
    given = {name: value(text) for name, _, text in (setting.partition("=") for setting in settings)}
    host, _, port = address.rpartition(":")
    load = Load(host, int(port), **{name: given.pop(name) for name in _OF_THE_LOAD if name in given})
    print(json.dumps(uvloop.run(MODES[mode](load, **given))))


if __name__ == "__main__":
    main(*sys.argv[1:])
