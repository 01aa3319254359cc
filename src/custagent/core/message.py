"""Messages on their way in and out, in the same words for every channel.

channel.parse -> InboundMessage -> (store) -> OutboundMessage -> channel.send -> DeliveryReceipt
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    #: Says that the agent is silent from now on, or speaks again, because the contact asked for it.
    OPT_OUT = "opt-out"
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
    #: SHA-256 of the file, by which it is kept; "" while it is not here.
    hash: str = ""
    #: What the channel's adapter fetches it by; "" once it is here, or when it cannot be fetched.
    reference: str = ""
    #: Why it is not here and never will be, in one sentence; "" elsewhere.
    error: str = ""


class IdentityKind(StrEnum):
    """What sort of thing a channel knows a contact by."""

    #: Meta's id of a person for one business, which stays when the number changes hands; its parent is for groups of
    #: businesses.
    BSUID = "bsuid"
    PARENT_BSUID = "parent-bsuid"
    #: In digits, with the country's code, as WhatsApp writes it.
    PHONE = "phone"
    USERNAME = "username"
    #: Messenger's id of a person for one page.
    PSID = "psid"
    EMAIL = "email"
    #: The company's own id of a customer who signed in on its site.
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One thing that a channel knows a contact by. The same contact is found by any of them."""

    kind: IdentityKind
    value: str


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
    #: Everything that the channel knows the contact by, the surest first: a contact is found by the first that is known.
    #: Without any, by `contact_key` alone.
    identities: tuple[Identity, ...] = ()
    #: Where the channel tells itself what belongs together (mail): the conversation that the message goes on with, "" for
    #: a new one. None: the contact's latest, as time decides (CONV-1).
    thread: str | None = None
    #: Why the agent must leave it to people, in a word or two; "" when it need not.
    for_people: str = ""
    #: What the channel needs for replying to it, such as a mail's subject; kept with the message, and erased with it.
    reply_details: Mapping[str, str] = field(default_factory=dict)
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
    #: When the contact changed or took back what stood here before, UTC.
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliedTo:
    """The contact's message that a reply is to: the last one before it."""

    #: The provider's id of it.
    external_id: str
    #: When the contact sent it, UTC.
    sent_at: datetime
    #: `InboundMessage.reply_details` of it.
    details: Mapping[str, str] = field(default_factory=dict)
    #: Whether the contact has written again since the reply was made: then it is worth saying what it is to.
    newer: bool = False


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
    #: How many of the pieces that a long reply is sent in have gone out: sending goes on behind them.
    parts_sent: int = 0
    #: None where the contact has written nothing.
    replied_to: RepliedTo | None = None
    #: The name that contacts know a person by who wrote it; "" for the agent.
    author_name: str = ""
    #: What the agent says of itself right before it (ASG-4), where a channel sends both in one, as mail does.
    preface: str = ""


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
    """What a provider tells of a reply after it took it: in any order, more than once, even before we noted its id.

    With `until` it is about all replies that had gone out to a contact by then, and no id is in it.
    """

    #: The channel's name.
    channel: str
    #: The provider's id of the reply is in it.
    receipt: DeliveryReceipt
    #: The outbound message, where the provider gives back what was sent along with it; 0 where it does not.
    outbound: int = 0
    #: Which piece of it, from 0, where it was sent in several.
    part: int = 0
    #: Whether that is the last piece.
    last: bool = True
    #: When the provider sent it to the contact, by its own clock, UTC; None where it does not tell.
    sent_at: datetime | None = None
    #: The moment, by the provider's clock, UTC, and how the channel knows the contact.
    until: datetime | None = None
    contact_key: str = ""
