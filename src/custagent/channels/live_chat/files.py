"""Files that visitors send: one request each, a line of JSON and then the bytes; what they are is told by the bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Final

from custagent.core.message import Attachment

#: Bytes of one file.
MAX_FILE: Final = 10 * 1024 * 1024
#: Bytes of the line before it.
MAX_HEAD: Final = 16 * 1024
MEDIA_TYPE: Final = "application/vnd.custagent.file"
#: What may be sent, by how it begins, with what it may be called.
_BEGINNINGS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", (".png",)),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", (".jpg", ".jpeg")),
    (re.compile(rb"GIF8[79]a"), "image/gif", (".gif",)),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", (".webp",)),
    (re.compile(rb"%PDF-1\.|%PDF-2\."), "application/pdf", (".pdf",)),
)
_TEXT: Final = {".txt": "text/plain", ".csv": "text/csv"}
#: What a browser may offer for choosing.
ACCEPTED: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".txt", ".csv")
_LONGEST_NAME: Final = 120
#: What no name of a file may have: what parts folders, what nobody sees, and what turns the reading round.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff/\\:*?\"<>|]+")
#: Segments of a JPEG that hold what a camera knows, such as the place: Exif, XMP, IPTC, remarks.
_TELLING: Final = frozenset({0xE1, 0xED, 0xFE})
_TELLING_CHUNKS: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})


def kind_of(content: bytes, name: str) -> str:
    """The media type of a file that may be sent; "" for any other, whatever it is called.

    It must be what it is called, for it will be opened by that name.
    """
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    for beginning, media_type, suffixes in _BEGINNINGS:
        if beginning.match(content):
            return media_type if suffix in suffixes else ""
    return _TEXT.get(suffix, "") if _is_text(content) else ""


def file_name(told: object) -> str:
    """A name that can be shown and saved under; "file" for none."""
    name = _UNFIT.sub(" ", told) if isinstance(told, str) else ""
    name = " ".join(name.split()).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > _LONGEST_NAME and dot:
        name = f"{stem[: _LONGEST_NAME - len(suffix) - 1]}.{suffix[:10]}"
    return name[:_LONGEST_NAME] or "file"


def without_traces(content: bytes, media_type: str) -> bytes:
    """The picture without what its camera wrote into it, such as where it was taken; all else as it is."""
    if media_type == "image/jpeg":
        return _plain_jpeg(content)
    return _plain_png(content) if media_type == "image/png" else content


def told(attachment: Attachment) -> Mapping[str, object]:
    """A file for the browser: its name, its size, what it is, and whether it can be had."""
    return {
        "name": attachment.name,
        "size": attachment.size,
        "media_type": attachment.media_type,
        "available": bool(attachment.hash) and not attachment.error,
    }


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain_jpeg(content: bytes) -> bytes:
    """Without the telling segments before the picture's own; a damaged one stays as it is (ITU T.81, annex B).

    The orientation goes with the rest: browsers turn pictures by it, so it is kept as a segment of its own.
    """
    kept, at = bytearray(content[:2]), 2
    turned = b""
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:  # noqa: PLR2004 # the picture begins
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:  # noqa: PLR2004 # the length counts itself
            return content
        if marker not in _TELLING:
            kept += segment
        elif segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:])
        at += 2 + length
    return bytes(kept[:2]) + turned + bytes(kept[2:]) + content[at:]


def _orientation(tiff: bytes) -> bytes:
    """A segment that says only how the picture is turned; b"" for one that is not (Exif 2.3, tag 0x0112)."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:  # noqa: PLR2004 # the head, and the count of entries
        return b""
    start = struct.unpack(f"{order}I", tiff[4:8])[0]
    count = struct.unpack(f"{order}H", tiff[start : start + 2])[0] if start + 2 <= len(tiff) else 0
    for number in range(count):
        entry = tiff[start + 2 + 12 * number : start + 14 + 12 * number]
        if len(entry) == 12 and struct.unpack(f"{order}H", entry[:2])[0] == 0x0112:  # noqa: PLR2004 # the tag's number
            value = struct.unpack(f"{order}H", entry[8:10])[0]
            plain = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", value) + b"\0\0\0\0\0\0"
            body = b"Exif\0\0" + plain
            return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body if 1 < value <= 8 else b""  # noqa: PLR2004 # 1: upright
    return b""


def _plain_png(content: bytes) -> bytes:
    """Without the telling chunks; a damaged one stays as it is (PNG, §5.3)."""
    kept, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        length = struct.unpack(">I", content[at : at + 4])[0]
        if at + 12 + length > len(content):
            return content
        if content[at + 4 : at + 8] not in _TELLING_CHUNKS:
            kept += content[at : at + 12 + length]
        at += 12 + length
    return bytes(kept)
