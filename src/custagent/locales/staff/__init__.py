"""What is said to the people who work here, one file a language beside this one: the web inbox, and why the agent did what
it did (HND-5, ANS-8).

The catalogues are what contacts hear; these files are read when a person is shown something. Every language of the product
has one, with the keys of `en.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from custagent.locales import FALLBACK, languages
from custagent.locales.catalogue_file import read

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWords:
    """One language's words."""

    language: str
    #: How the language runs: "ltr" or "rtl".
    direction: str
    #: Of the pages, by key; `script` are those that their scripts say.
    page: Mapping[str, str]
    script: Mapping[str, str]
    #: What pages tell of conversations, people and channels.
    told: Mapping[str, str]
    #: Why something was not done.
    refused: Mapping[str, str]
    #: By the value of `store.queue.View`, `Status`, `Outcome` and `DeliveryStatus`.
    views: Mapping[str, str]
    status: Mapping[str, str]
    outcome: Mapping[str, str]
    delivery: Mapping[str, str]
    #: By the value of `DecisionKind`; of `Reason`, or what a channel gives as one; by the name of a field of `Triggers`.
    decisions: Mapping[str, str]
    reasons: Mapping[str, str]
    reasons_in_short: Mapping[str, str]
    triggers: Mapping[str, str]
    #: What dates are made of; `weekdays` are the full names, Monday first.
    dates: Mapping[str, str]
    months: Sequence[str]
    weekdays: Sequence[str]
    weekdays_in_short: Sequence[str]

    def day(self, at: datetime) -> str:
        """ "23 Nov 2026"."""
        return self.dates["day_of_year"].format(day=f"{at:%d}", month=self.months[at.month - 1], year=at.year)

    def moment(self, at: datetime) -> str:
        """ "23 Nov 09:13", in the time zone of `at`."""
        return self.dates["moment"].format(date=self._date(at), time=f"{at:%H:%M}")

    def moment_of_year(self, at: datetime) -> str:
        """ "23 Nov 2026 09:13"."""
        return self.dates["moment"].format(date=self.day(at), time=f"{at:%H:%M}")

    def moment_of_week(self, at: datetime) -> str:
        """ "Mon 23 Nov 09:13"."""
        return self.dates["moment_of_week"].format(
            weekday=self.weekdays_in_short[at.weekday()], date=self._date(at), time=f"{at:%H:%M}"
        )

    def length(self, length: timedelta) -> str:
        """How long something takes, in short: "3 min", "2 h", "5 d"."""
        passed = max(length, timedelta())
        if passed < _HOUR:
            return self.told["minutes"].format(count=passed // timedelta(minutes=1))
        unit, count = ("hours", passed // _HOUR) if passed < 2 * _DAY else ("days", passed // _DAY)
        return self.told[unit].format(count=count)

    def _date(self, at: datetime) -> str:
        return self.dates["day"].format(day=f"{at:%d}", month=self.months[at.month - 1])


@cache
def staff_words(language: str = FALLBACK) -> StaffWords:
    """The words of `language`. Raises KeyError when it has none: ask `staff_languages()`."""
    if language not in staff_languages():
        raise KeyError(language)
    raw = read(files(__name__) / f"{language}.toml")
    dates = raw.pop("dates")
    return StaffWords(
        language=language,
        months=tuple(dates.pop("months")),
        weekdays=tuple(dates.pop("weekdays")),
        weekdays_in_short=tuple(dates.pop("short")),
        dates=dates,
        **raw,
    )


@cache
def staff_languages() -> tuple[str, ...]:
    """The languages that people who work here can be spoken to in."""
    there = {entry.name for entry in files(__name__).iterdir()}
    return tuple(one for one in languages() if f"{one}.toml" in there)


def language_of(spoken: Iterable[str], browser: str, default: str) -> str:
    """The language to speak with somebody who speaks these, whose browser asks for `browser` (Accept-Language).

    Of those that somebody speaks, the one that the browser would rather have; without any that we know, what the browser
    asks for, else `default`.
    """
    known = staff_languages()
    asked = [one for one in _asked_for(browser) if one in known]
    own = [one for one in spoken if one in known]
    for one in asked:
        if one in own or not own:
            return one
    return next(iter(own), default if default in known else FALLBACK)


def _asked_for(header: str) -> Sequence[str]:
    """The languages of an Accept-Language header, the dearest first, each without its region."""
    weighed = []
    for part in header.split(",")[:20]:
        name, _, quality = part.partition(";")
        weight = quality.strip().removeprefix("q=")
        code = name.strip().lower().partition("-")[0]
        # Norwegian by its usual name is written as nb.
        weighed.append((_number(weight), "nb" if code in ("no", "nn") else code))
    return [code for weight, code in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def _number(weight: str) -> float:
    """1 where nothing is said, or nothing that is a number."""
    try:
        return min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return 1.0
