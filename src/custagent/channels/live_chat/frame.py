"""The page inside the iframe: with all that it needs in it for who is new, and by files that a browser keeps for all others.

Who is new has none of the files, and waits for one reply instead of three; who has written before has the page on every page
of the site, and loads the files once.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from custagent.channels.live_chat.assets import page_headers
from custagent.channels.live_chat.bundle import bundle, bundle_name, style_name
from custagent.channels.live_chat.loader import text_of
from custagent.channels.live_chat.look import stylesheet
from custagent.channels.live_chat.packing import packed
from custagent.channels.origins import frame_ancestors
from custagent.core.look import Look


def frame(
    request: Request,
    origins: Sequence[str],
    look: Look,
    said: Mapping[str, Any] | None = None,
    *,
    notice: str = "",
) -> Response:
    """The page. Only the server's own pages and `origins` may show it; it runs nothing that its policy does not name.

    `said` is what the chat says first: text in the page, of which no sign begins an element. `notice` stands above the
    conversation. With `new` in the request's address the scripts and style sheets are in the page.
    """
    whole = "new" in request.query_params
    parents = frame_ancestors(origins)
    # Names of sites and what is said come last: nothing that stands in them is filled in.
    colours = stylesheet(look)
    page = _with_files(colours, look.scheme, whole=whole)
    page = page.replace("{{parents}}", html.escape(parents.removeprefix("'self'").strip()), 1)
    page = page.replace("{{notice}}", f'<p id="notice">{html.escape(notice)}</p>\n  ' if notice else "", 1)
    page = page.replace("{{hello}}", json.dumps(said).replace("<", "\\u003c") if said else "", 1)
    script, style = (_source(bundle()), _source(text_of("chat.css"))) if whole else ("'self'", "'self'")
    policy = (
        f"default-src 'none'; script-src {script}; style-src {style}{f' {_source(colours)}' if colours else ''}; "
        "img-src 'self' blob:; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {parents}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    body, coded = packed(request, page.encode())
    return Response(body, media_type="text/html", headers=page_headers(policy) | coded)


@lru_cache(maxsize=16)
def _with_files(colours: str, scheme: str, *, whole: bool) -> str:
    script, style = (
        f'<script src="../-/{bundle_name()}"></script>',
        f'<link rel="stylesheet" href="../-/{style_name()}">',
    )
    if whole:
        script, style = f"<script>{bundle()}</script>", f"<style>{text_of('chat.css')}</style>"
    # The colours may change at any moment, and are short.
    if colours:
        style += f"<style>{colours}</style>"
    page = text_of("frame.html").replace("{{scheme}}", html.escape(scheme))
    # What is filled in later stands before the script, so that nothing in the script is taken for it.
    return page.replace("{{style}}", style).replace("{{script}}", script)


@lru_cache(maxsize=16)
def _source(text: str) -> str:
    """What a policy calls an element with this text in it and no other (CSP Level 3, §2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
