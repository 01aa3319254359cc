"""The base of everything that people write in YAML: strict, frozen, nothing unknown."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from custagent.core.ids import NAME_MAX_LENGTH, NAME_PATTERN

_WEEKDAY: Final = "(mon|tue|wed|thu|fri|sat|sun)"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN: Final = f"{_CLOCK}-({_CLOCK}|24:00)"

#: Each pattern that a written text may have to match, and how to say so to the person who wrote it.
PATTERNS: Final = {
    NAME_PATTERN: "lower-case letters and digits with single hyphens between, such as help-desk",
    (_LANGUAGE := r"^[a-z]{2}$"): "two lower-case letters, such as en or sv",
    (_SECRET := r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"): "the name of an environment variable, as ${NAME}; "
    "a secret is never written into a file",
    (_DURATION := r"^[1-9][0-9]{0,5}[smhd]$"): "a whole number and s, m, h or d, such as 30s or 24h",
    (_TARGET := r"^(user|team):[a-z0-9]+(?:-[a-z0-9]+)*$"): "user:NAME or team:NAME, such as team:support",
    (_HOST := r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$"): "a host or host:port, such as 127.0.0.1:8000",
    (_ORIGIN := r"^https?://[A-Za-z0-9.\-\[\]:]+$"): "scheme and host as a browser shows them, without a path, "
    "such as https://www.example.com",
    (_EMAIL := r"^[^@\s]+@[^@\s]+$"): "an email address",
    (_URL := r"^https?://[^\s/?#]+\S*$"): "a web address, such as https://www.example.com/help",
    (
        _BASE_URL := r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
    ): "a web address without ? and #, such as https://chat.example.com",
    (
        DAYS_PATTERN := rf"^{_WEEKDAY}(-{_WEEKDAY})?$"
    ): "a weekday, or one and the last of several, such as sat or mon-fri",
    (TIMES_PATTERN := rf"^{_SPAN}(, ?{_SPAN})*$"): "times of the day, such as 09:00-17:00, or 09:00-12:00, 13:00-17:00",
    (_GRAPH := r"^v[1-9][0-9]{0,2}\.[0-9]{1,2}$"): "a version of the Graph API as Meta writes it, such as v25.0",
    (_COLOUR := r"^#[0-9A-Fa-f]{6}$"): "a colour as # and six digits between quotes, such as '#3742bd'",
    (_MODEL := r"^(embedded|[^\s/]+/\S+)$"): "embedded, or provider/name as LiteLLM knows it, such as openai/gpt-4o",
}

#: What an agent, channel, desk, user, team or voice may be called.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=NAME_MAX_LENGTH)]
#: ISO 639-1.
LanguageCode = Annotated[str, StringConstraints(pattern=_LANGUAGE)]
#: Text that says something. (The schema says "not only blanks", which the model sees by stripping.)
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000),
    Field(json_schema_extra={"pattern": r"\S"}),
]
#: A secret is never written down: it is the name of an environment variable, as `${NAME}`.
SecretRef = Annotated[str, StringConstraints(pattern=_SECRET)]
#: A length of time: a whole number and s, m, h or d.
Duration = Annotated[str, StringConstraints(pattern=_DURATION)]
#: "user:NAME" or "team:NAME".
HandoffTarget = Annotated[str, StringConstraints(pattern=_TARGET)]
#: "host" or "host:port".
HostPort = Annotated[str, StringConstraints(pattern=_HOST)]
#: scheme://host[:port], as a browser sends it.
Origin = Annotated[str, StringConstraints(pattern=_ORIGIN)]
Email = Annotated[str, StringConstraints(pattern=_EMAIL)]
#: The address of a page.
WebAddress = Annotated[str, StringConstraints(pattern=_URL, max_length=10_000)]
#: Where a server is reached; paths are added to it.
BaseAddress = Annotated[str, StringConstraints(pattern=_BASE_URL, max_length=2000)]
#: The version of Meta's Graph API.
GraphVersion = Annotated[str, StringConstraints(pattern=_GRAPH)]
#: The chat model: "embedded" is none, replies are then taken word for word from the content.
ModelName = Annotated[str, StringConstraints(pattern=_MODEL, max_length=1000)]

#: #rrggbb, red, green and blue in two hexadecimal digits each.
Colour = Annotated[str, StringConstraints(pattern=_COLOUR)]

#: "mon", or "mon-fri".
Weekdays = Annotated[str, StringConstraints(pattern=DAYS_PATTERN)]
#: "09:00-12:00, 13:00-17:00".
DayTimes = Annotated[str, StringConstraints(pattern=TIMES_PATTERN)]

_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day_from_text(value: Any) -> Any:
    if not isinstance(value, str) or not _day.fullmatch(value):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as exc:
        raise fault(f"no calendar has the day {value}") from exc


#: A day, as 2026-12-01: YAML reads that as a date, and between quotes as text; both are meant.
Day = Annotated[date, BeforeValidator(_day_from_text)]


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # OSError: a folder of zones, such as "Europe"
        raise fault(f"no time zone is called {value!r}; write an IANA name such as Europe/Stockholm") from exc
    return value


#: The IANA name of a time zone.
TimeZoneName = Annotated[str, AfterValidator(_known_zone)]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """The length of a `Duration` in seconds: "24h" is 86,400."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """What a validator raises: `at` leads from its mapping to the value that is wrong, so that an editor can jump there."""
    return PydanticCustomError("fault", "{message}", {"message": message, "at": at})


class Written(BaseModel):
    """A mapping in a YAML file.

    Code names a field as Python does; files are read with `by_alias=True, by_name=False`, so that a field which has an
    alias (`from`) is written in one way only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True)
