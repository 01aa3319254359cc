"""The calls of the live chat: a visitor begins, writes, listens, says what a reply was worth, leaves an address."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from custagent.channels.live_chat.chat import (
    MAX_TEXT,
    LiveChat,
    Refusal,
    asked_in,
    language,
    parse,
    parse_email,
    parse_feedback,
    parse_jwt,
    parse_transcript,
)
from custagent.channels.live_chat.files import ACCEPTED, MAX_FILE
from custagent.channels.live_chat.identity import Unproved
from custagent.channels.live_chat.look import told
from custagent.channels.live_chat.replies import (
    Around,
    Visitor,
    address_of,
    body_of,
    busy,
    header,
    number,
    too_many,
    visitor_of,
    writer_of,
)
from custagent.channels.live_chat.stream import EventStream
from custagent.core.errors import UnknownName
from custagent.core.message import InboundMessage

_log = logging.getLogger(__name__)

#: How many languages of a browser are looked at.
_MAX_LANGUAGES = 8


async def session(request: Request, _: LiveChat, around: Around) -> Response | Refusal:
    """A token for a new visitor. Nothing is kept of it: its hash becomes the contact's key with the first message."""
    if wait := around.limiter.session(address_of(request)):
        return too_many(wait)
    return JSONResponse({"token": secrets.token_urlsafe(32)}, status_code=201)


