"""What is charged, when, and what is not, by each policy (CRED-1 to CRED-4), in the transaction of the turn."""

from __future__ import annotations

import pytest

from custagent.core.conversation import Charge
from custagent.core.credit import CreditTerms
from custagent.core.errors import OutOfCredits
from custagent.core.message import DeliveryStatus, MessageKind

TERMS = CreditTerms(policy="conversation", price=100, timezone="UTC", allowance=100)
CONVERSATION = Charge(amount=100, policy="conversation")
REOPEN_FREE = Charge(amount=100, policy="reopen-free")
RESOLUTION = Charge(amount=50, policy="resolution")
ANSWER = MessageKind.ANSWER


def limited(charge: Charge) -> Charge:
    return Charge(amount=charge.amount, policy=charge.policy, terms=TERMS)


class TestOutOfCredits:
    def test_the_turn_is_not_written_at_all(self, store, desk):
        first, second = desk.hear(key="k1").conversation, desk.hear(key="k2").conversation
        desk.say(first, ANSWER, charge=limited(CONVERSATION))
        before = store.conversations.messages(second.id)
        with pytest.raises(OutOfCredits):
            desk.say(second, ANSWER, charge=limited(CONVERSATION))
        assert store.conversations.messages(second.id) == before
        assert store.outbox.statuses(second.id) == {}
        assert desk.now(second).version == second.version
        assert store.ledger.balance() == 0
        assert store.ledger.verify() is None

    def test_a_charged_conversation_goes_on_at_zero(self, store, desk):
        conversation = desk.hear().conversation
        desk.say(conversation, ANSWER, charge=limited(CONVERSATION))
        desk.say(conversation, ANSWER, charge=limited(CONVERSATION))
        assert len(store.ledger.entries_of(conversation.id)) == 1

    def test_a_reply_that_fails_gives_room_to_the_next(self, desk, fate, amounts):
        first, second = desk.hear(key="k1").conversation, desk.hear(key="k2").conversation
        (reply,) = desk.say(first, ANSWER, charge=limited(CONVERSATION))
        fate(reply.id, DeliveryStatus.FAILED)
        desk.say(second, ANSWER, charge=limited(CONVERSATION))
        assert amounts() == [(-100, "conversation"), (100, "conversation"), (-100, "conversation")]


class TestReopenFree:
    def test_a_contact_pays_once_on_a_channel(self, store, desk, later, amounts):
        first = desk.hear().conversation
        desk.say(first, ANSWER, charge=REOPEN_FREE)
        later(24)
        second = desk.hear().conversation
        assert second.id != first.id
        desk.say(second, ANSWER, charge=limited(REOPEN_FREE))
        assert amounts() == [(-100, "reopen-free")]
        assert store.credit_histories.has_paid_elsewhere(second.id)
        assert not store.credit_histories.has_paid_elsewhere(first.id)

    def test_another_contact_and_another_channel_pay(self, desk, amounts):
        for key, channel in (("k1", "chat"), ("k2", "chat"), ("k1", "mail")):
            desk.say(desk.hear(key=key, channel=channel).conversation, ANSWER, charge=REOPEN_FREE)
        assert len(amounts()) == 3

    def test_what_was_given_back_was_not_paid(self, desk, later, fate, amounts):
        (reply,) = desk.say(desk.hear().conversation, ANSWER, charge=REOPEN_FREE)
        fate(reply.id, DeliveryStatus.FAILED)
        later(24)
        desk.say(desk.hear().conversation, ANSWER, charge=REOPEN_FREE)
        assert amounts() == [(-100, "reopen-free"), (100, "reopen-free"), (-100, "reopen-free")]

    def test_by_the_other_policy_the_same_contact_pays_again(self, desk, later, amounts):
        desk.say(desk.hear().conversation, ANSWER, charge=CONVERSATION)
        later(24)
        desk.say(desk.hear().conversation, ANSWER, charge=CONVERSATION)
        assert len(amounts()) == 2

    def test_a_mail_that_reopens_costs_nothing_more_by_any_policy(self, desk, later, amounts):
        first = desk.hear(channel="mail").conversation
        desk.say(first, ANSWER, charge=CONVERSATION)
        later(72)
        again = desk.hear(channel="mail").conversation
        assert again.id == first.id
        desk.say(again, ANSWER, charge=CONVERSATION)
        assert len(amounts()) == 1


class TestSendingAgain:
    @pytest.fixture
    def dead(self, desk, fate):
        """A reply that failed; its charge was given back."""
        (reply,) = desk.say(desk.hear().conversation, ANSWER, charge=CONVERSATION)
        fate(reply.id, DeliveryStatus.FAILED)
        return reply.id

    def test_charges_again(self, store, dead, clock, fate, amounts):
        store.undelivered.retry(dead, clock.now(), charge=CONVERSATION)
        assert [amount for amount, _ in amounts()] == [-100, 100, -100]
        fate(dead, DeliveryStatus.FAILED)
        assert [amount for amount, _ in amounts()] == [-100, 100, -100, 100]

    def test_needs_room(self, store, desk, dead, clock):
        desk.say(desk.hear(key="k2").conversation, ANSWER, charge=limited(CONVERSATION))
        with pytest.raises(OutOfCredits):
            store.undelivered.retry(dead, clock.now(), charge=limited(CONVERSATION))
        assert DeliveryStatus.FAILED in store.outbox.statuses(desk.hear(key="k1").conversation.id).values()

    def test_a_charge_that_stands_is_enough(self, store, desk, fate, clock, amounts):
        conversation = desk.hear().conversation
        lost, _ = desk.say(conversation, ANSWER, ANSWER, charge=CONVERSATION)
        fate(lost.id, DeliveryStatus.FAILED)
        store.undelivered.retry(lost.id, clock.now(), charge=CONVERSATION)
        assert [amount for amount, _ in amounts()] == [-100]

    def test_a_free_reply_stays_free(self, store, desk, fate, clock, amounts):
        (reply,) = desk.say(desk.hear().conversation, MessageKind.SMALL_TALK)
        fate(reply.id, DeliveryStatus.FAILED)
        store.undelivered.retry(reply.id, clock.now(), charge=CONVERSATION)
        assert amounts() == []

    def test_by_resolution_nothing_is_charged_for_it(self, store, desk, fate, clock, amounts):
        (reply,) = desk.say(desk.hear().conversation, ANSWER, charge=RESOLUTION)
        fate(reply.id, DeliveryStatus.FAILED)
        store.undelivered.retry(reply.id, clock.now(), charge=RESOLUTION)
        assert amounts() == []


def test_only_what_is_asked_for_is_read(store, desk, clock):
    conversations = [desk.hear(key=f"k{number}").conversation for number in range(5)]
    for conversation in conversations:
        desk.say(conversation, ANSWER)
    every = store.ledger.entries()
    assert store.ledger.latest(2) == every[-2:]
    assert store.ledger.latest(0) == ()
    assert store.ledger.latest(99) == every
    assert store.ledger.entries_of(conversations[2].id) == every[2:3]
    assert store.ledger.entry(every[1].key) == every[1]
    assert store.ledger.entry("nothing") is None


def test_entries_of_conversations_that_are_not_there(store, desk, clock):
    desk.say(desk.hear().conversation, ANSWER)
    stray = store.ledger.charge("nowhere", CONVERSATION, clock.now())
    assert store.ledger.strays() == (stray,)
