"""Front matter: read as site generators write it, written so that YAML reads the same."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import RawContent
from custagent.knowledge.convert.front_matter import (
    address_of,
    last_changed,
    public_address,
    read_front_matter,
    write_front_matter,
)
from custagent.knowledge.convert.markdown import read_markdown

PAGE = """---
title: "Say \\"hi\\""
url: HTTPS://www.example.com:443/returns#how
language: en
updated: 2026-02-01T08:30:00Z
tags: [a, b]
---
# Something else

## By parcel {#parcel}

Thirty days.

## By train

Bring it.
"""


def test_a_file_that_names_its_address_is_cited_by_it() -> None:
    document = read_markdown(RawContent(location="content/returns.md", body=PAGE.encode()))
    assert document.location == "https://www.example.com/returns"
    assert document.title == 'Say "hi"'
    assert document.last_modified == "Sun, 01 Feb 2026 08:30:00 GMT"
    # A heading's own anchor is not made up for a page that is elsewhere.
    assert [section.anchor for section in document.sections] == ["parcel", ""]


def test_a_file_without_an_address_has_its_path_and_anchors_by_heading() -> None:
    document = read_markdown(RawContent(location="content/returns.md", body=b"# Returns\n\n## By train\n\nBring it.\n"))
    assert document.location == "content/returns.md"
    assert [section.anchor for section in document.sections] == ["by-train"]


@pytest.mark.parametrize("url", ["/returns", "returns.html", "file:///etc/passwd", "javascript:alert(1)", "https://"])
def test_only_web_addresses_are_addresses(url: str) -> None:
    assert public_address({"url": url}) == ""
    raw = RawContent(location="content/a.md", body=f"---\nurl: {url}\n---\nText of it.\n".encode())
    assert read_markdown(raw).location == "content/a.md"


@pytest.mark.parametrize(
    ("updated", "told"),
    [
        ("2026-02-01", "Sun, 01 Feb 2026 00:00:00 GMT"),
        ("2026-02-01T10:30:00+02:00", "Sun, 01 Feb 2026 08:30:00 GMT"),
        ("last week", ""),
        ("", ""),
    ],
)
def test_dates_are_told_as_http_does(updated: str, told: str) -> None:
    assert last_changed({"updated": updated}) == told


def test_the_address_is_known_without_converting() -> None:
    assert address_of(RawContent(location="a.md", body=PAGE.encode())) == "https://www.example.com/returns"
    assert address_of(RawContent(location="a.md", body=PAGE.replace("\n", "\r\n").encode())) != ""
    assert address_of(RawContent(location="a.txt", body=PAGE.encode())) == ""
    assert address_of(RawContent(location="a.md", body=b"\xff\xfe\x00")) == ""


@given(st.text(max_size=60))
def test_what_is_written_is_what_yaml_and_we_read(value: str) -> None:
    value = " ".join(value.split())
    written = write_front_matter({"title": value, "left-out": ""})
    text = "".join(letter for letter in written if letter.isprintable() or letter == "\n")
    if text != written:
        return  # YAML takes no control characters, and JSON escapes only some of them
    fields, rest = read_front_matter(written + "Text")
    assert fields.get("title", "") == value
    assert rest == "Text"
    if value:
        assert yaml.safe_load(written.split("---")[1] if "---" not in value else written[4:-5])["title"] == value


@pytest.mark.parametrize("value", ["no", "true", "1e3", "1234", "null", "- a", "a: b", "#x", "@x", "'x'", '"', "\\"])
def test_what_yaml_would_take_for_something_else_is_quoted(value: str) -> None:
    written = write_front_matter({"title": value})
    assert yaml.safe_load(written[4:-5]) == {"title": value}
    assert read_front_matter(written)[0] == {"title": value}
