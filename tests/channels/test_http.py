"""Requests to providers end in time and in size, and go nowhere else."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from custagent.channels.http import LAST_LOOK, Response, ask
from custagent.core.errors import ChannelError, LeaseHeld, SendFault
from custagent.testing.wire import Exchange, read_exchange, written

OK = written("HTTP/1.1 200 OK", {"Content-Type": "application/json"}, b'{"id": "1"}')


@asynccontextmanager
async def provider(answer: bytes | None) -> AsyncIterator[tuple[str, list[Exchange]]]:
    """One that answers so; None says nothing."""
    asked: list[Exchange] = []
    silent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_exchange(reader)
        if request is not None:
            asked.append(request)
            if answer is None:
                await silent.wait()
            else:
                writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        silent.set()
        server.close()
        await server.wait_closed()


def asked(answer: bytes | None, **more) -> tuple[Response, list[Exchange]]:
    async def go() -> tuple[Response, list[Exchange]]:
        async with provider(answer) as (address, seen):
            return await ask(
                "POST", f"{address}/x?y=1", headers={"Authorization": "Bearer t"}, body=b"{}", **more
            ), seen

    return asyncio.run(go())


def failed(answer: bytes | None, **more) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        asked(answer, **more)
    return caught.value


def test_what_is_asked_and_what_is_told():
    response, (request,) = asked(OK)
    assert (response.status, response.ok, response.told) == (200, True, {"id": "1"})
    assert (request.method, request.target, request.body) == ("POST", "/x?y=1", b"{}")
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["user-agent"].startswith("custagent/")
    assert request.headers["user-agent"].endswith(f" {os.getpid()})")


def test_what_leads_elsewhere_is_not_followed():
    response, seen = asked(written("HTTP/1.1 302 Found", {"Location": "http://127.0.0.1:1/elsewhere"}, b""))
    assert (response.status, len(seen)) == (302, 1)


def test_an_answer_is_read_no_further_than_is_allowed():
    error = failed(written("HTTP/1.1 200 OK", {}, b"x" * 5000), most=4096)
    assert (error.fault, "4,096" in error.message) == (SendFault.PERMANENT, True)
    packed = written("HTTP/1.1 200 OK", {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 1_000_000))
    assert len(asked(packed, most=4096)[0].body) < 4096, "what was packed is not unpacked"


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", b"\x00\xff whatever\r\n\r\n", b"HTTP/1.1 2"]
)
def test_what_is_cut_off_may_have_been_taken(answer):
    error = failed(answer, unsure=60.0)
    assert (error.fault, error.retry_after) == (SendFault.RETRY, 60.0)
    assert failed(answer).retry_after == 0.0


def test_nobody_is_waited_for_for_ever():
    assert failed(None, seconds=0.05, unsure=60.0).retry_after == 60.0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://"])
def test_who_cannot_be_reached_took_nothing(url):
    with pytest.raises(ChannelError) as caught:
        asyncio.run(ask("GET", url, headers={}, unsure=60.0))
    assert (caught.value.fault, caught.value.retry_after) == (SendFault.CHANNEL_OUT, 0.0)


def test_no_proxy_of_the_surroundings_is_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert asked(OK)[0].ok


@pytest.mark.parametrize(
    ("value", "seconds"), [("17", 17.0), (" 3 ", 3.0), ("", 0.0), ("-1", 0.0), ("soon", 0.0), ("9" * 99, 999_999.0)]
)
def test_how_long_to_wait(value, seconds):
    assert Response(status=429, headers={"retry-after": value}, body=b"").retry_after == seconds


@pytest.mark.parametrize("body", [b"", b"[]", b"half {", b"\xff", b"[" * 100_000])
def test_what_is_no_mapping_tells_nothing(body):
    assert Response(status=200, headers={}, body=body).told == {}


def test_whoever_sends_may_look_once_more_when_the_connection_stands():
    """A process that was stopped meanwhile, and followed, sends nothing any more."""

    async def followed() -> None:
        raise LeaseHeld("another runner works on this workspace")

    async def go() -> list[Exchange]:
        async with provider(OK) as (address, seen):
            LAST_LOOK.set(followed)
            with pytest.raises(LeaseHeld):
                await ask("POST", f"{address}/messages", headers={}, body=b"{}")
            # The provider notices that nobody is there any more.
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
            return seen

    assert asyncio.run(go()) == []
