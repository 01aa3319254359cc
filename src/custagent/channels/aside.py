"""Work that blocks, done beside the event loop in a thread that keeps nobody from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def aside(work: Callable[[], Result], *, name: str, abandon: Callable[[], None] | None = None) -> Result:
    """What `work` returns or raises. Unlike an executor's, its thread does not keep the process alive: a server that
    never replies must not keep the runner from ending.

    Who stops waiting goes on at once; `abandon`, where given, is called then and may cut short what still goes on.
    """
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again, where it is waited for
            done.set_exception(error)

    # Marked as running, so that nobody who stops waiting cancels it: it is past that.
    done.set_running_or_notify_cancel()
    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        return await asyncio.shield(asyncio.wrap_future(done))
    except asyncio.CancelledError:
        if abandon is not None:
            abandon()
        # Nobody reads it any more, and an error that nobody reads would be told.
        done.add_done_callback(Future.exception)
        raise
