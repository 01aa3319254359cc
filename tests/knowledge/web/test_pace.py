"""One host is not asked faster than it likes."""

from __future__ import annotations

import asyncio

import pytest

from custagent.knowledge.web.pace import LONGEST_DELAY, Pace


def run(pace: Pace, turns: int) -> int:
    """How many were under way at a time, at most."""
    busy = most = 0

    async def work() -> None:
        nonlocal busy, most
        async with pace.turn():
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1

    async def scene() -> None:
        await asyncio.gather(*(work() for _ in range(turns)))

    asyncio.run(scene())
    return most


@pytest.mark.parametrize("width", [1, 3])
def test_so_many_at_a_time(waits, width) -> None:
    assert run(Pace(width=width, sleep=waits.sleep, now=waits.now), 20) == width
    assert waits.slept == []


def test_a_pause_between_requests(waits) -> None:
    run(Pace(width=8, delay=2.5, sleep=waits.sleep, now=waits.now), 4)
    assert waits.slept == [2.5, 2.5, 2.5]


def test_an_unreasonable_pause_is_cut_short(waits) -> None:
    run(Pace(width=8, delay=86_400, sleep=waits.sleep, now=waits.now), 2)
    assert waits.slept == [LONGEST_DELAY]


def test_slowing_down_doubles_the_pause_up_to_an_end(waits) -> None:
    pace = Pace(width=8, sleep=waits.sleep, now=waits.now)
    delays = []
    for _ in range(7):
        pace.slow_down()
        delays.append(pace.delay)
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    run(pace, 2)
    assert waits.slept == [10.0, 10.0]


def test_slowing_down_never_shortens_what_the_site_asked_for(waits) -> None:
    pace = Pace(width=8, delay=20.0, sleep=waits.sleep, now=waits.now)
    pace.slow_down()
    assert pace.delay == 20.0
