"""How the web inbox answers: what every answer forbids, pages, and refusals. Nothing is cached or framed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from custagent.core.answer import Answer, DecisionKind
from custagent.core.errors import CustagentError
from custagent.locales.staff import StaffWords
from custagent.runtime.inbox.inbox import SomebodyWrote
from custagent.runtime.web.inbox_web.pages import page
from custagent.runtime.web.inbox_web.sign_in import Refused

#: What a session is known by.
COOKIE = "custagent_inbox"
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_MOST_DIGITS = 15


def html_page(html: str, status: int = 200) -> Response:
    """A page, or a part of one."""
    return HTMLResponse(html, status, headers=HEADERS)


def done(to: str, request: Request) -> Response:
    """What was asked for is done: a script hears that, everybody else is led on to `to`."""
    if wants_json(request):
        return JSONResponse({"done": True}, headers=HEADERS)
    return RedirectResponse(to, 303, headers=HEADERS)


def suggestion(answer: Answer | None) -> Mapping[str, Any]:
    """What the agent would say, for the script that puts it where people write; no text where there is nothing to answer."""
    if answer is None:
        return {"text": "", "answers": False, "sources": ()}
    sources = dict.fromkeys(source.heading or source.title or source.location for source in answer.citations)
    answers = answer.decision.kind in (DecisionKind.ANSWER, DecisionKind.CLARIFY)
    return {"text": answer.text, "answers": answers, "sources": tuple(sources)}


def refused(words: StaffWords, why: str | CustagentError, status: int, request: Request) -> Response:
    """Why something was not done: the error, or the key of the words that say so."""
    told = words.refused[why] if isinstance(why, str) else told_by(why, words)
    if wants_json(request):
        return JSONResponse({"error": told}, status, headers=HEADERS)
    return html_page(page("refused.html", words, told=told), status)


def told_by(error: CustagentError, words: StaffWords) -> str:
    """What is wrong, as a sentence; in English where the error is not the inbox's own."""
    if isinstance(error, Refused):
        return error.told(words)
    if isinstance(error, SomebodyWrote):
        return words.refused["somebody_wrote"]
    return f"{error.message[:1].upper()}{error.message[1:]}"


def wants_json(request: Request) -> bool:
    """Whether a script of ours asks."""
    return "application/json" in request.headers.get("accept", "")


def is_number(text: str) -> bool:
    """Digits, and no more of them than any number of ours has."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
