"""XML files of any vocabulary: elements that hold plain elements are records, named ones are sections."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.json_tree import readable_key
from custagent.knowledge.convert.record import add_record, name_of
from custagent.knowledge.convert.writer import SectionWriter

#: What is nested deeper is running text.
_MAX_DEPTH = 60
_DEEPEST_HEADING = 6
#: Values of the same name are listed while they are words, and paragraphs when they are longer.
_MAX_LISTED = 60
#: Attributes that tell machines something.
_TECHNICAL = frozenset("id lang space base schemalocation type class style href src version rel".split())


def read_xml(raw: RawContent, writer: SectionWriter) -> None:
    """Write what an XML file holds. Raises ConvertError where it breaks its format."""
    try:
        # Bombs of entities: expat refuses them (since 2.4.1), and the worker has limits; outside files are not read.
        root = ET.fromstring(raw.body)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ConvertError(
            f"{raw.location}: the XML is damaged ({error})",
            hint="Open it in a web browser, which shows the place, or export it again.",
        ) from error
    _write(root, writer, depth=0, level=1)


def _write(element: ET.Element, writer: SectionWriter, *, depth: int, level: int) -> None:
    children = list(element)
    is_mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)
    if is_mixed or depth >= _MAX_DEPTH:
        writer.add(" ".join("".join(element.itertext()).split()))
        return
    if all(map(_is_field, children)):
        add_record(writer, _record(element, children), group=1)
        return
    fields = _record(element, [child for child in children if _is_field(child)])
    name = name_of(fields)
    # A book's chapters have names, and so have things; what only wraps them has none.
    if name:
        writer.heading(name, level=min(level, _DEEPEST_HEADING), anchor="")
        fields = {key: value for key, value in fields.items() if value != name}
        level += 1
    for part in _parts(element, children, fields):
        if isinstance(part, dict):
            add_record(writer, {key: value for key, value in part.items() if value != name}, group=1)
        else:
            _write(part, writer, depth=depth + 1, level=level)
    if name:
        writer.close_headings(min(level - 1, _DEEPEST_HEADING))


def _is_field(element: ET.Element) -> bool:
    """Whether it is a field of what it stands in; one that has but attributes is a record of its own."""
    return len(element) == 0 and (bool((element.text or "").strip()) or not _attributes(element))


def _parts(
    element: ET.Element, children: list[ET.Element], fields: dict[str, str]
) -> Iterator[ET.Element | dict[str, str]]:
    """Its plain elements as records and the others between them, in reading order; attributes come first."""
    run: list[ET.Element] = []
    attributes = {key: value for key, value in _attributes(element).items() if key in fields}
    if attributes:
        yield attributes
    for child in children:
        if _is_field(child):
            run.append(child)
            continue
        if run:
            yield _fields(run)
            run = []
        yield child
    if run:
        yield _fields(run)


def _record(element: ET.Element, children: list[ET.Element]) -> dict[str, str]:
    return {**_attributes(element), **_fields(children)}


def _attributes(element: ET.Element) -> dict[str, str]:
    """What an element says of itself to people: <price currency="EUR">."""
    named = ((_local(name), " ".join(value.split())) for name, value in element.attrib.items())
    return {name: value for name, value in named if value and name.casefold() not in _TECHNICAL}


def _fields(elements: list[ET.Element]) -> dict[str, str]:
    """Plain elements as fields; several of one name together."""
    found: dict[str, list[str]] = {}
    for element in elements:
        value = (element.text or "").strip()
        said = "; ".join(f"{key}: {one}" for key, one in _attributes(element).items())
        value = f"{value} ({said})" if value and said else value or said
        if value:
            found.setdefault(_local(element.tag), []).append(value)
    return {
        name: ("\n\n" if any(len(value) > _MAX_LISTED for value in values) else ", ").join(values)
        for name, values in found.items()
    }


def _local(tag: object) -> str:
    return readable_key(str(tag).rsplit("}", 1)[-1])
