"""The turn that a preview's answer would be on a channel: what the contact would see there, and who would get it (PRE-1).

Made by the service that makes real turns and by the code that writes each channel's messages; nothing of it is kept or
sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.channels.live_chat.chat import render
from custagent.channels.mail.compose import text_of
from custagent.channels.messenger.replies import bodies
from custagent.channels.plain import plain_text
from custagent.channels.sources import with_sources
from custagent.channels.whatsapp.replies import posts
from custagent.conversation.rerouting import queue_of
from custagent.conversation.routing import choose
from custagent.conversation.service import AgentInForce, ConversationService
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Question
from custagent.core.channel import Channel, ChannelKind, EmailChannel
from custagent.core.conversation import Contact, Conversation, Status
from custagent.core.errors import UnknownName
from custagent.core.message import Message, MessageKind, OutboundMessage, Sender
from custagent.core.people import Availability, User
from custagent.core.ports import Answerer
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.directory import WorkspaceDirectory

#: What stands where a live channel has ids of its own.
_NOBODY: Final = "preview"
_CHANNEL: Final = "preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message as the channel carries it."""

    text: str
    #: What the contact may choose with a tap.
    buttons: tuple[str, ...] = ()
    #: What is tapped first where the choices stand in a list; "" where they stand below the message.
    opens_with: str = ""
    #: Sources that stand below it as cards: their titles.
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldGet:
    """Who would get a conversation now that the agent hands over."""

    #: The channel whose assignment says so.
    channel: str
    handoff: Handoff
    #: Who is chosen among those who are there; None: nobody is there, or the agent keeps it.
    chosen: User | None
    #: "team:NAME" where it waits in a queue meanwhile; "" elsewhere.
    queue: str
    #: All who are named by the assignment, with whether they could be given it.
    people: tuple[tuple[User, Availability], ...]
    #: When the first of them is there again, in the workspace's zone; None where that is not known, or not asked.
    opens_at: datetime | None
    #: What the contact is told.
    told: str


class _Given(Answerer):
    """Gives the answer that is there already."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, question: Question) -> Answer:
        """See the port."""
        del question
        return self._answer


def kind_of_channel(app: Application, channel: str) -> str:
    """The kind of a channel, which may be named by its kind. Raises UnknownName for what is neither."""
    found = _channel(app, channel)
    if found is not None:
        return found.kind
    if channel in set(ChannelKind):
        return channel
    names = ", ".join((*(one.name for one in app.workspace.channels), *ChannelKind))
    raise UnknownName(f"there is no channel called {channel!r}", hint=f"Channels and kinds of channel here: {names}")


def bubbles(
    app: Application, agent: AgentDefinition, channel: str, question: str, answer: Answer, *, first: bool
) -> tuple[Bubble, ...]:
    """What the contact would see of the answer on the channel, in order; `first`: it is the conversation's first reply.

    Raises UnknownName, ConfigError, StoreError.
    """
    kind, found = kind_of_channel(app, channel), _channel(app, channel)
    messages = _messages(app, agent, channel, question, answer, first=first)
    if kind == ChannelKind.EMAIL:
        return (_mail(messages, found),)
    return tuple(bubble for message in messages for bubble in _RENDERED.get(kind, _plain)(_outbound(message, channel)))


def who_gets(app: Application, agent: AgentDefinition, assignment: Assignment, *, language: str) -> WouldGet:
    """Who would get a conversation in `language` on the assignment's channel, as things are now (HND-1, HND-2)."""
    handoff = assignment.handoff
    directory = WorkspaceDirectory(lambda: app.workspace, app.store, app.clock).look()
    stays = handoff.mode == "stay"
    chosen = None if stays else choose(directory.available(handoff.to), language=language, role=agent.role)
    named = [] if stays else _named(app, handoff.to)
    standing = ((user, directory.availability(user.name, handoff.to)) for user in named)
    key = MessageKind.HANDOFF if chosen else MessageKind.HANDOFF_UNAVAILABLE
    return WouldGet(
        channel=assignment.channel,
        handoff=handoff,
        chosen=chosen.user if chosen else None,
        queue="" if stays else queue_of(handoff.to),
        people=tuple((user, one) for user, one in standing if one is not None),
        opens_at=None if stays or chosen else directory.opens_at(handoff.to),
        told=_Texts(app)(agent, key.value.replace("-", "_"), language),
    )


