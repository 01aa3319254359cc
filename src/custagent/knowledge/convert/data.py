"""CSV, JSON and XML: each record as a line of "name: value" pairs; a question with its answer as a section."""

from __future__ import annotations

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.core.file_kind import Kind
from custagent.knowledge.convert.charset import decode
from custagent.knowledge.convert.csv_rows import read_csv
from custagent.knowledge.convert.json_tree import read_json
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.writer import SectionWriter
from custagent.knowledge.convert.xml_tree import read_xml


def read_data(raw: RawContent, kind: Kind, language_hint: str = "") -> Document:
    """The document in a CSV, JSON or XML file. Raises ConvertError where it breaks its format or holds no text."""
    writer = SectionWriter()
    if kind is Kind.CSV:
        read_csv(decode(raw, language=language_hint), writer, raw.location)
    elif kind is Kind.JSON:
        read_json(decode(raw, language=language_hint), writer, raw.location)
    else:
        read_xml(raw, writer)
    title = readable(raw.location)
    sections = writer.sections(title)
    if not sections:
        raise ConvertError(
            f"{raw.location}: the file holds no text", hint="Remove it, or add the file that has the text."
        )
    return Document(
        location=raw.location,
        title=title,
        language=language_of("\n".join(section.text for section in sections), hint=language_hint),
        sections=sections,
        media_type={Kind.CSV: "text/csv", Kind.JSON: "application/json"}.get(kind, "application/xml"),
        etag=raw.etag,
        last_modified=raw.last_modified,
    )
