"""Bytes of a mail as text, whatever they are declared as: nothing here raises for what somebody sent."""

from __future__ import annotations

import binascii
import codecs
import quopri
import re

#: What mail programs write, by what Python calls it, or what it should have been called.
_ALIASES = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "binary": "utf-8",
    "8bit": "utf-8",
    "default": "utf-8",
    # As browsers do: what claims to be Latin 1 is Windows' letters, which hold the euro sign and the curly quotes.
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "x-user-defined": "cp1252",
    "ansi": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-ce": "mac-latin2",
    "x-mac-centraleurroman": "mac-latin2",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-greek": "mac-greek",
    "x-mac-turkish": "mac-turkish",
    "x-mac-icelandic": "mac-iceland",
}
#: Python's own ways of writing strings, and codecs that take quadratic time: no mail is written in them.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_MAX_NAME = 40
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decoded(data: bytes, charset: str = "") -> str:
    """The text: as declared, else as UTF-8, else in Windows' letters, with a mark for each byte that is none."""
    for name in (_known(charset), "utf-8", "cp1252"):
        if not name:
            continue
        try:
            return data.decode(name).removeprefix("\ufeff")
        except (UnicodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _known(charset: str) -> str:
    name = charset.strip(" \t\"'").lower()
    # RFC 2231 allows a language behind the charset: `utf-8*en`.
    name = name.partition("*")[0]
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name if name.isascii() and len(name) <= _MAX_NAME else ""
    except (LookupError, ValueError):
        return ""
    return "" if found.replace("-", "_") in _NO_CHARSETS else found


def from_base64(data: bytes) -> bytes:
    """What was written in base64, as far as it can be read: strange letters and a broken end are left out."""
    kept = _NOT_BASE64.sub(b"", data)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def from_quoted_printable(data: bytes) -> bytes:
    """What was written in quoted-printable; what is none stays as it is."""
    return quopri.decodestring(data)


def from_uuencode(data: bytes) -> bytes:
    """What was written in uuencode, line by line; lines that are none are left out."""
    lines = data.splitlines()
    begun = next((at + 1 for at, line in enumerate(lines) if line.startswith(b"begin ")), 0)
    found = bytearray()
    for line in lines[begun:]:
        if line.strip() in (b"end", b"`"):
            break
        try:
            found += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(found)
