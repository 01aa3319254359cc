"""Replies that have not arrived, as people see them, try them again and give them up (CRED-2, HND-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.errors import Overtaken, UnknownName
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind
from custagent.core.record import AuditEntry
from custagent.store.conversations.undelivered import ReplyState

ANSWER, PERSON, HANDOFF = MessageKind.ANSWER, MessageKind.PERSON, MessageKind.HANDOFF
WAITING, PUT_OFF, LOST = ReplyState.WAITING, ReplyState.PUT_OFF, ReplyState.FAILED


@pytest.fixture
def fail(store, clock):
    def fail(message, error="The number is gone."):
        receipt = DeliveryReceipt(status=DeliveryStatus.FAILED, external_id=f"p{message.id}", error=error)
        store.outbox.record(message.id, receipt, clock.now())

    return fail


@pytest.fixture
def listed(store, clock):
    def listed(**given):
        return [(one.id, one.state, one.attempts, one.error) for one in store.undelivered.list(clock.now(), **given)]

    return listed


def amounts(store):
    return [entry.amount for entry in store.ledger.entries()]


def audit(clock, action):
    return AuditEntry(at=clock.now(), actor="anna", action=action, subject="reply 1")


class TestList:
    def test_what_waits_is_put_off_or_failed(self, store, desk, fail, listed, clock):
        one, two, three = desk.say(desk.hear().conversation, ANSWER, ANSWER, ANSWER)
        (sent,) = desk.say(desk.hear(key="k2").conversation, ANSWER)
        store.outbox.record(sent.id, DeliveryReceipt(status=DeliveryStatus.SENT), clock.now())
        store.outbox.retry(one.id, "The line is dead.", clock.now() + timedelta(seconds=5))
        fail(two)
        assert listed() == [
            (one.id, PUT_OFF, 1, "The line is dead."), (two.id, LOST, 0, "The number is gone."), (three.id, WAITING, 0, "")
        ]  # fmt: skip
        for state, ids in ((WAITING, [three.id]), (PUT_OFF, [one.id]), (LOST, [two.id])):
            assert [row[0] for row in listed(state=state)] == ids
        (put_off,) = store.undelivered.list(clock.now(), state=PUT_OFF)
        assert put_off.next_at == clock.now() + timedelta(seconds=5)
        assert (put_off.kind, put_off.sender.value, put_off.channel, put_off.written_at) == (
            ANSWER, "agent", "chat", one.at
        )  # fmt: skip
        clock.advance(seconds=5)
        assert [row[:2] for row in listed(state=WAITING)] == [(one.id, WAITING), (three.id, WAITING)]
        assert listed(state=PUT_OFF) == []

    def test_a_clock_that_was_set_back_leaves_nothing_put_off(self, store, desk, listed, clock):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        store.outbox.retry(one.id, "busy", clock.now() + timedelta(seconds=5))
        clock.advance(days=-1)
        assert [row[:2] for row in listed()] == [(one.id, WAITING)]
        assert listed(state=PUT_OFF) == []
        assert [row[:2] for row in listed(state=WAITING)] == [(one.id, WAITING)]

    def test_what_is_being_sent_waits_and_is_not_begun_again(self, store, desk, listed, clock):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        assert store.outbox.claim(one.id, clock.now() + timedelta(minutes=2))
        assert listed() == listed(state=WAITING) == [(one.id, WAITING, 0, "it is being sent")]
        assert listed(state=PUT_OFF) == []
        store.undelivered.retry(one.id, clock.now())
        store.outbox.hold("chat", "away", clock.now() + timedelta(hours=1))
        assert store.outbox.due(clock.now(), limit=9) == ()
        assert listed() == [(one.id, WAITING, 0, "it is being sent")]

    def test_by_channel_and_the_last_so_many_in_order(self, desk, listed):
        ids = [desk.say(desk.hear(key=key).conversation, ANSWER)[0].id for key in ("k1", "k2", "k3")]
        (mail,) = desk.say(desk.hear(channel="mail").conversation, ANSWER)
        assert [row[0] for row in listed(channel="mail")] == [mail.id]
        assert [row[0] for row in listed(channel="fax")] == []
        assert [row[0] for row in listed(channel="chat", limit=2)] == ids[1:]
        assert [row[0] for row in listed(limit=0)] == []


class TestRetry:
    def test_a_dead_letter_is_as_if_it_had_never_been_tried(self, store, desk, fail, listed, clock):
        one, two = desk.say(desk.hear().conversation, ANSWER, ANSWER)
        store.outbox.retry(one.id, "busy", clock.now())
        fail(one)
        clock.advance(hours=1)
        store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE, audit=audit(clock, "outbox retry"))
        assert listed() == [(one.id, WAITING, 0, ""), (two.id, WAITING, 0, "")]
        assert [each.id for each in store.outbox.due(clock.now(), limit=9)] == [one.id]
        assert store.outbox.sent_as("chat", f"p{one.id}") is None, "a late receipt is about the try before"
        assert [entry.action for entry in store.audit.entries(9)] == ["outbox retry"]

    def test_a_charge_that_went_back_is_made_again_and_can_go_back_again(self, store, desk, fail, clock):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        for _ in range(2):
            fail(one)
            store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE)
        assert amounts(store) == [-100, 100, -100, 100, -100]
        store.outbox.record(one.id, DeliveryReceipt(status=DeliveryStatus.DELIVERED), clock.now())
        assert store.ledger.balance() == -100

    def test_a_charge_that_stands_is_not_made_twice_and_pays_for_it_too(self, store, desk, fail, clock):
        one, two = desk.say(desk.hear().conversation, ANSWER, ANSWER)
        fail(one)
        store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE)
        assert amounts(store) == [-100]
        fail(two)
        assert amounts(store) == [-100], "the one that was put back may still arrive"
        fail(one)
        assert amounts(store) == [-100, 100]

    def test_a_free_reply_stays_free(self, store, desk, fail, clock):
        (one,) = desk.say(desk.hear().conversation, MessageKind.GREETING)
        fail(one)
        store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE)
        assert amounts(store) == []

    def test_what_is_put_off_goes_out_at_once(self, store, desk, clock, listed):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        store.outbox.retry(one.id, "busy", clock.now() + timedelta(hours=1))
        store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE)
        assert listed() == [(one.id, WAITING, 0, "")]
        assert amounts(store) == [-100]

    @pytest.mark.parametrize(
        ("status", "words"),
        [(DeliveryStatus.SENT, "gone out"), (DeliveryStatus.READ, "gone out"), (DeliveryStatus.DROPPED, "given up")],
    )
    def test_what_is_done_is_not_done_again(self, store, desk, clock, status, words):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        store.outbox.record(one.id, DeliveryReceipt(status=status), clock.now())
        before = amounts(store)
        for change in (store.undelivered.retry, store.undelivered.drop):
            with pytest.raises(Overtaken, match=words):
                change(one.id, clock.now(), audit=audit(clock, "x"))
        assert (amounts(store), store.audit.entries(9)) == (before, ())
        assert store.outbox.statuses(one.conversation) == {one.id: status}

    def test_of_nothing(self, store, clock):
        for change in (store.undelivered.retry, store.undelivered.drop):
            with pytest.raises(UnknownName, match="no reply 7"):
                change(7, clock.now())


class TestPeopleHaveIt:
    """The agent must not speak into a person's conversation (HND-4)."""

    def test_the_agents_answer_is_refused(self, store, desk, fail, clock, listed):
        conversation = desk.hear().conversation
        (one,) = desk.say(conversation, ANSWER)
        fail(one)
        desk.say(conversation, PERSON, status=Status.OPEN)
        with pytest.raises(Overtaken, match="people have the conversation"):
            store.undelivered.retry(one.id, clock.now(), charge=desk.CHARGE, audit=audit(clock, "x"))
        assert (listed(state=LOST)[0][0], amounts(store)) == (one.id, [-100, 100])
        assert store.audit.entries(9) == ()

    @pytest.mark.parametrize("after", [Status.SNOOZED, Status.CLOSED])
    def test_also_when_it_was_put_aside_or_closed_from_there(self, store, desk, fail, clock, after):
        conversation = desk.hear().conversation
        (one,) = desk.say(conversation, ANSWER)
        fail(one)
        desk.say(conversation, status=Status.OPEN, assignee="user:anna")
        desk.say(conversation, status=after, assignee="user:anna")
        with pytest.raises(Overtaken):
            store.undelivered.retry(one.id, clock.now())

    def test_what_the_agent_closed_or_has_again_may_go_out(self, store, desk, fail, clock, listed):
        closed, again = desk.hear().conversation, desk.hear(key="k2").conversation
        (one,), (two,) = desk.say(closed, ANSWER), desk.say(again, ANSWER)
        fail(one)
        fail(two)
        desk.say(closed, status=Status.CLOSED)
        desk.say(again, PERSON, status=Status.OPEN)
        desk.say(again, status=Status.PENDING)
        for reply in (one, two):
            store.undelivered.retry(reply.id, clock.now())
        assert [row[0] for row in listed(state=LOST)] == []

    def test_a_persons_own_reply_may(self, store, desk, fail, clock):
        (one,) = desk.say(desk.hear().conversation, PERSON, status=Status.OPEN)
        fail(one)
        store.undelivered.retry(one.id, clock.now())
        assert store.outbox.waits(one.id)

    def test_that_somebody_will_come_may_be_said_until_somebody_has(self, store, desk, fail, clock):
        conversation = desk.hear().conversation
        (one,) = desk.say(conversation, HANDOFF, status=Status.OPEN)
        fail(one)
        store.undelivered.retry(one.id, clock.now())
        assert store.outbox.waits(one.id)
        fail(one)
        desk.say(conversation, PERSON, status=Status.OPEN)
        with pytest.raises(Overtaken):
            store.undelivered.retry(one.id, clock.now())


class TestDrop:
    def test_what_waits_goes_out_no_more_and_what_is_behind_it_does(self, store, desk, clock, listed):
        one, two = desk.say(desk.hear().conversation, ANSWER, ANSWER)
        store.undelivered.drop(one.id, clock.now(), audit=audit(clock, "outbox drop"))
        assert [each.id for each in store.outbox.due(clock.now(), limit=9)] == [two.id]
        assert [row[0] for row in listed()] == [two.id]
        assert amounts(store) == [-100]
        store.undelivered.drop(two.id, clock.now())
        assert amounts(store) == [-100, 100]
        assert [entry.action for entry in store.audit.entries(9)] == ["outbox drop"]

    def test_a_dead_letter_is_seen_no_more_and_nothing_goes_back_twice(self, store, desk, fail, clock, listed):
        (one,) = desk.say(desk.hear().conversation, ANSWER)
        fail(one)
        store.undelivered.drop(one.id, clock.now())
        assert (listed(), store.outbox.dead_letters()) == ([], ())
        assert store.outbox.statuses(one.conversation) == {one.id: DeliveryStatus.DROPPED}
        assert amounts(store) == [-100, 100]
