"""CSV, JSON, XML: a line a record, a section a question."""

from __future__ import annotations

import pytest

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.data import read_data
from custagent.knowledge.convert.kind import Kind


def read(text: str, kind: Kind) -> Document:
    return read_data(RawContent(location=f"content/price-list.{kind.value}", body=text.encode()), kind)


def outline(text: str, kind: Kind) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, section.text) for section in read(text, kind).sections]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_rows_are_lines_with_their_columns(delimiter):
    source = 'Country,Price\nNorway,"49 kr"\nSweden,\n,\n'.replace(",", delimiter)
    assert outline(source, Kind.CSV) == [((), "Country: Norway; Price: 49 kr\nCountry: Sweden")]
    assert read(source, Kind.CSV).title == "Price list"


def test_csv_of_questions_and_answers():
    source = "Fråga;Svar;Ämne\nHur länge?;14 dagar;Retur\nVem betalar?;Vi; \n"
    assert outline(source, Kind.CSV) == [(("Hur länge?",), "14 dagar\n\nÄmne: Retur"), (("Vem betalar?",), "Vi")]


def test_a_delimiter_inside_the_cells_does_not_mislead():
    source = 'Name;Text\nA;"one, two, three"\nB;"one, two; and more"\n'
    assert outline(source, Kind.CSV) == [((), "Name: A; Text: one, two, three\nName: B; Text: one, two; and more")]


def test_csv_without_column_names():
    assert outline("1,2\n3,4\n", Kind.CSV) == [((), "1; 2\n3; 4")]


def test_json():
    source = '{"shop": "Acme", "hours": {"mon": "9-17", "open": true}, "faq": [{"question": "How?", "answer": "So."}], "none": null}'
    assert outline(source, Kind.JSON) == [
        ((), "shop: Acme"), (("hours",), "mon: 9-17; open: yes"), (("faq", "How?"), "So."),
    ]  # fmt: skip


def test_json_list_of_records():
    assert outline('[{"a": 1, "b": ["x", "y"]}, {"a": 2}, "loose"]', Kind.JSON) == [((), "a: 1; b: x, y\na: 2\nloose")]


def test_xml():
    source = "<shop><item><name>Tube</name><price>79</price></item><note>Only <b>today</b>.</note></shop>"
    assert outline(source, Kind.XML) == [((), "name: Tube; price: 79\n\nOnly today.")]


def test_xml_questions_in_a_namespace():
    source = "<f:faq xmlns:f='u'><f:e><f:question>How?</f:question><f:answer>So.</f:answer></f:e></f:faq>"
    assert outline(source, Kind.XML) == [(("How?",), "So.")]


BOMB = (
    "<!DOCTYPE a [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(12))
    + "]><a>&a12;</a>"
)


@pytest.mark.parametrize(
    ("kind", "source", "reason"),
    [
        (Kind.JSON, '{"a": ', "JSON is damaged"),
        (Kind.JSON, "[" * 100_000, "nested too deeply"),
        (Kind.XML, "<a><b></a>", "XML is damaged"),
        (Kind.XML, BOMB, "XML is damaged"),
        (Kind.XML, "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "XML is damaged"),
        (Kind.CSV, ",,\n,\n", "no text"),
        (Kind.JSON, "{}", "no text"),
        (Kind.XML, "<a/>", "no text"),
        (Kind.CSV, 'a,b\n"' + "x" * 200_000 + '",c', "CSV is damaged"),
    ],
    ids=str,
)
def test_what_breaks_its_format_is_refused(kind, source, reason):
    with pytest.raises(ConvertError, match=reason):
        read(source, kind)
