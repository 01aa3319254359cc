"""What every Outbox promises: in order, never backwards, never given up silently."""

from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, OutboundMessage

QUEUED, SENT, DELIVERED = DeliveryStatus.QUEUED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED
READ, FAILED, DROPPED = DeliveryStatus.READ, DeliveryStatus.FAILED, DeliveryStatus.DROPPED
OPEN = {"status": Status.OPEN}


def due(talk, *, limit: int = 99, busy: tuple[str, ...] = ()) -> list[str]:
    """What is due, by contact and text."""
    found = talk.outbox.due(talk.clock.now(), limit=limit, busy=busy)
    return [f"{each.contact_key}: {each.message.text}" for each in found]


def record(talk, outbound: int, status: DeliveryStatus, **given) -> None:
    talk.outbox.record(outbound, DeliveryReceipt(status=status, **given), talk.clock.now())


def test_replies_are_queued_and_contacts_messages_are_not(talk):
    begun = talk.hear(channel="chat", contact_key="k7")
    (reply,) = talk.answer(begun)
    (outbound,) = talk.outbox.due(talk.clock.now(), limit=9)
    assert outbound == OutboundMessage(id=outbound.id, message=reply, channel="chat", contact_key="k7", attempts=0)
    assert talk.outbox.waits(outbound.id)


def test_of_a_conversation_only_what_is_next(talk):
    for key in ("k1", "k2"):
        begun = talk.hear(contact_key=key)
        talk.answer(begun, MessageKind.DISCLOSURE, MessageKind.ANSWER)
        talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
    assert due(talk) == ["k1: 0 disclosure", "k2: 0 disclosure"]
    first = talk.outbox.due(talk.clock.now(), limit=1)[0]
    record(talk, first.id, SENT)
    assert due(talk) == ["k1: 1 answer", "k2: 0 disclosure"]
    record(talk, first.id + 1, FAILED)
    assert due(talk) == ["k1: 0 person", "k2: 0 disclosure"]
    record(talk, first.id + 2, DELIVERED)
    assert due(talk) == ["k2: 0 disclosure"]


def test_limit_and_those_under_way(talk):
    begun = [talk.hear(contact_key=f"k{number}") for number in range(4)]
    for each in begun:
        talk.answer(each)
    assert due(talk, limit=2) == ["k0: 0 answer", "k1: 0 answer"]
    assert due(talk, limit=0) == []
    busy = (begun[0].conversation.id, begun[2].conversation.id)
    assert due(talk, limit=2, busy=busy) == ["k1: 0 answer", "k3: 0 answer"]


class TestRetrying:
    def test_waits_and_holds_up_what_is_behind(self, talk):
        begun, other = talk.hear(), talk.hear(contact_key="k2")
        talk.answer(begun, MessageKind.DISCLOSURE, MessageKind.ANSWER)
        talk.answer(other)
        first = talk.outbox.due(talk.clock.now(), limit=1)[0]
        talk.outbox.retry(first.id, "The line is dead.", talk.clock.now() + timedelta(seconds=5))
        assert due(talk) == ["k2: 0 answer"]
        assert talk.outbox.waits(first.id)
        talk.clock.advance(seconds=5, microseconds=-1)
        assert due(talk) == ["k2: 0 answer"]
        talk.clock.advance(microseconds=1)
        assert due(talk) == ["k2: 0 answer", "k1: 0 disclosure"]
        assert [each.attempts for each in talk.outbox.due(talk.clock.now(), limit=9)] == [0, 1]

    def test_counts(self, talk):
        talk.answer(talk.hear())
        for attempts in range(3):
            (outbound,) = talk.outbox.due(talk.clock.now(), limit=9)
            assert outbound.attempts == attempts
            talk.outbox.retry(outbound.id, "busy", talk.clock.now())

    @pytest.mark.parametrize("days", [-1, 1])
    def test_a_clock_that_is_set_makes_nothing_wait_longer(self, talk, days):
        """R8: what was written or put off before the clock was set is tried at once, not a day later."""
        talk.answer(talk.hear())
        talk.clock.advance(days=days)
        (outbound,) = talk.outbox.due(talk.clock.now(), limit=9)
        talk.outbox.retry(outbound.id, "busy", talk.clock.now() + timedelta(seconds=5))
        assert due(talk) == []
        talk.clock.advance(days=days)
        assert due(talk) == ["k1: 0 answer"]

    def test_what_is_done_stays_done(self, talk):
        (reply,) = talk.answer(talk.hear())
        record(talk, reply.id, SENT)
        talk.outbox.retry(reply.id, "late", talk.clock.now())
        assert due(talk) == []
        assert not talk.outbox.waits(reply.id)


@pytest.mark.parametrize("before", list(DeliveryStatus))
def test_a_status_never_goes_back(talk, before):
    begun = talk.hear()
    replies = talk.answer(begun, *[MessageKind.ANSWER] * len(DeliveryStatus))
    for reply, after in zip(replies, DeliveryStatus, strict=True):
        record(talk, reply.id, before)
        record(talk, reply.id, after)
    goes_on = {QUEUED: set(DeliveryStatus), SENT: {DELIVERED, READ, FAILED}, DELIVERED: {READ}}.get(before, set())
    expected = [after if after in goes_on else before for after in DeliveryStatus]
    assert talk.outbox.statuses(begun.conversation.id) == dict(
        zip([reply.id for reply in replies], expected, strict=True)
    )
    assert [talk.outbox.waits(reply.id) for reply in replies] == [status is QUEUED for status in expected]


def test_a_person_who_takes_over_withdraws_what_the_agent_had_queued(talk):
    begun = talk.hear()
    _, second = talk.answer(begun, MessageKind.DISCLOSURE, MessageKind.ANSWER)
    record(talk, second.id - 1, SENT)
    talk.say(begun.conversation, MessageKind.PERSON, **OPEN, withdraws=True)
    assert due(talk) == ["k1: 0 person"]
    assert not talk.outbox.waits(second.id)


def test_without_withdrawing_everything_goes_out(talk):
    begun = talk.hear()
    talk.answer(begun)
    talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
    assert due(talk) == ["k1: 0 answer"]


def test_dropping_leaves_what_people_wrote_and_other_conversations(talk):
    begun, other = talk.hear(), talk.hear(contact_key="k2")
    (reply,) = talk.answer(begun)
    talk.answer(other)
    talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
    assert talk.outbox.drop_for(begun.conversation.id, talk.clock.now()) == (reply.id,)
    assert due(talk) == ["k2: 0 answer", "k1: 0 person"]
    assert talk.outbox.drop_for(begun.conversation.id, talk.clock.now()) == ()


def test_of_nothing(talk):
    now = talk.clock.now()
    assert talk.outbox.due(now, limit=9) == ()
    assert not talk.outbox.waits(7)
    with pytest.raises(UnknownName, match="no reply 7"):
        record(talk, 7, SENT)
    with pytest.raises(UnknownName, match="no reply 7"):
        talk.outbox.retry(7, "", now)


def test_with_a_lease_that_nobody_holds_nothing_is_written(talk):
    begun = talk.hear()
    (reply,) = talk.answer(begun)
    now = talk.clock.now()
    with pytest.raises(LeaseHeld):
        talk.outbox.record(reply.id, DeliveryReceipt(status=SENT), now, fence=7)
    with pytest.raises(LeaseHeld):
        talk.outbox.retry(reply.id, "", now, fence=7)
    with pytest.raises(LeaseHeld):
        talk.outbox.drop_for(begun.conversation.id, now, fence=7)
    (outbound,) = talk.outbox.due(now, limit=9)
    assert outbound.attempts == 0
