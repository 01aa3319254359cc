"""What a pasted mail holds besides its writer's own words: the letter it replies to, a signature, a phone's greeting.

Searched with the rest, an old letter would be answered again, and a colleague named in it be asked for.
"""

from __future__ import annotations

import re
from functools import cache

from custagent.answer.spoken import plain, plain_phrase
from custagent.locales import catalogue, languages

#: "Begin forwarded message", "-----Original Message-----": a heading between dashes, or with a colon.
_HEADING = re.compile(r"\s*(?:[-_=*]{2,}\s*(.{3,60}?)\s*[-_=*]{2,}|(.{3,60}):)\s*")
#: A rule across the page, under which Outlook repeats the head of the letter before.
_RULE = re.compile(r"\s*[_-]{10,}\s*")
_HEAD_LINE = re.compile(r"\s*\*?[^\W\d_][\w .-]{0,20}:\*?\s+\S")
#: Who wrote: an address, or a time or day.
_ATTRIBUTED = re.compile(r"[@<\d]")
_SIGNATURE = re.compile(r"\s*--\s*")
#: A longer line is no heading, and no part of a signature.
_MAX_LINE = 200
_MAX_SIGNATURE_LINE = 80
_MAX_SIGNATURE_LINES = 10
_QUESTION_MARKS = ("?", "？", "؟", "\u037e")


def own_words(text: str) -> str:
    """The message without quotations of earlier letters and without a signature; the whole of it where that is all."""
    lines = text.split("\n")
    if len(lines) == 1:
        return text
    kept = [line for line in lines[: _quotation(lines)] if not line.lstrip().startswith(">")]
    kept = kept[: _signature(kept)]
    own = "\n".join(kept).strip()
    return own if plain(own) else text


def _quotation(lines: list[str]) -> int:
    """Where an earlier letter begins; the number of lines where none does."""
    for at, line in enumerate(lines):
        if len(line) > _MAX_LINE:
            continue
        heading = _HEADING.fullmatch(line)
        if heading and plain(heading[1] or heading[2]) in _phrases("original"):
            return at
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if _RULE.fullmatch(line) and _HEAD_LINE.match(following):
            return at
        if _attributes(line):
            return at
        # Mail programs break the line before the verb.
        if line.strip() and following and _attributes(f"{line} {following}") and len(following) <= _MAX_LINE:
            return at
    return len(lines)


def _attributes(line: str) -> bool:
    """Whether it says who wrote what follows: "On 3 May 2026, Anna <anna@example.com> wrote:"."""
    if not line.rstrip().endswith(":") or not _ATTRIBUTED.search(line):
        return False
    said = f" {plain(line)} "
    return any(f" {verb} " in said for verb in _phrases("wrote"))


def _signature(lines: list[str]) -> int:
    """Where the end of the letter begins, with greetings, a name, an address; the number of lines where none does."""
    for at, line in enumerate(lines):
        said = plain(line) if len(line) <= _MAX_SIGNATURE_LINE else ""
        if not said and not _SIGNATURE.fullmatch(line):
            continue
        if _SIGNATURE.fullmatch(line) or _opens(said, "sent_from"):
            return at
        if said in _phrases("regards") and _is_end(lines[at + 1 :]):
            return at
    return len(lines)


def _is_end(lines: list[str]) -> bool:
    """Whether nothing but a name and an address may follow: few short lines, none of them a question."""
    rest = [line.strip() for line in lines if line.strip()]
    short = all(len(line) <= _MAX_SIGNATURE_LINE and not line.endswith(_QUESTION_MARKS) for line in rest)
    return short and len(rest) <= _MAX_SIGNATURE_LINES


def _opens(said: str, part: str) -> bool:
    return any(f"{said} ".startswith(f"{phrase} ") for phrase in _phrases(part))


@cache
def _phrases(part: str) -> frozenset[str]:
    """The phrases of all languages: mail programs speak that of the machine, not of the letter."""
    return frozenset(plain_phrase(phrase) for one in languages() for phrase in catalogue(one).mail[part])
