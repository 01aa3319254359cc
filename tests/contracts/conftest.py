"""What the contracts of conversations and of the outbox need: messages in, turns, and a frozen clock."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from custagent.core.conversation import Begun, Charge, Conversation, Status, Threading, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.core.ports import ConversationStore, Outbox
from custagent.store import Store
from custagent.testing import FrozenClock


@dataclass(frozen=True, kw_only=True)
class House:
    """An implementation under test: the two ports share their rows."""

    conversations: ConversationStore
    outbox: Outbox
    clock: FrozenClock


@cache
def _blank_database() -> bytes:
    """Made once: the migrations would take most of the time of these tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "custagent.db"
        Store(path, FrozenClock()).close()
        return path.read_bytes()


@contextmanager
def sqlite(folder: Path) -> Iterator[House]:
    path, clock = folder / "custagent.db", FrozenClock()
    path.write_bytes(_blank_database())
    with Store(path, clock) as store:
        yield House(conversations=store.conversations, outbox=store.outbox, clock=clock)


#: An implementation joins by a line here.
IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractContextManager[House]]] = {"sqlite": sqlite}


class Talk:
    """A contact, the agent and people, at the time of the clock."""

    chat = Threading(closes_after=timedelta(hours=24), reopens=False)
    mail = Threading(closes_after=timedelta(hours=72), reopens=True)

    def __init__(self, house: House) -> None:
        self.conversations, self.outbox, self.clock = house.conversations, house.outbox, house.clock
        self._numbers = count(1)

    def inbound(self, text: str = "hello", **given) -> InboundMessage:
        usual = {"channel": "chat", "contact_key": "k1", "external_id": f"x{next(self._numbers)}"}
        return InboundMessage(text=text, **(usual | {"sent_at": self.clock.now()} | given))

    def hear(self, text: str = "hello", threading: Threading = chat, agent: str = "ada", **given) -> Begun:
        return self.conversations.begin(self.inbound(text, **given), threading, agent=agent, at=self.clock.now())

    def now(self, conversation: Conversation) -> Conversation:
        stored = self.conversations.conversation(conversation.id)
        assert stored is not None
        return stored

    def turn(self, conversation: Conversation, *kinds: MessageKind, **given) -> Turn:
        messages = tuple(
            Message(
                conversation=conversation.id,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text=f"{number} {kind.value}",
                at=self.clock.now(),
            )
            for number, kind in enumerate(kinds)
        )
        usual = {"conversation": self.now(conversation), "status": Status.PENDING, "at": self.clock.now()}
        return Turn(messages=messages, **(usual | given))

    def say(self, conversation: Conversation, *kinds: MessageKind, **given) -> tuple[Message, ...]:
        return self.conversations.commit(self.turn(conversation, *kinds, **given))

    def answer(self, begun: Begun, *kinds: MessageKind, **given) -> tuple[Message, ...]:
        """Deal with a message."""
        usual = {"handled": (begun.message.id,), "charge": Charge(amount=100, policy="conversation")}
        return self.say(begun.conversation, *(kinds or (MessageKind.ANSWER,)), **(usual | given))

    def unhandled(self) -> list[tuple[str, list[str]]]:
        return [
            (conversation.id, [message.text for message in messages])
            for conversation, messages in self.conversations.unhandled()
        ]


@pytest.fixture(params=IMPLEMENTATIONS)
def talk(request, tmp_path) -> Iterator[Talk]:
    with IMPLEMENTATIONS[request.param](tmp_path) as house:
        yield Talk(house)
