"""The live chat's words: what the browser sends, what it is shown, and what the chat needs from the other rooms.

Pure but for `LiveChatAdapter.send`, which wakes streams. The routes are in `live_chat_web`, the stream in
`live_chat_stream`.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from custagent.channels.hub import Hub
from custagent.channels.origins import normal_origin
from custagent.channels.plain import plain_text
from custagent.core.conversation import Begun
from custagent.core.document import Citation, numbered
from custagent.core.message import (
    DeliveryReceipt,
    DeliveryStatus,
    InboundMessage,
    Message,
    OutboundMessage,
    Verdict,
    may_be_judged,
)

#: Characters of one message.
MAX_TEXT = 4_000
#: Bytes of a request's body: MAX_TEXT in the widest characters, with room for the rest.
MAX_BODY = 16 * 1024

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_MAX_EMAIL = 254
#: Ids of rows fit 64 bits.
_IDS_BELOW = 2**63
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9_-]{0,30})?")
#: No address has any.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not served."""

    #: The HTTP status, 4xx or 5xx.
    status: int
    #: For programs: the widget has words of its own for each.
    code: str
    #: For people, in English.
    message: str
    #: Whole seconds to wait before trying again; 0 when waiting does not help.
    retry_after: int = 0


class Holder(StrEnum):
    """Who has the conversation, as the contact sees it."""

    AGENT = "agent"
    PERSON = "person"
    #: It waits for a person.
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the widget's header shows (ASG-3, HND-3)."""

    holder: Holder
    #: The agent's or the person's full name; "" while nobody has it.
    name: str = ""
    #: Whose initials stand where a photo would; "" for the agent's own sign, which stays with `--no-update-avatar`.
    initials_of: str = ""
    #: The name of the person's picture, below the channel's `photos/`; "" where their initials stand.
    photo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the widget shows before the first message."""

    #: The agent's name as contacts see it; "" when people alone answer here.
    agent: str
    #: The company's name.
    company: str
    greeting: str
    #: Says that an AI answers (ASG-4); "" when no agent does.
    disclosure: str
    #: ISO 639-1 code of the greeting and disclosure.
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Where a contact's thumbs go, and how they stand. Both raise StoreError."""

    #: By contact key, message id, and verdict; None takes an earlier one back. Raises UnknownName for what is no reply of
    #: the agent to this contact.
    give: Callable[[str, int, Verdict | None], Awaitable[None]]
    #: The contact's verdicts by message id.
    given: Callable[[str], Awaitable[Mapping[int, Verdict]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChat:
    """One live-chat channel, with what its routes need from the other rooms."""

    #: The channel's name.
    name: str
    #: The sites that may show it; without one only the server's own pages do.
    origins: tuple[str, ...]
    #: Masks a message and writes it down; durable when it returns (ANS-7, CONV-2). Raises StoreError.
    receive: Callable[[InboundMessage], Awaitable[Begun]]
    #: The contact's messages on this channel with ids above the second argument, in order, over all its conversations;
    #: what may be seen by the contact only. A reply is there from its commit on. Raises StoreError.
    messages_after: Callable[[str, int], Awaitable[Sequence[Message]]]
    #: Who has the contact's conversation. Raises StoreError.
    header: Callable[[str], Awaitable[Header]]
    #: For a list of languages, ISO 639-1, the most wanted first.
    hello: Callable[[Sequence[str]], Awaitable[Hello]]
    #: A user's full name by the user name.
    person_name: Callable[[str], str]
    #: Keeps the email address that the contact leaves when nobody is there (HND-2); None: no address is asked for.
    leave_email: Callable[[str, str], Awaitable[None]] | None = None
    #: None: nobody is asked what they think of a reply.
    feedback: Feedback | None = None
    #: A picture by its name (`Header.photo`); None for every other name. Without it there are none.
    photo: Callable[[str], Awaitable[bytes | None]] | None = None


def contact_key(token: str) -> str:
    """How the channel knows the holder of a token: its SHA-256, 64 hex digits. The token itself is never kept."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def token_in(authorization: str) -> str:
    """The visitor's token from an `Authorization: Bearer` header; "" when there is none of the right form."""
    scheme, _, token = authorization.strip().partition(" ")
    return token if scheme.lower() == "bearer" and _TOKEN.fullmatch(token) else ""


def parse(body: bytes, *, channel: str, contact_key: str, now: datetime) -> InboundMessage | Refusal:
    """The message in a request's body: JSON with `client_msg_id` (a UUID), `text` and, if it likes, `language`.

    `client_msg_id` becomes the external id, so that the same message sent twice is one message.
    """
    if len(body) > MAX_BODY:
        return too_large()
    sent = _mapping(body)
    if sent is None:
        return Refusal(status=400, code="not-json", message="The body is not a JSON object in UTF-8.")
    external_id = _uuid(sent.get("client_msg_id"))
    if not external_id:
        return Refusal(
            status=400, code="no-id", message="client_msg_id is not a UUID, such as crypto.randomUUID() makes."
        )
    text = _text(sent.get("text"))
    if isinstance(text, Refusal):
        return text
    return InboundMessage(
        channel=channel,
        external_id=external_id,
        contact_key=contact_key,
        text=text,
        sent_at=now,
        language=language(sent.get("language")),
        body_hash=hashlib.sha256(body).hexdigest(),
    )


def parse_email(body: bytes) -> str | Refusal:
    """The address in a request's body: JSON with `email`."""
    sent = _mapping(body) or {}
    email = sent.get("email")
    email = email.strip() if isinstance(email, str) else ""
    if len(email) > _MAX_EMAIL or not _EMAIL.fullmatch(email) or _CONTROLS.search(email):
        return Refusal(status=400, code="not-an-email", message="This is not an email address.")
    return email


def parse_feedback(body: bytes) -> tuple[int, Verdict | None] | Refusal:
    """(message id, verdict) in a request's body: JSON with `message` and `verdict`, "up", "down" or "" to take it back."""
    sent = _mapping(body) or {}
    message, verdict = sent.get("message"), sent.get("verdict")
    if type(message) is not int or not 0 < message < _IDS_BELOW:
        return Refusal(status=400, code="no-message", message="message is not the number of a message.")
    if verdict not in ("", *Verdict):
        return Refusal(status=400, code="no-verdict", message='verdict is not "up", "down" or "".')
    return message, Verdict(verdict) if verdict else None


def language(tag: object) -> str:
    """ISO 639-1 code of a browser's language tag ("sv-SE": "sv"); "" for anything else."""
    match = _LANGUAGE.fullmatch(tag) if isinstance(tag, str) else None
    return match.group(1).lower() if match else ""


def too_large() -> Refusal:
    """The body is larger than any message."""
    return Refusal(status=413, code="too-large", message=f"A request's body has at most {MAX_BODY:,} bytes.")


def render(
    message: Message,
    *,
    person_name: Callable[[str], str] = str,
    verdicts: Mapping[int, Verdict] | None = None,
) -> dict[str, Any]:
    """A message for the browser: id, sender, kind, text, author, at, options, sources, feedback. All of it is plain text.

    `sources` are {title, url}: private ones are left out (SRC-4), and only pages of the web become links. `feedback` is
    the contact's verdict, "" while there is none, and None for what nobody is asked about: without `verdicts`, anything.
    """
    judged = verdicts is not None and may_be_judged(message.sender, message.kind)
    return {
        "id": message.id,
        "sender": message.sender.value,
        "kind": message.kind.value,
        "text": message.text,
        "author": person_name(message.author) if message.author else "",
        "language": message.language,
        "at": message.at.isoformat(),
        "options": list(message.options),
        "sources": [{"title": title, "url": url} for title, url in _sources(message.citations)],
        "feedback": (verdicts or {}).get(message.id, "") if judged else None,
    }


def snippet(public_url: str, channel: str) -> str:
    """The script tag that puts the chat on a page (ASG-3). `public_url` is where the runner is reached from outside."""
    source = html.escape(f"{public_url.rstrip('/')}/chat/widget.js")
    return f'<script async src="{source}" data-channel="{html.escape(channel)}"></script>'


class LiveChatAdapter:
    """A ChannelAdapter whose provider is our own database: a reply is delivered when it is committed, streams are woken."""

    def __init__(self, name: str, origins: Sequence[str], hub: Hub) -> None:
        self._name = name
        self._origins = tuple(origins)
        self._hub = hub

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    @property
    def idempotent(self) -> bool:
        """See the port: the widget shows each id once."""
        return True

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. Sending again is no harm: the widget shows each id once."""
        self._hub.notify(outbound.contact_key)
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=str(outbound.message.id))

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: an origin is set, and each is one that a browser sends."""
        missing = (
            f"no site may show this chat yet: list it as `origins:` of channel {self._name} in custagent.yaml, "
            "then run `custagent apply`"
        )
        steps = [("a site is listed", "" if self._origins else missing)]
        for origin in self._origins:
            wrong = f"{origin} is not an origin: write scheme and host alone, such as https://www.example.com"
            steps.append((f"{origin} is an origin", "" if normal_origin(origin) else wrong))
        return steps


def _mapping(body: bytes) -> dict[str, Any] | None:
    try:
        sent = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without end
        return None
    return sent if isinstance(sent, dict) else None


def _text(value: object) -> str | Refusal:
    if not isinstance(value, str):
        return Refusal(status=400, code="no-text", message="text is not a string.")
    text = plain_text(value)
    if not text:
        return Refusal(status=400, code="empty", message="The message has no text.")
    if len(text) > MAX_TEXT:
        return Refusal(status=413, code="too-long", message=f"A message has at most {MAX_TEXT:,} characters.")
    return text


def _uuid(value: object) -> str:
    # The long form only, and in one spelling, for one id is one message.
    lower = value.lower() if isinstance(value, str) else ""
    return lower if _UUID.fullmatch(lower) else ""


def _sources(citations: Sequence[Citation]) -> list[tuple[str, str | None]]:
    # In the order of the numbers by which the text names them.
    shown = ((citation.title, _web_link(citation)) for _, citation in numbered(citations) if not citation.private)
    return list(dict.fromkeys(shown))


def _web_link(citation: Citation) -> str | None:
    """The citation's link where it is a page of the web; None for a file, and for what only looks like a page."""
    link = citation.link
    if not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
        named = bool(parts.hostname)
    except ValueError:
        return None
    return link if parts.scheme in ("http", "https") and named else None
