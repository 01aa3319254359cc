"""Why a conversation cost what it cost, in plain sentences with the rules they rest on (CRED-4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from custagent.conversation.credits import RESOLVED_AFTER, Pricing, is_disputed, resolved_at
from custagent.core.credit import CreditEntry, CreditKind, CreditPolicy
from custagent.core.credit_history import CreditHistory, Said
from custagent.core.message import DeliveryStatus, MessageKind, Sender

_DELIVERIES = {
    DeliveryStatus.QUEUED: "waiting to be sent",
    DeliveryStatus.SENT: "sent",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.READ: "read",
    DeliveryStatus.FAILED: "not delivered",
    DeliveryStatus.DROPPED: "withdrawn before it was sent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One step of the story."""

    #: When it happened, UTC; None for what is true all the time.
    at: datetime | None
    text: str
    #: The rule of the product that it rests on, such as "CRED-1".
    rule: str


def tell_story(history: CreditHistory, pricing: Pricing, at: datetime, *, has_paid: bool) -> tuple[Sentence, ...]:
    """The story of a conversation's credits up to `at`, in order.

    `pricing` is what it is paid by; `has_paid` whether the contact has paid for another conversation on the channel.
    """
    began = f"On {history.channel}; it is paid by the policy {pricing.policy}: " + pricing.policy.words.format(
        price=pricing.price
    )
    sentences = [Sentence(at=history.opened_at, text=f"The conversation began. {began}.", rule="CRED-4")]
    for entry in history.entries:
        told = _told_charge if entry.kind is CreditKind.CHARGE else _told_reversal
        sentences.append(told(history, entry))
    if not history.entries:
        sentences.append(_why_free(history, pricing, at, has_paid=has_paid))
    elif sum(entry.amount for entry in history.entries) == 0:
        sentences.append(Sentence(at=None, text="So nothing is charged for it now.", rule="CRED-2"))
    else:
        sentences += _later_replies(history)
    return tuple(sentences)


def _told_charge(history: CreditHistory, entry: CreditEntry) -> Sentence:
    number = int(entry.key.rpartition(":")[2])
    if CreditPolicy(entry.policy).waits_for_resolution:
        text = f"{_credits(-entry.amount)} charged (entry {entry.id}): the agent resolved it. {_silence(history, entry.at)}"
        return Sentence(at=entry.at, text=text, rule="CRED-4")
    replies = [one for one in history.said if one.is_charged_for and one.charge == number]
    if not replies:
        text = "for replies that failed and were sent again later, which was paid anew"
        return Sentence(
            at=entry.at, text=f"{_credits(-entry.amount)} charged (entry {entry.id}) {text}.", rule="CRED-2"
        )
    first = replies[0]
    why = f"reply {first.id} is the first that costs something, {_article(first.kind)}"
    if number > 1:
        why = f"the charge before was given back, and with reply {first.id}, {_article(first.kind)}, it is paid again"
    return Sentence(
        at=entry.at,
        text=f"{_credits(-entry.amount)} charged (entry {entry.id}): {why}. {_fates(replies)}",
        rule="CRED-1" if number == 1 else "CRED-2",
    )


def _told_reversal(history: CreditHistory, entry: CreditEntry) -> Sentence:
    back = f"{_credits(entry.amount)} given back (entry {entry.id}):"
    if CreditPolicy(entry.policy).waits_for_resolution:
        text = f"{back} the contact said that a reply did not help, so it was no resolution."
        return Sentence(at=entry.at, text=text, rule="CRED-4")
    number = int(entry.key.rpartition(":")[2])
    replies = [one for one in history.said if one.is_charged_for and one.charge == number]
    none = "none of its replies reached the contact" if replies else "its replies had failed"
    return Sentence(at=entry.at, text=f"{back} {none}.", rule="CRED-2")


def _later_replies(history: CreditHistory) -> Iterator[Sentence]:
    """That all after the first were free, where there were more."""
    replies = [one for one in history.said if one.is_charged_for and not one.is_lost]
    if len(replies) > 1:
        yield Sentence(
            at=None,
            text=f"The {len(replies)} replies that reached the contact cost this once: a conversation is charged once,"
            " also when a mail opens it again.",
            rule="CRED-2",
        )


def _why_free(history: CreditHistory, pricing: Pricing, at: datetime, *, has_paid: bool) -> Sentence:
    replies = [one for one in history.said if one.is_charged_for]
    if not replies:
        kinds = {one.kind for one in history.said if one.sender is Sender.AGENT}
        said = "the agent said nothing in it" if not kinds else f"the agent's messages were free: {_list(kinds)}"
        return Sentence(at=None, text=f"Nothing was charged: {said}.", rule="CRED-1")
    if pricing.policy.is_once_a_contact and has_paid:
        text = "Nothing was charged: the contact has paid for another conversation on the channel."
        return Sentence(at=None, text=text, rule="CRED-4")
    if pricing.policy.waits_for_resolution:
        return Sentence(at=None, text=f"Nothing was charged: {_why_unresolved(history, at)}.", rule="CRED-4")
    return Sentence(
        at=None, text=f"Nothing was charged, although reply {replies[0].id} costs something.", rule="CRED-1"
    )


def _why_unresolved(history: CreditHistory, at: datetime) -> str:
    involved = next((one for one in history.said if one.sender is Sender.PERSON), None)
    if involved is not None:
        return f"a person wrote in it (message {involved.id})"
    away = next((one for one in history.said if one.kind.value.startswith(("handoff", "out-of"))), None)
    if away is not None:
        return f"the agent gave it to people, or wanted to (message {away.id}, {away.reason or away.kind})"
    if is_disputed(history):
        return "the contact said that a reply did not help"
    if resolved_at(history, at) is not None:
        return "it is resolved, and the runner charges it at its next look, when there are credits for it"
    last = history.said[-1]
    if at - last.at < RESOLVED_AFTER:
        until = last.at + RESOLVED_AFTER
        return f"it counts as resolved after 72 hours of silence, not before {until:%Y-%m-%d %H:%M}"
    return "the agent did not answer what was asked, or people have the conversation"


def _silence(history: CreditHistory, by: datetime) -> str:
    moment = resolved_at(history, by)
    since = f" from {moment - RESOLVED_AFTER:%Y-%m-%d %H:%M} on" if moment else ""
    return f"It answered, nobody asked for a person, and 72 hours of silence followed{since}."


def _fates(replies: Sequence[Said]) -> str:
    fates = [f"{one.id} ({_DELIVERIES[one.delivery]})" for one in replies if one.delivery is not None]
    return f"It pays for {'reply' if len(fates) == 1 else 'replies'} {', '.join(fates)}."


def _article(kind: MessageKind) -> str:
    return f"an {kind.value}" if kind is MessageKind.ANSWER else f"a {kind.value}"


def _list(kinds: set[MessageKind]) -> str:
    return ", ".join(sorted(kind.value for kind in kinds))


def _credits(amount: int) -> str:
    return f"{amount} credit was" if amount == 1 else f"{amount} credits were"
