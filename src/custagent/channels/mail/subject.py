"""Subjects: what is left without the prefixes that mail programs put before replies and forwarded mail."""

from __future__ import annotations

import re

_MAX_SUBJECT = 500
#: The prefixes of replies and of forwarded mail in the languages that mail programs speak, Outlook's and others'.
_REPLIES = "re|aw|antw|antwort|sv|vs|ri|rif|r|odp|ref|res|ynt|vá|atb|rv|rép|réf|bls|ad"
_FORWARDS = "fwd?|wg|tr|vb|vl|vs|enc|i|pd|doorst|rv|rif|fs|továbbítás|videresendt|vidarebefordrat"
_PREFIX = re.compile(
    rf"\s*(?:{_REPLIES}|{_FORWARDS})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|\^\d{{1,3}})?\s*[:：]", re.IGNORECASE
)


def bare(subject: str) -> str:
    """The subject without prefixes, however many there are."""
    at = 0
    while found := _PREFIX.match(subject, at):
        at = found.end()
    return subject[at:].strip()[:_MAX_SUBJECT]


def is_reply(subject: str) -> bool:
    """Whether it stands on a reply or on a forwarded mail."""
    return _PREFIX.match(subject) is not None


def of_reply(subject: str) -> str:
    """What a reply to it is called: `Re: ` once."""
    return f"Re: {bare(subject)}".strip()
