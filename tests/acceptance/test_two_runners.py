"""R4, the short form; more rounds are in `tests/stress/test_two_runners.py`."""

from __future__ import annotations

import signal

from tests.acceptance.phone import Caller
from tests.acceptance.two_runners import duel, fell_asleep_between_writes, nobody_was_answered_twice


def test_one_that_slept_while_it_had_work_answers_nobody_twice(new_phone_house, new_meta, start, record):
    left = duel(new_phone_house, new_meta(again=0.2), start, rounds=2, seed=0)
    record(left.told())
    nobody_was_answered_twice(left)


def test_one_that_is_put_to_sleep_by_ctrl_z_takes_no_lock_along(new_phone_house, new_meta, start, wait_until):
    """Also in the middle of its work: it finishes the write first."""
    meta = new_meta()
    house = new_phone_house(meta)
    runner = start(house).ready()
    meta.reach(runner.address)
    callers = [Caller(meta, f"4678{number:06}") for number in range(8)]
    for _ in range(10):
        for caller in callers:
            caller.ask()
        assert fell_asleep_between_writes(house, runner.process.pid, signal.SIGTSTP)
        runner.signal(signal.SIGCONT)
    wait_until(lambda: meta.idle and house.waiting() == (0, 0))
    assert meta.acknowledged == {message for caller in callers for message in caller.asked}
    assert len({reply.reference for reply in meta.replies}) == len(meta.replies)
    assert runner.stop()[0] == 0
