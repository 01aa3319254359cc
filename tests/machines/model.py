"""The whole workspace in plain Python: conversations, what was heard, the ledger, the lease."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from custagent.core.conversation import Status
from custagent.core.message import DeliveryStatus as D
from tests.machines.thread import Thread

PRICE = 100


@dataclass
class Model:
    """What must be there."""

    threads: dict[str, Thread] = field(default_factory=dict)
    #: By external id: the conversation and the message.
    heard: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: (kind, amount, conversation) of each entry of the ledger, in order.
    entries: list[tuple[str, int, str]] = field(default_factory=list)
    #: The keys of what the calendar asked for.
    calendar: list[str] = field(default_factory=list)
    #: By the key of a grant, an adjustment or an expiry: its kind and amount.
    grants: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: By message: what the contact thinks of it.
    verdicts: dict[int, str] = field(default_factory=dict)
    #: The live token of the lease, and when it was renewed.
    fence: int = 0
    renewed_at: datetime | None = None

    def pick(self, number: int, *statuses: Status) -> str | None:
        """One of the conversations of these statuses; None when there is none."""
        found = [name for name, thread in self.threads.items() if thread.status in statuses]
        return found[number % len(found)] if found else None

    def replies(self, *statuses: D) -> list[tuple[str, int]]:
        """(conversation, message) of each reply that has come so far."""
        return [
            (name, number)
            for name, thread in self.threads.items()
            for number, said in thread.said.items()
            if said.delivery in statuses
        ]

    def latest(self, channel: str, key: str) -> tuple[str, Thread] | None:
        """The contact's conversation that a message may go on with."""
        own = [
            (name, thread) for name, thread in self.threads.items() if (thread.channel, thread.key) == (channel, key)
        ]
        return max(own, key=lambda one: (one[1].status is not Status.CLOSED, max(one[1].said)), default=None)

    def pays_anew(self, name: str, policy: str) -> bool:
        """Whether a charged reply in the conversation writes a charge, where there is room for one (CRED-2, CRED-4)."""
        thread = self.threads[name]
        others = [one for other, one in self.threads.items() if other != name]
        paid = any(one.stands for one in others if (one.channel, one.key) == (thread.channel, thread.key))
        return not thread.stands and not (policy == "reopen-free" and paid)

    def keep_books(self, name: str) -> None:
        """Enter what became of the conversation's charges since the last time."""
        thread = self.threads[name]
        own = [kind for kind, _, conversation in self.entries if conversation == name]
        if own.count("reversal") < thread.charges.count(False):
            self.entries.append(("reversal", PRICE, name))
        if own.count("charge") < len(thread.charges):
            self.entries.append(("charge", -PRICE, name))
