"""Charges whose replies never arrived are given back (CRED-2); dead letters are seen; receipts find their reply."""

import pytest

from custagent.core.conversation import Status
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind

ANSWER, CLARIFY, PERSON = MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.PERSON
SENT, DELIVERED = DeliveryStatus.SENT, DeliveryStatus.DELIVERED
FAILED, DROPPED = DeliveryStatus.FAILED, DeliveryStatus.DROPPED


@pytest.fixture
def record(store, clock):
    def record(message, status, **given):
        store.outbox.record(message.id, DeliveryReceipt(status=status, **given), clock.now())

    return record


def kinds(store):
    return [entry.kind.value for entry in store.ledger.entries()]


class TestReversal:
    @pytest.mark.parametrize("lost", [FAILED, DROPPED])
    def test_when_every_charged_reply_is_lost(self, store, desk, record, lost):
        conversation = desk.hear().conversation
        greeting, clarify = desk.say(conversation, MessageKind.GREETING, CLARIFY)
        (answer,) = desk.say(conversation, ANSWER)
        record(greeting, SENT)
        record(clarify, lost)
        assert kinds(store) == ["charge"], "the other one may still arrive"
        record(answer, FAILED)
        assert kinds(store) == ["charge", "reversal"]
        assert store.ledger.balance() == 0
        record(answer, FAILED)
        record(clarify, DROPPED)
        assert kinds(store) == ["charge", "reversal"]

    def test_not_when_one_arrived(self, store, desk, record):
        conversation = desk.hear().conversation
        one, two = desk.say(conversation, ANSWER, ANSWER)
        record(one, DELIVERED)
        record(two, FAILED)
        record(one, FAILED)
        assert kinds(store) == ["charge"]

    def test_when_the_provider_takes_it_first_and_gives_up_later(self, store, desk, record):
        (answer,) = desk.say(desk.hear().conversation, ANSWER)
        record(answer, SENT)
        record(answer, FAILED)
        assert kinds(store) == ["charge", "reversal"]

    def test_not_for_replies_that_are_free(self, store, desk, record):
        conversation = desk.hear().conversation
        (answer,) = desk.say(conversation, ANSWER)
        handoff, person = desk.say(conversation, MessageKind.HANDOFF, PERSON, status=Status.OPEN)
        record(handoff, FAILED)
        record(person, FAILED)
        assert kinds(store) == ["charge"]
        record(answer, FAILED)
        assert kinds(store) == ["charge", "reversal"]

    def test_a_later_reply_charges_again_and_can_be_lost_again(self, store, desk, record):
        conversation = desk.hear().conversation
        for _ in range(3):
            (answer,) = desk.say(conversation, ANSWER)
            record(answer, FAILED)
        (answer,) = desk.say(conversation, ANSWER)
        record(answer, SENT)
        assert kinds(store) == ["charge", "reversal"] * 3 + ["charge"]
        assert store.ledger.balance() == -100
        assert store.ledger.verify() is None

    def test_when_a_person_takes_over_before_anything_went_out(self, store, desk):
        conversation = desk.hear().conversation
        desk.say(conversation, MessageKind.DISCLOSURE, ANSWER)
        desk.say(conversation, PERSON, status=Status.OPEN, withdraws=True)
        assert kinds(store) == ["charge", "reversal"]
        assert list(store.outbox.statuses(conversation.id).values()) == [DROPPED, DROPPED, DeliveryStatus.QUEUED]

    def test_by_dropping(self, store, desk, clock):
        conversation = desk.hear().conversation
        desk.say(conversation, ANSWER)
        store.outbox.drop_for(conversation.id, clock.now())
        assert kinds(store) == ["charge", "reversal"]

    def test_each_conversation_for_itself(self, store, desk, record):
        (one,), (_,) = [desk.say(desk.hear(key=key).conversation, ANSWER) for key in ("k1", "k2")]
        record(one, FAILED)
        assert [entry.conversation for entry in store.ledger.entries()][::2] == [one.conversation] * 2

    def test_a_charge_that_was_given_back_by_hand_is_not_given_back_twice(self, store, desk, record, clock):
        (answer,) = desk.say(desk.hear().conversation, ANSWER)
        store.ledger.reverse(answer.conversation, clock.now())
        record(answer, FAILED)
        assert kinds(store) == ["charge", "reversal"]

    def test_the_charge_of_later_replies_is_not_given_back_for_earlier_ones(self, store, desk, record, clock):
        conversation = desk.hear().conversation
        (early,) = desk.say(conversation, ANSWER)
        store.ledger.reverse(conversation.id, clock.now())
        desk.say(conversation, ANSWER)
        record(early, FAILED)
        assert kinds(store) == ["charge", "reversal", "charge"]


def test_dead_letters_newest_first(store, desk, record, clock):
    one, two, _ = desk.say(desk.hear().conversation, ANSWER, ANSWER, ANSWER)
    record(two, FAILED, error="The number is gone.")
    clock.advance(hours=1)
    record(one, FAILED, error="Blocked.")
    two_letter, one_letter = store.outbox.dead_letters()
    assert (two_letter.outbound.message, two_letter.error) == (two, "The number is gone.")
    assert (one_letter.outbound.contact_key, one_letter.error, one_letter.at) == ("k1", "Blocked.", clock.now())
    assert store.outbox.dead_letters(limit=1) == (two_letter,)


def test_a_receipt_finds_its_reply(store, desk, record):
    one, two = desk.say(desk.hear().conversation, ANSWER, ANSWER)
    record(one, SENT, external_id="wamid.1")
    assert store.outbox.sent_as("chat", "wamid.1") == one.id
    assert store.outbox.sent_as("mail", "wamid.1") is None
    assert store.outbox.sent_as("chat", "wamid.2") is None
    assert store.outbox.sent_as("chat", "") is None
    record(two, DELIVERED)
    record(two, SENT, external_id="wamid.2")
    assert store.outbox.sent_as("chat", "wamid.2") == two.id, "a receipt may come before our own note of sending"
    record(two, DeliveryStatus.READ, external_id="wamid.3")
    assert store.outbox.sent_as("chat", "wamid.2") == two.id
    assert store.outbox.sent_as("chat", "wamid.3") is None


def test_what_was_sent_long_ago_slows_nothing_down(database):
    queries = {
        "SELECT message FROM outbox WHERE status = 'queued'": "outbox_queued",
        "SELECT 1 FROM outbox WHERE charge = 1 AND status NOT IN ('failed', 'dropped')": "outbox_by_charge",
        "SELECT message FROM outbox WHERE channel = 'c' AND external_id = 'x' AND external_id <> ''": (
            "outbox_by_external_id"
        ),
        "SELECT message FROM outbox WHERE status = 'failed' ORDER BY message DESC": "outbox_failed",
    }
    for query, index in queries.items():
        plan = database.read(
            lambda connection, query=query: connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        )
        assert [index in row[3] for row in plan] == [True], plan
