"""Word and PowerPoint files (docx, pptx): the document in one, whichever it is."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.core.file_kind import Kind
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.package import Package
from custagent.knowledge.convert.slides import read_slides
from custagent.knowledge.convert.word import read_word

_MEDIA_TYPES = {
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def read_office(raw: RawContent, kind: Kind, language_hint: str = "") -> Document:
    """The document in a docx or pptx file. Raises ConvertError for a damaged one and for one without text."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw.body)) as archive:
            package = Package(archive, raw.location)
            title, sections = read_word(package) if kind is Kind.DOCX else read_slides(package)
    except RecursionError as error:
        raise ConvertError(
            f"{raw.location}: the {kind.value} file is nested too deeply to hold text",
            hint="Open it in the program that made it and save it again.",
        ) from error
    except (
        zipfile.BadZipFile,
        ET.ParseError,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        # RuntimeError is how zipfile says that a part is encrypted.
        raise ConvertError(
            f"{raw.location}: the {kind.value} file is damaged or protected ({error})",
            hint="Open it in the program that made it and save it again without a password.",
        ) from error
    if not sections:
        raise ConvertError(
            f"{raw.location}: the {kind.value} file holds no text", hint="Pictures of text are not read."
        )
    return Document(
        location=raw.location,
        title=title or readable(raw.location),
        language=language_of("\n".join(section.text for section in sections), hint=language_hint),
        sections=sections,
        media_type=_MEDIA_TYPES[kind],
        etag=raw.etag,
        last_modified=raw.last_modified,
    )
