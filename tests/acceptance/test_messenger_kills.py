"""kill -9 under load on a page and a chat: what was acknowledged is there, answered and charged once (R1 to R3).

The long form, a thousand kills, is `tests/stress/test_messenger_kills.py`.
"""

from __future__ import annotations

import os

import pytest

from tests.acceptance.after_kills import AfterKills
from tests.acceptance.conftest import clean_environment
from tests.acceptance.kills import Aftermath, Often, kill_often
from tests.acceptance.page import new_page, new_page_house, page_under_load  # noqa: F401 - fixtures, two of them

#: CUSTAGENT_KILLS asks for more, by hand.
KILLS = int(os.environ.get("CUSTAGENT_KILLS") or 12)


@pytest.fixture(scope="module")
def aftermath(*, new_page, new_page_house, contact, free_port, record) -> Aftermath:  # noqa: F811 - fixtures
    meta = new_page(seed=KILLS, again=0.2)
    house, load = page_under_load(new_page_house, meta, contact, free_port, each=5)
    with Often(house, free_port, clean_environment()) as often:
        left = kill_often(house, load, [often] * KILLS, seed=KILLS)
    record(f"messenger: {left.told()}")
    return left


class TestAfterKills(AfterKills):
    """A dozen of them."""
