"""Credits: signed entries in a ledger that is only ever added to. The balance is their sum (CRED-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class CreditKind(StrEnum):
    """Why an entry was written."""

    #: An allowance or a top-up; positive.
    GRANT = "grant"
    #: A conversation is paid for; negative. At most one that is not reversed a conversation.
    CHARGE = "charge"
    #: A charge is given back in full; positive.
    REVERSAL = "reversal"
    #: Something is set right; either sign.
    ADJUSTMENT = "adjustment"
    #: What was left of an allowance ends; negative.
    EXPIRY = "expiry"


class CreditPolicy(StrEnum):
    """What a conversation is charged for (CRED-4)."""

    #: Each conversation with a reply of the agent.
    CONVERSATION = "conversation"
    #: The same, but a contact who has paid on a channel pays for no later conversation on it.
    REOPEN_FREE = "reopen-free"
    #: Each conversation that the agent resolved, 72 hours after its last message.
    RESOLUTION = "resolution"

    @property
    def waits_for_resolution(self) -> bool:
        """Whether nothing is charged until the conversation is resolved; else the first reply is charged."""
        return self in _WAIT_FOR_RESOLUTION

    @property
    def is_once_a_contact(self) -> bool:
        """Whether a contact who has paid on a channel pays for no later conversation on it."""
        return self in _ONCE_A_CONTACT

    @property
    def words(self) -> str:
        """What it charges for, with `{price}` in it; `custagent credits explain` says it."""
        when = "has resolved it" if self.waits_for_resolution else "replies in it"
        unless = ", unless the contact has paid on the channel before" if self.is_once_a_contact else ""
        return f"a conversation costs {{price}} credits once the agent {when}{unless}"


#: What the policies are made of: all that asks by which one a conversation is paid asks for these.
_WAIT_FOR_RESOLUTION = frozenset({CreditPolicy.RESOLUTION})
_ONCE_A_CONTACT = frozenset({CreditPolicy.REOPEN_FREE})

#: Credits a conversation, where the workspace names no price of its own (CRED-1, CRED-4).
PRICES = {CreditPolicy.CONVERSATION: 100, CreditPolicy.REOPEN_FREE: 100, CreditPolicy.RESOLUTION: 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEntry:
    """One row of the ledger. It holds no personal data (CONV-3)."""

    #: Rising in the order of writing.
    id: int
    #: What makes it this entry: the same key is never written twice.
    key: str
    kind: CreditKind
    #: Credits, signed, never 0.
    amount: int
    #: The conversation that a charge or reversal belongs to, "" elsewhere.
    conversation: str = ""
    #: The id of the charge that a reversal gives back; None elsewhere.
    reverses: int | None = None
    #: The name of the credit policy in force (CRED-4).
    policy: str
    #: Aware, UTC.
    at: datetime
    #: The hash of the entry before, "" for the first.
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTerms:
    """What limits new charges: the `credits:` block of the workspace, as the ledger needs it (CRED-3)."""

    #: The policy in force, by name, and its price in credits.
    policy: str
    price: int
    #: IANA name: the months of allowance, cap and alerts are those of this place.
    timezone: str
    #: Credits a calendar month; None: no allowance, the balance limits once something was granted.
    allowance: int | None = None
    #: The most credits that may be charged in a month, less what was given back in it; None: no such limit.
    cap: int | None = None
    #: Percent of the month's credits at which people are told, rising.
    alerts: tuple[int, ...] = ()


def month_of(at: datetime, timezone: str) -> str:
    """The calendar month of a moment, as people there write it: "2026-11"."""
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local.year:04}-{local.month:02}"


def next_month(month: str) -> str:
    """The month after "2026-12" is "2027-01"."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def month_begins(month: str, timezone: str) -> datetime:
    """The first moment of the month in the zone, UTC.

    Where clocks are put forward at that very midnight, it is the moment of the change (PEP 495: `fold` 0 reads a time
    that does not exist by the offset before).
    """
    midnight = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC)
