"""How results come from threads into the event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from concurrent.futures import Future

from custagent.runtime.waiting import result_of, start_thread, wait_for_any


def test_results_and_errors_arrive_each_where_it_is_waited_for():
    def work(number: int) -> int:
        if number % 2:
            raise ZeroDivisionError(number)
        return number

    async def scene() -> None:
        threads = [start_thread(lambda number=number: work(number), name="t") for number in range(50)]
        arrived = await asyncio.gather(*(result_of(thread) for thread in threads), return_exceptions=True)
        assert [one if isinstance(one, int) else -one.args[0] for one in arrived] == [
            number if number % 2 == 0 else -number for number in range(50)
        ]

    asyncio.run(scene())


def test_many_at_once_wake_the_loop_once():
    woken = 0

    async def scene() -> None:
        nonlocal woken
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def counted(*args, **named):
            nonlocal woken
            woken += 1
            return wake(*args, **named)

        loop.call_soon_threadsafe = counted
        done: list[Future[int]] = [Future() for _ in range(100)]
        waiting = [result_of(one) for one in done]
        bring = threading.Thread(target=lambda: [one.set_result(number) for number, one in enumerate(done)])
        # The loop stands still meanwhile, as it does while it reads requests.
        bring.start()
        bring.join()
        assert await asyncio.gather(*waiting) == list(range(100))

    asyncio.run(scene())
    assert woken == 1


def test_who_stops_waiting_disturbs_nobody():
    async def scene() -> None:
        first, second = Future(), Future()
        left, kept = result_of(first), result_of(second)
        left.cancel()
        first.set_result(1)
        second.set_result(2)
        assert await kept == 2
        assert left.cancelled()

    asyncio.run(scene())


def test_a_result_for_a_loop_that_has_ended_is_let_go():
    def nobody_waits() -> weakref.ref:
        done: Future[int] = Future()

        async def scene() -> weakref.ref:
            result_of(done)
            return weakref.ref(asyncio.get_running_loop())

        loop = asyncio.run(scene())
        done.set_result(1)
        return loop

    loop = nobody_waits()
    gc.collect()
    assert loop() is None, "nothing keeps the loop"


def test_waiting_for_any_event_ends_with_the_first_or_the_time():
    async def scene() -> None:
        first, second = asyncio.Event(), asyncio.Event()
        await wait_for_any(first, second, seconds=0.001)
        second.set()
        async with asyncio.timeout(60):
            await wait_for_any(first, second, seconds=3600)

    asyncio.run(scene())
