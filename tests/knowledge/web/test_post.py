"""Telling another server something: guarded, in time, and without reading what it says."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.post import post_json


class Server(ThreadingHTTPServer):
    """Answers with the status in the path."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.told.append((self.path, dict(self.headers), body))
                self.send_response(int(self.path.strip("/").partition("?")[0]))
                self.send_header("Location", "/200")
                self.send_header("Content-Length", str(10**9))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        worker = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        worker.start()
        yield made
        made.shutdown()
        worker.join()


@pytest.mark.parametrize("status", [200, 204, 302, 410, 503])
def test_the_status_and_nothing_else_comes_back(server, status) -> None:
    """Not even a body of a gigabyte, nor what a redirect leads to."""
    told = asyncio.run(
        post_json(f"http://{server.host}/{status}?k=1", "{“é”}".encode(), {"X-Id": "e1"}, allow_hosts=[server.host])
    )
    assert told == status
    ((path, headers, body),) = server.told
    assert (path, body, headers["X-Id"]) == (f"/{status}?k=1", "{“é”}".encode(), "e1")
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == server.host
    assert headers["User-Agent"].startswith("custagent")


@pytest.mark.parametrize("url", ["http://{}/200", "http://localhost:{}/200", "http://user:word@{}/200", "file:///x"])
def test_what_is_not_public_is_not_told(server, url) -> None:
    port = server.host.partition(":")[2]
    with pytest.raises(AddressRefused):
        asyncio.run(post_json(url.format(port if "localhost" in url else server.host), b"{}", {}))
    assert server.told == []


def test_a_name_that_leads_inside_is_not_told(server) -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(0)
        return ["127.0.0.1"]

    with pytest.raises(AddressRefused, match="this machine itself"):
        asyncio.run(post_json("http://hooks.example.com/200", b"{}", {}, resolver=inside))


def test_nobody_listens() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(FetchError, match=r"127\.0\.0\.1 could not be reached"):
            asyncio.run(post_json(f"http://{host}/", b"{}", {}, allow_hosts=[host]))


def test_who_is_silent_is_not_waited_for() -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FetchError, match=r"did not answer within 0\.05 s"):
            asyncio.run(post_json(f"http://{host}/", b"{}", {}, allow_hosts=[host], patience=0.05))
