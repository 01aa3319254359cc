"""Messages on their way in and out, in the same words for every channel.

channel.parse -> InboundMessage -> (store) -> OutboundMessage -> channel.send -> DeliveryReceipt
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from custagent.core.document import Citation


class Sender(StrEnum):
    """Who said something."""

    CONTACT = "contact"
    AGENT = "agent"
    #: A person who works for the company.
    PERSON = "person"


class MessageKind(StrEnum):
    """What a message is for. The kind decides whether it is charged, never its words (CRED-1)."""

    #: What a contact wrote.
    INBOUND = "inbound"
    GREETING = "greeting"
    #: Says that an AI answers (ASG-4).
    DISCLOSURE = "disclosure"
    SMALL_TALK = "small-talk"
    ANSWER = "answer"
    CLARIFY = "clarify"
    REPHRASE = "rephrase"
    #: A person takes over.
    HANDOFF = "handoff"
    #: Nobody is there to take over.
    HANDOFF_UNAVAILABLE = "handoff-unavailable"
    OUT_OF_CREDITS = "out-of-credits"
    #: Asks after a silence whether the answer helped.
    FOLLOW_UP = "follow-up"
    CLOSED = "closed"
    #: What a person wrote.
    PERSON = "person"


class Verdict(StrEnum):
    """What a contact thinks of a reply."""

    UP = "up"
    DOWN = "down"


#: The first of these that is committed for sending charges its conversation (CRED-1). Contacts may judge them.
CHARGED_KINDS = frozenset({MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.REPHRASE})


def may_be_judged(sender: Sender, kind: MessageKind) -> bool:
    """Whether contacts are asked what they think of such a message: what the agent replied, not its fixed texts."""
    return sender is Sender.AGENT and kind in CHARGED_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message, described, not held."""

    name: str
    media_type: str = ""
    #: Bytes; None when the channel does not tell.
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A contact's message: verified, parsed and masked, but not yet written down (ANS-7)."""

    #: The channel's name.
    channel: str
    #: The provider's id of the message; with the channel it is unique, which is how duplicates are dropped.
    external_id: str
    #: How the channel knows the contact.
    contact_key: str
    text: str
    #: When the contact sent it, by the provider, UTC.
    sent_at: datetime
    #: The browser's or account's language, ISO 639-1; "" when the channel does not tell.
    language: str = ""
    contact_name: str = ""
    attachments: tuple[Attachment, ...] = ()
    #: SHA-256 of the raw body; the body itself is not kept.
    body_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is kept."""

    #: Rising in the order of writing; the order within a conversation. 0 before it is stored.
    id: int = 0
    conversation: str
    sender: Sender
    kind: MessageKind
    text: str
    #: UTC.
    at: datetime
    #: ISO 639-1 code of the text.
    language: str = ""
    #: A person's user name; "" for the contact and the agent.
    author: str = ""
    #: What a contact may choose from, after a `clarify`.
    options: tuple[str, ...] = ()
    #: Files that came with a contact's message.
    attachments: tuple[Attachment, ...] = ()
    citations: tuple[Citation, ...] = ()
    #: Of the agent's replies: what was decided and why, and how sure it was (ANS-8).
    decision: str = ""
    reason: str = ""
    confidence: float | None = None
    #: The version of the agent's definition and the index generation that it was answered by; 0 elsewhere.
    agent_version: int = 0
    index_generation: int = 0
    #: The signals and passages that the decision rests on, as JSON; "" elsewhere. `custagent explain` prints it.
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A kept message on its way to a contact."""

    #: The outbox row.
    id: int
    message: Message
    channel: str
    contact_key: str
    #: How often sending was tried before.
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A reply that will not be tried again, for people to see."""

    outbound: OutboundMessage
    #: Why it failed, in one sentence.
    error: str
    #: When it was given up, UTC.
    at: datetime


class DeliveryStatus(StrEnum):
    """How far a reply has come."""

    QUEUED = "queued"
    #: The provider took it.
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    #: It will not be tried again: a dead letter, which people see.
    FAILED = "failed"
    #: It was withdrawn before sending, because a person took the conversation.
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt:
    """What a channel says about a reply."""

    status: DeliveryStatus
    #: The provider's id of the message, "" when there is none.
    external_id: str = ""
    #: Why it failed, in one sentence.
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUpdate:
    """What a provider tells of a reply after it took it: in any order, more than once, even before we noted its id."""

    #: The channel's name.
    channel: str
    #: The provider's id of the reply is in it.
    receipt: DeliveryReceipt
    #: The outbound message, where the provider gives back what was sent along with it; 0 where it does not.
    outbound: int = 0
