"""The runner's timers: at exactly the moment, once, caught up after a rest, and by nobody who has lost the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from custagent.config.agents import agent_path
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.errors import LeaseHeld
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message, MessageKind, Sender
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.pauses import pause_agents, resume_agents
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.timers import LONGEST_SLEEP, SHORTEST_SLEEP, Timers

PERSON, FOLLOW_UP = MessageKind.PERSON, MessageKind.FOLLOW_UP


@pytest.fixture
def timers(live):
    return Timers(live, InForce(live), fence=0, changed=lambda _: None)


@pytest.fixture
def talk(live, hear) -> Callable[..., Conversation]:
    """A contact asks on the website, and the agent's answer arrives."""

    def talk(key: str = "k1", *, language: str = "", sent: bool = True) -> Conversation:
        conversation = hear(live, key, channel="website", language=language)
        say(live, conversation, MessageKind.ANSWER, status=Status.PENDING)
        if sent:
            arrive(live, conversation)
        return now(live, conversation)

    return talk


def now(app, conversation: Conversation) -> Conversation:
    stored = app.store.conversations.conversation(conversation.id)
    assert stored is not None
    return stored


def arrive(app, conversation: Conversation) -> None:
    for message in app.store.outbox.statuses(conversation.id):
        app.store.outbox.record(message, DeliveryReceipt(status=DeliveryStatus.SENT), app.clock.now())


def say(app, conversation: Conversation, *kinds: MessageKind, **given) -> None:
    messages = tuple(
        Message(
            conversation=conversation.id, sender=Sender.PERSON if kind is PERSON else Sender.AGENT, kind=kind,
            text=kind.value, at=app.clock.now(),
        )
        for kind in kinds
    )  # fmt: skip
    handled = tuple(message.id for message in app.store.conversations.messages(conversation.id))
    app.store.conversations.commit(
        Turn(conversation=now(app, conversation), messages=messages, handled=handled, at=app.clock.now(), **given)
    )


def follow_up(app, put, after: str = "10m") -> None:
    """Let the agent ask after a silence."""
    put(
        agent_path(app.home, "support"),
        "default_language: en\n",
        f"default_language: en\nfollow_up: {{after: {after}}}\n",
    )
    apply_agents(app)


def kinds(app, conversation: Conversation) -> list[str]:
    return [message.kind.value for message in app.store.conversations.messages(conversation.id)]


def closes(app, timers, conversation: Conversation, **after: float) -> None:
    """It is closed at exactly this time, and once."""
    app.clock.advance(microseconds=-1, **after)
    assert timers.close_silent() == []
    app.clock.advance(microseconds=1)
    assert [one.id for one in timers.close_silent()] == [conversation.id]
    assert timers.close_silent() == []
    assert now(app, conversation).status is Status.CLOSED


class TestClosing:
    def test_after_a_day_by_default(self, live, timers, talk):
        closes(live, timers, talk(), hours=24)

    def test_after_the_time_that_is_set(self, live, timers, talk, put):
        put(live.home.workspace_file, "fetch:", "conversations:\n  close_after: {chat: 30m}\nfetch:")
        apply_agents(live)
        closes(live, timers, talk(), minutes=30)

    def test_a_setting_that_is_not_in_force_does_nothing(self, live, timers, talk, put):
        put(live.home.workspace_file, "fetch:", "conversations:\n  close_after: {chat: 30m}\nfetch:")
        talk()
        live.clock.advance(minutes=30)
        assert timers.close_silent() == []

    def test_a_follow_up_changes_nothing_in_it(self, live, timers, talk, put):
        follow_up(live, put)
        conversation = talk()
        live.clock.advance(minutes=10)
        assert len(timers.follow_up()) == 1
        closes(live, timers, conversation, hours=23, minutes=50)
        assert now(live, conversation).outcome == "answered"


class TestSnoozes:
    def test_it_wakes_at_exactly_its_time_with_whoever_had_it(self, live, timers, talk):
        conversation = talk()
        say(live, conversation, PERSON, status=Status.OPEN, assignee="user:anna")
        until = live.clock.now() + timedelta(hours=60)
        say(live, conversation, status=Status.SNOOZED, assignee="user:anna", snoozed_until=until)
        live.clock.advance(hours=60, microseconds=-1)
        assert timers.look() == []
        live.clock.advance(microseconds=1)
        assert [one.id for one in timers.end_snoozes()] == [conversation.id]
        woken = now(live, conversation)
        assert (woken.status, woken.assignee) == (Status.OPEN, "user:anna")
        assert timers.end_snoozes() == []
        assert live.store.timers.snoozed_until(conversation.id) is None

    def test_it_stops_the_timer_which_begins_anew(self, live, timers, talk):
        """CONV-1: else whatever was put aside for more than a day would be closed as it wakes."""
        conversation = talk()
        say(live, conversation, PERSON, status=Status.OPEN)
        say(live, conversation, status=Status.SNOOZED, snoozed_until=live.clock.now() + timedelta(days=3))
        live.clock.advance(days=3)
        timers.look()
        timers.look()
        assert now(live, conversation).status is Status.OPEN
        closes(live, timers, conversation, hours=24)


