"""Fetching the files that came with contacts' messages, beside everything else: no message waits for its picture.

Each is tried again, later each time, as its channel's fault says; what can never be had is told in the thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from custagent.core.errors import ChannelError, LeaseHeld, SendFault, StoreError
from custagent.core.message import Attachment
from custagent.core.ports import MAX_FILE, ChannelAdapter, Clock
from custagent.runtime.files import FileFolder
from custagent.runtime.waiting import wait_for_any
from custagent.store.conversations.files import AttachedFiles, WaitingFile

_log = logging.getLogger(__name__)

#: Files under way at a time, each in memory while it is.
AT_ONCE = 3
#: Tries before a file is given up: with the pauses below, about two days, while providers keep files for a week.
MOST_ATTEMPTS = 14
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 14_400.0
#: Seconds that one file may take.
PATIENCE = 120.0
#: Seconds between looks when nobody told of a new file.
POLL = 2.0
#: A channel's own limit was reached: nothing of it is fetched for so many seconds unless it says how long.
SLOW_PAUSE = 60.0
#: Seconds that files under way may take when the runner stops; they are fetched again by the next one.
FINISH = 5.0


class Fetching:
    """The fetching loop of a runner."""

    def __init__(
        self,
        files: AttachedFiles,
        folder: FileFolder,
        adapters: Callable[[], Mapping[str, ChannelAdapter]],
        clock: Clock,
        *,
        fence: int,
        poll: float = POLL,
        patience: float = PATIENCE,
    ) -> None:
        self._files = files
        self._folder = folder
        self._adapters = adapters
        self._clock = clock
        self._fence = fence
        self._poll = poll
        self._patience = patience
        self._wake = asyncio.Event()
        self._tasks: dict[tuple[int, int], asyncio.Task[None]] = {}
        #: Channels that asked for less, with the loop's time until which they are left alone.
        self._resting: dict[str, float] = {}

    def wake(self) -> None:
        """A file may be there to fetch."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch until `stop` is set. Raises LeaseHeld."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                for file in await self._due():
                    key = file.message, file.position
                    self._tasks[key] = tasks.create_task(self._work(file))
                await wait_for_any(self._wake, stop, seconds=self._poll)
            if self._tasks:
                _, late = await asyncio.wait(self._tasks.values(), timeout=FINISH)
                for task in late:
                    task.cancel()

    async def _due(self) -> tuple[WaitingFile, ...]:
        room = AT_ONCE - len(self._tasks)
        if room <= 0:
            return ()
        now = asyncio.get_running_loop().time()
        resting = {channel for channel, until in self._resting.items() if until > now}
        try:
            return await asyncio.to_thread(
                self._files.waiting, self._clock.now(), limit=room, busy=tuple(self._tasks), resting=resting
            )
        except StoreError as error:
            _log.error("no files can be fetched for the moment: %s", error.message)
            return ()

    async def _work(self, file: WaitingFile) -> None:
        try:
            await self._fetch(file)
        except LeaseHeld:
            raise
        except StoreError as error:
            _log.error("a file of message %s is left for later: %s", file.message, error.message)
        else:
            self._wake.set()
        finally:
            self._tasks.pop((file.message, file.position), None)

    async def _fetch(self, file: WaitingFile) -> None:
        adapter = self._adapters().get(file.channel)
        if adapter is None:
            await self._give_up(file, "Its channel does not exist any more.")
            return
        try:
            async with asyncio.timeout(self._patience):
                content = await adapter.fetch(file.attachment)
        except ChannelError as error:
            await self._failed(file, error)
        except TimeoutError:
            await self._failed(file, ChannelError(f"{file.channel} did not send the file in time"))
        except Exception as error:  # noqa: BLE001 - see below
            # The task's boundary: one channel's fault must not stop the others.
            _log.exception("a file of message %s could not be fetched on %s", file.message, file.channel)
            await self._failed(file, ChannelError(f"a fault of this program: {type(error).__name__}"))
        else:
            await self._keep(file, content)

    async def _keep(self, file: WaitingFile, content: bytes) -> None:
        told = file.attachment
        kept = await asyncio.to_thread(
            self._folder.keep, content[: MAX_FILE + 1], name=told.name, media_type=told.media_type
        )
        await self._settle(file, replace(kept, name=told.name or kept.name))

    async def _failed(self, file: WaitingFile, error: ChannelError) -> None:
        if error.fault.final or file.attempts + 1 >= MOST_ATTEMPTS:
            await self._give_up(file, f"It could not be fetched: {error.message}")
            return
        pause = max(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(file.attempts, 20)), error.retry_after)
        slow = error.fault in (SendFault.SLOW_CHANNEL, SendFault.SLOW_CONTACT, SendFault.CHANNEL_OUT)
        if slow:
            pause = max(error.retry_after, SLOW_PAUSE)
            self._resting[file.channel] = asyncio.get_running_loop().time() + pause
        until = self._clock.now() + timedelta(seconds=pause)
        _log.warning("a file of message %s is fetched later: %s", file.message, error.message)
        await asyncio.to_thread(self._files.put_off, file, until, counted=not slow, fence=self._fence)

    async def _give_up(self, file: WaitingFile, reason: str) -> None:
        _log.error("a file of message %s was not fetched: %s", file.message, reason)
        await self._settle(file, replace(file.attachment, reference="", error=reason))

    async def _settle(self, file: WaitingFile, found: Attachment) -> None:
        await asyncio.to_thread(self._files.settle, file, found, fence=self._fence)
