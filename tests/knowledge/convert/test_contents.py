"""Lists that only lead about: the page's own contents, its translations; and what looks like them and is none."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import RawContent
from custagent.knowledge.convert.contents import MAX_CLIMB, signposts_of
from custagent.knowledge.convert.html import read_html

LINKS = "<a href='#one'>One thing</a>", "<a href='#two'>Two things</a>", "<a href='#three'>Three</a>"
ANSWERS = "".join(
    f"<h2 id={name}>{name.title()} here</h2><p>The answer to {name}.</p>" for name in ("one", "two", "three")
)


def text_of(body: str) -> str:
    page = f"<!doctype html><html lang=en><body>{body}</body></html>"
    document = read_html(RawContent(location="https://help.example/a", body=page.encode())).document
    return "\n".join(section.text for section in document.sections)


@pytest.mark.parametrize(
    "form",
    [
        "<ul><li>{}</li><li>{}</li><li>{}</li></ul>",
        "<ol><li>1. {}<ol><li>1.1 {}</li></ol></li><li>2. {}</li></ol>",
        "<p>{} | {} | {}</p>",
        "<div><div>{}</div><div>{}</div><div>{}</div></div>",
        "<table><tr><td>{}<td>{}<td>{}</table>",
    ],
)
def test_the_contents_of_a_page_are_no_text_of_it(form):
    text = text_of(f"<main><h1>All things</h1>{form.format(*LINKS)}{ANSWERS}</main>")
    assert text == "The answer to one.\nThe answer to two.\nThe answer to three."


def test_their_heading_goes_with_them():
    contents = f"<h2>Contents</h2><ul><li>{'<li>'.join(LINKS)}</ul>"
    assert "Contents" not in text_of(f"<main><h1>All things</h1>{contents}{ANSWERS}</main>")


@pytest.mark.parametrize(
    "body",
    [
        "<p>See {} first, then read what is said about {} and in the end, if there is time, {}.</p>",
        "<ul><li>{}<li>{}</ul>",
        "<ul><li>{}: 49 kr, in all countries<li>{}: 59 kr, only in ours<li>{}: nothing at all</ul>",
    ],
    ids=["a sentence with links", "two links", "links that are told about"],
)
def test_references_within_a_text_are_kept(body):
    assert "One thing" in text_of(f"<main><h1>All things</h1>{body.format(*LINKS)}{ANSWERS}</main>")


def test_headings_that_link_to_themselves_are_no_contents():
    headings = "".join(f"<h2 id={one}><a href='#{one}'>About {one}</a></h2>" for one in ("a", "b", "c"))
    assert "About a" in text_of(f"<main><h1>All</h1><div>{headings}</div>{ANSWERS}</main>")


@pytest.mark.parametrize("opens", ["aria-expanded=false", "data-toggle=collapse", "role=button"])
def test_lids_of_answers_are_no_contents(opens):
    lids = "".join(f"<a href='#{one}' {opens}>About all of {one}</a>" for one in ("a", "b", "c"))
    tree = LexborHTMLParser(f"<body><div>{lids}</div><p id=a>a<p id=b>b<p id=c>c")
    assert signposts_of(tree) == frozenset()


def test_the_list_of_translations_is_no_text():
    languages = "<a hreflang=en href=/en>en</a> | <a hreflang=fr href=/fr>fr</a> | <a hreflang=de href=/de>de</a>"
    assert text_of(f"<main><h1>All</h1><p>Available languages: {languages}</p><p>The text.</p></main>") == "The text."


def test_a_link_to_one_foreign_page_is_text():
    text = text_of(
        "<main><p>The law itself is <a hreflang=de href=/de>in German</a>, and there is no other.</p></main>"
    )
    assert "in German" in text


def test_a_list_of_contents_is_looked_for_near_its_links():
    deep = f"{'<div>' * MAX_CLIMB}{''.join(LINKS)}{'</div>' * MAX_CLIMB}"
    tree = LexborHTMLParser(f"<body><section>{deep}</section>{ANSWERS}")
    section = tree.css_first("section")
    assert section is not None
    assert len(signposts_of(tree)) == MAX_CLIMB
    assert section.mem_id not in signposts_of(tree)
