"""The live chat's routes: session, messages, events, hello, and the pages and scripts of the widget.

Every call names its visitor by a token in the `Authorization` header; a conversation's id opens nothing. A refusal is
`{"error": {"code", "message"}}`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from time import monotonic
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from custagent.channels.hub import Hub
from custagent.channels.limits import Limiter, Limits
from custagent.channels.live_chat import (
    MAX_BODY,
    MAX_TEXT,
    LiveChat,
    Refusal,
    contact_key,
    language,
    parse,
    parse_email,
    parse_feedback,
    token_in,
    too_large,
)
from custagent.channels.live_chat_assets import HostPage, asset, frame, host_page, no_file, picture
from custagent.channels.live_chat_stream import EventStream
from custagent.channels.origins import is_own, normal_origin
from custagent.core.errors import CustagentError, Overloaded, UnknownName
from custagent.core.ports import Clock

_log = logging.getLogger(__name__)

#: Seconds between two signs of life on a silent stream.
HEARTBEAT = 20.0
#: Seconds that a body may take to arrive.
BODY_TIMEOUT = 10.0
#: Seconds that a browser is asked to wait when the database does not answer.
_BUSY = 5
#: How many languages of a browser are looked at.
_MAX_LANGUAGES = 8

Handler: TypeAlias = Callable[[Request, LiveChat], Awaitable[Response | Refusal]]

_ALL_REPLIES = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"Origin"))
_EXPOSED = (b"access-control-expose-headers", b"Retry-After")


def create_routes(
    channels: Mapping[str, LiveChat],
    *,
    hub: Hub,
    clock: Clock,
    limits: Limits | None = None,
    monotonic: Callable[[], float] = monotonic,
    heartbeat: float = HEARTBEAT,
    body_timeout: float = BODY_TIMEOUT,
    demo: HostPage | None = None,
) -> list[Route]:
    """The routes of all live-chat channels, below `/chat/`; with `demo` also a page on `/`.

    `channels` is asked at each request, so a mapping that changes is served as it is. `hub.close()` ends every stream.
    `heartbeat` and `body_timeout` are seconds.
    """
    limiter = Limiter(limits or Limits(), monotonic=monotonic)
    web = _LiveChatWeb(channels, hub=hub, clock=clock, limiter=limiter, heartbeat=heartbeat, body_timeout=body_timeout)

    async def loader(request: Request) -> Response:
        return asset(request, "widget.js")

    async def file(request: Request) -> Response:
        return asset(request, request.path_params["name"])

    async def front(_: Request) -> Response:
        assert demo is not None  # noqa: S101 # the route exists only then
        return host_page(demo)

    # In the order of how often they are asked for, for each request is compared with one after the other.
    routes = [
        Route(f"/chat/{{channel}}/{path}", web.guarded(handler, method), methods=[method, "OPTIONS"])
        for path, method, handler in (
            ("messages", "POST", web.messages),
            ("events", "GET", web.events),
            ("hello", "GET", web.hello),
            ("session", "POST", web.session),
            ("feedback", "POST", web.feedback),
            ("email", "POST", web.email),
        )
    ]
    # "-" can be no channel's name.
    routes += [
        Route("/chat/widget.js", loader),
        Route("/chat/-/{name}", file),
        Route("/chat/{channel}/frame", web.page),
        Route("/chat/{channel}/photos/{name}", web.photo),
    ]
    return [*routes, Route("/", front)] if demo else routes


class _LiveChatWeb:
    def __init__(
        self,
        channels: Mapping[str, LiveChat],
        *,
        hub: Hub,
        clock: Clock,
        limiter: Limiter,
        heartbeat: float,
        body_timeout: float,
    ) -> None:
        self._channels = channels
        self._hub = hub
        self._clock = clock
        self._limiter = limiter
        self._heartbeat = heartbeat
        self._body_timeout = body_timeout

    async def page(self, request: Request) -> Response:
        """The frame."""
        chat = self._channels.get(request.path_params["channel"])
        if chat is None:
            return Response("There is no live chat of this name.", status_code=404, media_type="text/plain")
        return frame(chat.origins)

    async def photo(self, request: Request) -> Response:
        """The picture of a person who has a conversation: for the frame's page, and for everybody (HND-3)."""
        chat, name = self._channels.get(request.path_params["channel"]), request.path_params["name"]
        if chat is None or chat.photo is None or self._limiter.request(_address(request)):
            return no_file()
        try:
            content = await chat.photo(name)
        except CustagentError as error:
            _log.warning("a picture on %s could not be shown: %s", chat.name, error.message)
            content = None
        return no_file() if content is None else picture(request, name, content)

    def guarded(self, handler: Handler, method: str) -> Callable[[Request], Awaitable[Response]]:
        """The handler behind what all calls have in common: channel, origin, CORS, and a database that may be away."""

        async def endpoint(request: Request) -> Response:
            chat = self._channels.get(request.path_params["channel"])
            if chat is None:
                return _told(
                    _refused(Refusal(status=404, code="no-chat", message="There is no live chat of this name."))
                )
            origin = request.headers.get("origin")
            if not _may_call(request, chat):
                named = origin or "a page that does not say where it is from"
                message = f"This chat is not open to {named}. Its owner lists the sites in custagent.yaml."
                return _told(_refused(Refusal(status=403, code="origin", message=message)))
            if request.method == "OPTIONS":
                reply: Response | Refusal = _preflight(method)
            else:
                reply = await _or_busy(handler(request, chat), chat)
            if isinstance(reply, Refusal):
                reply = _refused(reply)
            return _told(reply, origin)

        return endpoint

    async def session(self, request: Request, _: LiveChat) -> Response | Refusal:
        """A token for a new visitor. Nothing is kept of it: its hash becomes the contact's key with the first message."""
        if wait := self._limiter.session(_address(request)):
            return _too_many(wait)
        return JSONResponse({"token": secrets.token_urlsafe(32)}, status_code=201)

    async def messages(self, request: Request, chat: LiveChat) -> Response | Refusal:
        """Take a message: 202 with its id once it is written down, the same again for the same `client_msg_id`."""
        token = token_in(_header(request, b"authorization"))
        if not token:
            return _no_token()
        key = contact_key(token)
        if wait := self._limiter.message(key, _address(request)):
            return _too_many(wait)
        body = await _body(request, self._body_timeout)
        if isinstance(body, Refusal):
            return body
        inbound = parse(body, channel=chat.name, contact_key=key, now=self._clock.now())
        if isinstance(inbound, Refusal):
            return inbound
        begun = await chat.receive(inbound)
        if begun.conversation.contact.key != key:
            # Two visitors with one UUID: this message was not written down, and the other's is none of its business.
            return Refusal(
                status=409, code="id-taken", message="This client_msg_id is taken. Send again with a new one."
            )
        self._hub.notify(key)
        # Written out: JSONResponse makes an encoder of its own each time.
        return Response(b'{"id":%d}' % begun.message.id, status_code=202, media_type="application/json")

    async def email(self, request: Request, chat: LiveChat) -> Response | Refusal:
        """Keep the address where an answer may go when nobody is there (HND-2)."""
        token = token_in(_header(request, b"authorization"))
        if not token:
            return _no_token()
        if chat.leave_email is None:
            return Refusal(status=404, code="no-email", message="This chat takes no email addresses.")
        if wait := self._limiter.message(contact_key(token), _address(request)):
            return _too_many(wait)
        body = await _body(request, self._body_timeout)
        email = body if isinstance(body, Refusal) else parse_email(body)
        if isinstance(email, Refusal):
            return email
        await chat.leave_email(contact_key(token), email)
        return Response(status_code=204)

    async def feedback(self, request: Request, chat: LiveChat) -> Response | Refusal:
        """Keep what the visitor thinks of a reply: 204 once it is written down; the last word counts."""
        token = token_in(_header(request, b"authorization"))
        if not token:
            return _no_token()
        if chat.feedback is None:
            return Refusal(status=404, code="no-feedback", message="This chat asks nobody about replies.")
        if wait := self._limiter.message(contact_key(token), _address(request)):
            return _too_many(wait)
        body = await _body(request, self._body_timeout)
        given = body if isinstance(body, Refusal) else parse_feedback(body)
        if isinstance(given, Refusal):
            return given
        try:
            await chat.feedback.give(contact_key(token), *given)
        except UnknownName:
            return Refusal(status=404, code="not-yours", message="There is no such reply in your conversation.")
        return Response(status_code=204)

    async def events(self, request: Request, chat: LiveChat) -> Response | Refusal:
        """The visitor's stream, from the message after `Last-Event-ID` (or `?after=`) on."""
        token = token_in(_header(request, b"authorization"))
        if not token:
            return _no_token()
        if wait := self._limiter.request(_address(request)):
            return _too_many(wait)
        limits = self._limiter.limits
        if self._hub.stopping or len(self._hub) >= limits.streams:
            return _busy()
        subscription = self._hub.join(contact_key(token), at_most=limits.streams_per_visitor)
        after = _number(request.headers.get("last-event-id") or request.query_params.get("after", ""))
        return EventStream(chat, subscription, after=after, heartbeat=self._heartbeat)

    async def hello(self, request: Request, chat: LiveChat) -> Response | Refusal:
        """What the widget shows first: for a visitor with a token with who has the conversation."""
        if wait := self._limiter.request(_address(request)):
            return _too_many(wait)
        wanted = [
            code
            for tag in request.query_params.get("locale", "").split(",")[:_MAX_LANGUAGES]
            if (code := language(tag))
        ]
        token = token_in(_header(request, b"authorization"))
        hello = await chat.hello(wanted)
        header = await chat.header(contact_key(token) if token else "")
        return JSONResponse(
            {
                **asdict(hello),
                "state": asdict(header),
                "email_offer": chat.leave_email is not None,
                "max_text": MAX_TEXT,
                "heartbeat": self._heartbeat,
            }
        )


