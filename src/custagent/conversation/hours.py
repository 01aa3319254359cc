"""Working hours: who works at a moment, and when that changes. Pure; time zones and their clock changes by zoneinfo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from custagent.core.people import WEEKDAYS
from custagent.locales import FALLBACK, nearest

#: Days that are looked through for the next opening: each weekday comes up, a day that a zone leaves out counted in.
_DAYS_AHEAD = 9
#: Openings of several hours at once are looked for in so many steps; hours that meet at all meet within a week.
_MOST_STEPS = 200
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTES_A_DAY = 24 * 60
#: From this many days on the date is told, not the weekday.
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """Somebody's week by the clock on a wall.

    Where a clock is set forward, hours that begin in the gap begin at its end; where it is set back, hours begin when it
    shows their beginning for the first time and end when it shows their end for the last time: nobody closes twice.
    """

    zone: ZoneInfo
    #: For each weekday, Monday first, (begin, end) in minutes from that midnight; an end above 1,440 is on the next day.
    week: tuple[tuple[tuple[int, int], ...], ...]

    def open_at(self, moment: datetime) -> bool:
        """Whether the moment is within the hours. They begin at their first moment and are over at their last."""
        return any(begin <= moment < end for begin, end in self._spans(moment, days=0))

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment from this one on that is within the hours, UTC; None when none is, for more than a week."""
        if self.open_at(moment):
            return moment
        return min((begin for begin, _ in self._spans(moment, days=_DAYS_AHEAD) if begin > moment), default=None)

    def next_change(self, moment: datetime) -> datetime | None:
        """When the hours begin or end next, after this moment; None when that takes more than a week."""
        now = self.open_at(moment)
        edges = sorted({edge for span in self._spans(moment, days=_DAYS_AHEAD) for edge in span if edge > moment})
        return next((edge for edge in edges if self.open_at(edge) is not now), None)

    def _spans(self, moment: datetime, *, days: int) -> Iterator[tuple[datetime, datetime]]:
        """(begin, end), UTC, of the hours that begin yesterday or on the days until so many days ahead."""
        today = moment.astimezone(self.zone).date()
        for number in range(-1, days + 1):
            day = today + number * _DAY
            for begin, end in self.week[day.weekday()]:
                first, last = self._instant(day, begin, last=False), self._instant(day, end, last=True)
                if first < last:
                    yield first, last

    def _instant(self, day: date, minutes: int, *, last: bool) -> datetime:
        """When the clock shows that time, UTC: for the last time where it does so twice; where never, the jump."""
        shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
        instant = shown.replace(tzinfo=self.zone, fold=int(last)).astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == shown:
            return instant
        before, after = (shown.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (1, 0))
        old = before.astimezone(self.zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) / 2
            if middle.astimezone(self.zone).utcoffset() == old:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def working_hours(written: Mapping[str, str], zone: str) -> WorkingHours | None:
    """The hours as they stand in YAML ({"mon-fri": "09:00-17:00"}); None for none, which is always.

    `zone` is an IANA name. "fri-mon" is Friday to Monday.
    """
    if not written:
        return None
    week: list[set[tuple[int, int]]] = [set() for _ in WEEKDAYS]
    for days, times in written.items():
        first, _, last = days.partition("-")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        for number in range(begin, begin + (end - begin) % len(WEEKDAYS) + 1):
            week[number % len(WEEKDAYS)].update(_span(span) for span in times.split(","))
    return WorkingHours(zone=ZoneInfo(zone), week=tuple(tuple(sorted(day)) for day in week))


def next_common(hours: Sequence[WorkingHours | None], moment: datetime) -> datetime | None:
    """The first moment from this one on that is within all of the hours; None when there is none."""
    bound = [one for one in hours if one is not None]
    for _ in range(_MOST_STEPS):
        later = [one.next_opening(moment) for one in bound]
        found = [one for one in later if one is not None]
        if len(found) < len(later):
            return None
        latest = max(found, default=moment)
        if latest == moment:
            return moment
        moment = latest
    return None


def opening_text(opens_at: datetime, now: datetime, *, language: str) -> str:
    """When somebody is there again, for contacts (HND-2): "We are back today at 13:00 CET.".

    `opens_at` is in the zone whose clock is told. In English where there is no catalogue of the language.
    """
    words = nearest(language, FALLBACK).hours
    days = (opens_at.date() - now.astimezone(opens_at.tzinfo).date()).days
    clock = f"{opens_at:%H:%M} {opens_at.tzname()}".strip()
    if days == 0:
        when = words["today"].format(time=clock)
    elif days == 1:
        when = words["tomorrow"].format(time=clock)
    elif days < _WEEK:
        when = words[WEEKDAYS[opens_at.weekday()]].format(time=clock)
    else:
        when = words["date"].format(date=f"{opens_at:%Y-%m-%d}", time=clock)
    return words["back"].format(when=when)


def _span(written: str) -> tuple[int, int]:
    begin, _, end = written.strip().partition("-")
    first, last = _minutes(begin), _minutes(end)
    return first, last if last > first else last + _MINUTES_A_DAY


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
