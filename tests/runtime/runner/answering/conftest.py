"""An answering loop over a real store, and agents whose answers are functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from custagent.conversation.service import AgentInForce, ConversationService
from custagent.core.agent import EMBEDDED, AgentDefinition, Assignment, Handoff, ModelOptions
from custagent.core.answer import Answer, Decision, DecisionKind, Question, Reason
from custagent.core.conversation import Conversation
from custagent.core.errors import StoreError
from custagent.runtime.runner.answering import Answering
from custagent.runtime.runner.places import AT_ONCE, Places
from custagent.runtime.runner.turns import Turns


def echo(question: Question) -> Answer:
    """Answers everything, by its last line."""
    decision = Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.9)
    return Answer(decision=decision, text=f"re: {question.text}", language="en")


@dataclass
class Agents:
    """Stands where InForce does: one agent on every channel, whose answers are a function."""

    think: Callable[[Question], Answer] = echo
    #: None: there is no agent.
    handoff: Handoff | None = field(default_factory=Handoff)
    model: str = EMBEDDED
    model_options: ModelOptions | None = None
    asked: list[str] = field(default_factory=list)

    def agent_on(self, channel: str) -> AgentInForce | None:
        if self.handoff is None:
            return None
        assignment = Assignment(channel=channel, handoff=self.handoff)
        return AgentInForce(
            definition=AgentDefinition(name="support", model=self.model, model_options=self.model_options),
            assignment=assignment,
            version=1,
            generation=1,
            answerer=self,
        )

    def answer(self, question: Question) -> Answer:
        self.asked.append(question.text)
        return self.think(question)


class Nobody:
    """A Directory."""

    def available(self, _targets: Any) -> list[Any]:
        return []

    def opens_at(self, _targets: Any) -> None:
        return None


class Unsteady:
    """A store whose methods named fail for the first so many calls."""

    def __init__(self, store: Any, **failures: int) -> None:
        self._store = store
        self._failures = failures
        #: How often the store was looked through for work, and the most conversations that came at a time.
        self.looks = self.most_fetched = 0

    def unhandled(self, **named: Any) -> Any:
        self.looks += 1
        found = self.__getattr__("unhandled")(**named)
        self.most_fetched = max(self.most_fetched, len(found))
        return found

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*args: Any, **named: Any) -> Any:
            if self._failures.get(name, 0):
                self._failures[name] -= 1
                raise StoreError("the disk is full")
            return method(*args, **named)

        return call


@pytest.fixture
def agents() -> Agents:
    return Agents()


@pytest.fixture(name="echo")
def _echo() -> Callable[[Question], Answer]:
    return echo


class Loop:
    """An answering loop over a store, and what it tells."""

    def __init__(
        self,
        clients,
        agents: Agents,
        *,
        fence: int = 0,
        poll: float = 0.02,
        deadline: float = 30.0,
        patience: float = 30.0,
        **failures: int,
    ) -> None:
        self.events: list[str] = []
        self.stop = asyncio.Event()
        self.store = store = Unsteady(clients.store.conversations, **failures)
        service = ConversationService(
            directory=Nobody(), clock=clients.clock, texts=lambda _agent, key, _language: f"({key})"
        )
        self.turns = Turns(store, agents, service, fence=fence, deadline=deadline, beside_model=deadline)
        self.answering = Answering(
            store,
            self.turns,
            working=self._working,
            committed=lambda _: self.events.append("committed"),
            places=Places(at_once=AT_ONCE, per_channel=AT_ONCE + 1),
            poll=poll,
            first_pause=0.01,
            patience=patience,
            finish=0.3,
        )

    @contextmanager
    def _working(self, _: Conversation) -> Iterator[None]:
        self.events.append("on")
        try:
            yield
        finally:
            self.events.append("off")

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        """The loop works for as long as the block lasts, and then ends in order."""
        task = asyncio.create_task(self.answering.run(self.stop))
        try:
            yield
        finally:
            self.stop.set()
            async with asyncio.timeout(60):
                await task


@pytest.fixture
def loop_of() -> type[Loop]:
    return Loop


def _replies(clients, conversation: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in clients.said(conversation) if kind not in ("inbound", "disclosure")]


@pytest.fixture
def replies() -> Callable[..., list[tuple[str, str]]]:
    """What the agent and people said: (kind, text) of each message, but for the disclosure."""
    return _replies
