"""What every ConversationStore promises (CONV-1, CONV-2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custagent.core.conversation import Contact, Conversation, ImpossibleTransition, Outcome, Status
from custagent.core.document import Citation
from custagent.core.errors import LeaseHeld, Overtaken, UnknownName
from custagent.core.message import Attachment, Message, MessageKind, Sender

HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
CLOSE = {"status": Status.CLOSED}
OPEN = {"status": Status.OPEN}


class TestTheFirstMessage:
    def test_begins_a_conversation_for_the_agent(self, talk):
        files = (Attachment(name="a.png", media_type="image/png", size=7), Attachment(name="b"))
        at = talk.clock.now()
        begun = talk.hear("hej", language="sv", contact_name="Anna", attachments=files)
        assert begun.conversation == Conversation(
            id=begun.conversation.id,
            channel="chat",
            contact=Contact(
                id=begun.conversation.contact.id, channel="chat", key="k1", name="Anna", email="", language="sv"
            ),
            status=Status.PENDING,
            agent="ada",
            language="sv",
            opened_at=at,
            last_message_at=at,
            version=begun.conversation.version,
        )
        assert begun.message == Message(
            id=begun.message.id,
            conversation=begun.conversation.id,
            sender=Sender.CONTACT,
            kind=MessageKind.INBOUND,
            text="hej",
            at=at,
            language="sv",
            attachments=files,
        )
        assert (begun.new, begun.duplicate) == (True, False)
        assert talk.now(begun.conversation) == begun.conversation
        assert talk.conversations.messages(begun.conversation.id) == (begun.message,)

    def test_waits_for_people_where_there_is_no_agent(self, talk):
        begun = talk.hear(agent="")
        assert (begun.conversation.status, begun.conversation.agent) == (Status.OPEN, "")
        assert talk.unhandled() == []

    def test_ids_cannot_be_guessed_and_are_no_options(self, talk):
        ids = {talk.hear(contact_key=f"k{n}").conversation.id for n in range(50)}
        assert len(ids) == 50
        assert {len(each) for each in ids} == {22}
        assert all(each.isalnum() for each in ids)

    def test_without_an_id_is_refused(self, talk):
        with pytest.raises(ValueError, match="chat came without an id"):
            talk.hear(external_id="")


class TestADuplicate:
    def test_changes_nothing_whatever_it_says(self, talk):
        first = talk.hear("first", external_id="same")
        talk.answer(first)
        before = talk.now(first.conversation)
        talk.clock.advance(hours=100)
        again = talk.hear("other", external_id="same", contact_key="k2", contact_name="Eve", agent="bob")
        assert (again.duplicate, again.new) == (True, False)
        assert (again.message, again.conversation) == (first.message, before)
        assert talk.now(first.conversation) == before
        assert talk.unhandled() == []

    def test_is_one_on_its_channel_only(self, talk):
        first, second = talk.hear(external_id="same"), talk.hear(external_id="same", channel="other")
        assert not second.duplicate
        assert first.conversation.id != second.conversation.id


class TestTheNextMessage:
    def test_joins_and_overtakes(self, talk):
        first = talk.hear("one")
        talk.clock.advance(hours=1)
        second = talk.hear("two", language="de", contact_name="Anna")
        assert second.conversation.id == first.conversation.id
        assert not second.new
        assert second.conversation.version > first.conversation.version
        assert second.conversation.last_message_at == talk.clock.now()
        assert (second.conversation.language, second.conversation.contact.name) == ("de", "Anna")
        assert talk.unhandled() == [(first.conversation.id, ["one", "two"])]
        late = replace(talk.turn(first.conversation, MessageKind.ANSWER), conversation=first.conversation)
        with pytest.raises(Overtaken, match=first.conversation.id):
            talk.conversations.commit(late)
        assert len(talk.conversations.messages(first.conversation.id)) == 2

    def test_what_it_does_not_tell_of_the_contact_stays(self, talk):
        talk.hear(contact_name="Anna", language="sv")
        assert talk.hear().conversation.contact.name == "Anna"
        assert talk.hear().conversation.contact.language == "sv"

    def test_contacts_and_channels_are_kept_apart(self, talk):
        ids = {talk.hear(contact_key=key, channel=channel).conversation.id for key in "ab" for channel in "cd"}
        assert len(ids) == 4

    @pytest.mark.parametrize("sent_at", [datetime(1999, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
    def test_the_providers_clock_orders_nothing(self, talk, sent_at):
        first = talk.hear("one")
        second = talk.hear("two", sent_at=sent_at)
        assert second.message.id > first.message.id
        assert second.conversation.last_message_at == talk.clock.now()
        assert [message.text for message in talk.conversations.messages(first.conversation.id)] == ["one", "two"]

    def test_a_clock_that_is_set_back_orders_nothing(self, talk):
        first = talk.hear("one")
        talk.clock.advance(days=-1)
        assert talk.hear("two").conversation.id == first.conversation.id
        assert [message.text for message in talk.conversations.messages(first.conversation.id)] == ["one", "two"]

    def test_wakes_what_was_snoozed(self, talk):
        begun = talk.hear()
        talk.say(begun.conversation, **OPEN, assignee="user:anna")
        talk.say(begun.conversation, status=Status.SNOOZED, assignee="user:anna")
        talk.clock.advance(days=30)
        woken = talk.hear()
        assert (woken.conversation.id, woken.new) == (begun.conversation.id, False)
        assert (woken.conversation.status, woken.conversation.assignee) == (Status.OPEN, "user:anna")

    def test_goes_to_the_live_conversation_rather_than_a_newer_closed_one(self, talk):
        old = talk.hear()
        talk.say(old.conversation, **CLOSE)
        new = talk.hear()
        talk.say(new.conversation, **CLOSE)
        talk.say(old.conversation, **OPEN)
        assert talk.hear().conversation.id == old.conversation.id


class TestSilence:
    """At exactly the limit the conversation is closed (CONV-1)."""

    @pytest.mark.parametrize(("short_of", "closed"), [(INSTANT, False), (0 * HOUR, True), (-INSTANT, True)])
    @pytest.mark.parametrize("name", ["chat", "mail"])
    def test_at_the_limit(self, talk, name, short_of, closed):
        threading = getattr(talk, name)
        first = talk.hear(threading=threading)
        talk.clock.advance(hours=5)
        talk.answer(first)
        limit = talk.clock.now() + threading.closes_after
        talk.clock.advance(microseconds=(threading.closes_after - short_of) / INSTANT)
        second = talk.hear(threading=threading)
        assert second.new is closed
        assert (second.conversation.id == first.conversation.id) is (threading.reopens or not closed)
        old = talk.now(first.conversation)
        if closed and not threading.reopens:
            assert (old.status, old.outcome, old.closed_at) == (Status.CLOSED, Outcome.ANSWERED, limit)
        else:
            assert (old.status, old.outcome, old.closed_at) == (Status.PENDING, None, None)
        assert talk.unhandled() == [(second.conversation.id, ["hello"])]

    @pytest.mark.parametrize(
        ("kinds", "outcome"),
        [
            ([MessageKind.DISCLOSURE, MessageKind.ANSWER, MessageKind.SMALL_TALK], Outcome.ANSWERED),
            ([MessageKind.ANSWER, MessageKind.CLARIFY], Outcome.UNRESOLVED),
            ([MessageKind.REPHRASE], Outcome.UNRESOLVED),
            ([MessageKind.HANDOFF_UNAVAILABLE], Outcome.UNRESOLVED),
            ([MessageKind.GREETING, MessageKind.SMALL_TALK], None),
        ],
    )
    def test_the_last_reply_makes_the_outcome(self, talk, kinds, outcome):
        begun = talk.hear()
        talk.answer(begun, *kinds)
        talk.clock.advance(hours=24)
        talk.hear()
        assert talk.now(begun.conversation).outcome is outcome

    def test_what_people_had_the_last_word_in_was_theirs(self, talk):
        begun = talk.hear()
        talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
        talk.clock.advance(hours=24)
        assert talk.hear().conversation.id != begun.conversation.id
        assert talk.now(begun.conversation).outcome is Outcome.PERSON

    def test_what_people_ever_replied_to_was_theirs(self, talk):
        begun = talk.hear()
        talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
        talk.say(begun.conversation, MessageKind.ANSWER)
        talk.clock.advance(hours=24)
        talk.hear()
        assert talk.now(begun.conversation).outcome is Outcome.PERSON

    def test_what_waits_for_a_person_is_never_closed_by_it(self, talk):
        begun = talk.hear()
        talk.answer(begun, MessageKind.HANDOFF, **OPEN, charge=None)
        talk.clock.advance(days=100)
        assert talk.hear().conversation.id == begun.conversation.id

    def test_what_the_agent_still_owes_a_reply_is_not_closed_by_it(self, talk):
        """A runner that was down for a day answers first (CONV-2)."""
        begun = talk.hear("one")
        talk.clock.advance(hours=25)
        assert talk.hear("two").conversation.id == begun.conversation.id
        assert talk.unhandled() == [(begun.conversation.id, ["one", "two"])]


class TestReopening:
    def test_mail_goes_back_to_the_agent_of_today(self, talk):
        first = talk.hear(threading=talk.mail)
        talk.answer(first, **CLOSE)
        again = talk.hear(threading=talk.mail, agent="bob")
        assert (again.conversation.id, again.new) == (first.conversation.id, True)
        kept = again.conversation
        assert (kept.status, kept.agent, kept.closed_at, kept.outcome) == (Status.PENDING, "bob", None, None)

    def test_mail_goes_to_people_where_the_agent_is_gone(self, talk):
        first = talk.hear(threading=talk.mail)
        talk.answer(first, **CLOSE)
        assert talk.hear(threading=talk.mail, agent="").conversation.status is Status.OPEN

    @pytest.mark.parametrize("snoozed", [False, True])
    def test_mail_goes_back_to_the_person_who_had_it(self, talk, snoozed):
        first = talk.hear(threading=talk.mail)
        talk.say(first.conversation, MessageKind.PERSON, **OPEN, assignee="user:anna")
        if snoozed:
            talk.say(first.conversation, status=Status.SNOOZED, assignee="user:anna")
        talk.say(first.conversation, **CLOSE)
        again = talk.hear(threading=talk.mail).conversation
        assert (again.id, again.status, again.assignee) == (first.conversation.id, Status.OPEN, "user:anna")

    def test_chat_begins_anew(self, talk):
        first = talk.hear()
        talk.answer(first, **CLOSE)
        second = talk.hear()
        assert second.new
        assert second.conversation.id != first.conversation.id
        assert talk.now(first.conversation).status is Status.CLOSED

    def test_old_messages_are_not_answered_after_it(self, talk):
        first = talk.hear("spam", threading=talk.mail)
        talk.say(first.conversation, **CLOSE)
        talk.hear("question", threading=talk.mail)
        assert talk.unhandled() == [(first.conversation.id, ["question"])]


class TestATurn:
    def test_comes_back_with_ids_as_it_was_written(self, talk):
        begun = talk.hear()
        citation = Citation(
            title="T", source="https://a.example", location="https://a.example/b", quote="q", page=3, private=True
        )
        reply = Message(
            conversation=begun.conversation.id,
            sender=Sender.AGENT,
            kind=MessageKind.CLARIFY,
            text="Which one? 😀",
            at=talk.clock.now(),
            language="en",
            options=("this", "that"),
            citations=(citation,),
            decision="clarify",
            reason="between",
            confidence=0.4375,
            agent_version=3,
            index_generation=9,
            evidence='{"signals": {}}',
        )
        later = replace(reply, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna", confidence=None)
        written = talk.conversations.commit(replace(talk.turn(begun.conversation), messages=(reply, later)))
        assert [message.id for message in written] == sorted({message.id for message in written})
        assert written == (replace(reply, id=written[0].id), replace(later, id=written[1].id))
        assert talk.conversations.messages(begun.conversation.id) == (begun.message, *written)
        assert talk.conversations.messages(begun.conversation.id, after=written[0].id) == written[1:]

    def test_changes_the_conversation(self, talk):
        begun = talk.hear()
        talk.clock.advance(hours=1)
        talk.say(begun.conversation, agent="bob", language="fi", assignee="team:support", **OPEN)
        kept = talk.now(begun.conversation)
        assert (kept.status, kept.agent, kept.language, kept.assignee) == (Status.OPEN, "bob", "fi", "team:support")
        assert kept.last_message_at == begun.conversation.last_message_at, "nobody said anything"
        talk.say(begun.conversation, MessageKind.PERSON, **OPEN)
        kept = talk.now(begun.conversation)
        assert (kept.agent, kept.language, kept.assignee) == ("bob", "fi", "")
        assert kept.last_message_at == talk.clock.now()

    def test_made_from_an_older_conversation_writes_nothing(self, talk):
        begun = talk.hear()
        late = talk.turn(begun.conversation, MessageKind.ANSWER, handled=(begun.message.id,))
        talk.say(begun.conversation, **OPEN)
        before = talk.now(begun.conversation)
        with pytest.raises(Overtaken, match="it is open now") as caught:
            talk.conversations.commit(late)
        assert "custagent conversations show" in caught.value.hint
        assert talk.now(begun.conversation) == before
        assert talk.outbox.due(talk.clock.now(), limit=9) == ()

    def test_that_no_event_makes_writes_nothing(self, talk):
        begun = talk.hear()
        with pytest.raises(ImpossibleTransition, match="no event makes a pending conversation snoozed"):
            talk.say(begun.conversation, MessageKind.ANSWER, status=Status.SNOOZED)
        assert talk.now(begun.conversation) == begun.conversation
        assert talk.conversations.messages(begun.conversation.id) == (begun.message,)

    def test_of_nowhere(self, talk):
        begun = talk.hear()
        unknown = replace(begun.conversation, id="nowhere")
        with pytest.raises(UnknownName, match="nowhere"):
            talk.conversations.commit(replace(talk.turn(begun.conversation), conversation=unknown))
        assert talk.conversations.conversation("nowhere") is None
        assert talk.conversations.messages("nowhere") == ()

    def test_with_a_lease_that_nobody_holds(self, talk):
        begun = talk.hear()
        with pytest.raises(LeaseHeld, match="nothing was written"):
            talk.conversations.commit(talk.turn(begun.conversation, MessageKind.ANSWER), fence=7)
        assert talk.conversations.messages(begun.conversation.id) == (begun.message,)

    @pytest.mark.parametrize("wrong", [{"conversation": "x"}, {"id": 3}, {"sender": Sender.CONTACT}])
    def test_with_a_message_that_is_none_of_its_own(self, talk, wrong):
        turn = talk.turn(talk.hear().conversation, MessageKind.ANSWER)
        with pytest.raises(ValueError):
            talk.conversations.commit(replace(turn, messages=(replace(turn.messages[0], **wrong),)))

    def test_that_does_not_close_has_no_outcome(self, talk):
        with pytest.raises(ValueError, match="no outcome"):
            talk.say(talk.hear().conversation, outcome=Outcome.ANSWERED)

    def test_that_closes(self, talk):
        begun = talk.hear()
        talk.clock.advance(hours=1)
        talk.say(begun.conversation, MessageKind.CLOSED, **CLOSE, outcome=Outcome.UNRESOLVED)
        kept = talk.now(begun.conversation)
        assert (kept.status, kept.closed_at, kept.outcome) == (Status.CLOSED, talk.clock.now(), Outcome.UNRESOLVED)
        talk.say(begun.conversation, **OPEN)
        kept = talk.now(begun.conversation)
        assert (kept.status, kept.closed_at, kept.outcome) == (Status.OPEN, None, None)

    def test_on_what_is_closed_leaves_it_closed_as_it_was(self, talk):
        begun = talk.hear(threading=talk.mail)
        talk.answer(begun, **CLOSE, outcome=Outcome.UNRESOLVED)
        closed_at = talk.clock.now()
        talk.clock.advance(hours=1)
        talk.say(begun.conversation, MessageKind.CLOSED, **CLOSE)
        kept = talk.now(begun.conversation)
        assert (kept.status, kept.closed_at, kept.outcome) == (Status.CLOSED, closed_at, Outcome.UNRESOLVED)
        assert talk.hear(threading=talk.mail).conversation.status is Status.PENDING, "the agent had it"
