"""The addresses of the web inbox: who may call them, and what they do.

Every change needs a session, its CSRF word, and a page of our own that it comes from. Nothing is cached, nothing is
framed, and no script, style or picture from elsewhere is let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from custagent.core.errors import CustagentError, PermissionDenied
from custagent.core.people import User
from custagent.locales.staff import StaffWords, language_of, staff_words
from custagent.runtime.inbox.conversations import read_later
from custagent.runtime.inbox.inbox import Inbox
from custagent.runtime.kinds.photos import Photos
from custagent.runtime.web.inbox_web.attached import attached_file
from custagent.runtime.web.inbox_web.events import changes
from custagent.runtime.web.inbox_web.me import OwnPage
from custagent.runtime.web.inbox_web.pages import Desk, found_part, list_part, page, query, thread_part
from custagent.runtime.web.inbox_web.responses import (
    COOKIE,
    HEADERS,
    done,
    html_page,
    is_number,
    refused,
    suggestion,
    wants_json,
)
from custagent.runtime.web.inbox_web.sign_in import (
    SHORTEST_PASSWORD,
    Doorkeeper,
    Refused,
    SignedIn,
    SignInRefused,
    is_same,
)
from custagent.runtime.web.inbox_web.why import why_part
from custagent.store.conversations.queue import View, Wanted

if TYPE_CHECKING:
    from custagent.runtime.runner.runner import Runner

#: Bytes of a form; a reply has at most 10,000 letters.
_MOST_BYTES = 100_000
_MOST_FIELDS = 20
#: Seconds that a form may take to arrive.
_PATIENCE = 30.0
#: Letters of a search.
_LONGEST_SEARCH = 200
_STATIC: Mapping[str, str] = {
    "inbox.css": "text/css",
    "inbox.js": "text/javascript",
    "live.js": "text/javascript",
    "keys.js": "text/javascript",
    "composer.js": "text/javascript",
    "me.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}

#: Called with who is at the desk; runs in a thread.
Action = Callable[[Desk, Request, Mapping[str, str]], Response]


def _reply(desk: Desk, conversation: str, form: Mapping[str, str]) -> None:
    seen = form.get("seen", "")
    desk.inbox.reply(conversation, form.get("text", ""), seen=int(seen) if is_number(seen) else None)


def _with_reply(
    act: Callable[[Desk, str, int], object],
) -> Callable[[Desk, str, Mapping[str, str]], object]:
    def of_form(desk: Desk, conversation: str, form: Mapping[str, str]) -> object:
        number = form.get("message", "")
        return act(desk, conversation, int(number) if is_number(number) else 0)

    return of_form


def _snooze(desk: Desk, conversation: str, form: Mapping[str, str]) -> None:
    until = form.get("until", "")
    desk.inbox.snooze(conversation, until=read_later(desk.now, until) if until else None)


#: What a person can do with a conversation.
_ACTIONS: Mapping[str, Callable[[Desk, str, Mapping[str, str]], object]] = {
    "take": lambda desk, conversation, _: desk.inbox.take(conversation),
    "reply": _reply,
    "note": lambda desk, conversation, form: desk.inbox.note(conversation, form.get("text", "")),
    "assign": lambda desk, conversation, form: desk.inbox.assign(conversation, form.get("to", "")),
    "release": lambda desk, conversation, _: desk.inbox.release(conversation),
    "snooze": _snooze,
    "wake": lambda desk, conversation, _: desk.inbox.wake(conversation),
    "again": _with_reply(lambda desk, conversation, reply: desk.inbox.send_again(conversation, reply)),
    "give-up": _with_reply(lambda desk, conversation, reply: desk.inbox.give_up(conversation, reply)),
    "wrong": _with_reply(lambda desk, conversation, reply: desk.inbox.judge(conversation, reply, wrong=True)),
    "not-wrong": _with_reply(lambda desk, conversation, reply: desk.inbox.judge(conversation, reply, wrong=False)),
    "close": lambda desk, conversation, _: desk.inbox.close(conversation),
    "draft": lambda desk, conversation, form: desk.inbox.keep_draft(conversation, form.get("text", "")),
}


def inbox_routes(runner: Runner) -> list[BaseRoute]:
    """Everything below `/inbox`."""
    web = _Web(runner)
    one = "/inbox/c/{conversation}"
    return [
        Route("/inbox", web.reading(web.inbox)),
        Route("/inbox/", lambda _: RedirectResponse("/inbox", 308)),
        Route("/inbox/list", web.reading(web.list)),
        Route("/inbox/events", web.events),
        Route("/inbox/me", web.reading(web.own.show)),
        Route("/inbox/me/{change}", web.changing(web.own.change), methods=["POST"]),
        Route("/inbox/photo/{user}", web.reading(web.own.photo)),
        Route("/inbox/sign-in", web.sign_in, methods=["GET", "POST"]),
        Route("/inbox/sign-out", web.changing(web.sign_out), methods=["POST"]),
        Route("/inbox/invitation/{token}", web.invitation, methods=["GET", "POST"]),
        Route("/inbox/static/{name}", static),
        Route(one, web.reading(web.conversation)),
        Route(f"{one}/thread", web.reading(web.thread)),
        Route(f"{one}/why/{{message}}", web.reading(web.why)),
        Route(f"{one}/files/{{hash}}", web.reading(attached_file)),
        Route(f"{one}/{{action}}", web.changing(web.act), methods=["POST"]),
    ]


class _Web:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._app = runner.app
        self._door = Doorkeeper(runner.app)
        self.own = OwnPage(self._door, Photos(runner.app.home.root))

    def reading(self, show: Action) -> Callable[[Request], Awaitable[Response]]:
        """A page for who is signed in; everybody else is led to the door."""

        async def endpoint(request: Request) -> Response:
            signed_in = await asyncio.to_thread(self._who, request)
            if signed_in is None:
                return self._to_the_door(request)
            return await asyncio.to_thread(self._shown, show, signed_in, request, {})

        # docs/http.md says of each address what its handler says of itself.
        endpoint.__doc__ = show.__doc__
        return endpoint

    def changing(self, change: Action) -> Callable[[Request], Awaitable[Response]]:
        """A change by who is signed in, from a page of ours."""

        async def endpoint(request: Request) -> Response:
            signed_in = await asyncio.to_thread(self._who, request)
            if signed_in is None:
                return self._to_the_door(request)
            form = await _form(request)
            shown = request.headers.get("x-csrf") or form.get("csrf", "")
            if not _is_ours(request) or not is_same(shown, signed_in.csrf):
                return refused(self._words(request, signed_in.user), "too_old", 403, request)
            return await asyncio.to_thread(self._shown, change, signed_in, request, form)

        endpoint.__doc__ = change.__doc__
        return endpoint

    def inbox(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """The inbox: a list, and room for a conversation."""
        return html_page(self._whole(desk, request, ""))

    def list(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """The list alone, as the page asks for it anew."""
        # A page that looks again does not search again: that is written down.
        chosen = request.query_params.get("chosen", "")
        return html_page(list_part(desk, _wanted(request), chosen=chosen, offset=_offset(request), noted=False))

    def conversation(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """A conversation; that somebody looked at it is noted."""
        chosen = request.path_params["conversation"]
        thread = thread_part(desk, desk.inbox.open(chosen), _wanted(request), _words(request))
        if request.headers.get("x-part"):
            return html_page(thread)
        return html_page(self._whole(desk, request, thread, chosen))

    def thread(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """What was said in it, as the page asks for it anew."""
        # Shown already, and looked at again because something changed: the access is noted once.
        opened = desk.inbox.open(request.path_params["conversation"], noted=False)
        return html_page(thread_part(desk, opened, _wanted(request), _words(request)))

    def why(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """What a reply of the agent rests on."""
        conversation, number = request.path_params["conversation"], request.path_params["message"]
        found = desk.inbox.why(conversation, int(number) if is_number(number) else 0)
        back = f"/inbox/c/{conversation}?{query(_wanted(request), q=_words(request))}"
        return html_page(why_part(desk, found, back=back))

    def act(self, desk: Desk, request: Request, form: Mapping[str, str]) -> Response:
        """What a person does with a conversation."""
        conversation, action = request.path_params["conversation"], request.path_params["action"]
        if action == "suggest":
            return JSONResponse(suggestion(desk.inbox.suggest(conversation)), headers=HEADERS)
        if action not in _ACTIONS:
            return refused(desk.words, "no_action", 404, request)
        _ACTIONS[action](desk, conversation, form)
        return done(f"/inbox/c/{conversation}?{request.url.query}", request)

    def sign_out(self, _desk: Desk, request: Request, _form: Mapping[str, str]) -> Response:
        """The session ends."""
        self._door.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/inbox/sign-in", 303, headers=HEADERS)
        response.delete_cookie(COOKIE, path="/inbox")
        return response

    async def sign_in(self, request: Request) -> Response:
        """The door."""
        company, words = self._runner.in_force.workspace().name, self._words(request)
        target = _inside(request.query_params.get("to", ""))
        if request.method == "GET":
            return html_page(page("sign_in.html", words, company=company, told="", email="", to=target))
        if not _is_ours(request):
            return refused(words, "not_from_sign_in", 403, request)
        form = await _form(request)
        address = request.client.host if request.client else ""
        try:
            token = await asyncio.to_thread(
                self._door.sign_in, form.get("email", ""), form.get("password", ""), address,
                self._runner.in_force.workspace(),
            )  # fmt: skip
        except SignInRefused as error:
            told, typed = error.told(words), form.get("email", "")
            return html_page(page("sign_in.html", words, company=company, told=told, email=typed, to=target), 401)
        return _let_in(request, token, target)

    async def invitation(self, request: Request) -> Response:
        """Where somebody who was invited chooses a password."""
        workspace, token = self._runner.in_force.workspace(), request.path_params["token"]
        user = await asyncio.to_thread(self._door.invited, token, workspace)
        shown = {
            "company": workspace.name,
            "name": user.full_name if user else "",
            "email": user.email if user else "",
            "least": SHORTEST_PASSWORD,
            "told": "",
        }
        words = self._words(request, user)
        if user is None:
            return html_page(page("invitation.html", words, **shown | {"told": words.refused["link_used"]}), 410)
        if request.method == "GET":
            return html_page(page("invitation.html", words, **shown))
        if not _is_ours(request):
            return refused(words, "not_from_invitation", 403, request)
        form = await _form(request)
        try:
            session = await asyncio.to_thread(self._door.accept, token, form.get("password", ""), workspace)
        except Refused as error:
            return html_page(page("invitation.html", words, **shown | {"told": error.told(words)}), 400)
        return _let_in(request, session, "/inbox")

    async def events(self, request: Request) -> Response:
        """A stream that tells the page that something has changed."""
        signed_in = await asyncio.to_thread(self._who, request)
        if signed_in is None:
            return Response("Signed out.", 401, headers=HEADERS)
        inbox = self._at_desk(signed_in, request).inbox
        return changes(self._runner, inbox, HEADERS, still=lambda: self._who(request) is not None)

    def _who(self, request: Request) -> SignedIn | None:
        return self._door.who(request.cookies.get(COOKIE, ""), self._runner.in_force.workspace())

    def _words(self, request: Request, user: User | None = None) -> StaffWords:
        """In the language of the user, or of the browser where nobody is signed in."""
        browser = request.headers.get("accept-language", "")
        default = self._runner.in_force.workspace().default_language
        return staff_words(language_of(user.languages if user else (), browser, default))

    def _at_desk(self, signed_in: SignedIn, request: Request) -> Desk:
        workspace = self._runner.in_force.workspace()
        app = self._app.acting(signed_in.user, workspace)
        return Desk(
            signed_in=signed_in,
            inbox=Inbox(app, signed_in.user),
            workspace=workspace,
            now=self._app.clock.now(),
            app=app,
            words=self._words(request, signed_in.user),
        )

    def _shown(self, show: Action, signed_in: SignedIn, request: Request, form: Mapping[str, str]) -> Response:
        try:
            return show(self._at_desk(signed_in, request), request, form)
        except CustagentError as error:
            status = 403 if isinstance(error, PermissionDenied) else 409
            return refused(self._words(request, signed_in.user), error, status, request)

    def _whole(self, desk: Desk, request: Request, thread: str, chosen: str = "") -> str:
        """The page with its list, of a view or of what was looked for."""
        wanted, words = _wanted(request), _words(request)
        if words:
            after = request.query_params.get("after", "")
            listed = found_part(desk, wanted, words, chosen=chosen, after=after)
        else:
            listed = list_part(desk, wanted, chosen=chosen, offset=_offset(request))
        return page(
            "inbox.html",
            desk.words,
            company=desk.workspace.name,
            user=desk.signed_in.user,
            csrf=desk.signed_in.csrf,
            list=listed,
            thread=thread,
        )

    def _to_the_door(self, request: Request) -> Response:
        if wants_json(request) or request.headers.get("x-part"):
            return Response("Signed out.", 401, headers=HEADERS)
        to = request.url.path if request.method == "GET" else "/inbox"
        return RedirectResponse(f"/inbox/sign-in?{urlencode({'to': to})}", 303, headers=HEADERS)


async def static(request: Request) -> Response:
    """A script, a style or the icon."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return Response("There is no such file.", 404, media_type="text/plain", headers=HEADERS)
    content = (files("custagent.runtime.web.inbox_web") / "static" / name).read_bytes()
    return Response(content, media_type=_STATIC[name], headers={**HEADERS, "Cache-Control": "max-age=300"})


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; none of one that is too long, has too many of them, or does not arrive."""
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for piece in request.stream():
                body += piece
                if len(body) > _MOST_BYTES:
                    return {}
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ClientDisconnect, TimeoutError, ValueError):
        return {}


def _is_ours(request: Request) -> bool:
    """Browsers say where a change comes from, in one way or the other."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and origin.partition("://")[2] == request.headers.get("host", "")


def _let_in(request: Request, token: str, to: str) -> Response:
    response = RedirectResponse(to, 303, headers=HEADERS)
    response.set_cookie(
        COOKIE, token, path="/inbox", httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return response


def _inside(to: str) -> str:
    """Where somebody goes who has signed in: nowhere but into the inbox."""
    return to if to.startswith("/inbox") and not to.startswith("/inbox/sign") and "\\" not in to else "/inbox"


def _wanted(request: Request) -> Wanted:
    asked = request.query_params
    view = asked.get("view", "")
    return Wanted(
        view=View(view) if view in set(View) else View.MINE,
        channel=asked.get("channel", ""),
        language=asked.get("language", ""),
    )


def _words(request: Request) -> str:
    """What is looked for."""
    return request.query_params.get("q", "").strip()[:_LONGEST_SEARCH]


def _offset(request: Request) -> int:
    offset = request.query_params.get("offset", "")
    return int(offset) if is_number(offset) else 0
