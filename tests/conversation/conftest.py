"""A conversation, an agent that says what it is told to, and people to hand over to. No database: the service is pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from custagent.conversation.service import AgentInForce, ConversationService
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Decision, DecisionKind, Question, Reason
from custagent.core.conversation import Contact, Conversation, Status, Turn
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.people import Colleague, Seat, User
from custagent.testing import FrozenClock


@dataclass
class Scripted:
    """An Answerer that gives one answer, and remembers what it was asked."""

    given: Answer | None = None
    asked: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        assert self.given is not None, "nothing was to be asked"
        return self.given


@dataclass
class People:
    """A Directory."""

    colleagues: list[Colleague] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    #: When their hours begin again.
    opens: datetime | None = None

    def available(self, targets: Sequence[str]) -> Sequence[Colleague]:
        self.asked.append(tuple(targets))
        return self.colleagues

    def opens_at(self, _targets: Sequence[str]) -> datetime | None:
        return self.opens


class Scene:
    """One conversation, and what the service makes of it."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.people = People()
        self.answerer = Scripted()
        self.thread: list[Message] = []
        self._ids = count(1)
        self.conversation = Conversation(
            id="c1",
            channel="website",
            contact=Contact(id=1, channel="website", key="k1", language="sv"),
            status=Status.PENDING,
            agent="support",
            opened_at=self.clock.now(),
            last_message_at=self.clock.now(),
        )
        self.service = ConversationService(
            directory=self.people, clock=self.clock, texts=lambda agent, key, language: f"{agent.name} {key} {language}"
        )

    def agent(self, *, paused: bool = False, to: tuple[str, ...] = ()) -> AgentInForce:
        handoff = Handoff(mode="transfer", to=to) if to else Handoff()
        return AgentInForce(
            definition=AgentDefinition(name="support"),
            assignment=Assignment(channel="website", handoff=handoff),
            version=3,
            generation=7,
            answerer=self.answerer,
            paused=paused,
        )

    def said(
        self, text: str, sender: Sender = Sender.CONTACT, kind: MessageKind = MessageKind.INBOUND, **rest
    ) -> Message:
        message = Message(
            id=next(self._ids), conversation="c1", sender=sender, kind=kind, text=text, at=self.clock.now(), **rest
        )
        self.thread.append(message)
        return message

    def keep(self, turn: Turn) -> None:
        """The turn is committed."""
        self.thread += [replace(message, id=next(self._ids)) for message in turn.messages]
        self.conversation = replace(
            self.conversation, status=turn.status, assignee=turn.assignee, language=turn.language
        )

    def decide(self, kind: DecisionKind, reason: Reason = Reason.GROUNDED, **rest: Any) -> None:
        usual = {"text": f"the {kind.value}", "language": "en"}
        self.answerer.given = Answer(decision=Decision(kind=kind, reason=reason, confidence=0.8), **(usual | rest))

    def reply(self, *unhandled: Message, **agent: Any) -> Turn:
        return self.service.reply(self.agent(**agent), self.conversation, self.thread, unhandled)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def make_colleague(
    name: str, *languages: str, open_conversations: int = 0, last_given_at: datetime | None = None
) -> Colleague:
    user = User(
        name=name, full_name=name.title(), email=f"{name}@northwind.example", seat=Seat.SERVICE, languages=languages
    )
    return Colleague(user=user, open_conversations=open_conversations, last_given_at=last_given_at)


@pytest.fixture
def colleague():
    return make_colleague
