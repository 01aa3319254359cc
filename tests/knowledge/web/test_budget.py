"""What a crawl may use up."""

from __future__ import annotations

import pytest

from custagent.knowledge.web.budget import Budget
from custagent.knowledge.web.crawl_events import CrawlSettings, Stop


class Clock:
    """Seconds that go by when told."""

    now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(CrawlSettings(max_pages=10, max_bytes=1000, max_seconds=60.0, max_silence=3), now=clock)


def test_at_first_there_is_enough_of_everything(budget: Budget) -> None:
    assert budget.spent is None


def test_requests(budget: Budget) -> None:
    for _ in range(129):
        budget.ask()
    assert budget.spent is None
    budget.ask()
    assert budget.spent is Stop.REQUESTS


def test_bytes(budget: Budget) -> None:
    budget.receive(600)
    budget.receive(400)
    assert budget.spent is None
    budget.receive(1)
    assert budget.spent is Stop.BYTES


def test_seconds(budget: Budget, clock: Clock) -> None:
    clock.now += 60.0
    assert budget.spent is None
    clock.now += 0.1
    assert budget.spent is Stop.SECONDS


def test_silence_is_counted_in_a_row(budget: Budget) -> None:
    budget.wait_in_vain()
    budget.wait_in_vain()
    budget.receive()
    budget.wait_in_vain()
    budget.wait_in_vain()
    assert budget.spent is None
    budget.wait_in_vain()
    assert budget.spent is Stop.SILENCE
