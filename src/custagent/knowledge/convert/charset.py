"""From bytes to text: the character set by byte order mark, declaration, trial."""

from __future__ import annotations

import codecs
import re

from custagent.core.document import RawContent

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

#: `<meta charset=…>`, `<meta http-equiv … charset=…>` and the XML declaration, within the first bytes.
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})["']""")
_META_WITHIN = 4096

#: What browsers take these names for (WHATWG Encoding Standard, section 4.2).
_MEANT = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
          "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "x-sjis": "cp932",
          "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "utf-16": "utf-16-le"}  # fmt: skip
#: Codecs of Python that are no character sets.
_NOT_CHARSETS = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf_7", "mbcs", "oem"}

#: The old character set of a language, for text that is not UTF-8 and declares nothing (as browsers guess).
_BY_LANGUAGE = {"cs": "cp1250", "hu": "cp1250", "pl": "cp1250", "ro": "cp1250", "ru": "cp1251", "uk": "cp1251",
                "el": "cp1253", "tr": "cp1254", "ar": "cp1256", "et": "cp1257", "ja": "cp932", "ko": "cp949",
                "zh": "gb18030"}  # fmt: skip


def decode(raw: RawContent, *, language: str = "", markup: bool = False) -> str:
    """The text of `raw`. Never fails: what no character set explains becomes U+FFFD.

    `markup`: also look for a declaration inside the text. `language` helps to guess an old character set.
    """
    for mark, name in _BOMS:
        if raw.body.startswith(mark):
            return raw.body[len(mark) :].decode(name, "replace")
    candidates = [raw.charset]
    if markup:
        candidates.append(_declaration(raw.body[:_META_WITHIN]))
    candidates.append("utf-8")
    for name in candidates:
        text = _try(raw.body, name)
        if text is not None:
            return text
    if _is_mostly_utf8(raw.body):
        return raw.body.decode("utf-8", "replace")
    return raw.body.decode(_BY_LANGUAGE.get(language, "cp1252"), "replace")


def _declaration(head: bytes) -> str:
    found = _XML.search(head) or _META.search(head)
    name = found.group(1).decode("ascii") if found else ""
    # A declaration that could be read as ASCII cannot stand in UTF-16.
    return "utf-8" if name.lower().startswith("utf-16") else name


def _try(body: bytes, name: str) -> str | None:
    meant = _MEANT.get(name.strip().lower(), name.strip().lower())
    try:
        if not meant or codecs.lookup(meant).name.replace("-", "_") in _NOT_CHARSETS:
            return None
        return body.decode(meant)
    except (LookupError, ValueError):
        return None


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether UTF-8 explains all but a few of the bytes beyond ASCII: then the rest is damage, not another set."""
    beyond = sum(1 for byte in body if byte > 0x7F)  # noqa: PLR2004 - the end of ASCII
    return body.decode("utf-8", "replace").count("\ufffd") * 20 < beyond
