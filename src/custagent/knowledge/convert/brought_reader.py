"""Files that another package reads: by their suffix, where custagent has no reader of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from custagent.brought import load, reader_of, unusable
from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.core.extension import ReadFile
from custagent.knowledge.convert.kind import is_declared_as_page, is_known
from custagent.knowledge.convert.naming import language_of, readable


def read_brought(raw: RawContent, language_hint: str) -> Document | None:
    """The document, None where no package reads such files. Raises ConvertError, also for a package that is broken."""
    path = urlsplit(raw.location).path if "://" in raw.location else raw.location
    suffix = PurePosixPath(path).suffix
    # What a server calls a page is one, whatever its address ends in.
    reader = None if is_known(path) or is_declared_as_page(raw) else reader_of(suffix)
    if reader is None:
        return None
    read: ReadFile = load(reader, f"a reader of {suffix} files", ConvertError)
    document = read(raw)
    if not isinstance(document, Document):
        raise unusable(reader, f"a reader of {suffix} files", "what it gives is no Document", ConvertError)
    if not document.text.strip():
        raise ConvertError(f"{raw.location}: the file holds no text", hint="Write the answer in it, or remove it.")
    return replace(
        document,
        location=raw.location,
        title=document.title.strip() or readable(raw.location),
        language=language_of(document.text, declared=document.language, hint=language_hint),
        etag=raw.etag,
        last_modified=raw.last_modified,
    )
