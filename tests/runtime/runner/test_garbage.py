"""How often Python looks for garbage while the runner works."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from custagent.runtime.runner.garbage import unhurried


class Knot:
    """Something that only the collector takes away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def _pythons_own() -> Iterator[None]:
    """As Python begins; commands that tests called have changed it for this process."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_pythons_own")
def test_what_is_there_is_left_out_and_afterwards_all_is_as_before():
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    with unhurried():
        assert gc.get_freeze_count() > 1_000
        assert gc.get_threshold()[0] > thresholds[0]
        # What is made from now on is still taken away.
        gc.collect()
        Knot()
        assert gc.collect() > 0
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == frozen == 0
