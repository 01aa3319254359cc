"""The runner under load, in short; `tests/stress/` has the same at full length (R14, R16, R18)."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import clean_environment
from tests.acceptance.load import MOST_LOG, RATED, flat, overload, put_load, type_commands, warm_up, watching


@pytest.fixture(scope="module")
def runner(new_house, start, contact):
    """One for all: the tests stand in the order in which they load it more."""
    started = start(new_house()).ready()
    warm_up(started, contact)
    return started


def test_at_its_rated_load_nothing_piles_up(runner, record):
    with watching(runner, every=0.25) as watched:
        measured = put_load("ask", runner.port, visitors=6 * RATED, rate=RATED, run=1)
    record(
        f"rated load, short: {measured['count']} answers after {measured['answered']} ms; write-ahead log at most"
        f" {watched.most_log / 1e6:.1f} MB, {max(one.files for one in watched.seen)} files open"
    )
    assert measured["statuses"] == {"202": 6 * RATED}
    assert measured["count"] == 6 * RATED
    assert watched.most_log < MOST_LOG
    assert flat([one.files_beside_threads for one in watched.seen], by=min, spare=10)


def test_nobody_is_told_that_the_database_is_busy(runner, record):
    seconds = 3.0
    typing = type_commands(runner.house, clean_environment(), processes=2, seconds=seconds)
    measured = put_load("rate", runner.port, rate=RATED, seconds=seconds, run=2)
    told = typing.done(within=seconds + 60)
    ran = sum(sum(one["ran"].values()) for one in told)
    record(f"{ran} commands of 2 processes in {seconds:.0f} s beside a runner under load, none told of a busy database")
    assert [one["wrong"] for one in told] == [[], []]
    assert all(one["ran"] for one in told)
    assert measured["statuses"] == {"202": RATED * seconds}


def test_far_too_much_for_a_while(runner, tmp_path, record):
    seen = overload(runner.house, runner, tmp_path / "taken", seconds=6, rate=30 * RATED)
    record(f"overload, short: {seen.told()}")
    assert seen.lost == 0
    assert seen.taken > 0
    # -1: the load program had no connection left, for the server was slow to say no.
    assert seen.measured["statuses"].keys() <= {"202", "429", "503", "-1"}
    assert sum(seen.measured["retry_after"].values()) == seen.refused
    # Ten minutes are measured at length; here it only must not grow by the message.
    assert seen.watched.growth(0.2) < 0.15
    # What was taken and not answered yet does not hold up the end, and is there for the next one.
    code, told = runner.stop()
    assert code == 0
    assert "Traceback" not in told
    assert "database is busy" not in told
