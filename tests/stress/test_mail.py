"""A million mails that nobody would write, each read, judged and put in its thread: none is an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.channels.mail.test_fuzz import assembled_mails, damaged_mails, is_storable, taken

EACH = 500_000


@pytest.mark.parametrize("made", [damaged_mails, assembled_mails])
def test_half_a_million_mails(made: Callable[[int], Iterator[bytes]], record: Callable[[str], None]) -> None:
    slowest = 0.0
    for raw in made(EACH):
        started = time.process_time()
        is_storable(taken(raw)[0])
        slowest = max(slowest, time.process_time() - started)
    record(
        f"mail: {EACH:,} {made.__name__.replace('_', ' ')} read, 0 errors, the slowest in {slowest * 1000:.0f} ms of CPU"
    )
    assert slowest < 2.0
