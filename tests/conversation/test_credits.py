"""What a turn costs (CRED-1)."""

from __future__ import annotations

import pytest

from custagent.conversation.credits import POLICY, PRICE, charge_for
from custagent.core.conversation import Charge
from custagent.core.message import Message, MessageKind, Sender
from custagent.testing import FrozenClock

CHARGED = {MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.REPHRASE}


def message(kind: MessageKind, sender: Sender = Sender.AGENT) -> Message:
    return Message(conversation="c1", sender=sender, kind=kind, text="x", at=FrozenClock().now())


@pytest.mark.parametrize("kind", MessageKind)
def test_answers_and_questions_back_cost_and_all_else_is_free(kind):
    charge = charge_for([message(MessageKind.DISCLOSURE), message(kind)])
    assert charge == (Charge(amount=100, policy="conversation") if kind in CHARGED else None)


def test_several_replies_cost_once():
    assert charge_for([message(MessageKind.ANSWER), message(MessageKind.CLARIFY)]) == Charge(
        amount=PRICE, policy=POLICY
    )


def test_what_people_say_is_free_whatever_it_is_called():
    assert charge_for([message(MessageKind.ANSWER, Sender.PERSON)]) is None


def test_a_turn_that_says_nothing_is_free():
    assert charge_for([]) is None