def _may_call(request: Request, chat: LiveChat) -> bool:
    """Browsers name the origin of every POST and of every call from another site; what they name must be allowed."""
    named = request.headers.get("origin")
    if named is None:
        return request.method == "GET" and request.headers.get("sec-fetch-site", "same-origin") in (
            "same-origin",
            "none",
        )
    origin = normal_origin(named)
    return bool(origin) and (
        any(origin == normal_origin(one) for one in chat.origins) or is_own(origin, _header(request, b"host"))
    )


async def _or_busy(answering: Awaitable[Response | Refusal], chat: LiveChat) -> Response | Refusal:
    try:
        return await answering
    except Overloaded as exc:
        # Whoever decided so tells of it, once for many.
        return _busy(exc.retry_after)
    except CustagentError as exc:
        _log.warning("live chat %s could not answer: %s", chat.name, exc.message)
        return _busy()


async def _body(request: Request, seconds: float) -> bytes | Refusal:
    """The body, read no further than is allowed, whatever the request says of its length."""
    if _header(request, b"content-type").partition(";")[0].strip().lower() != "application/json":
        return Refusal(status=415, code="not-json", message="Send the body as application/json.")
    if _number(_header(request, b"content-length")) > MAX_BODY:
        return too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY:
                    return too_large()
    except TimeoutError:
        return Refusal(status=408, code="slow", message="The body did not arrive in time.")
    except ClientDisconnect:
        return Refusal(status=400, code="gone", message="The connection ended before the body did.")
    return bytes(body)


