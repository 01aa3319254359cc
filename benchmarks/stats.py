"""What `custagent stats` costs: a made-up month, reckoned and drawn, against reading its rows once.

    python benchmarks/stats.py [CONVERSATIONS]

The month is that of the tests (`tests/month.py`), each reply with 1,500 bytes of evidence as real ones have: 50,000
conversations unless told otherwise. Told are processor seconds, and how often each part is the plain loop that fetches
the few columns of all messages, with their outbox rows, that figures are made of. Absolute times do not carry over.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from custagent.evaluate.page import page_of
from custagent.evaluate.stats import Balance, report_of
from custagent.store import Store
from custagent.store.stats import Span
from custagent.testing import FrozenClock
from tests.month import BEGINS, NOW, Month

ROWS = (
    "SELECT messages.conversation, messages.sender, messages.kind, messages.at, outbox.status FROM messages"
    " LEFT JOIN outbox ON outbox.message = messages.id"
)


def timed(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of the fastest of some runs."""

    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(times))


def main(conversations: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "custagent.db"
        with Store(path, FrozenClock(NOW)) as store:
            Month(seed=1, conversations=conversations, weight=1_500).write(path)
            span = Span(since=BEGINS, until=NOW)
            facts, ledger = store.stats.facts(span)

            def reckon() -> object:
                balance = Balance(balance=0, available=None, policy="conversation", price=100)
                return report_of(
                    facts, ledger, balance, since=BEGINS, until=NOW, timezone="Europe/Stockholm", now=NOW, workspace="N"
                )

            report = reckon()
            with closing(sqlite3.connect(path)) as connection:
                rows = timed(lambda: connection.execute(ROWS).fetchall())
            parts = {
                "facts read": timed(lambda: store.stats.facts(span)),
                "figures reckoned": timed(reckon),
                "page drawn": timed(lambda: page_of(report)),
            }
    print(f"{len(facts)} conversations, {path.name}: rows once {rows:.2f} s of processor")
    for name, seconds in parts.items():
        print(f"{name:<18}{seconds:6.2f} s  {seconds / rows:5.2f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
