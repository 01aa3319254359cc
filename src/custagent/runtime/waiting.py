"""How the runner's loops wait: for events, and for threads that may be left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    """Until one of the events is set, at most so many seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def in_thread(work: Callable[[], Result], *, name: str) -> Result:
    """What `work` returns or raises, done in a thread of its own.

    Unlike an executor's threads it does not keep the process alive: a model that never replies must not keep the runner
    from ending. Whoever is cancelled while it waits leaves the thread behind.
    """
    done: Future[Result] = Future()

    def run() -> None:
        done.set_running_or_notify_cancel()
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the task that waits
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(done)
