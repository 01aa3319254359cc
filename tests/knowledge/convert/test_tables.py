"""Tables: a line a row, each value with its column's heading."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.page_reader import PageReader
from custagent.knowledge.convert.tables import table_lines


def text(body: str) -> str:
    tree = LexborHTMLParser(f"<body><main>{body}</main></body>")
    return "\n\n".join(section.text for section in PageReader(Boilerplate(tree)).read().sections(""))


HEAD = "<tr><th>Country<th>Price</tr>"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            HEAD + "<tr><td>Norway<td>49 kr<tr><td>Sweden<td>0 kr",
            "Country: Norway; Price: 49 kr\nCountry: Sweden; Price: 0 kr",
        ),
        ("<thead><tr><td>Country<td>Price</thead><tr><td>Norway<td>49 kr", "Country: Norway; Price: 49 kr"),
        ("<tr><td><b>Country</b><td><b>Price</b><tr><td>Norway<td>49 kr", "Country: Norway; Price: 49 kr"),
        (HEAD + "<tr><th>Norway<td>49 kr", "Country: Norway; Price: 49 kr"),
        ("<tr><th><th>Price<tr><th>Norway<td>49 kr", "Norway; Price: 49 kr"),
        ("<tr><th>Weight<td>3 kg<tr><th>Height:<td>1 m<td>2 m", "Weight: 3 kg\nHeight: 1 m; 2 m"),
        ("<caption>Fees</caption>" + HEAD + "<tr><td>Norway<td>49 kr", "Fees\nCountry: Norway; Price: 49 kr"),
        (
            HEAD + "<tr><td rowspan=2>Norway<td>49 kr<tr><td>59 kr",
            "Country: Norway; Price: 49 kr\nCountry: Norway; Price: 59 kr",
        ),
        (HEAD + "<tr><td colspan=2>Europe<tr><td>Norway<td>49 kr", "Europe\nCountry: Norway; Price: 49 kr"),
        (
            "<tr><th rowspan=2>Country<th colspan=2>Price<tr><th>summer<th>winter<tr><td>Norway<td>1<td>2",
            "Country: Norway; Price summer: 1; Price winter: 2",
        ),
        ("<tr><td>a<td>b<tr><td>c<td>d", "a; b\nc; d"),
        (HEAD + "<tr><td>Norway<td>", "Country: Norway"),
        (HEAD + "<tr><td>Norway<td><p>49 kr</p><p>59 kr</p>", "Country: Norway; Price: 49 kr 59 kr"),
        (HEAD + "<tr hidden><td>x<td>y<tr><td>Norway<td>1", "Country: Norway; Price: 1"),
        (
            "<caption>Fees</caption><thead><tr><td>Country<td>Price</thead><tfoot><tr><td>All<td>59 kr</tfoot><tr><td>Norway<td>49 kr",
            "Fees\nCountry: All; Price: 59 kr\nCountry: Norway; Price: 49 kr",
        ),
        (HEAD + "<tr><td colspan=99999 rowspan=99999>Norway", "Norway"),
    ],
)
def test_data_tables(rows, expected):
    assert text(f"<table>{rows}</table>") == expected


@pytest.mark.parametrize(
    "table",
    [
        "<table role=presentation><tr><td>left<td>right<tr><td>a<td>b</table>",
        "<table><tr><td><h2>left</h2>right<td>a b</table>",
        "<table><tr><td>left<td><table><tr><td>right<tr><td>b</table></table>",
        "<table><tr><td>left<td>right a</table>",
        "<table><tr><td>left<tr><td>right</table>",
    ],
)
def test_a_table_that_only_arranges_the_page_is_running_text(table):
    found = text(table)
    assert "; " not in found
    assert "right" in found


@pytest.mark.parametrize("cell", ["<th>{}</th>", "<td><p><b>{}</b></p></td>"])
def test_a_table_with_headings_holds_data_whatever_role_it_has(cell):
    head = cell.format("Plan") + cell.format("Price")
    table = f"<table role=presentation><tr>{head}<tr><td><p>Start</p><td><p>9 €</p></table>"
    assert text(table) == "Plan: Start; Price: 9 €"


def test_lines_leave_out_what_is_empty_or_says_the_same():
    assert table_lines(["A", "B", "C"], [["1", "", "C"], ["", "", ""], ["1", "2", "3", "4"]]) == [
        "A: 1; C",
        "A: 1; B: 2; C: 3; 4",
    ]
