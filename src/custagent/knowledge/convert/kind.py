"""What a file is: decided by its content first, then by what it is declared and called (SRC-1)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import PurePath, PurePosixPath
from urllib.parse import urlsplit

from custagent.brought import reader_of
from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.core.file_kind import BY_MEDIA_TYPE, BY_SUFFIX, Kind

#: How files begin that hold no text for us, and what people call them.
_FOREIGN = (
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"RIFF", "an image, sound or film"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound or film file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (doc, xls, ppt)"),
    (b"{\\rtf", "an RTF file"),
)

READ = "html, xhtml, pdf, docx, pptx, md, rst, txt, csv, json, jsonl, xml, cfg and conf"
_HINT = f"Files of these kinds are read: {READ}. Save it as one of them and add that."

#: Other zip archives, by a part that only they have.
_OTHER_ZIPS = {
    "xl/workbook.xml": ("an Excel workbook (xlsx)", "Save each sheet that holds answers as CSV and add that."),
    "xl/workbook.bin": ("an Excel workbook (xlsb)", "Save each sheet that holds answers as CSV and add that."),
    "META-INF/container.xml": ("an electronic book (epub)", "Save it as PDF or HTML and add that."),
    "content.xml": ("an OpenDocument file (odt, odp, ods)", "Save it as docx, pptx or CSV and add that."),
}

_SNIFFED = 4096
_PDF_WITHIN = 1024
_HTML_START = re.compile(
    rb"(?:\s|<!--.*?-->|<\?xml[^>]*\?>)*(?:<!doctype\s+html|<html|<head[\s>]|<body[\s>])", re.IGNORECASE | re.DOTALL
)
_XML_START = re.compile(rb"\s*<\?xml\s", re.IGNORECASE)
#: Control characters that no text holds; tab, line feed, form feed, carriage return and escape may occur.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def supported(path: str | PurePath) -> bool:
    """Whether a file of this name is read when a folder is added: by us, or by a package that brings a reader."""
    return is_known(path) or reader_of(PurePath(path).suffix) is not None


def is_known(path: str | PurePath) -> bool:
    """Whether a file of this name is read by us."""
    return PurePath(path).suffix.lower() in BY_SUFFIX


def is_declared_as_page(raw: RawContent) -> bool:
    """Whether it came as a page of the web."""
    return BY_MEDIA_TYPE.get(raw.media_type.lower()) is Kind.HTML


def kind_of(raw: RawContent) -> Kind:
    """The kind of `raw`. Raises ConvertError for an empty file and for one that holds no text for us."""
    body = raw.body
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise ConvertError(f"{raw.location}: the file is empty", hint="Remove it, or add the file that has the text.")
    if b"%PDF-" in body[:_PDF_WITHIN]:
        return Kind.PDF
    if body.startswith(b"PK\x03\x04"):
        return _zipped(raw)
    for start, name in _FOREIGN:
        if body.startswith(start):
            raise ConvertError(f"{raw.location}: this is {name}, which holds no text to answer from", hint=_HINT)
    _refuse_binary(raw)
    return _text_kind(raw)


def _zipped(raw: RawContent) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(raw.body)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ConvertError(f"{raw.location}: the file is damaged ({error})", hint=_HINT) from error
    if any(name.startswith("word/document") and name.endswith(".xml") for name in names):
        return Kind.DOCX
    if "ppt/presentation.xml" in names:
        return Kind.PPTX
    for part, (name, hint) in _OTHER_ZIPS.items():
        if part in names:
            raise ConvertError(f"{raw.location}: this is {name}, which is not read", hint=hint)
    raise ConvertError(f"{raw.location}: this is an archive or an Office file of a kind that is not read", hint=_HINT)


def _refuse_binary(raw: RawContent) -> None:
    head = raw.body[:_SNIFFED]
    if head.startswith(_BOMS) or raw.charset.lower().startswith("utf-16"):
        return
    if len(_CONTROL.findall(head)) * 50 > len(head) or b"\x00" in head:
        raise ConvertError(f"{raw.location}: the file holds no text (it is binary)", hint=_HINT)


def _text_kind(raw: RawContent) -> Kind:
    """Which kind of text: the content decides where it is plain, else the declared type, else the name."""
    head = raw.body[:_SNIFFED].removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\x00", b"")[2:]
    if _HTML_START.match(head):
        return Kind.HTML
    named = BY_SUFFIX.get(_suffix(raw.location))
    declared = _declared(raw.media_type.lower())
    if _XML_START.match(head) and Kind.HTML not in (named, declared):
        return Kind.XML
    if declared in (None, Kind.TEXT) and named in (None, Kind.TEXT) and _is_json(raw.body):
        return Kind.JSON
    if raw.media_type.lower() in ("text/plain", "application/octet-stream", ""):
        # Servers call everything that they do not know plain; the name knows more. Never a kind that is not text.
        return named if named not in (None, Kind.PDF, Kind.DOCX, Kind.PPTX) else Kind.TEXT
    if declared is None:
        raise ConvertError(f"{raw.location}: it is declared as {raw.media_type}, which is not read", hint=_HINT)
    if declared in (Kind.PDF, Kind.DOCX, Kind.PPTX):
        raise ConvertError(f"{raw.location}: it is declared as {raw.media_type} but is no such file", hint=_HINT)
    return declared


def _is_json(body: bytes) -> bool:
    """Whether a text is an object or a list of JSON, or begins with a line that is one."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    for text in (body, body.strip().partition(b"\n")[0]):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            continue
        # "[client]" heads a section of a configuration file, and is no list; [1] marks a note.
        return isinstance(read, dict) or any(isinstance(one, dict) for one in read)
    return False


def _declared(media_type: str) -> Kind | None:
    if media_type in BY_MEDIA_TYPE:
        return BY_MEDIA_TYPE[media_type]
    if media_type.endswith("+json"):
        return Kind.JSON
    if media_type.endswith("+xml") and not media_type.startswith("image/"):
        return Kind.XML
    return None


def _suffix(location: str) -> str:
    path = urlsplit(location).path if "://" in location else location
    return PurePosixPath(path).suffix.lower()


#: What a site serves as pages of text. Feeds, scripts and data are none.
_PAGE_TYPES = frozenset("""
    text/html application/xhtml+xml text/plain text/markdown text/x-markdown text/x-rst text/csv application/pdf
    application/vnd.openxmlformats-officedocument.wordprocessingml.document
    application/vnd.openxmlformats-officedocument.presentationml.presentation
""".split())  # fmt: skip
#: What servers say when they do not know.
_UNKNOWN_TYPES = ("", "application/octet-stream", "binary/octet-stream")


def is_page(raw: RawContent) -> bool:
    """Whether a response within a site may hold a page of text."""
    if raw.media_type in _UNKNOWN_TYPES:
        path = PurePosixPath(urlsplit(raw.location).path)
        return supported(path) or (not path.suffix and not raw.media_type)
    return raw.media_type in _PAGE_TYPES
