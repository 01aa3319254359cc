"""What people do with conversations: it reaches the contact, is noted, and overwrites nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from custagent.config.agents import agent_path
from custagent.core.conversation import Conversation, Status
from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.core.message import DeliveryStatus, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.assignments import Terms
from custagent.runtime.definitions.assignments import assign as assign_agent
from custagent.runtime.inbox.inbox import LONGEST_TEXT, Inbox, SomebodyWrote
from custagent.store.conversations.queue import View, Wanted

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]


@pytest.fixture
def inbox(shop: Application) -> Inbox:
    return Inbox(shop)


def status_of(app: Application, conversation: Conversation) -> tuple[str, str]:
    now = app.store.conversations.conversation(conversation.id)
    assert now is not None
    return now.status.value, now.assignee


class TestTaking:
    def test_from_the_agent_whose_draft_is_withdrawn(self, shop, inbox, hear: Hear, reply: Reply) -> None:
        conversation = hear(shop)
        drafted = reply(shop, conversation)
        assert inbox.take(conversation.id).assignee == "user:anna"
        assert shop.store.outbox.statuses(conversation.id)[drafted.id] is DeliveryStatus.DROPPED
        assert status_of(shop, conversation) == ("open", "user:anna")

    def test_it_waits_from_then_on_until_a_person_has_the_last_word(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        assert shop.store.queue.waiting_since(conversation.id) is None
        inbox.take(conversation.id)
        taken = shop.clock.now()
        shop.clock.advance(minutes=5)
        hear(shop)
        assert shop.store.queue.waiting_since(conversation.id) == taken
        inbox.reply(conversation.id, "Here it is.")
        assert shop.store.queue.waiting_since(conversation.id) is None
        shop.clock.advance(minutes=5)
        hear(shop)
        assert shop.store.queue.waiting_since(conversation.id) == shop.clock.now()

    def test_one_that_is_nowhere(self, inbox) -> None:
        with pytest.raises(UnknownName, match="no conversation 'x'"):
            inbox.take("x")


class TestReplying:
    def test_goes_out_in_the_persons_name(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop, language="sv")
        written = inbox.reply(conversation.id, "  Här är den.\n")
        assert (written.text, written.author, written.language) == ("Här är den.", "anna", "sv")
        (waiting,) = shop.store.outbox.due(shop.clock.now(), limit=9)
        assert (waiting.message.id, waiting.message.sender) == (written.id, Sender.PERSON)
        assert status_of(shop, conversation) == ("open", "user:anna")
        assert shop.store.conversations.unhandled(limit=9) == ()

    def test_somebody_elses_stays_theirs(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.assign(conversation.id, "team:support")
        assert inbox.reply(conversation.id, "One").author == "anna"
        assert status_of(shop, conversation)[1] == "user:anna", "one from a queue is taken by whoever replies"
        shop.store.conversations.commit(_given(shop, conversation, "user:cleo"))
        inbox.reply(conversation.id, "Two")
        assert status_of(shop, conversation)[1] == "user:cleo"

    def test_a_closed_one_is_opened_by_it(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.close(conversation.id)
        inbox.reply(conversation.id, "One more thing")
        assert status_of(shop, conversation) == ("open", "user:anna")

    @pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST_TEXT + 1)])
    def test_nothing_or_too_much(self, shop, inbox, hear: Hear, text) -> None:
        conversation = hear(shop)
        with pytest.raises(UsageError):
            inbox.reply(conversation.id, text)
        assert status_of(shop, conversation)[0] == "pending"

    def test_what_was_not_seen_stops_it_and_the_text_is_kept(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        seen = inbox.open(conversation.id).record.messages[-1].id
        shop.clock.advance(seconds=1)
        hear(shop, text="It has come!")
        inbox.keep_draft(conversation.id, "Where shall I look?")
        with pytest.raises(SomebodyWrote, match="wrote meanwhile"):
            inbox.reply(conversation.id, "Where shall I look?", seen=seen)
        thread = inbox.open(conversation.id)
        assert thread.draft == "Where shall I look?"
        assert [one.text for one in thread.record.messages] == ["Hej?", "It has come!"]
        inbox.reply(conversation.id, "Good!", seen=thread.record.messages[-1].id)
        assert inbox.open(conversation.id).draft == ""

    def test_my_own_words_are_no_news(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        seen = inbox.open(conversation.id).record.messages[-1].id
        inbox.reply(conversation.id, "One", seen=seen)
        inbox.reply(conversation.id, "Two", seen=seen)
        assert len(inbox.open(conversation.id).record.messages) == 3


def _given(app: Application, conversation: Conversation, assignee: str):
    from custagent.conversation.handling import assign

    now = app.store.conversations.conversation(conversation.id)
    assert now is not None
    return assign(now, assignee, app.clock.now())


class TestGivingAway:
    def test_to_a_user_a_team_or_whoever_comes(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        for target, owner in (("anna", "user:anna"), ("team:support", "team:support"), ("nobody", "")):
            assert inbox.assign(conversation.id, target).assignee == owner

    @pytest.mark.parametrize("target", ["dora", "user:dora", "team:anna", "user:", "robot:anna"])
    def test_to_nobody_there(self, shop, inbox, hear: Hear, target) -> None:
        with pytest.raises(UnknownName):
            inbox.assign(hear(shop).id, target)

    def test_not_to_who_may_not_answer(self, shop, inbox, hear: Hear) -> None:
        with pytest.raises(UsageError, match="bo may not answer"):
            inbox.assign(hear(shop).id, "bo")

    def test_not_to_somebody_without_a_seat(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        path = shop.home.workspace_file
        text = path.read_text(encoding="utf-8").replace("permissions: [edit-agents]", "permissions: [answer]")
        path.write_text(text, encoding="utf-8")
        shop.__dict__.pop("workspace", None)
        with pytest.raises(UsageError, match="bo holds no seat"):
            inbox.assign(conversation.id, "user:bo")
        assert status_of(shop, conversation) == ("pending", "")


class TestReleasing:
    def test_the_agent_says_that_it_is_one(self, shop, inbox, hear: Hear) -> None:
        assert agent_path(shop.home, "support").exists()
        assign_agent(shop, "support", ["web"], Terms())
        conversation = hear(shop)
        inbox.reply(conversation.id, "Hello")
        released = inbox.release(conversation.id)
        assert (released.status, released.assignee, released.agent) == (Status.PENDING, "", "support")
        last = inbox.open(conversation.id).record.messages[-1]
        assert (last.kind, last.sender) == (MessageKind.DISCLOSURE, Sender.AGENT)

    def test_without_an_agent_it_is_said_what_to_run(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.take(conversation.id)
        with pytest.raises(UsageError, match="no agent is live on web") as refused:
            inbox.release(conversation.id)
        assert refused.value.hint == "custagent assign AGENT web"

    def test_what_the_agent_has_cannot_be_given_back(self, shop, inbox, hear: Hear) -> None:
        assign_agent(shop, "support", ["web"], Terms())
        with pytest.raises(UsageError, match="the agent has it"):
            inbox.release(hear(shop).id)


class TestPuttingAside:
    def test_until_a_moment_and_out_again(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.take(conversation.id)
        until = shop.clock.now() + timedelta(hours=3)
        assert inbox.snooze(conversation.id, until=until).status is Status.SNOOZED
        assert inbox.open(conversation.id).record.snoozed_until == until
        assert inbox.wake(conversation.id).status is Status.OPEN
        assert status_of(shop, conversation)[1] == "user:anna"

    def test_not_until_yesterday(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.take(conversation.id)
        with pytest.raises(UsageError, match="past"):
            inbox.snooze(conversation.id, until=shop.clock.now())

    def test_closing(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.take(conversation.id)
        closed = inbox.close(conversation.id)
        assert (closed.status, closed.assignee) == (Status.CLOSED, "user:anna")
        with pytest.raises(UsageError, match="it is closed"):
            inbox.close(conversation.id)


class TestNotes:
    def test_are_for_people_only(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.note(conversation.id, " Called back ")
        thread = inbox.open(conversation.id)
        assert [(one.author, one.text) for one in thread.notes] == [("anna", "Called back")]
        assert [one.text for one in thread.record.messages] == ["Hej?"]
        assert shop.store.outbox.due(shop.clock.now(), limit=9) == ()

    def test_in_a_conversation_that_is_nowhere(self, inbox) -> None:
        with pytest.raises(UnknownName):
            inbox.note("x", "words")

    def test_others_see_that_somebody_writes_not_what(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        shop.store.notes.keep_draft(conversation.id, "cleo", "Dear", shop.clock.now())
        thread = inbox.open(conversation.id)
        assert thread.writing == {"cleo": shop.clock.now()}
        assert thread.draft == ""


class TestWhoMay:
    def test_only_who_may_answer(self, shop, open_app) -> None:
        assert shop.workspace.users
        with pytest.raises(PermissionDenied, match="needs the permission answer"):
            Inbox(open_app("bo"))

    def test_somebody_who_signed_in_acts_as_themselves(self, shop, hear: Hear) -> None:
        anna = shop.workspace.users[0]
        conversation = hear(shop)
        Inbox(shop, anna).take(conversation.id)
        (noted, *_) = shop.store.audit.entries(1)
        assert (noted.actor, noted.action, noted.subject) == ("anna", "inbox take", conversation.id)

    def test_every_look_is_noted(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        inbox.open(conversation.id)
        (noted,) = shop.store.audit.entries(1)
        assert (noted.action, noted.subject, noted.actor) == ("inbox read", conversation.id, "anna")
        inbox.open(conversation.id, noted=False)
        assert shop.store.audit.entries(1) == (noted,)

    def test_a_list_shows_what_contacts_wrote_and_is_noted_once(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        wanted = Wanted(view=View.AGENT)
        inbox.items(wanted)
        inbox.items(wanted, noted=False)
        assert [
            (one.action, one.subject, one.after) for one in shop.store.audit.entries(9) if "list" in one.action
        ] == [("inbox list", "agent", conversation.id)]

    def test_a_suggestion_is_noted(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop)
        assign_agent(shop, "support", ["web"], Terms())
        inbox.suggest(conversation.id)
        entry = shop.store.audit.entries(1)[0]
        assert (entry.action, entry.subject, entry.actor) == ("inbox suggest", conversation.id, "anna")


class TestSuggestions:
    def test_what_the_agent_would_say_is_free_and_not_sent(self, shop, inbox, hear: Hear) -> None:
        assign_agent(shop, "support", ["web"], Terms())
        conversation = hear(shop)
        inbox.take(conversation.id)
        answer = inbox.suggest(conversation.id)
        assert answer is not None
        assert answer.text
        assert shop.store.ledger.entries() == ()
        assert shop.store.outbox.due(shop.clock.now(), limit=9) == ()

    def test_nothing_is_open(self, shop, inbox, hear: Hear) -> None:
        assign_agent(shop, "support", ["web"], Terms())
        conversation = hear(shop)
        inbox.reply(conversation.id, "Hello")
        assert inbox.suggest(conversation.id) is None

    def test_drafts_are_wanted_where_the_agent_only_suggests_until_a_person_has_replied(
        self, shop, inbox, hear: Hear
    ) -> None:
        conversation = hear(shop)
        wanted = []
        for mode in ("reply", "suggest"):
            assign_agent(shop, "support", ["web"], Terms(mode=mode))
            wanted.append(inbox.open(conversation.id).wants_draft)
        inbox.reply(conversation.id, "Hello")
        assert [*wanted, inbox.open(conversation.id).wants_draft] == [False, True, False]


class TestTheList:
    def test_the_views(self, shop, inbox, hear: Hear) -> None:
        by_key = {}
        for key in ("agent", "mine", "team", "nobody", "aside", "done"):
            by_key[key] = hear(shop, key)
            shop.clock.advance(seconds=1)
        for key, target in (("mine", "anna"), ("team", "team:support"), ("nobody", "nobody"), ("aside", "anna")):
            inbox.assign(by_key[key].id, target)
            shop.clock.advance(seconds=1)
        inbox.snooze(by_key["aside"].id)
        inbox.close(by_key["done"].id)

        def keys(view: View, **more) -> list[str]:
            return [one.conversation.contact.key for one in inbox.items(Wanted(view=view, **more))]

        assert keys(View.MINE) == ["mine"]
        assert keys(View.UNASSIGNED) == ["team", "nobody"]
        assert keys(View.OPEN) == ["mine", "team", "nobody"]
        assert (keys(View.SNOOZED), keys(View.AGENT), keys(View.CLOSED)) == (["aside"], ["agent"], ["done"])
        assert keys(View.OPEN, assignee="team:support") == ["team"]
        assert keys(View.OPEN, channel="wiki") == []
        assert inbox.counts() == {
            View.MINE: 1, View.UNASSIGNED: 2, View.OPEN: 3, View.SNOOZED: 1, View.AGENT: 1,
        }  # fmt: skip

    def test_the_longest_waiting_first_and_the_answered_last(self, shop, inbox, hear: Hear) -> None:
        begun = []
        for number in range(4):
            begun.append(hear(shop, f"k{number}"))
            inbox.take(begun[-1].id)
            shop.clock.advance(minutes=1)
        inbox.reply(begun[0].id, "Done")
        hear(shop, "k1")  # who writes again does not lose the place
        assert [one.conversation.contact.key for one in inbox.items(Wanted())] == ["k1", "k2", "k3", "k0"]
        assert [one.conversation.contact.key for one in inbox.items(Wanted(), limit=2, offset=1)] == ["k2", "k3"]

    def test_each_line(self, shop, inbox, hear: Hear) -> None:
        conversation = hear(shop, "k1", text="Where\nis  it? " + "x" * 300)
        wrote = shop.clock.now()
        inbox.take(conversation.id)
        (item,) = inbox.items(Wanted())
        assert item.snippet.startswith("Where is it? xxx")
        assert len(item.snippet) < 210
        assert (item.last_sender, item.last_kind, item.failed) == (Sender.CONTACT, MessageKind.INBOUND, 0)
        assert (item.contact_wrote_at, item.unread) == (wrote, True)
        inbox.open(conversation.id)
        assert not inbox.items(Wanted())[0].unread

    def test_what_waits_for_whom(self, shop, inbox, hear: Hear) -> None:
        given = {
            "one": "anna", "two": "anna", "done": "anna", "team": "team:support", "night": "team:night", "other": "nobody",
        }  # fmt: skip
        for key, target in given.items():
            conversation = hear(shop, key, contact_name=key.title())
            inbox.assign(conversation.id, target)
            if key == "done":
                inbox.reply(conversation.id, "There it is")
            shop.clock.advance(seconds=1)
        hear(shop, "agents")
        waiting = inbox.waiting(limit=1)
        assert list(waiting.mine.values()) == ["One"]
        assert (waiting.mine_count, waiting.unassigned_count) == (2, 3)
        assert list(inbox.waiting().mine.values()) == ["One", "Two"]
        assert inbox.counts()[View.UNASSIGNED] == len(inbox.items(Wanted(view=View.UNASSIGNED))) == 3


class TestSearching:
    def test_finds_words_in_all_views_and_is_written_down_without_them(self, shop, inbox, hear: Hear) -> None:
        first = hear(shop, "k1", text="My blue kettle leaks", language="sv")
        shop.clock.advance(seconds=1)
        second = hear(shop, "k2", text="A kettle, please")
        inbox.close(first.id)
        assert [hit.conversation.id for hit in inbox.find("KETTLE", Wanted(), limit=9)] == [second.id, first.id]
        (noted,) = shop.store.audit.entries(1)
        assert (noted.actor, noted.action, noted.subject, noted.after) == ("anna", "inbox search", "", "2 found")
        assert [hit.conversation.id for hit in inbox.find("kettle", Wanted(), limit=9, after=second.id)] == [first.id]
        assert [hit.conversation.id for hit in inbox.find("kettle", Wanted(language="sv"), limit=9)] == [first.id]
        assert inbox.find("kettle", Wanted(channel="wiki"), limit=9) == ()
        assert inbox.find("?!", Wanted(), limit=9) == ()


def test_looking_again_at_what_was_never_opened_is_a_look(shop, inbox, hear: Hear) -> None:
    conversation = hear(shop)
    inbox.open(conversation.id, noted=False)
    (noted,) = shop.store.audit.entries(1)
    assert (noted.action, noted.subject) == ("inbox read", conversation.id)
