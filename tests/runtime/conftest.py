"""An open workspace with a made-up embedder: real files, a real database, a real index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custagent.config.editor import NewAgent
from custagent.config.home import Home, init_home
from custagent.conversation.credits import charge_for
from custagent.conversation.lifecycle import threading_of
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.core.workspace import ChannelKind
from custagent.runtime.agents import create_agent
from custagent.runtime.bootstrap import Application
from custagent.runtime.channels import add_live_chat
from custagent.testing import FrozenClock, HashEmbedder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return init_home(tmp_path / "workspace", name="Northwind")


@pytest.fixture
def open_app(home: Home) -> Iterator[Callable[..., Application]]:
    opened: list[Application] = []

    def open_one(user: str | None = "anna") -> Application:
        opened.append(Application(home, user=user, clock=FrozenClock(), environ={}, embedder=HashEmbedder()))
        return opened[-1]

    yield open_one
    for app in opened:
        app.close()


@pytest.fixture
def app(open_app: Callable[..., Application]) -> Application:
    return open_app()


#: Who works here: anna may do everything, bo has no seat, cleo speaks Swedish.
PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [edit-agents, answer, admin]}
  - {name: bo, full_name: Bo Ek, email: bo@northwind.example, permissions: [edit-agents]}
  - {name: cleo, full_name: Cleo Dahl, email: cleo@northwind.example, seat: sales, languages: [sv]}
teams:
  - {name: support, members: [anna]}
  - {name: night, members: [bo]}
"""


@pytest.fixture
def staffed(home: Home) -> Home:
    """The workspace with people."""
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    return home


@pytest.fixture
def shop(staffed: Home, app: Application) -> Application:
    """People, the agents support and sales, and the live chats web and wiki, all in force; nobody is assigned."""
    for name in ("support", "sales"):
        create_agent(app, NewAgent(name=name))
    add_live_chat(app, "web", ["https://www.northwind.example"])
    add_live_chat(app, "wiki", ["https://wiki.northwind.example"], desk="help-desk")
    return app


@pytest.fixture
def hear() -> Callable[..., Conversation]:
    """A contact writes on a channel, as the runner writes it down."""

    def write(
        app: Application, key: str = "k1", *, channel: str = "web", agent: str = "support", language: str = ""
    ) -> Conversation:
        now = app.clock.now()
        message = InboundMessage(
            channel=channel, external_id=f"{key} {now}", contact_key=key, text="Hej?", sent_at=now, language=language
        )
        begun = app.store.conversations.begin(message, threading_of(ChannelKind.LIVE_CHAT), agent=agent, at=now)
        return begun.conversation

    return write


@pytest.fixture
def reply() -> Callable[..., Message]:
    """The agent replies, and the reply waits in the outbox."""

    def commit(app: Application, conversation: Conversation, kind: MessageKind = MessageKind.ANSWER, **rest) -> Message:
        stored = app.store.conversations.conversation(conversation.id)
        assert stored is not None
        now = app.clock.now()
        said = Message(conversation=stored.id, sender=Sender.AGENT, kind=kind, text="Svar.", at=now, **rest)
        turn = Turn(
            conversation=stored, status=Status.PENDING, messages=(said,), charge=charge_for([said]), at=now,
            handled=tuple(message.id for message in app.store.conversations.messages(stored.id)),
        )  # fmt: skip
        return app.store.conversations.commit(turn)[0]

    return commit
