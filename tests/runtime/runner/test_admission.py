"""Who is let in when more comes than can be answered (R14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from custagent.core.errors import Overloaded, StoreError
from custagent.runtime.runner.admission import LEAST, LONGEST_WAIT, Admission


def nothing_waits() -> Mapping[str, int]:
    return {}


@pytest.fixture
def admission() -> Admission:
    return Admission(nothing_waits)


def at_pace(admission: Admission, *, waiting: int, pace: int, channel: str = "web") -> None:
    """As after a minute in which so many waited, and so many a second were answered."""
    for _ in range(60):
        for _ in range(pace):
            admission.answered(channel)
        admission.counted({channel: waiting}, 1.0)


@pytest.mark.parametrize("pace", [4, 40])
def test_as_many_may_wait_as_are_answered_in_a_sensible_time(admission, pace):
    room = int(LONGEST_WAIT * pace)
    at_pace(admission, waiting=room - 1, pace=pace)
    assert not admission.is_full("web")
    at_pace(admission, waiting=room + 1, pace=pace)
    assert admission.is_full("web")


def test_a_few_may_wait_however_slow_it_goes(admission):
    at_pace(admission, waiting=LEAST - 1, pace=0)
    assert not admission.is_full("web")
    admission.came("web")
    assert admission.is_full("web")


def test_between_counts_it_knows_who_came_and_who_was_answered(admission):
    at_pace(admission, waiting=LEAST, pace=0)
    assert admission.is_full("web")
    admission.answered("web")
    assert not admission.is_full("web")
    admission.came("web")
    assert admission.is_full("web")


def test_while_nothing_waits_the_pace_is_that_of_the_contacts_and_says_nothing(admission):
    for _ in range(60):
        admission.counted({}, 1.0)
    # A burst after a quiet night is let in.
    admission.counted({"web": 400}, 1.0)
    assert not admission.is_full("web")


def test_channels_have_a_pace_of_their_own(admission):
    at_pace(admission, waiting=10 * LEAST, pace=0, channel="slow")
    assert admission.is_full("slow")
    assert not admission.is_full("web")


def test_who_is_refused_is_told_when_to_come_again(admission):
    at_pace(admission, waiting=int(LONGEST_WAIT * 10) + 200, pace=10)
    refusal = admission.refusal("web")
    assert refusal.retry_after == 20
    assert refusal.message == (
        "More waits on web than can be answered soon: 500 conversations, of which 10.0 are answered a second."
    )
    at_pace(admission, waiting=100_000, pace=10)
    assert admission.refusal("web").retry_after == 60
    at_pace(admission, waiting=int(LONGEST_WAIT * 10), pace=10)
    assert admission.refusal("web").retry_after == 5


def test_of_hundreds_that_are_refused_a_line_tells_once(admission, caplog):
    at_pace(admission, waiting=LEAST, pace=0)
    for _ in range(300):
        admission.refusal("web")
    admission.counted({"web": LEAST}, 1.0)
    admission.refusal("web")
    admission.counted({"web": LEAST}, 1.0)
    assert [record.getMessage() for record in caplog.records] == [
        "web: 300 messages were refused, to be sent again: 50 conversations wait, 0.0 are answered a second"
    ]


def test_what_the_disk_does_not_keep_up_with_is_not_taken():
    admission = Admission(nothing_waits, most_being_written=3)
    for _ in range(2):
        admission.begin_writing(2)
    with pytest.raises(Overloaded, match="4 messages wait to be written down") as caught:
        admission.begin_writing(1)
    assert caught.value.retry_after == 5
    admission.end_writing(2)
    admission.begin_writing(1)


def test_it_counts_by_itself_and_survives_a_database_that_is_away(until, caplog):
    counts: list[Mapping[str, int] | None] = [{"web": LEAST}, None, {"web": LEAST + 7}]

    def count() -> Mapping[str, int]:
        found = counts.pop(0) if counts else {"web": LEAST + 7}
        if found is None:
            raise StoreError("the disk is full")
        return found

    async def scene() -> None:
        admission, stop = Admission(count, every=0.001), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(admission.run(stop))
            await until(lambda: not counts and admission.is_full("web"))
            stop.set()
        assert f"{LEAST + 7} conversations" in admission.refusal("web").message

    asyncio.run(scene())
    assert caplog.text.count("the disk is full") == 1
