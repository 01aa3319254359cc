"""What `custagent status` and `/metrics` count."""

from dataclasses import replace

from custagent.core.conversation import Status
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind, Sender
from custagent.store.totals import Spoken, Waiting


def test_nothing_is_counted_as_nothing(store):
    assert store.totals.conversations() == dict.fromkeys(Status, 0)
    assert store.totals.replies() == {DeliveryStatus.QUEUED: 0, DeliveryStatus.FAILED: 0}


def test_each_is_counted_once(store, desk, clock):
    first = desk.hear(key="k1").conversation
    second = desk.hear(key="k2").conversation
    desk.hear(key="k3", agent="")
    (failed,) = desk.say(first, MessageKind.ANSWER)
    desk.say(first, MessageKind.GREETING, MessageKind.GREETING)
    desk.say(second, MessageKind.ANSWER, status=Status.CLOSED)
    store.outbox.record(failed.id, DeliveryReceipt(status=DeliveryStatus.FAILED, error="gone"), clock.now())
    assert store.totals.conversations() == {Status.PENDING: 1, Status.OPEN: 1, Status.SNOOZED: 0, Status.CLOSED: 1}
    assert store.totals.replies() == {DeliveryStatus.QUEUED: 3, DeliveryStatus.FAILED: 1}


def test_what_waits_and_since_when(store, desk, clock):
    nothing = Waiting(messages=0, oldest_message_at=None, replies=0, oldest_reply_at=None)
    assert store.totals.waiting() == nothing
    first, began = desk.hear(key="k1"), clock.now()
    clock.advance(minutes=1)
    desk.hear(key="k1")
    people = desk.hear(key="k2", agent="")
    assert store.totals.waiting() == replace(nothing, messages=2, oldest_message_at=began)
    (reply,) = desk.say(first.conversation, MessageKind.ANSWER, handled=(first.message.id, first.message.id + 1))
    written = clock.now()
    clock.advance(minutes=1)
    desk.say(people.conversation, MessageKind.PERSON, status=Status.OPEN)
    assert store.totals.waiting() == replace(nothing, replies=2, oldest_reply_at=written)
    store.outbox.retry(reply.id, "later", clock.now())
    assert store.totals.waiting().oldest_reply_at == written, "a try does not make it younger"
    store.outbox.record(reply.id, DeliveryReceipt(status=DeliveryStatus.SENT), clock.now())
    assert store.totals.waiting() == replace(nothing, replies=1, oldest_reply_at=clock.now())


def test_replies_by_channel_and_how_far_they_came(store, desk, clock):
    chat, mail = desk.hear(key="k1"), desk.hear(key="k2", channel="mail")
    sent, _ = desk.say(chat.conversation, MessageKind.ANSWER, MessageKind.GREETING)
    desk.say(mail.conversation, MessageKind.ANSWER)
    store.outbox.record(sent.id, DeliveryReceipt(status=DeliveryStatus.SENT), clock.now())
    assert store.totals.deliveries() == {
        ("chat", DeliveryStatus.SENT): 1, ("chat", DeliveryStatus.QUEUED): 1, ("mail", DeliveryStatus.QUEUED): 1,
    }  # fmt: skip


def test_what_was_said_since_is_counted_once(store, desk):
    desk.hear(key="before")
    last = store.totals.last_message()
    heard = desk.hear(key="k1")
    desk.hear(key="k2", channel="mail")
    turn = desk.turn(heard.conversation, MessageKind.DISCLOSURE, MessageKind.ANSWER)
    decided = (turn.messages[0], replace(turn.messages[1], decision="answer"))
    store.conversations.commit(replace(turn, messages=decided))
    newest, spoken = store.totals.spoken(last)
    assert newest == store.totals.last_message() == last + 4
    assert set(spoken) == {
        Spoken(channel="chat", sender=Sender.CONTACT, decision="", count=1),
        Spoken(channel="mail", sender=Sender.CONTACT, decision="", count=1),
        Spoken(channel="chat", sender=Sender.AGENT, decision="", count=1),
        Spoken(channel="chat", sender=Sender.AGENT, decision="answer", count=1),
    }
    assert store.totals.spoken(newest) == (newest, ())
