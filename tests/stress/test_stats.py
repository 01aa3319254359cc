"""A month of 50,000 conversations: every figure reckoned a second time, from the raw rows (STAT-1).

The short form: `tests/store/test_stats.py`. CUSTAGENT_MONTH says how many conversations.
"""

from __future__ import annotations

import os
import time

from custagent.config.home import init_home
from custagent.evaluate.page import page_of
from custagent.evaluate.rows import as_json
from custagent.runtime.bootstrap import Application
from custagent.runtime.figures.stats import workspace_report
from custagent.testing import FrozenClock
from tests.month import BEGINS, NOW, Month
from tests.recount import Recount, of_json

CONVERSATIONS = int(os.environ.get("CUSTAGENT_MONTH") or 50_000)


def test_every_figure_of_a_month(tmp_path, record):
    home = init_home(tmp_path / "workspace", name="Northwind")
    with Application(home, user="anna", clock=FrozenClock(NOW)) as app:
        assert app.store.ledger.balance() == 0
        Month(seed=2026, conversations=CONVERSATIONS, weight=1_500).write(home.database)
        began = time.process_time()
        report = workspace_report(app, since=BEGINS.isoformat(), until=NOW.isoformat())
        reckoned = time.process_time()
        page = page_of(report)
        drawn = time.process_time()
        assert app.store.ledger.verify() is None
    told, recount = as_json(report), Recount(home.database, now=NOW, zone="UTC")
    chosen = recount.chosen(BEGINS, NOW)
    assert of_json(told["total"]) == recount.figures(chosen)
    groups = 0
    for division in told["by"]:
        expected = {name: recount.figures(rows) for name, rows in recount.by(chosen, division).items()}
        assert {group["name"]: of_json(group) for group in told["by"][division]} == expected
        groups += len(expected)
    by_day = {name: recount.figures(rows) for name, rows in recount.by(chosen, "day").items()}
    assert {group["name"]: of_json(group) for group in told["course"]} == by_day
    assert told["credits"]["sums"] == recount.ledger(BEGINS, NOW)
    assert told["credits"]["used"] == told["total"]["credits"]["used"]
    record(
        f"STAT-1: {len(chosen)} conversations with {len(recount.outbox)} replies, {len(recount.entries)} entries: the same"
        f" figures twice in all, in {groups} groups and on {len(by_day)} days; read and reckoned in"
        f" {reckoned - began:.1f} s of processor, drawn in {drawn - reckoned:.2f} s ({len(page) // 1024} KB)"
    )
