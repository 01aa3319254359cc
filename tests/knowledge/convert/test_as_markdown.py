"""Markdown that is written of a document is read as the same document."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custagent.core.document import Document, RawContent, Section
from custagent.knowledge.convert.as_markdown import as_markdown
from custagent.knowledge.convert.html import read_html
from custagent.knowledge.convert.markdown import read_markdown

URL = "https://www.example.com/returns"
PAGE = """<html lang=en><head><title>Returns &amp; refunds</title></head><body><main>
<h1 id=top>Returns &amp; refunds</h1><p>You can *return* [x] a_b _x_ #1 &amp; &amp;amp; within <b>30</b> days.</p>
<h2 id="how">How do I pack it?</h2>
<ol><li>Fold it<ul><li>the bars<li>the pedals *</ul><li>Send it<br>today</ol>
<h3>Deep</h3><p># no heading</p><p>1. no list</p><p>+ no list<br>= no list</p>
<pre>pip  install x
   ``` y</pre>
<table><tr><th>Size<th>Price</tr><tr><td>S<td>1|2</tr><tr><td>L<td>3</tr></table>
<h2 id=q>FAQ</h2><details><summary>Can I?</summary><p>Yes.</p></details>
<details><summary>May I {#not-an-anchor}?</summary><p>No.</p></details><p>After.</p>
</main></body></html>"""


def back(document: Document) -> Document:
    text = f"---\nurl: {URL}\nlanguage: en\n---\n{as_markdown(document)}"
    return read_markdown(RawContent(location="content/returns.md", body=text.encode()))


def test_a_page_comes_back_as_it_was() -> None:
    page = read_html(RawContent(location=URL, body=PAGE.encode(), media_type="text/html"), "").document
    assert len(page.sections) == 6
    again = back(page)
    assert again.sections == page.sections
    assert (again.title, again.location, again.hash) == (page.title, page.location, page.hash)


def test_it_reads_well() -> None:
    document = Document(
        location=URL,
        title="Returns",
        language="en",
        sections=(
            Section(text="First.\n\n- one\n  - two\n- three", headings=("How?", "By parcel"), anchor="parcel"),
            Section(text="Size: S; Price: 3\nSize: L; Price: 4", headings=("How?", "By train")),
        ),
    )
    assert as_markdown(document) == (
        "# Returns\n\n## How?\n\n### By parcel {#parcel}\n\nFirst.\n\n- one\n  - two\n- three\n\n### By train\n\n"
        "Size: S; Price: 3\\\nSize: L; Price: 4\n"
    )


def test_lists_of_links_are_left_out_unless_there_is_nothing_else() -> None:
    link = Section(text="- About us", links_only=True)
    text = Section(text="Thirty days.")
    document = Document(location=URL, title="Returns", language="en", sections=(link, text))
    assert as_markdown(document) == "# Returns\n\nThirty days.\n"
    document = Document(location=URL, title="Returns", language="en", sections=(link,))
    assert as_markdown(document) == "# Returns\n\n- About us\n"


_SIGNS = st.text(alphabet="ab1.)-+#*_`~|<>&;:=[](){}!\\/\"' é", min_size=1, max_size=30)
_LINES = _SIGNS.map(lambda text: " ".join(text.split())).filter(bool)
_PARAGRAPHS = st.lists(_LINES, min_size=1, max_size=3).map("\n".join)


@settings(deadline=None, max_examples=200)
@given(st.lists(_PARAGRAPHS, min_size=1, max_size=3))
@example(["1\n:::"])
@example(["1\n!["])
@example([":__1\n1__"])
@example(["1\n{:}\n!!!\n{% a %}\n[toc]"])
def test_no_text_becomes_anything_but_text(paragraphs: list[str]) -> None:
    # Lists are written as lists, and what looks like one is one.
    text = "\n\n".join(f"x{paragraph}" for paragraph in paragraphs)
    document = Document(location=URL, title="Title", language="en", sections=(Section(text=text),))
    assert [section.text for section in back(document).sections] == [text]


@settings(deadline=None, max_examples=100)
@given(st.lists(_LINES, min_size=1, max_size=4))
def test_list_items_keep_their_words(items: list[str]) -> None:
    text = "\n".join(f"- x{item}" for item in items)
    document = Document(location=URL, title="Title", language="en", sections=(Section(text=text),))
    assert [section.text for section in back(document).sections] == [text]


@settings(deadline=None, max_examples=100)
@given(_LINES)
@example("{#")
def test_headings_keep_their_words(heading: str) -> None:
    heading = f"x{heading}x"
    document = Document(
        location=URL,
        title="Title",
        language="en",
        sections=(Section(text="Text.", headings=(heading,), anchor="here"),),
    )
    (section,) = back(document).sections
    assert (section.headings, section.anchor) == ((heading,), "here")


@pytest.mark.parametrize("level", [7, 9])
def test_deep_headings_are_not_lost(level: int) -> None:
    headings = tuple(f"Level {number}" for number in range(level))
    document = Document(
        location=URL, title="Title", language="en", sections=(Section(text="Text.", headings=headings),)
    )
    (section,) = back(document).sections
    assert section.text == "Text."
    assert section.headings[-1] == headings[-1]
