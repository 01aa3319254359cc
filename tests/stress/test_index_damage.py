"""Two hundred damages to the files of an index, and answers from it all the same (R9).

CUSTAGENT_DAMAGES says how many, CUSTAGENT_SEED deals other dice. The short form: `tests/knowledge/index/test_index_damage.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.knowledge.index_damage import damage_often

DAMAGES = int(os.environ.get("CUSTAGENT_DAMAGES") or 200)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


def test_no_damage_gives_a_wrong_source(tmp_path: Path, record: Callable[[str], None]) -> None:
    told = damage_often(tmp_path, DAMAGES, seed=SEED)
    record(str(told))
    assert told.wrong == []
    assert told.mended == DAMAGES
