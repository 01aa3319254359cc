"""Twenty minutes at the rated load, with a stream a visitor (R16). Short: `tests/acceptance/test_runner_load.py`.

CUSTAGENT_SOAK_SECONDS says for how long.
"""

from __future__ import annotations

import os

from tests.acceptance.load import MOST_LOG, RATED, flat, put_load, warm_up, watching

SECONDS = float(os.environ.get("CUSTAGENT_SOAK_SECONDS") or 1200)
#: How much of the time counts as warming up: SQLite's caches, 26 MB for all connections, fill with the first thousands
#: of messages.
WARM = 0.25
#: Bytes a second that the memory may grow by: of 230 MB a hundredth in ten minutes.
MOST_SLOPE = 4_000.0


def test_twenty_minutes_at_the_rated_load(new_house, start, contact, record):
    house = new_house()
    runner = start(house).ready()
    warm_up(runner, contact)
    with watching(runner, every=max(0.5, SECONDS / 600)) as watched:
        measured = put_load("ask", runner.port, visitors=int(SECONDS * RATED), rate=RATED)
    files, threads = ([getattr(one, name) for one in watched.after(WARM)] for name in ("files", "threads"))
    slope = watched.slope(WARM)
    record(
        f"soak: {measured['count']} messages in {measured['seconds']:.0f} s, answered after {measured['answered']} ms;"
        f" memory {watched.growth(WARM):+.1%} ({slope / 1024:+.2f} KB a second) at"
        f" {max(one.memory for one in watched.seen) >> 20} MB, {min(files)} to {max(files)} files,"
        f" {min(threads)} to {max(threads)} threads, write-ahead log at most {watched.most_log / 1e6:.1f} MB"
    )
    assert measured["statuses"] == {"202": int(SECONDS * RATED)}
    assert measured["count"] == int(SECONDS * RATED)
    assert watched.most_log < MOST_LOG
    assert flat(files, spare=5)
    assert flat(threads, spare=3)
    # A short run still warms up: then only its growth says something.
    assert slope < MOST_SLOPE if SECONDS >= 1200 else watched.growth(WARM) < 0.05
    assert house.waiting() == (0, 0)
    code, told = runner.stop()
    assert code == 0, told
    assert "Traceback" not in told
