"""Kinds: by content first, then by declaration and name (SRC-1)."""

from __future__ import annotations

import io
import zipfile

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.kind import Kind, kind_of, supported


def kind(body: bytes, location: str = "file", media_type: str = "", charset: str = "") -> Kind:
    return kind_of(RawContent(location=location, body=body, media_type=media_type, charset=charset))


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("a.HTML", Kind.HTML), ("a.htm", Kind.HTML), ("a.xhtml", Kind.HTML), ("a.md", Kind.MARKDOWN), ("a.txt", Kind.TEXT),
        ("a.text", Kind.TEXT), ("a.cfg", Kind.TEXT), ("a.conf", Kind.TEXT), ("a.rst", Kind.RST), ("a.csv", Kind.CSV),
        ("a.json", Kind.JSON), ("a.jsonl", Kind.JSON), ("a.xml", Kind.XML), ("README", Kind.TEXT), ("https://x.example/a.md?v=1.csv", Kind.MARKDOWN),
        ("https://x.example/", Kind.TEXT), ("a.pdf", Kind.TEXT), ("a.docx", Kind.TEXT),
    ],
)  # fmt: skip
def test_text_is_what_its_name_says(location, expected):
    assert kind(b"some words", location) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<!DOCTYPE html><p>x", Kind.HTML),
        (b"\xef\xbb\xbf\n <!-- x --> <html lang=sv>", Kind.HTML),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html/>", Kind.HTML),
        ("<html><p>x".encode("utf-16"), Kind.HTML),
        (b"<?xml version='1.0'?><faq/>", Kind.XML),
        (b"%PDF-1.7\n", Kind.PDF),
        (b"\n\njunk %PDF-1.4\n", Kind.PDF),
        (zipped("word/document.xml"), Kind.DOCX),
        (zipped("ppt/presentation.xml"), Kind.PPTX),
    ],
)
@pytest.mark.parametrize("location", ["a.txt", "a", "a.md", "https://x.example/a.csv"])
def test_content_decides_over_the_name(body, expected, location):
    assert kind(body, location) is expected


@pytest.mark.parametrize("location", ["a.txt", "a", "https://x.example/faq"])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b' {"q": "How?"}', Kind.JSON), (b"\xef\xbb\xbf[{}]", Kind.JSON), (b'{"a": 1}\n{"a": 2}\n', Kind.JSON),
        (b"{the words} in braces", Kind.TEXT), (b"[1] A note.", Kind.TEXT), (b"[1]", Kind.TEXT), (b"[" * 100_000, Kind.TEXT),
    ],
)  # fmt: skip
def test_json_is_seen_where_the_name_says_text(body, expected, location):
    assert kind(body, location) is expected


@pytest.mark.parametrize(
    ("part", "reason", "hint"),
    [
        ("xl/workbook.xml", "Excel workbook", "CSV"),
        ("content.xml", "OpenDocument", "docx"),
        ("a/b", "archive", "kinds"),
    ],
)
def test_other_archives_are_named_with_what_to_do(part, reason, hint):
    with pytest.raises(ConvertError, match=reason) as caught:
        kind(zipped(part), "a.xlsx")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/html", Kind.HTML), ("application/xhtml+xml", Kind.HTML), ("text/markdown", Kind.MARKDOWN),
        ("text/csv", Kind.CSV), ("application/ld+json", Kind.JSON), ("application/rss+xml", Kind.XML),
        ("text/plain", Kind.MARKDOWN), ("application/octet-stream", Kind.MARKDOWN),
    ],
)  # fmt: skip
def test_the_declared_type_decides_over_the_name_unless_it_says_nothing(media_type, expected):
    assert kind(b"some words", "https://x.example/a.md", media_type) is expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"), (b" \n\t", "empty"), (b"\xef\xbb\xbf", "empty"), (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\xff\xd8\xff\xe0", "an image"), (b"GIF89a", "an image"), (b"\x1f\x8b\x08", "gzip"), (b"\x00\x01\x02abc", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Office"), (b"{\\rtf1", "RTF"), (zipped("xl/workbook.xml"), "not read"),
        (b"PK\x03\x04 damaged", "damaged"),
    ],
)  # fmt: skip
def test_what_holds_no_text_is_refused_by_name(body, reason):
    with pytest.raises(ConvertError, match=reason) as caught:
        kind(body, "pictures/a.bin")
    assert caught.value.message.startswith("pictures/a.bin: ")
    assert caught.value.hint


@pytest.mark.parametrize("media_type", ["text/css", "application/javascript", "image/svg+xml", "application/pdf"])
def test_a_declared_type_that_is_not_read_is_refused_by_name(media_type):
    with pytest.raises(ConvertError, match=media_type.replace("+", r"\+")):
        kind(b"some words", "https://x.example/a", media_type)


def test_the_kinds_of_a_folder():
    named = "docx htm html xhtml pptx csv json xml txt text md rst pdf cfg conf".split()
    assert all(supported(f"content/x.{suffix}") and supported(f"X.{suffix.upper()}") for suffix in named)
    assert not any(supported(name) for name in ("a.png", "a", ".gitignore", "a.yaml", "a.html.bak", "md"))
