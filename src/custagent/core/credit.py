"""Credits: signed entries in a ledger that is only ever added to. The balance is their sum (CRED-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CreditKind(StrEnum):
    """Why an entry was written."""

    #: An allowance or a top-up; positive.
    GRANT = "grant"
    #: A conversation is paid for; negative. At most one that is not reversed a conversation.
    CHARGE = "charge"
    #: A charge is given back in full; positive.
    REVERSAL = "reversal"
    #: A person sets something right; either sign.
    ADJUSTMENT = "adjustment"
    #: What was left of an allowance ends; negative.
    EXPIRY = "expiry"


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
