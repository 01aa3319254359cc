"""A connection to the runner whose requests have to begin in time, and say who they are in few words.

httptools keeps what comes before a body however long it grows, and uvicorn waits for it for ever: one stranger could fill
the memory, a few hundred could keep every other visitor out. A web server in front of the runner has such limits of its
own; not everybody has one there.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes before, between and after bodies: no browser and no proxy sends more.
MOST_HEAD: Final = 64 * 1024
#: Seconds in which a request has to have begun, from when the connection or the response before it stood.
PATIENCE: Final = 30.0
#: Each open chat is an open file; this many are more than a runner can serve.
_MOST_FILES: Final = 65_536


class Connection(HttpToolsProtocol):
    """One connection, as uvicorn makes them."""

    #: Bytes that belong to no body and are still kept.
    _kept = 0
    #: When the server began to wait for a request, by the loop's clock.
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """From here on a request is waited for."""
        self._since = self.loop.time()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is too much."""
        self._kept += len(data)
        super().data_received(data)
        if self._kept <= MOST_HEAD or self.transport.is_closing():
            return
        if self._is_waiting():
            self.send_400_response("The head of the request is too long.")
        else:
            self.transport.close()

    def on_headers_complete(self) -> None:
        """A request has begun."""
        self._kept = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """What is in a body is counted by who reads it."""
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes now belongs to the next one."""
        self._kept = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """From here on the next request is waited for."""
        self._since = self.loop.time()
        super().on_response_complete()

    def end_if_late(self, now: float) -> None:
        """Hang up when no request has come in time; `now` is the loop's clock."""
        if self._is_waiting() and now - self._since > PATIENCE:
            self.transport.abort()

    def _is_waiting(self) -> bool:
        return self.cycle is None or self.cycle.response_complete


def allow_many() -> None:
    """Let this process have as many connections as the machine allows it: mostly many times the 1,024 it begins with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Some systems have a lower limit of their own, which they do not tell.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
