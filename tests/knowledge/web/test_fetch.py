"""One page from the web: whole, bounded, polite, and explained when it does not come."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from contextlib import asynccontextmanager

import brotli
import httpcore
import pytest
import zstandard

from custagent import __version__
from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetched, Fetcher, FetchLimits, Media, Moved, NotModified

LIMITS = FetchLimits(body=100_000, page=5.0)


@asynccontextmanager
async def fetching(web, waits, limits: FetchLimits = LIMITS):
    async with web, Fetcher(AddressGuard([web.host]), limits=limits, sleep=waits.sleep) as fetcher:
        yield fetcher


def failure(web, waits, target: str, limits: FetchLimits = LIMITS) -> FetchError:
    async def scene() -> FetchError:
        async with fetching(web, waits, limits) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(web.url(target))
            return caught.value

    return asyncio.run(scene())


def success(web, waits, target: str, **validators: str) -> Fetched | NotModified:
    async def scene() -> Fetched | NotModified:
        async with fetching(web, waits) as fetcher:
            return await fetcher.fetch(web.url(target), **validators)

    return asyncio.run(scene())


def test_a_page_with_all_that_the_server_tells_of_it(web, waits) -> None:
    web.pages["/a?b=c"] = web.reply(
        body="häj".encode("latin-1"),
        headers={
            "Content-Type": "text/html; charset=ISO-8859-1",
            "ETag": '"v1"',
            "Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT",
            "X-Robots-Tag": "noindex, nofollow",
            "Link": '</c>; rel="canonical"',
        },
    )
    found = success(web, waits, "/a?b=c")
    assert isinstance(found, Fetched)
    assert found.raw.location == web.url("/a?b=c")
    assert found.raw.body.decode(found.raw.charset) == "häj"
    assert (found.raw.media_type, found.raw.etag) == ("text/html", '"v1"')
    assert found.raw.last_modified == "Wed, 21 Oct 2026 07:28:00 GMT"
    assert (found.noindex, found.nofollow, found.canonical, found.throttled) == (True, True, "/c", False)


def test_we_say_who_we_are_and_what_we_can_read(web, waits) -> None:
    web.pages["/"] = web.reply()
    success(web, waits, "/")
    headers = web.requests[0].headers
    assert headers["user-agent"] == f"custagent/{__version__}"
    assert headers["accept-encoding"] == "gzip, br, zstd"
    assert "if-none-match" not in headers


def test_what_is_known_is_asked_for_conditionally(web, waits) -> None:
    web.pages["/"] = lambda request: web.reply(status=304 if request.headers.get("if-none-match") == '"v1"' else 200)
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert success(web, waits, "/", etag='"v1"', last_modified=date) == NotModified(location=web.url("/"))
    assert web.requests[0].headers["if-modified-since"] == date
    assert isinstance(success(web, waits, "/", etag='"v0"'), Fetched)


def test_not_modified_without_being_asked_is_an_error(web, waits) -> None:
    web.pages["/"] = web.reply(status=304)
    assert failure(web, waits, "/").status == 304


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_packed_pages_are_unpacked(web, waits, coding, pack) -> None:
    web.pages["/"] = web.reply(body=pack(b"hello " * 99), headers={"Content-Encoding": coding})
    assert success(web, waits, "/").raw.body == b"hello " * 99


def test_a_gzip_bomb_is_an_error(web, waits) -> None:
    web.pages["/"] = web.reply(body=gzip.compress(bytes(20_000_000)), headers={"Content-Encoding": "gzip"})
    error = failure(web, waits, "/")
    assert "grows beyond 100 KB" in error.message
    assert len(web.requests) == 1


def test_too_large_by_its_own_word_is_not_received(web, waits) -> None:
    async def announce(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n")
        await asyncio.Event().wait()

    web.raw["/"] = announce
    assert "0.1 MB" in failure(web, waits, "/").message


def test_an_endless_body_stops_at_the_cap(web, waits) -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            sent += 10_000
            await writer.drain()

    web.raw["/"] = pour
    error = failure(web, waits, "/")
    assert "larger than 0.1 MB" in error.message
    assert error.status == 200
    assert sent < 20_000_000


def test_a_body_shorter_than_announced_is_no_page(web, waits) -> None:
    async def stop_early(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    web.raw["/"] = stop_early
    error = failure(web, waits, "/")
    assert "broke off" in error.message
    assert (error.status, len(web.requests)) == (None, 2)


def test_a_body_longer_than_announced_is_what_was_announced(web, waits) -> None:
    async def go_on(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more")

    web.raw["/"] = go_on
    assert success(web, waits, "/").raw.body == b"hello"


def test_one_byte_at_a_time_does_not_outlast_the_page(web, waits) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    web.raw["/"] = drip
    error = failure(web, waits, "/", FetchLimits(page=0.2, silence=5.0))
    assert "within 0.2 seconds" in error.message
    assert len(web.requests) == 1


def test_a_silent_server_is_asked_twice(web, waits) -> None:
    async def nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    web.raw["/"] = nothing
    assert "fell silent" in failure(web, waits, "/", FetchLimits(page=10.0, silence=0.1)).message
    assert len(web.requests) == 2


def test_no_http_at_all(web, waits) -> None:
    async def babble(writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")

    web.raw["/"] = babble
    assert failure(web, waits, "/").status is None


def test_nobody_listens(waits) -> None:
    async def scene() -> FetchError:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with Fetcher(AddressGuard([f"127.0.0.1:{port}"]), sleep=waits.sleep) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(f"http://127.0.0.1:{port}/")
        return caught.value

    error = asyncio.run(scene())
    assert "no connection to 127.0.0.1" in error.message
    assert waits.slept == [1.0]


def test_a_server_that_does_not_pick_up(waits) -> None:
    class Nowhere(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, *_: object):
            raise httpcore.ConnectTimeout

    async def scene() -> FetchError:
        guard = AddressGuard(["shop.example"], resolver=answer)
        async with Fetcher(guard, network=Nowhere(), sleep=waits.sleep) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch("http://shop.example/")
        return caught.value

    async def answer(host: str, port: int) -> list[str]:
        return ["10.0.0.1"]

    assert "shop.example does not answer" in asyncio.run(scene()).message


def test_a_bad_certificate_is_named_and_not_tried_again(waits) -> None:
    class Impostor(httpcore.AsyncNetworkStream):
        async def start_tls(self, *_: object, **__: object):
            problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
            problem.verify_message = "self-signed certificate"
            try:
                raise problem
            except ssl.SSLError as exc:
                raise httpcore.ConnectError from exc

        async def aclose(self) -> None:
            """Nothing is open."""

    class Network(httpcore.AsyncNetworkBackend):
        calls = 0

        async def connect_tcp(self, *_: object):
            self.calls += 1
            return Impostor()

    async def answer(host: str, port: int) -> list[str]:
        return ["93.184.215.14"]

    async def scene() -> FetchError:
        async with Fetcher(AddressGuard(resolver=answer), network=network, sleep=waits.sleep) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch("https://shop.example/")
        return caught.value

    network = Network()
    assert "certificate of shop.example is not valid (self-signed certificate)" in asyncio.run(scene()).message
    assert network.calls == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_lead_to_the_page(web, waits, status) -> None:
    web.pages["/old"] = web.reply(status=status, headers={"Location": "new?x=1#part"})
    web.pages["/new?x=1"] = web.reply(body="here")
    found = success(web, waits, "/old")
    assert found.raw.body == b"here"
    assert found.raw.location == web.url("/new?x=1")


def test_five_redirects_are_followed_and_a_sixth_is_not(web, waits) -> None:
    for number in range(7):
        web.pages[f"/{number}"] = web.reply(status=302, headers={"Location": f"/{number + 1}"})
    web.pages["/6"] = web.reply(body="here")
    assert success(web, waits, "/1").raw.body == b"here"
    web.requests.clear()
    error = failure(web, waits, "/0")
    assert "redirects" in error.message
    assert error.status == 302
    assert len(web.requests) == 6


def test_a_redirect_loop_ends(web, waits) -> None:
    web.pages["/"] = web.reply(status=301, headers={"Location": "/"})
    assert failure(web, waits, "/").status == 301
    assert len(web.requests) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://localhost/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "//127.1/",
        "http://u@a/",
    ],
)
def test_a_redirect_to_a_closed_address_is_refused(web, waits, target) -> None:
    web.pages["/"] = web.reply(status=302, headers={"Location": target})
    assert isinstance(failure(web, waits, "/"), AddressRefused)


def test_a_redirect_to_nowhere(web, waits) -> None:
    web.pages["/"] = web.reply(status=302)
    assert "answered 302" in failure(web, waits, "/").message
    web.pages["/"] = web.reply(status=302, headers={"Location": "http://a:b/"})
    assert "no address" in failure(web, waits, "/").message


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone(web, waits, status) -> None:
    web.pages["/"] = web.reply(status=status)
    error = failure(web, waits, "/")
    assert error.gone
    assert error.message.startswith(f"{web.url('/')} does not exist")
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 400, 418, 204, 206, 451])
def test_other_answers_are_neither_pages_nor_gone(web, waits, status) -> None:
    web.pages["/"] = web.reply(status=status)
    error = failure(web, waits, "/")
    assert (error.status, error.gone, len(web.requests)) == (status, False, 1)
    assert str(status) in error.message


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 599])
def test_a_failing_server_is_asked_once_more(web, waits, status) -> None:
    web.pages["/"] = web.reply(status=status)
    error = failure(web, waits, "/")
    assert (error.status, error.gone, len(web.requests), waits.slept) == (status, False, 2, [1.0])


def test_a_server_that_recovers(web, waits) -> None:
    web.pages["/"] = lambda _: web.reply(status=500 if len(web.requests) == 1 else 200, body="back")
    found = success(web, waits, "/")
    assert (found.raw.body, found.throttled) == (b"back", False)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_gets_it(web, waits, status) -> None:
    def page(request):
        if len(web.requests) == 3:
            return web.reply(body="now")
        return web.reply(status=status, headers={"Retry-After": str(2 * len(web.requests))})

    web.pages["/"] = page
    found = success(web, waits, "/")
    assert (found.raw.body, found.throttled, waits.slept) == (b"now", True, [2.0, 4.0])


def test_asking_for_time_again_and_again_ends(web, waits) -> None:
    web.pages["/"] = web.reply(status=429, headers={"Retry-After": "3600"})
    error = failure(web, waits, "/")
    assert (error.status, waits.slept, len(web.requests)) == (429, [10.0, 10.0], 3)


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "audio/mpeg", "font/woff2"])
def test_media_are_not_received(web, waits, media_type) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n\r\n".encode())
        await asyncio.Event().wait()

    web.raw["/"] = pour
    assert f"is {media_type}, which holds no text" in failure(web, waits, "/").message


def test_a_hop_stops_at_the_redirect(web, waits) -> None:
    web.pages["/"] = web.reply(status=302, headers={"Location": "http://10.0.0.1/x"})
    web.pages["/image"] = web.reply(headers={"Content-Type": "image/png"})

    async def scene() -> None:
        async with fetching(web, waits) as fetcher:
            moved = await fetcher.hop(web.url("/"))
            assert moved == Moved(location=web.url("/"), target="http://10.0.0.1/x", status=302)
            image = await fetcher.hop(web.url("/image"))
            assert image == Media(location=web.url("/image"), media_type="image/png")

    asyncio.run(scene())


def test_no_page_depends_on_a_cookie_of_another(web, waits) -> None:
    web.pages["/"] = web.reply(headers={"Set-Cookie": "session=1; Path=/"})

    async def scene() -> None:
        async with fetching(web, waits) as fetcher:
            await fetcher.fetch(web.url("/"))
            await fetcher.fetch(web.url("/"))

    asyncio.run(scene())
    assert "cookie" not in web.requests[1].headers


def test_a_refused_address_says_what_to_type() -> None:
    async def scene() -> None:
        async with Fetcher(AddressGuard()) as fetcher:
            with pytest.raises(AddressRefused) as caught:
                await fetcher.fetch("http://127.0.0.1:8123/help")
            assert caught.value.hint.endswith("--allow-host 127.0.0.1:8123")

    asyncio.run(scene())
