"""Conversations to reckon with, and the report on some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from custagent.core.conversation import Outcome, Status
from custagent.core.stats import ConversationFacts, LedgerFacts
from custagent.evaluate.stats import Balance, Report, report_of

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=9)
BALANCE = Balance(balance=-100, available=None, policy="conversation", price=100)


def facts(**changed: Any) -> ConversationFacts:
    """A conversation that the agent answered, nine days ago."""
    at = changed.get("opened_at", BEGAN)
    usual = {
        "conversation": "c", "agent": "ada", "channel": "web", "language": "en", "opened_at": at, "replies": 1,
        "last_message_at": BEGAN + timedelta(seconds=4), "status": Status.CLOSED, "outcome": Outcome.ANSWERED,
        "took_part": True, "answered_last": True, "wrote_at": at, "agent_at": at + timedelta(seconds=4), "charged": 100,
    }  # fmt: skip
    return ConversationFacts(**(usual | changed))


def report(conversations: Sequence[ConversationFacts], **given: Any) -> Report:
    """The report on them."""
    usual = {"since": NOW - timedelta(days=30), "until": NOW, "timezone": "UTC", "now": NOW, "workspace": "Northwind"}
    return report_of(conversations, LedgerFacts(), BALANCE, **(usual | given))
