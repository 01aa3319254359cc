"""A real web server on 127.0.0.1 whose pages a test writes down, and a network that only pretends to be far away."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpcore
import pytest

from custagent.core.agent import Source, UrlSource, source_key
from custagent.core.document import RawContent, SourceState
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.ingest import Ingestor
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.crawl import (
    CrawlDone,
    CrawlSettings,
    PageFailed,
    PageLinks,
    PageRead,
    PageSkipped,
    PageUnchanged,
    Validators,
    crawl,
)
from custagent.knowledge.web.fetch import Fetcher, FetchLimits
from custagent.store import Store
from custagent.testing import FrozenClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    #: Path and query.
    target: str
    #: Names in lower case.
    headers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


#: A page, a function from the request to a page, or one that writes to the connection as it likes.
Page = Reply | Callable[[Request], Reply]
Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Web:
    """Answers by `pages` (target to Page), `raw` (target to Raw) and else 404; notes what was asked for."""

    reply = Reply

    def __init__(self, pages: dict[str, Page] | None = None) -> None:
        self.pages: dict[str, Page] = pages or {}
        self.raw: dict[str, Raw] = {}
        self.requests: list[Request] = []
        self.port = 0
        self._work: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    def url(self, target: str) -> str:
        return f"http://{self.host}{target}"

    def html(self, *links: str, head: str = "", **headers: str) -> Reply:
        anchors = "".join(f'<a href="{link}">' for link in links)
        return Reply(body=f"<html><head>{head}</head>{anchors}", headers={"Content-Type": "text/html", **headers})

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._work.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._work.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        lines = (line.partition(":") for line in head[1:] if line)
        request = Request(
            target=head[0].split(" ")[1], headers={name.lower(): value.strip() for name, _, value in lines}
        )
        self.requests.append(request)
        if request.target in self.raw:
            await self.raw[request.target](writer)
            return
        page = self.pages.get(request.target, Reply(status=404, body="nothing here"))
        reply = page if isinstance(page, Reply) else page(request)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        headers = {"Content-Length": str(len(body)), "Connection": "close", **reply.headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} Whatever\r\n{text}\r\n".encode("latin-1") + body)
        await writer.drain()


class PretendNetwork(httpcore.AsyncNetworkBackend):
    """Notes which IP addresses were dialled, and puts every call through to one local port."""

    def __init__(self, port: int, *, dead: tuple[str, ...] = ()) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._port = port
        self._dead = dead
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.dialled.append((host, port))
        if host in self._dead:
            raise httpcore.ConnectError("dead")
        return await self._real.connect_tcp("127.0.0.1", self._port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


class Waits:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1000.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)

    def now(self) -> float:
        return self._now


def read_page(raw: RawContent) -> PageLinks[str]:
    """Enough HTML for these tests; the page is its own text."""
    text = raw.body.decode()
    if "UNREADABLE" in text:
        raise ConvertError(f"{raw.location} holds no text")
    canonical = re.search(r'<link rel="canonical" href="([^"]*)"', text)
    says = re.search(r"<title>(.*?)</title>", text)
    return PageLinks(
        page=text,
        links=tuple(re.findall(r'<a href="([^"]*)"', text)),
        canonical=canonical[1] if canonical else "",
        noindex="noindex" in text,
        nofollow="nofollow" in text,
        content=says[1] if says else "",
    )


def accept(raw: RawContent) -> bool:
    return raw.media_type in ("text/html", "text/plain", "application/pdf", "")


class Result:
    """The events of a crawl, with the server's address taken off."""

    def __init__(self, base: str, events: list[object]) -> None:
        self.events = events
        self.done = events[-1]
        assert isinstance(self.done, CrawlDone)
        assert sum(isinstance(event, CrawlDone) for event in events) == 1
        self.pages = [event for event in events if isinstance(event, PageRead)]
        self.read = sorted(event.url.removeprefix(base) for event in self.pages)
        self.unchanged = sorted(event.url.removeprefix(base) for event in events if isinstance(event, PageUnchanged))
        self.skipped = sorted(
            (event.url.removeprefix(base), event.reason.value) for event in events if isinstance(event, PageSkipped)
        )
        self.failures = [event for event in events if isinstance(event, PageFailed)]
        self.failed = sorted(event.url.removeprefix(base) for event in self.failures)
        counts = Counter(type(event) for event in events)
        assert self.done.read == counts[PageRead] == len(set(self.read))
        assert self.done.unchanged == counts[PageUnchanged]
        assert self.done.skipped == counts[PageSkipped]
        assert self.done.failed == counts[PageFailed]


@pytest.fixture
def web() -> Web:
    """A server; start it with `async with`."""
    return Web()


@pytest.fixture(name="pretend_network")
def _pretend_network() -> type[PretendNetwork]:
    return PretendNetwork


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture(name="read_page")
def _read_page() -> Callable[[RawContent], PageLinks[str]]:
    return read_page


@pytest.fixture(name="accept")
def _accept() -> Callable[[RawContent], bool]:
    return accept


def _absolute(validators: Validators, base: str) -> Validators:
    links = validators.links
    return validators if links is None else replace(validators, links=tuple(base + link for link in links))


