"""An agent that is live on a chat and knows little, and contacts who ask it: real turns, real rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.conversation.lifecycle import threading_of
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Status, Turn
from custagent.core.gap import Gap
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.locales import nearest
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.turns import Turns
from tests.runtime.conftest import WORKSPACE, Silent

AGENT = """\
name: support
default_language: en
# The made-up embedder makes everything unlikely, and what has nothing to do with the content a thousand times more so.
confidence: {answer: 0.02, clarify: 0.015}
sources:
  - short_answer: How long is the warranty on a bicycle frame?
    answer: Two years from the day you buy it.
  - short_answer: Where is the workshop?
    answer: It is in Harbour Street, behind the museum.
assignments:
  - channel: website
"""


class Contacts:
    """Those who write on the chat. The clock goes on a minute with every message."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self._numbers = count(1)
        self._in_force = InForce(app)
        directory = WorkspaceDirectory(self._in_force.workspace, app.store, app.clock)
        service = ConversationService(directory=directory, clock=app.clock, texts=_text)
        self._turns = Turns(app.store.conversations, self._in_force, service, fence=0)

    def ask(self, text: str, key: str = "") -> Message:
        """A contact, a new one unless named, writes; the agent's reply."""
        number = next(self._numbers)
        self.app.clock.advance(minutes=1)
        now = self.app.clock.now()
        inbound = InboundMessage(
            channel="website", external_id=f"x{number}", contact_key=key or f"k{number}", text=text, sent_at=now
        )
        begun = self.app.store.conversations.begin(
            inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now
        )
        work = self._turns.look(begun.conversation.id)
        assert work is not None
        self._turns.reply(work)
        return self.app.store.conversations.messages(begun.conversation.id)[-1]

    def person_replies(self, conversation: str, text: str) -> None:
        stored = self.app.store.conversations.conversation(conversation)
        assert stored is not None
        self.app.clock.advance(minutes=1)
        said = Message(
            conversation=conversation, sender=Sender.PERSON, kind=MessageKind.PERSON, text=text,
            at=self.app.clock.now(), author="anna",
        )  # fmt: skip
        self.app.store.conversations.commit(
            Turn(conversation=stored, status=Status.OPEN, messages=(said,), at=self.app.clock.now())
        )


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return nearest(language, agent.default_language).messages[key]


@pytest.fixture
def contacts(home: Home, app: Application, listener: Silent) -> Contacts:
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    apply_agents(app)
    sync(app, app.agent("support"), listener)
    return Contacts(app)


@pytest.fixture
def gaps(contacts: Contacts) -> Callable[..., list[Gap]]:
    """All gaps of the agent, or those that the store finds."""

    def find(**given) -> list[Gap]:
        return list(contacts.app.store.gaps.find(["support"], **given))

    return find


@pytest.fixture
def agent_file(home: Home) -> Path:
    return agent_path(home, "support")
