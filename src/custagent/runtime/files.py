"""The files that came with contacts' messages: kept beside the database by what is in them, so that each is kept once.

What a file is, its first bytes tell, whatever it is called. Only kinds that people need for helping somebody are kept;
nothing of a file is opened, shown in a page or given to a model. A file is written before the message that names it, so
that a kill leaves at most one that nobody names, which `sweep` takes away.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from custagent.core.errors import StoreError
from custagent.core.message import Attachment
from custagent.core.ports import MAX_FILE

#: A kept file that no message names is taken away when it is older than this, in seconds: its message may be on its way.
ORPHANED_AFTER = 86_400.0
_HASH = re.compile(r"[0-9a-f]{64}")
#: Longest name of a file that is kept, in characters.
_LONGEST_NAME = 150
_LONGEST_ENDING = 10
#: What a file begins with, and which kind it is then. Offsets are those of the formats' own descriptions.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (0, b"{\\rtf", "application/rtf"),
)
#: What documents say of themselves that are folders packed by zip: the bytes do not tell cheaply which one it is.
_PACKED = frozenset({
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
})  # fmt: skip
_OLD_OFFICE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})
#: What the same bytes may be called as well.
_SAME = {
    "audio/ogg": frozenset({"audio/opus", "video/ogg"}),
    "video/mp4": frozenset({"audio/mp4", "audio/aac", "video/3gpp", "video/quicktime"}),
    "video/webm": frozenset({"audio/webm"}),
    "application/zip": _PACKED,
    "application/msword": _OLD_OFFICE,
}
#: Texts are kept as what they say they are, where that is nothing that a browser would run.
_TEXTS = frozenset({"text/plain", "text/csv", "text/calendar", "text/vcard", "text/x-vcard", "application/json"})


class FileFolder:
    """The folder of the kept files. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes, *, name: str, media_type: str) -> Attachment:
        """The file as it is kept, or why it is not, in `error`. Raises StoreError when it cannot be written."""
        name = safe_name(name)
        size = len(content)
        if not size:
            return Attachment(name=name, media_type=plain_type(media_type), size=0, error="The file is empty.")
        if size > MAX_FILE:
            told = f"The file is larger than {MAX_FILE // (1024 * 1024)} MB."
            return Attachment(name=name, media_type=plain_type(media_type), size=size, error=told)
        found = sniffed(content, media_type)
        if not found:
            told = "Files of this kind are not kept."
            return Attachment(name=name, media_type=plain_type(media_type), size=size, error=told)
        digest = sha256(content).hexdigest()
        try:
            self._write(digest, content)
        except OSError as error:
            raise StoreError(
                f"A contact's file cannot be kept in {self._folder} ({error.strerror}).",
                hint="Check that the disk is not full, and who owns the folder.",
            ) from error
        return Attachment(name=name, media_type=found, size=size, hash=digest)

    def path(self, digest: str) -> Path | None:
        """Where the file of this SHA-256 is; None when it is not here."""
        if not _HASH.fullmatch(digest):
            return None
        path = self._folder / digest[:2] / digest
        return path if path.is_file() else None

    def remove(self, digests: Collection[str]) -> int:
        """Take these away; how many there were. Raises StoreError."""
        gone = 0
        for digest in digests:
            path = self.path(digest)
            if path is not None:
                self._unlink(path)
                gone += 1
        return gone

    def sweep(self, named: Collection[str], *, now: float | None = None, older: float = ORPHANED_AFTER) -> int:
        """Take away what no message names and is older than so many seconds; how many. Raises StoreError."""
        begin = (time.time() if now is None else now) - older
        gone = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                if path.name not in named and path.stat().st_mtime < begin:
                    self._unlink(path)
                    gone += 1
        return gone

    def _files(self) -> Iterator[Path]:
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path for path in folder.iterdir() if path.is_file())

    def _write(self, digest: str, content: bytes) -> None:
        """Whole or not at all, and on the disk when it returns: the message that names it is acknowledged afterwards."""
        folder = self._folder / digest[:2]
        target = folder / digest
        if target.is_file() and target.stat().st_size == len(content):
            os.utime(target)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        part = folder / f".{digest}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
            _sync(folder)
        finally:
            part.unlink(missing_ok=True)

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"A contact's file in {self._folder} cannot be deleted ({error.strerror}).",
                hint="Check who owns the folder.",
            ) from error


def sniffed(content: bytes, media_type: str) -> str:
    """What the bytes are; "" for a kind that is not kept: programs, pages that a browser would run, and the unknown."""
    said = plain_type(media_type)
    for offset, magic, kind in _MAGIC:
        if content.startswith(magic, offset):
            return said if said in _SAME.get(kind, ()) else kind
    if said in _TEXTS or not said or said.startswith("text/"):
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return ""
        if "\x00" not in text:
            return said if said in _TEXTS else "text/plain"
    return ""


def plain_type(media_type: str) -> str:
    """`audio/ogg; codecs=opus` as `audio/ogg`; "" for what is no media type."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind if re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}", kind) else ""


def safe_name(name: str) -> str:
    """What a file may be called on any disk, and in any header: its last part, without what is not printed."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*;').strip(" .")
    stem, dot, ending = shown.rpartition(".")
    if dot and len(shown) > _LONGEST_NAME and len(ending) <= _LONGEST_ENDING:
        return stem[: _LONGEST_NAME - len(ending) - 1] + dot + ending
    return shown[:_LONGEST_NAME] or "file"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