class TestOverdue:
    @pytest.fixture
    def waits(self, live, hear):
        return hear(live, "k1", channel="website", agent="")

    def test_people_are_told_once_after_the_time_of_silence(self, live, timers, waits):
        live.clock.advance(hours=24, microseconds=-1)
        assert timers.tell_overdue() == 0
        live.clock.advance(microseconds=1)
        timers.look()
        timers.look()
        (notice,) = live.store.notices.latest(9)
        assert (notice.kind, notice.permission, notice.conversation) == ("overdue", "answer", waits.id)
        assert waits.id in notice.text
        assert "since 2026-01-15 12:00 UTC" in notice.text
        assert now(live, waits).status is Status.OPEN

    def test_it_is_never_closed(self, live, timers, waits):
        live.clock.advance(days=90)
        assert timers.look() == []
        assert now(live, waits).status is Status.OPEN

    def test_many_are_told_in_one_look(self, live, timers, hear):
        for number in range(120):
            hear(live, f"k{number}", channel="website", agent="")
        live.clock.advance(hours=24)
        assert timers.tell_overdue() == 120


class TestFollowUp:
    def test_it_is_off_by_default(self, live, timers, talk):
        talk()
        live.clock.advance(minutes=30)
        assert timers.follow_up() == []

    def test_once_after_exactly_the_time_that_is_set_and_free(self, live, timers, talk, put):
        follow_up(live, put)
        conversation = talk()
        before = live.store.ledger.balance()
        live.clock.advance(minutes=10, microseconds=-1)
        assert timers.follow_up() == []
        live.clock.advance(microseconds=1)
        assert [one.id for one in timers.follow_up()] == [conversation.id]
        arrive(live, conversation)
        for _ in range(3):
            live.clock.advance(minutes=10)
            assert timers.follow_up() == []
        assert kinds(live, conversation) == ["inbound", "answer", "follow-up"]
        (asked,) = live.store.conversations.messages(conversation.id)[-1:]
        assert asked.text == "Did that help? If not, tell me a little more and I will look again."
        assert live.store.ledger.balance() == before

    def test_again_after_the_next_answer(self, live, timers, talk, put):
        follow_up(live, put)
        conversation = talk()
        live.clock.advance(minutes=10)
        timers.follow_up()
        talk()
        live.clock.advance(minutes=10)
        assert len(timers.follow_up()) == 1
        assert kinds(live, conversation) == ["inbound", "answer", "follow-up"] * 2

    def test_in_the_conversations_language_and_the_agents_own_words(self, live, timers, talk, put):
        put(agent_path(live.home, "support"), "sources:", "messages:\n  sv: {follow_up: Löste det sig?}\nsources:")
        follow_up(live, put)
        conversation = talk(language="sv")
        live.clock.advance(minutes=10)
        timers.follow_up()
        asked = live.store.conversations.messages(conversation.id)[-1]
        assert (asked.text, asked.language) == ("Löste det sig?", "sv")

    def test_not_before_the_answer_has_arrived(self, live, timers, talk, put):
        follow_up(live, put)
        conversation = talk(sent=False)
        live.clock.advance(minutes=10)
        assert timers.follow_up() == []
        arrive(live, conversation)
        assert len(timers.follow_up()) == 1

    def test_not_when_people_have_it_nor_by_a_paused_agent(self, live, timers, talk, put):
        follow_up(live, put)
        say(live, talk("k1"), status=Status.OPEN)
        talk("k2")
        live.clock.advance(minutes=10)
        pause_agents(live, ["support"])
        assert timers.follow_up() == []
        resume_agents(live, ["support"])
        assert [one.contact.key for one in timers.follow_up()] == ["k2"]

    def test_nobody_is_asked_about_yesterday(self, live, timers, talk, put):
        """After a night without a runner, or when the setting is new."""
        talk()
        live.clock.advance(minutes=70)
        follow_up(live, put)
        assert timers.follow_up() == []

    def test_after_a_short_rest_it_is_caught_up_with(self, live, timers, talk, put):
        follow_up(live, put)
        talk()
        live.clock.advance(minutes=69)
        assert len(timers.follow_up()) == 1

    def test_what_is_closed_in_the_same_look_is_not_asked(self, live, timers, talk, put):
        put(live.home.workspace_file, "fetch:", "conversations:\n  close_after: {chat: 10m}\nfetch:")
        follow_up(live, put)
        conversation = talk()
        live.clock.advance(minutes=10)
        timers.look()
        assert kinds(live, conversation) == ["inbound", "answer"]
        assert now(live, conversation).status is Status.CLOSED

    def test_mail_is_never_asked(self, live, timers, put):
        follow_up(live, put)
        assert [asking.channel for asking in timers._asking()] == ["website"]
        put(
            live.home.workspace_file, "kind: live-chat\n    origins: [https://www.northwind.example]",
            "kind: email\n    address: a@b.example\n    imap_host: h\n    smtp_host: h\n    username: u\n"
            "    password: ${P}",
        )  # fmt: skip
        apply_agents(live)
        assert InForce(live).channels()["website"].kind == ChannelKind.EMAIL
        assert list(timers._asking()) == []


