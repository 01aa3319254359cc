"""Web addresses as text: one spelling for what is one page."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin

import httpx

#: Longer addresses are traps or mistakes, not pages.
_LONGEST = 2048
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_STRAY = re.compile(r"[\t\r\n]")

# Who the visitor is, where sites write it into the path, or into a parameter whose value looks the part.
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_SESSION = re.compile(
    r"(?:sid|sess|sess_?id|session|session[_-]?id|oscsid|zenid)=(?=[^&]*\d)[0-9a-z-]{12,}", re.IGNORECASE
)
# A wrong relative link leads from /a/ to /a/a/ and on for ever: no site means the same folders three times in a row.
_ROUND = re.compile(r"((?:/[^/]*[A-Za-z][^/]*)(?:/[^/]+){0,3})\1\1(?:/|\Z)")

# Parameters that tell a site where its visitor came from, or who it is; never which page is meant.
_TRACKING = re.compile(
    r"(utm_\w*|mc_\w*|pk_\w*|mtm_\w*|hsa_\w*|_hs\w*|__hs\w*|oly_\w*|vero_\w*|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|"
    r"msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mkt_tok|_ga|_gl|phpsessid|jsessionid)",
    re.IGNORECASE,
)


def normal_url(reference: str, base: str = "") -> str:
    """The absolute address that `reference` means on the page `base`; "" for what is no page of the web.

    Two spellings of one page come out the same (RFC 3986 §6.2): scheme and host in lower case, no default port, no dot
    segments, escapes only where needed and in upper case, "/" for an empty path. Fragments, user names, tracking
    parameters and session ids are no part of it. An address that goes round and round (/a/a/a/) is no page.
    """
    text = _STRAY.sub("", reference.strip())
    try:
        return _normal(urljoin(base, text) if base else text)
    except ValueError:
        return ""


# A site's pages lead to the same few hundred addresses again and again.
@lru_cache(maxsize=8192)
def _normal(text: str) -> str:
    try:
        parsed = httpx.URL(text)
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            return ""
        # Unescaping may bring dot segments to light, so the result is parsed once more.
        place = f"{parsed.scheme}://{parsed.netloc.decode('ascii').lower()}{_plain(parsed.raw_path.decode('ascii'))}"
        url = str(httpx.URL(place))
    except (httpx.InvalidURL, ValueError):
        return ""
    return url if len(url) <= _LONGEST and not _ROUND.search(path_and_query(url).partition("?")[0]) else ""


def place(url: str) -> tuple[str, str, str]:
    """Scheme, host and port of a normal address; the port is "" where it is the scheme's own."""
    scheme, _, rest = url.partition("://")
    netloc = rest.partition("/")[0]
    host, colon, port = netloc.rpartition(":")
    # The last colon may be one of an IPv6 address.
    return (scheme, host, port) if colon and not port.endswith("]") else (scheme, netloc, "")


def path_and_query(url: str) -> str:
    """The part of a normal address after the host, with its leading slash."""
    return "/" + url.partition("://")[2].partition("/")[2]


def origin(url: str) -> str:
    """Scheme, host and port of a normal address, without a slash at the end."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _plain(raw_path: str) -> str:
    path, _, query = raw_path.partition("?")
    kept = [part for part in query.split("&") if part and not _is_of_visitor(part)]
    tail = "?" + "&".join(kept) if kept else ""
    return _ESCAPE.sub(_escape, (_SESSION_IN_PATH.sub("", path) or "/") + tail)


def _is_of_visitor(parameter: str) -> bool:
    """Whether a part of the query is about who asks, not about which page."""
    return bool(_TRACKING.fullmatch(parameter.partition("=")[0]) or _SESSION.fullmatch(parameter))


def _escape(match: re.Match[str]) -> str:
    value = int(match[1], 16)
    return chr(value) if value in _UNRESERVED else match[0].upper()
