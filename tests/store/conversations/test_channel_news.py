"""What channels tell beside messages changes what it is about, once, whenever it comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.channel_event import MessageChanged, PersonWrote, Unread
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, Overtaken
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    MessageKind,
    Sender,
)
from custagent.store.conversations.search import Filter


@pytest.fixture
def take(store, desk):
    def take(*events, fence: int = 0):
        now = desk.clock.now()
        return store.channel_news.take_soon(events, now, threadings=desk.THREADINGS, fence=fence).result()

    return take


def wrote(desk, text: str = "I have called you", external_id: str = "echo1", **given) -> PersonWrote:
    given = {"contact_key": "k1"} | given
    return PersonWrote(channel="chat", external_id=external_id, text=text, at=desk.clock.now(), **given)


def changed(desk, changed: str, text: str, external_id: str = "edit1", **given) -> MessageChanged:
    given = {"at": desk.clock.now()} | given
    return MessageChanged(channel="chat", external_id=external_id, changed=changed, text=text, **given)


class TestSomebodyAnsweredPastUs:
    def test_people_have_the_conversation_and_the_agent_is_silent(self, store, desk, take):
        conversation = desk.hear("Where is my parcel?").conversation
        (queued,) = desk.say(conversation, MessageKind.ANSWER)
        desk.hear("And when?")
        (now,) = take(wrote(desk))
        assert (now.id, now.status) == (conversation.id, Status.OPEN)
        said = store.conversations.messages(now.id)[-1]
        assert (said.sender, said.kind, said.text, said.author) == (
            Sender.PERSON, MessageKind.PERSON, "I have called you", "",
        )  # fmt: skip
        assert store.outbox.statuses(now.id) == {queued.id: DeliveryStatus.DROPPED}, "it is not sent a second time"
        assert store.conversations.unhandled(limit=9) == ()
        assert store.ledger.balance() == 0, "the answer that was withdrawn is not paid for"

    def test_the_agents_turn_that_was_being_made_is_refused(self, desk, take):
        conversation = desk.hear().conversation
        turn = desk.turn(conversation, MessageKind.ANSWER)
        take(wrote(desk))
        with pytest.raises(Overtaken):
            desk.store.conversations.commit(turn)

    def test_twice_is_once(self, store, desk, take):
        conversation = desk.hear().conversation
        assert take(wrote(desk), wrote(desk)) != ()
        assert take(wrote(desk)) == ()
        assert len(store.conversations.messages(conversation.id)) == 2

    def test_before_the_message_that_it_answers(self, store, desk, take):
        (opened,) = take(wrote(desk))
        assert opened.status is Status.OPEN
        begun = desk.hear("Where is my parcel?")
        assert (begun.conversation.id, begun.conversation.status) == (opened.id, Status.OPEN)
        assert store.conversations.unhandled(limit=9) == ()

    def test_our_own_reply_that_comes_back_is_nobodys(self, store, desk, take):
        conversation = desk.hear().conversation
        (reply,) = desk.say(conversation, MessageKind.ANSWER)
        receipt = DeliveryReceipt(status=DeliveryStatus.SENT, external_id="echo1")
        store.outbox.record(reply.id, receipt, desk.clock.now())
        assert take(wrote(desk)) == ()
        assert desk.now(conversation).status is Status.PENDING

    def test_whoever_has_it_keeps_it_and_the_contact_waits_no_more(self, desk, take):
        conversation = desk.hear().conversation
        desk.say(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna")
        (now,) = take(wrote(desk))
        assert now.assignee == "user:anna"
        desk.clock.advance(hours=25)
        begun = desk.hear("Thanks")
        assert begun.new, "a person had the last word, so silence has closed it"

    def test_a_snoozed_one_wakes(self, desk, take):
        conversation = desk.hear().conversation
        desk.say(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna")
        store, until = desk.store, desk.clock.now() + timedelta(hours=2)
        store.conversations.commit(
            desk.turn(conversation, status=Status.SNOOZED, assignee="user:anna", snoozed_until=until)
        )
        (now,) = take(wrote(desk))
        assert now.status is Status.OPEN
        assert store.timers.next_at(desk.THREADINGS) != until

    def test_what_silence_has_closed_stays_closed(self, desk, take):
        old = desk.hear().conversation
        desk.say(old, MessageKind.ANSWER)
        desk.clock.advance(hours=25)
        desk.store.conversations.commit(desk.turn(old, status=Status.CLOSED))
        (now,) = take(wrote(desk))
        assert now.id != old.id

    def test_the_thread_alone_was_taken(self, store, desk, take):
        conversation = desk.hear("Where is my parcel?").conversation
        (now,) = take(wrote(desk, text=""))
        assert now.status is Status.OPEN
        assert len(store.conversations.messages(conversation.id)) == 1
        assert take(wrote(desk, text="", external_id="echo2", contact_key="stranger")) == ()

    def test_with_a_file(self, store, desk, take):
        (now,) = take(wrote(desk, text="", attachments=(Attachment(name="label.pdf", reference="media1"),)))
        (said,) = store.conversations.messages(now.id)
        assert said.attachments[0].name == "label.pdf"
        assert [one.message for one in store.files.waiting(desk.clock.now(), limit=9)] == [said.id]


class TestAChangedMessage:
    def test_that_waits_is_answered_as_it_is_now(self, store, desk, take):
        conversation = desk.hear("Where is my cat?", external_id="m1").conversation
        turn = desk.turn(conversation, MessageKind.ANSWER)
        take(changed(desk, "m1", "Where is my parcel?"))
        _, (message,) = store.conversations.unhandled_in(conversation.id)
        assert (message.text, message.edited_at) == ("Where is my parcel?", desk.clock.now())
        with pytest.raises(Overtaken):
            store.conversations.commit(turn)

    def test_that_was_answered_is_not_answered_again(self, store, desk, take):
        begun = desk.hear("Where is my cat?", external_id="m1")
        desk.say(begun.conversation, MessageKind.ANSWER, handled=(begun.message.id,))
        take(changed(desk, "m1", "Where is my parcel?"))
        assert store.conversations.messages(begun.conversation.id)[0].text == "Where is my parcel?"
        assert store.conversations.unhandled(limit=9) == ()

    def test_that_was_taken_back_is_erased_and_not_answered(self, store, desk, take):
        begun = desk.hear("My number is 17", external_id="m1", attachments=(Attachment(name="a.jpg", reference="r"),))
        store.search.note_words()
        take(changed(desk, "m1", ""))
        (message,) = store.conversations.messages(begun.conversation.id)
        assert (message.text, message.attachments) == ("", ())
        assert message.edited_at is not None
        assert store.conversations.unhandled(limit=9) == ()
        assert store.files.waiting(desk.clock.now(), limit=9) == ()
        assert store.search.find("number", Filter(), limit=9) == ()
        store.check()

    def test_is_found_by_its_new_words_alone(self, store, desk, take):
        desk.hear("Where is my cat?", external_id="m1")
        store.search.note_words()
        take(changed(desk, "m1", "Where is my parcel?"))
        assert store.search.find("cat", Filter(), limit=9) == ()
        assert len(store.search.find("parcel", Filter(), limit=9)) == 1

    def test_an_older_change_that_comes_late_changes_nothing(self, store, desk, take):
        conversation = desk.hear("a", external_id="m1").conversation
        earlier = desk.clock.now() - timedelta(seconds=5)
        take(changed(desk, "m1", "c", "edit2"), changed(desk, "m1", "b", "edit1", at=earlier))
        assert store.conversations.messages(conversation.id)[0].text == "c"

    def test_a_change_may_come_first(self, desk, take):
        assert take(changed(desk, "m1", "Where is my parcel?")) == ()
        begun = desk.hear("Where is my cat?", external_id="m1", reply_details={"mid": "m1"})
        assert begun.message.text == "Where is my parcel?"
        assert begun.conversation.version == desk.now(begun.conversation).version
        other = desk.hear("Where is my dog?", external_id="m2", reply_details={"mid": "m2"})
        assert other.message.text == "Where is my dog?"


class TestWhatNobodyCanRead:
    def test_is_kept_once_and_can_be_cleared(self, store, take):
        one, two = (Unread(channel="chat", kind="poll", content=text, content_hash=text) for text in ("{}", "[]"))
        take(one, one, two)
        take(two)
        assert [item.content for item in store.channel_news.unread()] == ["[]", "{}"]
        assert store.channel_news.count_unread() == {"chat": 2}
        assert store.channel_news.unread(channel="mail") == ()
        assert store.channel_news.clear_unread(channel="mail") == 0
        assert store.channel_news.clear_unread() == 2

    def test_of_each_channel_only_the_last_so_many(self, store, take, monkeypatch):
        monkeypatch.setattr("custagent.store.conversations.channel_news.MOST_UNREAD", 2)
        for number in range(4):
            take(Unread(channel="chat", kind="poll", content=str(number), content_hash=str(number)))
        assert [item.content for item in store.channel_news.unread()] == ["3", "2"]


class TestWhatAProviderCallsThings:
    def test_whose_conversation_the_last_known_id_is_of(self, store, desk, take):
        first = desk.hear(external_id="m1").conversation
        (reply,) = desk.say(first, MessageKind.ANSWER)
        store.outbox.record(reply.id, DeliveryReceipt(status=DeliveryStatus.SENT, external_id="r1"), desk.clock.now())
        piece = DeliveryReceipt(status=DeliveryStatus.SENT, external_id="r1-0")
        update = DeliveryUpdate(channel="chat", receipt=piece, outbound=reply.id, part=0, last=False)
        store.outbox.note_all_soon([update], desk.clock.now()).result()
        second = desk.hear(key="k2", external_id="m2").conversation
        take(wrote(desk, contact_key="k2"))
        news = store.channel_news
        assert news.known("chat", ["m1", "r1", "r1-0", "m2", "echo1", "m3", ""]) == {"m1", "r1", "r1-0", "m2", "echo1"}
        assert news.known("mail", ["m1"]) == frozenset()
        for ids, expected in ((["m2", "r1-0", "x"], first), (["m1", "echo1"], second)):
            assert news.conversation_of("chat", ids).id == expected.id
        assert news.conversation_of("chat", ["x"]) is None

    def test_how_far_a_channel_was_read(self, store):
        assert store.channel_news.remembered("mail") == ""
        for value in ("17", "18"):
            store.channel_news.remember_soon("mail", value).result()
        assert (store.channel_news.remembered("mail"), store.channel_news.remembered("chat")) == ("18", "")


def test_nothing_is_taken_by_a_runner_that_was_followed(store, desk, take):
    desk.hear()
    with pytest.raises(LeaseHeld):
        take(wrote(desk), fence=7)
    with pytest.raises(LeaseHeld):
        store.channel_news.remember_soon("mail", "17", fence=7).result()
    assert take(wrote(desk)) != (), "it was not taken then"


def test_what_stands_in_no_conversation_goes_after_a_month(store, desk, take):
    take(changed(desk, "m1", "early"))
    desk.clock.advance(days=31)
    take()
    begun = desk.hear("late", external_id="m1", reply_details={"mid": "m1"})
    assert begun.message.text == "late"


@pytest.mark.parametrize("table", ["outbox", "outbox_parts", "inbound", "channel_events"])
def test_ids_are_found_by_an_index_however_many_there_are(database, table):
    """Asked for at each echo, by every channel that recovers what it missed."""
    asked = f"SELECT 1 FROM {table} WHERE channel = ? AND external_id = ? AND external_id <> ''"
    plan = database.read(lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {asked}", ("chat", "x")).fetchall())
    assert all("SEARCH" in step[-1] for step in plan), plan
