"""Working hours as a form shows them: a line a weekday. In YAML days with the same times stand together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from custagent.core.people import WEEKDAYS


def week_of(hours: Mapping[str, str]) -> dict[str, str]:
    """The times of each weekday, Monday first, "" for none; of `mon-fri: 09:00-17:00` the same five times."""
    week: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    for days, times in hours.items():
        first, _, last = days.partition("-")
        begin = WEEKDAYS.index(first)
        # From Friday to Monday are four days.
        length = (WEEKDAYS.index(last) - begin) % len(WEEKDAYS) if last else 0
        for number in range(begin, begin + length + 1):
            week[WEEKDAYS[number % len(WEEKDAYS)]].append(times)
    return {day: ", ".join(times) for day, times in week.items()}


def hours_of(week: Mapping[str, str]) -> dict[str, str]:
    """As they stand in YAML; the reverse of `week_of`. Times are taken as they are typed, for `validate` to judge."""
    told = [(day, ", ".join(part.strip() for part in week.get(day, "").split(","))) for day in WEEKDAYS]
    hours = {}
    for times, alike in groupby(told, key=lambda one: one[1]):
        days = [day for day, _ in alike]
        if times:
            hours[days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"] = times
    return hours
