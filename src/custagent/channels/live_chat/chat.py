"""The live chat's words: what the browser sends, what it is shown, and what the chat needs from the other rooms.

Pure. The routes are in `web` and `calls`, the stream in `stream`, sending in
`adapter`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from custagent.channels.live_chat.files import ACCEPTED, MAX_HEAD, file_name, kind_of, told, without_traces
from custagent.channels.live_chat.identity import Customer, Identities
from custagent.channels.plain import plain_text
from custagent.core.asked import AskedField
from custagent.core.conversation import Begun
from custagent.core.document import Citation, numbered
from custagent.core.look import Look
from custagent.core.message import (
    Attachment,
    InboundMessage,
    Message,
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
#: Characters of an answer to what is asked before the first message.
_MAX_ANSWER = 200
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
class Files:
    """Where visitors' files go, and where they come from. Both raise StoreError."""

    #: By content, name and media type. What is not taken is told in the attachment's `error`.
    keep: Callable[[bytes, str, str], Awaitable[Attachment]]
    #: The content of a file that was kept; None when it is gone.
    content: Callable[[Attachment], Awaitable[bytes | None]]


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
    look: Look = field(default_factory=Look)
    #: Stands above the conversation all the time, such as that it is a preview; "" on a live channel.
    notice: str = ""
    #: What visitors are asked before their first message.
    asked: tuple[AskedField, ...] = ()
    #: Keeps what a visitor answered to that, by the fields' names, with the conversation it began. Raises StoreError.
    introduced: Callable[[Begun, Mapping[str, str]], Awaitable[None]] | None = None
    #: Proves who visitors are; None: nobody is signed in here.
    identities: Identities | None = None
    #: Whether only they may write.
    identity_required: bool = False
    #: The contact of the first key is known as the customer from now on, by the second key. Raises StoreError.
    identified: Callable[[str, str, Customer], Awaitable[None]] | None = None
    #: None: no files are taken.
    files: Files | None = None
    #: Sends the contact's conversation to an address, in a language (ISO 639-1). Raises StoreError, and ChannelError when
    #: it cannot be sent. None: nobody is offered it.
    send_transcript: Callable[[str, str, str], Awaitable[None]] | None = None


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
    if not _uuid(sent.get("client_msg_id")):
        return Refusal(
            status=400, code="no-id", message="client_msg_id is not a UUID, such as crypto.randomUUID() makes."
        )
    text = _text(sent.get("text"))
    if isinstance(text, Refusal):
        return text
    return _inbound(body, sent, text, channel=channel, contact_key=contact_key, now=now)


def parse_file(body: bytes, *, channel: str, contact_key: str, now: datetime) -> tuple[InboundMessage, bytes] | Refusal:
    """The message with a file in a request's body, and the file's content: a line as `parse` takes, then the file.

    The line names the file as `name`; its text may be empty. The media type is that of the content.
    """
    head, line_break, content = body.partition(b"\n")
    sent = _mapping(head) if line_break and len(head) <= MAX_HEAD else None
    if sent is None:
        return Refusal(
            status=400, code="not-json", message="The body does not begin with a line that is a JSON object."
        )
    if not _uuid(sent.get("client_msg_id")):
        return Refusal(status=400, code="no-id", message="client_msg_id is not a UUID.")
    text = plain_text(sent["text"]) if isinstance(sent.get("text"), str) else ""
    if len(text) > MAX_TEXT:
        return Refusal(status=413, code="too-long", message=f"A message has at most {MAX_TEXT:,} characters.")
    name = file_name(sent.get("name"))
    media_type = kind_of(content, name)
    if not content or not media_type:
        kinds = ", ".join(kind.removeprefix(".") for kind in ACCEPTED)
        message = f"Only these files can be sent, each called what it is: {kinds}."
        return Refusal(status=415, code="file-kind", message=message)
    content = without_traces(content, media_type)
    file = Attachment(name=name, media_type=media_type, size=len(content))
    inbound = _inbound(body, sent, text, channel=channel, contact_key=contact_key, now=now)
    return replace(inbound, attachments=(file,)), content


def asked_in(body: bytes, asked: Sequence[AskedField]) -> Mapping[str, str]:
    """What the visitor answered to the fields that were asked for, in their order; what is not filled in is absent."""
    answers = (_mapping(body.partition(b"\n")[0]) or {}).get("asked")
    if not isinstance(answers, dict):
        return {}
    found = {}
    for one in asked:
        value = answers.get(one.name)
        line = " ".join(plain_text(value).split())[:_MAX_ANSWER] if isinstance(value, str) else ""
        if line and (one.name != "email" or is_email(line)):
            found[one.name] = line
    return found


def _inbound(
    body: bytes, sent: Mapping[str, Any], text: str, *, channel: str, contact_key: str, now: datetime
) -> InboundMessage:
    return InboundMessage(
        channel=channel,
        external_id=_uuid(sent.get("client_msg_id")),
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
    if not is_email(email):
        return Refusal(status=400, code="not-an-email", message="This is not an email address.")
    return email


def is_email(text: str) -> bool:
    """Whether it looks like an address that mail can be sent to."""
    return len(text) <= _MAX_EMAIL and bool(_EMAIL.fullmatch(text)) and not _CONTROLS.search(text)


def parse_transcript(body: bytes) -> tuple[str, str] | Refusal:
    """(address, language) in a request's body: JSON with `email` and, if it likes, `language`."""
    email = parse_email(body)
    return email if isinstance(email, Refusal) else (email, language((_mapping(body) or {}).get("language")))


def parse_jwt(body: bytes) -> str | Refusal:
    """What the site has signed, in a request's body: JSON with `jwt`."""
    signed = (_mapping(body) or {}).get("jwt")
    if not isinstance(signed, str) or not signed.isascii():
        return Refusal(status=400, code="no-jwt", message="jwt is not a text that the site has signed.")
    return signed


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


def too_large(at_most: int = MAX_BODY) -> Refusal:
    """The body is larger than any that is meant."""
    return Refusal(status=413, code="too-large", message=f"A request's body has at most {at_most:,} bytes.")


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
        "attachments": [told(attachment) for attachment in message.attachments],
    }


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
