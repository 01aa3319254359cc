"""Invitations in a mail: what they say, in a line or two, for whoever reads the mail."""

from __future__ import annotations

import re

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"(SUMMARY|LOCATION|DTSTART|DESCRIPTION|METHOD)(?:;[^:\n]{0,500})?:(.{0,4000})", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")


def told(text: str) -> str:
    """Summary, time, place and description of the first event (RFC 5545); "" where there is none."""
    found: dict[str, str] = {}
    for line in _FOLD.sub("", text.replace("\r\n", "\n")).split("\n"):
        if part := _LINE.match(line):
            found.setdefault(part[1].upper(), _ESCAPED.sub(_unescaped, part[2]).strip())
    parts = (found.get("SUMMARY", ""), _moment(found.get("DTSTART", "")), found.get("LOCATION", ""))
    first = ", ".join(part for part in parts if part)
    return "\n\n".join(part for part in (first, found.get("DESCRIPTION", "")) if part)


def is_answer(text: str) -> bool:
    """Whether it accepts or declines an invitation: a program wrote it."""
    return re.search(r"(?im)^METHOD(?:;[^:\n]{0,200})?:\s*(?:REPLY|COUNTER|REFRESH)\s*$", text[:20_000]) is not None


def _moment(text: str) -> str:
    found = _MOMENT.match(text)
    if not found:
        return ""
    day = f"{found[1]}-{found[2]}-{found[3]}"
    return f"{day} {found[4]}:{found[5]}{' UTC' if found[6] else ''}" if found[4] else day


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] in "nN" else found[1]
