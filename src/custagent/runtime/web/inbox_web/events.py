"""Tells open pages that something has changed; what has changed, they ask for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from custagent.core.errors import StoreError
from custagent.runtime.inbox.inbox import Inbox
from custagent.runtime.waiting import wait_for_any

if TYPE_CHECKING:
    from custagent.runtime.runner.runner import Runner

#: Seconds between two looks at whether the database has changed; a look costs some microseconds.
_LOOK = 0.5
#: Looks without news after which a comment keeps the connection open.
_SILENT_LOOKS = 40


def changes(
    runner: Runner, inbox: Inbox, headers: Mapping[str, str], *, still: Callable[[], bool]
) -> StreamingResponse:
    """A stream of events, each with what waits for who listens, for as long as `still` says so."""
    return StreamingResponse(_events(runner, inbox, still), media_type="text/event-stream", headers=dict(headers))


async def _events(runner: Runner, inbox: Inbox, still: Callable[[], bool]) -> AsyncIterator[str]:
    seen, silent = -1, 0
    while not runner.stopping.is_set():
        try:
            changed = await asyncio.to_thread(runner.app.store.changes)
            if changed != seen:
                if not await asyncio.to_thread(still):
                    return
                waiting = await asyncio.to_thread(inbox.waiting)
                told = {
                    "mine": list(waiting.mine.items()),
                    "mine_count": waiting.mine_count,
                    "unassigned": waiting.unassigned_count,
                }
                yield f"data: {json.dumps(told)}\n\n"
                seen, silent = changed, 0
        except StoreError:
            pass  # busy for the moment: the next look tells
        silent += 1
        if silent > _SILENT_LOOKS:
            yield ": still here\n\n"
            silent = 0
        await wait_for_any(runner.stopping, seconds=_LOOK)
