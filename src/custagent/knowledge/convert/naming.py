"""What a document is called and which language it is in, where it does not say so itself."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from custagent.language import DETECTED, detect

#: With this many letters and this probability the text is believed more than its declaration.
_SURE_LETTERS = 200
_SURE = 0.99
_SAMPLE_CHARS = 600
#: Languages so close that a declaration among them is believed more than the guess.
_FAMILIES = ({"nb", "da", "sv"}, {"es", "pt", "ca", "gl"}, {"cs", "sk"}, {"ru", "uk", "be", "bg"})
_SAME = {"no": "nb", "nn": "nb", "in": "id", "iw": "he"}


def readable(location: str) -> str:
    """A title from a file's name: "content/return-policy_2024.md" is "Return policy 2024"."""
    parts = urlsplit(location) if "://" in location else None
    path = PurePosixPath(unquote(parts.path if parts else location))
    stem = path.stem if path.suffix else path.name
    if stem.lower() in ("", "index", "default", "readme") and path.parent.name:
        stem = path.parent.name
    words = re.sub(r"[-_+.\s]+", " ", stem).strip()
    if not words:
        return (parts.hostname if parts else "") or location or "Untitled"
    return words[0].upper() + words[1:]


def code_of(declared: str) -> str:
    """The ISO 639-1 code in a declaration such as "sv-SE" or "en_US"; "" when there is none."""
    code = re.split(r"[-_,;\s]", declared.strip().lower(), maxsplit=1)[0]
    return _SAME.get(code, code) if re.fullmatch(r"[a-z]{2}", code) else ""


def language_of(text: str, *, declared: str = "", hint: str = "") -> str:
    """The language of a document: as declared, unless its text is surely in another; else as detected; else "en"."""
    code = code_of(declared)
    sample = text[:_SAMPLE_CHARS]
    if code and (code not in DETECTED or sum(map(str.isalpha, sample)) < _SURE_LETTERS):
        return code
    found, probability = detect(sample, "" if code else hint)
    if not code:
        return found or hint or "en"
    related = any({code, found} <= family for family in _FAMILIES)
    return found if found != code and probability >= _SURE and not related else code
