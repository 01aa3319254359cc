"""Calendar months of a place: where they begin, and which moments are in them (CRED-3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.credit import PRICES, CreditPolicy, month_begins, month_of, next_month

#: Among them: far to both sides of the date line, half hours, a change of clocks at midnight, a day left out.
ZONES = [
    "UTC", "Europe/Stockholm", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata",
    "America/Asuncion", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe",
]  # fmt: skip
zones = st.sampled_from(ZONES)
START = datetime(1995, 1, 1, tzinfo=UTC)
moments = st.integers(0, 105 * 365 * 86_400 * 10**6).map(lambda micros: START + timedelta(microseconds=micros))
A_MOMENT = timedelta(microseconds=1)


@given(moments, zones)
def test_a_moment_is_in_its_month(at, zone):
    month = month_of(at, zone)
    assert month_begins(month, zone) <= at < month_begins(next_month(month), zone)
    local = at.astimezone(ZoneInfo(zone))
    assert month == f"{local.year}-{local.month:02}"


@given(moments, zones)
def test_a_month_begins_right_after_the_one_before(at, zone):
    following = next_month(month_of(at, zone))
    begins = month_begins(following, zone)
    assert month_of(begins, zone) == following
    assert month_of(begins - A_MOMENT, zone) == month_of(at, zone)


@given(moments, zones)
def test_months_sort_as_text(at, zone):
    month = month_of(at, zone)
    assert month < next_month(month)


@pytest.mark.parametrize(
    ("month", "following"), [("2026-01", "2026-02"), ("2026-11", "2026-12"), ("2026-12", "2027-01")]
)
def test_the_next_month(month, following):
    assert next_month(month) == following


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("UTC", datetime(2026, 11, 1, tzinfo=UTC)),
        ("Europe/Stockholm", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 10, 31, 10, tzinfo=UTC)),
    ],
)
def test_november_begins_when_it_does_there(zone, begins):
    assert month_begins("2026-11", zone) == begins


def test_a_midnight_that_does_not_exist():
    """Asunción put its clocks forward at 00:00 on 1 October 2017: the month began at 01:00."""
    begins = month_begins("2017-10", "America/Asuncion")
    assert begins.astimezone(ZoneInfo("America/Asuncion")).hour == 1
    assert month_of(begins - A_MOMENT, "America/Asuncion") == "2017-09"


def test_what_conversations_cost_where_nothing_is_set():
    assert PRICES == {CreditPolicy.CONVERSATION: 100, CreditPolicy.REOPEN_FREE: 100, CreditPolicy.RESOLUTION: 50}
