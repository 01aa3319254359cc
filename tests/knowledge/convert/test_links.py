"""Where a page leads: what is joined quickly is joined as the standard library does, and translations are found."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from custagent.knowledge.convert.links import Links, join

HERE = "https://help.example/en/orders/late.html"


def links(body: str = "", *, head: str = "", location: str = HERE) -> Links:
    return Links(LexborHTMLParser(f"<html><head>{head}</head><body>{body}</body></html>"), location)


def alternate(language: str, href: str, rel: str = "alternate") -> str:
    return f'<link rel="{rel}" hreflang="{language}" href="{href}">'


PARTS = (
    "/", "..", ".", "a", "b.html", "?", "q=1", "#", "x", ":", "//", "http", "https", "HTTP", "help.example", "@", ";", "é",
    " ", "%20", "mailto:", "&", "[", "]", "\n", "~", "-", "c++", "8080", "...",
)  # fmt: skip
REFERENCES = st.lists(st.sampled_from(PARTS), max_size=7).map("".join)
BASES = (
    HERE, "https://help.example", "https://help.example/", "http://help.example/a/../b/./c?x=1#y", "content/a.html",
    "https://help.example:8080/a//b/", "https://help.example/a;p/b", "ftp://help.example/a", "", "https://[bad/x",
)  # fmt: skip


@given(href=REFERENCES, base=st.sampled_from(BASES))
@example(href="../../../up.html", base="https://help.example/a/b.html")
@example(href="../", base="https://help.example/a/b/c.html")
@example(href="/a/?q=/b", base=HERE)
@example(href="http://help.example", base=HERE)
@example(href="late.html#part", base=HERE)
def test_what_needs_no_resolving_is_joined_alike(href: str, base: str) -> None:
    found = links(f'<a href="{escape(href)}">x</a>', location=base).found()
    expected = join(base, href)
    assert found == ((expected,) if expected else ())


def test_several_places_of_a_page_are_one_link() -> None:
    found = links('<a href="b.html#x">x</a><a href="b.html">x</a><a href="#top">x</a><a href="">x</a>').found()
    assert found == ("https://help.example/en/orders/b.html", HERE)


def test_the_page_in_other_languages_comes_after_its_links() -> None:
    head = (
        alternate("sv", "/sv/orders/late.html")
        + alternate("x-default", "/orders/late.html")
        + alternate("de", "b.html")
    )
    found = links('<a href="b.html">x</a>', head=head).found()
    assert [one.removeprefix("https://help.example") for one in found] == [
        "/en/orders/b.html",
        "/sv/orders/late.html",
        "/orders/late.html",
    ]


@pytest.mark.parametrize(
    "head",
    [
        '<link rel="alternate" type="application/rss+xml" href="/feed">',
        alternate("sv", "/sv", rel="stylesheet"),
        alternate("sv", "mailto:help@help.example"),
        alternate(" ", "/sv"),
    ],
)
def test_what_is_no_translation(head: str) -> None:
    assert links(head=head).found() == ()
    assert links(head=head, location="https://help.example/sv").own_language() == ""


@pytest.mark.parametrize(
    ("head", "language"),
    [
        (alternate("en", "/en") + alternate("PT-br", HERE), "pt-br"),
        (alternate("x-default", HERE) + alternate("sv", HERE), "sv"),
        (alternate("x-default", HERE), ""),
        ('<link rel="canonical" href="/en/late">' + alternate("en", "/en/late"), "en"),
        (alternate("en", "/en/other"), ""),
    ],
)
def test_its_own_language(head: str, language: str) -> None:
    assert links(head=head, location=f"{HERE}#part").own_language() == language
