"""What a conversation counts as, and what rates and times are told of many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import Outcome, Status
from custagent.evaluate.figures import SETTLED_AFTER, TIME_BOUNDS, Ending, Rate, figures_of, judge, times_of
from tests.evaluate.reports import BEGAN, NOW, facts

UTC_ZONE = ZoneInfo("UTC")
#: The agent answered, nobody else had to do with it, and nothing came after.
ANSWERED = facts()


def judged(**changed):
    return judge(replace(ANSWERED, **changed), NOW, UTC_ZONE)


def ways(**changed) -> set[str]:
    """Which of the five rates count it."""
    one = judged(**changed)
    return {
        name
        for name in ("resolved", "answered", "confirmed", "deflected", "handed_over")
        if one.settled and getattr(one, name)
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"resolved", "answered", "deflected"}),
        ({"ups": 1}, {"resolved", "answered", "confirmed", "deflected"}),
        # A thumbs-down speaks against being resolved, not against having been answered.
        ({"ups": 1, "downs": 1}, {"answered", "deflected"}),
        # Silence after a question back.
        ({"answered_last": False}, {"resolved", "deflected"}),
        # A person was asked for and nobody came; the agent went on.
        ({"person_asked": True}, {"answered", "deflected"}),
        ({"person_asked": True, "person_involved": True, "handed_over_at": BEGAN}, {"handed_over"}),
        # Taken unasked.
        ({"person_involved": True, "ups": 1}, set()),
        # Nothing but "nobody is there" arrived.
        ({"replies": 0, "answered_last": False, "person_asked": True}, {"deflected"}),
        # Nothing that it said was a reply.
        ({"replies": 0, "answered_last": False}, {"deflected"}),
        # The agent never took part.
        ({"took_part": False, "replies": 0, "answered_last": False}, set()),
    ],
)
def test_what_a_conversation_counts_as(changed, expected):
    assert ways(**changed) == expected


def test_it_is_judged_at_72_hours_of_silence_and_no_moment_before():
    exactly = NOW - SETTLED_AFTER
    assert timedelta(hours=72) == SETTLED_AFTER
    assert judged(last_message_at=exactly).resolved
    young = judged(last_message_at=exactly + timedelta(microseconds=1), ups=1)
    counted = (young.settled, young.resolved, young.answered, young.confirmed, young.deflected)
    assert counted == (False,) * 5
    handed = judged(last_message_at=NOW, handed_over_at=NOW, person_involved=True)
    assert figures_of([handed, judged()]).handed_over == Rate(count=0, base=1)
    figures = figures_of([young, judged()])
    assert (figures.too_young, figures.resolved, figures.handled) == (1, Rate(count=1, base=1), Rate(count=2, base=2))


@pytest.mark.parametrize(
    ("status", "outcome", "ending"),
    [
        (Status.CLOSED, Outcome.ANSWERED, Ending.ANSWERED),
        (Status.CLOSED, Outcome.UNRESOLVED, Ending.UNRESOLVED),
        (Status.CLOSED, Outcome.PERSON, Ending.PERSON),
        (Status.CLOSED, None, Ending.NOTHING_ASKED),
        *((status, None, Ending.GOING_ON) for status in Status if status is not Status.CLOSED),
    ],
)
def test_each_ends_in_one_way(status, outcome, ending):
    assert judged(status=status, outcome=outcome).ending is ending


class TestWaiting:
    def test_a_person_is_waited_for_from_the_handing_over(self):
        handed = {"handed_over_at": BEGAN + timedelta(minutes=1), "person_involved": True}
        assert judged(**handed, person_at=BEGAN + timedelta(minutes=6)).person_seconds == 300
        assert judged(**handed).person_seconds is None
        assert judged(**handed, status=Status.OPEN, outcome=None).still_waiting
        assert not judged(**handed).still_waiting

    def test_or_from_the_first_message_where_people_had_it_from_the_start(self):
        assert judged(agent="", person_at=BEGAN + timedelta(minutes=2)).person_seconds == 120
        assert judged(agent="", status=Status.OPEN, outcome=None).still_waiting

    def test_whoever_takes_it_unasked_was_not_waited_for(self):
        assert judged(person_at=BEGAN + timedelta(minutes=2)).person_seconds is None
        earlier = {"person_at": BEGAN, "handed_over_at": BEGAN + timedelta(hours=1)}
        assert judged(**earlier).person_seconds is None

    def test_a_reply_before_the_question_is_none_to_it(self):
        assert judged(agent_at=BEGAN - timedelta(seconds=1)).agent_seconds is None
        assert judged(agent_at=BEGAN).agent_seconds == 0


def test_days_and_iso_weeks_are_those_of_the_zone():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    there = judge(replace(ANSWERED, opened_at=late), NOW, ZoneInfo("Europe/Stockholm"))
    here = judge(replace(ANSWERED, opened_at=late), NOW, UTC_ZONE)
    assert (there.day, here.day) == ("2027-01-01", "2026-12-31")
    # The first of January 2027 is a Friday: it belongs to the last week of 2026.
    assert there.week == here.week == "2026-W53"


def test_credits_per_resolution_are_those_of_the_settled_ones():
    given_back = {"charged": 200, "given_back": 100}
    young = judged(last_message_at=NOW)
    figures = figures_of([judged(), judged(**given_back), judged(downs=1), young])
    assert (figures.charged, figures.given_back, figures.used) == (500, 100, 400)
    assert figures.credits_per_resolution == 150
    assert figures_of([young]).credits_per_resolution is None


class TestRate:
    @pytest.mark.parametrize(
        ("count", "base", "low", "high"),
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_the_interval_is_wilsons(self, count, base, low, high):
        assert Rate(count=count, base=base).interval == pytest.approx((low, high), abs=5e-5)

    @given(st.integers(1, 10**6).flatmap(lambda base: st.tuples(st.integers(0, base), st.just(base))))
    def test_it_holds_the_share_and_what_it_is_made_of(self, numbers):
        rate = Rate(count=numbers[0], base=numbers[1])
        low, high = rate.interval
        assert 0 <= low <= rate.share <= high <= 1
        # Wilson's bounds are the shares at which what was seen is just 1.96 standard deviations away.
        z = NormalDist().inv_cdf(0.975)
        for bound in (low, high):
            if 0 < bound < 1:
                distance = abs(rate.share - bound) / (bound * (1 - bound) / rate.base) ** 0.5
                assert distance == pytest.approx(z, rel=1e-3)

    def test_of_few_nothing_is_told(self):
        assert Rate(count=0, base=0).share is Rate(count=0, base=0).interval is None
        assert not Rate(count=19, base=19).is_enough
        assert Rate(count=0, base=20).is_enough


class TestTimes:
    def test_of_none(self):
        times = times_of([])
        assert (times.count, times.median, times.p90, sum(times.spread)) == (0, None, None, 0)

    @pytest.mark.parametrize(
        ("seconds", "median", "p90"), [([7.5], 7.5, 7.5), ([3, 1], 1, 3), (range(1, 11), 5, 9), (range(1, 12), 6, 10)]
    )
    def test_half_and_nine_tenths_by_the_nearest_rank(self, seconds, median, p90):
        times = times_of(list(seconds))
        assert (times.median, times.p90) == (median, p90)

    @given(st.lists(st.floats(0, 10**6)))
    def test_each_lies_under_one_bar(self, seconds):
        spread = times_of(seconds).spread
        bounds = [*TIME_BOUNDS, float("inf")]
        expected = [0] * len(bounds)
        for one in seconds:
            expected[next(number for number, bound in enumerate(bounds) if one <= bound)] += 1
        assert list(spread) == expected


def test_reasons_are_told_most_often_first():
    names = ("angry", "nothing-fits", "nothing-fits", "")
    assert list(figures_of([judged(reason=name) for name in names]).reasons.items()) == [
        ("nothing-fits", 2), ("angry", 1),
    ]  # fmt: skip
