"""R7 at length: a disk that fills up again and again under load, and runners that are killed while it is full."""

from __future__ import annotations

import os
import random
import time

from tests.acceptance.full_disk import (
    LONGEST_WAIT,
    RECOVERY,
    Disk,
    Senders,
    fill_up,
    heard,
    nothing_is_lost,
    wait_until,
)

EPISODES = int(os.environ.get("CUSTAGENT_FULL_DISKS") or 20)
KILLS = EPISODES // 4


def test_a_disk_that_is_full_again_and_again(new_house, start, record):
    house = new_house()
    runner = start(house).ready()
    senders, chance = Senders(runner.port), random.Random(EPISODES)
    with heard(runner.process) as told:
        with senders.sending(at_once=6):
            wait_until(lambda: len(senders.acknowledged) >= 5)
            episodes = [
                fill_up(house, runner, senders, chance, seconds=chance.choice([0.2, 1, 4])) for _ in range(EPISODES)
            ]
        wait_until(lambda: house.waiting() == (0, 0))
        runner.process.terminate()
        assert runner.process.wait(30) == 0
    assert all(1 <= int(one.retry_after) <= LONGEST_WAIT for episode in episodes for one in episode.refused)
    assert [one for episode in episodes for one in episode.others] == []
    worst = max(episode.recovered for episode in episodes)
    assert worst < RECOVERY
    nothing_is_lost(house, senders)
    assert not any("Traceback" in line for line in told), "".join(told[-80:])
    record(
        f"R7: {EPISODES} times full: {len(senders.acknowledged)} acknowledged, 0 lost, back in {worst:.2f} s at most"
    )


def test_runners_that_are_killed_while_it_is_full(new_house, start, free_port, record):
    house = new_house()
    senders, chance = Senders(free_port), random.Random(KILLS)
    with senders.sending(at_once=6):
        for _ in range(KILLS):
            runner = start(house, port=free_port).ready()
            with heard(runner.process):
                taken = len(senders.acknowledged)
                wait_until(lambda taken=taken: len(senders.acknowledged) > taken)
                began = time.monotonic()
                Disk(runner.process.pid).fill(1)
                wait_until(lambda began=began: senders.since(began, 503))
                time.sleep(chance.random())
                runner.kill()
        last = start(house, port=free_port).ready()
        wait_until(lambda: senders.since(time.monotonic() - 1, 202))
    wait_until(lambda: house.waiting() == (0, 0))
    assert last.stop()[0] == 0
    nothing_is_lost(house, senders)
    record(f"R7: {KILLS} runners killed on a full disk: {len(senders.acknowledged)} acknowledged, 0 lost")
