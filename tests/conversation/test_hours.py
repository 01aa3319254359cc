"""Working hours by the clock on a wall: weekdays, nights, clock changes; and when people are there again, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.conversation.hours import next_common, opening_text, working_hours
from custagent.core.people import WEEKDAYS
from custagent.locales import languages

STOCKHOLM = "Europe/Stockholm"
OFFICE = {"mon-fri": "09:00-12:00, 13:00-17:00", "sat": "10:00-14:00"}


def at(text: str, zone: str = STOCKHOLM, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def hours(written: dict[str, str], zone: str = STOCKHOLM):
    made = working_hours(written, zone)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        # 2026-11-16 is a Monday.
        ("2026-11-16T08:59:59", False),
        ("2026-11-16T09:00", True),
        ("2026-11-16T11:59:59", True),
        ("2026-11-16T12:00", False),
        ("2026-11-16T13:00", True),
        ("2026-11-16T17:00", False),
        ("2026-11-21T10:00", True),
        ("2026-11-22T10:00", False),
    ],
)
def test_they_begin_at_their_first_moment_and_are_over_at_their_last(moment, open_):
    assert hours(OFFICE).open_at(at(moment)) is open_


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-16T07:00", "2026-11-16T09:00"),
        ("2026-11-16T12:30", "2026-11-16T13:00"),
        ("2026-11-20T17:00", "2026-11-21T10:00"),
        ("2026-11-21T14:00", "2026-11-23T09:00"),
    ],
)
def test_the_next_opening(moment, opens):
    office = hours(OFFICE)
    assert office.next_opening(at(moment)) == at(opens)
    assert office.next_change(at(moment)) == at(opens)
    assert office.next_opening(at(opens)) == at(opens)


def test_nights_end_on_the_next_day_and_a_week_may_wrap_round():
    night = hours({"fri-mon": "22:00-06:00"})
    for moment, open_ in {
        "2026-11-19T23:00": False,
        "2026-11-20T23:00": True,
        "2026-11-21T05:59": True,
        "2026-11-21T06:00": False,
        "2026-11-24T05:00": True,
        "2026-11-24T23:00": False,
    }.items():
        assert night.open_at(at(moment)) is open_, moment


def test_without_hours_it_is_always_and_round_the_clock_never_changes():
    assert working_hours({}, "UTC") is None
    always = hours({"mon-sun": "00:00-24:00"})
    assert always.open_at(at("2026-11-22T23:59:59"))
    assert always.next_change(at("2026-11-22T23:59:59")) is None


def test_a_clock_that_is_set_forward():
    """2026-03-29: there is no 02:30 in Stockholm, 02:00 is 03:00."""
    jump = at("2026-03-29T03:00")
    early = hours({"sun": "02:30-10:00"})
    assert not early.open_at(jump - timedelta(microseconds=1))
    assert early.open_at(jump)
    assert early.next_opening(jump - timedelta(hours=3)) == jump
    # Hours that end in the gap end at the jump; those that lie in it are not at all.
    late = hours({"sat": "22:00-02:30"})
    assert late.open_at(jump - timedelta(microseconds=1))
    assert not late.open_at(jump)
    assert hours({"sun": "02:00-03:00"}).next_opening(jump - timedelta(hours=3)) == at("2026-04-05T02:00")


def test_a_clock_that_is_set_back():
    """2026-11-01: New York has 01:30 twice. Hours begin at the first and end at the last: nobody closes in between."""
    zone = "America/New_York"
    first, last = (at("2026-11-01T01:30", zone, fold=fold) for fold in (0, 1))
    assert last - first == timedelta(hours=1)
    begins = hours({"sun": "01:30-05:00"}, zone)
    assert begins.next_opening(first - timedelta(hours=1)) == first
    assert all(begins.open_at(first + timedelta(minutes=number)) for number in range(200))
    ends = hours({"sun": "00:00-01:30"}, zone)
    assert ends.open_at(last - timedelta(microseconds=1))
    assert not ends.open_at(last)


def test_a_day_that_a_zone_leaves_out():
    """Samoa had no 2011-12-30, a Friday."""
    friday = hours({"fri": "09:00-17:00"}, "Pacific/Apia")
    assert friday.next_opening(at("2011-12-29T12:00", "Pacific/Apia")) == at("2012-01-06T09:00", "Pacific/Apia")


clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
spans = st.tuples(clocks, clocks | st.just("24:00")).filter(lambda span: span[0] != span[1]).map("-".join)
weeks = st.dictionaries(st.sampled_from([*WEEKDAYS, "mon-fri", "sat-mon"]), spans, min_size=1, max_size=3)
zones = st.sampled_from([STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC"])
minutes = st.integers(0, 15 * 365 * 24 * 60)
moments = minutes.map(lambda number: datetime(2011, 12, 1, tzinfo=UTC) + timedelta(minutes=number))


@given(written=weeks, zone=zones, moment=moments)
@settings(max_examples=150, deadline=None)
def test_the_next_opening_is_open_and_nothing_before_it_is(written, zone, moment):
    week = hours(written, zone)
    opens = week.next_opening(moment)
    assert opens is None or opens >= moment
    if opens is not None:
        assert week.open_at(opens)
        assert opens == moment or not week.open_at(opens - timedelta(microseconds=1))
    until = opens or moment + timedelta(days=7)
    steps = [moment + (until - moment) * number / 20 for number in range(20)]
    assert week.open_at(moment) or not any(week.open_at(step) for step in steps if step < until)
    changes = week.next_change(moment)
    assert changes is None or week.open_at(changes) is not week.open_at(changes - timedelta(microseconds=1))


@given(written=weeks, zone=zones, moment=moments)
@settings(max_examples=150, deadline=None)
def test_away_from_clock_changes_it_is_what_the_clock_shows(written, zone, moment):
    local = moment.astimezone(ZoneInfo(zone))
    days = [(local + timedelta(days=number)).utcoffset() for number in (-2, -1, 0, 1)]
    if len(set(days)) > 1:
        return
    shown = local.hour * 60 + local.minute
    today, yesterday = WEEKDAYS[local.weekday()], WEEKDAYS[local.weekday() - 1]
    expected = False
    for names, span in written.items():
        first, _, last = names.partition("-")
        start, count = WEEKDAYS.index(first), (WEEKDAYS.index(last or first) - WEEKDAYS.index(first)) % 7
        listed = {WEEKDAYS[(start + number) % 7] for number in range(count + 1)}
        begin, end = (int(one[:2]) * 60 + int(one[3:]) for one in span.split("-"))
        if begin < end:
            expected |= today in listed and begin <= shown < end
        else:
            expected |= (today in listed and shown >= begin) or (yesterday in listed and shown < end)
    assert hours(written, zone).open_at(moment) is expected


def test_hours_that_must_meet():
    team, user = hours({"mon-fri": "09:00-17:00"}), hours({"tue": "07:00-10:00", "sun": "07:00-23:00"})
    assert next_common([team, user, None], at("2026-11-16T12:00")) == at("2026-11-17T09:00")
    assert next_common([team, hours({"sun": "10:00-12:00"})], at("2026-11-16T12:00")) is None
    assert next_common([None], at("2026-11-16T12:00")) == at("2026-11-16T12:00")


@pytest.mark.parametrize(
    ("opens", "said"),
    [
        ("2026-11-16T13:00", "We are back today at 13:00 CET."),
        ("2026-11-17T09:00", "We are back tomorrow at 09:00 CET."),
        ("2026-11-22T09:00", "We are back on Sunday at 09:00 CET."),
        ("2026-11-23T09:00", "We are back on 2026-11-23 at 09:00 CET."),
    ],
)
def test_when_people_are_there_again_in_words(opens, said):
    opens_at = at(opens).astimezone(ZoneInfo(STOCKHOLM))
    assert opening_text(opens_at, at("2026-11-16T12:30"), language="en") == said


def test_the_day_is_that_of_the_zone_that_is_told():
    opens_at = at("2026-11-17T00:30").astimezone(ZoneInfo(STOCKHOLM))
    # In UTC it is the 16th still, both times.
    assert opening_text(opens_at, at("2026-11-17T00:10"), language="sv") == "Vi är tillbaka i dag klockan 00:30 CET."


@pytest.mark.parametrize("language", languages())
def test_every_language_tells_every_day_apart(language):
    now = at("2026-11-16T12:00")
    said = [
        opening_text((now + timedelta(days=number)).astimezone(ZoneInfo(STOCKHOLM)), now, language=language)
        for number in range(8)
    ]
    assert len(set(said)) == 8
    assert all("12:00 CET" in one and "{" not in one for one in said)


def test_a_language_without_a_catalogue_is_told_in_english():
    now = at("2026-11-16T12:00")
    assert opening_text(now.astimezone(ZoneInfo(STOCKHOLM)), now, language="xx").startswith("We are back")
