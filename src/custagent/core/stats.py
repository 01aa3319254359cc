"""What figures are reckoned from: each conversation without its words, and the ledger's sums (STAT-1).

Nothing in it is a text or an identity of a contact, so what was erased is counted on (CONV-3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from custagent.core.conversation import Outcome, Status
from custagent.core.credit import CreditKind
from custagent.core.message import CHARGED_KINDS, MessageKind

#: The agent gave the conversation away, or wanted to.
GAVE_AWAY = frozenset({MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE, MessageKind.OUT_OF_CREDITS})
#: What the agent says to what was asked: with one of these it took part. Greetings and notices are none.
TOOK_PART = CHARGED_KINDS | GAVE_AWAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFacts:
    """What counts of one conversation. A reply has arrived unless it failed or was dropped; moments are UTC."""

    conversation: str
    #: The agent that has or had it; "" when it began with people.
    agent: str
    channel: str
    #: ISO 639-1 code; "" when it is not known.
    language: str
    opened_at: datetime
    last_message_at: datetime
    status: Status
    #: How it ended; None while it is not closed, and when nothing was asked.
    outcome: Outcome | None
    #: Answers, questions back and requests to rephrase that arrived: what conversations are charged for (CRED-1).
    replies: int = 0
    #: Whether anything of TOOK_PART arrived.
    took_part: bool = False
    #: Whether the last of these was an answer.
    answered_last: bool = False
    #: Whether the agent gave it away or wanted to, or people were told to take it.
    person_asked: bool = False
    #: Whether people have it, had it, or wrote in it.
    person_involved: bool = False
    #: Why the agent gave it away the first time: a `core.answer.Reason`; "" when it did not, or nobody said why.
    reason: str = ""
    #: When people were told to take it, the first time.
    handed_over_at: datetime | None = None
    #: When the contact wrote first.
    wrote_at: datetime | None = None
    #: When the first reply of the agent, small talk included, and of a person went out.
    agent_at: datetime | None = None
    person_at: datetime | None = None
    #: Replies that the contact judged, their last word on each; and those that a person here calls wrong.
    ups: int = 0
    downs: int = 0
    wrong: int = 0
    #: Credits, both at least 0.
    charged: int = 0
    given_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What the ledger says of a span of time: its entries by kind, whatever conversation they belong to."""

    #: How many entries there are of each kind, and their sum, signed; kinds without one are absent.
    counts: Mapping[CreditKind, int] = field(default_factory=dict)
    sums: Mapping[CreditKind, int] = field(default_factory=dict)

    @property
    def charged(self) -> int:
        """What conversations were charged, in credits, at least 0."""
        return -self.sums.get(CreditKind.CHARGE, 0)

    @property
    def given_back(self) -> int:
        """What of charges was given back."""
        return self.sums.get(CreditKind.REVERSAL, 0)

    @property
    def used(self) -> int:
        """What was charged less what was given back; below 0 where charges of before were given back."""
        return self.charged - self.given_back
