"""Looking at conversations: what was said, what became of it, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from custagent.core.conversation import Conversation, Status
from custagent.core.credit import CreditEntry
from custagent.core.errors import UnknownName
from custagent.core.message import DeliveryStatus, Message
from custagent.runtime.bootstrap import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRecord:
    """One conversation with everything that is kept of it."""

    conversation: Conversation
    messages: tuple[Message, ...]
    #: How far each reply has come, by its message's id.
    deliveries: Mapping[int, DeliveryStatus]
    #: The entries of the ledger that belong to it.
    credit_entries: tuple[CreditEntry, ...]

    def as_json(self) -> dict[str, Any]:
        """Every field of the values; a message's evidence as an object, and `delivery`, None for what came in."""
        messages = [
            {
                **_fields(message),
                "evidence": json.loads(message.evidence) if message.evidence else None,
                "delivery": self.deliveries.get(message.id),
            }
            for message in self.messages
        ]
        return {**_fields(self.conversation), "messages": messages, "credit_entries": self.credit_entries}


def find_conversation(app: Application, conversation: str) -> ConversationRecord:
    """The conversation of this id. Raises UnknownName."""
    found = app.store.conversations.conversation(conversation)
    if found is None:
        raise UnknownName(
            f"there is no conversation {conversation!r}", hint="See the latest with: custagent conversations list"
        )
    entries = app.store.ledger.entries()
    return ConversationRecord(
        conversation=found,
        messages=tuple(app.store.conversations.messages(conversation)),
        deliveries=app.store.outbox.statuses(conversation),
        credit_entries=tuple(entry for entry in entries if entry.conversation == conversation),
    )


def latest_conversations(
    app: Application, *, status: Status | None = None, channel: str = "", limit: int
) -> Sequence[Conversation]:
    """Those in which something was said last come first. A channel that is gone may still have some."""
    return app.store.conversations.list(status=status, channel=channel or None, limit=limit)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
