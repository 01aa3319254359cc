"""PDF: pages and headings as sections, lines made whole, what repeats on each page left out."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from custagent.core.agent import FileSource
from custagent.core.document import Document, RawContent, SourceStatus
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.pdf import read_pdf

LONG = [
    "The parcel leaves our warehouse on the next working day and reaches you within three",
    "days. On Saturdays nothing leaves, because the carrier has a day off.",
    "Ask us.",
]


def converted(body: bytes, location: str = "content/user-guide.pdf", hint: str = "") -> Converted:
    return read_pdf(RawContent(location=location, body=body), hint)


def read(body: bytes, location: str = "content/user-guide.pdf", hint: str = "") -> Document:
    return converted(body, location, hint).document


def outline(document: Document) -> list[tuple[int | None, tuple[str, ...], str]]:
    return [(section.page, section.headings, section.text) for section in document.sections]


def test_a_page_is_a_section_with_its_number(make_pdf):
    document = read(make_pdf([["Guide"], LONG, ["Third page."]], title="The guide"))
    assert [(section.page, section.headings) for section in document.sections] == [(1, ()), (2, ()), (3, ())]
    assert document.title == "The guide"
    assert document.media_type == "application/pdf"


def test_lines_of_a_paragraph_become_one(make_pdf):
    text = read(make_pdf([LONG])).sections[0].text
    assert "within three days. On Saturdays" in text
    assert text.endswith("a day off.\n\nAsk us.")


def test_lists_keep_their_lines(make_pdf):
    assert read(make_pdf([[*LONG, "• one", "• two", "1. three"]])).sections[0].text.endswith("\n- one\n- two\n1. three")


def test_words_cut_at_a_lines_end_are_made_whole(make_pdf):
    lines = [
        "Here it is written as one word that the end of the line has cut in its middle: sub-",
        "scription. A self-service portal is open all day long, and so is each self-",
        "service. All of the related pages on the web are listed below in one place: web-",
        "related pages.",
    ]
    text = read(make_pdf([lines])).sections[0].text
    assert "subscription." in text
    assert "each self-service." in text
    assert "web-related pages" in text


def test_running_heads_and_page_numbers_are_left_out(make_pdf):
    pages = [
        [f"Chapter {at // 3}: Care {at}", "ACME guide", f"Text of page {'abcdef'[at]}.", *LONG, "www.example.com"]
        for at in range(6)
    ]
    text = "\n".join(section.text for section in read(make_pdf(pages)).sections)
    for furniture in ("Chapter", "ACME", "www"):
        assert furniture not in text
    assert all(f"Text of page {letter}." in text for letter in "abcdef")


def test_a_line_that_repeats_on_few_pages_stays(make_pdf):
    pages = [["Please note", *LONG], ["Please note", *LONG], LONG, LONG, LONG, LONG]
    assert "Please note" in read(make_pdf(pages)).sections[0].text


def test_contents_and_index_lines_are_left_out_but_prices_stay(make_pdf):
    contents = [
        "Contents",
        *(f"{name} . . . . . . . . {at}" for at, name in enumerate(["One", "Two", "Three", "Four", "Five"], 1)),
    ]
    prices = [
        "Prices",
        *(
            f"{name} ........ {price}"
            for name, price in [("Tube", 79), ("Tyre", 349), ("Bell", 99), ("Lamp", 249), ("Lock", 599)]
        ),
    ]
    plain = [[f"This is the page of {name}.", *LONG, f"And so on, {name}."] for name in ("tubes", "tyres", "bells")]
    document = read(make_pdf([contents, plain[0], prices, *plain[1:]]))
    assert [section.page for section in document.sections] == [2, 3, 4, 5]
    assert "Tyre … 349" in document.sections[1].text


def test_the_outline_gives_headings(make_pdf):
    pages = [["Welcome."], ["1 Delivery", *LONG, "2 Returns", "Send it back."], ["More of returns."]]
    document = read(make_pdf(pages, outline=[("Delivery", 2), ("Returns", 2)]))
    assert [(section.page, section.headings) for section in document.sections] == [
        (1, ()), (2, ("Delivery",)), (2, ("Returns",)), (3, ("Returns",)),
    ]  # fmt: skip
    assert document.sections[2].text == "Send it back."


def test_an_outline_that_is_worded_otherwise_heads_the_whole_page(make_pdf):
    document = read(make_pdf([["Welcome."], LONG], outline=[("How we deliver", 2)]))
    assert [section.headings for section in document.sections] == [(), ("How we deliver",)]


def test_without_an_outline_larger_and_bold_lines_are_headings(make_pdf):
    def set_page(*lines: tuple[str, float, str]) -> list[tuple[str, float, float, float, str]]:
        return [(text, 50, 780 - 24 * at, size, look) for at, (text, size, look) in enumerate(lines)]

    body = [(line, 10, "") for line in LONG * 2]
    document = read(make_pdf([
        set_page(("ACME", 14, ""), ("The guide", 20, "bold"), ("Delivery", 14, ""), *body, ("Abroad", 10, "bold"), *body),
        set_page(("ACME", 14, ""), *body, ("Returns and", 14, ""), ("A bold sentence stays where it is.", 10, "bold"), *body),
        set_page(("ACME", 14, ""), *body),
    ]))  # fmt: skip
    assert document.title == "The guide"
    assert [(section.page, section.headings) for section in document.sections] == [
        (1, ("Delivery",)), (1, ("Delivery", "Abroad")), (2, ("Delivery", "Abroad")), (2, ("Returns and",)),
        (3, ("Returns and",)),
    ]  # fmt: skip
    assert "A bold sentence stays" in document.sections[3].text


def test_a_heading_of_two_lines_is_one_and_print_that_is_all_large_says_nothing(make_pdf):
    page = [("A heading of", 50, 700, 16, ""), ("two lines", 50, 681, 16, ""), *LONG, *LONG, *LONG]
    assert read(make_pdf([page, LONG])).title == "A heading of two lines"
    shouting = [(f"LINE {'abcdefgh'[at]}", 50, 700 - 40 * at, 10 + at, "bold") for at in range(8)]
    assert {section.headings for section in read(make_pdf([shouting], title="T")).sections} == {()}


def test_an_outline_that_says_too_little_is_not_gone_by(make_pdf):
    pages = [[("Part a" if at % 2 else "Part b", 50, 800, 16, ""), *LONG, *LONG] for at in range(4)]
    document = read(make_pdf(pages, outline=[("The file", 1)], title="T"))
    assert [section.headings for section in document.sections] == [("Part b",), ("Part a",), ("Part b",), ("Part a",)]


LEFT = ["the parcel leaves our warehouse early", "on the next day, and then it travels", "to the town where you live, which",
        "takes three days at most. On every", "day but Sunday it goes on its way and", "comes to your door in the end."]  # fmt: skip
RIGHT = ["you send it back within two weeks of", "the day on which it came, with a note", "that says what is wrong, and then we",
         "pay for it. It takes four days until", "the money is there, or five where the", "bank is slow to book it."]  # fmt: skip


def beside(left: list[str], right: list[str], top: float = 700) -> list[tuple[str, float, float, float, str]]:
    """Two columns, drawn line by line."""
    rows = [
        ((one, 50, top - 14 * at, 10, ""), (two, 320, top - 14 * at, 10, ""))
        for at, (one, two) in enumerate(zip(left, right, strict=True))
    ]
    return [line for row in rows for line in row]


def test_columns_are_read_one_after_the_other_however_they_were_drawn(make_pdf):
    over = ("This line stands over both of the columns and over all that is said in them.", 50, 740, 10, "")
    text = " ".join(read(make_pdf([[over, *beside(LEFT, RIGHT)]])).sections[0].text.split())
    assert text.startswith("This line stands over")
    assert f"{' '.join(LEFT)} {' '.join(RIGHT)}" in text


def test_rows_of_a_table_are_not_taken_for_columns(make_pdf):
    places = ["Norway and the islands", "Sweden but not Gotland", "Denmark with all of Bornholm"]
    places += ["Finland without the isles", "Iceland and its islands", "Estonia and its islands"]
    prices = [f"{at}9 kr for each parcel" for at in range(1, 7)]
    text = read(make_pdf([["Prices of delivery", *beside(places, prices)]])).sections[0].text
    for place, price in zip(places, prices, strict=True):
        assert f"{place} {price}" in text


def test_what_stands_above_is_read_first_however_it_was_drawn(make_pdf):
    below = [
        (line, 50, 600 - 14 * at, 10, "") for at, line in enumerate(["Second it says this.", "Third it says that."])
    ]
    above = [("First of all it says this here.", 50, 700, 10, "")]
    assert read(make_pdf([[*below, *above]], title="T")).sections[0].text.startswith("First of all")


def test_a_sentence_that_the_pages_end_has_cut_stands_whole_where_it_begins(make_pdf):
    first = [*LONG[:2], "You may also come to our shop in the town, where somebody helps you with the re-"]
    document = read(
        make_pdf([["repair"], first, ["pair of your bicycle. The next sentence is here.", "- An item."]], title="T")
    )
    assert [(page, text.removeprefix(" ".join(LONG[:2])).strip()) for page, _, text in outline(document)[1:]] == [
        (2, "You may also come to our shop in the town, where somebody helps you with the repair of your bicycle."),
        (3, "The next sentence is here.\n- An item."),
    ]


@pytest.mark.parametrize("following", ["A new paragraph begins.", "1. a list begins", "- a list begins"])
def test_what_begins_anew_stays_on_its_page(make_pdf, following):
    first = "You may also come to our shop in the town, where somebody helps you with your bicycle"
    assert outline(read(make_pdf([[first], [following]], title="T"))) == [(1, (), first), (2, (), following)]


def test_a_sentence_is_not_carried_over_a_heading(make_pdf):
    first = "You may also come to our shop in the town, where somebody helps you with your bicycle"
    pages = [[first], ["Repairs", "small things are repaired at once."]]
    found = outline(read(make_pdf(pages, outline=[("Shop", 1), ("Repairs", 2)], title="T")))
    assert [(page, text) for page, _, text in found] == [(1, first), (2, "small things are repaired at once.")]


def test_pages_that_are_pictures_are_warned_of(make_pdf):
    pages = [[f"On page {name} it says more than a picture could: a lot."] for name in "abcdef"]
    pages[1] = pages[3] = []
    found = converted(make_pdf(pages, pictured=[1, 2, 4]))
    assert found.warnings == (
        "pages 2, 4 are pictures without text, so nothing of them is known; run text recognition (OCR) on the file",
    )
    assert converted(make_pdf([LONG, []], pictured=[2])).warnings[0].startswith("page 2 is a picture")
    assert converted(make_pdf([LONG, []])).warnings == ()


def test_the_warning_stands_among_the_problems_of_its_source(library, make_pdf):
    pages = [["Bicycles are repaired on Mondays and Tuesdays, in the shop behind the station."], []]
    (library.root / "content").mkdir(exist_ok=True)
    (library.root / "content" / "guide.pdf").write_bytes(make_pdf(pages, pictured=[2]))
    state = library.read(FileSource(file="content/guide.pdf"))
    assert (state.status, state.error) == (SourceStatus.READY, "")
    ((place, problem),) = state.problems
    assert place == "content/guide.pdf"
    assert problem.startswith("page 2 is a picture without text")
    # It has not changed, and is still to be complained of.
    assert library.read(FileSource(file="content/guide.pdf")).problems == state.problems


def test_a_scanned_file_with_a_line_of_the_scanner_on_each_page_is_refused(make_pdf):
    with pytest.raises(ConvertError, match="pictures of pages but no text"):
        read(make_pdf([["Scanned by ScanApp"]] * 5, pictured=range(1, 6)))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", "First line"),
        ("(anonymous)", "First line"),
        ("untitled", "First line"),
        ("Microsoft Word - Price list.docx", "Price list"),
        ("a.tex", "First line"),
        ("terms.html", "First line"),
    ],
)
def test_title(make_pdf, title, expected):
    assert read(make_pdf([["First line", *LONG]], title=title)).title == expected


def test_without_a_title_or_a_short_first_line_the_file_names_it(make_pdf):
    assert read(make_pdf([["word " * 30]])).title == "User guide"


def test_the_language_is_detected(make_pdf):
    swedish = ["Paketet lämnar lagret nästa arbetsdag och kommer fram inom tre dagar. På lördagar skickas inget."]
    assert read(make_pdf([swedish])).language == "sv"
    assert read(make_pdf([["12"]]), hint="fi").language == "fi"


def test_a_pdf_with_a_password_is_refused(make_pdf):
    with pytest.raises(ConvertError, match="asks for a password"):
        read(make_pdf([LONG], locked=True))


def test_a_pdf_without_text_is_refused(make_pdf):
    with pytest.raises(ConvertError, match="pictures of pages but no text") as caught:
        read(make_pdf([[], []]))
    assert "OCR" in caught.value.hint


@pytest.mark.parametrize("body", [b"%PDF-1.4\njunk", b"%PDF-1.7\n" + bytes(range(256)) * 20])
def test_a_damaged_pdf_is_refused(body):
    with pytest.raises(ConvertError, match="damaged"):
        read(body)


def test_a_real_manual(eval_data):
    folder = eval_data / "dev" / "d5_zsh_manual_pdf_en"
    document = read((folder / "corpus" / "zsh.pdf").read_bytes(), "zsh.pdf")
    assert document.title == "The Z Shell Manual"
    assert document.language == "en"
    text = "\n".join(section.text for section in document.sections)
    assert "Chapter 15: Parameters 92" not in text
    assert "\ufffe" not in text
    headed = {(section.page, section.headings[-1]) for section in document.sections if section.headings}
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    found = sum((query["gold_page"], query["question"]) in headed for query in queries)
    assert found / len(queries) > 0.95


@pytest.mark.parametrize("piece", ["a", ". ", ".", "1,", "a-", "\u00ad", "1 "])
def test_no_pattern_takes_for_ever_on_hostile_lines(make_pdf, piece):
    started = time.process_time()
    with contextlib.suppress(ConvertError):
        read(make_pdf([[f"Some {piece * (20_000 // len(piece))}!x"], LONG]))
    assert time.process_time() - started < 10
