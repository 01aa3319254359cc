"""One part of a mail: its bytes, its text, and the file that it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.message import Message

from custagent.channels.mail.charset import decoded, from_base64, from_quoted_printable, from_uuencode
from custagent.channels.mail.headers import from_wire, parameters
from custagent.core.ports import MAX_FILE

#: Letters of one text that are read.
MAX_TEXT = 1_000_000
_MAX_NAME = 120
_MAX_SUFFIX = 20

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"|?*\\/]')
#: Names that Windows keeps for devices.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
#: What a file of this kind is called when nobody named it.
_SUFFIXES = {
    "application/pdf": ".pdf",
    "application/ms-tnef": ".dat",
    "application/pkcs7-mime": ".p7m",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "video/mp4": ".mp4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How much of a mail's files is taken."""

    count: int = 20
    #: Bytes of one file, and of all.
    size: int = MAX_FILE
    total: int = 2 * MAX_FILE


@dataclass(frozen=True, slots=True)
class Part:
    """A part as the mail declares it. Its fields and its content hold the mail's bytes as letters of Latin 1."""

    message: Message

    def field(self, name: str) -> tuple[str, dict[str, str]]:
        """A header's own value in lower case and its parameters."""
        found = next((value for known, value in self.message.raw_items() if known.lower() == name), "")
        return parameters(from_wire(found))

    @property
    def media_type(self) -> str:
        """As declared; "text/plain" for none that could be one (RFC 2045 §5.2)."""
        told = self.field("content-type")[0]
        if told.count("/") == 1 and re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,100}", told):
            return told
        return self.message.get_default_type() if not told else "text/plain"

    @property
    def children(self) -> list[Part]:
        """The parts within it; none where it is no container, or is one in name only."""
        held = self.message.get_payload()
        return [Part(one) for one in held if isinstance(one, Message)] if isinstance(held, list) else []

    @property
    def content_id(self) -> str:
        return self.field("content-id")[0].strip("<> ")

    @property
    def disposition(self) -> str:
        """ "attachment", "inline" or what else it says; "" when it says nothing."""
        return self.field("content-disposition")[0]

    @property
    def name(self) -> str:
        """What the sender calls the file; "" for none."""
        return self.field("content-disposition")[1].get("filename") or self.field("content-type")[1].get("name", "")

    def content(self) -> bytes:
        """Its bytes, decoded as it says that they are encoded."""
        held = self.message.get_payload()
        data = held.encode("latin-1", "replace") if isinstance(held, str) else b""
        encoding = self.field("content-transfer-encoding")[0].strip()
        if encoding == "base64":
            return from_base64(data)
        if encoding == "quoted-printable":
            return from_quoted_printable(data)
        if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
            return from_uuencode(data)
        return data

    def text(self) -> str:
        """Its text with line feeds, flowed lines joined."""
        data, (_, told) = self.content(), self.field("content-type")
        charset = told.get("charset", "")
        if not charset and self.media_type == "text/html" and (declared := _META_CHARSET.search(data[:4096])):
            charset = declared[1].decode()
        text = decoded(data[: 4 * MAX_TEXT], charset)[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
        if self.media_type == "text/plain" and told.get("format", "").lower() == "flowed":
            text = unflowed(text, joined=told.get("delsp", "").lower() == "yes")
        return text

    def file_name(self) -> str:
        """What the file is called here; made from its kind where nobody named it."""
        return safe_name(self.name) or f"file{_SUFFIXES.get(self.media_type, '')}"


def safe_name(name: str) -> str:
    """A name to show and to save: no folders, no controls, nothing that systems keep for themselves; "" for none."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = _UNSAFE.sub("_", name).strip(". ")
    if _DEVICES.match(name):
        name = f"_{name}"
    stem, dot, suffix = name.rpartition(".")
    if len(name) > _MAX_NAME and dot and len(suffix) <= _MAX_SUFFIX:
        return f"{stem[: _MAX_NAME - len(suffix) - 1].rstrip('. ')}.{suffix}"
    return name[:_MAX_NAME].rstrip(". ")


def unflowed(text: str, *, joined: bool) -> str:
    """Lines that a program broke, joined again (RFC 3676). `joined`: the blank that marks it is not part of the text."""
    told: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        rest = rest.removeprefix(" ")
        flows = rest.endswith(" ") and rest != "-- "
        if flows and joined:
            rest = rest[:-1]
        if open_depth == depth and rest != "-- ":
            told[-1] += rest
        else:
            told.append(f"{'>' * depth} {rest}" if depth else rest)
        open_depth = depth if flows else -1
    return "\n".join(told)
