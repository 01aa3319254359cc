"""The files that the browser gets for the live chat: the loader, the frame's page with its scripts, the demo's page."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from custagent.channels.origins import frame_ancestors
from custagent.locales import catalogue, languages

#: Every file that is served as it is, with its media type. Nothing else in the folder can be asked for.
MEDIA_TYPES: Mapping[str, str] = {
    "widget.js": "text/javascript",
    "chat.js": "text/javascript",
    "composer.js": "text/javascript",
    "email.js": "text/javascript",
    "header.js": "text/javascript",
    "outbox.js": "text/javascript",
    "stream.js": "text/javascript",
    "texts.js": "text/javascript",
    "thread.js": "text/javascript",
    "thumbs.js": "text/javascript",
    "words.js": "text/javascript",
    "chat.css": "text/css",
    "host.css": "text/css",
    "icon.svg": "image/svg+xml",
}

#: Long enough to save requests, short enough that a new version is there soon.
_MAX_AGE = 300
#: A day: pictures are named by what they hold.
_PICTURE_MAX_AGE = 86_400

#: Pictures of people, by the end of their name.
PICTURE_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}


#: What of the widget's words the loader has, in its order.
_LAUNCHER = ("launcherOpen", "launcherClose", "launcherUnread", "launcherWait", "launcherLost", "launcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPage:
    """A page on `/` that has the chat on it, for a demo (`custagent demo`)."""

    #: The channel that it shows.
    channel: str
    company: str
    #: What a visitor might ask; a click puts it into the chat.
    questions: tuple[str, ...] = ()
    language: str = "en"


@cache
def text_of(name: str) -> str:
    """A file of the folder."""
    return (files("custagent.channels") / "static" / name).read_text(encoding="utf-8")


@cache
def loader() -> str:
    """`widget.js` as it is served: with its style sheet in it, without indentation and comments. Under 10 KB."""
    style = re.sub(r"/\*.*?\*/", "", text_of("widget.css"), flags=re.DOTALL)
    style = re.sub(r"\s*([{};:,>])\s*", r"\1", " ".join(style.split())).replace(";}", "}").strip()
    lines = (line.strip() for line in text_of("widget.js").splitlines())
    script = "\n".join(line for line in lines if line and not line.startswith(("//", "/**")))
    words = {code: [catalogue(code).widget[key] for key in _LAUNCHER] for code in languages()}
    for told in words.values():
        # What the loader takes when nothing else is said.
        if told[-1] == "Chat":
            told.pop()
    return script.replace('"{{style}}"', json.dumps(style)).replace('"{{texts}}"', _written(words)) + "\n"


@cache
def texts() -> str:
    """`texts.js` as it is served: with the words of every catalogue in it."""
    words = {code: dict(catalogue(code).widget) for code in languages()}
    return text_of("texts.js").replace('"{{texts}}"', _written(words))


def _written(words: Mapping[str, object]) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def asset(request: Request, name: str) -> Response:
    """A script or style sheet, or 304 for a browser that has it."""
    media_type = MEDIA_TYPES.get(name)
    if media_type is None:
        return no_file()
    made = {"widget.js": loader, "texts.js": texts}.get(name)
    body = (made() if made else text_of(name)).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={_MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
        # The loader runs on other sites; the rest only in the frame.
        "Cross-Origin-Resource-Policy": "cross-origin" if name == "widget.js" else "same-origin",
    }
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


def frame(origins: Sequence[str]) -> Response:
    """The page inside the iframe. Only the server's own pages and `origins` may show it; it runs no inline script."""
    parents = frame_ancestors(origins)
    page = text_of("frame.html").replace("{{parents}}", html.escape(parents.removeprefix("'self'").strip()))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {parents}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return _page(page, policy)


def host_page(shown: HostPage) -> Response:
    """The demo's page. Its strict policy shows what the loader needs of a site: `script-src` and `frame-src`."""
    questions = "".join(
        f'<li><button type="button" data-custagent-open="{html.escape(question)}">{html.escape(question)}</button></li>'
        for question in shown.questions
    )
    page = text_of("host.html")
    for name, value in (
        ("language", html.escape(shown.language)),
        ("company", html.escape(shown.company)),
        ("channel", html.escape(shown.channel)),
        ("questions", questions),
    ):
        page = page.replace(f"{{{{{name}}}}}", value)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return _page(page, policy)


def _page(page: str, policy: str) -> Response:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    return Response(page, media_type="text/html", headers=headers)
