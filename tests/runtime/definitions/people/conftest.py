"""A workspace with people, in which the agent hands everything over to a team on a live chat."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.rerouting import Rerouting
from custagent.runtime.in_force import InForce

WORKSPACE = """\
name: Northwind
timezone: Europe/Stockholm
channels:
  - {name: web, kind: live-chat, origins: [https://www.northwind.example]}
users:
  # The lead.
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service, permissions: [admin, edit-agents]}
  - name: bo  # joined in May
    full_name: Bo Ek
    email: bo@northwind.example
    seat: service
    languages: [sv]
  - {name: cleo, full_name: Cleo Dahl, email: cleo@northwind.example}
teams:
  - name: support
    members: [anna, bo]
  - name: spare
    members: [bo]
"""
AGENT = """\
name: support
assignments:
  - channel: web
    handoff: {mode: transfer, to: [team:support], reroute_after: 15m}
"""


class Office:
    """Contacts who write, people who have their conversations, at the time of the clock."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.store = app.store
        self.clock: Any = app.clock
        self._numbers = count(1)

    def hear(self, key: str = "k1", *, agent: str = "support", language: str = "") -> Conversation:
        now, number = self.clock.now(), next(self._numbers)
        message = InboundMessage(
            channel="web", external_id=f"x{number}", contact_key=key, text="Hello?", sent_at=now, language=language
        )
        begun = self.store.conversations.begin(message, threading_of(ChannelKind.LIVE_CHAT), agent=agent, at=now)
        return begun.conversation

    def give(self, owner: str, key: str = "k1") -> str:
        """The agent hands a conversation to somebody, or into a queue; its id."""
        conversation = self.hear(key)
        self.say(conversation.id, MessageKind.HANDOFF, assignee=owner)
        return conversation.id

    def say(self, name: str, *kinds: MessageKind, status: Status = Status.OPEN, assignee: str | None = None) -> None:
        stored = self.of(name)
        messages = tuple(
            Message(
                conversation=name, kind=kind, text=kind.value, at=self.clock.now(),
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
            )
            for kind in kinds
        )  # fmt: skip
        owner = stored.assignee if assignee is None else assignee
        self.store.conversations.commit(
            Turn(conversation=stored, status=status, assignee=owner, messages=messages, at=self.clock.now())
        )

    def of(self, name: str) -> Conversation:
        stored = self.store.conversations.conversation(name)
        assert stored is not None
        return stored

    def owner(self, name: str) -> str:
        return self.of(name).assignee

    def said(self, name: str) -> list[str]:
        return [message.kind.value for message in self.store.conversations.messages(name)]

    def rerouting(self) -> Rerouting:
        return Rerouting(self.app, InForce(self.app))

    def look(self) -> list[str]:
        return [one.id for one in self.rerouting().look()]


@pytest.fixture
def office(home: Home, app: Application) -> Office:
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    apply_agents(app)
    return Office(app)


@pytest.fixture
def change(office: Office, put: Callable[..., None]) -> Callable[[str, str], None]:
    """Changes custagent.yaml or the agent's file, whichever holds the words, and puts it into force."""

    def do(old: str, new: str) -> None:
        path = agent_path(office.app.home, "support")
        path = path if old in path.read_text(encoding="utf-8") else office.app.home.workspace_file
        put(path, old, new)
        office.app.__dict__.pop("workspace", None)
        apply_agents(office.app)

    return do
