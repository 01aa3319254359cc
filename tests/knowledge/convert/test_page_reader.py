"""Reading a page: headings, anchors, questions, lists, code, and the spaces between words."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import RawContent, Section
from custagent.knowledge.convert.boilerplate import Boilerplate
from custagent.knowledge.convert.page_reader import PageReader
from custagent.knowledge.convert.worker import Converter, Limits
from custagent.knowledge.convert.writer import MAX_OPEN


def sections(body: str) -> tuple[Section, ...]:
    tree = LexborHTMLParser(f"<body><main>{body}</main></body>")
    return PageReader(Boilerplate(tree)).read().sections("The title")


def text(body: str) -> str:
    return "\n\n".join(section.text for section in sections(body))


def outline(body: str) -> list[tuple[tuple[str, ...], str, str]]:
    return [(section.headings, section.anchor, section.text) for section in sections(body)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>un<b>believ</b>able <i>a</i>nd</p>", "unbelievable and"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one<div>two</div>three</div>", "one\n\ntwo\n\nthree"),
        ("<p>a\n   b\t c&nbsp;d</p>", "a b c d"),
        ("<p>Street 1<br>123 Town</p>", "Street 1\n123 Town"),
        ("<p>one<br><br>two</p>", "one\n\ntwo"),
        ("<p>soft&shy;ware zero&#8203;width</p>", "software zerowidth"),
        ("<p>10<sup>2</sup> and m<sup>2</sup></p>", "10^2 and m2"),
        ("<p>He said <q>no</q>.</p>", "He said “no”."),
        ("<p><strong>Orders</strong><span>Change or cancel</span></p>", "Orders Change or cancel"),
        ("<p><b>i</b><i>Phone</i></p>", "iPhone"),
        ("<p>Press <img src=a.png alt='the green Save button'> now</p>", "Press the green Save button now"),
        ("<p>See <img src=a.png alt='logo'><img src=b.png alt='photo_12.jpg'>this</p>", "See this"),
        ("<p>Well done <img alt='🙂'></p>", "Well done 🙂"),
        ("<p>7 &lt; 8 &amp; 9</p>", "7 < 8 & 9"),
        ("<my-card>one</my-card><my-card>two</my-card>", "one two"),
        ("<p>x</p><hr><p>y</p>", "x\n\ny"),
    ],
)
def test_words_and_paragraphs(html, expected):
    assert text(html) == expected


def test_headings_make_a_path():
    body = "<h1>The title</h1><p>a</p><h2>B</h2><p>b</p><h3>C</h3><p>c</p><h2>D</h2><p>d</p>"
    assert [(section.headings, section.text) for section in sections(body)] == [
        ((), "a"), (("B",), "b"), (("B", "C"), "c"), (("D",), "d"),
    ]  # fmt: skip


def test_a_heading_without_text_is_not_lost():
    assert [section.text for section in sections("<h2>Call us: 123</h2><h2>B</h2><h3>C</h3><p>c</p>")] == [
        "Call us: 123",
        "c",
    ]


def test_a_paragraph_in_large_print_is_a_paragraph():
    assert sections(f"<h2>{'word ' * 80}</h2><p>x</p>")[0].headings == ()


@pytest.mark.parametrize(
    "html",
    [
        "<h2 id=a>Q</h2>",
        "<h2><a id=a></a>Q</h2>",
        "<h2><a name=a>Q</a></h2>",
        "<h2><span id=a>Q</span></h2>",
        "<h2>Q<a class=headerlink href='#a'>¶</a></h2>",
        "<h2>Q <a href='#a'>#</a></h2>",
        "<section id=a><h2>Q</h2>",
        "<div id=outer><div id=a><h2>Q</h2>",
        "<a name=a></a><h2>Q</h2>",
        "<p><a id=a></a></p><h2>Q</h2>",
        "<ul><li id=a><h2>Q</h2>",
        "<div id=a><div role=heading aria-level=2>Q</div>",
        "<details id=a><summary>Q</summary>",
        "<details><summary id=a>Q</summary>",
        "<details><summary><h3 id=a>Q</h3></summary>",
        "<dl><dt id=a>Q</dt><dd>",
        "<dl><dt><a name=a></a>Q?</dt><dd>",
    ],
)
def test_anchors(html):
    found = [section for section in sections(f"<p>before</p>{html}<p>the answer</p>") if section.text == "the answer"]
    assert [(section.headings[0].rstrip("?"), section.anchor) for section in found] == [("Q", "a")]


def test_an_anchor_before_other_text_leads_to_no_later_heading():
    assert sections("<div id=a><p>text</p></div><h2>Q</h2><p>x</p>")[1].anchor == ""


def test_details_are_questions_and_end_with_them():
    body = (
        "<h2>Returns</h2><p>a</p><details><summary>How long?</summary><p>14 days.</p><h4>Abroad</h4><p>30.</p></details>"
        "<details><summary>Who pays?</summary>We do.</details><p>after</p>"
    )
    assert [(section.headings, section.text) for section in sections(body)] == [
        (("Returns",), "a"),
        (("Returns", "How long?"), "14 days."),
        (("Returns", "How long?", "Abroad"), "30."),
        (("Returns", "Who pays?"), "We do."),
        (("Returns",), "after"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        "<div class=faq-item><div class=faq-question>How long?</div><div class=faq-answer><p>14 days.</p></div></div>",
        "<div class=item><h3><button aria-expanded=false aria-controls=x>How long?</button></h3><div id=x hidden>14 days.</div></div>",
        (
            "<div><div class=accordion-header><button class=accordion-button aria-expanded=false data-bs-target='#x'>How long?"
            "</button></div><div id=x style='display:none'><p>14 days.</p></div></div>"
        ),
        "<div itemscope itemtype='https://schema.org/Question'><div itemprop=name>How long?</div><div>14 days.</div></div>",
        "<div><input type=checkbox id=c><label for=c>How long?</label><div>14 days.</div></div>",
        "<dl><dt>How long?</dt><dd>14 days.</dd></dl>",
        "<dl><div><dt>How long?</dt><dd>14 days.</dd></div></dl>",
    ],
)
def test_questions_of_all_makes(item):
    found = sections(f"<h2>FAQ</h2>{item}<h2>Next</h2><p>after</p>")
    assert [(section.headings, section.text) for section in found] == [
        (("FAQ", "How long?"), "14 days."),
        (("Next",), "after"),
    ]


def test_two_questions_side_by_side_do_not_nest():
    one = "<div class=head><button aria-expanded=false>How {}?</button></div><div>Answer {}.</div>"
    found = sections(f"<section>{one.format('a', 1)}{one.format('b', 2)}</section><p>after</p>")
    assert [(section.headings, section.text) for section in found] == [
        (("How a?",), "Answer 1."), (("How b?",), "Answer 2."), ((), "after"),
    ]  # fmt: skip


def test_a_tab_heads_its_panel():
    body = (
        "<div role=tablist><button role=tab id=t1>Private persons</button><button role=tab id=t2>Companies</button></div>"
        "<div role=tabpanel id=p1 aria-labelledby=t1><p>49 kr</p></div>"
        "<div role=tabpanel id=p2 aria-labelledby=t2 hidden><p>99 kr</p></div><p>after</p>"
    )
    assert outline(body) == [
        (("Private persons",), "p1", "49 kr"), (("Companies",), "p2", "99 kr"), ((), "", "after"),
    ]  # fmt: skip


def test_short_definitions_are_lines():
    assert text("<dl><dt>Phone</dt><dd>123</dd><dt>Street:</dt><dd>Main 1</dd><dt>Alone</dt></dl>") == (
        "Phone: 123\nStreet: Main 1\nAlone"
    )


def test_terms_that_share_a_definition_share_a_heading():
    body = "<dl><dt id=a>colour</dt><dt>color</dt><dd>What light makes.</dd><dt id=b>hue</dt><dd>More.</dd></dl>"
    assert outline(body) == [(("colour, color",), "a", "What light makes."), (("hue",), "b", "More.")]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol start=3><li>a<li>b<li value=9>c</ol>", "3. a\n4. b\n9. c"),
        ("<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>", "- a\n  - b\n    1. c\n- d"),
        ("<ul><li><p>a</p><p>more</p><li>b</ul>", "- a\n  more\n- b"),
        ("<ul><li>a<br>more</ul>", "- a\n  more"),
        ("<ul><li></li><li>b</ul>", "- b"),
        ("<p>x</p><ul><li>a</ul><p>y</p>", "x\n\n- a\n\ny"),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n- b"),
        ("<li>stray", "- stray"),
        ("<ul><li><h3>Card</h3><p>text</p><li><p>next</p></ul>", "text\n\n- next"),
    ],
)
def test_lists(html, expected):
    assert "\n\n".join(section.text for section in sections(html)) == expected


def test_code_keeps_its_lines():
    html = "<p>Run:</p><pre><span class=lineno>1</span><code>if x:\n    <b>y</b>()\n\n  z &lt; 1\n</code></pre>"
    assert text(html) == "Run:\n\nif x:\n    y()\n\n  z < 1"


def test_a_word_in_code_may_be_of_any_class():
    html = "<pre><span class=comment># why</span>\n<span class=header>x</span> = <span class=nav>1</span><button>Copy</button></pre>"
    assert text(html) == "# why\nx = 1"


def test_headings_inside_headings_end_somewhere():
    body = "".join(f"<details><summary>Q{number}?</summary><p>a{number}</p>" for number in range(200))
    found = sections(body)
    assert max(len(section.headings) for section in found) == MAX_OPEN
    assert [section.text for section in found] == [f"a{number}" for number in range(200)]


@pytest.mark.parametrize("opening", ["<table><tr><td>a<td>b", "<dl><dt>t<dd>d"])
def test_what_is_nested_deep_is_read_in_time(opening):
    """Every level looking at all below it would take minutes; the limit is on processor time, many times what it takes."""
    page = f"<body><main><p>The text.</p>{opening * 6000}</main>".encode()
    with Converter(Limits(cpu_seconds=8)) as converter:
        document = converter.convert(RawContent(location="deep.html", body=page)).document
    assert document.sections[0].text.startswith("The text.")


def test_deep_nesting_does_not_exhaust_the_stack():
    depth = 3000
    assert text("<span>" * depth + "deep" + "</span>" * depth) == "deep"
    lists = text("<ul><li>" * 300 + "deep")
    assert lists.strip() == "- deep"
