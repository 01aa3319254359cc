"""A contact as whom a preview goes on: what was said with them, their channel and language. Nothing of it is changed."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.conversation.service import utterances
from custagent.core.answer import Utterance
from custagent.core.conversation import Contact, Conversation
from custagent.core.errors import UnknownName
from custagent.core.message import Message
from custagent.runtime.bootstrap import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewContact:
    """Somebody who has written before, with their latest conversation."""

    contact: Contact
    conversation: Conversation
    messages: tuple[Message, ...]

    @property
    def called(self) -> str:
        """How people call them, as far as it is known."""
        return self.contact.name or self.contact.email or f"contact {self.contact.id}"

    @property
    def language(self) -> str:
        """The language that they write in, as far as it is known; ISO 639-1."""
        return self.conversation.language or self.contact.language

    @property
    def history(self) -> tuple[Utterance, ...]:
        """What was said, as the agent would be told it."""
        return tuple(utterances(self.messages))


def find_contact(app: Application, named: str) -> PreviewContact:
    """Whom an id, an email address, a telephone number or a channel's key means; of several, who wrote last.

    Raises UnknownName where nobody is called so, or nothing was said with them; StoreError.
    """
    contacts = app.store.erasure.find(named)
    latest = [(one, app.store.conversations.latest(one.channel, one.key)) for one in contacts]
    found = [(one, conversation) for one, conversation in latest if conversation is not None]
    if not found:
        raise UnknownName(
            f"no contact is known by {named!r}",
            hint="/as takes an email address, a telephone number, or the contact's id: custagent conversations list",
        )
    contact, conversation = max(found, key=lambda one: one[1].last_message_at)
    messages = tuple(app.store.conversations.messages(conversation.id))
    return PreviewContact(contact=contact, conversation=conversation, messages=messages)
