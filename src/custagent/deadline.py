"""Calls to services with a hard end, for callers that wait in threads of their own.

A floor of its own under the rooms: chat models (answer) and embedding models (knowledge) are reached alike.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Seconds beyond its time that a call may take to close what it had opened.
_CLOSING = 1.0
#: Seconds that what is open may take to close when the process ends.
_LEAVING = 2.0
#: Rounds of the loop until what was closed is gone.
_ROUNDS = 5

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


def stream_within(seconds: float, call: Callable[[], AsyncIterator[Result]]) -> Generator[Result, None, None]:
    """What the call brings, piece by piece, in the caller's thread. Raises what it raises; TimeoutError as `run_within`.

    The seconds are for all of it. Whoever stops listening before the end (closes the iterator) ends the call.
    """
    pieces: queue.SimpleQueue[Result | None] = queue.SimpleQueue()

    async def limited() -> None:
        try:
            async with asyncio.timeout(seconds):
                async for piece in call():
                    pieces.put(piece)
        finally:
            pieces.put(None)

    ends = time.monotonic() + seconds + _CLOSING
    done = asyncio.run_coroutine_threadsafe(limited(), _loop())
    try:
        while (piece := _next(pieces, ends - time.monotonic())) is not None:
            yield piece
        done.result(max(0.0, ends - time.monotonic()))
    finally:
        done.cancel()


def close_with(close: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Close what a library holds open in the loop of the calls, before the process ends; nothing where no call was made."""
    loop = _loops.get(os.getpid())
    if loop is None or not loop.is_running():
        return
    done = asyncio.run_coroutine_threadsafe(_awaited(close), loop)
    try:
        done.result(_LEAVING)
    except (OSError, RuntimeError, TimeoutError):
        done.cancel()


async def _awaited(close: Callable[[], Coroutine[Any, Any, object]]) -> None:
    await close()
    # A connection is gone when the loop has come round.
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)


def _next(pieces: queue.SimpleQueue[Result | None], seconds: float) -> Result | None:
    try:
        return pieces.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise TimeoutError from None


def _loop() -> asyncio.AbstractEventLoop:
    process = os.getpid()
    with _gate:
        loop = _loops.get(process)
        if loop is None:
            loop = _loops[process] = asyncio.new_event_loop()
            # A daemon: a call that hangs must not keep the process from ending.
            threading.Thread(target=loop.run_forever, name="model-calls", daemon=True).start()
    return loop
