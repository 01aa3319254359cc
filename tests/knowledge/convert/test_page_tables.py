"""Tables in PDFs: a line a row with the headings of its columns, however the program has drawn them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.knowledge.convert.page_line import Line
from custagent.knowledge.convert.page_tables import with_tables
from custagent.knowledge.convert.pdf import read_pdf

COLUMNS = (60, 180, 320, 430)
HEAD = ("Country", "Delivery", "Price", "Days")
ROWS = [
    ("Sweden", "Home", "49 kr", "2"),
    ("Norway", "Pickup point", "99 kr", "4"),
    ("Denmark", "Home", "79 kr", "3"),
    ("Finland", "Letter", "89 kr", "5-7"),
]
LINES = [
    "Country: Sweden; Delivery: Home; Price: 49 kr; Days: 2",
    "Country: Norway; Delivery: Pickup point; Price: 99 kr; Days: 4",
    "Country: Denmark; Delivery: Home; Price: 79 kr; Days: 3",
    "Country: Finland; Delivery: Letter; Price: 89 kr; Days: 5-7",
]
ABOVE = ("We deliver to the countries below, on every working day of the year that is not a holiday.", 60, 740, 10, "")
BELOW = ("Ask us about other countries before you order, since the rules of customs are not the same.", 60, 580, 10, "")


def grid(rows=ROWS, head=HEAD, look="bold", top=700, step=18):
    """The cells, row by row."""
    first = [(text, x, top, 10, look) for text, x in zip(head, COLUMNS, strict=False)]
    return first + [
        (text, x, top - step * (at + bool(head)), 10, "")
        for at, row in enumerate(rows)
        for text, x in zip(row, COLUMNS, strict=False)
        if text
    ]


def text_of(make_pdf, *lines) -> str:
    raw = RawContent(location="content/prices.pdf", body=make_pdf([list(lines)], title="Prices"))
    return "\n\n".join(section.text for section in read_pdf(raw).document.sections)


@pytest.mark.parametrize("order", ["rows", "columns", "mixed"])
@pytest.mark.parametrize("look", ["bold", ""])
def test_a_row_is_a_line_with_the_headings_of_its_columns_however_it_was_drawn(make_pdf, order, look):
    cells = grid(look=look)
    if order == "columns":
        cells.sort(key=lambda cell: cell[1])
    elif order == "mixed":
        random.Random(7).shuffle(cells)
    text = text_of(make_pdf, ABOVE, *cells, BELOW)
    assert text == "\n\n".join([ABOVE[0], "\n".join(LINES), BELOW[0]])


def test_without_headings_the_cells_of_a_row_stand_on_a_line(make_pdf):
    text = text_of(make_pdf, ABOVE, *grid(head=()), BELOW)
    assert text.split("\n\n")[1] == "Sweden; Home; 49 kr; 2\nNorway; Pickup point; 99 kr; 4\nDenmark; Home; 79 kr; 3\nFinland; Letter; 89 kr; 5-7"  # fmt: skip


def test_a_cell_may_be_of_several_lines_and_a_place_may_be_empty(make_pdf):
    cells = [
        *grid(rows=[], head=("Product", "What it is for", "Warranty")),
        ("Rain jacket", 60, 676, 10, ""), ("Keeps you dry on", 180, 676, 10, ""), ("long walks", 180, 664, 10, ""),
        ("2 years", 320, 676, 10, ""),
        ("Alpine tent for", 60, 640, 10, ""), ("three people", 60, 628, 10, ""), ("5 years", 320, 640, 10, ""),
        ("Socks", 60, 604, 10, ""), ("Warm feet", 180, 604, 10, ""), ("none", 320, 604, 10, ""),
    ]  # fmt: skip
    assert text_of(make_pdf, *cells).splitlines() == [
        "Product: Rain jacket; What it is for: Keeps you dry on long walks; Warranty: 2 years",
        "Product: Alpine tent for three people; Warranty: 5 years",
        "Product: Socks; What it is for: Warm feet; Warranty: none",
    ]


def test_rows_close_to_each_other_go_on_where_the_first_column_is_empty(make_pdf):
    rows = [("Rain jacket", "Keeps you dry", "2"), ("", "on long walks", ""), ("Tent", "Sleep anywhere", "5")]
    text = text_of(
        make_pdf, *grid(rows=[*rows, ("Socks", "Warm feet", "1")], head=("Product", "Use", "Years"), step=12)
    )
    assert text.splitlines()[0] == "Product: Rain jacket; Use: Keeps you dry on long walks; Years: 2"
    assert len(text.splitlines()) == 3


def test_two_columns_are_a_table_where_they_have_headings_or_figures(make_pdf):
    sizes = [("S", "88 cm"), ("M", "96 cm"), ("L", "104 cm")]
    assert text_of(make_pdf, *grid(rows=sizes, head=("Size", "Chest"), look="")).startswith("Size: S; Chest: 88 cm\n")
    assert text_of(make_pdf, *grid(rows=sizes, head=())).startswith("S; 88 cm\n")
    terms = [("refund", "what you get back"), ("return", "what you send us"), ("voucher", "what you pay with")]
    assert "; " not in text_of(make_pdf, *grid(rows=terms, head=()))
    assert "what: refund" in text_of(make_pdf, *grid(rows=terms, head=("what", "means")))


def test_a_number_in_a_sentence_makes_no_heading_of_the_one_above(make_pdf):
    terms = [
        ("%D", "the date"),
        ("%T", "the time, of 24 hours"),
        ("%t", "the time, of 12 hours"),
        ("%x", "1 of 2 ways"),
    ]
    assert "; " not in text_of(make_pdf, *grid(rows=terms, head=()))


def test_what_stands_between_two_tables_parts_them(make_pdf):
    sizes = [("S", "88 cm"), ("M", "96 cm"), ("L", "104 cm")]
    heading = ("Sizes", 60, 580, 14, "bold")
    note = ("By your chest.", 60, 555, 10, "")
    second = grid(rows=sizes, head=("Size", "Chest"), top=535)
    text = text_of(make_pdf, ABOVE, *grid(), heading, note, *second)
    assert text.index(LINES[-1]) < text.index("By your chest.") < text.index("Size: S; Chest: 88 cm")
    assert "Country: Size" not in text
    below = text_of(make_pdf, *grid(), ("Ask us.", 60, 592, 10, ""), *grid(top=560))
    assert below.split("\n\n") == ["\n".join(LINES), "Ask us.", "\n".join(LINES)]


def test_what_follows_as_closely_as_a_row_is_none(make_pdf):
    lines = [*grid(), ("Ask us.", 60, 610, 10, ""), ("We measure them at home.", 60, 592, 10, ""), BELOW]
    assert text_of(make_pdf, *lines).startswith("\n".join(LINES) + "\n\nAsk us.")


def test_a_heading_between_rows_ends_the_table(make_pdf):
    lines = [*grid(), ("Sizes", 60, 610, 14, ""), *grid(top=592)]
    assert text_of(make_pdf, *lines).split("\n\n") == ["\n".join(LINES)] * 2


def test_where_all_is_bold_the_first_row_is_like_the_others(make_pdf):
    cells = [("home", "door", "fast"), ("post", "shop", "slow"), ("letter", "box", "slow")]
    bold = [(text, x, y, size, "bold") for text, x, y, size, _ in grid(rows=cells, head=())]
    assert text_of(make_pdf, *bold).splitlines() == ["home; door; fast", "post; shop; slow", "letter; box; slow"]


def test_running_text_in_columns_is_none(make_pdf):
    words = "the parcel leaves our house on the next day and reaches".split()
    rows = [tuple(" ".join(random.Random(at * 3 + c).sample(words, 6)) for c in range(3)) for at in range(12)]
    cells = [
        (text, x, 700 - 12 * at, 8, "")
        for at, row in enumerate(rows)
        for text, x in zip(row, (40, 220, 400), strict=True)
    ]
    assert "; " not in text_of(make_pdf, *cells)


def test_a_table_tells_nothing_about_how_wide_the_text_was_set(make_pdf):
    rows = [
        (f"{country} and all of the islands around", "by ship", f"{at}", "9") for at, country in enumerate("ABCDEFGH")
    ]
    short = ["The parcel leaves our warehouse on the next", "working day and reaches you within three days", "at most."]
    lines = [(text, 60, 780 - 12 * at, 10, "") for at, text in enumerate(short)]
    wide = [(60, "Country"), (300, "Way"), (400, "Price"), (500, "Days")]
    cells = [(text, x, 700, 10, "bold") for x, text in wide]
    cells += [
        (text, x, 682 - 18 * at, 10, "") for at, row in enumerate(rows) for text, (x, _) in zip(row, wide, strict=True)
    ]
    assert text_of(make_pdf, *lines, *cells).startswith(
        " ".join(short) + "\n\nCountry: A and all of the islands around; "
    )


places = st.floats(min_value=-50, max_value=900, allow_nan=False)


@given(
    st.lists(
        st.builds(
            lambda text, left, wide, bottom, size: Line(
                text=text, left=left, right=left + wide, bottom=bottom, top=bottom + size, size=size
            ),
            st.text(alphabet="ab1 ", min_size=1, max_size=8),
            places,
            st.floats(min_value=0, max_value=200),
            places,
            st.floats(min_value=0, max_value=30),
        ),
        max_size=25,
    )
)
def test_wherever_letters_stand_none_is_lost(lines):
    def words(found):
        return sorted(
            "".join(line.text for line in found).replace("\u2063", "").replace(";", " ").replace(":", " ").split()
        )

    found = with_tables(lines, lambda _line: False)
    assert sorted("".join(words(found))) >= sorted("".join(words(lines)))