async def messages(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Take a message: 202 with its id once it is written down, the same again for the same `client_msg_id`."""
    visitor = writer_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if wait := around.limiter.message(visitor.key, address_of(request)):
        return too_many(wait)
    body = await body_of(request, around.body_timeout)
    if isinstance(body, Refusal):
        return body
    inbound = parse(body, channel=chat.name, contact_key=visitor.key, now=around.clock.now())
    if isinstance(inbound, Refusal):
        return inbound
    return await receive(inbound, body, visitor, chat, around)


async def receive(
    inbound: InboundMessage, body: bytes, visitor: Visitor, chat: LiveChat, around: Around
) -> Response | Refusal:
    """Write a message down with who wrote it; `body` is the request's, in which answers to what is asked may stand."""
    asked = asked_in(body, chat.asked) if chat.asked else {}
    name = visitor.customer.name if visitor.customer else asked.get("name", "")
    if name or visitor.customer:
        inbound = replace(inbound, contact_name=name, identities=visitor.identities)
    begun = await chat.receive(inbound)
    if begun.conversation.contact.key != visitor.key:
        # Two visitors with one UUID: this message was not written down, and the other's is none of its business.
        return Refusal(status=409, code="id-taken", message="This client_msg_id is taken. Send again with a new one.")
    if visitor.customer and visitor.customer.email:
        asked = {**asked, "email": visitor.customer.email}
    if asked and chat.introduced is not None:
        await chat.introduced(begun, asked)
    around.hub.notify(visitor.key)
    # Written out: JSONResponse makes an encoder of its own each time.
    return Response(b'{"id":%d}' % begun.message.id, status_code=202, media_type="application/json")


async def email(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Keep the address where an answer may go when nobody is there (HND-2)."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if chat.leave_email is None:
        return Refusal(status=404, code="no-email", message="This chat takes no email addresses.")
    if wait := around.limiter.message(visitor.key, address_of(request)):
        return too_many(wait)
    body = await body_of(request, around.body_timeout)
    left = body if isinstance(body, Refusal) else parse_email(body)
    if isinstance(left, Refusal):
        return left
    await chat.leave_email(visitor.key, left)
    return Response(status_code=204)


async def transcript(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Send the visitor's conversation to the address that they typed."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if chat.send_transcript is None:
        return Refusal(status=404, code="no-transcript", message="This chat sends no transcripts.")
    body = await body_of(request, around.body_timeout)
    asked = body if isinstance(body, Refusal) else parse_transcript(body)
    if isinstance(asked, Refusal):
        return asked
    if wait := around.limiter.transcript(visitor.key, address_of(request)):
        return too_many(wait)
    try:
        await chat.send_transcript(visitor.key, *asked)
    except UnknownName:
        return Refusal(status=404, code="nothing-said", message="There is no conversation to send yet.")
    return Response(status_code=204)


async def feedback(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Keep what the visitor thinks of a reply: 204 once it is written down; the last word counts."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if chat.feedback is None:
        return Refusal(status=404, code="no-feedback", message="This chat asks nobody about replies.")
    if wait := around.limiter.message(visitor.key, address_of(request)):
        return too_many(wait)
    body = await body_of(request, around.body_timeout)
    given = body if isinstance(body, Refusal) else parse_feedback(body)
    if isinstance(given, Refusal):
        return given
    try:
        await chat.feedback.give(visitor.key, *given)
    except UnknownName:
        return Refusal(status=404, code="not-yours", message="There is no such reply in your conversation.")
    return Response(status_code=204)


async def events(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """The visitor's stream, from the message after `Last-Event-ID` (or `?after=`) on."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Refusal):
        return visitor
    if wait := around.limiter.request(address_of(request)):
        return too_many(wait)
    limits = around.limiter.limits
    if around.hub.stopping or len(around.hub) >= limits.streams:
        return busy()
    subscription = around.hub.join(visitor.key, at_most=limits.streams_per_visitor)
    after = number(request.headers.get("last-event-id") or request.query_params.get("after", ""))
    return EventStream(chat, subscription, after=after, heartbeat=around.heartbeat)


async def hello(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """What the widget shows first: for a visitor with a token with who has the conversation."""
    if wait := around.limiter.request(address_of(request)):
        return too_many(wait)
    visitor = visitor_of(request, chat, around) if header(request, b"authorization") else None
    return JSONResponse(await said_first(request, chat, around, visitor.key if isinstance(visitor, Visitor) else ""))


async def said_first(request: Request, chat: LiveChat, around: Around, key: str = "") -> Mapping[str, Any]:
    """What the widget shows first, in the languages that the request's address names. Raises StoreError, ConfigError."""
    wanted = [
        code for tag in request.query_params.get("locale", "").split(",")[:_MAX_LANGUAGES] if (code := language(tag))
    ]
    words = {code: one.model_dump(exclude_none=True) for code, one in chat.look.words.items()}
    return {
        **asdict(await chat.hello(wanted)),
        "state": asdict(await chat.header(key)),
        "email_offer": chat.leave_email is not None,
        "max_text": MAX_TEXT,
        "heartbeat": around.heartbeat,
        "look": told(chat.look),
        "words": words,
        "ask": [{"name": one.name, "label": one.label or "", "required": one.required} for one in chat.asked],
        "identity": "required" if chat.identity_required else "optional",
        "attachments": None if chat.files is None else {"largest": MAX_FILE, "types": list(ACCEPTED)},
        "transcript": chat.send_transcript is not None,
    }


async def identify(request: Request, chat: LiveChat, around: Around) -> Response | Refusal:
    """Take the site's word for who the visitor is: a session's token.

    What the visitor wrote before, under the token that the request names, goes on under that name. `same` tells whether
    the thread on the screen is still the visitor's.
    """
    if chat.identities is None:
        return Refusal(status=404, code="no-identity", message="No identity_secret is set for this chat.")
    if wait := around.limiter.request(address_of(request)):
        return too_many(wait)
    body = await body_of(request, around.body_timeout)
    token = body if isinstance(body, Refusal) else parse_jwt(body)
    if isinstance(token, Refusal):
        return token
    try:
        customer = chat.identities.proved(token, around.clock.now())
        session_ = chat.identities.session(customer, around.clock.now())
    except Unproved as error:
        _log.warning("a visitor of %s is not the customer that its site says: %s", chat.name, error)
        return Refusal(status=403, code="unproved", message=f"Who you are is not proved: {error}.")
    key, before = chat.identities.key_of(customer), visitor_of(request, chat, around)
    if isinstance(before, Visitor) and before.customer is None and chat.identified is not None:
        await chat.identified(before.key, key, customer)
        around.hub.notify(key)
    return JSONResponse({"token": session_, "same": isinstance(before, Visitor) and before.key == key})
