"""Replies as channels need them: where they go, what they are to, in how many pieces, and what became of those."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.core.conversation import Arrival, OptsFor, Status
from custagent.core.message import (
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    Identity,
    IdentityKind,
    MessageKind,
)

SENT, DELIVERED, READ, FAILED = (
    DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED,
)  # fmt: skip


@pytest.fixture
def due(store, desk):
    def due():
        return store.outbox.due(desk.clock.now(), limit=9)

    return due


class TestWhatItIsTo:
    def test_the_contacts_last_message_before_it(self, desk, due):
        sent = desk.clock.now() - timedelta(seconds=3)
        conversation = desk.hear("one", external_id="m1").conversation
        desk.hear("two", external_id="m2", sent_at=sent, reply_details={"subject": "Parcel"})
        desk.say(conversation, MessageKind.ANSWER)
        (reply,) = due()
        assert reply.replied_to is not None
        assert (reply.replied_to.external_id, reply.replied_to.sent_at, reply.replied_to.details) == (
            "m2", sent, {"subject": "Parcel"},
        )  # fmt: skip
        assert not reply.replied_to.newer
        desk.hear("three", external_id="m3")
        (reply,) = due()
        assert (reply.replied_to.external_id, reply.replied_to.newer) == ("m2", True)

    def test_what_the_agent_says_of_itself_goes_along(self, desk, store, due):
        conversation = desk.hear().conversation
        disclosure, answer = desk.say(conversation, MessageKind.DISCLOSURE, MessageKind.ANSWER)
        (first,) = due()
        assert (first.id, first.preface) == (disclosure.id, "")
        store.outbox.record(first.id, DeliveryReceipt(status=SENT), desk.clock.now())
        (second,) = due()
        assert (second.id, second.preface) == (answer.id, "disclosure")
        store.outbox.record(second.id, DeliveryReceipt(status=SENT), desk.clock.now())
        desk.say(conversation, MessageKind.ANSWER)
        assert due()[0].preface == ""

    def test_what_the_agent_is_thinking_about(self, desk, store):
        conversation = desk.hear("one", external_id="m1").conversation
        assert store.outbox.asked_last(conversation.id).external_id == "m1"
        desk.say(conversation, MessageKind.ANSWER)
        desk.hear("two", external_id="m2", reply_details={"a": "b"})
        asked = store.outbox.asked_last(conversation.id)
        assert (asked.external_id, asked.details) == ("m2", {"a": "b"})


class TestWhereItGoes:
    def test_by_the_way_that_the_contact_took_last(self, desk, due):
        conversation = desk.hear(key="visitor").conversation
        desk.hear("By mail", key="ada@example.com", channel="mail", thread=conversation.id, reply_details={"a": "b"})
        desk.say(conversation, MessageKind.ANSWER)
        (reply,) = due()
        assert (reply.channel, reply.contact_key, reply.replied_to.details) == ("mail", "ada@example.com", {"a": "b"})
        desk.store.outbox.record(reply.id, DeliveryReceipt(status=SENT), desk.clock.now())
        desk.hear("In the chat again", key="visitor")
        desk.say(conversation, MessageKind.ANSWER)
        (reply,) = due()
        assert (reply.channel, reply.contact_key) == ("chat", "visitor")

    @pytest.mark.parametrize("mailbox", ["mail", ""])
    def test_a_persons_reply_to_an_address_that_was_left(self, desk, due, store, mailbox):
        conversation = desk.hear(key="visitor").conversation
        desk.say(conversation, MessageKind.HANDOFF_UNAVAILABLE, status=Status.OPEN)
        store.conversations.save_contact(replace(conversation.contact, email="ada@example.com"))
        store.outbox.record(due()[0].id, DeliveryReceipt(status=SENT), desk.clock.now())
        desk.say(conversation, MessageKind.PERSON, status=Status.OPEN, mailbox=mailbox)
        (reply,) = due()
        expected = ("mail", "ada@example.com", None) if mailbox else ("chat", "visitor", reply.replied_to)
        assert (reply.channel, reply.contact_key, reply.replied_to) == expected

    def test_who_talks_with_a_person_in_the_chat_is_answered_there(self, desk, due, store):
        conversation = desk.hear(key="visitor").conversation
        store.conversations.save_contact(replace(conversation.contact, email="ada@example.com"))
        desk.say(conversation, MessageKind.HANDOFF, status=Status.OPEN)
        store.outbox.record(due()[0].id, DeliveryReceipt(status=SENT), desk.clock.now())
        desk.say(conversation, MessageKind.PERSON, status=Status.OPEN, mailbox="mail")
        assert due()[0].channel == "chat"

    def test_who_is_back_in_the_chat_is_answered_there(self, desk, due, store):
        conversation = desk.hear(key="visitor").conversation
        desk.say(conversation, MessageKind.HANDOFF_UNAVAILABLE, status=Status.OPEN)
        store.conversations.save_contact(replace(conversation.contact, email="ada@example.com"))
        desk.say(conversation, MessageKind.PERSON, status=Status.OPEN, mailbox="mail")
        desk.hear("I am here", key="visitor")
        desk.say(conversation, MessageKind.PERSON, status=Status.OPEN, mailbox="mail")
        for _ in range(3):
            (reply,) = due()
            last = reply
            store.outbox.record(reply.id, DeliveryReceipt(status=SENT), desk.clock.now())
        assert last.channel == "chat"


class TestThreads:
    def test_the_channel_says_that_it_begins_another(self, desk):
        first = desk.hear(key="ada@example.com", channel="mail", thread="").conversation
        second = desk.hear(key="ada@example.com", channel="mail", thread="").conversation
        assert first.id != second.id
        third = desk.hear(key="ada@example.com", channel="mail", thread=first.id)
        assert (third.conversation.id, third.new) == (first.id, False)

    def test_a_mail_reopens_what_was_closed_whoever_sent_it(self, desk, store):
        first = desk.hear(key="ada@example.com", channel="mail", thread="").conversation
        store.conversations.commit(desk.turn(first, status=Status.CLOSED))
        begun = desk.hear(key="bo@example.com", channel="mail", thread=first.id)
        assert (begun.conversation.id, begun.new, begun.conversation.status) == (first.id, True, Status.PENDING)
        assert begun.conversation.contact.id == first.contact.id
        assert store.erasure.find("bo@example.com") == ()

    def test_a_thread_that_is_not_here_any_more_is_a_new_one(self, desk):
        begun = desk.hear(key="ada@example.com", channel="mail", thread="nowhere")
        assert begun.new
        assert begun.conversation.contact.key == "ada@example.com"


class TestLeftToPeople:
    def test_a_new_conversation_is_peoples(self, desk, store):
        begun = desk.hear("", for_people="standby")
        assert (begun.conversation.status, begun.conversation.agent) == (Status.OPEN, "")
        (record,) = store.handoffs.records(begun.conversation.id)
        assert (record.summary.reason, record.summary.asked) == ("standby", (begun.message.id,))
        assert store.conversations.unhandled(limit=9) == ()

    def test_the_agents_conversation_becomes_peoples_and_what_it_had_not_sent_is_withdrawn(self, desk, store):
        conversation = desk.hear().conversation
        (queued,) = desk.say(conversation, MessageKind.ANSWER)
        message = desk.inbound("From somebody else", for_people="another sender")
        arrival = Arrival(message=message, threading=desk.THREADINGS["chat"], agent="ada", queue="team:support")
        (begun,) = store.conversations.begin_all_soon([arrival], at=desk.clock.now()).result()
        assert (begun.conversation.id, begun.conversation.status) == (conversation.id, Status.OPEN)
        assert begun.conversation.assignee == "team:support"
        assert store.outbox.statuses(conversation.id) == {queued.id: DeliveryStatus.DROPPED}
        assert begun.conversation.version == desk.now(conversation).version
        store.conversations.begin_all_soon(
            [replace(arrival, message=desk.inbound("And again", for_people="another sender"))], at=desk.clock.now()
        ).result()
        assert len(store.handoffs.records(conversation.id)) == 1

    def test_a_new_one_waits_in_the_agents_queue(self, desk, store):
        arrival = Arrival(
            message=desk.inbound("Hello", for_people="encrypted"),
            threading=desk.THREADINGS["chat"], agent="ada", queue="team:support",
        )  # fmt: skip
        (begun,) = store.conversations.begin_all_soon([arrival], at=desk.clock.now()).result()
        assert begun.conversation.assignee == "team:support"


class TestStop:
    PHONE = (Identity(kind=IdentityKind.PHONE, value="4670"),)

    @pytest.fixture
    def opt(self, desk, store):
        def opt(text: str, opts: OptsFor | None):
            message = desk.inbound(text, identities=self.PHONE)
            arrival = Arrival(
                message=message, threading=desk.THREADINGS["chat"], agent="ada", opts=opts, confirmation=f"{text}: done"
            )
            return store.conversations.begin_all_soon([arrival], at=desk.clock.now()).result()[0]

        return opt

    def test_the_agent_is_silent_until_it_is_asked_to_speak(self, desk, store, opt):
        conversation = desk.hear("Where is it?", identities=self.PHONE).conversation
        (queued,) = desk.say(conversation, MessageKind.ANSWER, handled=())
        stop = opt("STOP", OptsFor.SILENCE)
        assert stop.conversation.status is Status.PENDING
        assert store.conversations.unhandled(limit=9) == ()
        said = store.conversations.messages(conversation.id)[-1]
        assert (said.kind, said.text) == (MessageKind.OPT_OUT, "STOP: done")
        assert store.outbox.statuses(conversation.id) == {
            queued.id: DeliveryStatus.DROPPED, said.id: DeliveryStatus.QUEUED,
        }  # fmt: skip
        assert store.opt_outs.among([conversation.contact.id, 99]) == {conversation.contact.id}
        later = desk.hear("Where is it?", identities=self.PHONE)
        assert later.conversation.status is Status.OPEN, "people see it, and may answer"
        assert store.handoffs.records(conversation.id)[-1].summary.reason == "opted-out"
        opt("START", OptsFor.REPLIES)
        assert store.opt_outs.among([conversation.contact.id]) == frozenset()
        assert store.conversations.messages(conversation.id)[-1].text == "START: done"
        assert store.ledger.balance() == 0

    def test_it_is_confirmed_once(self, store, opt):
        conversation = opt("STOP", OptsFor.SILENCE).conversation
        opt("STOP", OptsFor.SILENCE)
        assert [one.text for one in store.conversations.messages(conversation.id)] == ["STOP", "STOP: done", "STOP"]

    def test_start_alone_is_a_message_like_any_other(self, store, opt):
        conversation = opt("START", OptsFor.REPLIES).conversation
        assert [one.id for one, _ in store.conversations.unhandled(limit=9)] == [conversation.id]


class TestPieces:
    @pytest.fixture
    def reply(self, desk):
        return desk.say(desk.hear().conversation, MessageKind.ANSWER)[0]

    @pytest.fixture
    def told(self, store, desk, reply):
        def told(status, part: int, *, last: bool = False, known: str | None = None, outbound: int | None = None):
            receipt = DeliveryReceipt(status=status, external_id=f"p{part}" if known is None else known)
            update = DeliveryUpdate(
                channel="chat",
                receipt=receipt,
                outbound=reply.id if outbound is None else outbound,
                part=part,
                last=last,
            )
            store.outbox.note_all_soon([update], desk.clock.now()).result()
            return store.outbox.statuses(reply.conversation)[reply.id]

        return told

    def test_sending_goes_on_behind_what_has_gone_out(self, store, desk, reply, due):
        store.outbox.retry(reply.id, "the line broke", desk.clock.now(), parts_sent=2)
        assert due()[0].parts_sent == 2
        store.outbox.unclaim(reply.id, parts_sent=3)
        assert due()[0].parts_sent == 3
        store.outbox.retry(reply.id, "it broke again", desk.clock.now())
        assert due()[0].parts_sent == 3

    def test_after_a_crash_the_providers_word_tells_how_far_it_came(self, told, due):
        assert told(SENT, 0) is DeliveryStatus.QUEUED, "the rest has still to go"
        assert due()[0].parts_sent == 1
        assert told(SENT, 1, last=True) is SENT

    def test_it_has_come_as_far_as_the_piece_that_came_least_far(self, told):
        told(READ, 1, last=True)
        assert told(DELIVERED, 0) is DELIVERED
        assert told(SENT, 0) is DELIVERED, "late words change nothing"
        assert told(READ, 0) is READ

    def test_it_has_failed_when_any_has(self, told, store):
        told(SENT, 0)
        told(SENT, 1, last=True)
        assert told(FAILED, 0) is FAILED
        assert store.ledger.balance() == 0

    def test_a_piece_is_known_by_its_own_id_too(self, told):
        told(SENT, 0)
        told(SENT, 1, last=True)
        told(DELIVERED, 0, outbound=0)
        assert told(DELIVERED, 0, known="p1", outbound=0) is DELIVERED

    def test_one_that_people_put_back_goes_out_whole(self, told, store, desk, due, reply):
        told(SENT, 0)
        told(FAILED, 1, last=True)
        store.undelivered.retry(reply.id, desk.clock.now())
        assert due()[0].parts_sent == 0
        assert told(SENT, 1, last=True) is SENT


def test_words_on_replies_that_are_nobodys_change_nothing(store, desk):
    receipt = DeliveryReceipt(status=SENT, external_id="unknown")
    update = DeliveryUpdate(channel="chat", receipt=receipt, part=1, last=True)
    assert store.outbox.note_all_soon([update], desk.clock.now()).result() == 0
