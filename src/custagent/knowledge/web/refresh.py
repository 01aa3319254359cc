"""Pages that send the reader on by themselves: `<meta http-equiv="refresh" content="0; url=/en/">`.

https://html.spec.whatwg.org/#attr-meta-http-equiv-refresh
"""

from __future__ import annotations

import html
import re
from typing import Final

from custagent.core.document import RawContent
from custagent.knowledge.web.url import normal_url

#: Whoever waits longer is meant to read the page first.
MOST_SECONDS: Final = 10
#: Bytes in which the head stands.
_HEAD: Final = 16 * 1024
_PAGES: Final = frozenset({"", "text/html", "application/xhtml+xml"})
#: What browsers do not read as markup, or only where scripts do not run.
_NO_MARKUP = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(noscript|script|style|template)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE
)
_META = re.compile(rb"<meta\b[^>]{0,2000}", re.IGNORECASE)
_IS_REFRESH = re.compile(rb"""\bhttp-equiv\s*=\s*["']?refresh\b""", re.IGNORECASE)
_CONTENT = re.compile(rb"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SENDS = re.compile(r"""\s*(\d{1,9})(?:\.\d*)?\s*[;,\s]\s*(?:url\s*=\s*)?(["']?)(\S.*?)\2\s*""", re.IGNORECASE)


def refresh_target(raw: RawContent) -> str:
    """The absolute address that the page sends its reader on to; "" where it does not, or to itself."""
    head = raw.body[:_HEAD]
    if raw.media_type not in _PAGES or not _IS_REFRESH.search(head):
        return ""
    for meta in _META.findall(_NO_MARKUP.sub(b"", head)):
        content = _CONTENT.search(meta) if _IS_REFRESH.search(meta) else None
        sends = _SENDS.fullmatch(
            html.unescape((content[1] or content[2] or b"").decode("utf-8", "replace")) if content else ""
        )
        if sends and int(sends[1]) <= MOST_SECONDS:
            target = normal_url(sends[3], raw.location)
            return target if target != normal_url(raw.location) else ""
    return ""
