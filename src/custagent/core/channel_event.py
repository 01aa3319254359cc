"""What a channel tells beside contacts' messages and the fate of replies.

Each has an id of the provider's by which it is taken once, however often it is told. All times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from custagent.core.message import Attachment, Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWrote:
    """Somebody of the company answered past custagent, such as in the provider's own app: people have taken over.

    It is written down as a person's message, and not sent again. With text "" and no file the thread was only taken.
    """

    channel: str
    external_id: str
    #: How the channel knows the contact that was answered.
    contact_key: str
    identities: tuple[Identity, ...] = ()
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChanged:
    """The contact edited a message, or took it back."""

    channel: str
    #: The provider's id of the event, and of the message that changed.
    external_id: str
    changed: str
    #: The new text; "" when it was taken back: then the text is erased.
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesChanged:
    """A contact is known by other things from now on, such as a new number."""

    channel: str
    external_id: str
    #: How the contact was known.
    before: tuple[Identity, ...]
    #: How the contact is known now, and what replies are addressed to; "" leaves that as it is.
    now: tuple[Identity, ...]
    contact_key: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that this version cannot read: kept as masked JSON, for whoever mends it (ANS-7)."""

    channel: str
    #: The provider's name of its kind.
    kind: str
    #: JSON, not yet masked.
    content: str
    #: SHA-256 of the item as it came: the same item is kept once.
    content_hash: str


ChannelEvent: TypeAlias = PersonWrote | MessageChanged | IdentitiesChanged | Unread
