"""A resolution is charged 72 hours after the last message, once, and given back when it was none (CRED-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.conversation.credits import is_to_be_charged_as_resolved
from custagent.core.conversation import Charge, Status
from custagent.core.credit import CreditTerms
from custagent.core.errors import LeaseHeld, OutOfCredits
from custagent.core.message import DeliveryStatus, MessageKind, Verdict
from custagent.store import LeaseHolder

TERMS = CreditTerms(policy="conversation", price=100, timezone="UTC", allowance=100)
CONVERSATION = Charge(amount=100, policy="conversation")
REOPEN_FREE = Charge(amount=100, policy="reopen-free")
RESOLUTION = Charge(amount=50, policy="resolution")
ANSWER = MessageKind.ANSWER


def limited(charge: Charge) -> Charge:
    return Charge(amount=charge.amount, policy=charge.policy, terms=TERMS)


@pytest.fixture
def judge(store, clock):
    """As the runner does after 72 hours."""

    def judge(conversation, charge: Charge = RESOLUTION):
        now = clock.now()
        return store.ledger.charge_if(
            conversation.id, lambda found: is_to_be_charged_as_resolved(found, now), charge, now
        )

    return judge


class TestResolution:
    @pytest.fixture
    def answered(self, desk, fate):
        """A conversation with an answer that arrived."""
        conversation = desk.hear().conversation
        (reply,) = desk.say(conversation, ANSWER, charge=RESOLUTION)
        fate(reply.id, DeliveryStatus.DELIVERED)
        return conversation

    def test_is_charged_at_72_hours_of_silence_and_once(self, answered, later, judge, amounts):
        later(72)
        assert judge(answered).amount == -50
        assert judge(answered) is None
        assert amounts() == [(-50, "resolution")]

    def test_is_not_charged_a_moment_before(self, answered, later, judge, clock, amounts):
        later(72)
        clock.advance(microseconds=-1)
        assert judge(answered) is None
        assert amounts() == []

    def test_a_contact_who_comes_back_begins_the_silence_anew(self, desk, fate, judge, clock):
        conversation = desk.hear(channel="mail").conversation
        for hours in (71, 71):
            (reply,) = desk.say(conversation, ANSWER, charge=RESOLUTION)
            fate(reply.id, DeliveryStatus.SENT)
            clock.advance(hours=hours)
            assert judge(conversation) is None
            desk.hear(channel="mail")

    def test_a_mail_long_after_changes_nothing(self, desk, fate, judge, clock):
        """The runner was down when it became one."""
        conversation = desk.hear(channel="mail").conversation
        (reply,) = desk.say(conversation, ANSWER, charge=RESOLUTION)
        fate(reply.id, DeliveryStatus.SENT)
        clock.advance(hours=80)
        desk.hear(channel="mail")
        assert judge(conversation).amount == -50

    @pytest.mark.parametrize("kind", [MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE, MessageKind.PERSON])
    def test_is_none_when_people_come_in(self, desk, answered, later, judge, kind):
        status = Status.PENDING if kind is MessageKind.HANDOFF_UNAVAILABLE else Status.OPEN
        desk.say(answered, kind, status=status)
        if status is Status.OPEN:
            desk.say(answered, status=Status.CLOSED)
        later(72)
        assert judge(answered) is None

    @pytest.mark.parametrize("kind", [MessageKind.CLARIFY, MessageKind.REPHRASE])
    def test_is_none_when_the_agent_asked_and_nobody_replied(self, desk, answered, later, judge, kind):
        """CONV-1 calls that unresolved."""
        desk.say(answered, kind, charge=RESOLUTION)
        later(72)
        assert judge(answered) is None

    def test_thanks_after_the_answer_change_nothing(self, desk, answered, later, judge):
        desk.hear("thank you")
        desk.say(answered, MessageKind.SMALL_TALK)
        later(72)
        assert judge(answered).amount == -50

    def test_a_follow_up_does_not_break_the_silence(self, desk, answered, later, judge, clock):
        clock.advance(hours=1)
        desk.say(answered, MessageKind.FOLLOW_UP)
        later(71)
        assert judge(answered).amount == -50

    @pytest.mark.parametrize("status", [DeliveryStatus.FAILED, DeliveryStatus.DROPPED, None])
    def test_is_none_when_no_answer_went_out(self, desk, fate, later, judge, status):
        conversation = desk.hear().conversation
        (reply,) = desk.say(conversation, ANSWER, charge=RESOLUTION)
        if status:
            fate(reply.id, status)
        later(72)
        assert judge(conversation) is None

    def test_is_none_while_the_contact_says_it_did_not_help(self, store, answered, later, judge, clock):
        (reply,) = store.outbox.statuses(answered.id)
        for verdict, charged in ((Verdict.DOWN, False), (Verdict.UP, True)):
            store.feedback.give(reply, verdict, clock.now(), channel="chat", contact_key="k1")
            later(72)
            assert (judge(answered) is not None) is charged

    def test_a_thumbs_down_takes_the_charge_back_for_good(self, answered, later, judge, desk, amounts):
        store, clock = desk.store, desk.clock
        later(72)
        judge(answered)
        (reply,) = store.outbox.statuses(answered.id)
        for verdict in (Verdict.DOWN, Verdict.UP):
            store.feedback.give(reply, verdict, clock.now(), channel="chat", contact_key="k1")
        assert judge(answered) is None
        assert amounts() == [(-50, "resolution"), (50, "resolution")]

    def test_a_thumbs_down_takes_back_nothing_else(self, store, desk, clock, amounts):
        (reply,) = desk.say(desk.hear().conversation, ANSWER, charge=CONVERSATION)
        store.feedback.give(reply.id, Verdict.DOWN, clock.now(), channel="chat", contact_key="k1")
        assert amounts() == [(-100, "conversation")]

    def test_an_answer_that_is_lost_after_all_takes_the_charge_back(self, desk, fate, later, judge, amounts):
        conversation = desk.hear().conversation
        (reply,) = desk.say(conversation, ANSWER, charge=RESOLUTION)
        fate(reply.id, DeliveryStatus.SENT)
        later(72)
        judge(conversation)
        fate(reply.id, DeliveryStatus.FAILED)
        assert amounts() == [(-50, "resolution"), (50, "resolution")]

    def test_a_conversation_needs_room_when_it_begins_and_then_goes_on(self, store, desk):
        first, second = desk.hear(key="k1").conversation, desk.hear(key="k2").conversation
        desk.say(first, ANSWER, charge=limited(RESOLUTION))
        desk.say(desk.hear(key="k3").conversation, ANSWER, charge=limited(CONVERSATION))
        with pytest.raises(OutOfCredits):
            desk.say(second, ANSWER, charge=limited(RESOLUTION))
        desk.say(first, ANSWER, charge=limited(RESOLUTION))
        assert store.ledger.has_room(first.id, limited(RESOLUTION), desk.clock.now())
        assert not store.ledger.has_room(second.id, limited(RESOLUTION), desk.clock.now())

    def test_a_resolution_waits_for_room(self, desk, answered, later, judge):
        desk.say(desk.hear(key="k2").conversation, ANSWER, charge=limited(CONVERSATION))
        later(72)
        with pytest.raises(OutOfCredits):
            judge(answered, limited(RESOLUTION))
        desk.clock.advance(days=31)
        assert judge(answered, limited(RESOLUTION)).amount == -50

    def test_a_stale_runner_charges_nothing(self, store, answered, amounts):
        now, ttl = desk_now(store), timedelta(seconds=15)
        fence = store.lease.acquire(LeaseHolder(host="h", pid=1, since=now), ttl, now)
        store.lease.acquire(LeaseHolder(host="h", pid=2, since=now), ttl, now + timedelta(hours=1))
        with pytest.raises(LeaseHeld):
            store.ledger.charge_if(answered.id, lambda _: True, RESOLUTION, now, fence=fence)
        assert amounts() == []


def desk_now(store):
    return max(each.last_message_at for each in store.conversations.list())
