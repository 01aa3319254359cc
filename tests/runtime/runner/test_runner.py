"""The runner: it masks before it writes, closes by silence, and holds the workspace alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from custagent.config.agents import agent_path
from custagent.core.conversation import Status, Turn
from custagent.core.errors import ConfigError, LeaseHeld, Overloaded, UnknownName
from custagent.core.message import DeliveryStatus, InboundMessage, MessageKind, Sender
from custagent.runtime.bootstrap import WORKSPACE_KEY
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.pauses import pause_agents
from custagent.runtime.runner.admission import LEAST
from custagent.runtime.runner.runner import LEASE, Runner
from custagent.store.database.lease import LeaseHolder

CARD = "4111 1111 1111 1111"
WARRANTY = "How long is the warranty?"


@pytest.fixture
def runner(live) -> Runner:
    return Runner(live)


def inbound(app, text: str = WARRANTY, *, number: int = 1, key: str = "k1", channel: str = "website") -> InboundMessage:
    return InboundMessage(
        channel=channel, external_id=f"x{number}", contact_key=key, text=text, sent_at=app.clock.now(), language="en",
        body_hash="0" * 64,
    )  # fmt: skip


def another_takes_over(app) -> None:
    app.clock.advance(hours=1)
    holder = LeaseHolder(host="elsewhere", pid=4711, since=app.clock.now())
    app.store.lease.acquire(holder, timedelta(seconds=15), app.clock.now())


@asynccontextmanager
async def works(runner: Runner) -> AsyncIterator[None]:
    """The runner works for as long as the block lasts."""
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        async with asyncio.timeout(60):
            await task


def test_a_message_is_answered_charged_and_delivered(live, runner, until):
    async def scene() -> str:
        async with works(runner):
            begun = await runner.receive(inbound(live))
            conversation = begun.conversation.id
            sent = [DeliveryStatus.SENT, DeliveryStatus.SENT]
            await until(lambda: [*live.store.outbox.statuses(conversation).values()] == sent)
        return conversation

    conversation = asyncio.run(scene())
    messages = live.store.conversations.messages(conversation)
    assert [message.kind.value for message in messages] == ["inbound", "disclosure", "answer"]
    assert messages[-1].text == "Two years from the day you buy it."
    assert messages[-1].evidence
    (charge,) = live.store.ledger.entries()
    assert (charge.amount, charge.conversation, charge.policy) == (-100, conversation, "conversation")


def test_the_same_message_twice_is_one_message_and_one_reply(live, runner, until):
    async def scene() -> str:
        async with works(runner):
            first, again = await asyncio.gather(runner.receive(inbound(live)), runner.receive(inbound(live)))
            assert first.message.id == again.message.id
            assert sorted([first.duplicate, again.duplicate]) == [False, True]
            conversation = first.conversation.id
            await until(lambda: len(live.store.conversations.messages(conversation)) == 3)
            late = await runner.receive(inbound(live))
            assert late.duplicate
        return conversation

    conversation = asyncio.run(scene())
    assert len(live.store.conversations.messages(conversation)) == 3
    assert len(live.store.ledger.entries()) == 1


def test_what_is_secret_never_reaches_the_disk(live, runner):
    begun = asyncio.run(runner.receive(inbound(live, f"My card is {CARD}, why was it refused?")))
    assert "why was it refused?" in begun.message.text
    live.close()
    kept = b"".join(file.read_bytes() for file in live.home.state_folder.rglob("*") if file.is_file())
    assert b"why was it refused?" in kept
    for spelling in (CARD, CARD.replace(" ", ""), CARD.replace(" ", "-"), CARD[-7:]):
        assert spelling.encode() not in kept


def test_before_it_is_folded_into_the_database_the_log_holds_nothing_either(live, runner):
    asyncio.run(runner.receive(inbound(live, f"My card is {CARD}, why was it refused?")))
    # Another process, or a crash, sees the log as it is now.
    log = live.home.database.with_name(live.home.database.name + "-wal").read_bytes()
    assert b"why was it refused?" in log
    assert CARD.encode() not in log


def test_what_is_masked_is_a_setting(live, runner, put):
    put(live.home.workspace_file, "fetch:", "privacy:\n  mask: []\nfetch:")
    apply_agents(live)
    begun = asyncio.run(runner.receive(inbound(live, f"My card is {CARD}.")))
    assert begun.message.text == f"My card is {CARD}."


def test_where_no_agent_is_the_message_waits_for_people(live, runner, put):
    put(agent_path(live.home, "support"), "- channel: website", "- channel: website\n    mode: suggest")
    apply_agents(live)
    begun = asyncio.run(runner.receive(inbound(live)))
    assert (begun.conversation.status, begun.conversation.agent) == (Status.OPEN, "")


def test_a_message_for_a_channel_that_is_gone_is_refused(live, runner):
    with pytest.raises(UnknownName, match="'old'"):
        asyncio.run(runner.receive(inbound(live, channel="old")))
    assert live.store.conversations.list() == ()


def test_a_paused_agent_hands_over_with_the_next_message(live, runner, until):
    async def scene() -> str:
        async with works(runner):
            begun = await runner.receive(inbound(live))
            conversation = begun.conversation.id
            await until(lambda: len(live.store.conversations.messages(conversation)) == 3)
            await asyncio.to_thread(pause_agents, live, ["support"])
            await runner.receive(inbound(live, number=2))
            await until(lambda: len(live.store.conversations.messages(conversation)) == 5)
        return conversation

    messages = live.store.conversations.messages(asyncio.run(scene()))
    assert (messages[-1].kind, messages[-1].reason) == (MessageKind.HANDOFF_UNAVAILABLE, "paused")
    assert len(live.store.ledger.entries()) == 1


def test_silence_closes_at_exactly_a_day(live, runner, until):
    async def scene() -> str:
        async with works(runner):
            begun = await runner.receive(inbound(live))
            await until(lambda: len(live.store.conversations.messages(begun.conversation.id)) == 3)
        return begun.conversation.id

    conversation = asyncio.run(scene())
    runner.release()
    again = Runner(live)
    live.clock.advance(hours=24, microseconds=-1)
    assert len(again.timers.close_silent()) == 0
    live.clock.advance(microseconds=1)
    assert len(again.timers.close_silent()) == 1
    closed = live.store.conversations.conversation(conversation)
    assert (closed.status, closed.outcome, closed.closed_at) == (Status.CLOSED, "answered", live.clock.now())
    assert len(again.timers.close_silent()) == 0
    # A later message begins a new conversation, and that costs anew.
    begun = asyncio.run(again.receive(inbound(live, number=2)))
    assert begun.new
    assert begun.conversation.id != conversation


def test_what_the_agent_owes_a_reply_is_not_closed(live, runner):
    begun = asyncio.run(runner.receive(inbound(live)))
    live.clock.advance(days=30)
    assert len(runner.timers.close_silent()) == 0
    assert live.store.conversations.conversation(begun.conversation.id).status is Status.PENDING


def test_after_a_long_rest_everything_that_is_due_is_closed_in_one_look(live, runner, reply):
    async def all_write() -> None:
        await asyncio.gather(*(runner.receive(inbound(live, number=n, key=f"k{n}")) for n in range(230)))

    asyncio.run(all_write())
    for conversation in live.store.conversations.list(limit=300):
        reply(live, conversation)
    live.clock.advance(hours=24)
    assert len(runner.timers.close_silent()) == 230


def test_a_second_runner_is_refused_and_told_of_the_first(live, runner):
    with pytest.raises(LeaseHeld) as caught:
        Runner(live)
    assert f"process {os.getpid()} on " in caught.value.message
    assert "custagent run" in caught.value.hint


def test_a_runner_that_ends_lets_the_next_one_begin_at_once(live, runner):
    async def scene() -> None:
        async with works(runner):
            with pytest.raises(LeaseHeld):
                Runner(live)

    asyncio.run(scene())
    # Requests that are still open may be written until the very end.
    with pytest.raises(LeaseHeld):
        Runner(live)
    runner.release()
    Runner(live)


def test_after_a_crash_the_next_one_begins_when_the_lease_has_run_out(live, runner):
    live.clock.advance(seconds=LEASE.total_seconds() - 0.001)
    with pytest.raises(LeaseHeld):
        Runner(live)
    live.clock.advance(seconds=0.001)
    Runner(live)


def test_a_runner_that_was_replaced_writes_nothing(live, runner, clients):
    begun = asyncio.run(runner.receive(inbound(live)))
    another_takes_over(live)
    with pytest.raises(LeaseHeld) as caught:
        runner.check()
    assert "process 4711 on elsewhere" in caught.value.message
    with pytest.raises(LeaseHeld):
        asyncio.run(runner.receive(inbound(live, "And now?", number=2)))
    assert len(live.store.conversations.messages(begun.conversation.id)) == 1
    # What it gives up is not the other one's lease.
    runner.release()
    assert live.store.lease.holder(live.clock.now()).pid == 4711


def test_a_runner_that_was_replaced_ends_and_says_who_works(live, until):
    runner = Runner(live, lease=timedelta(seconds=0.5))

    async def scene() -> None:
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0)
        await asyncio.to_thread(another_takes_over, live)
        async with asyncio.timeout(60):
            await task

    with pytest.raises(LeaseHeld, match="process 4711 on elsewhere"):
        asyncio.run(scene())
    assert runner.stopping.is_set()
    assert runner.hub.stopping


def test_an_unreadable_workspace_takes_no_lease(live):
    live.store.versions.apply(WORKSPACE_KEY, "nonsense: 1\n", actor="", git_commit="", at=live.clock.now())
    with pytest.raises(ConfigError):
        Runner(live)
    assert live.store.lease.holder(live.clock.now()) is None


def test_a_message_of_a_contact_is_kept_as_such(live, runner):
    begun = asyncio.run(runner.receive(inbound(live)))
    assert (begun.message.sender, begun.message.kind, begun.message.language) == (
        Sender.CONTACT, MessageKind.INBOUND, "en",
    )  # fmt: skip
    assert begun.conversation.agent == "support"


def crowd(runner: Runner, waiting: int) -> None:
    """As many wait on the chat as a count has told, and none is answered."""
    for _ in range(60):
        runner.admission.counted({"website": waiting}, 1.0)


def test_when_too_much_waits_a_message_is_not_taken_and_later_it_is(live, runner):
    crowd(runner, LEAST)
    with pytest.raises(Overloaded, match="More waits on website than can be answered soon"):
        asyncio.run(runner.receive(inbound(live)))
    assert live.store.conversations.list() == ()
    crowd(runner, LEAST - 1)
    assert not asyncio.run(runner.receive(inbound(live))).duplicate


def test_a_conversation_that_people_have_goes_on_however_much_waits_for_the_agent(live, runner, clients):
    begun = asyncio.run(runner.receive(inbound(live)))
    turn = Turn(conversation=begun.conversation, status=Status.OPEN, assignee="user:anna", at=live.clock.now())
    live.store.conversations.commit(turn)
    crowd(runner, LEAST)
    again = asyncio.run(runner.receive(inbound(live, "Are you there?", number=2)))
    assert again.conversation.id == begun.conversation.id
    with pytest.raises(Overloaded):
        asyncio.run(runner.receive(inbound(live, number=3, key="k2")))


def test_where_nobody_but_people_answers_nothing_is_refused(live, runner, put):
    put(agent_path(live.home, "support"), "assignments:\n  - channel: website\n", "")
    apply_agents(live)
    crowd(runner, LEAST)
    assert asyncio.run(runner.receive(inbound(live))).conversation.status is Status.OPEN


def test_of_a_batch_that_holds_too_much_nothing_is_taken(live, runner):
    crowd(runner, LEAST)
    with pytest.raises(Overloaded):
        asyncio.run(runner.receive_all([inbound(live), inbound(live, number=2, key="k2")]))
    assert live.store.conversations.list() == ()


def test_what_comes_in_and_is_answered_counts(live, runner, until):
    async def scene() -> None:
        crowd(runner, LEAST - 1)
        async with works(runner):
            begun = await runner.receive(inbound(live))
            assert runner.admission.is_full("website")
            await until(lambda: len(live.store.conversations.messages(begun.conversation.id)) > 1)
            await until(lambda: not runner.admission.is_full("website"))

    asyncio.run(scene())
