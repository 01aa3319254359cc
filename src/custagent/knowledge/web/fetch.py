"""Getting one page from the web: guarded (SRC-7), bounded in size and time, polite, with plain words when it fails.

`Fetcher.fetch` follows redirects to the page; `Fetcher.hop` stops at each, so that a crawl can judge every address
before it is asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import httpcore
import httpx

from custagent import __version__
from custagent.core.document import RawContent
from custagent.core.errors import FetchError
from custagent.knowledge.web import headers as header
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.decoding import ACCEPT_ENCODING, DecodingError, decode
from custagent.knowledge.web.transport import GuardedTransport

#: How many redirects in a row are followed.
MOST_REDIRECTS = 5
USER_AGENT = f"{header.PRODUCT_TOKEN}/{__version__}"

_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING, "Accept": "text/html, */*;q=0.8"}
_VALIDATORS = {"if-none-match", "if-modified-since"}
_REDIRECTS = (301, 302, 303, 307, 308)
_WITH_CONTENT = (HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION)
_ASKED_TO_WAIT = (429, 503)
#: Bytes of an answer without content for us that are taken so that its connection can be kept, and seconds for them.
_SHORT = 64 * 1024
_DRAIN_SECONDS = 1.0
_MOST_WAITS = 2
#: Kinds of content that never hold text; their bodies are not even received.
_MEDIA = ("image", "audio", "video", "font")
_NETWORK_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much one page may cost."""

    #: Bytes, as sent and again unpacked.
    body: int = 10_000_000
    #: Seconds for a page from the first lookup to the last byte, redirects, waits and second attempts included.
    page: float = 30.0
    #: Seconds to reach the server.
    connect: float = 10.0
    #: Seconds without a single byte.
    silence: float = 10.0
    #: Seconds that we wait at most when a server asks for it.
    wait: float = 10.0
    #: Seconds before a second attempt when the server does not say.
    back_off: float = 1.0
    #: Connections that are open at a time.
    connections: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page that arrived whole."""

    raw: RawContent
    #: From the X-Robots-Tag header.
    noindex: bool = False
    nofollow: bool = False
    #: From the Link header, as written; "" when there is none.
    canonical: str = ""
    #: The server asked us to slow down before it answered.
    throttled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The page is what it was when the given validators were noted."""

    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The page is elsewhere."""

    location: str
    #: Absolute; not yet checked by anyone.
    target: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, a sound, a film or a font: the body was left where it is."""

    location: str
    media_type: str


Hop: TypeAlias = Fetched | NotModified | Moved | Media
_Found = TypeVar("_Found")


