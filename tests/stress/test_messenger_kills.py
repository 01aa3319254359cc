"""A thousand kill -9 of `custagent run` under load on a page and a chat. The short form: `test_messenger_kills.py`.

CUSTAGENT_KILLS says how many; CUSTAGENT_SEED deals other dice.
"""

from __future__ import annotations

import os

import pytest

from tests.acceptance.after_kills import AfterKills
from tests.acceptance.conftest import clean_environment
from tests.acceptance.kills import Aftermath, Often, kill_often
from tests.acceptance.page import new_page, new_page_house, page_under_load  # noqa: F401 - fixtures, two of them

KILLS = int(os.environ.get("CUSTAGENT_KILLS") or 1000)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


@pytest.fixture(scope="module")
def aftermath(*, new_page, new_page_house, contact, free_port, record) -> Aftermath:  # noqa: F811 - fixtures
    meta = new_page(seed=SEED, again=0.2)
    house, load = page_under_load(new_page_house, meta, contact, free_port, each=10)
    with Often(house, free_port, clean_environment()) as often:
        left = kill_often(house, load, [often] * KILLS, seed=SEED)
    record(f"messenger: {left.told()}")
    return left


class TestAfterKills(AfterKills):
    """All of them."""
