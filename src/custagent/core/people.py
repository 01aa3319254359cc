"""Users and teams: the people who work for the company. A human is never called agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from custagent.core.written import Email, LanguageCode, Name, Text, Written


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A user who can be given a conversation now, with what routing goes by (HND-1)."""

    user: User
    #: Conversations that the user has open.
    open_conversations: int = 0
    #: When the user was last given one; None: never.
    last_given_at: datetime | None = None


class Team(Written):
    """A named group of users."""

    name: Name = Field(description="The short name used in commands, as in team:support.")
    members: tuple[Name, ...] = Field(default=(), strict=False, description="Names of users.")
