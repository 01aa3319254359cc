"""Turns that take long, or for ever: they cost the others nothing, and a person gets the conversation in the end."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from custagent.core.agent import Handoff, ModelOptions
from custagent.core.conversation import Status
from custagent.runtime.runner.answering import AHEAD, MOST_LEFT
from custagent.runtime.runner.places import AT_ONCE, Places
from custagent.runtime.runner.turns import BESIDE_MODEL, DEADLINE, Turns

HANDED_OVER = [("handoff-unavailable", "(handoff_unavailable)")]


@pytest.fixture
def gate():
    """What hangs waits for it; a test that fails leaves nothing hanging."""
    opened = threading.Event()
    yield opened
    opened.set()


@pytest.fixture
def hangs(agents, gate, echo):
    """Questions that begin with "hang" are not answered before the gate opens."""

    def think(question):
        if question.text.startswith("hang"):
            gate.wait(60)
        return echo(question)

    agents.think = think


def test_what_only_waits_lets_others_begin(*, clients, agents, loop_of, replies, until, hangs):
    for number in range(AT_ONCE):
        clients.write(f"hang {number}", key=f"slow{number}")

    async def scene() -> None:
        loop = loop_of(clients, agents, patience=0.05)
        async with loop.runs():
            await until(lambda: len(agents.asked) == AT_ONCE)
            quick = await asyncio.to_thread(clients.write, "quick", key="quick")
            loop.answering.heard(quick.conversation)
            await until(lambda: replies(clients, quick.conversation.id))

    asyncio.run(scene())


def test_turns_that_ask_a_model_take_no_place_of_those_that_reckon(*, clients, agents, loop_of, replies, until, hangs):
    agents.model = "openai/any"
    for number in range(AT_ONCE + 1):
        clients.write(f"hang {number}", key=f"slow{number}", channel="website")

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: len(agents.asked) == AT_ONCE + 1)
            # The channel has all of its places; another one has its own.
            kept = await asyncio.to_thread(clients.write, "one more", key="kept", channel="website")
            passing = await asyncio.to_thread(clients.write, "other", key="other", channel="wiki")
            await until(lambda: replies(clients, passing.conversation.id))
            assert not replies(clients, kept.conversation.id)

    asyncio.run(scene())
    assert "one more" not in agents.asked


def test_one_that_takes_too_long_is_handed_over_and_its_late_answer_is_not_sent(
    *, clients, agents, gate, loop_of, replies, until, hangs, caplog
):
    agents.handoff = Handoff(mode="transfer", to=("team:support",))
    begun = clients.write("hang")

    async def scene() -> None:
        async with loop_of(clients, agents, deadline=1.0).runs():
            await until(lambda: replies(clients, begun.conversation.id))
            gate.set()
            await until(lambda: not any(thread.name.startswith("answer-") for thread in threading.enumerate()))

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert agents.asked == ["hang"], "it was asked once, then handed over"
    assert replies(clients, begun.conversation.id) == HANDED_OVER
    stored = clients.now(begun.conversation.id)
    assert (stored.status, stored.assignee) == (Status.OPEN, "team:support")
    assert clients.store.ledger.entries() == ()
    assert f"conversation {begun.conversation.id} was not answered within" in caplog.text


def test_when_very_much_hangs_on_a_channel_nothing_more_is_asked_there(
    *, clients, agents, gate, loop_of, replies, until, hangs
):
    begun = [clients.write("hang", key=f"k{number}").conversation.id for number in range(MOST_LEFT + AT_ONCE)]

    async def scene() -> None:
        loop = loop_of(clients, agents, deadline=0.4)
        async with loop.runs():
            await until(lambda: all(replies(clients, each) for each in begun))
            asked = len(agents.asked)
            assert MOST_LEFT <= asked <= MOST_LEFT + AT_ONCE
            late = await asyncio.to_thread(clients.write, "quick?", key="late")
            loop.answering.heard(late.conversation)
            await until(lambda: replies(clients, late.conversation.id))
            assert replies(clients, late.conversation.id) == HANDED_OVER
            # What hung has ended: it is asked again, and may take its time.
            gate.set()
            loop.turns._deadline = 60.0
            await until(lambda: not any(thread.name.startswith("answer-") for thread in threading.enumerate()))
            again = await asyncio.to_thread(clients.write, "and now?", key="again")
            loop.answering.heard(again.conversation)
            await until(lambda: replies(clients, again.conversation.id))
            assert replies(clients, again.conversation.id) == [("answer", "re: and now?")]

    asyncio.run(scene())
    assert {tuple(replies(clients, each)) for each in begun} == {tuple(HANDED_OVER)}


def test_what_is_told_of_is_begun_without_looking_for_it(clients, agents, loop_of, replies, until):
    async def scene() -> None:
        # The next look by itself comes long after the test.
        loop = loop_of(clients, agents, poll=3600)
        async with loop.runs():
            await until(lambda: loop.store.looks == 1)
            begun = await asyncio.to_thread(clients.write, "one")
            loop.answering.heard(begun.conversation)
            await until(lambda: replies(clients, begun.conversation.id))
            again = await asyncio.to_thread(clients.write, "two")
            loop.answering.heard(again.conversation)
            await until(lambda: len(replies(clients, begun.conversation.id)) == 2)
        assert loop.store.looks == 1

    asyncio.run(scene())


def test_however_much_waits_little_of_it_is_held(*, clients, agents, echo, gate, loop_of, until):
    waiting = AHEAD + 50
    for number in range(waiting):
        clients.write("hello", key=f"k{number}")
    agents.think = lambda question: gate.wait(60) and echo(question)

    async def scene() -> None:
        loop = loop_of(clients, agents)
        async with loop.runs():
            await until(lambda: len(agents.asked) == AT_ONCE)
            assert loop.store.most_fetched == AHEAD
            late = await asyncio.to_thread(clients.write, "hello", key="late")
            loop.answering.heard(late.conversation)
            gate.set()
            await until(lambda: clients.store.conversations.unhandled() == ())
        assert loop.store.most_fetched == AHEAD

    asyncio.run(scene())
    assert len(agents.asked) == waiting + 1


def test_a_models_time_out_is_its_turns_deadline(clients, agents):
    def deadline() -> float:
        begun = clients.write("hello")
        work = Turns(clients.store.conversations, agents, None, fence=0).look(begun.conversation.id)
        assert work is not None
        return work.deadline

    assert deadline() == DEADLINE
    agents.model = "openai/any"
    assert deadline() == BESIDE_MODEL + 30
    agents.model_options = ModelOptions(timeout="2m")
    assert deadline() == BESIDE_MODEL + 120


def test_places():
    places = Places(at_once=2, per_channel=3)
    for number in range(2):
        places.take(f"c{number}", "web")
    assert (places.free, list(places.full())) == (False, [])
    places.wait("c0")
    places.take("c2", "web")
    assert (places.free, list(places.full())) == (False, ["web"])
    assert set(places) == {"c0", "c1", "c2"}
    places.give_back("c0")
    assert (places.free, list(places.full()), "c0" in places) == (False, [], False)
    places.give_back("c2")
    places.give_back("c2")
    assert places.free
