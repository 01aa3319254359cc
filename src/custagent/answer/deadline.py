"""Calls to services with a hard end, for callers that wait in threads of their own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Seconds beyond its time that a call may take to close what it had opened.
_CLOSING = 1.0

_gate = threading.Lock()
#: The loop that all calls of this process run in, by the process: a fork takes the loop along, not its thread.
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def run_within(seconds: float, call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """What the call returns or raises. Raises TimeoutError after so many seconds, whatever the service does.

    A socket's own time-out begins anew with each byte that comes: a service that sends one now and then would be
    waited for without end. Here the call is cancelled, and with it its connection is closed, so that calls which hang do
    not pile up.
    """

    async def limited() -> Result:
        async with asyncio.timeout(seconds):
            return await call()

    done = asyncio.run_coroutine_threadsafe(limited(), _loop())
    try:
        return done.result(seconds + _CLOSING)
    except TimeoutError:
        done.cancel()
        raise


def _loop() -> asyncio.AbstractEventLoop:
    process = os.getpid()
    with _gate:
        loop = _loops.get(process)
        if loop is None:
            loop = _loops[process] = asyncio.new_event_loop()
            # A daemon: a call that hangs must not keep the process from ending.
            threading.Thread(target=loop.run_forever, name="model-calls", daemon=True).start()
    return loop
