"""What a conversation's credits follow from: all that was said in it, what became of the replies, and its entries.

It holds no text: erasing a contact's words changes nothing in it (CONV-3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from custagent.core.conversation import Outcome, Status
from custagent.core.credit import CreditEntry
from custagent.core.message import CHARGED_KINDS, DeliveryStatus, MessageKind, Sender, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message, without its words."""

    id: int
    sender: Sender
    kind: MessageKind
    #: Why the agent said it; "" elsewhere.
    reason: str
    #: UTC.
    at: datetime
    #: How far it has come; None for what a contact wrote, or what was never to be sent from here.
    delivery: DeliveryStatus | None = None
    #: The number of the conversation's charge that it is paid by, counted from 1; 0 for none.
    charge: int = 0
    verdict: Verdict | None = None

    @property
    def is_charged_for(self) -> bool:
        """Whether it is a reply of the agent that costs something (CRED-1)."""
        return self.sender is Sender.AGENT and self.kind in CHARGED_KINDS and self.delivery is not None

    @property
    def went_out(self) -> bool:
        """Whether a provider took it, and has not said that it is lost."""
        return self.delivery not in (None, DeliveryStatus.QUEUED) and not self.is_lost

    @property
    def is_lost(self) -> bool:
        """Whether it will never arrive (CRED-2)."""
        return self.delivery in (DeliveryStatus.FAILED, DeliveryStatus.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHistory:
    """One conversation as the ledger sees it."""

    conversation: str
    channel: str
    #: The contact's id; contacts are known to one channel.
    contact: int
    #: When it began, UTC.
    opened_at: datetime
    status: Status
    outcome: Outcome | None
    #: In order.
    said: tuple[Said, ...]
    #: Its charges and reversals, in the order of writing.
    entries: tuple[CreditEntry, ...]