@pytest.fixture
def run(web, waits, pretend_network):
    """Crawl the server from "/" (or `start`); it plays the names in `hosts`, those in `closed` are private."""

    def crawl_it(start: str = "/", *, known=None, hosts=(), closed=(), limits=None, **settings) -> Result:
        async def public(host: str, port: int) -> list[str]:
            return ["93.184.215.14"] if host in hosts else ["10.0.0.1"] if host in closed else []

        async def scene() -> Result:
            async with web:
                base = web.url("") if start.startswith("/") else ""
                guard = AddressGuard([web.host], resolver=public if hosts else local)
                network = pretend_network(web.port)
                async with Fetcher(guard, sleep=waits.sleep, network=network, limits=limits) as fetcher:
                    events = [
                        event
                        async for event in crawl(
                            base + start,
                            fetcher=fetcher,
                            read_page=read_page,
                            accept=accept,
                            settings=CrawlSettings(**settings),
                            known={base + path: _absolute(one, base) for path, one in (known or {}).items()},
                            sleep=waits.sleep,
                            now=waits.now,
                        )
                    ]
                return Result(base, events)

        return asyncio.run(scene())

    async def local(host: str, port: int) -> list[str]:
        return [host]

    return crawl_it


@cache
def _blank_database() -> bytes:
    """Made once: the migrations would take most of the time of these tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "custagent.db"
        Store(path, FrozenClock()).close()
        return path.read_bytes()


class Library:
    """A workspace with its database and a reader of sources; `web` stays on one port through all syncs of a test."""

    def __init__(self, root: Path, web: Web, runner: asyncio.Runner, store: Store, clock: FrozenClock) -> None:
        self.root, self.web, self.store, self.clock = root, web, store, clock
        #: What the listener heard: ("read", location), or ("failed", location, reason).
        self.heard: list[tuple[str, ...]] = []
        self.allow_hosts = [web.host]
        self.limits: FetchLimits | None = None
        self.converter = _converter()
        self._runner = runner

    def file(self, path: str, text: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def page(self, path: str, text: str, *links: str, head: str = "", **headers: str) -> None:
        """A page of the web with some text; it may be asked for conditionally, its ETag is its text."""
        anchors = "".join(f'<a href="{link}">to {link}</a> ' for link in links)
        title = path.strip("/") or "start"
        body = f"<html><head><title>{title}</title>{head}</head><body><p>{text}</p><p>See {anchors}</p></body></html>"
        etag = f'"{abs(hash(body))}"'

        def answer(request: Request) -> Reply:
            if request.headers.get("if-none-match") == etag:
                return Reply(status=304)
            return Reply(body=body, headers={"Content-Type": "text/html", "ETag": etag, **headers})

        self.web.pages[path] = answer

    def only_unchanged(self, path: str) -> None:
        """From now on the page answers whoever has it that it has not changed, and nobody else."""
        page = self.web.pages[path]

        def answer(request: Request) -> Reply:
            told = page(request) if callable(page) else page
            return told if isinstance(told, Reply) and told.status == 304 else Reply(status=500)

        self.web.pages[path] = answer

    def site(self, **options: object) -> UrlSource:
        return UrlSource(url=self.web.url("/"), import_related=True, **options)

    def read(self, source: Source, *, agent: str = "ada", **options: bool) -> SourceState:
        self.heard.clear()
        self.web.requests.clear()
        return self._runner.run(self._read(source, agent, **options))

    async def _read(self, source: Source, agent: str, **options: bool) -> SourceState:
        ingestor = Ingestor(
            root=self.root,
            documents=self.store.documents,
            sources=self.store.sources,
            clock=self.clock,
            allow_hosts=self.allow_hosts,
            converter=self.converter,
            limits=self.limits,
        )
        async with ingestor:
            return await ingestor.read(agent, source, self, **options)

    def page_read(self, location: str) -> None:
        self.heard.append(("read", self._short(location)))

    def page_failed(self, location: str, reason: str) -> None:
        self.heard.append(("failed", self._short(location), reason))

    def embedded(self, done: int, total: int) -> None:
        raise AssertionError(f"reading embeds nothing, not even {done} of {total}")

    def held(self, source: Source, agent: str = "ada") -> list[str]:
        """The locations of the source's documents, without the server's address."""
        key = source_key(source.kind, source.location)
        return sorted(self._short(location) for location in self.store.documents.validators(agent, key))

    def texts(self, agent: str = "ada") -> list[str]:
        return [chunk.text for chunk in self.store.documents.chunks_of(agent)]

    def conditional(self) -> list[str]:
        """What was asked for with an ETag."""
        return sorted(request.target for request in self.web.requests if "if-none-match" in request.headers)

    def work_left(self) -> set[str]:
        """The coroutines that go on in the background."""
        return {task.get_coro().__qualname__ for task in asyncio.all_tasks(self._runner.get_loop())}

    def _short(self, location: str) -> str:
        return location.removeprefix(self.web.url(""))


@cache
def _converter() -> Converter:
    """One child process for all tests; it ends with its input, that is with this process."""
    return Converter()


@pytest.fixture
def library(tmp_path: Path, web: Web) -> Iterator[Library]:
    root = tmp_path / "workspace"
    root.mkdir()
    database, clock = tmp_path / "custagent.db", FrozenClock()
    database.write_bytes(_blank_database())
    with asyncio.Runner() as runner, Store(database, clock) as store:
        runner.run(web.__aenter__())
        yield Library(root, web, runner, store, clock)
        runner.run(web.__aexit__())


@pytest.fixture(scope="session", autouse=True)
def _converter_ends() -> Iterator[None]:
    yield
    _converter().close()
