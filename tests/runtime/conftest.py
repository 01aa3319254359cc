"""An open workspace with a made-up embedder: real files, a real database, a real index."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent
from custagent.config.home import Home, init_home
from custagent.conversation.credits import USUAL, charge_for
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Begun, Charge, Conversation, Status, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents, create_agent
from custagent.runtime.definitions.channels import add_live_chat
from custagent.store import Store
from custagent.store.database.lease import LeaseHolder
from custagent.testing import FrozenClock, HashEmbedder


@pytest.fixture
def home(tmp_path: Path, blank_database: bytes) -> Home:
    made = init_home(tmp_path / "workspace", name="Northwind")
    made.database.write_bytes(blank_database)
    made.database.chmod(0o600)
    return made


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
        app: Application, key: str = "k1", text: str = "Hej?", *, channel: str = "web", agent: str = "support", **rest
    ) -> Conversation:
        now = app.clock.now()
        message = InboundMessage(
            channel=channel, external_id=f"{key} {now}", contact_key=key, text=text, sent_at=now, **rest
        )
        begun = app.store.conversations.begin(message, threading_of(ChannelKind.LIVE_CHAT), agent=agent, at=now)
        return begun.conversation

    return write


@pytest.fixture
def reply() -> Callable[..., Message]:
    """The agent replies, and the reply waits in the outbox."""

    def commit(
        app: Application,
        conversation: Conversation,
        kind: MessageKind = MessageKind.ANSWER,
        *,
        charge: Charge | None = USUAL,
        **rest,
    ) -> Message:
        stored = app.store.conversations.conversation(conversation.id)
        assert stored is not None
        now = app.clock.now()
        said = Message(conversation=stored.id, sender=Sender.AGENT, kind=kind, text="Svar.", at=now, **rest)
        turn = Turn(
            conversation=stored, status=Status.PENDING, messages=(said,), charge=charge_for([said], charge), at=now,
            handled=tuple(message.id for message in app.store.conversations.messages(stored.id)),
        )  # fmt: skip
        return app.store.conversations.commit(turn)[0]

    return commit


class Clients:
    """Contacts who write, and the store that keeps it: what the runner's loops work on, with a clock that stands."""

    def __init__(self, store: Store, clock: FrozenClock) -> None:
        self.store = store
        self.clock = clock
        self._numbers = count(1)

    def write(self, text: str = "hello", *, key: str = "k1", channel: str = "website", agent: str = "support") -> Begun:
        inbound = InboundMessage(
            channel=channel, external_id=f"x{next(self._numbers)}", contact_key=key, text=text, sent_at=self.clock.now()
        )
        return self.store.conversations.begin(
            inbound, threading_of(ChannelKind.LIVE_CHAT), agent=agent, at=self.clock.now()
        )

    def commit(self, conversation: str, *kinds: MessageKind, status: Status = Status.PENDING, **given: Any) -> Turn:
        """A turn of the agent, or of a person where the kind says so; `text` is that of every message."""
        stored = self.now(conversation)
        text = given.pop("text", "")
        messages = tuple(
            Message(
                conversation=conversation,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text=text or kind.value,
                at=self.clock.now(),
            )
            for kind in kinds
        )
        turn = Turn(conversation=stored, status=status, messages=messages, at=self.clock.now(), **given)
        self.store.conversations.commit(turn)
        return turn

    def now(self, conversation: str) -> Conversation:
        stored = self.store.conversations.conversation(conversation)
        assert stored is not None
        return stored

    def said(self, conversation: str) -> list[tuple[str, str]]:
        """(kind, text) of each message."""
        return [(one.kind.value, one.text) for one in self.store.conversations.messages(conversation)]

    def take_over(self) -> int:
        """Another runner takes the lease, as if this one had been silent for too long; its fence."""
        self.clock.advance(hours=1)
        holder = LeaseHolder(host="elsewhere", pid=4711, since=self.clock.now())
        return self.store.lease.acquire(holder, timedelta(seconds=15), self.clock.now())


@pytest.fixture
def clients(tmp_path: Path, blank_database: bytes) -> Iterator[Clients]:
    path, clock = tmp_path / "clients.db", FrozenClock()
    path.write_bytes(blank_database)
    with Store(path, clock) as store:
        yield Clients(store, clock)


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new database, made once: the migrations would take most of the time of these tests."""
    path = tmp_path_factory.mktemp("blank") / "custagent.db"
    Store(path, FrozenClock()).close()
    return path.read_bytes()


async def _until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the code under test tells nobody
            await asyncio.sleep(0.002)


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits, in a loop that works meanwhile, until something is so."""
    return _until


WORKSPACE = """\
name: Northwind
default_language: en
timezone: UTC
fetch:
  allow_hosts: []
channels:
  - name: website
    kind: live-chat
    origins: [https://www.northwind.example]
users:
  - name: anna
    full_name: Anna Berg
    email: anna@northwind.example
    seat: service
    permissions: [answer, edit-agents, admin]
    languages: [en]
teams:
  - name: support
    members: [anna]
"""
AGENT = """\
name: support
default_language: en
# Whatever is found is answered: the made-up embedder knows nothing of likelihoods.
confidence:
  answer: 0.0
  clarify: 0.0
sources:
  - short_answer: How long is the warranty?
    answer: Two years from the day you buy it.
assignments:
  - channel: website
"""


class Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


@pytest.fixture
def listener() -> Silent:
    return Silent()


@pytest.fixture
def live(home: Home, app: Application, listener: Silent) -> Application:
    """A workspace with an agent that is live on a chat, its content read."""
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    apply_agents(app)
    sync(app, app.agent("support"), listener)
    return app


@pytest.fixture
def put() -> Callable[..., None]:
    """Changes a file: `put(path, old, new)`."""

    def change(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change
