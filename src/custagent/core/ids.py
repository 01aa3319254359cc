"""Names and identifiers: how they look, and how stable ones are made."""

from __future__ import annotations

import hashlib
import re

#: What an agent, channel, desk, user, team or voice may be called: lower-case letters, digits, single hyphens.
NAME_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
NAME_MAX_LENGTH = 64

_name = re.compile(NAME_PATTERN)


def is_name(text: str) -> bool:
    """Whether `text` can name an agent, channel, desk, user, team or voice."""
    return len(text) <= NAME_MAX_LENGTH and _name.fullmatch(text) is not None


def content_hash(*parts: str | bytes) -> str:
    """A stable key for content: SHA-256 over the parts, each preceded by its length, as 64 hex digits."""
    written: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        written += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(written)).hexdigest()
