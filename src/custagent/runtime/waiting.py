"""How the runner's loops wait: for events, and for threads that may be left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

Result = TypeVar("Result")


class _Post:
    """Brings results from threads into one event loop: those that come together, together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not the loop itself: it would be kept for ever by what is kept for as long as it lives.
        self._loop = ref(loop)
        self._gate = threading.Lock()
        self._brought: list[tuple[asyncio.Future[Any], Future[Any]]] = []

    def bring(self, waiting: asyncio.Future[Any], done: Future[Any]) -> None:
        """Called in the thread that did the work."""
        with self._gate:
            self._brought.append((waiting, done))
            if len(self._brought) > 1:
                return
        loop = self._loop()
        try:
            if loop is not None:
                loop.call_soon_threadsafe(self._hand_out)
        except RuntimeError:
            # The loop has been closed meanwhile: nobody waits any more.
            self._brought.clear()

    def _hand_out(self) -> None:
        with self._gate:
            brought, self._brought = self._brought, []
        for waiting, done in brought:
            if waiting.done():
                continue
            error = done.exception()
            if error is None:
                waiting.set_result(done.result())
            else:
                waiting.set_exception(error)


_POSTS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Post] = WeakKeyDictionary()


def result_of(done: Future[Result]) -> asyncio.Future[Result]:
    """What a thread's work returns or raises, for the running loop. Who stops waiting does not stop the work.

    `asyncio.wrap_future` wakes the loop once for each; a commit is of hundreds of messages, and wakes it once.
    """
    loop = asyncio.get_running_loop()
    post = _POSTS.get(loop)
    if post is None:
        post = _POSTS[loop] = _Post(loop)
    waiting: asyncio.Future[Result] = loop.create_future()
    done.add_done_callback(lambda done: post.bring(waiting, done))
    return waiting


async def wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    """Until one of the events is set, at most so many seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def start_thread(work: Callable[[], Result], *, name: str) -> Future[Result]:
    """What `work` will return or raise, done in a thread of its own.

    Unlike an executor's threads it does not keep the process alive: a model that never replies must not keep the runner
    from ending.
    """
    done: Future[Result] = Future()

    def run() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again, where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done
