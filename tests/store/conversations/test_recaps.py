"""What models wrote for people who took over: tried once a handoff, and gone with the words it is made of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.answer import Usage
from custagent.core.channel_event import MessageChanged
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld
from custagent.core.handoff import HandoffSummary, Recap, RecapOutcome
from custagent.core.message import MessageKind

HANDOFF, PERSON = MessageKind.HANDOFF, MessageKind.PERSON
OPEN, CHECKED = Status.OPEN, RecapOutcome.CHECKED
RECAP = Recap(request=("The lamp broke.",), tried=("Returns are free.",), language="en", model="openai/x")
USAGE = Usage(model="openai/x", calls=2, input_tokens=900, output_tokens=40, cost=0.001)


def hand_over(desk, key: str = "k1", text: str = "My lamp broke.", **given):
    conversation = desk.hear(text, key=key).conversation
    desk.say(conversation, HANDOFF, status=OPEN, summary=HandoffSummary(reason="failed"), **given)
    return conversation


def waiting(desk, *, agents=("ada",), hours: float = 1, **rest):
    since = desk.clock.now() - timedelta(hours=hours)
    return desk.store.recaps.waiting(since, agents=agents, limit=9, **rest)


def keep(desk, one, recap: Recap | None = RECAP, outcome: RecapOutcome = CHECKED, *, read=None, fence: int = 0):
    texts = {message.id: message.text for message in desk.store.conversations.messages(one.conversation)}
    return desk.store.recaps.keep(
        one, recap, outcome=outcome, usage=USAGE, read=texts if read is None else read, at=desk.clock.now(), fence=fence
    )


def record(desk, conversation):
    return desk.store.handoffs.records(conversation.id)[-1]


def test_a_handoff_waits_until_it_was_tried_whatever_came_of_it(desk):
    first, second = hand_over(desk, "k1"), hand_over(desk, "k2")
    desk.hear(key="k3")
    late, early = waiting(desk)
    assert (early.conversation, late.conversation, late.agent) == (first.id, second.id, "ada")
    assert waiting(desk, busy=[late.handoff]) == (early,)
    assert waiting(desk, agents=["bob"]) == ()
    assert record(desk, first).recap_usage is None
    assert keep(desk, early) is CHECKED
    assert keep(desk, late, None, RecapOutcome.REFUSED) is RecapOutcome.REFUSED
    assert waiting(desk) == ()
    assert (record(desk, first).recap, record(desk, first).recap_usage) == (RECAP, USAGE)
    assert (record(desk, second).recap, record(desk, second).recap_usage) == (None, USAGE)


def test_what_was_noted_first_stays(desk):
    conversation = hand_over(desk)
    (one,) = waiting(desk)
    keep(desk, one, None, RecapOutcome.FAILED)
    assert keep(desk, one) is RecapOutcome.FAILED
    assert record(desk, conversation).recap is None


def test_only_what_people_have_since_an_hour_and_the_last_handoff(desk):
    conversation, closed = hand_over(desk), hand_over(desk, "k2")
    desk.say(closed, status=Status.CLOSED)
    desk.say(conversation, status=Status.PENDING)
    assert waiting(desk) == ()
    desk.clock.advance(minutes=10)
    desk.say(conversation, HANDOFF, status=OPEN, summary=HandoffSummary())
    (again,) = waiting(desk)
    assert again.message == desk.store.conversations.messages(conversation.id)[-1].id
    desk.clock.advance(hours=1)
    assert waiting(desk) == ()


def test_a_person_who_has_it_already_still_gets_it(desk):
    conversation = hand_over(desk)
    (one,) = waiting(desk)
    read = {message.id: message.text for message in desk.store.conversations.messages(conversation.id)}
    desk.say(conversation, PERSON, status=OPEN, assignee="user:anna")
    assert waiting(desk) == (one,)
    assert keep(desk, one, read=read) is CHECKED
    assert record(desk, conversation).recap == RECAP


def test_nothing_is_written_of_an_erased_contact(desk):
    conversation = hand_over(desk)
    (one,) = waiting(desk)
    read = {message.id: message.text for message in desk.store.conversations.messages(conversation.id)}
    desk.store.erasure.erase([conversation.contact.id], [conversation.id], desk.clock.now())
    assert keep(desk, one, read=read) is RecapOutcome.LATE
    assert (record(desk, conversation).recap, record(desk, conversation).recap_usage) == (None, USAGE)


def test_erasing_takes_the_words_and_keeps_what_they_cost(desk, path):
    conversation = hand_over(desk)
    keep(desk, waiting(desk)[0])
    assert b"Returns are free." in path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()
    desk.store.erasure.erase([conversation.contact.id], [conversation.id], desk.clock.now())
    desk.store.erasure.scrub()
    assert (record(desk, conversation).recap, record(desk, conversation).recap_usage) == (None, USAGE)
    assert all(b"Returns are free." not in file.read_bytes() for file in path.parent.rglob("*") if file.is_file())


@pytest.mark.parametrize("text", ["", "My bike broke."])
def test_what_rests_on_a_message_that_changes_goes(desk, text):
    conversation = desk.hear("My lamp broke.", external_id="m1").conversation
    desk.say(conversation, HANDOFF, status=OPEN, summary=HandoffSummary())
    (one,) = waiting(desk)
    read = {message.id: message.text for message in desk.store.conversations.messages(conversation.id)}
    change = MessageChanged(channel="chat", external_id="e1", changed="m1", text=text, at=desk.clock.now())
    assert keep(desk, one, read=read) is CHECKED
    desk.store.channel_news.take_soon([change], desk.clock.now(), threadings=desk.THREADINGS).result()
    assert record(desk, conversation).recap is None


def test_a_change_while_it_is_written_makes_it_late(desk):
    conversation = hand_over(desk)
    (one,) = waiting(desk)
    read = {message.id: message.text for message in desk.store.conversations.messages(conversation.id)}
    assert keep(desk, one, read=read | {min(read): "My bike broke."}) is RecapOutcome.LATE
    assert record(desk, conversation).recap is None


def test_one_that_has_lost_the_lease_writes_nothing(desk):
    hand_over(desk)
    (one,) = waiting(desk)
    with pytest.raises(LeaseHeld):
        keep(desk, one, fence=7)
    assert waiting(desk) == (one,)
