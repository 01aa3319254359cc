"""Webhooks: a provider's batches, checked, parsed, written down, and only then acknowledged.

The order is fixed (design.md, 4): signature over the raw bytes, parse, mask and write in one transaction, 200. Whatever
goes wrong before the end is answered so that the provider sends the batch again, and a batch that comes again changes
nothing. A provider brings the pure half, `Webhook`; the routes are the same for all.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from custagent.channels.reception import Reception
from custagent.channels.signature import SIGNATURE_HEADER, is_signature, same_secret, signer
from custagent.core.channel_event import ChannelEvent
from custagent.core.errors import CustagentError, Overloaded
from custagent.core.message import DeliveryUpdate, InboundMessage

_log = logging.getLogger(__name__)

#: Bytes of a batch: Meta's largest.
MAX_BATCH = 3 * 1024 * 1024
#: Seconds that a batch may take to arrive.
BODY_TIMEOUT = 10.0
#: Seconds that a provider is asked to wait when nothing can be written down.
_BUSY = 5
#: What may be told of something that nobody here understands: the provider's name of its kind, never its content.
_KIND = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one request of a provider brought, in its order."""

    messages: tuple[InboundMessage, ...] = ()
    updates: tuple[DeliveryUpdate, ...] = ()
    #: What else happened; of items that are broken or of an unknown kind, that they are `Unread`.
    events: tuple[ChannelEvent, ...] = ()
    #: The provider's names of the kinds of items that are left aside on purpose.
    ignored: tuple[str, ...] = ()


class Webhook(Protocol):
    """One provider's words."""

    def secrets(self) -> Collection[str]:
        """What its bodies may be signed with now: of one channel that is set up wrongly, the others know nothing.

        Raises ConfigError when there is none, StoreError.
        """
        ...

    def verify_tokens(self) -> Collection[str]:
        """What it may say when it asks whether it may come here. Raises as `secrets`."""
        ...

    def parse(self, body: bytes, *, secret: str) -> Batch:
        """What a body brings for the channels whose secret signed it.

        An item that is broken or of an unknown kind becomes an `Unread` event: it must not fail the others.
        Raises ValueError for a body that is no batch at all.
        """
        ...


def webhook_routes(
    path: str, webhook: Webhook, reception: Reception, *, body_timeout: float = BODY_TIMEOUT
) -> list[Route]:
    """The routes of one webhook: GET is the provider's question whether it may come, POST a batch."""

    async def handshake(request: Request) -> Response:
        """The provider's question whether it may come here; the answer is its own word back."""
        query = request.query_params
        try:
            known = query.get("hub.mode") == "subscribe" and same_secret(
                query.get("hub.verify_token", ""), webhook.verify_tokens()
            )
        except CustagentError as error:
            return _busy(path, error)
        if not known:
            return PlainTextResponse("The verify token is another one.", status_code=403)
        return PlainTextResponse(query.get("hub.challenge", ""))

    async def batch(request: Request) -> Response:
        """A signed batch of the provider: 200 once all that is in it is written down."""
        body = await _body(request, body_timeout)
        if isinstance(body, Response):
            return body
        try:
            return await _take(body, request, webhook, reception)
        except CustagentError as error:
            return _busy(path, error)

    return [Route(path, handshake, methods=["GET"]), Route(path, batch, methods=["POST"])]


async def _take(body: bytes, request: Request, webhook: Webhook, reception: Reception) -> Response:
    """200 once everything in the body is durable."""
    secret = signer(body, request.headers[SIGNATURE_HEADER], webhook.secrets())
    if secret is None:
        _log.warning("%s: a body with a wrong signature was refused unread", request.url.path)
        return PlainTextResponse("The signature is not that of this body.", status_code=403)
    try:
        brought = webhook.parse(body, secret=secret)
    except (ValueError, RecursionError) as error:
        # The provider sends it again: nothing is lost while this is being mended (ANS-7).
        _log.error("%s: a signed body could not be read: %s", request.url.path, type(error).__name__)
        return PlainTextResponse("The body could not be read.", status_code=500)
    if brought.ignored:
        kinds = Counter(kind if _KIND.fullmatch(kind) else "(no name)" for kind in brought.ignored)
        told = ", ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))
        _log.info("%s: left unread: %s", request.url.path, told)
    # Beside each other, so that all are in the writer's next commit.
    await asyncio.gather(
        reception.receive_all(brought.messages), reception.note(brought.updates), reception.take(brought.events)
    )
    return Response(status_code=200)


async def _body(request: Request, seconds: float) -> bytes | Response:
    """The body, read no further than is allowed; not at all without a signature."""
    if not is_signature(request.headers.getlist(SIGNATURE_HEADER)):
        return PlainTextResponse(f"Send one {SIGNATURE_HEADER} header.", status_code=401)
    declared = request.headers.get("content-length", "")
    # A number that no machine could read is no smaller for it.
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MAX_BATCH:
        return _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BATCH:
                    return _too_large()
    except TimeoutError:
        return PlainTextResponse("The body did not arrive in time.", status_code=408)
    except ClientDisconnect:
        return PlainTextResponse("The connection ended before the body did.", status_code=400)
    return bytes(body)


def _too_large() -> Response:
    return PlainTextResponse(f"A body has at most {MAX_BATCH:,} bytes.", status_code=413)


def _busy(path: str, error: CustagentError) -> Response:
    if isinstance(error, Overloaded):
        # Whoever decided so tells of it, once for many.
        after = error.retry_after
    else:
        _log.warning("%s: a batch could not be taken, the provider will send it again: %s", path, error.message)
        after = _BUSY
    return PlainTextResponse("Try again shortly.", status_code=503, headers={"Retry-After": str(after)})