def _named(app: Application, targets: Sequence[str]) -> list[User]:
    names: dict[str, None] = {}
    for target in targets:
        kind, _, name = target.partition(":")
        members = next((team.members for team in app.workspace.teams if team.name == name), ())
        names |= dict.fromkeys(members if kind == "team" else (name,))
    return [user for user in app.workspace.users if user.name in names]


def _channel(app: Application, channel: str) -> Channel | None:
    return next((one for one in app.workspace.channels if one.name == channel), None)


class _Texts:
    """The agents' fixed texts, by the workspace's files."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, agent: AgentDefinition, key: str, language: str) -> str:
        return Wording(agent=agent, wanted=language, voice=voice_of(agent, self._app.workspace)).message(key).text


def _messages(
    app: Application, agent: AgentDefinition, channel: str, question: str, answer: Answer, *, first: bool
) -> tuple[Message, ...]:
    """What the turn would say."""
    now = app.clock.now()
    conversation = Conversation(
        id=_NOBODY,
        channel=channel,
        contact=Contact(id=0, channel=channel, key=_NOBODY),
        status=Status.PENDING,
        agent=agent.name,
        opened_at=now,
        last_message_at=now,
    )
    disclosed = Message(id=1, conversation=_NOBODY, sender=Sender.AGENT, kind=MessageKind.DISCLOSURE, text="", at=now)
    asked = Message(id=2, conversation=_NOBODY, sender=Sender.CONTACT, kind=MessageKind.INBOUND, text=question, at=now)
    terms = next((one for one in agent.assignments if one.channel == channel), None)
    in_force = AgentInForce(
        definition=agent,
        assignment=terms or Assignment(channel=_CHANNEL),
        version=0,
        generation=0,
        answerer=_Given(answer),
    )
    directory = WorkspaceDirectory(lambda: app.workspace, app.store, app.clock)
    service = ConversationService(directory=directory, clock=app.clock, texts=_Texts(app))
    thread = [asked] if first else [disclosed, asked]
    turn = service.reply(in_force, conversation, thread, [asked])
    return tuple(replace(message, id=number) for number, message in enumerate(turn.messages, 3))


def _outbound(message: Message, channel: str) -> OutboundMessage:
    return OutboundMessage(id=message.id, message=message, channel=channel, contact_key=_NOBODY)


def _live_chat(outbound: OutboundMessage) -> Sequence[Bubble]:
    told = render(outbound.message)
    cards = tuple(source["title"] for source in told["sources"])
    return [Bubble(text=told["text"], buttons=tuple(told["options"]), cards=cards)]


def _whatsapp(outbound: OutboundMessage) -> Sequence[Bubble]:
    return [_whatsapp_bubble(post) for post in posts(outbound)]


def _whatsapp_bubble(post: Mapping[str, Any]) -> Bubble:
    if post["type"] == "text":
        return Bubble(text=post["text"]["body"])
    interactive = post["interactive"]
    text, action = interactive["body"]["text"], interactive["action"]
    if interactive["type"] == "button":
        return Bubble(text=text, buttons=tuple(one["reply"]["title"] for one in action["buttons"]))
    rows = [row for section in action["sections"] for row in section["rows"]]
    named = (" · ".join(row[part] for part in ("title", "description") if part in row) for row in rows)
    return Bubble(text=text, buttons=tuple(named), opens_with=action["button"])


def _messenger(outbound: OutboundMessage) -> Sequence[Bubble]:
    sent = (body["message"] for body in bodies(outbound, now=outbound.message.at))
    return [
        Bubble(text=one["text"], buttons=tuple(reply["title"] for reply in one.get("quick_replies", ())))
        for one in sent
    ]


def _mail(messages: Sequence[Message], channel: Channel | None) -> Bubble:
    """One mail, which says first that an AI wrote it."""
    signature = channel.signature or "" if isinstance(channel, EmailChannel) else ""
    preface = "\n\n".join(one.text for one in messages if one.kind is MessageKind.DISCLOSURE)
    said = next(one for one in reversed(messages) if one.kind is not MessageKind.DISCLOSURE)
    return Bubble(text=plain_text(text_of(replace(_outbound(said, ""), preface=preface), signature)))


def _plain(outbound: OutboundMessage) -> Sequence[Bubble]:
    """On a kind of another package: its own code is asked only to send."""
    return [Bubble(text=with_sources(outbound.message), buttons=outbound.message.options)]


_RENDERED: Final[Mapping[str, Callable[[OutboundMessage], Sequence[Bubble]]]] = {
    ChannelKind.LIVE_CHAT.value: _live_chat,
    ChannelKind.WHATSAPP.value: _whatsapp,
    ChannelKind.MESSENGER.value: _messenger,
}
