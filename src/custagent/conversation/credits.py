"""What a turn costs (CRED-1). Whether it is charged at all, the ledger decides: once a conversation (CRED-2)."""

from __future__ import annotations

from collections.abc import Iterable

from custagent.core.conversation import Charge
from custagent.core.message import CHARGED_KINDS, Message, Sender

#: The default policy (CRED-4) and its price.
POLICY = "conversation"
PRICE = 100


def charge_for(messages: Iterable[Message]) -> Charge | None:
    """The charge for a turn with these messages; None when all of them are free."""
    charged = any(message.sender is Sender.AGENT and message.kind in CHARGED_KINDS for message in messages)
    return Charge(amount=PRICE, policy=POLICY) if charged else None
