"""The connection goes to the address that was checked, under the name that was asked for."""

from __future__ import annotations

import asyncio

import pytest

from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetcher
from tests.knowledge.web.test_addresses import REFUSED

PUBLIC = "93.184.215.14"


def resolver(*answers: list[str]):
    """Gives one answer after the other, the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def test_the_checked_address_is_dialled_and_the_server_is_called_by_its_name(web, pretend_network) -> None:
    async def scene() -> None:
        async with web:
            web.pages["/"] = web.reply(body="hello")
            network = pretend_network(web.port)
            guard = AddressGuard(resolver=resolver([PUBLIC], ["127.0.0.1"]))
            async with Fetcher(guard, network=network) as fetcher:
                found = await fetcher.fetch("http://shop.example/")
        assert found.raw.body == b"hello"
        assert network.dialled == [(PUBLIC, 80)]
        assert web.requests[0].headers["host"] == "shop.example"

    asyncio.run(scene())


def test_a_name_that_changes_its_meaning_is_refused_at_the_next_connection(web, pretend_network) -> None:
    async def scene() -> None:
        async with web:
            web.pages["/"] = web.reply(status=302, headers={"Location": "/secret"})
            web.pages["/secret"] = web.reply(body="secret")
            network = pretend_network(web.port)
            guard = AddressGuard(resolver=resolver([PUBLIC], ["127.0.0.1"]))
            async with Fetcher(guard, network=network) as fetcher:
                with pytest.raises(AddressRefused):
                    await fetcher.fetch("http://shop.example/")
        assert network.dialled == [(PUBLIC, 80)]
        assert web.targets == ["/"]

    asyncio.run(scene())


def test_a_closed_name_is_not_even_dialled(pretend_network) -> None:
    async def scene() -> None:
        network = pretend_network(1)
        guard = AddressGuard(resolver=resolver([PUBLIC, "10.0.0.1"]))
        async with Fetcher(guard, network=network) as fetcher:
            with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
                await fetcher.fetch("https://shop.example/")
        assert network.dialled == []

    asyncio.run(scene())


def test_when_one_address_is_dead_the_next_is_tried(web, pretend_network) -> None:
    async def scene() -> None:
        async with web:
            web.pages["/"] = web.reply(body="hello")
            network = pretend_network(web.port, dead=("2606:4700::1",))
            guard = AddressGuard(resolver=resolver(["2606:4700::1", PUBLIC]))
            async with Fetcher(guard, network=network) as fetcher:
                assert (await fetcher.fetch("http://shop.example/")).raw.body == b"hello"
        assert network.dialled == [("2606:4700::1", 80), (PUBLIC, 80)]

    asyncio.run(scene())


def test_proxies_of_the_environment_are_not_used(web, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def scene() -> None:
        async with web:
            web.pages["/"] = web.reply(body="direct")
            async with Fetcher(AddressGuard([web.host])) as fetcher:
                assert (await fetcher.fetch(web.url("/"))).raw.body == b"direct"

    asyncio.run(scene())


def test_tls_names_the_host_and_offers_http2() -> None:
    """The first packet of a TLS connection carries both in the clear (RFC 6066 §3, RFC 7301 §3.1)."""
    hello = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.extend(await reader.read(4096))
        writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        guard = AddressGuard([f"shop.example:{port}"], resolver=resolver(["127.0.0.1"]))

        async def no_wait(seconds: float) -> None:
            """Second attempts need no pause here."""

        async with server, Fetcher(guard, sleep=no_wait) as fetcher:
            with pytest.raises(FetchError):
                await fetcher.fetch(f"https://shop.example:{port}/")

    asyncio.run(scene())
    assert b"shop.example" in hello
    assert b"\x02h2" in hello


def test_no_spelling_of_a_closed_address_is_reached_by_a_redirect(web, pretend_network) -> None:
    """The whole table of tests/knowledge/web/test_addresses.py, as places that a public page leads to."""

    async def scene() -> None:
        async with web:
            network = pretend_network(web.port)
            guard = AddressGuard(resolver=resolver([PUBLIC]))
            async with Fetcher(guard, network=network) as fetcher:
                for number, closed in enumerate(REFUSED):
                    header = {"Location": closed.encode().decode("latin-1")}
                    web.pages[f"/{number}"] = web.reply(status=302, headers=header)
                    with pytest.raises(FetchError):
                        await fetcher.fetch(f"http://shop.example/{number}")
        assert set(network.dialled) == {(PUBLIC, 80)}

    asyncio.run(scene())


def test_no_spelling_of_a_closed_address_is_reached_by_a_link(web, run) -> None:
    links = [closed.replace("&", "&amp;") for closed in REFUSED]
    web.pages["/"] = web.html(*links, "/good")
    web.pages["/good"] = web.html()
    for scope in ("host", "domain"):
        result = run(scope=scope)
        assert {"/", "/good"} <= set(result.read)
        assert all(event.url.startswith(web.url("")) for event in result.pages)
