"""The disk is full: nothing is said to be taken that is not kept, and it goes on by itself when there is room (R7)."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys

import pytest

from tests.acceptance.conftest import PATIENCE, clean_environment, wait_until
from tests.acceptance.full_disk import LONGEST_WAIT, Senders, fill_up, heard, nothing_is_lost


@pytest.fixture
def limits(require):
    require("prlimit", hasattr(resource, "prlimit"), "the limit of another process is set by it")


@pytest.mark.usefixtures("limits")
def test_a_full_disk_takes_nothing_loses_nothing_and_is_recovered_from(new_house, start, record):
    house = new_house()
    runner = start(house).ready()
    senders, chance = Senders(runner.port), random.Random(5)
    with heard(runner.process) as told:
        with senders.sending(at_once=4):
            wait_until(lambda: len(senders.acknowledged) >= 5)
            episodes = [fill_up(house, runner, senders, chance, seconds=0.7) for _ in range(2)]
        wait_until(lambda: house.waiting() == (0, 0))
        runner.process.terminate()
        assert runner.process.wait(PATIENCE) == 0
    for episode in episodes:
        assert all(1 <= int(one.retry_after) <= LONGEST_WAIT for one in episode.refused)
        assert episode.others == []
    nothing_is_lost(house, senders)
    assert any("disk" in line for line in told)
    assert not any("Traceback" in line for line in told), "".join(told[-80:])
    worst = max(episode.recovered for episode in episodes)
    record(f"a full disk, {len(episodes)} times: {len(senders.acknowledged)} messages kept, back in {worst:.2f} s")


@pytest.mark.usefixtures("limits")
def test_a_runner_that_finds_no_room_says_so(new_house):
    house = new_house()
    done = subprocess.run(
        [sys.executable, "-m", "custagent", "--workspace", str(house.folder), "run", "--port", "0"],
        env=clean_environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "disk" in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("limits")
def test_without_room_the_language_is_the_conversations(tmp_path):
    """Its model is unpacked into a temporary file when it is first needed on a machine."""
    program = """
import resource
room = resource.getrlimit(resource.RLIMIT_FSIZE)
from custagent.language import detect
resource.setrlimit(resource.RLIMIT_FSIZE, (1, room[1]))
print(detect("Wie lange habe ich Garantie auf mein Fahrrad?", "sv"))
resource.setrlimit(resource.RLIMIT_FSIZE, room)
print(detect("Wie lange habe ich Garantie auf mein Fahrrad?", "sv")[0])
"""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE, env=environment
    )
    assert done.stdout.splitlines() == ["('sv', 0.0)", "de"]
