"""A thousand kill -9 of `custagent run` under load on two channels (R1 to R3). The short form: `test_runner_kills.py`.

CUSTAGENT_KILLS says how many; a tenth of them, CUSTAGENT_TYPED_KILLS, are started as they are typed, the others from a
process that has imported everything and then runs the same entry of the command line. CUSTAGENT_SEED deals other dice.
"""

from __future__ import annotations

import os

import pytest

from tests.acceptance.after_kills import AfterKills
from tests.acceptance.conftest import clean_environment
from tests.acceptance.kills import Aftermath, Often, Typed, kill_often, under_load

KILLS = int(os.environ.get("CUSTAGENT_KILLS") or 1000)
TYPED = int(os.environ.get("CUSTAGENT_TYPED_KILLS") or max(KILLS // 10, 1))
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


@pytest.fixture(scope="module")
def aftermath(*, new_phone_house, new_meta, contact, free_port, start, record) -> Aftermath:
    meta = new_meta(seed=SEED, again=0.2)
    house, load = under_load(new_phone_house, meta, contact, free_port, each=10)
    with Often(house, free_port, clean_environment()) as often:
        typed = Typed(house, free_port, start)
        # The typed ones evenly between the others: they hardly live long enough to answer.
        starters = [typed if number * TYPED % KILLS < TYPED else often for number in range(KILLS)]
        left = kill_often(house, load, starters, seed=SEED)
    record(left.told())
    assert left.typed == TYPED
    return left


class TestAfterKills(AfterKills):
    """All of them."""
