"""What kinds of channel do in the background, such as reading a mailbox: begun with the runner, and again after a fault."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from custagent.core.errors import CustagentError, LeaseHeld
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)

#: Seconds before it is begun again after a fault; doubled with each in a row, up to the longest.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
#: Seconds of work after which a fault is no longer one in a row.
_WELL = 600.0


async def keep_at_work(
    kind: str,
    work: Callable[[], Sequence[Coroutine[Any, Any, None]]],
    stop: asyncio.Event,
    *,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """Do all of a kind's work until `stop` is set, each part beside the others. Raises LeaseHeld."""
    async with asyncio.TaskGroup() as tasks:
        for number, first in enumerate(work()):
            again = _Again(work, number)
            tasks.create_task(_persist(kind, first, again, stop, first_pause=first_pause))


class _Again:
    """One part of the work, begun anew."""

    def __init__(self, work: Callable[[], Sequence[Coroutine[Any, Any, None]]], number: int) -> None:
        self._work = work
        self._number = number

    def begin(self) -> Coroutine[Any, Any, None] | None:
        """None where there is no such part any more."""
        found = None
        for number, part in enumerate(self._work()):
            if number == self._number:
                found = part
            else:
                part.close()
        return found


async def _persist(
    kind: str, part: Coroutine[Any, Any, None] | None, again: _Again, stop: asyncio.Event, *, first_pause: float
) -> None:
    loop, pause = asyncio.get_running_loop(), first_pause
    while part is not None:
        began = loop.time()
        try:
            await part
        except LeaseHeld:
            raise
        except CustagentError as error:
            _log.error("work for %s channels stopped, and begins again: %s", kind, error.message)
        except Exception:  # noqa: BLE001 - the task's boundary: one kind's fault must not stop the runner
            _log.exception("work for %s channels stopped, and begins again", kind)
        else:
            return
        if loop.time() - began >= _WELL:
            pause = first_pause
        await wait_for_any(stop, seconds=pause)
        pause = min(LONGEST_PAUSE, 2 * pause)
        if stop.is_set():
            return
        part = again.begin()
