"""R8 at length: a clock that jumps 1,000 times under a working runner (`CUSTAGENT_JUMPS`)."""

from __future__ import annotations

import asyncio
import os

from custagent.runtime.bootstrap import Application
from custagent.testing import FrozenClock
from tests.runtime.clock_jumps import nothing_twice, walk

JUMPS = int(os.environ.get("CUSTAGENT_JUMPS") or 1_000)


async def until(condition, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the code under test tells nobody
            await asyncio.sleep(0.005)


def test_a_clock_that_jumps_under_a_working_runner(new_house, record):
    with Application(new_house().home, clock=FrozenClock()) as app:
        found = asyncio.run(walk(app, until, jumps=JUMPS, seed=88))
        nothing_twice(found)
    record(
        f"R8: {JUMPS} jumps of the clock, {found.said} messages answered and sent, {len(found.closed)} conversations"
        " closed by silence: 0 early, 0 late, 0 twice"
    )
