"""R10 at length: 100 corruptions of each kind, and back to the backup from every one that is refused."""

from __future__ import annotations

import os

from tests.store.damage import damage_often, make_whole, told

EACH = int(os.environ.get("CUSTAGENT_CORRUPTIONS") or 100)


def test_no_start_on_other_rows_than_were_written(tmp_path, record):
    found = damage_often(make_whole(tmp_path, conversations=200), tmp_path, each=EACH, seed=10)
    assert found.total() == 5 * EACH
    record(f"R10: {found.total()} corruptions, 0 silent starts, every backup restored to the byte: {told(found)}")
