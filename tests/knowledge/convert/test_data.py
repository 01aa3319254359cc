"""CSV, JSON, XML: a line a record, a section a question."""

from __future__ import annotations

import time

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


LONG = "It says so at length. " * 12


def test_lines_above_the_table_and_the_separators_of_spreadsheets():
    source = "sep=;\r\nPrice list 2026;;\r\n;;\r\nName;Price;\r\nTube;79;\r\n"
    assert outline(source, Kind.CSV) == [((), "Price list 2026\n\nName: Tube; Price: 79")]


def test_a_column_of_row_names_needs_no_name():
    assert outline(",Monday,Sunday\nOslo,9-17,closed\n", Kind.CSV) == [((), "Oslo; Monday: 9-17; Sunday: closed")]


def test_cells_of_several_lines_and_quoted_signs():
    source = 'Name,Note\nTube,"fits, it ""fits""\nall"\n'
    assert outline(source, Kind.CSV) == [((), 'Name: Tube; Note: fits, it "fits" all')]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_the_character_sets_of_spreadsheets(encoding):
    raw = RawContent(location="a.csv", body="Stad;Avgift\nGöteborg;49 kr\n".encode(encoding))
    assert read_data(raw, Kind.CSV, "sv").sections[0].text == "Stad: Göteborg; Avgift: 49 kr"


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (Kind.CSV, f'id,Title,Body\n7,Returns,"{LONG}"\n8,Delivery,"<p>Fast.</p><ul><li>one</li></ul>{LONG}"\n'),
        (Kind.JSON, (f'[{{"id": 7, "title": "Returns", "body": "{LONG}"}}, '
                    f'{{"id": 8, "title": "Delivery", "body": "<p>Fast.</p><ul><li>one</li></ul>{LONG}"}}]')),
        (Kind.XML, (f"<r><i><id>7</id><title>Returns</title><body>{LONG}</body></i><i><id>8</id><title>Delivery</title>"
                   f"<body><![CDATA[<p>Fast.</p><ul><li>one</li></ul>{LONG}]]></body></i></r>")),
    ],
)  # fmt: skip
def test_a_named_text_is_a_section_and_pages_in_fields_are_read_as_pages(kind, source):
    assert outline(source, kind) == [
        (("Returns",), f"{LONG.strip()}\n\nid: 7"),
        (("Delivery",), f"Fast.\n\n- one\n\n{LONG.strip()}\n\nid: 8"),
    ]


def test_an_object_a_line():
    assert outline('{"a": 1}\n\n{"question": "How?", "answer": "So."}\n', Kind.JSON) == [
        ((), "a: 1"),
        (("How?",), "So."),
    ]
    with pytest.raises(ConvertError, match=r"line 3 is damaged"):
        read('{"a": 1}\n\n{"a": \n', Kind.JSON)


@pytest.mark.parametrize(
    "source",
    [
        '{"How?": "So.", "Why?": "Thus."}',
        '[{"q": "How?", "a": "So."}, {"Question": "Why?", "Answer": "Thus."}]',
        '[{"question": "How?", "answer": {"text": "So."}}, {"question": "Why?", "answers": [{"body": "<p>Thus.</p>"}]}]',
        (
            '{"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": ['
            '{"@type": "Question", "name": "How?", "acceptedAnswer": {"@type": "Answer", "text": "So."}},'
            '{"@type": "Question", "name": "Why?", "acceptedAnswer": {"@type": "Answer", "text": "Thus."}}]}'
        ),
    ],
)
def test_questions_and_answers_in_the_shapes_that_are_common(source):
    assert [(headings[-1], text) for headings, text in outline(source, Kind.JSON)] == [
        ("How?", "So."),
        ("Why?", "Thus."),
    ]


def test_what_is_nested_stands_below_the_name_of_what_holds_it():
    source = '{"shops": [{"name": "Oslo", "hours": {"mon": "9-17"}}, {"name": "Bergen", "hours": {"mon": "10-15"}}], "more": "x"}'
    assert outline(source, Kind.JSON) == [
        ((), "more: x"), (("shops", "Oslo", "hours"), "mon: 9-17"), (("shops", "Bergen", "hours"), "mon: 10-15"),
    ]  # fmt: skip


def test_what_follows_a_nested_part_is_not_below_its_heading():
    assert outline('[{"hours": {"mon": "9"}}, {"a": 1}]', Kind.JSON) == [(("hours",), "mon: 9"), ((), "a: 1")]


def test_lists_of_sentences_are_lines():
    sentence = "This is a sentence that is longer than a word in a list of words would be."
    assert outline(f'{{"steps": ["{sentence}", "{sentence}"]}}', Kind.JSON)[0][1].count(sentence) == 2


def test_xml_chapters_are_sections_and_attributes_are_read():
    source = (
        "<book xmlns='u'><title>Guide</title><chapter id='c1'><title>Returns</title><p>One.</p>"
        "<list><item>a</item><item>b</item></list></chapter><chapter><title>Prices</title><row name='Tube' price='79'/>"
        "<row name='Tyre'><price currency='EUR'>30</price></row></chapter></book>"
    )
    assert outline(source, Kind.XML) == [
        (("Guide", "Returns"), "p: One.\nitem: a, b"),
        (("Guide", "Prices"), "name: Tube; price: 79\nname: Tyre; price: 30 (currency: EUR)"),
    ]


def test_hostile_sizes_and_depths_end_soon():
    started = time.process_time()
    deep = "<a>" * 100_000 + "x" + "</a>" * 100_000
    assert outline(deep, Kind.XML) == [((), "x")]
    with pytest.raises(ConvertError, match="over 16384 columns"):
        read(",".join(["name"] * 1_000_000) + "\n" + ",".join(["1"] * 1_000_000), Kind.CSV)
    assert outline('{"a":' * 60 + "1" + "}" * 60, Kind.JSON)[0][1] == "a: 1"
    with pytest.raises(ConvertError, match="nested too deeply"):
        read('{"a":' * 900 + "1" + "}" * 900, Kind.JSON)
    assert time.process_time() - started < 10


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
    ids=lambda value: str(value)[:40],
)
def test_what_breaks_its_format_is_refused(kind, source, reason):
    with pytest.raises(ConvertError, match=reason):
        read(source, kind)
