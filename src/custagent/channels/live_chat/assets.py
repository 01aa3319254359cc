"""The files that the browser gets for the live chat: the loader, the frame's page with its scripts, the demo's page."""

from __future__ import annotations

import hashlib
import html
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from custagent.channels.live_chat.bundle import bundle, bundle_name, module, style_name
from custagent.channels.live_chat.loader import KeptLoaders, loader, loader_name, text_of
from custagent.channels.live_chat.look import attribute
from custagent.channels.live_chat.packing import packed
from custagent.core.look import Look

_log = logging.getLogger(__name__)

#: Every file that is served as it is, with its media type. Nothing else in the folder can be asked for.
MEDIA_TYPES: Mapping[str, str] = {
    "widget.js": "text/javascript",
    "banner.js": "text/javascript",
    "bundle.js": "text/javascript",
    "chat.js": "text/javascript",
    "composer.js": "text/javascript",
    "email.js": "text/javascript",
    "files.js": "text/javascript",
    "header.js": "text/javascript",
    "intro.js": "text/javascript",
    "labels.js": "text/javascript",
    "markup.js": "text/javascript",
    "outbox.js": "text/javascript",
    "page.js": "text/javascript",
    "preview.js": "text/javascript",
    "server.js": "text/javascript",
    "share.js": "text/javascript",
    "stream.js": "text/javascript",
    "texts.js": "text/javascript",
    "thread.js": "text/javascript",
    "thumbs.js": "text/javascript",
    "trap.js": "text/javascript",
    "typing.js": "text/javascript",
    "words.js": "text/javascript",
    "chat.css": "text/css",
    "host.css": "text/css",
    "icon.svg": "image/svg+xml",
}

#: Long enough to save requests, short enough that a new version is there soon.
_MAX_AGE = 300
#: A day: pictures are named by what they hold.
_PICTURE_MAX_AGE = 86_400
#: A year: the longest that caches take seriously.
_FOR_EVER = 31_536_000
#: What a name has in it that stands for one content only.
_HASH = re.compile(r"^(bundle|chat)-[0-9a-f]{16}(?=\.)")

#: Pictures of people, by the end of their name.
PICTURE_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPage:
    """A page on `/` that has the chat on it, for a demo (`custagent demo`)."""

    #: The channel that it shows.
    channel: str
    company: str
    #: Whose preview it is; only the page of a preview tells it.
    agent: str = ""
    #: What a visitor might ask; a click puts it into the chat.
    questions: tuple[str, ...] = ()
    language: str = "en"
    look: Look = field(default_factory=Look)


def asset(request: Request, name: str) -> Response:
    """A script or style sheet, or 304 for a browser that has it.

    Under a name with a hash in it a browser keeps it for good. A page of the version before, which asks while the server
    starts again, gets today's.
    """
    for_ever = name in {bundle_name(), style_name()}
    name = _HASH.sub(r"\1", name)
    media_type = MEDIA_TYPES.get(name)
    if media_type is None:
        return no_file()
    if name == "widget.js":
        return _file(request, loader(), media_type, elsewhere=True)
    if name == "bundle.js":
        return _file(request, bundle().encode(), media_type, for_ever=for_ever)
    text = module(name) if name.endswith(".js") else text_of(name)
    return _file(request, text.encode(), media_type, for_ever=for_ever)


def kept_loader(request: Request, loaders: KeptLoaders | None) -> Response:
    """The loader of the name in the request's address: what stands under it never changes.

    One that is not kept any more is today's for pages that do not name its hash; the browsers of the others refuse it.
    """
    name = request.url.path.rpartition("/")[2]
    content = loader() if name == loader_name() else loaders.read(name) if loaders else None
    if content is None:
        _log.warning("a page asks for %s, which is not kept here: paste what `channels snippet` prints into it", name)
        return _file(request, loader(), MEDIA_TYPES["widget.js"], elsewhere=True)
    return _file(request, content, MEDIA_TYPES["widget.js"], elsewhere=True, for_ever=True)


def _file(
    request: Request, body: bytes, media_type: str, *, elsewhere: bool = False, for_ever: bool = False
) -> Response:
    body, coded = packed(request, body)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        **coded,
        "ETag": etag,
        "Cache-Control": f"public, max-age={_FOR_EVER}, immutable" if for_ever else f"public, max-age={_MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
        # The loader runs on other sites; the rest only in the frame.
        "Cross-Origin-Resource-Policy": "cross-origin" if elsewhere else "same-origin",
    }
    if elsewhere:
        # A browser compares a script's hash only where it may read the script.
        headers["Access-Control-Allow-Origin"] = "*"
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def picture(request: Request, name: str, content: bytes) -> Response:
    """A person's picture. Its name tells what it holds, so that a browser that has it need not ask again."""
    etag = f'"{name}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={_PICTURE_MAX_AGE}, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Whoever opens it as a page gets a picture and nothing that runs.
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    media_type = PICTURE_TYPES.get(name.rpartition(".")[2])
    if media_type is None:
        return no_file()
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def no_file() -> Response:
    """Nothing is served under this name."""
    return Response("There is no such file.", status_code=404, media_type="text/plain")


def host_page(shown: HostPage, root: str = "", *, template: str = "host.html") -> Response:
    """The demo's page. Its strict policy shows what the loader needs of a site: `script-src` and `frame-src`.

    `root` leads from the page's address to that of the server. `template` is "preview.html" for the page of a preview.
    """
    looks = attribute(shown.look)
    questions = "".join(
        f'<li><button type="button" data-custagent-open="{html.escape(question)}">{html.escape(question)}</button></li>'
        for question in shown.questions
    )
    page = text_of(template)
    for name, value in (
        ("language", html.escape(shown.language)),
        ("company", html.escape(shown.company)),
        ("agent", html.escape(shown.agent)),
        ("channel", html.escape(shown.channel)),
        ("questions", questions),
        ("root", root),
        ("look", f' data-look="{html.escape(looks)}"' if looks else ""),
    ):
        page = page.replace(f"{{{{{name}}}}}", value)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return Response(page, media_type="text/html", headers=page_headers(policy))


def page_headers(policy: str) -> dict[str, str]:
    """What every page is sent with; `policy` is its Content-Security-Policy."""
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
