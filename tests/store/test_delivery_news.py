"""A provider tells of replies late, twice, in any order, and before we noted its id of them (CONV-2)."""

from __future__ import annotations

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
