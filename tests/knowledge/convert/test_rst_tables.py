"""Tables of reStructuredText in each of its forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.knowledge.convert.rst_tables import drawn_rows, table_end
from custagent.knowledge.convert.text import read_text

GRID = """\
+---------+--------------+
| Country | Price        |
+=========+==============+
| Norway  | 49 kr, and   |
|         | no toll      |
+---------+--------------+
| Sweden  | 0 kr         |
+---------+--------------+
"""
SIMPLE = """\
=======  ============
Country  Price
=======  ============
Norway   49 kr, and
         no toll
Sweden   0 kr
=======  ============
"""
LISTED = """\
.. list-table:: Prices
   :header-rows: 1

   * - Country
     - Price
   * - Norway
     - 49 kr, and
       no toll
   * - Sweden
     - 0 kr
"""
CSV = """\
.. csv-table:: Prices
   :header: "Country", "Price"

   Norway, "49 kr, and no toll"
   Sweden, 0 kr
"""
ROWS = "Country: Norway; Price: 49 kr, and no toll\nCountry: Sweden; Price: 0 kr"


def text_of(source: str) -> str:
    raw = RawContent(location="a.rst", body=f"Text above.\n\n{source}\nText below.\n".encode())
    return "\n\n".join(section.text for section in read_text(raw, rst=True).sections)


@pytest.mark.parametrize("source", [GRID, SIMPLE, "\n".join(f"  {line}" for line in SIMPLE.splitlines()) + "\n"])
def test_a_drawn_table_is_a_line_a_row_with_its_columns(source):
    assert text_of(source) == f"Text above.\n\n{ROWS}\n\nText below."


@pytest.mark.parametrize("source", [LISTED, CSV])
def test_a_written_table_is_so_too_below_its_title(source):
    assert text_of(source) == f"Text above.\n\nPrices\n\n{ROWS}\n\nText below."


def test_a_table_without_headings_has_plain_rows():
    simple = "=====  ===\nMon    9-17\nSun    closed\n=====  ===\n"
    assert "Mon; 9-17\nSun; closed" in text_of(simple)
    assert "a; b" in text_of("+---+---+\n| a | b |\n+---+---+\n")
    assert "a; b\nc; d" in text_of(".. list-table::\n\n   * - a\n     - b\n   * - c\n     - d\n")


def test_what_only_looks_like_a_table_stays():
    assert "+---+ is a border" in text_of("+---+ is a border\n")
    assert table_end(["+--+"]) == 0
    assert table_end(["===  ===", "never ends"]) == 0


@given(st.lists(st.text(alphabet="+-=| ab", max_size=20), min_size=1, max_size=12))
def test_no_drawing_breaks_the_reader(lines):
    end = table_end(lines)
    assert 0 <= end <= len(lines)
    if end:
        drawn_rows(lines[:end])
