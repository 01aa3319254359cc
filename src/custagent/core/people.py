"""Users and teams: the people who work for the company. A human is never called agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from custagent.core.written import (
    DayTimes,
    Email,
    LanguageCode,
    Name,
    Text,
    TimeZoneName,
    Weekdays,
    Written,
    fault,
)

#: As they are written, Monday first.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Seat(StrEnum):
    """What a user pays for; only holders of a seat can be given conversations (HND-1)."""

    SERVICE = "service"
    SALES = "sales"
    NONE = "none"


class Permission(StrEnum):
    """What a user may change (CRE-3)."""

    EDIT_AGENTS = "edit-agents"
    ANSWER = "answer"
    ADMIN = "admin"


class Availability(StrEnum):
    """Whether a user can be given a conversation now, and why not (HND-1)."""

    AVAILABLE = "available"
    #: No paid seat.
    NO_SEAT = "no-seat"
    #: Said so with `users away`.
    AWAY = "away"
    #: Outside the working hours.
    OFF_HOURS = "off-hours"
    #: Has as many open conversations as `capacity` allows.
    BUSY = "busy"


def _some_time(hours: Mapping[str, str]) -> Mapping[str, str]:
    """Raises a fault for times that end when they begin: a whole day is 00:00-24:00."""
    for days, times in hours.items():
        for span in times.split(","):
            begin, _, end = span.strip().partition("-")
            if begin == end:
                raise fault(f"{span.strip()} is no time at all; a whole day is 00:00-24:00", days)
    return hours


#: By weekdays ("mon-fri"), the times of the day. Times that end at or before their beginning end on the next day. A day
#: that is named by several keys has the times of all of them.
Hours = Annotated[dict[Weekdays, DayTimes], AfterValidator(_some_time)]


class User(Written):
    """A person who works for the company."""

    name: Name = Field(description="The short name used in commands, as in user:anna.")
    full_name: Text = Field(description="The name that contacts see.")
    email: Email = Field(description="The address that git and sign-in know the user by.")
    seat: Seat = Field(default=Seat.NONE, strict=False, description="The paid seat: service, sales or none.")
    permissions: tuple[Annotated[Permission, Field(strict=False)], ...] = Field(
        default=(), strict=False, description="Any of edit-agents, answer, admin."
    )
    languages: tuple[LanguageCode, ...] = Field(default=(), strict=False, description="Languages the user answers in.")
    photo: Text | None = Field(
        default=None, description="A picture inside the workspace (png, jpg, webp), which contacts see in the chat."
    )
    hours: Hours = Field(
        default_factory=dict, description="Working hours by weekday, as mon-fri: 09:00-17:00. Without them, always."
    )
    timezone: TimeZoneName | None = Field(
        default=None, description="The time zone of the hours, if not the workspace's; an IANA name."
    )
    capacity: int | None = Field(
        default=None, ge=1, le=1000, description="The most open conversations at once that the user is given."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A user who can be given a conversation now, with what routing goes by (HND-1)."""

    user: User
    #: The languages of the teams that the user was named by, besides the user's own.
    team_languages: tuple[str, ...] = ()
    #: Conversations that the user has open.
    open_conversations: int = 0
    #: When the user was last given one; None: never.
    last_given_at: datetime | None = None

    def speaks(self, language: str) -> bool:
        """Whether the user answers in the language (ISO 639-1)."""
        return language in self.user.languages or language in self.team_languages


class Team(Written):
    """A named group of users."""

    name: Name = Field(description="The short name used in commands, as in team:support.")
    members: tuple[Name, ...] = Field(default=(), strict=False, description="Names of users.")
    languages: tuple[LanguageCode, ...] = Field(
        default=(), strict=False, description="Languages that all of its members answer in, besides their own."
    )
    hours: Hours = Field(
        default_factory=dict,
        description="When the team works, as mon-fri: 09:00-17:00: outside of it nobody is given a conversation as a"
        " member of it. Without them, always.",
    )
    timezone: TimeZoneName | None = Field(
        default=None, description="The time zone of the hours, if not the workspace's; an IANA name."
    )
