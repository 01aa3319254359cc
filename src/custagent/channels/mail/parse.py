"""Bytes of a mail as a `Mail`: whatever they are, this never raises, and nothing in them is lost for people."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from email import message_from_string
from email.message import Message
from email.parser import HeaderParser

from custagent.channels.mail.body import UNREADABLE, Body, Saying
from custagent.channels.mail.bounce import report_of
from custagent.channels.mail.charset import decoded
from custagent.channels.mail.headers import MAX_FIELD, addresses, from_wire, message_ids, moment, parameters, readable
from custagent.channels.mail.model import Address, Mail
from custagent.channels.mail.parts import MAX_TEXT, FileLimits, Part
from custagent.channels.mail.quoted import own_words
from custagent.channels.mail.subject import is_reply
from custagent.channels.plain import plain_text

#: What no program that writes mail for people goes beyond, and what the standard library's reader gets slow by.
_MAX_CONTAINERS = 100
_MAX_PARTS = 5_000
_MAX_LINES = 1_000_000
_MAX_HEAD = 1_000_000
_MAX_CONTENT_TYPE = 8_000
_MAX_FIELDS = 1_000
#: Letters of ISO 639-1.
_CODE = 2

_CONTAINER = re.compile(rb"content-type[ \t]*:\s*(?:multipart|message)/", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"(?:^|[\r\n])content-type[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "x-envelope-to")
_NO_LIMITS = FileLimits()


def read(raw: bytes, *, limits: FileLimits = _NO_LIMITS) -> Mail:
    """What the bytes say."""
    message, body = _body(raw, limits)
    fields = [(name.lower(), _value(from_wire(value))) for name, value in list(message.raw_items())[:_MAX_FIELDS]]
    mail = _mail(_Fields(fields), body, hashlib.sha256(raw).hexdigest())
    report = None if body.for_people == UNREADABLE else report_of(mail, Part(message))
    return mail if report is None else replace(mail, report=report)


def _body(raw: bytes, limits: FileLimits) -> tuple[Message, Body]:
    """The mail's fields and what its parts say; of a form that nobody writes in, the bytes as text, for people."""
    if (message := _message(raw)) is not None:
        body = Body(limits=limits)
        body.read(Part(message))
        return message, body
    end = _HEAD_END.search(raw, 0, _MAX_HEAD)
    head, rest = (raw[: end.start()], raw[end.end() :]) if end else (raw[:_MAX_HEAD], raw)
    text = decoded(rest[:MAX_TEXT])
    body = Body(limits=limits, sayings=[Saying(text=text)], for_people=UNREADABLE)
    return HeaderParser().parsestr(head.decode("latin-1")), body


def _message(raw: bytes) -> Message | None:
    """The mail in its parts; None for one that the standard library cannot read."""
    if not _is_sane(raw):
        return None
    try:
        return message_from_string(raw.decode("latin-1"))
    except (LookupError, TypeError, ValueError):
        # Of parameters such as `a*=…; a*0=…` it sorts a number and nothing.
        return None


def _is_sane(raw: bytes) -> bool:
    """Whether the standard library reads it in a time that fits its size."""
    containers = sum(1 for _ in _CONTAINER.finditer(raw))
    end = _HEAD_END.search(raw)
    return (
        containers <= _MAX_CONTAINERS
        and (not containers or raw.count(b"\n--") <= _MAX_PARTS)
        and max(raw.count(b"\n"), raw.count(b"\r")) <= _MAX_LINES
        and (end.start() if end else len(raw)) <= _MAX_HEAD
        and all(len(found[0]) <= _MAX_CONTENT_TYPE for found in _CONTENT_TYPE.finditer(raw))
    )


class _Fields:
    """A mail's header fields by name."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.all = tuple(fields)

    def values(self, *names: str) -> list[str]:
        return [value for name in names for known, value in self.all if known == name]

    def first(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def people(self, *names: str) -> tuple[Address, ...]:
        return tuple(address for value in self.values(*names) for address in addresses(value))

    def ids(self, *names: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for value in self.values(*names) for one in message_ids(value)))


def _mail(fields: _Fields, body: Body, digest: str) -> Mail:
    subject = plain_text(readable(fields.first("subject")))
    own, full = _texts(body)
    returned = fields.values("return-path")
    own_id = fields.ids("message-id") or tuple(fields.first("message-id").split()[:1])
    return Mail(
        message_id=own_id[0][:998] if own_id and own_id[0].isprintable() else "",
        in_reply_to=fields.ids("in-reply-to"),
        references=fields.ids("references"),
        sender=next(iter(fields.people("from") or fields.people("sender")), None),
        reply_to=fields.people("reply-to"),
        to=fields.people("to"),
        cc=fields.people("cc"),
        delivered_to=tuple(dict.fromkeys(one.address for one in fields.people(*_DELIVERED))),
        return_path=None if not returned else next((one.address for one in addresses(returned[0])), ""),
        subject=subject,
        sent_at=moment(fields.first("date")),
        # Some write all they have to say in the subject.
        text=own or ("" if is_reply(subject) else subject),
        full_text=full,
        language=_language(fields.first("content-language")),
        files=tuple(body.files),
        for_people=body.for_people,
        automatic=body.automatic,
        headers=fields.all,
        media_type=parameters(fields.first("content-type"))[0] or "text/plain",
        body_hash=digest,
    )


def _texts(body: Body) -> tuple[str, str]:
    """The writer's own words, and all of it. A mail that only forwards another says what that one says."""
    # A page tells its quotations apart by marks, which are surer than words.
    told = (one.own if one.own and one.own.strip() else one.text for one in body.sayings if not one.forwarded)
    own = own_words("\n\n".join(told))
    full = plain_text("\n\n".join(one.text.strip("\n") for one in body.sayings))
    said = plain_text(own)
    return said or full, full


def _value(value: str) -> str:
    return value[:MAX_FIELD].replace("\r\n", "\n").replace("\n", " ").replace("\r", " ").strip()


def _language(value: str) -> str:
    code = value.partition(",")[0].strip().partition("-")[0].lower()
    return code if len(code) == _CODE and code.isascii() and code.isalpha() else ""
