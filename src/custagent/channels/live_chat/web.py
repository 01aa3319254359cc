"""The live chat's routes: session, messages, events, hello, and the pages and scripts of the widget.

Every call names its visitor by a token in the `Authorization` header; a conversation's id opens nothing. A refusal is
`{"error": {"code", "message"}}`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from custagent.channels.hub import Hub
from custagent.channels.limits import Limiter, Limits
from custagent.channels.live_chat import calls
from custagent.channels.live_chat.assets import (
    HostPage,
    asset,
    host_page,
    kept_loader,
    no_file,
    picture,
)
from custagent.channels.live_chat.chat import LiveChat, Refusal
from custagent.channels.live_chat.frame import frame
from custagent.channels.live_chat.loader import KeptLoaders
from custagent.channels.live_chat.replies import Around, Handler, address_of, busy, header, refused
from custagent.channels.live_chat.uploads import download, upload
from custagent.channels.origins import is_own, normal_origin
from custagent.core.errors import CustagentError, Overloaded
from custagent.core.ports import Clock

_log = logging.getLogger(__name__)

#: Seconds between two signs of life on a silent stream.
HEARTBEAT = 20.0
#: Seconds that a body may take to arrive.
BODY_TIMEOUT = 10.0

_ALL_REPLIES = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"Origin"))
_EXPOSED = (b"access-control-expose-headers", b"Retry-After")

#: In the order of how often they are asked for, for each request is compared with one after the other.
_CALLS: tuple[tuple[str, str, Handler], ...] = (
    ("messages", "POST", calls.messages),
    ("events", "GET", calls.events),
    ("hello", "GET", calls.hello),
    ("session", "POST", calls.session),
    ("identify", "POST", calls.identify),
    ("feedback", "POST", calls.feedback),
    ("files", "POST", upload),
    ("files/{message}/{number}", "GET", download),
    ("email", "POST", calls.email),
    ("transcript", "POST", calls.transcript),
)


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
    loaders: KeptLoaders | None = None,
) -> list[Route]:
    """The routes of all live-chat channels, below `/chat/`; with `demo` also a page on `/`.

    `channels` is asked at each request, so a mapping that changes is served as it is. `hub.close()` ends every stream.
    `heartbeat` and `body_timeout` are seconds. `loaders` are those of earlier versions; None: only today's is served.
    """
    limiter = Limiter(limits or Limits(), monotonic=monotonic)
    around = Around(hub=hub, clock=clock, limiter=limiter, heartbeat=heartbeat, body_timeout=body_timeout)
    web = _LiveChatWeb(channels, around)

    async def loader(request: Request) -> Response:
        """The script that puts the chat on a page, the newest one."""
        return asset(request, "widget.js")

    async def named_loader(request: Request) -> Response:
        """The script that a pasted tag names by a hash of what is in it."""
        return kept_loader(request, loaders)

    async def file(request: Request) -> Response:
        """A script or a style of the chat's frame, named by a hash of what is in it."""
        return asset(request, request.path_params["name"])

    async def front(_: Request) -> Response:
        """A page that has the chat on it, for looking at it."""
        assert demo is not None  # noqa: S101 # the route exists only then
        return host_page(demo)

    routes = [
        Route(f"/chat/{{channel}}/{path}", web.guarded(handler, method), methods=[method, "OPTIONS"])
        for path, method, handler in _CALLS
    ]
    # "-" can be no channel's name, and no channel's name has a dot in it.
    routes += [
        Route("/chat/widget.js", loader),
        Route("/chat/widget-{hash}.js", named_loader),
        Route("/chat/-/{name}", file),
        Route("/chat/{channel}/frame", web.page),
        Route("/chat/{channel}/photos/{name}", web.photo),
        Route("/chat/{channel}/demo", web.demo),
    ]
    return [*routes, Route("/", front)] if demo else routes


class _LiveChatWeb:
    def __init__(self, channels: Mapping[str, LiveChat], around: Around) -> None:
        self._channels = channels
        self._around = around

    async def page(self, request: Request) -> Response:
        """The frame, with what it shows first in it where its address names the visitor's languages."""
        chat = self._channels.get(request.path_params["channel"])
        if chat is None:
            return no_file()
        said: Mapping[str, Any] | None = None
        if "locale" in request.query_params and not self._around.limiter.request(address_of(request)):
            try:
                said = await calls.said_first(request, chat, self._around)
            except CustagentError as error:
                # The frame asks for it once more, and tells the visitor how that goes.
                _log.warning("live chat %s could not say hello: %s", chat.name, error.message)
        return frame(request, chat.origins, chat.look, said, notice=chat.notice)

    async def demo(self, request: Request) -> Response:
        """A page that has the chat on it as a site would, for looking at it."""
        chat = self._channels.get(request.path_params["channel"])
        if chat is None or self._around.limiter.request(address_of(request)):
            return no_file()
        company = (await chat.hello(())).company
        return host_page(HostPage(channel=chat.name, company=company, look=chat.look), root="../../")

    async def photo(self, request: Request) -> Response:
        """The picture of a person who has a conversation: for the frame's page, and for everybody (HND-3)."""
        chat, name = self._channels.get(request.path_params["channel"]), request.path_params["name"]
        if chat is None or chat.photo is None or self._around.limiter.request(address_of(request)):
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
                    refused(Refusal(status=404, code="no-chat", message="There is no live chat of this name."))
                )
            origin = request.headers.get("origin")
            if not _may_call(request, chat):
                named = origin or "a page that does not say where it is from"
                message = f"This chat is not open to {named}. Its owner lists the sites in custagent.yaml."
                return _told(refused(Refusal(status=403, code="origin", message=message)))
            if request.method == "OPTIONS":
                reply: Response | Refusal = _preflight(method)
            else:
                reply = await _or_busy(handler(request, chat, self._around), chat)
            if isinstance(reply, Refusal):
                reply = refused(reply)
            return _told(reply, origin)

        # docs/http.md says of each address what its handler says of itself.
        endpoint.__doc__ = handler.__doc__
        return endpoint


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
        any(origin == normal_origin(one) for one in chat.origins) or is_own(origin, header(request, b"host"))
    )


async def _or_busy(answering: Awaitable[Response | Refusal], chat: LiveChat) -> Response | Refusal:
    try:
        return await answering
    except Overloaded as exc:
        # Whoever decided so tells of it, once for many.
        return busy(exc.retry_after)
    except CustagentError as exc:
        _log.warning("live chat %s could not answer: %s", chat.name, exc.message)
        return busy()


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
