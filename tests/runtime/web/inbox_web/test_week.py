"""Working hours as a form shows them come back from it as they stood in YAML."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.conversation.hours import working_hours
from custagent.core.people import WEEKDAYS
from custagent.runtime.web.inbox_web.week import hours_of, week_of

TIMES = st.sampled_from(["09:00-17:00", "09:00-12:00, 13:00-17:00", "22:00-06:00", "00:00-24:00"])
DAYS = st.builds(
    lambda first, last: first if last is None else f"{first}-{last}",
    st.sampled_from(WEEKDAYS),
    st.none() | st.sampled_from(WEEKDAYS),
)


@pytest.mark.parametrize(
    ("hours", "monday", "sunday"),
    [
        ({"mon-fri": "09:00-17:00"}, "09:00-17:00", ""),
        ({"fri-mon": "10:00-14:00"}, "10:00-14:00", "10:00-14:00"),
        ({"mon": "09:00-12:00", "mon-tue": "13:00-17:00"}, "09:00-12:00, 13:00-17:00", ""),
        ({}, "", ""),
    ],
)
def test_each_day_has_the_times_of_all_that_name_it(hours, monday, sunday) -> None:
    week = week_of(hours)
    assert (week["mon"], week["sun"]) == (monday, sunday)


def test_days_alike_stand_together() -> None:
    week = {"mon": "09:00-17:00", "tue": " 09:00-17:00 ", "wed": "", "thu": "8-9", "fri": "08:00-12:00,13:00-17:00"}
    assert hours_of(week) == {"mon-tue": "09:00-17:00", "thu": "8-9", "fri": "08:00-12:00, 13:00-17:00"}


@given(st.dictionaries(DAYS, TIMES, max_size=4))
def test_nobodys_week_changes_on_its_way_through_the_form(hours) -> None:
    again = hours_of(week_of(hours))
    before, after = (working_hours(each, "Europe/Stockholm") for each in (hours, again))
    assert (before and before.week) == (after and after.week)
    assert before is None or before.zone == ZoneInfo("Europe/Stockholm")
