"""What other programs are told when people are needed: events for webhooks, without a word of any contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class NotificationEvent(StrEnum):
    """What a webhook can be told."""

    #: The agent gave a conversation to people.
    HANDOFF = "handoff"
    #: A contact has waited for a person as long as silence may last (CONV-1).
    OVERDUE = "overdue"
    #: Credits run low, or are used up (CRED-3).
    CREDITS = "credits"
    #: A channel does not work, or works again.
    CHANNEL = "channel"


#: After this long an event that could not be delivered is given up.
GIVEN_UP_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event, as the rows of the workspace tell it."""

    event: NotificationEvent
    #: UTC.
    at: datetime
    #: "" for what is about no conversation, as are the four below.
    conversation: str = ""
    channel: str = ""
    #: ISO 639-1, "" when it is not known.
    language: str = ""
    #: Why people got it, a `core.answer.Reason`.
    reason: str = ""
    #: "user:NAME" or "team:NAME"; "" when nobody has it.
    assignee: str = ""
    #: Since when the contact waits for a person, UTC; None when they do not.
    waiting_since: datetime | None = None
    #: A sentence for people, of ours.
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An event that waits to be told to one webhook."""

    #: The same at each try and for each webhook: what a receiver has seen, it can leave aside.
    id: str
    #: The webhook's key (`WebhookSettings.key`).
    webhook: str
    event: NotificationEvent
    #: The JSON that is sent, the same at each try.
    body: str
    #: Since when it has been tried, UTC.
    since: datetime
    #: How often it has failed.
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """How it stands with what one webhook is told."""

    waiting: int = 0
    #: Waiting ones that have failed at least once.
    failing: int = 0
    given_up: int = 0
    sent: int = 0
    #: Why the last one failed that has not arrived; "" when all is well.
    error: str = ""
    #: When the receiver said that it is gone (410), UTC; nothing is sent to it since.
    stopped_at: datetime | None = None
