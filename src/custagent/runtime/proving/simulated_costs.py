"""What simulated conversations would cost, reckoned by the very rules that the ledger is replayed by (CRED-4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custagent.conversation.credit_replay import PolicyTotal, replay
from custagent.conversation.credits import Pricing
from custagent.conversation.service import kind_of
from custagent.core.answer import Decision
from custagent.core.conversation import Outcome, Status
from custagent.core.credit import PRICES, CreditPolicy
from custagent.core.credit_history import CreditHistory, Said
from custagent.core.message import DeliveryStatus, MessageKind, Sender
from custagent.core.past_question import Replayed
from custagent.core.workspace import Workspace

#: Longer than any policy waits for a last word.
_LONG_AGO = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What conversations would cost, by each policy."""

    totals: tuple[PolicyTotal, ...]
    #: The policy in force.
    policy: CreditPolicy
    #: What a hosted model would be paid for the replies, US dollars; 0 without one, and where its price is not known.
    dollars: float


def costs_of(conversations: Iterable[Sequence[Replayed]], workspace: Workspace, now: datetime) -> Costs:
    """Each conversation is taken to have gone silent after its last message, without a verdict."""
    listed = list(conversations)
    prices = dict(PRICES)
    policy = CreditPolicy.CONVERSATION
    if workspace.credits:
        policy = workspace.credits.policy
        prices[policy] = workspace.credits.price_in_force
    contacts: dict[tuple[str, str], int] = {}
    found = replay(
        (_history(number, one, contacts, now - _LONG_AGO) for number, one in enumerate(listed, 1)),
        pricing_of=lambda _: Pricing(policy=policy, price=prices[policy]),
        prices=prices,
        at=now,
    )
    return Costs(totals=found.totals, policy=policy, dollars=sum(one.dollars for said in listed for one in said))


def _history(
    number: int, replayed: Sequence[Replayed], contacts: dict[tuple[str, str], int], opened: datetime
) -> CreditHistory:
    """A conversation as the ledger would see it, long enough ago that nothing more can come."""
    first = replayed[0].question
    # Contacts are known to one channel; where the file names none, everybody is somebody else.
    key = (first.channel, first.contact) if first.contact else ("", f"conversation {number}")
    return CreditHistory(
        conversation=f"conversation {number}",
        channel=first.channel,
        contact=contacts.setdefault(key, len(contacts) + 1),
        opened_at=opened,
        status=Status.CLOSED,
        outcome=Outcome.PERSON if any(one.is_handed_over for one in replayed) else None,
        said=_said(replayed, opened),
        entries=(),
    )


def _said(replayed: Sequence[Replayed], opened: datetime) -> tuple[Said, ...]:
    """What was written and what the agent replied, in turns, a minute apart."""
    said: list[Said] = []
    for one in replayed:
        if one.decision is None or one.reason is None:
            break
        decision = Decision(kind=one.decision, reason=one.reason, confidence=one.confidence)
        for sender, kind in ((Sender.CONTACT, MessageKind.INBOUND), (Sender.AGENT, kind_of(decision))):
            message = Said(
                id=len(said) + 1,
                sender=sender,
                kind=kind,
                reason=one.reason.value if sender is Sender.AGENT else "",
                at=opened + timedelta(minutes=len(said)),
                delivery=DeliveryStatus.SENT if sender is Sender.AGENT else None,
            )
            said.append(message)
    return tuple(said)
