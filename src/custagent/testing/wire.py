"""Just enough HTTP/1.1 for fakes on this machine: bodies with a length, one request a connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

#: Bytes of a body, and of a line of the head.
_MOST = 8 * 1024 * 1024
_LINE = 64 * 1024
_STATUS = re.compile(r"HTTP/1\.[01] \d{3}\b")


class WireError(OSError):
    """The other side did not speak HTTP, or went away in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request or one response, as it came."""

    #: "POST /path HTTP/1.1" or "HTTP/1.1 200 OK".
    first: str
    #: By lower-case name.
    headers: Mapping[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.split(" ")[0]

    @property
    def target(self) -> str:
        """The path of a request, with its query."""
        return self.first.split(" ")[1]

    @property
    def status(self) -> int:
        """Of a response."""
        return int(self.first.split(" ")[1])


async def read_exchange(reader: asyncio.StreamReader) -> Exchange | None:
    """The next request or response; None when the connection ended before it. Raises WireError."""
    try:
        first = (await reader.readline()).decode("latin-1").strip()
        if not first:
            return None
        headers = {}
        while line := (await reader.readline()).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if length > _MOST:
            raise WireError(f"a body of {length} bytes is too large")
        return Exchange(first=first, headers=headers, body=await reader.readexactly(length))
    except (ValueError, EOFError, ConnectionError) as error:
        raise WireError(f"{type(error).__name__}: {error}") from error


def written(first: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request or a response."""
    all_headers = {**headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return f"{first}\r\n{head}\r\n".encode("latin-1") + body


async def call(method: str, address: str, headers: Mapping[str, str], body: bytes, *, seconds: float) -> Exchange:
    """One request to `address`, such as http://127.0.0.1:8700/webhooks/whatsapp, and what is answered.

    Raises WireError, OSError, TimeoutError.
    """
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_LINE)
        try:
            writer.write(written(f"{method} {target or '/'} HTTP/1.1", {"Host": parts.netloc, **headers}, body))
            await writer.drain()
            answer = await read_exchange(reader)
        finally:
            await close(writer)
    if answer is None:
        raise WireError("the connection ended without an answer")
    if not _STATUS.match(answer.first):
        raise WireError("what came back is no HTTP")
    return answer


async def close(writer: asyncio.StreamWriter) -> None:
    """End a connection, whatever state it is in."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