class TestLoop:
    def test_it_sleeps_until_the_next_thing_is_due_and_never_long(self, live, timers, talk, put):
        assert timers._pause() == LONGEST_SLEEP
        follow_up(live, put)
        conversation = talk()
        live.clock.advance(minutes=9, seconds=45)
        assert timers._pause() == 15
        live.clock.advance(seconds=15)
        assert timers._pause() == SHORTEST_SLEEP
        timers.look()
        assert timers._pause() == LONGEST_SLEEP
        live.clock.advance(hours=23, minutes=49, seconds=55)
        assert timers._pause() == 5
        say(live, conversation, PERSON, status=Status.OPEN)
        until = live.clock.now() + timedelta(seconds=7)
        say(live, conversation, status=Status.SNOOZED, snoozed_until=until)
        assert timers._pause() == 7

    def test_a_contact_who_waits_is_reckoned_with(self, live, timers, hear):
        hear(live, "k1", channel="website", agent="")
        live.clock.advance(hours=23, minutes=59, seconds=50)
        assert timers._pause() == 10

    @pytest.mark.parametrize("days", [-1, 1])
    def test_a_clock_that_is_set_does_nothing_twice(self, live, timers, talk, put, days):
        """R8: what was done stays done, whatever the clock says then."""
        follow_up(live, put)
        conversations = [talk("k1"), talk("k2")]
        say(live, conversations[1], PERSON, status=Status.OPEN)
        until = live.clock.now() + timedelta(minutes=5)
        say(live, conversations[1], status=Status.SNOOZED, snoozed_until=until)
        live.clock.advance(minutes=10)
        assert len(timers.look()) == 2
        arrive(live, conversations[0])
        before = [kinds(live, one) for one in conversations]
        live.clock.advance(days=days)
        timers.look()
        closed = [now(live, one).closed_at for one in conversations]
        live.clock.advance(days=-days)
        timers.look()
        assert [kinds(live, one) for one in conversations] == before
        assert [now(live, one).closed_at for one in conversations] == closed

    def test_the_loop_tells_of_each_change_and_does_what_else_there_is(self, live, talk, until):
        changed, looks, stop = [], [], asyncio.Event()
        conversation = talk()
        live.clock.advance(hours=24)
        timers = Timers(
            live, InForce(live), fence=0, changed=lambda one: changed.append(one.id), also=[lambda: looks.append(1)]
        )

        async def scene() -> None:
            task = asyncio.create_task(timers.run(stop))
            await until(lambda: looks and changed)
            stop.set()
            async with asyncio.timeout(60):
                await task

        asyncio.run(scene())
        assert changed == [conversation.id]

    def test_a_runner_that_has_lost_the_lease_does_nothing(self, live, talk, hear):
        conversation = talk()
        waits = hear(live, "k9", channel="website", agent="")
        live.clock.advance(hours=24)
        timers = Timers(live, InForce(live), fence=7, changed=lambda _: None)
        for work in (timers.close_silent, timers.tell_overdue):
            with pytest.raises(LeaseHeld):
                work()
        assert now(live, conversation).status is Status.PENDING
        assert (live.store.notices.latest(9), now(live, waits).status) == ((), Status.OPEN)
