"""What a page says about itself: above all when it was changed, in the many ways of saying it."""

from __future__ import annotations

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import Document, RawContent
from custagent.knowledge.convert.html import read_html
from custagent.knowledge.convert.page_head import PageHead, moment
from custagent.knowledge.convert.structured import nodes_of


def dated(head: str = "", body: str = "") -> str:
    tree = LexborHTMLParser(f"<html><head>{head}</head><body>{body}</body></html>")
    return PageHead(tree).dated(nodes_of(tree))


def told(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(fields)}</script>'


MAY = "2026-05-03T00:00:00+00:00"


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:modified_time" content="2026-05-03">',
        '<meta property="og:updated_time" content="2026-05-03T02:00:00+02:00">',
        '<meta property="article:published_time" content="2026-05-03">',
        '<meta itemprop="dateModified" content="2026-05-03">',
        '<meta name="DCTERMS.modified" content="2026-05-03T00:00:00Z">',
        '<meta name="last-modified" content="Sun, 03 May 2026 00:00:00 GMT">',
        told(**{"@type": "TechArticle", "dateModified": "2026-05-03T00:00:00.4Z"}),
        told(**{"@type": ["WebPage", "FAQPage"], "datePublished": "2026-05-03"}),
        told(**{"@graph": [{"@type": "WebSite"}, {"@type": "WebPage", "dateModified": "2026-05-03"}]}),
    ],
)
def test_the_ways_to_say_it_in_the_head(head: str) -> None:
    assert dated(head) == MAY


@pytest.mark.parametrize(
    "body",
    [
        '<p>Last updated <time datetime="2026-05-03">3 May</time></p>',
        '<p>Zuletzt aktualisiert: <time datetime="2026-05-03">3. Mai</time></p>',
        '<div><time itemprop="datePublished" datetime="2026-05-03">3 May</time> by Ada</div>',
    ],
)
def test_the_ways_to_say_it_in_the_text(body: str) -> None:
    assert dated(body=body) == MAY


def test_the_last_change_counts_before_the_publication() -> None:
    published = '<meta property="article:published_time" content="2020-01-01">'
    assert dated(published, '<p>Last updated <time datetime="2026-05-03">3 May</time></p>') == MAY
    article = told(**{"@type": "Article", "datePublished": "2020-01-01", "dateModified": "2026-05-03"})
    assert dated(article + '<meta property="article:modified_time" content="2019-01-01">') == MAY


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", '<p>The sale begins on <time datetime="2026-05-03">3 May</time>.</p>'),
        (told(**{"@type": "Comment", "dateModified": "2026-05-03"}), ""),
        (told(**{"@type": "Event", "datePublished": "2026-05-03"}), ""),
        ('<meta name="description" content="2026-05-03">', ""),
        ('<meta property="article:modified_time" content="yesterday">', ""),
    ],
)
def test_other_dates_are_not_the_pages(head: str, body: str) -> None:
    assert dated(head, body) == ""


def test_a_broken_date_does_not_hide_a_good_one() -> None:
    article = told(**{"@type": "Article", "dateModified": {"@value": "2026"}, "datePublished": "2026-05-03"})
    assert dated(article) == MAY


@pytest.mark.parametrize(
    "written", ["", "  ", "soon", "0001-01-01T00:00:00+14:00", "1970-01-01", "9999-99-99", None, 7, []]
)
def test_what_is_no_date(written: object) -> None:
    assert moment(written) == ""


FILLER = "<p>The parcel leaves our warehouse on the next working day and reaches you within three days at most.</p>"
SHORT = "<h1>Taxi</h1><p>Taxi, hotel, bus, radio.</p>"
IS_DUTCH = "<link rel=alternate hreflang=nl href='/a/b.html'><link rel=alternate hreflang=sv href='/sv'>"


def read(head: str, body: str, *, lang: str = "", served: str = "") -> Document:
    page = f"<html lang='{lang}'><head>{head}</head><body>{body}</body></html>"
    raw = RawContent(location="https://help.example.com/a/b.html", body=page.encode(), language=served)
    return read_html(raw, "en").document


@pytest.mark.parametrize(
    ("lang", "head", "served", "language"),
    [("", IS_DUTCH, "fr", "nl"), ("", "", "fr", "fr"), ("de", IS_DUTCH, "fr", "de")],
)
def test_a_text_too_short_to_tell_is_in_the_language_that_is_said_of_it(
    lang: str, head: str, served: str, language: str
) -> None:
    assert read(head, SHORT, lang=lang, served=served).language == language


def test_a_text_that_is_surely_in_another_language_is_believed_more_than_what_is_said_of_it() -> None:
    assert read(IS_DUTCH, FILLER * 4).language == "en"


def test_its_date_is_kept_and_changes_nothing_that_can_be_cited() -> None:
    plain, later = read("", FILLER), read('<meta property="article:modified_time" content="2026-05-03">', FILLER)
    assert (plain.dated, later.dated) == ("", MAY)
    assert plain.hash == later.hash
