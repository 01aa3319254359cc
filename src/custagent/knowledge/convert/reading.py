"""The one way from bytes to a document: looks what they are and calls the reader of that kind."""

from __future__ import annotations

from dataclasses import replace

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.core.file_kind import Kind
from custagent.knowledge.convert.brought_reader import read_brought
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.kind import kind_of

#: Larger files are no documents; a page of help has some tens of kilobytes, a manual some megabytes.
MAX_BYTES = 100 * 1024 * 1024


def read(raw: RawContent, language_hint: str = "") -> Converted:
    """Convert in this process. Raises ConvertError; damaged or hostile content may also crash, or not come back:
    use `worker.Converter` for whatever comes from outside."""
    if len(raw.body) > MAX_BYTES:
        size, limit = len(raw.body) // 2**20, MAX_BYTES // 2**20
        raise ConvertError(
            f"{raw.location}: the file has {size} MB, at most {limit} MB are read", hint="Split it into several files."
        )
    brought = read_brought(raw, language_hint)
    if brought is not None:
        return Converted(document=_storable(brought))
    kind = kind_of(raw)
    if kind is Kind.HTML:
        from custagent.knowledge.convert.html import read_html

        converted = read_html(raw, language_hint)
    elif kind is Kind.PDF:
        from custagent.knowledge.convert.pdf import read_pdf

        converted = read_pdf(raw, language_hint)
    else:
        converted = Converted(document=_read_file(raw, kind, language_hint))
    return replace(converted, document=_storable(converted.document))


def _read_file(raw: RawContent, kind: Kind, language_hint: str) -> Document:
    match kind:
        case Kind.MARKDOWN:
            from custagent.knowledge.convert.markdown import read_markdown

            return read_markdown(raw, language_hint)
        case Kind.DOCX | Kind.PPTX:
            from custagent.knowledge.convert.office import read_office

            return read_office(raw, kind, language_hint)
        case Kind.CSV | Kind.JSON | Kind.XML:
            from custagent.knowledge.convert.data import read_data

            return read_data(raw, kind, language_hint)
        case _:
            from custagent.knowledge.convert.text import read_text

            return read_text(raw, language_hint, rst=kind is Kind.RST)


def _storable(document: Document) -> Document:
    """The document without characters that cannot be written as UTF-8 or that end a string elsewhere."""

    def clean(text: str) -> str:
        if "\x00" in text:
            text = text.replace("\x00", "")
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")

    sections = tuple(
        replace(one, text=clean(one.text), headings=tuple(map(clean, one.headings)), anchor=clean(one.anchor))
        for one in document.sections
    )
    return replace(document, title=clean(document.title), sections=sections)
