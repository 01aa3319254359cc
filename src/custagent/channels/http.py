"""Requests to providers: one at a time, with an end in time and in size, and no way to anywhere else.

Redirects are not followed, proxies and cookies of the surroundings are not used: a provider is where custagent.yaml says.
Each request has a connection of its own, so nothing is left open, and no reply runs into a connection that has died.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from custagent import __version__
from custagent.core.errors import ChannelError, SendFault

if TYPE_CHECKING:
    import httpx

#: Seconds from the first look-up to the last byte.
PATIENCE: Final = 15.0
#: Bytes of an answer that says what became of a request.
MOST: Final = 1024 * 1024
#: Seconds in which a provider still may tell of a reply whose answer did not come, before the reply is sent again.
UNSURE: Final = 60.0


#: Asked when the connection stands and before the request leaves: it raises when the request must not go any more, because
#: this process was stopped meanwhile and another one has followed it.
LAST_LOOK: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("LAST_LOOK", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a provider answered."""

    status: int
    #: By lower-case name.
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked to."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own

    @property
    def told(self) -> dict[str, Any]:
        """The body as JSON; {} for anything but a mapping."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def retry_after(self) -> float:
        """Seconds that it asks to wait, 0 when it asks nothing; dates are too seldom to be read."""
        wanted = self.headers.get("retry-after", "").strip()[:6]
        return float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    seconds: float = PATIENCE,
    most: int = MOST,
    unsure: float = 0.0,
) -> Response:
    """One request. `unsure` is how long to wait with the next try where the answer, but not the request, may be lost.

    Raises ChannelError: with fault CHANNEL_OUT when the provider could not even be reached, so that nothing was sent.
    """
    import httpx

    host = urlsplit(url).hostname or url
    try:
        async with asyncio.timeout(seconds), _client(url) as client:
            request = client.build_request(
                method, url, headers=_identified(headers), content=body or None, extensions={"trace": _look}
            )
            response = await client.send(request, stream=True)
            try:
                content = await _content(response, most, host)
            finally:
                await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ChannelError(
            f"{host} cannot be reached: {_reason(error)}",
            hint="Check this machine's connection to the internet; nothing was sent, and it is tried again.",
            fault=SendFault.CHANNEL_OUT,
        ) from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise ChannelError(f"{host} gave no whole answer: {_reason(error)}", retry_after=unsure) from error
    told = {name.lower(): value for name, value in response.headers.items()}
    return Response(status=response.status_code, headers=told, body=content)


async def _content(response: httpx.Response, most: int, host: str) -> bytes:
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > most:
            raise ChannelError(f"{host} sent more than {most:,} bytes", fault=SendFault.PERMANENT)
    return bytes(content)


async def _look(event: str, _: Mapping[str, Any]) -> None:
    """What httpcore tells of its work, step by step."""
    look = LAST_LOOK.get()
    if look is not None and event.endswith("send_request_headers.started"):
        await look()


def _client(url: str) -> httpx.AsyncClient:
    import httpx

    verify = _trusted() if url.lower().startswith("https:") else False
    # The time that counts is that of the whole request.
    return httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113 - see above


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted: reading them takes longer than most requests."""
    import httpx

    return httpx.create_ssl_context()


def _identified(headers: Mapping[str, str]) -> dict[str, str]:
    # A body is read as it comes: what was packed could grow without end.
    ours = {"User-Agent": f"custagent/{__version__} (process {os.getpid()})", "Accept-Encoding": "identity"}
    return ours | dict(headers)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
