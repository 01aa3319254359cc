"""What is remembered of conversations in which turns failed: as long as it serves, and no more of it than that."""

from __future__ import annotations

from custagent.runtime.runner.faults import FIRST_PAUSE, MOST_FAILURES, Faults


def test_each_failure_puts_it_off_for_longer_until_it_is_hopeless():
    faults = Faults()
    for failures in range(MOST_FAILURES):
        assert not faults.is_hopeless("c")
        faults.failed("c", 100.0)
        pause = FIRST_PAUSE * 2**failures
        assert faults.is_left_alone("c", 100.0 + pause - 0.01)
        assert list(faults.left_alone(100.0)) == ["c"]
        assert not faults.is_left_alone("c", 100.0 + pause)
        assert list(faults.left_alone(100.0 + pause)) == []
    assert faults.is_hopeless("c")
    faults.forget("c")
    assert not faults.is_hopeless("c")
    assert len(faults) == 0


def test_a_turn_that_cannot_be_written_is_no_failure_of_the_agents():
    faults = Faults()
    for _ in range(MOST_FAILURES + 1):
        faults.not_written("c", 0.0)
    assert not faults.is_hopeless("c")
    assert faults.is_left_alone("c", FIRST_PAUSE / 2)


def test_what_is_hopeless_is_handed_over_at_once():
    faults = Faults()
    faults.hopeless("c")
    assert faults.is_hopeless("c")
    assert not faults.is_left_alone("c", 0.0)


def test_conversations_that_nobody_heard_of_again_are_forgotten():
    faults = Faults()
    for number in range(5_000):
        faults.failed(f"c{number}", 0.0)
    assert len(faults) == 1_000
    assert faults.is_left_alone("c4999", 0.0)
    assert not faults.is_left_alone("c0", 0.0)
