"""Upgrades of the database that are killed in the middle (R15)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.upgrade_kills import kill_upgrades

KILLS = int(os.environ.get("CUSTAGENT_UPGRADE_KILLS", "100"))


def test_killed_upgrades_leave_the_old_tables_or_the_new(tmp_path: Path, record: Callable[[str], None]) -> None:
    figures = kill_upgrades(tmp_path, KILLS, seed=15)
    record(
        f"upgrades killed: {figures.kills}, {figures.before_the_end} of them before the end,"
        f" {figures.in_the_middle} while the tables were changed;"
        f" {len(figures.faults)} half-migrated"
    )
    assert figures.faults == []
    assert figures.before_the_end >= figures.kills / 2
