"""kill -9 under load on two channels: what was acknowledged is there, answered and charged once (CONV-2, R1 to R3).

The long form, a thousand kills, is `tests/stress/test_kills.py`.
"""

from __future__ import annotations

import os

import pytest

from tests.acceptance.after_kills import AfterKills
from tests.acceptance.conftest import clean_environment
from tests.acceptance.kills import Aftermath, Often, kill_often, under_load

#: CUSTAGENT_KILLS asks for more, by hand.
KILLS = int(os.environ.get("CUSTAGENT_KILLS") or 25)


@pytest.fixture(scope="module")
def aftermath(new_phone_house, new_meta, contact, free_port, record) -> Aftermath:
    meta = new_meta(seed=KILLS, again=0.2)
    house, load = under_load(new_phone_house, meta, contact, free_port, each=8)
    with Often(house, free_port, clean_environment()) as often:
        left = kill_often(house, load, [often] * KILLS, seed=KILLS)
    record(left.told())
    return left


class TestAfterKills(AfterKills):
    """A handful of them."""
