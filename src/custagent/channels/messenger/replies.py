"""What is said to Messenger, in its words, and what its refusals mean. Pure: our messages in, bodies out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from custagent.channels.messenger.content import OPTION
from custagent.channels.pieces import pieces, shortened
from custagent.channels.sources import with_sources
from custagent.core.channel import LONGEST_TEXTS, ChannelKind
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import OutboundMessage, Sender

#: How long after a contact's message anything may be sent; a person's words longer, under a tag that says so.
WINDOW: Final = timedelta(hours=24)
PERSONS_WINDOW: Final = timedelta(days=7)
#: Meta counts from its own clock, and a reply takes a moment.
MARGIN: Final = timedelta(minutes=3)
#: Of buttons below a message: how many, and the characters of a title and of what comes back.
MOST_OPTIONS: Final = 13
LONGEST_TITLE: Final = 20
LONGEST_PAYLOAD: Final = 1_000

_NOT_OURS: Final = "another app of the page has this conversation, so its reply has to be written there"
_WINDOW: Final = "the contact wrote more than 24 hours ago, and Messenger takes no reply any more"
#: What an error's code means on Messenger, where it differs from what it means on both of Meta's channels.
FAULTS: Final[Mapping[int, SendFault]] = {
    1200: SendFault.RETRY,
    32: SendFault.SLOW_CHANNEL,
    613: SendFault.SLOW_CHANNEL,
    80006: SendFault.SLOW_CHANNEL,
    551: SendFault.PERMANENT,
}
#: What its subcode says, which says more.
SUBCODES: Final[Mapping[int, tuple[SendFault, str]]] = {
    2018278: (SendFault.WINDOW_CLOSED, _WINDOW),
    2534022: (SendFault.WINDOW_CLOSED, _WINDOW),
    1893063: (SendFault.CHANNEL_OUT, "Meta has restricted the page, so nothing can be sent from it"),
    1545041: (
        SendFault.PERMANENT,
        "the contact cannot be reached: they have left, or do not take messages of the page",
    ),
    2018001: (SendFault.PERMANENT, "Messenger does not know this contact"),
    2018109: (SendFault.PERMANENT, "the file is too large for Messenger"),
    2018047: (SendFault.PERMANENT, "the file is not of the kind that it was sent as"),
    2018300: (SendFault.PERMANENT, _NOT_OURS),
    2018321: (SendFault.PERMANENT, _NOT_OURS),
}


def bodies(outbound: OutboundMessage, *, now: datetime) -> tuple[Mapping[str, Any], ...]:
    """The bodies of the messages that a reply is sent in, the last one with the options as buttons.

    Raises ChannelError with fault WINDOW_CLOSED where the contact wrote too long ago for it, without asking Meta; with
    PERMANENT where there is nothing to say.
    """
    message = outbound.message
    manner = _manner(outbound, now)
    texts = pieces(with_sources(message), LONGEST_TEXTS[ChannelKind.MESSENGER])
    if not texts:
        raise ChannelError(f"{outbound.channel}: the reply has no text", fault=SendFault.PERMANENT)
    found = []
    for part, text in enumerate(texts):
        more = "+" if part < len(texts) - 1 else ""
        words: dict[str, Any] = {"text": text, "metadata": f"custagent:{outbound.id}:{part}{more}"}
        if part == len(texts) - 1 and (buttons := quick_replies(message.options)):
            words["quick_replies"] = buttons
        quoted = _quoted(outbound) if part == 0 else {}
        found.append({"recipient": {"id": outbound.contact_key}, **manner, **quoted, "message": words})
    return tuple(found)


def quick_replies(options: Sequence[str]) -> list[Mapping[str, str]]:
    """The options as buttons, in their order; none where there are too many: the text names them all.

    A button shows what fits, and carries the whole words. Where two would look the same, each begins with its number.
    """
    if len(options) > MOST_OPTIONS:
        return []
    titles = [shortened(option, LONGEST_TITLE) for option in options]
    if len(set(titles)) < len(titles):
        titles = [shortened(f"{number}. {option}", LONGEST_TITLE) for number, option in enumerate(options, 1)]
    room = LONGEST_PAYLOAD - len(OPTION)
    return [
        {"content_type": "text", "title": title, "payload": f"{OPTION}{shortened(option, room)}"}
        for title, option in zip(titles, options, strict=True)
        if title
    ]


def action(contact_key: str, name: str) -> Mapping[str, Any]:
    """The body that shows the contact something: "mark_seen", "typing_on"."""
    return {"recipient": {"id": contact_key}, "sender_action": name}


def _quoted(outbound: OutboundMessage) -> Mapping[str, Any]:
    """The contact's message that it replies to, shown above it where newer ones would make one wonder."""
    to = outbound.replied_to
    return {"reply_to": {"mid": to.external_id}} if to and to.newer and to.external_id.startswith("m_") else {}


def _manner(outbound: OutboundMessage, now: datetime) -> Mapping[str, str]:
    """What Meta wants to know of why it is sent. The tag is for what people write, never for the agent's words."""
    since = now - outbound.replied_to.sent_at if outbound.replied_to else timedelta(0)
    if since < WINDOW - MARGIN:
        return {"messaging_type": "RESPONSE"}
    if outbound.message.sender is not Sender.PERSON:
        raise ChannelError(f"{outbound.channel}: {_WINDOW}", fault=SendFault.WINDOW_CLOSED)
    if since < PERSONS_WINDOW - MARGIN:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise ChannelError(
        f"{outbound.channel}: the contact wrote more than 7 days ago, and Messenger takes no reply any more",
        hint="Answer by another way that you know of, or wait until the contact writes again.",
        fault=SendFault.WINDOW_CLOSED,
    )
