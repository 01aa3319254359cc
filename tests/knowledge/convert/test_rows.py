"""Long tables are there to look a row up in: each row stands under its name, whatever kind of file they are in."""

from __future__ import annotations

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import RawContent, Section
from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.office import read_office
from custagent.knowledge.convert.page_reader import PageReader
from custagent.knowledge.convert.reading import read
from custagent.knowledge.convert.rows import row_names

HEAD = ["SKU", "Article", "Price", "Note"]
WORDS = "ash birch cedar elm fir hazel larch maple oak pine rowan spruce willow yew".split()
NAMES = [f"{one} {other}" for one in WORDS for other in ("table", "chair", "bench")]
ROWS = [
    [f"SK-{100 + at}", name, f"{10 + at} EUR", "sent in parts, to be put together"] for at, name in enumerate(NAMES)
]
LINE = "SKU: SK-101; Article: ash chair; Price: 11 EUR; Note: sent in parts, to be put together"


def names(*columns: list[str], headings: tuple[str, ...] = ()) -> list[str]:
    """Of a table of these columns and one more that makes it long."""
    return row_names(headings, [[*cells, "x " * 200] for cells in zip(*columns, strict=True)])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([NAMES], NAMES),
        ([[f"SK-{at}" for at in range(42)], ["3 kg"] * 42, NAMES], NAMES),
        ([WORDS * 3, ["Standard"] * 14 + ["Express"] * 14 + ["Letter"] * 14], None),
        ([["yes", "no"] * 21, [f"SK-{at}" for at in range(42)]], [f"SK-{at}" for at in range(42)]),
        ([["yes", "no"] * 21], [""] * 42),
        ([["", *NAMES[1:]]], ["", *NAMES[1:]]),
        ([["long " * 20 + name for name in NAMES]], [""] * 42),
    ],
    ids=["words", "words-beside-codes", "two-together", "codes-alone", "nothing", "one-without", "texts"],
)
def test_what_rows_are_called(columns, expected) -> None:
    both = [", ".join(pair) for pair in zip(*columns[:2], strict=True)] if expected is None else expected
    assert names(*columns) == both


def test_the_column_that_is_called_a_name_comes_first() -> None:
    makers = [f"Maker {name}" for name in NAMES]
    assert names(makers, NAMES, headings=("Made by", "Name")) == NAMES


def test_a_short_table_and_one_without_end_stand_as_they_are() -> None:
    assert row_names(HEAD, ROWS[:14]) == [""] * 14
    assert row_names(["Name"], [[f"thing {'abc'[at % 3]}{at}"] for at in range(5001)]) == [""] * 5001
    assert row_names([], []) == []


def html(inside: str = "{}") -> tuple[Section, ...]:
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    table = f"<table><caption>All of it</caption><tr>{''.join(f'<th>{one}</th>' for one in HEAD)}</tr>{cells}</table>"
    tree = LexborHTMLParser(f"<body><main>{inside.format(table)}</main></body>")
    return PageReader(Boilerplate(tree)).read().sections("")


def text(name: str, body: str) -> tuple[Section, ...]:
    return read(RawContent(location=f"content/{name}", body=body.encode())).document.sections


def of(kind: str, office) -> tuple[Section, ...]:
    if kind == "html":
        return html()
    if kind == "docx":
        look = "<w:tblLook w:firstRow='1'/>"
        # No title and no heading: the first row's name must not become the document's.
        body = office.word(office.table(tuple(HEAD), *map(tuple, ROWS), look=look))
        return read_office(RawContent(location="content/a.docx", body=body), Kind.DOCX).sections
    if kind == "json":
        return text("a.json", json.dumps([dict(zip(HEAD, row, strict=True)) for row in ROWS]))
    if kind == "jsonl":
        return text("a.json", "\n".join(json.dumps(dict(zip(HEAD, row, strict=True))) for row in ROWS))
    if kind == "csv":
        return text("a.csv", "\n".join(";".join(row) for row in [HEAD, *ROWS]))
    lines = [" | ".join(row) for row in [HEAD, ["---"] * 4, *ROWS]]
    return text("a.md", "# All\n\n" + "\n".join(f"| {line} |" for line in lines))


@pytest.mark.parametrize("kind", ["html", "docx", "json", "jsonl", "csv", "md"])
def test_each_row_of_a_long_table_is_found_by_its_name(kind, office) -> None:
    sections = [section for section in of(kind, office) if section.text != "All of it"]
    assert [section.headings[-1] for section in sections] == NAMES
    assert sections[1].text == LINE


def test_rows_stand_below_what_the_table_stands_under_and_what_follows_does_not_stand_below_them() -> None:
    page = "<h2 id=furniture>Furniture</h2><details><summary>What does it cost?</summary>{}<p>Ask us.</p></details><p>End.</p>"
    first, row, *rest = html(page)
    assert (first.headings, first.text) == (("Furniture", "What does it cost?"), "All of it")
    assert (row.headings, row.anchor) == (("Furniture", "What does it cost?", "ash table"), first.anchor)
    assert [(section.headings, section.text) for section in rest[-2:]] == [
        (("Furniture", "What does it cost?"), "Ask us."),
        (("Furniture",), "End."),
    ]


def test_a_long_text_among_the_fields_is_the_text_under_the_name() -> None:
    rows = [{"SKU": f"SK-{at}", "Article": name, "About": f"{name} is good. " * 20} for at, name in enumerate(NAMES)]
    section = text("a.json", json.dumps(rows))[0]
    assert section.headings == ("ash table",)
    assert section.text.startswith("ash table is good.")
    assert section.text.endswith("SKU: SK-0; Article: ash table")


def test_questions_stay_questions_however_many_there_are() -> None:
    asked = [{"Question": f"How much is the {name}?", "Answer": "It depends on what you need. " * 3} for name in NAMES]
    csv = "\n".join(["Question;Answer", *(f"{one['Question']};{one['Answer']}" for one in asked)])
    for sections in (text("a.json", json.dumps(asked)), text("a.csv", csv)):
        assert sections[0].headings == ("How much is the ash table?",)
        assert sections[0].text == ("It depends on what you need. " * 3).strip()