class _Unsteady(Exception):
    """The attempt failed in a way that another one may mend; never seen outside this module."""

    def __init__(self, failure: FetchError, *, wait: float | None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        #: Seconds that the server asked for, None when it did not.
        self.wait = wait


class Fetcher:
    """Fetches pages over one pool of connections; use it as `async with`.

    `network` and `sleep` are there for tests: what opens TCP connections, and what waits.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        limits: FetchLimits | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._guard = guard
        self._limits = limits or FetchLimits()
        self._sleep = sleep
        # The transport itself, not a client over it: a client minds cookies, proxies and redirects, and stumbles over
        # a broken Location before we see the answer.
        self._transport = GuardedTransport(
            guard, connections=self._limits.connections, network=network or httpcore.AnyIOBackend()
        )
        self._timeouts = httpx.Timeout(self._limits.silence, connect=self._limits.connect, pool=None).as_dict()

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.__aexit__(exc_type, exc_value, traceback)

    def check(self, url: str) -> None:
        """Judge an address as it is written, without any lookup. Raises AddressRefused."""
        self._guard.check_url(url)

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched | NotModified:
        """The page behind `url`, through at most 5 redirects; its final URL is `raw.location`.

        With validators of an earlier fetch, NotModified when they still hold. Raises AddressRefused, FetchError.
        """
        return await self._in_time(url, self._follow(url, etag, last_modified))

    async def hop(self, url: str, *, etag: str = "", last_modified: str = "") -> Hop:
        """What one address answers, redirects not followed. Raises AddressRefused, FetchError."""
        return await self._in_time(url, self._hop(url, etag, last_modified))

    async def _in_time(self, url: str, work: Awaitable[_Found]) -> _Found:
        try:
            async with asyncio.timeout(self._limits.page):
                return await work
        except TimeoutError as exc:
            message = f"{url} was not there whole within {self._limits.page:g} seconds."
            raise FetchError(message, hint=_LATER) from exc

    async def _follow(self, url: str, etag: str, last_modified: str) -> Fetched | NotModified:
        place, status = url, 0
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._hop(place, etag, last_modified)
            if isinstance(found, Media):
                raise FetchError(f"{place} is {found.media_type}, which holds no text.", status=HTTPStatus.OK)
            if not isinstance(found, Moved):
                return found
            place, status = found.target, found.status
        raise redirects_too_often(url, status)

    async def _hop(self, url: str, etag: str, last_modified: str) -> Hop:
        parsed = self._guard.check_url(url)
        validators = {"if-none-match": etag, "if-modified-since": last_modified}
        request_headers = {**_HEADERS, **{name: value for name, value in validators.items() if value}}
        waits = attempts = 0
        throttled = False
        while True:
            try:
                return await self._attempt(parsed, request_headers, throttled=throttled)
            except _Unsteady as unsteady:
                throttled = throttled or unsteady.failure.status in _ASKED_TO_WAIT
                if unsteady.wait is not None and waits < _MOST_WAITS:
                    waits += 1
                    await self._sleep(min(unsteady.wait, self._limits.wait))
                elif unsteady.wait is None and attempts == 0:
                    attempts += 1
                    await self._sleep(self._limits.back_off)
                else:
                    raise unsteady.failure from unsteady.__cause__

    async def _attempt(self, url: httpx.URL, request_headers: dict[str, str], *, throttled: bool) -> Hop:
        try:
            async with self._answer(url, request_headers) as response:
                return await self._read(response, throttled=throttled)
        except _NETWORK_ERRORS as exc:
            message = f"{url} did not arrive: {_words(exc, url)}."
            if certificate_error(exc):
                raise FetchError(message, hint="Whoever runs the site has to renew or correct it.") from exc
            raise _Unsteady(FetchError(message, hint=_LATER), wait=None) from exc

    @asynccontextmanager
    async def _answer(self, url: httpx.URL, request_headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
        request = httpx.Request("GET", url, headers=request_headers, extensions={"timeout": self._timeouts})
        response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            yield response
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, *, throttled: bool) -> Hop:
        url, status = response.url, response.status_code
        location = str(url.copy_with(fragment=None))
        if status not in _WITH_CONTENT:
            await _drain(response)
        if status in _REDIRECTS and "Location" in response.headers:
            return Moved(location=location, target=_target(url, response.headers["Location"]), status=status)
        if status == HTTPStatus.NOT_MODIFIED and _VALIDATORS & response.request.headers.keys():
            return NotModified(location=location)
        if status not in _WITH_CONTENT:
            raise _refusal(response)
        media_type, charset = header.media_type(response.headers)
        if media_type.partition("/")[0] in _MEDIA:
            return Media(location=location, media_type=media_type)
        directives = header.robots_directives(response.headers)
        return Fetched(
            raw=RawContent(
                location=location,
                body=await self._body(response),
                media_type=media_type,
                charset=charset,
                etag=response.headers.get("ETag", ""),
                last_modified=response.headers.get("Last-Modified", ""),
                language=header.language(response.headers),
            ),
            noindex="noindex" in directives,
            nofollow="nofollow" in directives,
            canonical=header.canonical_link(response.headers),
            throttled=throttled,
        )

    async def _body(self, response: httpx.Response) -> bytes:
        most = self._limits.body
        declared = response.headers.get("Content-Length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > most:
            raise _too_large(response, most)
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > most:
                raise _too_large(response, most)
        try:
            return decode(bytes(body), response.headers.get("Content-Encoding", ""), most=most)
        except DecodingError as exc:
            message = f"{response.url} cannot be read: the body {exc}."
            raise FetchError(message, status=response.status_code) from exc


_LATER = "Try again later; what was read before is kept."


async def _drain(response: httpx.Response) -> None:
    """Take what follows the headers when it is short: only then can the connection be used again.

    Without this each page that has not changed would cost a connection of its own.
    """
    declared = response.headers.get("Content-Length", "")
    empty = response.status_code == HTTPStatus.NOT_MODIFIED
    if empty or (declared.isascii() and declared.isdigit() and int(declared) <= _SHORT):
        with suppress(TimeoutError, *_NETWORK_ERRORS):
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for _ in response.aiter_raw():
                    continue


def redirects_too_often(url: str, status: int) -> FetchError:
    return FetchError(f"{url} redirects in a circle, or more than {MOST_REDIRECTS} times.", status=status)


def no_such_page(url: str) -> FetchError:
    """For a page that says so itself; it counts as one of which the server says it."""
    return FetchError(f"{url} says itself that there is no such page.", status=HTTPStatus.NOT_FOUND)


def _target(base: httpx.URL, reference: str) -> str:
    try:
        return str(base.join(reference))
    except (httpx.InvalidURL, ValueError) as exc:
        raise FetchError(f"{base} leads to something that is no address: {reference!r}.", status=HTTPStatus.OK) from exc


def _refusal(response: httpx.Response) -> FetchError | _Unsteady:
    status = response.status_code
    name = next((f" ({known.phrase})" for known in HTTPStatus if known == status), "")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return FetchError(f"{response.url} does not exist: the server answered {status}{name}.", status=status)
    message = f"{response.url} was not given to us: the server answered {status}{name}."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return FetchError(message, hint="Pages behind a sign-in or a bot check cannot be read.", status=status)
    failure = FetchError(message, hint=_LATER, status=status)
    if status in _ASKED_TO_WAIT:
        return _Unsteady(failure, wait=header.retry_after(response.headers))
    return _Unsteady(failure, wait=None) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else failure


def _too_large(response: httpx.Response, most: int) -> FetchError:
    message = f"{response.url} is larger than {most / 1_000_000:g} MB, the most that is read of one page."
    return FetchError(message, status=response.status_code)


def _causes(error: BaseException) -> Iterator[BaseException]:
    # httpcore raises again "from None", which leaves the first error as the context only.
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """What is wrong with the server's certificate, if that is why nothing came."""
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


def _words(error: Exception, url: httpx.URL) -> str:
    if certificate := certificate_error(error):
        return f"the certificate of {url.host} is not valid ({certificate.verify_message})"
    if isinstance(error, httpcore.ConnectTimeout):
        return f"{url.host} does not answer"
    if isinstance(error, httpcore.TimeoutException):
        return f"{url.host} fell silent"
    if isinstance(error, httpcore.ConnectError):
        return f"no connection to {url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    return f"{url.host} broke off in the middle"
