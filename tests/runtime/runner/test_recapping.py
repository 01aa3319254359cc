"""Conversations that were handed over are summed up by the agent's model, in the background (HND-4)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.errors import ConfigError, LeaseHeld, ModelError
from custagent.core.handoff import HandoffRecord, HandoffSummary
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.ports import ChatModel
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.recapping import YOUNG, Recapping
from custagent.runtime.upkeep.privacy import erase_known, known_of
from custagent.testing import ScriptedModel

REQUEST = "The lamp Aurora arrived broken."


def recap(text: str = REQUEST) -> str:
    return json.dumps({"request": [{"text": text, "messages": [1]}], "tried": [], "open": []})


@pytest.fixture
def with_model(live: Application) -> Application:
    """The agent has a model."""
    path = agent_path(live.home, "support")
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}model: openai/made-up\nmodel_options: {{timeout: 1s}}\n", encoding="utf-8")
    apply_agents(live)
    return live


@pytest.fixture
def hand_over(hear: Callable[..., Conversation]) -> Callable[..., Conversation]:
    def do(app: Application, key: str = "k1") -> Conversation:
        conversation = hear(app, key, REQUEST, channel="website", language="en")
        now = app.clock.now()
        told = Message(
            conversation=conversation.id, sender=Sender.AGENT, kind=MessageKind.HANDOFF, text="Wait.", at=now
        )
        app.store.conversations.commit(
            Turn(
                conversation=conversation, status=Status.OPEN, messages=(told,), at=now,
                summary=HandoffSummary(reason="failed", asked=(1,)),
            )
        )  # fmt: skip
        return conversation

    return do


class Hanging(ChatModel):
    """A model that takes the question, and that is all, until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked = threading.Event()

    def complete(self, *_: Any, **__: Any) -> Any:
        self.asked.set()
        self.over.wait(60)
        raise ModelError("over")


class Breaking(ChatModel):
    """A model in which a library breaks."""

    def complete(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no")


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    model = Hanging()
    yield model
    model.over.set()


def told(app: Application, conversation: Conversation) -> HandoffRecord:
    return app.store.handoffs.records(conversation.id)[-1]


def play(app: Application, model: ChatModel, until: Any, condition: Callable[[], object], **given: Any) -> None:
    """Let the loop work until something is so, and end it."""

    async def scene() -> None:
        stop = asyncio.Event()
        loop = Recapping(app, InForce(app), fence=0, model_of=lambda *_: model, poll=0.01, **given)
        working = asyncio.create_task(loop.run(stop))
        either = asyncio.create_task(until(lambda: condition() or working.done()))
        await either
        stop.set()
        await working

    asyncio.run(scene())


def test_each_handed_over_conversation_is_summed_up_once(with_model, hand_over, until):
    first, second = hand_over(with_model, "k1"), hand_over(with_model, "k2")
    model = ScriptedModel([recap(), recap()])
    both = lambda: all(told(with_model, one).recap for one in (first, second))  # noqa: E731 - a condition
    play(with_model, model, until, both)
    assert told(with_model, first).recap.request == (REQUEST,)
    assert told(with_model, first).recap_usage.calls == 1
    assert "Wait." not in json.dumps(model.prompts)
    # Another runner finds nothing left to do.
    third = hand_over(with_model, "k3")
    again = ScriptedModel([recap()])
    play(with_model, again, until, lambda: told(with_model, third).recap)
    assert len(again.prompts) == 1


@pytest.mark.parametrize("lines", [
    [recap("The lamp Aurora arrived on 4 May."), recap("Mia wants 900 kr back.")], [ModelError("down")], ["{", "{"],
    # A fault of our own, or of a library: the loop goes on.
    [RuntimeError("no")],
])  # fmt: skip
def test_what_is_not_borne_out_leaves_the_summary_that_needs_no_model(with_model, hand_over, until, lines):
    conversation = hand_over(with_model)
    before = told(with_model, conversation).summary
    model = Breaking() if isinstance(lines[0], RuntimeError) else ScriptedModel(lines)
    play(with_model, model, until, lambda: told(with_model, conversation).recap_usage is not None)
    after = told(with_model, conversation)
    assert (after.recap, after.summary) == (None, before)


def test_a_model_that_hangs_is_left_behind_and_not_asked_again(with_model, hand_over, hanging, until):
    conversation = hand_over(with_model)
    done = lambda: told(with_model, conversation).recap_usage is not None  # noqa: E731 - a condition
    play(with_model, hanging, until, done, beside_model=-0.95)
    assert told(with_model, conversation).recap is None


def test_a_runner_that_ends_in_the_middle_leaves_it_to_the_next(with_model, hand_over, hanging, until):
    conversation = hand_over(with_model)
    play(with_model, hanging, until, hanging.asked.is_set)
    assert told(with_model, conversation).recap_usage is None
    play(with_model, ScriptedModel([recap()]), until, lambda: told(with_model, conversation).recap)


def test_an_agent_without_its_key_leaves_it_at_that(with_model, hand_over, until):
    conversation = hand_over(with_model)

    def model_of(*_: Any) -> ChatModel:
        raise ConfigError("the key is not set")

    async def scene() -> None:
        stop = asyncio.Event()
        loop = Recapping(with_model, InForce(with_model), fence=0, model_of=model_of, poll=0.01)
        working = asyncio.create_task(loop.run(stop))
        await until(lambda: told(with_model, conversation).recap_usage is not None)
        stop.set()
        await working

    asyncio.run(scene())
    assert told(with_model, conversation).recap is None


def test_nothing_is_written_of_a_contact_who_was_erased_meanwhile(with_model, hand_over, hanging, until):
    conversation = hand_over(with_model)
    said = iter([True])

    class Erased(ScriptedModel):
        def complete(self, *args: Any, **rest: Any) -> Any:
            if next(said, False):
                erase_known(with_model, known_of(with_model, conversation.contact.key))
            return super().complete(*args, **rest)

    play(with_model, Erased([recap()]), until, lambda: told(with_model, conversation).recap_usage is not None)
    assert told(with_model, conversation).recap is None


@pytest.mark.parametrize("change", ["paused", "embedded", "old"])
def test_whom_no_model_is_asked_for(with_model, hand_over, change):
    hand_over(with_model)
    if change == "paused":
        with_model.store.pauses.pause("support", "anna", with_model.clock.now())
    elif change == "embedded":
        path = agent_path(with_model.home, "support")
        path.write_text(path.read_text(encoding="utf-8").partition("model:")[0], encoding="utf-8")
        apply_agents(with_model)
    else:
        with_model.clock.advance(seconds=(YOUNG + timedelta(seconds=1)).total_seconds())
    loop = Recapping(with_model, InForce(with_model), fence=0)
    assert list(asyncio.run(loop._due())) == []


def test_one_that_has_lost_the_lease_ends(with_model, hand_over, until):
    conversation = hand_over(with_model)

    async def scene() -> None:
        loop = Recapping(
            with_model, InForce(with_model), fence=7, model_of=lambda *_: ScriptedModel([recap()]), poll=0.01
        )
        await asyncio.wait_for(loop.run(asyncio.Event()), 60)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(scene())
    assert caught.group_contains(LeaseHeld)
    assert told(with_model, conversation).recap_usage is None
