"""What response headers mean to us: pure functions over the header lines of one response."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import httpx

#: Our name to servers, without the version: what robots.txt and X-Robots-Tag call us (RFC 9309 §2.2.1).
PRODUCT_TOKEN = "custagent"  # noqa: S105 (a name, not a secret)

# Directives of X-Robots-Tag that have a colon of their own, so what stands before it is not a robot's name.
_VALUED = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")
_CANONICAL = re.compile(r"<([^>]*)>\s*((?:;[^,]*)*)")


def media_type(headers: httpx.Headers) -> tuple[str, str]:
    """The declared media type and character set in lower case, "" for each that is not declared."""
    message = Message()
    message["Content-Type"] = headers.get("Content-Type", "")
    charset = message.get_param("charset") or ""
    declared = message["Content-Type"].partition(";")[0].strip().lower()
    return declared, (charset if isinstance(charset, str) else charset[2]).strip("'\" ").lower()


def language(headers: httpx.Headers) -> str:
    """The one language that the content is declared to be in, as written; "" for none, and for several."""
    declared = headers.get("Content-Language", "").strip()
    return "" if "," in declared else declared


def retry_after(headers: httpx.Headers) -> float | None:
    """How many seconds the server asks us to wait, None when it does not say (RFC 9110 §10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _date(value)
    if until is None:
        return None
    # The server's own clock counts: its date may be ahead of ours.
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def robots_directives(headers: httpx.Headers) -> frozenset[str]:
    """The directives in X-Robots-Tag that are meant for everyone or for us, such as noindex; "none" is spelled out."""
    directives: set[str] = set()
    for line in headers.get_list("X-Robots-Tag"):
        robot, colon, rest = line.lower().partition(":")
        meant = line.lower()
        if colon and "," not in robot and robot.strip() not in _VALUED:
            if robot.strip() not in (PRODUCT_TOKEN, "*"):
                continue
            meant = rest
        directives.update(part.strip() for part in meant.split(","))
    if "none" in directives:
        directives |= {"noindex", "nofollow"}
    return frozenset(directives)


def canonical_link(headers: httpx.Headers) -> str:
    """The target of `Link: <…>; rel="canonical"`, as written; "" when there is none (RFC 6596)."""
    for line in headers.get_list("Link"):
        for target, parameters in _CANONICAL.findall(line):
            if re.search(r";\s*rel\s*=\s*\"?[^\"]*\bcanonical\b", parameters, re.IGNORECASE):
                return str(target).strip()
    return ""


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
