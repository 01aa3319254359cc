"""What conversations cost (CRED-1), and by which version of the settings (CRED-4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from custagent.conversation.credits import (
    USUAL,
    Pricing,
    PricingInForce,
    charge_for,
    cost_by,
    is_to_be_charged_as_resolved,
    pricing_at,
    resolved_at,
)
from custagent.core.conversation import Charge, Outcome, Status
from custagent.core.credit import CreditPolicy
from custagent.core.credit_history import CreditHistory, Said
from custagent.core.message import DeliveryStatus, Message, MessageKind, Sender, Verdict
from custagent.testing import FrozenClock

CHARGED = {MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.REPHRASE}
BEGAN = FrozenClock().now()
HOUR = timedelta(hours=1)
RESOLUTION = Pricing(policy=CreditPolicy.RESOLUTION, price=50)


def message(kind: MessageKind, sender: Sender = Sender.AGENT) -> Message:
    return Message(conversation="c1", sender=sender, kind=kind, text="x", at=BEGAN)


@pytest.mark.parametrize("kind", MessageKind)
def test_answers_and_questions_back_cost_and_all_else_is_free(kind):
    charge = charge_for([message(MessageKind.DISCLOSURE), message(kind)])
    assert charge == (Charge(amount=100, policy="conversation") if kind in CHARGED else None)


def test_several_replies_cost_once():
    own = Charge(amount=7, policy="reopen-free")
    assert charge_for([message(MessageKind.ANSWER), message(MessageKind.CLARIFY)], own) is own


def test_what_people_say_is_free_whatever_it_is_called():
    assert charge_for([message(MessageKind.ANSWER, Sender.PERSON)]) is None


def test_a_turn_that_says_nothing_is_free():
    assert charge_for([]) is None


def test_what_it_costs_where_nothing_is_set():
    assert Charge(amount=100, policy="conversation") == USUAL
    assert Pricing() == pricing_at(BEGAN, ())


class TestTheVersionInForce:
    CHANGES = tuple(
        PricingInForce(since=BEGAN + hours * HOUR, pricing=Pricing(price=price))
        for hours, price in ((0, 100), (10, 70), (20, 50))
    )

    @pytest.mark.parametrize(("hours", "price"), [(0, 100), (9.999, 100), (10, 70), (19, 70), (20, 50), (99, 50)])
    def test_is_the_one_of_the_conversation_s_beginning(self, hours, price):
        assert pricing_at(BEGAN + hours * HOUR, self.CHANGES).price == price

    def test_what_began_before_the_first_goes_by_the_first(self):
        assert pricing_at(BEGAN - HOUR, self.CHANGES).price == 100

    def test_of_versions_that_a_clock_set_back_put_out_of_order_the_later_made_counts(self):
        one, two, _ = self.CHANGES
        assert pricing_at(BEGAN + 11 * HOUR, (two, one)).price == 100


def history(*said: tuple[MessageKind, float], status=Status.CLOSED, outcome=Outcome.ANSWERED, **given) -> CreditHistory:
    """A conversation with these messages, at so many hours after its beginning; all replies arrived."""
    lines = tuple(
        Said(
            id=number,
            sender=Sender.CONTACT
            if kind is MessageKind.INBOUND
            else Sender.PERSON
            if kind is MessageKind.PERSON
            else Sender.AGENT,
            kind=kind,
            reason="",
            at=BEGAN + hours * HOUR,
            delivery=None if kind is MessageKind.INBOUND else given.get("delivery", DeliveryStatus.SENT),
            verdict=given.get("verdict") if kind is MessageKind.ANSWER else None,
        )
        for number, (kind, hours) in enumerate(said, 1)
    )
    return CreditHistory(
        conversation="c1", channel="web", contact=1, opened_at=BEGAN, status=status, outcome=outcome, said=lines,
        entries=(),
    )  # fmt: skip


ASKED, ANSWERED = (MessageKind.INBOUND, 0), (MessageKind.ANSWER, 0)


def after(hours: float) -> datetime:
    return BEGAN + hours * HOUR


def test_a_resolution_is_one_at_exactly_72_hours():
    found = history(ASKED, ANSWERED)
    assert resolved_at(found, after(72) - timedelta(microseconds=1)) is None
    assert resolved_at(found, after(72)) == after(72)
    assert resolved_at(found, after(1000)) == after(72)


@pytest.mark.parametrize(
    "found",
    [
        history(ASKED),
        history(ASKED, (MessageKind.SMALL_TALK, 0)),
        history(ASKED, ANSWERED, (MessageKind.INBOUND, 1)),
        history(ASKED, ANSWERED, (MessageKind.CLARIFY, 1)),
        history(ASKED, (MessageKind.HANDOFF, 0), (MessageKind.ANSWER, 1)),
        history(ASKED, ANSWERED, (MessageKind.PERSON, 1), (MessageKind.ANSWER, 2)),
        history(ASKED, ANSWERED, (MessageKind.OUT_OF_CREDITS, 1)),
        history(ASKED, ANSWERED, status=Status.OPEN, outcome=None),
        history(ASKED, ANSWERED, outcome=Outcome.PERSON),
        history(ASKED, ANSWERED, delivery=DeliveryStatus.FAILED),
        history(ASKED, ANSWERED, delivery=DeliveryStatus.QUEUED),
    ],
)
def test_no_resolution(found):
    assert resolved_at(found, after(100)) is None
    assert cost_by(found, RESOLUTION, after(100), has_paid=False) == 0


def test_people_who_come_in_after_it_do_not_undo_it():
    found = history(ASKED, ANSWERED, (MessageKind.INBOUND, 80), (MessageKind.HANDOFF, 80), status=Status.OPEN)
    assert resolved_at(found, after(81)) == after(72)


@pytest.mark.parametrize(("verdict", "charged"), [(Verdict.UP, True), (Verdict.DOWN, False), (None, True)])
def test_a_verdict_decides(verdict, charged):
    found = history(ASKED, ANSWERED, verdict=verdict)
    assert is_to_be_charged_as_resolved(found, after(72)) is charged
    assert cost_by(found, RESOLUTION, after(72), has_paid=False) == (50 if charged else 0)


def test_a_policy_may_be_made_of_both(monkeypatch):
    monkeypatch.setattr("custagent.core.credit._ONCE_A_CONTACT", frozenset({CreditPolicy.RESOLUTION}))
    found = history(ASKED, ANSWERED)
    assert cost_by(found, RESOLUTION, after(72), has_paid=False) == 50
    assert cost_by(found, RESOLUTION, after(72), has_paid=True) == 0
    assert RESOLUTION.policy.words.format(price=50) == (
        "a conversation costs 50 credits once the agent has resolved it, unless the contact has paid on the channel before"
    )


def test_the_policies_side_by_side():
    found = history(ASKED, ANSWERED)
    reopen_free = Pricing(policy=CreditPolicy.REOPEN_FREE)
    assert cost_by(found, Pricing(price=30), after(1), has_paid=True) == 30
    assert cost_by(found, reopen_free, after(1), has_paid=False) == 100
    assert cost_by(found, reopen_free, after(1), has_paid=True) == 0
    assert cost_by(history(ASKED, ANSWERED, delivery=DeliveryStatus.FAILED), Pricing(), after(1), has_paid=False) == 0
