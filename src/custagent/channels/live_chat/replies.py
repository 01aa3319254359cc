"""What all calls of the live chat have in common: who calls, bodies that end, and refusals."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from custagent.channels.hub import Hub
from custagent.channels.limits import Limiter
from custagent.channels.live_chat.chat import MAX_BODY, LiveChat, Refusal, contact_key, token_in, too_large
from custagent.channels.live_chat.identity import Customer
from custagent.core.message import Identity
from custagent.core.ports import Clock

#: Seconds that a browser is asked to wait when the database does not answer.
_BUSY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the calls find around them."""

    hub: Hub
    clock: Clock
    limiter: Limiter
    #: Seconds between two signs of life on a silent stream.
    heartbeat: float
    #: Seconds that a body may take to arrive.
    body_timeout: float


Handler: TypeAlias = Callable[[Request, LiveChat, Around], Awaitable[Response | Refusal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who calls."""

    #: How the channel knows the visitor.
    key: str
    #: Whom the company's site has said it is; None for whom nobody has.
    customer: Customer | None = None

    @property
    def identities(self) -> tuple[Identity, ...]:
        """What else the visitor is known by."""
        return self.customer.identities if self.customer else ()


def visitor_of(request: Request, chat: LiveChat, around: Around) -> Visitor | Refusal:
    """Whom the request's token names. Raises ConfigError when the channel's secret is not set."""
    authorization = header(request, b"authorization")
    if token := token_in(authorization):
        return Visitor(key=contact_key(token))
    scheme, _, session = authorization.strip().partition(" ")
    if chat.identities is not None and scheme.lower() == "bearer":
        customer = chat.identities.of_session(session.strip(), around.clock.now())
        if customer is not None:
            return Visitor(key=chat.identities.key_of(customer), customer=customer)
    return no_token()


def writer_of(request: Request, chat: LiveChat, around: Around) -> Visitor | Refusal:
    """The same, where only those may call who may write."""
    visitor = visitor_of(request, chat, around)
    if isinstance(visitor, Visitor) and visitor.customer is None and chat.identity_required:
        message = "Only visitors whom the site has signed in may write here: custagent('identify', …)."
        return Refusal(status=403, code="not-identified", message=message)
    return visitor


async def body_of(
    request: Request, seconds: float, *, media_type: str = "application/json", at_most: int = MAX_BODY
) -> bytes | Refusal:
    """The body, read no further than is allowed, whatever the request says of its length."""
    if header(request, b"content-type").partition(";")[0].strip().lower() != media_type:
        return Refusal(status=415, code="not-json", message=f"Send the body as {media_type}.")
    if number(header(request, b"content-length")) > at_most:
        return too_large(at_most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > at_most:
                    return too_large(at_most)
    except TimeoutError:
        return Refusal(status=408, code="slow", message="The body did not arrive in time.")
    except ClientDisconnect:
        return Refusal(status=400, code="gone", message="The connection ended before the body did.")
    return bytes(body)


def header(request: Request, name: bytes) -> str:
    """The first of this name, in lower case; "" when there is none. Starlette's own look takes three times as long."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def number(text: str) -> int:
    """A row's id or a length; 0 for anything else, and for what no row can have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0  # noqa: PLR2004 # fits 64 bits


def refused(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
    error = {"code": refusal.code, "message": refusal.message}
    return JSONResponse({"error": error}, status_code=refusal.status, headers=headers)


def no_token() -> Refusal:
    return Refusal(status=401, code="no-token", message="Send the visitor's token as Authorization: Bearer TOKEN.")


def too_many(wait: float) -> Refusal:
    seconds = math.ceil(wait)
    message = f"Too many at once. Try again in {seconds} s."
    return Refusal(status=429, code="too-many", message=message, retry_after=seconds)


def busy(seconds: int = _BUSY) -> Refusal:
    message = "The chat cannot be reached for the moment. Try again shortly."
    return Refusal(status=503, code="busy", message=message, retry_after=seconds)
