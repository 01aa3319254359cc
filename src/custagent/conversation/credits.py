"""What conversations cost (CRED-1, CRED-4). Whether there is room for it, the ledger decides (CRED-3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custagent.core.conversation import Charge, Outcome, Status, outcome_of
from custagent.core.credit import PRICES, CreditPolicy
from custagent.core.credit_history import CreditHistory, Said
from custagent.core.message import CHARGED_KINDS, Message, MessageKind, Sender, Verdict
from custagent.core.stats import GAVE_AWAY

#: Silence after which a conversation counts as resolved (CRED-4); at exactly this long it does.
RESOLVED_AFTER = timedelta(hours=72)
#: What the agent says by itself into a silence does not end it.
_INTO_SILENCE = frozenset({MessageKind.FOLLOW_UP, MessageKind.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a conversation is charged for, and how much."""

    policy: CreditPolicy = CreditPolicy.CONVERSATION
    price: int = PRICES[CreditPolicy.CONVERSATION]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingInForce:
    """One pricing, from a moment on."""

    #: When it was put into force, UTC.
    since: datetime
    pricing: Pricing


#: What a conversation costs where nothing is set.
USUAL = Charge(amount=PRICES[CreditPolicy.CONVERSATION], policy=CreditPolicy.CONVERSATION.value)


def pricing_at(opened_at: datetime, changes: Sequence[PricingInForce]) -> Pricing:
    """What a conversation that began then is paid by, to its end: a change counts for those that begin after it.

    `changes` are in the order in which they were made. What began before the first goes by the first.
    """
    in_force = [change.pricing for change in changes if change.since <= opened_at]
    return in_force[-1] if in_force else next((change.pricing for change in changes), Pricing())


def charge_for(messages: Iterable[Message], charge: Charge = USUAL) -> Charge | None:
    """The charge for a turn with these messages; None when all of them are free (CRED-1)."""
    charged = any(message.sender is Sender.AGENT and message.kind in CHARGED_KINDS for message in messages)
    return charge if charged else None


def resolved_at(history: CreditHistory, at: datetime, *, whatever_arrived: bool = False) -> datetime | None:
    """When silence had made it a resolution, the first time; None when it is none by `at` (CRED-4).

    The agent answered and the answer was its last word, a reply went out and was not lost, no person was asked for or
    involved by then, and then nobody said anything for 72 hours. What happens later, such as a mail that reopens it,
    changes nothing in it. Verdicts are looked at elsewhere: they may come at any time. `whatever_arrived` asks whether
    it can have been one: replies may be lost later, and be sent again.
    """
    said = [one for one in history.said if one.kind not in _INTO_SILENCE]
    kinds: list[MessageKind] = []
    replied = False
    for number, one in enumerate(said):
        if one.sender is Sender.PERSON or one.kind in GAVE_AWAY:
            return None
        if one.sender is Sender.AGENT:
            kinds.append(one.kind)
        replied = replied or (one.is_charged_for and (one.went_out or whatever_arrived))
        is_last = number + 1 == len(said)
        if is_last and _is_with_people(history):
            return None
        end = at if is_last else said[number + 1].at
        helped = replied and one.sender is Sender.AGENT and outcome_of(Status.PENDING, kinds) is Outcome.ANSWERED
        if helped and end - one.at >= RESOLVED_AFTER:
            return one.at + RESOLVED_AFTER
    return None


def is_disputed(history: CreditHistory) -> bool:
    """Whether the contact says of one of the replies that it did not help, as their last word on it."""
    return any(one.verdict is Verdict.DOWN for one in history.said)


def is_to_be_charged_as_resolved(history: CreditHistory, at: datetime) -> bool:
    """Whether it is a resolution that nothing was charged for yet. One that was given back is not charged again."""
    return not history.entries and not is_disputed(history) and resolved_at(history, at) is not None


def arrived(history: CreditHistory) -> tuple[Said, ...]:
    """The replies that cost something and are not lost: as long as there is one, the conversation costs (CRED-2)."""
    return tuple(one for one in history.said if one.is_charged_for and not one.is_lost)


def cost_by(history: CreditHistory, pricing: Pricing, at: datetime, *, has_paid: bool) -> int:
    """What the conversation costs in the end under a pricing, whatever it was charged by; credits, 0 for free.

    `has_paid` tells whether the contact paid for an earlier conversation on the channel under the same policy.
    """
    if pricing.policy.waits_for_resolution:
        charged = not is_disputed(history) and resolved_at(history, at) is not None
    else:
        charged = bool(arrived(history))
    return pricing.price if charged and not (has_paid and pricing.policy.is_once_a_contact) else 0


def _is_with_people(history: CreditHistory) -> bool:
    return history.status in (Status.OPEN, Status.SNOOZED) or history.outcome is Outcome.PERSON
