"""CSV, JSON and XML: each record as a line of "name: value" pairs; a question with its answer as a section."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from xml.etree import ElementTree as ET

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.charset import decode
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.naming import language_of, readable
from custagent.knowledge.convert.tables import table_lines
from custagent.knowledge.convert.writer import MAX_HEADING, QUESTION_LEVEL, SectionWriter

_QUESTION = re.compile(
    r"questions?|q|frågor?|fråga|fragen?|pregunta|domanda|vraag|kysymys|pytanie|spørgsmål|spørsmål", re.IGNORECASE
)
_ANSWER = re.compile(
    r"answers?|a|svar|antwort(?:en)?|réponse|reponse|respuesta|risposta|antwoord|vastaus|odpowiedź", re.IGNORECASE
)
_DELIMITERS = ",;\t|"
#: How much of the file is looked at to find out how it is delimited.
_SAMPLE_CHARS = 64 * 1024
_SAMPLE_ROWS = 20


def read_data(raw: RawContent, kind: Kind, language_hint: str = "") -> Document:
    """The document in a CSV, JSON or XML file. Raises ConvertError where it breaks its format or holds no text."""
    writer = SectionWriter()
    if kind is Kind.CSV:
        _read_csv(decode(raw, language=language_hint), writer, raw.location)
    elif kind is Kind.JSON:
        _read_json(decode(raw, language=language_hint), writer, raw.location)
    else:
        _read_xml(raw, writer)
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


def _add_record(writer: SectionWriter, record: Mapping[str, str], *, group: int) -> None:
    """A record as a line, or as a section headed by its question."""
    question = next((value for name, value in record.items() if _QUESTION.fullmatch(name) and value), "")
    answer = next((value for name, value in record.items() if _ANSWER.fullmatch(name) and value), "")
    if question and answer and len(question) <= MAX_HEADING:
        rest = {name: value for name, value in record.items() if value not in (question, answer)}
        writer.heading(question, level=QUESTION_LEVEL, anchor="", depth=1)
        writer.add(answer)
        writer.add("\n".join(table_lines(list(rest), [list(rest.values())])))
        writer.close_questions(0)
        return
    for line in table_lines(list(record), [list(record.values())]):
        writer.add(line, group=group)


def _read_csv(text: str, writer: SectionWriter, location: str) -> None:
    try:
        rows = [[" ".join(cell.split()) for cell in row] for row in _rows(text, _delimiter(text))]
    except csv.Error as error:
        raise ConvertError(
            f"{location}: the CSV is damaged ({error})", hint="Save it again as CSV in UTF-8."
        ) from error
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    headings, rows = (rows[0], rows[1:]) if len(rows) > 1 and _is_heading_row(rows[0]) else ([], rows)
    for row in rows:
        names = [headings[index] if index < len(headings) else "" for index in range(len(row))]
        if len(set(names)) == len(names) and all(names):
            _add_record(writer, dict(zip(names, row, strict=True)), group=1)
        else:
            for line in table_lines(names, [row]):
                writer.add(line, group=1)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimiter(text: str) -> str:
    """The sign that cuts the most of the first rows into equally many cells.

    The standard library guesses this with patterns that take seconds on hostile text.
    """

    def regularity(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in islice(_rows(text[:_SAMPLE_CHARS], delimiter), _SAMPLE_ROWS) if any(row))
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return (count / widths.total() if width > 1 else 0.0), width

    return max(_DELIMITERS, key=regularity)


def _is_heading_row(row: list[str]) -> bool:
    return all(cell and not re.fullmatch(r"[\d.,%\s$€£-]+", cell) for cell in row)


def _read_json(text: str, writer: SectionWriter, location: str) -> None:
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ConvertError(f"{location}: the JSON is nested too deeply to hold text") from error
    except ValueError as error:
        raise ConvertError(
            f"{location}: the JSON is damaged ({error})", hint="Check it with: python -m json.tool FILE"
        ) from error
    _write_json(value, writer, level=1, name="")


def _write_json(value: object, writer: SectionWriter, *, level: int, name: str) -> None:
    """Objects become headings while they hold objects, and lines when they hold plain values."""
    if isinstance(value, dict):
        plain = {str(key): _plain(one) for key, one in value.items() if not _is_nested(one)}
        _add_record(writer, {key: text for key, text in plain.items() if text}, group=level)
        for key, one in value.items():
            if _is_nested(one):
                writer.heading(_readable_key(str(key))[:MAX_HEADING], level=min(level, 6), anchor="")
                _write_json(one, writer, level=level + 1, name=str(key))
    elif isinstance(value, list):
        for one in value:
            _write_json(one, writer, level=level, name=name)
    else:
        writer.add(_plain(value), group=level)


def _is_nested(value: object) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_plain, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()


def _readable_key(key: str) -> str:
    return re.sub(r"[_-]+", " ", key).strip() or "…"


def _read_xml(raw: RawContent, writer: SectionWriter) -> None:
    try:
        # Bombs of entities: expat refuses them (since 2.4.1), and the worker has limits; outside files are not read.
        root = ET.fromstring(raw.body)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ConvertError(
            f"{raw.location}: the XML is damaged ({error})", hint="Check it with an XML editor."
        ) from error
    for record in _records(root):
        if isinstance(record, str):
            writer.add(record)
        else:
            _add_record(writer, record, group=1)


def _records(root: ET.Element) -> Iterator[dict[str, str] | str]:
    """Elements that hold only plain elements are records; running text with elements in it is one paragraph."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        children = list(element)
        is_mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)
        if not children or is_mixed:
            text = " ".join("".join(element.itertext()).split())
            if text:
                yield text
        elif all(len(child) == 0 for child in children):
            record: dict[str, str] = {}
            for child in children:
                value = " ".join((child.text or "").split())
                name = _local(child.tag)
                record[name] = f"{record[name]}, {value}" if name in record else value
            yield {name: value for name, value in record.items() if value}
        else:
            waiting.extend(reversed(children))


def _local(tag: object) -> str:
    return _readable_key(str(tag).rsplit("}", 1)[-1])
