"""Ten times the rated load for ten minutes (R14). The short form: `tests/acceptance/test_runner_load.py`.

CUSTAGENT_OVERLOAD_SECONDS says for how long.
"""

from __future__ import annotations

import os

from tests.acceptance.load import RATED, overload, warm_up

SECONDS = float(os.environ.get("CUSTAGENT_OVERLOAD_SECONDS") or 600)
#: Seconds that the rest may take: what was taken may wait half a minute, by the pace that was measured.
RECOVERY = 180


def test_ten_times_the_rated_load(new_house, start, contact, tmp_path, record):
    house = new_house()
    runner = start(house).ready()
    warm_up(runner, contact)
    seen = overload(house, runner, tmp_path / "taken", seconds=SECONDS, rate=10 * RATED, recover=RECOVERY)
    record(f"overload: {seen.told()}")
    assert seen.lost == 0
    assert seen.measured["statuses"].keys() <= {"202", "429", "503", "-1"}
    assert seen.refused > 0
    assert sum(seen.measured["retry_after"].values()) == seen.refused
    assert seen.watched.growth(0.2) < 0.05
    # Every message that was taken was answered, each of them of a conversation of its own.
    threads = house.threads()
    assert sum(any(kind == "answer" for _, kind, _ in thread) for thread in threads.values()) == len(threads)
    # And it goes on as before.
    visitor = contact(runner.port)
    assert visitor.wait_for_reply(visitor.send())
    code, told = runner.stop()
    assert code == 0, told
    assert "Traceback" not in told
