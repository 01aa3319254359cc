"""A database in a temporary file: SQLite is never faked."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from custagent.core.conversation import Begun, Charge, Conversation, Status, Threading, Turn
from custagent.core.document import Chunk, Document, Section
from custagent.core.message import CHARGED_KINDS, InboundMessage, Message, MessageKind, Sender
from custagent.store import Store
from custagent.store.database.database import Database
from custagent.testing import FrozenClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "custagent.db"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def blank(tmp_path_factory) -> bytes:
    """A new database, made once: the migrations would take most of the time of these tests."""
    path = tmp_path_factory.mktemp("blank") / "custagent.db"
    Store(path, FrozenClock()).close()
    return path.read_bytes()


@pytest.fixture
def store(path: Path, clock: FrozenClock, blank: bytes) -> Iterator[Store]:
    path.parent.mkdir()
    path.write_bytes(blank)
    with Store(path, clock) as opened:
        yield opened


@pytest.fixture
def page() -> Callable[..., tuple[Document, list[Chunk]]]:
    """Make a page: its document and one chunk a text."""

    def make(location: str, *texts: str, title: str = "Title", **rest: str) -> tuple[Document, list[Chunk]]:
        document = Document(
            location=location,
            title=title,
            language="en",
            sections=tuple(Section(text=text) for text in texts),
            **rest,
        )
        chunks = [
            Chunk(location=location, title=title, language="en", text=text, ordinal=ordinal)
            for ordinal, text in enumerate(texts)
        ]
        return document, chunks

    return make


#: By channel (CONV-1).
THREADINGS = {
    "chat": Threading(closes_after=timedelta(hours=24), reopens=False),
    "mail": Threading(closes_after=timedelta(hours=72), reopens=True),
}


class Desk:
    """Where contacts write, the agent and people reply, at the time of the clock."""

    THREADINGS = THREADINGS
    CHARGE = Charge(amount=100, policy="conversation")

    def __init__(self, store: Store, clock: FrozenClock) -> None:
        self.store = store
        self.clock = clock
        self._numbers = count(1)

    def inbound(self, text: str = "hello", *, key: str = "k1", channel: str = "chat", **given) -> InboundMessage:
        given = {"external_id": f"x{next(self._numbers)}", "sent_at": self.clock.now()} | given
        return InboundMessage(channel=channel, contact_key=key, text=text, **given)

    def hear(self, *args, agent: str = "ada", **given) -> Begun:
        message = self.inbound(*args, **given)
        return self.store.conversations.begin(message, THREADINGS[message.channel], agent=agent, at=self.clock.now())

    def now(self, conversation: Conversation) -> Conversation:
        stored = self.store.conversations.conversation(conversation.id)
        assert stored is not None
        return stored

    def turn(self, conversation: Conversation, *kinds: MessageKind, **given) -> Turn:
        """A turn from the conversation as it is stored now, with a message a kind."""
        messages = tuple(
            Message(
                conversation=conversation.id,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text=kind.value,
                at=self.clock.now(),
            )
            for kind in kinds
        )
        usual = {"conversation": self.now(conversation), "status": Status.PENDING, "at": self.clock.now()}
        if CHARGED_KINDS & set(kinds):
            usual["charge"] = self.CHARGE
        return Turn(messages=messages, **(usual | given))

    def say(self, conversation: Conversation, *kinds: MessageKind, **given) -> tuple[Message, ...]:
        return self.store.conversations.commit(self.turn(conversation, *kinds, **given))


@pytest.fixture
def desk(store: Store, clock: FrozenClock) -> Desk:
    return Desk(store, clock)


@pytest.fixture
def make_desk() -> type[Desk]:
    """For tests that open stores of their own."""
    return Desk
