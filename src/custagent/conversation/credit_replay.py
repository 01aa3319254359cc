"""Recomputing the ledger from what was said and what became of it (CRED-4): it must come out as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from custagent.conversation.credits import (
    Pricing,
    cost_by,
    is_disputed,
    is_to_be_charged_as_resolved,
    resolved_at,
)
from custagent.core.credit import CreditEntry, CreditKind, CreditPolicy
from custagent.core.credit_history import CreditHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEntry:
    """An entry that a conversation should have."""

    key: str
    kind: CreditKind
    amount: int
    policy: str

    def __str__(self) -> str:
        return f"{self.kind.value} of {self.amount} ({self.key}, {self.policy})"


@dataclass(slots=True, kw_only=True)
class PolicyTotal:
    """What the conversations of a period cost under one policy."""

    policy: CreditPolicy
    #: Credits a conversation.
    price: int
    #: Conversations that the agent, people or nobody replied in.
    conversations: int = 0
    charged: int = 0
    #: What the charged ones cost together.
    credits: int = 0


@dataclass(slots=True, kw_only=True)
class Replay:
    """A period recomputed."""

    totals: tuple[PolicyTotal, ...]
    #: How many entries of the ledger were compared, and the first of the differences, in sentences.
    entries: int = 0
    differences: list[str] = field(default_factory=list)
    #: Conversations that are resolved and not charged yet, and charges that a verdict takes back, not written yet.
    due: int = 0


def replay(
    histories: Iterable[CreditHistory],
    *,
    pricing_of: Callable[[CreditHistory], Pricing],
    prices: Mapping[CreditPolicy, int],
    at: datetime,
    since: datetime | None = None,
    compared: CreditPolicy | None = None,
) -> Replay:
    """Recompute the conversations that began from `since` on, by each policy of `prices`, and compare the entries.

    `histories` are all conversations in the order of beginning, those before `since` included: `reopen-free` asks what a
    contact paid for earlier. `pricing_of` tells what a conversation was paid by; with `compared` only those of that
    policy are compared with their entries.
    """
    found = Replay(totals=tuple(PolicyTotal(policy=policy, price=price) for policy, price in prices.items()))
    paid: set[int] = set()
    charged = _Charged()
    for history in histories:
        counted = since is None or history.opened_at >= since
        for total in found.totals:
            pricing = Pricing(policy=total.policy, price=total.price)
            cost = cost_by(history, pricing, at, has_paid=history.contact in paid)
            if cost and total.policy.is_once_a_contact:
                paid.add(history.contact)
            if counted:
                total.conversations += 1
                total.charged += bool(cost)
                total.credits += cost
        pricing = pricing_of(history)
        charged.note(history)
        if counted and compared in (None, pricing.policy):
            found.entries += len(history.entries)
            found.due += _compare(history, pricing, at, charged)
    found.differences = charged.differences()
    return found


@dataclass(slots=True)
class _Charged:
    """Who was charged for what, to tell in the end which free replies `reopen-free` explains."""

    #: By contact: the conversations that have a charge, whether it stands or not.
    conversations: dict[int, set[str]] = field(default_factory=dict)
    #: (what is different, the conversation and contact when another conversation's charge would explain it).
    found: list[tuple[str, tuple[str, int] | None]] = field(default_factory=list)

    def note(self, history: CreditHistory) -> None:
        if history.entries:
            self.conversations.setdefault(history.contact, set()).add(history.conversation)

    def differences(self) -> list[str]:
        return [text for text, unless in self.found if unless is None or not self._explains(*unless)]

    def has_paid_elsewhere(self, history: CreditHistory) -> bool:
        """Whether another conversation of the contact has a charge."""
        return self._explains(history.conversation, history.contact)

    def _explains(self, conversation: str, contact: int) -> bool:
        return bool(self.conversations.get(contact, set()) - {conversation})


def _compare(history: CreditHistory, pricing: Pricing, at: datetime, charged: _Charged) -> int:
    """Note what is different between the entries and what they should be; 1 when the timer has work left with it."""
    if pricing.policy.waits_for_resolution:
        difference, is_due = _compare_resolution(history, pricing, at)
        charged.found += [(difference, None)] if difference else []
        return int(is_due and not (pricing.policy.is_once_a_contact and charged.has_paid_elsewhere(history)))
    difference = first_difference(history, expected_entries(history, pricing))
    charged.found += [(difference, None)] if difference else []
    unpaid = next((one for one in history.said if one.is_charged_for and not one.charge), None)
    if unpaid is not None and not difference:
        free = pricing.policy.is_once_a_contact
        text = f"Conversation {history.conversation}: reply {unpaid.id} ({unpaid.kind.value}) belongs to no charge."
        charged.found.append((text, (history.conversation, history.contact) if free else None))
    return 0


def expected_entries(history: CreditHistory, pricing: Pricing) -> list[ExpectedEntry]:
    """The charges and reversals that the replies ask for (CRED-1, CRED-2).

    Each reply that costs something notes the number of the charge that it is paid by. A charge is given back when all
    of its replies are lost; one that has none left was given back, for they were sent again and paid anew.
    """
    replies = [one for one in history.said if one.is_charged_for]
    expected = []
    for number in range(1, _charges(history, pricing) + 1):
        name = f"{history.conversation}:{number}"
        policy = pricing.policy.value
        expected.append(
            ExpectedEntry(key=f"charge:{name}", kind=CreditKind.CHARGE, amount=-pricing.price, policy=policy)
        )
        if all(one.is_lost for one in replies if one.charge == number):
            expected.append(
                ExpectedEntry(key=f"reversal:{name}", kind=CreditKind.REVERSAL, amount=pricing.price, policy=policy)
            )
    return expected


def _charges(history: CreditHistory, pricing: Pricing) -> int:
    """How many charges there were, as the replies know it."""
    replies = [one for one in history.said if one.is_charged_for]
    known = max((one.charge for one in replies), default=0)
    if pricing.policy.is_once_a_contact and not all(one.charge for one in replies):
        # A reply that failed, and was sent again when the contact had paid elsewhere, has left the charge that it was
        # paid by at first, and which was given back.
        return max(known, sum(entry.kind is CreditKind.REVERSAL for entry in history.entries))
    return known


def first_difference(history: CreditHistory, expected: list[ExpectedEntry]) -> str:
    """Where the entries of a conversation part from what is expected; "" when they do not."""
    where = f"Conversation {history.conversation}: "
    for number, entry in enumerate(history.entries):
        if number >= len(expected):
            return f"{where}nothing asks for entry {entry.id}, a {_words(entry)}."
        if _words(entry) != str(expected[number]):
            return f"{where}entry {entry.id} is a {_words(entry)}; expected is a {expected[number]}."
    if len(history.entries) < len(expected):
        return f"{where}the ledger lacks a {expected[len(history.entries)]}."
    return ""


def _compare_resolution(history: CreditHistory, pricing: Pricing, at: datetime) -> tuple[str, bool]:
    """(what is different, whether the timer has work left). What was charged must have been a resolution.

    A verdict that took a charge back may have been changed since, so that a reversal needs none of today.
    """
    name = f"{history.conversation}:1"
    charge = ExpectedEntry(
        key=f"charge:{name}", kind=CreditKind.CHARGE, amount=-pricing.price, policy=pricing.policy.value
    )
    back = ExpectedEntry(
        key=f"reversal:{name}", kind=CreditKind.REVERSAL, amount=pricing.price, policy=pricing.policy.value
    )
    if not history.entries:
        return "", is_to_be_charged_as_resolved(history, at)
    if resolved_at(history, at, whatever_arrived=True) is None:
        return first_difference(history, []), False
    paid = [one for one in history.said if one.is_charged_for and one.charge]
    given_back = len(history.entries) > 1
    lost = bool(paid) and all(one.is_lost for one in paid)
    expected = [charge, back] if given_back or lost else [charge]
    return first_difference(history, expected), is_disputed(history) and not given_back


def _words(entry: CreditEntry) -> str:
    return f"{entry.kind.value} of {entry.amount} ({entry.key}, {entry.policy})"
