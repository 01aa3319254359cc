"""Thumbs as rows: whose they are, the last word, and what they do to the charge for a resolution (CRED-4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custagent.core.answer import Reason
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld, UnknownName
from custagent.core.message import CHARGED_KINDS, MessageKind, Verdict

UP, DOWN = Verdict.UP, Verdict.DOWN


@pytest.fixture
def give(store, clock):
    def give(message, verdict, *, channel="chat", key="k1", **given):
        store.feedback.give(message.id, verdict, clock.now(), channel=channel, contact_key=key, **given)

    return give


def test_the_last_word_counts_and_can_be_taken_back(store, desk, give, database):
    conversation = desk.hear().conversation
    one, two = desk.say(conversation, MessageKind.ANSWER, MessageKind.CLARIFY)
    give(two, UP)
    give(one, UP)
    give(one, DOWN)
    give(one, DOWN)
    assert store.feedback.verdicts(conversation.id) == {one.id: DOWN, two.id: UP}
    assert list(store.feedback.verdicts(conversation.id)) == [one.id, two.id]
    give(one, None)
    give(one, None)
    assert store.feedback.verdicts(conversation.id) == {two.id: UP}
    assert database.read(lambda connection: connection.execute("SELECT count(*) FROM feedback").fetchone()) == (1,)


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind is not MessageKind.INBOUND])
def test_only_replies_of_the_agent_to_a_question(desk, give, kind):
    conversation = desk.hear().conversation
    status = Status.OPEN if kind is MessageKind.PERSON else Status.PENDING
    (reply,) = desk.say(conversation, kind, status=status)
    if kind in CHARGED_KINDS:
        give(reply, UP)
        return
    with pytest.raises(UnknownName):
        give(reply, UP)


def test_nobody_judges_for_another(store, desk, give):
    begun = desk.hear()
    (reply,) = desk.say(begun.conversation, MessageKind.ANSWER)
    desk.hear(key="k2")
    desk.hear(channel="mail")
    for whose in ({"key": "k2"}, {"channel": "mail"}, {"key": "k9"}):
        with pytest.raises(UnknownName, match=f"no reply {reply.id}"):
            give(reply, DOWN, **whose)
    with pytest.raises(UnknownName):
        give(begun.message, DOWN)
    assert store.feedback.verdicts(begun.conversation.id) == {}


def test_a_contacts_verdicts_over_all_their_conversations(store, desk, give, clock):
    replies = []
    for key in ("k1", "k2", "k1"):
        begun = desk.hear(key=key)
        replies += desk.say(begun.conversation, MessageKind.ANSWER, handled=(begun.message.id,))
        give(replies[-1], UP, key=key)
        clock.advance(hours=24)
    one, other, two = (reply.id for reply in replies)
    assert replies[0].conversation != replies[2].conversation
    assert store.feedback.verdicts_of_contact("chat", "k1") == {one: UP, two: UP}
    assert store.feedback.verdicts_of_contact("chat", "k2") == {other: UP}
    assert store.feedback.verdicts_of_contact("mail", "k1") == {}


def test_a_runner_that_was_replaced_writes_none(store, desk, give):
    (reply,) = desk.say(desk.hear().conversation, MessageKind.ANSWER)
    with pytest.raises(LeaseHeld):
        give(reply, UP, fence=7)
    assert store.feedback.verdicts(reply.conversation) == {}


class TestSaidInWords:
    """What the agent understood as "it did not help" counts as a thumb down on the reply before (GAP-2)."""

    def complain(self, desk, conversation):
        """The agent's words to somebody whom the reply before did not help."""
        turn = desk.turn(conversation, MessageKind.REPHRASE)
        told = tuple(replace(message, reason=Reason.NOT_HELPED.value) for message in turn.messages)
        return desk.store.conversations.commit(replace(turn, messages=told))

    def test_the_reply_before_is_judged(self, store, desk):
        conversation = desk.hear().conversation
        first, second = desk.say(conversation, MessageKind.CLARIFY, MessageKind.ANSWER)
        again = desk.hear(conversation.channel).conversation
        (told,) = self.complain(desk, again)
        assert store.feedback.verdicts(conversation.id) == {second.id: DOWN}
        assert told.id > second.id > first.id

    def test_over_fixed_texts_and_whatever_was_thought_before(self, store, desk, give):
        conversation = desk.hear().conversation
        answer, _ = desk.say(conversation, MessageKind.ANSWER, MessageKind.FOLLOW_UP)
        give(answer, UP)
        self.complain(desk, desk.hear(conversation.channel).conversation)
        assert store.feedback.verdicts(conversation.id) == {answer.id: DOWN}

    def test_where_nothing_was_replied_nothing_is_judged(self, store, desk):
        conversation = desk.hear().conversation
        self.complain(desk, conversation)
        assert store.feedback.verdicts(conversation.id) == {}

    def test_another_conversation_s_reply_is_left_alone(self, store, desk):
        other = desk.hear(key="k2").conversation
        (answer,) = desk.say(other, MessageKind.ANSWER)
        self.complain(desk, desk.hear().conversation)
        assert store.feedback.verdicts(other.id) == {}
        assert answer.id
