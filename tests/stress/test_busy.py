"""Four processes read and write for a minute beside a runner under load (R18).

The short form: `tests/acceptance/test_runner_load.py`. CUSTAGENT_BUSY_SECONDS says for how long.
"""

from __future__ import annotations

import os

from tests.acceptance.conftest import clean_environment
from tests.acceptance.load import RATED, put_load, type_commands, warm_up

SECONDS = float(os.environ.get("CUSTAGENT_BUSY_SECONDS") or 60)
PROCESSES = 3


def test_four_processes_on_one_database(new_house, start, contact, record):
    house = new_house()
    runner = start(house).ready()
    warm_up(runner, contact)
    typing = type_commands(house, clean_environment(), processes=PROCESSES, seconds=SECONDS)
    measured = put_load("rate", runner.port, rate=RATED, seconds=SECONDS)
    told = typing.done(within=SECONDS + 120)
    ran = {
        name: sum(one["ran"].get(name, 0) for one in told)
        for name in sorted(set().union(*(one["ran"] for one in told)))
    }
    record(f"{PROCESSES} processes and a runner for {SECONDS:.0f} s: {ran}; the runner took {measured['statuses']}")
    assert [one["wrong"] for one in told] == [[]] * PROCESSES
    assert measured["statuses"] == {"202": SECONDS * RATED}
    code, said = runner.stop()
    assert code == 0
    assert "busy" not in said
