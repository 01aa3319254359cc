"""What every Outbox promises: in order, never backwards, never given up silently."""

from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, OutboundMessage, RepliedTo

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
    asked = RepliedTo(external_id=outbound.replied_to.external_id, sent_at=begun.message.at)
    assert outbound == OutboundMessage(
        id=outbound.id, message=reply, channel="chat", contact_key="k7", attempts=0, replied_to=asked
    )
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


class TestHolding:
    def test_a_contact_waits_with_all_that_is_for_them_and_one_try_counts(self, talk):
        first, other = talk.hear(threading=talk.mail, channel="mail"), talk.hear(channel="mail", contact_key="k2")
        talk.answer(first)
        talk.say(first.conversation, status=Status.CLOSED)
        second = talk.hear(channel="mail")
        for begun in (second, other):
            talk.answer(begun)
        one = talk.outbox.due(talk.clock.now(), limit=1)[0]
        talk.outbox.retry(one.id, "too many", talk.clock.now() + timedelta(seconds=5), whole_contact=True)
        assert first.conversation.id != second.conversation.id
        assert due(talk) == ["k2: 0 answer"]
        talk.clock.advance(seconds=5)
        waiting = talk.outbox.due(talk.clock.now(), limit=9)
        assert sorted((each.contact_key, each.attempts) for each in waiting) == [("k1", 0), ("k1", 1), ("k2", 0)]

    def test_a_channel_waits_and_no_try_counts(self, talk):
        for key, channel in (("k1", "chat"), ("k2", "chat"), ("k3", "other")):
            talk.answer(talk.hear(contact_key=key, channel=channel))
        until = talk.clock.now() + timedelta(seconds=5)
        talk.outbox.hold("chat", "the provider is away", until)
        assert due(talk) == ["k3: 0 answer"]
        talk.clock.advance(seconds=5)
        assert [each.attempts for each in talk.outbox.due(talk.clock.now(), limit=9)] == [0, 0, 0]

    def test_what_waits_longer_by_itself_still_does(self, talk):
        replies = [talk.answer(talk.hear(contact_key=key))[0] for key in ("k1", "k2")]
        now = talk.clock.now()
        talk.outbox.retry(replies[0].id, "busy", now + timedelta(seconds=60))
        talk.outbox.hold("chat", "the provider is away", now + timedelta(seconds=5))
        talk.outbox.resume("chat", now + timedelta(seconds=5))
        assert due(talk) == ["k2: 0 answer"]
        talk.clock.advance(seconds=60)
        assert due(talk) == ["k2: 0 answer", "k1: 0 answer"]

    def test_resuming_reaches_what_was_held_until_then_alone(self, talk):
        for key, channel in (("k1", "chat"), ("k2", "other")):
            talk.answer(talk.hear(contact_key=key, channel=channel))
        until = talk.clock.now() + timedelta(seconds=5)
        for channel in ("chat", "other"):
            talk.outbox.hold(channel, "away", until)
        talk.outbox.resume("chat", until - timedelta(seconds=1))
        assert due(talk) == []
        talk.outbox.resume("chat", until)
        assert due(talk) == ["k1: 0 answer"]

    def test_resting_channels_are_left_out(self, talk):
        for key, channel in (("k1", "chat"), ("k2", "other"), ("k3", "third")):
            talk.answer(talk.hear(contact_key=key, channel=channel))
        found = talk.outbox.due(talk.clock.now(), limit=9, resting=("chat", "third"))
        assert [each.contact_key for each in found] == ["k2"]

    def test_what_is_too_old_is_given_up_on_its_channel(self, talk):
        old = talk.answer(talk.hear())[0]
        talk.clock.advance(hours=1)
        young = talk.answer(talk.hear(contact_key="k2"))[0]
        elsewhere = talk.answer(talk.hear(contact_key="k3", channel="other"))[0]
        assert talk.outbox.expire("chat", old.at, "away for too long", talk.clock.now()) == (old.id,)
        assert talk.outbox.expire("chat", old.at, "away for too long", talk.clock.now()) == ()
        assert [talk.outbox.waits(each.id) for each in (old, young, elsewhere)] == [False, True, True]
        assert talk.outbox.statuses(old.conversation) == {old.id: FAILED}


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
    with pytest.raises(LeaseHeld):
        talk.outbox.hold("chat", "", now + timedelta(hours=1), fence=7)
    with pytest.raises(LeaseHeld):
        talk.outbox.resume("chat", now, fence=7)
    with pytest.raises(LeaseHeld):
        talk.outbox.expire("chat", now, "", now, fence=7)
    (outbound,) = talk.outbox.due(now, limit=9)
    assert outbound.attempts == 0


class TestClaims:
    """What is being sent is not sent by anybody else, and what was being sent when a runner ended waits for news (R3, R4)."""

    @pytest.fixture
    def owed(self, talk):
        """A reply that is due."""
        (reply,) = talk.answer(talk.hear())
        return reply.id

    def test_nobody_else_sends_it_meanwhile(self, talk, owed):
        until = talk.clock.now() + timedelta(minutes=2)
        assert talk.outbox.claim(owed, until)
        assert talk.outbox.due(talk.clock.now(), limit=9) == ()
        assert talk.outbox.waits(owed)
        assert [one.id for one in talk.outbox.due(until, limit=9)] == [owed]

    def test_what_was_not_sent_for_sure_is_due_again(self, talk, owed):
        talk.outbox.claim(owed, talk.clock.now() + timedelta(minutes=2))
        talk.outbox.unclaim(owed)
        assert [one.id for one in talk.outbox.due(talk.clock.now(), limit=9)] == [owed]

    def test_what_does_not_wait_any_more_is_not_claimed(self, talk, owed):
        talk.outbox.record(owed, DeliveryReceipt(status=SENT), talk.clock.now())
        assert not talk.outbox.claim(owed, talk.clock.now() + timedelta(minutes=2))
        talk.outbox.unclaim(owed)
        assert not talk.outbox.waits(owed)

    def test_after_a_crash_it_waits_for_news_once(self, talk, owed):
        now = talk.clock.now()
        talk.outbox.claim(owed, now + timedelta(minutes=2))
        assert talk.outbox.take_over(now + timedelta(seconds=5)) == 1
        # The next one ends as well: the reply waits no longer for that.
        assert talk.outbox.take_over(now + timedelta(seconds=9)) == 0
        assert talk.outbox.due(now + timedelta(seconds=4), limit=9) == ()
        assert [one.id for one in talk.outbox.due(now + timedelta(seconds=5), limit=9)] == [owed]

    def test_what_waits_for_another_reason_is_left_alone(self, talk, owed):
        talk.outbox.retry(owed, "away", talk.clock.now() + timedelta(hours=1))
        talk.outbox.unclaim(owed)
        assert talk.outbox.take_over(talk.clock.now()) == 0
        assert talk.outbox.due(talk.clock.now(), limit=9) == ()

    def test_one_that_has_lost_the_lease_claims_nothing(self, talk, owed):
        now = talk.clock.now()
        for write in (
            lambda: talk.outbox.claim(owed, now, fence=7),
            lambda: talk.outbox.unclaim(owed, fence=7),
            lambda: talk.outbox.take_over(now, fence=7),
        ):
            with pytest.raises(LeaseHeld):
                write()
