"""Fifty kill -9 in the middle of an ingestion (SRC-5). The short form: `tests/acceptance/test_ingest_kills.py`.

CUSTAGENT_INGEST_KILLS says how many, CUSTAGENT_SEED deals other dice.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.acceptance.ingest_kills import Aftermath, kill_often
from tests.acceptance.test_ingest_kills import AfterIngestKills

KILLS = int(os.environ.get("CUSTAGENT_INGEST_KILLS") or 50)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, record: Callable[[str], None]) -> Aftermath:
    left = kill_often(tmp_path_factory.mktemp("house"), KILLS, seed=SEED)
    record(left.told())
    return left


class TestAfterIngestKills(AfterIngestKills):
    """All of them."""