def _header(request: Request, name: bytes) -> str:
    """The first of this name, in lower case; "" when there is none. Starlette's own look takes three times as long."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _number(text: str) -> int:
    """A row's id or a length; 0 for anything else, and for what no row can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0  # noqa: PLR2004 # fits 64 bits


def _preflight(method: str) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": method,
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
            "Access-Control-Max-Age": "600",
        },
    )


def _told(reply: Response, origin: str | None = None) -> Response:
    """The reply with what all have in common; with `origin`, for a page of that site to read."""
    # One after the other by name would take as long as the rest of the reply.
    reply.raw_headers += _ALL_REPLIES
    if origin is not None:
        reply.raw_headers += [(b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED]
    return reply


def _refused(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
    error = {"code": refusal.code, "message": refusal.message}
    return JSONResponse({"error": error}, status_code=refusal.status, headers=headers)


def _no_token() -> Refusal:
    return Refusal(status=401, code="no-token", message="Send the visitor's token as Authorization: Bearer TOKEN.")


def _too_many(wait: float) -> Refusal:
    seconds = math.ceil(wait)
    message = f"Too many at once. Try again in {seconds} s."
    return Refusal(status=429, code="too-many", message=message, retry_after=seconds)


def _busy(seconds: int = _BUSY) -> Refusal:
    message = "The chat cannot be reached for the moment. Try again shortly."
    return Refusal(status=503, code="busy", message=message, retry_after=seconds)
