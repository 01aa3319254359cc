"""PDF: pages and headings as sections, lines made whole, what repeats on each page left out."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.pdf import read_pdf

LONG = [
    "The parcel leaves our warehouse on the next working day and reaches you within three",
    "days. On Saturdays nothing leaves, because the carrier has a day off.",
    "Ask us.",
]


def read(body: bytes, location: str = "content/user-guide.pdf", hint: str = "") -> Document:
    return read_pdf(RawContent(location=location, body=body), hint)


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


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", "First line"),
        ("untitled", "First line"),
        ("Microsoft Word - Price list.docx", "Price list"),
        ("a.tex", "First line"),
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
