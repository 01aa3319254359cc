"""From bytes to a document, whatever the kind."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.reading import MAX_BYTES, read


@pytest.mark.parametrize(
    ("location", "body", "media_type"),
    [
        ("a.html", b"<p>Some text.</p>", "text/html"),
        ("a.md", b"Some text.", "text/markdown"),
        ("a.txt", b"Some text.", "text/plain"),
        ("a.rst", b"Some text.", "text/plain"),
        ("a.cfg", b"Some text.", "text/plain"),
        ("a.json", b'"Some text."', "application/json"),
        ("a.xml", b"<a>Some text.</a>", "application/xml"),
        ("a.csv", b"Some text.", "text/csv"),
    ],
)
def test_each_kind_has_its_reader(location, body, media_type):
    raw = RawContent(location=location, body=body, etag='"1"', last_modified="Mon")
    converted = read(raw, "en")
    document = converted.document
    assert [section.text for section in document.sections] == ["Some text."]
    assert (document.location, document.media_type, document.language) == (location, media_type, "en")
    assert (document.etag, document.last_modified) == ('"1"', "Mon")
    assert converted.links == ()


def test_a_pdf_has_its_reader(make_pdf):
    assert read(RawContent(location="a", body=make_pdf([["Some text."]]))).document.sections[0].page == 1


def test_only_html_has_links():
    page = read(RawContent(location="https://x.example/", body=b"<p>Some text.<a href=a>b</a>"), "en")
    assert page.links == ()
    page = read(RawContent(location="https://x.example/", body=b"<p>Some text.<a href=a>b</a>", media_type="text/html"))
    assert page.links == ("https://x.example/a",)


def test_a_huge_file_is_refused():
    with pytest.raises(ConvertError, match="at most 100 MB"):
        read(RawContent(location="a.txt", body=bytes(MAX_BYTES + 1)))


def test_characters_that_cannot_be_stored_are_replaced():
    document = read(RawContent(location="a.json", body=b'"bad \\ud800 and \\u0000 end"'), "en").document
    assert document.sections[0].text == "bad ? and  end"


@given(
    st.binary(max_size=300),
    st.sampled_from(["a.html", "a.md", "a.txt", "a.rst", "a.csv", "a.json", "a.xml", "a.conf", "a"]),
)
def test_bytes_are_a_document_or_a_convert_error(body, location):
    try:
        document = read(RawContent(location=location, body=body)).document
    except ConvertError as refused:
        error = refused
    else:
        assert document.title.strip()
        assert document.sections
        assert len(document.hash) == 64
        return
    assert str(error).startswith(location)


HOSTILE = [
    ("a.html", "<ul><li>"), ("a.html", "<dl><dt>"), ("a.html", ". "), ("a.html", "<b class='nav_a_a_a_a_a_a_a_a_a_a_a_a!'>"),
    ("a.md", "["), ("a.md", "{# x"), ("a.md", "<a\n"), ("a.txt", ". "), ("a.txt", "a-"), ("a.rst", ":a:`"), ("a.rst", "`a <"),
    ("a.rst", ":"), ("a.csv", ';"'), ("a.csv", '{"a":'), ("a.json", "[1,"), ("a.xml", "<a>"), ("a.conf", "["),
]  # fmt: skip


@pytest.mark.parametrize(("location", "piece"), HOSTILE)
def test_no_pattern_takes_for_ever_on_hostile_text(location, piece):
    """Half a second of processor time is common; ten would be a pattern whose time grows with the square."""
    body = ("word " + piece * (60_000 // len(piece)) + "!x").encode()
    started = time.process_time()
    with contextlib.suppress(ConvertError):
        read(RawContent(location=location, body=body))
    assert time.process_time() - started < 10
