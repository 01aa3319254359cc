"""The answering loop: one worker a conversation, what is overtaken made anew, faults handed over, a clean stop."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from custagent.core.agent import Handoff
from custagent.core.answer import Answer, Question
from custagent.core.conversation import Status
from custagent.core.errors import LeaseHeld
from custagent.core.message import MessageKind
from custagent.runtime.runner.places import AT_ONCE


def test_what_waits_is_answered_and_told_of(clients, agents, until, loop_of):
    begun = clients.write("How much?")

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: "committed" in loop.events)
        assert loop.events == ["on", "off", "committed"]

    asyncio.run(scene())
    said = [("inbound", "How much?"), ("disclosure", "(disclosure)"), ("answer", "re: How much?")]
    assert clients.said(begun.conversation.id) == said
    (charge,) = clients.store.ledger.entries()
    assert (charge.amount, charge.conversation) == (-100, begun.conversation.id)


def test_work_that_comes_by_another_process_is_seen_without_being_told(clients, agents, until, loop_of, replies):
    async def scene() -> None:
        async with loop_of(clients, agents).runs():
            await asyncio.sleep(0)
            begun = await asyncio.to_thread(clients.write)
            await until(lambda: replies(clients, begun.conversation.id))

    asyncio.run(scene())


def test_one_worker_a_conversation_and_conversations_beside_each_other(
    *, clients, agents, until, loop_of, replies, echo
):
    slow, quick = clients.write("slow", key="k1"), clients.write("quick", key="k2")
    gate = threading.Event()

    def think(question: Question) -> Answer:
        if question.text == "slow":
            gate.wait(60)
        return echo(question)

    agents.think = think

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: replies(clients, quick.conversation.id))
            # Another look finds the slow one waiting still, and leaves it to its worker.
            third = await asyncio.to_thread(clients.write, "quick too", key="k3")
            loop.answering.wake()
            await until(lambda: replies(clients, third.conversation.id))
            assert agents.asked.count("slow") == 1
            gate.set()
            await until(lambda: replies(clients, slow.conversation.id))

    asyncio.run(scene())
    assert sorted(agents.asked) == ["quick", "quick too", "slow"]


def test_no_more_than_so_many_are_thought_about_at_a_time(clients, agents, until, loop_of, echo):
    for number in range(AT_ONCE + 2):
        clients.write(str(number), key=f"k{number}")
    gate = threading.Event()
    agents.think = lambda question: gate.wait(60) and echo(question)

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: len(agents.asked) == AT_ONCE)
            loop.answering.wake()
            await asyncio.to_thread(clients.store.conversations.unhandled)
            assert len(agents.asked) == AT_ONCE
            gate.set()
            await until(lambda: not clients.store.conversations.unhandled())

    asyncio.run(scene())
    # The oldest first.
    assert sorted(agents.asked[:AT_ONCE]) == [str(number) for number in range(AT_ONCE)]


def test_what_came_while_it_thought_is_answered_with_it(*, clients, agents, until, loop_of, replies, echo):
    begun = clients.write("I have a bike.")

    def think(question: Question) -> Answer:
        if question.text == "I have a bike.":
            clients.write("It squeaks.")
        return echo(question)

    agents.think = think

    async def scene() -> None:
        async with loop_of(clients, agents).runs():
            await until(lambda: replies(clients, begun.conversation.id))

    asyncio.run(scene())
    assert agents.asked == ["I have a bike.", "I have a bike.\nIt squeaks."]
    assert replies(clients, begun.conversation.id) == [("answer", "re: I have a bike.\nIt squeaks.")]
    assert len(clients.store.ledger.entries()) == 1


def test_what_a_person_took_meanwhile_is_not_answered(*, clients, agents, until, loop_of, replies, echo):
    begun = clients.write("How much?")

    def think(question: Question) -> Answer:
        clients.commit(begun.conversation.id, MessageKind.PERSON, status=Status.OPEN, assignee="user:anna")
        return echo(question)

    agents.think = think

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: "off" in loop.events)
        assert "committed" not in loop.events

    asyncio.run(scene())
    assert replies(clients, begun.conversation.id) == [("person", "person")]
    assert clients.store.ledger.entries() == ()


def test_after_three_faults_the_conversation_is_handed_over(*, clients, agents, until, caplog, loop_of, replies, echo):
    broken, other = clients.write("boom", key="k1"), clients.write("fine", key="k2")
    agents.handoff = Handoff(mode="transfer", to=("team:support",))

    def think(question: Question) -> Answer:
        if question.text == "boom":
            raise ZeroDivisionError("nobody thought of this")
        return echo(question)

    agents.think = think

    async def scene() -> None:
        async with loop_of(clients, agents).runs():
            await until(lambda: replies(clients, broken.conversation.id))
            await until(lambda: replies(clients, other.conversation.id))

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert agents.asked.count("boom") == 3
    assert replies(clients, broken.conversation.id) == [("handoff-unavailable", "(handoff_unavailable)")]
    stored = clients.now(broken.conversation.id)
    assert (stored.status, stored.assignee) == (Status.OPEN, "team:support")
    assert replies(clients, other.conversation.id) == [("answer", "re: fine")]
    assert caplog.text.count("ZeroDivisionError: nobody thought of this") == 3
    assert [entry.conversation for entry in clients.store.ledger.entries()] == [other.conversation.id]


def test_an_agent_that_failed_is_tried_again_with_the_next_message(*, clients, agents, until, loop_of, replies, echo):
    begun = clients.write("boom")

    def think(question: Question) -> Answer:
        if question.text == "boom":
            raise ZeroDivisionError
        return echo(question)

    agents.think = think

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: len(replies(clients, begun.conversation.id)) == 1)
            await asyncio.to_thread(clients.write, "and now?")
            loop.answering.wake()
            await until(lambda: len(replies(clients, begun.conversation.id)) == 2)

    asyncio.run(scene())
    assert [kind for kind, _ in replies(clients, begun.conversation.id)] == ["handoff-unavailable", "answer"]


@pytest.mark.parametrize("failing", ["unhandled", "unhandled_in", "messages", "commit"])
def test_a_disk_that_is_full_for_a_while_costs_time_only(*, clients, agents, until, caplog, failing, loop_of, replies):
    begun = clients.write("How much?")

    async def scene() -> None:
        # More often than an agent may fail.
        async with loop_of(clients, agents, **{failing: 5}).runs():
            await until(lambda: replies(clients, begun.conversation.id))

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert replies(clients, begun.conversation.id) == [("answer", "re: How much?")]
    assert caplog.text.count("the disk is full") == 5


def test_without_an_agent_people_get_it(clients, agents, until, loop_of):
    begun = clients.write("How much?")
    agents.handoff = None

    async def scene() -> None:
        async with loop_of(clients, agents).runs():
            await until(lambda: clients.now(begun.conversation.id).status is Status.OPEN)

    asyncio.run(scene())
    assert clients.said(begun.conversation.id) == [("inbound", "How much?")]


def test_another_runner_ends_it_and_nothing_is_written(clients, agents, loop_of):
    begun = clients.write("How much?")
    fence = clients.take_over()
    clients.take_over()

    async def scene() -> None:
        loop = loop_of(clients, agents, fence=fence)
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(60):
                await loop.answering.run(loop.stop)
        assert caught.group_contains(LeaseHeld)

    asyncio.run(scene())
    assert agents.asked == ["How much?"]
    assert clients.said(begun.conversation.id) == [("inbound", "How much?")]


def test_stopping_finishes_what_is_being_made_and_begins_nothing_new(*, clients, agents, until, loop_of, replies, echo):
    begun = clients.write("How much?")
    gate = threading.Event()
    agents.think = lambda question: gate.wait(60) and echo(question)

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: agents.asked)
            loop.stop.set()
            late = await asyncio.to_thread(clients.write, "And shipping?", key="k2")
            loop.answering.wake()
            gate.set()
        assert loop.events == ["on", "off", "committed"]
        assert replies(clients, late.conversation.id) == []

    asyncio.run(scene())
    assert replies(clients, begun.conversation.id) == [("answer", "re: How much?")]


def test_stopping_does_not_wait_for_an_answer_that_never_comes(*, clients, agents, until, loop_of, replies, echo):
    begun, before = clients.write("How much?"), threading.enumerate()
    fence, gate = clients.take_over(), threading.Event()
    agents.think = lambda question: gate.wait(60) and echo(question)

    async def scene() -> None:
        loop = loop_of(clients, agents, fence=fence)
        async with loop.runs():
            await until(lambda: agents.asked)
        assert loop.events == ["on", "off"]

    asyncio.run(scene())
    # The thread that was left behind comes too late: the runner has given up its lease.
    clients.store.lease.release(fence)
    new = [thread for thread in threading.enumerate() if thread not in before]
    (left,) = [thread for thread in new if thread.name.startswith("answer-")]
    assert left.daemon
    gate.set()
    left.join(60)
    assert replies(clients, begun.conversation.id) == []
    ((waiting, _),) = clients.store.conversations.unhandled()
    assert waiting.id == begun.conversation.id
