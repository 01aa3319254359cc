"""Whoever connects has to ask for something, in time and in few words; who does is not disturbed."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from custagent.runtime.web.connection import MOST_HEAD, PATIENCE
from custagent.runtime.web.server import Server, _listen, make_config

LATER = PATIENCE + 1


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def stream(_: Request) -> StreamingResponse:
    async def forever() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    return StreamingResponse(forever())


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Server, Callable[..., object]]]:
    """A server, and what opens a connection to it."""
    routes = [Route("/length", length, methods=["GET", "POST"]), Route("/stream", stream)]
    server, listener = Server(make_config(Starlette(routes=routes))), _listen("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(60):
            await server.answering.wait()
            yield server, lambda: asyncio.open_connection(*listener.getsockname())
    finally:
        server.should_exit = server.force_exit = True
        await task


def now() -> float:
    return asyncio.get_running_loop().time()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Until the connection ends."""
    with suppress(ConnectionError):
        return await reader.read()
    return b""


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"GET /", b"a"), (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"a"), (b"GET / HTTP/1.1\r\n", b"X:a\r\n")],
    ids=["address", "one line", "many lines"],
)
def test_a_head_that_does_not_end_is_refused(begun, more):
    # One byte too many: only when all is read it is too much, so that nothing unread takes the refusal with it.
    head = (begun + more * MOST_HEAD)[: MOST_HEAD + 1]

    async def scene() -> bytes:
        async with served() as (_, connect):
            reader, writer = await connect()
            with closing(writer):
                writer.write(head)
                return await rest(reader)

    refusal = asyncio.run(scene())
    assert refusal.startswith(b"HTTP/1.1 400")
    assert b"too long" in refusal


def test_what_follows_a_body_has_an_end_too(until):
    async def scene() -> None:
        async with served() as (server, connect):
            _, writer = await connect()
            with closing(writer):
                writer.write(b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
                await until(lambda: server.server_state.connections)
                with suppress(ConnectionError):
                    for _ in range(64):
                        writer.write(b"X: " + b"a" * MOST_HEAD + b"\r\n")
                        await writer.drain()
                await until(lambda: not server.server_state.connections)

    asyncio.run(scene())


def test_a_long_body_is_none_of_its_business():
    body = b"a" * (4 * MOST_HEAD)

    async def scene() -> bytes:
        async with served() as (_, connect):
            reader, writer = await connect()
            with closing(writer):
                head = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % len(body)
                for _ in range(2):
                    writer.write(head + b"\r\n" + body)
                    await reader.readuntil(b"\r\n\r\n")
                    assert await reader.readexactly(len(str(len(body)))) == b"%d" % len(body)
                writer.write(head + b"Connection: close\r\n\r\n" + body)
                return await rest(reader)

    assert asyncio.run(scene()).endswith(b"%d" % len(body))


@pytest.mark.parametrize("begun", [b"", b"GET /length HTT", b"GET /length HTTP/1.1\r\nHost: a\r\nX: "])
def test_who_asks_for_nothing_is_let_go(begun, until):
    async def scene() -> bytes:
        async with served() as (server, connect):
            reader, writer = await connect()
            with closing(writer):
                writer.write(begun)
                await until(lambda: server.server_state.connections)
                server.end_late(now())
                assert not reader.at_eof()
                server.end_late(now() + LATER)
                return await rest(reader)

    assert asyncio.run(scene()) == b""


def test_the_second_request_of_a_connection_has_to_come_in_time_as_well():
    async def scene() -> None:
        async with served() as (server, connect):
            reader, writer = await connect()
            with closing(writer):
                writer.write(b"GET /length HTTP/1.1\r\nHost: a\r\n\r\n")
                await reader.readuntil(b"\r\n\r\n0")
                # One byte, and the time that idle connections have is over for ever.
                writer.write(b"G")
                server.end_late(now() + LATER)
                assert await rest(reader) == b""

    asyncio.run(scene())


def test_a_stream_stays_however_long_it_lasts():
    async def scene() -> None:
        async with served() as (server, connect):
            reader, writer = await connect()
            with closing(writer):
                writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
                await reader.readuntil(b"first")
                server.end_late(now() + 1000 * LATER)
                assert len(server.server_state.connections) == 1
                [connection] = server.server_state.connections
                assert not connection.transport.is_closing()

    asyncio.run(scene())


def test_a_runner_may_have_as_many_connections_as_the_machine_allows():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = 256
    if hard != resource.RLIM_INFINITY and hard <= before:
        pytest.skip("this machine allows no more open files")
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({before}, {hard}))
from custagent.runtime.web.connection import allow_many
allow_many()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) > before
