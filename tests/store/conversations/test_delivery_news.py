"""A provider tells of replies late, twice, in any order, and before we noted its id of them (CONV-2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from custagent.core.errors import LeaseHeld
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, MessageKind

SENT = DeliveryStatus.SENT


@pytest.fixture
def waiting(desk):
    """A reply that waits, by its id."""
    (reply,) = desk.say(desk.hear().conversation, MessageKind.ANSWER)
    return reply.id


@pytest.fixture
def sent(desk, waiting):
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now())
    return waiting


def tell(desk, status, *, external_id="w1", outbound=0, channel="chat", fence=0):
    """Told twice; how often it was known."""
    receipt = DeliveryReceipt(status=DeliveryStatus(status), external_id=external_id)
    update = DeliveryUpdate(channel=channel, receipt=receipt, outbound=outbound)
    return desk.store.outbox.note_all_soon([update, update], desk.clock.now(), fence=fence).result()


def status(desk, reply):
    (conversation,) = desk.store.conversations.list()
    return desk.store.outbox.statuses(conversation.id)[reply]


@pytest.mark.parametrize("known", ["its id", "ours", "ours, with an id never heard of"])
def test_it_goes_on_and_never_back(desk, sent, known):
    named = {} if known == "its id" else {"outbound": sent}
    named |= {"external_id": "w7"} if "never" in known else {}
    for told in ("read", "sent", "delivered", "failed"):
        assert tell(desk, told, **named) == 2
        assert status(desk, sent) == "read"


def test_it_may_come_before_our_own_note(desk, waiting):
    assert tell(desk, "delivered", outbound=waiting) == 2
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now())
    assert status(desk, waiting) == "delivered"


def test_what_was_being_sent_when_a_runner_ended_is_not_sent_again_once_it_is_told_of(desk, waiting):
    desk.store.outbox.claim(waiting, desk.clock.now())
    desk.store.outbox.take_over(desk.clock.now())
    tell(desk, "sent", outbound=waiting)
    desk.clock.advance(hours=1)
    assert desk.store.outbox.due(desk.clock.now(), limit=9) == ()


def test_that_one_of_two_copies_failed_says_nothing_of_the_other(desk, sent):
    assert tell(desk, "failed", external_id="w2", outbound=sent) == 2
    assert status(desk, sent) == "sent"
    tell(desk, "failed")
    assert status(desk, sent) == "failed"


@pytest.mark.parametrize("stranger", ["an id", "another channel's", "a number"])
def test_of_a_reply_that_is_none_of_ours_nothing_is_written(desk, sent, stranger):
    named = {
        "an id": {"external_id": "w9"},
        "another channel's": {"outbound": sent, "channel": "mail"},
        "a number": {"outbound": 99, "external_id": ""},
    }[stranger]
    assert tell(desk, "failed", **named) == 0
    assert status(desk, sent) == "sent"


def test_one_that_has_lost_the_lease_writes_nothing(desk, sent):
    with pytest.raises(LeaseHeld):
        tell(desk, "read", fence=7)
    assert status(desk, sent) == "sent"


def note(desk, *updates):
    return desk.store.outbox.note_all_soon(updates, desk.clock.now()).result()


def by_id(status, external_id="w1", **more):
    return DeliveryUpdate(
        channel="chat", receipt=DeliveryReceipt(status=DeliveryStatus(status), external_id=external_id), **more
    )


def until(desk, status, seconds=0.0, *, key="k1", channel="chat"):
    return DeliveryUpdate(
        channel=channel,
        receipt=DeliveryReceipt(status=DeliveryStatus(status)),
        until=desk.clock.now() + timedelta(seconds=seconds),
        contact_key=key,
    )


@pytest.mark.parametrize(("told", "final"), [
    (["delivered"], "delivered"), (["read", "delivered"], "read"), (["delivered", "read"], "read"),
    (["failed", "delivered"], "failed"), (["delivered", "failed"], "delivered"),
])  # fmt: skip
def test_what_is_told_of_an_id_before_we_noted_it_waits_for_the_note(desk, waiting, told, final):
    for one in told:
        assert tell(desk, one) == 0
    assert status(desk, waiting) == "queued"
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now())
    assert status(desk, waiting) == final


def test_what_is_told_of_an_id_before_its_echo_waits_for_the_echo(desk, waiting):
    tell(desk, "delivered")
    tell(desk, "sent", outbound=waiting)
    assert status(desk, waiting) == "delivered"


def test_what_is_told_of_a_piece_before_its_echo_waits_for_it(desk, waiting):
    note(desk, by_id("read", "p2"), by_id("read", "p1"))
    note(desk, by_id("sent", "p1", outbound=waiting, part=0, last=False))
    assert status(desk, waiting) == "queued"
    note(desk, by_id("sent", "p2", outbound=waiting, part=1))
    assert status(desk, waiting) == "read"


def test_what_is_told_of_an_id_waits_for_a_day_and_on_its_own_channel(desk, waiting):
    tell(desk, "read", channel="mail")
    tell(desk, "delivered")
    desk.clock.advance(hours=25)
    tell(desk, "delivered", external_id="w9")
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now())
    assert status(desk, waiting) == "sent"


def test_all_that_had_gone_out_to_the_contact_by_then_has_come_as_far(desk, sent):
    (other,) = desk.say(desk.hear(key="k2").conversation, MessageKind.ANSWER)
    (waits,) = desk.say(desk.hear().conversation, MessageKind.ANSWER)
    desk.store.outbox.record(other.id, DeliveryReceipt(status=SENT, external_id="w2"), desk.clock.now())
    assert note(desk, until(desk, "read"), until(desk, "delivered"), until(desk, "read")) == 3
    reached = desk.store.outbox.statuses(desk.store.conversations.message(sent).conversation)
    assert reached == {sent: "read", waits.id: "queued"}
    assert desk.store.outbox.statuses(other.conversation) == {other.id: "sent"}


def test_what_went_out_afterwards_has_not(desk, sent):
    assert note(desk, until(desk, "read", -0.001)) == 1
    assert status(desk, sent) == "sent"


@pytest.mark.parametrize("stranger", [{"key": "k9"}, {"channel": "mail"}])
def test_of_a_contact_that_nobody_knows_nothing_is_written(desk, sent, stranger):
    assert note(desk, until(desk, "read", **stranger)) == 0
    assert status(desk, sent) == "sent"


def test_when_it_was_sent_is_told_by_the_echo_whatever_our_clock_says(desk, sent):
    then = desk.clock.now() - timedelta(seconds=5)
    note(desk, until(desk, "read", -5))
    assert status(desk, sent) == "sent"
    note(desk, by_id("sent", sent_at=then))
    assert status(desk, sent) == "read"


@pytest.mark.parametrize("order", list(permutations(["echo", "note", "delivered", "read"])))
def test_a_reply_ends_as_read_in_whatever_order_it_is_told(desk, waiting, order):
    accepted = desk.clock.now()
    steps = {
        "echo": lambda: note(desk, by_id("sent", outbound=waiting, sent_at=accepted)),
        "note": lambda: desk.store.outbox.record(
            waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now()
        ),
        "delivered": lambda: note(desk, by_id("delivered")),
        "read": lambda: note(desk, read),
    }
    read = until(desk, "read")
    for step in order:
        desk.clock.advance(seconds=1)
        steps[step]()
    assert status(desk, waiting) == "read"


def test_a_reply_that_is_sent_once_more_is_not_read_by_what_was_told_before(desk, waiting):
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w1"), desk.clock.now())
    tell(desk, "failed")
    note(desk, until(desk, "read", 1))
    desk.clock.advance(seconds=2)
    desk.store.undelivered.retry(waiting, desk.clock.now(), charge=desk.CHARGE)
    desk.store.outbox.record(waiting, DeliveryReceipt(status=SENT, external_id="w2"), desk.clock.now())
    assert status(desk, waiting) == "sent"


def test_how_far_a_contact_has_read_goes_with_the_contact(desk, sent):
    note(desk, until(desk, "read"))
    erasure = desk.store.erasure
    (contact,) = erasure.find("k1")
    conversations = erasure.conversations_of([contact.id])
    assert len(erasure.rows_of([contact.id], conversations)["watermarks"]) == 1
    erasure.erase([contact.id], conversations, desk.clock.now())
    assert erasure.rows_of([contact.id], conversations)["watermarks"] == []
    assert status(desk, sent) == "read"
