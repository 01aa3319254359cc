"""A connection is used again: a sync that finds nothing new must not shake hands for each page."""

from __future__ import annotations

import asyncio

import pytest

from custagent.core.errors import FetchError
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetcher, FetchLimits, Moved, NotModified

ANSWERS = {
    "/304": b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
    "/200": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
    "/301": b"HTTP/1.1 301 Moved\r\nLocation: /200\r\nContent-Length: 5\r\n\r\nmoved",
    "/404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
    "/stuck": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4000\r\n\r\ngone",
    "/large": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4000000\r\n\r\ngone",
}


class KeepAlive:
    """A server that keeps connections open, and counts them."""

    def __init__(self) -> None:
        self.connections = 0
        self.at_work: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.at_work.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(ANSWERS[head.split(b" ")[1].decode()])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def ask(*targets: str) -> tuple[list[object], int]:
    """What each gave, one after the other, and over how many connections."""

    async def scene() -> tuple[list[object], int]:
        server = KeepAlive()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        host = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        given: list[object] = []
        async with Fetcher(AddressGuard([host]), limits=FetchLimits(silence=0.5, page=5.0)) as fetcher:
            for target in targets:
                try:
                    given.append(await fetcher.hop(f"http://{host}{target}", etag="x" if target == "/304" else ""))
                except FetchError as error:
                    given.append(error)
        listening.close()
        await asyncio.gather(*server.at_work)
        return given, server.connections

    return asyncio.run(scene())


@pytest.mark.parametrize("target", ["/304", "/200", "/301", "/404"])
def test_one_connection_is_enough(target: str) -> None:
    given, connections = ask(target, target, target, "/200")
    assert connections == 1
    kind = {"/304": NotModified, "/301": Moved, "/404": FetchError}
    assert all(isinstance(one, kind.get(target, object)) for one in given[:3])


@pytest.mark.parametrize("target", ["/stuck", "/large"])
def test_what_follows_is_not_waited_for_where_it_is_long_or_does_not_come(target: str) -> None:
    given, connections = ask(target, "/200")
    assert connections == 2
    assert isinstance(given[0], FetchError)
    assert given[0].gone
