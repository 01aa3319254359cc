"""HTML: what of a page is its text, what it is called, and what it tells a crawler."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.html import read_html

FILLER = "<p>The parcel leaves our warehouse on the next working day and reaches you within three days at most.</p>"


def read(
    body: str, *, head: str = "", lang: str = "en", location: str = "https://help.example.com/a/b.html"
) -> Converted:
    page = f"<!doctype html><html lang='{lang}'><head>{head}</head><body>{body}</body></html>"
    return read_html(RawContent(location=location, body=page.encode()))


def text_of(body: str, **more) -> str:
    return "\n\n".join(section.text for section in read(body, **more).document.sections)


FURNITURE = {
    "nav": "<nav>SECRET</nav>",
    "header": "<header><a href='/'>SECRET</a></header>",
    "footer": "<footer>SECRET</footer>",
    "aside": "<aside>SECRET</aside>",
    "script": "<script>var x = 'SECRET'</script>",
    "style": "<style>.SECRET{}</style>",
    "noscript": "<noscript>SECRET</noscript>",
    "template": "<template>SECRET</template>",
    "comment": "<!-- SECRET -->",
    "role navigation": "<div role=navigation>SECRET</div>",
    "role search": "<div role=search>SECRET</div>",
    "breadcrumbs": "<ol class='breadcrumb'><li>SECRET</ol>",
    "cookie banner": "<div class='cookie-banner'>SECRET</div>",
    "cookie banner by id": "<div id='cookie-consent'>SECRET</div>",
    "skip link": "<a class='skip-link' href='#x'>SECRET</a>",
    "screen reader text": "<span class='sr-only'>SECRET</span>",
    "share buttons": "<div class='social-share'>SECRET</div>",
    "related articles": "<section class='related-articles'>SECRET</section>",
    "related by heading": "<h2>Related articles</h2><ul><li><a href='/x'>SECRET</a></ul>",
    "votes": "<div class='article-votes'>SECRET</div>",
    "sidebar": "<div class='sidebar'>SECRET</div>",
    "contents": "<div class='table-of-contents'>SECRET</div>",
    "hidden": "<p hidden>SECRET</p>",
    "display none": "<p style='color: red; display:none'>SECRET</p>",
    "aria-hidden": "<p aria-hidden=true>SECRET</p>",
    "d-none": "<p class='d-none'>SECRET</p>",
    "button": "<button>SECRET</button>",
    "select": "<select><option>SECRET</select>",
    "search form": "<form action=/s><label for=q>SECRET</label><input id=q></form>",
    "dialog": "<dialog>SECRET</dialog>",
    "svg": "<svg><title>SECRET</title></svg>",
    "struck out": "<p>49 kr <s>SECRET</s></p>",
    "edit link": "<a class='edit-this-page' href='/e'>SECRET</a>",
    "newsletter": "<div class='newsletter-signup'>SECRET</div>",
    "permalink": "<a class='headerlink' href='#x'>SECRET</a>",
}


@pytest.mark.parametrize("name", FURNITURE)
def test_furniture_is_no_text_on_a_page_without_main(name):
    text = text_of(f"{FURNITURE[name]}<h1>Delivery</h1>{FILLER * 3}{FURNITURE[name]}")
    assert "warehouse" in text
    assert "SECRET" not in text


INSIDE_MAIN = sorted(FURNITURE.keys() - {"header", "sidebar", "cookie banner by id"})


@pytest.mark.parametrize("name", INSIDE_MAIN)
def test_furniture_is_no_text_inside_main(name):
    text = text_of(f"<main><h1>Delivery</h1>{FILLER}{FURNITURE[name]}</main>")
    assert "warehouse" in text
    assert "SECRET" not in text


CONTENT = {
    "a header in an article": "<article><header><p>WANTED</p></header></article>",
    "a note": "<aside class='note'>WANTED</aside>",
    "a footnote": "<aside role='doc-footnote'>WANTED</aside>",
    "a section about cookies": "<section id='cookies'><h2>Cookies</h2><p>WANTED</p></section>",
    "a page in a form": f"<form><h1>Title</h1>{FILLER * 3}<p>WANTED</p><input name=q></form>",
    "an answer that a click opens": "<button aria-expanded=false aria-controls=a1>How long?</button><div id=a1 hidden>WANTED</div>",
    "a Bootstrap answer": "<a data-bs-toggle=collapse href='#c1'>How long?</a><div id=c1 class=collapse aria-hidden=true>WANTED</div>",
    "a tab panel": "<div role=tabpanel hidden>WANTED</div>",
    "shown on wide screens": "<p class='d-none d-md-block'>WANTED</p>",
    "a quotation's source": "<blockquote>So it is.<footer>WANTED</footer></blockquote>",
    "a sidebar that holds the page": f"<div class='sidebar'><h1>Title</h1>{FILLER}<p>WANTED</p></div>",
    "a body with a strange class": f"<div class='page-header'><main><p>WANTED</p>{FILLER}</main></div>",
}


@pytest.mark.parametrize("name", CONTENT)
def test_content_is_kept(name):
    assert "WANTED" in text_of(f"{CONTENT[name]}{FILLER}")


def test_main_is_the_text_where_it_is_marked():
    assert text_of(f"<div>outside</div><main>{FILLER}</main><div>outside</div>").startswith("The parcel")
    assert "outside" not in text_of(f"<div>outside</div><div role=main>{FILLER}</div>")


def test_a_main_part_that_is_marked_twice_is_read_once():
    assert text_of("<main role=main><p>Closed today, open again on Monday.</p></main>").count("Monday") == 1


@pytest.mark.parametrize(
    "bar",
    [
        "<div><a href='/'>Home</a> | <a href='/shop'>Shop</a> | <a href='/help'>Help</a></div>",
        "<ul><li><a href='/'>Home</a><li><a href='/shop'>Shop</a></ul>",
        "<p><a href='/'>Home</a> » <a href='/help'>Help</a> » Delivery</p>",
    ],
)
def test_bars_above_the_title_are_left_out(bar):
    assert text_of(f"{bar}<h1>Delivery</h1>{FILLER}") == re.sub("<.*?>", "", FILLER)


@pytest.mark.parametrize(
    "bar",
    [
        "<div><a href='/1'>Terms</a> | <a href='/2'>Imprint</a></div><p>© 2026 Acme. All rights reserved.</p>",
        "<ul><li><a href='/1'>Terms</a><li><a href='/2'>Imprint</a></ul>",
        "<p>Generated on Sun Oct 2 2022 by doxygen</p>",
        "<p><a href='/1'>Terms</a></p><p>Powered by Acme</p>",
    ],
)
def test_bars_below_the_text_are_left_out(bar):
    assert text_of(f"<h1>Delivery</h1>{FILLER}{bar}") == re.sub("<.*?>", "", FILLER)


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>Delivery</h1>{FILLER}<p><a href='/prices.pdf'>WANTED</a></p>",
        "<h1>Delivery</h1><p><a href='/1'>WANTED</a></p><p><a href='/2'>All times</a></p>",
        f"<p>This shop <a href='/x'>closes</a> for ever in May: WANTED.</p><h1>Delivery</h1>{FILLER}",
        f"<main><h1>Delivery</h1>{FILLER}<p><a href='/1'>WANTED</a></p><p><a href='/2'>All times</a></p></main>",
        f"<h1>Delivery</h1>{FILLER}<h2>Law</h2><p>Copyright law says: WANTED</p>",
    ],
    ids=["one link ends the text", "links alone", "a notice above", "in main", "about copyright"],
)
def test_what_only_looks_like_a_bar_is_kept(body):
    assert "WANTED" in text_of(body)


def test_tabs_are_controls_but_an_accordion_that_calls_itself_so_has_answers():
    assert "Overview" not in text_of(f"<div role=tablist><button role=tab>Overview</button></div>{FILLER}")
    accordion = "<div role=tablist><button aria-expanded=false aria-controls=a>How long?</button><div id=a hidden>14 days.</div></div>"
    assert "14 days." in text_of(f"{accordion}{FILLER}")


def test_a_main_without_text_is_not_believed():
    assert "warehouse" in text_of(f"<main></main><div>{FILLER * 3}</div>")


def test_a_short_text_is_not_filled_up_with_furniture():
    assert text_of("<nav>Home</nav><main><p>Closed today.</p></main><footer>Imprint</footer>") == "Closed today."


def test_a_page_of_links_only_keeps_them():
    text = text_of("<nav><a href='/1'>Change your delivery address</a> <a href='/2'>Cancel an order</a></nav>")
    assert "Change your delivery address" in text


def test_the_question_whether_it_helped_and_the_votes_are_left_out():
    votes = "<div><p>Was this article helpful?</p><p>Yes</p><p>No</p><p>12 out of 20 found this helpful</p></div>"
    assert text_of(f"<main>{FILLER}{votes}</main>") == re.sub("<.*?>", "", FILLER)
    swedish = text_of(f"<main>{FILLER}<p>Var den här sidan till hjälp?</p><p>Ja</p><p>Nej</p></main>")
    assert swedish == re.sub("<.*?>", "", FILLER)


def test_the_date_below_a_page_is_no_text():
    assert "2026" not in text_of(f"<main>{FILLER}<p>Last updated 2 March 2026</p></main>")
    assert "2026" in text_of(f"<main>{FILLER}<p>The terms were last updated 2 March 2026 and apply to all.</p></main>")


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Delivery | Acme</title>", "<h1>Delivery times</h1>", "Delivery times"),
        ("<title>Delivery | Acme</title>", "", "Delivery"),
        ("<title>Acme – Delivery</title><meta property='og:site_name' content='Acme'>", "", "Delivery"),
        ("<title>Example - Delivery</title>", "", "Delivery"),
        ("<title>Delivery – Acme</title>", "<h1>Acme</h1><h1>Delivery</h1>", "Delivery"),
        ("<title>Delivery | Acme</title>", "<header><h1>Acme</h1></header>", "Delivery"),
        ("<title>Acme | Delivery</title>", "<h1>Delivery</h1>", "Delivery"),
        ("<title>Delivery | Acme Shop</title>", "<header><h1>ACME shop</h1></header>", "Delivery"),
        ("<title>Pre-order: what is it?</title>", "", "Pre-order: what is it?"),
        ("", "<h1>One</h1><h1>Two</h1>", "One"),
        ("", "<h2>Only this</h2>", "Only this"),
        ("", "", "B"),
        (
            "<title>Delivery</title>",
            "<h1><a href=#d>Delivery times</a><a class=headerlink href=#d>¶</a></h1>",
            "Delivery times",
        ),
        ("<title>X</title>", "<header><h1>Delivery  times</h1></header>", "Delivery times"),
    ],
)
def test_title(head, body, title):
    assert read(f"{body}{FILLER}", head=head).document.title == title


def test_the_title_is_no_heading_of_its_sections():
    document = read(f"<h1>Delivery</h1>{FILLER}<h2>Abroad</h2>{FILLER}").document
    assert [section.headings for section in document.sections] == [(), ("Abroad",)]


@pytest.mark.parametrize(
    ("lang", "expected"), [("sv-SE", "sv"), ("en_US", "en"), ("no", "nb"), ("is", "is"), ("", "en"), ("zz9", "en")]
)
def test_language_as_declared_or_detected(lang, expected):
    assert read(FILLER, lang=lang).document.language == expected


def test_a_text_that_is_surely_in_another_language_is_believed():
    swedish = "<p>Paketet lämnar lagret nästa arbetsdag och kommer fram till dig inom tre dagar.</p>" * 5
    assert read(swedish, lang="en").document.language == "sv"


def test_links_are_absolute_once_and_without_fragment():
    page = read(
        f"{FILLER}<a href='c.html#x'>1</a><a href='c.html'>2</a><a href='/d'>3</a><a href='//o.example/e'>4</a>"
        "<a href='mailto:a@b.example'>5</a><a href='javascript:x()'>6</a><a rel='x nofollow' href='/no'>7</a>"
        "<a href='http://[bad'>8</a><nav><a href='/in-nav?a=1'>9</a></nav><a href='#top'>10</a><a>11</a>"
    )
    assert page.links == (
        "https://help.example.com/a/c.html",
        "https://help.example.com/d",
        "https://o.example/e",
        "https://help.example.com/in-nav?a=1",
        "https://help.example.com/a/b.html",
    )


def test_base_is_honoured():
    assert read(f"{FILLER}<a href='c'>1</a>", head="<base href='/manual/'>").links == (
        "https://help.example.com/manual/c",
    )


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<link rel=canonical href='/a'>", "https://help.example.com/a"),
        ("<link rel='Canonical nofollow' href='https://x.example/y#z'>", "https://x.example/y"),
        ("<link rel=canonical href='file:///usr/share/x.html'>", ""),
        ("<link rel=alternate href='/a'>", ""),
    ],
)
def test_canonical(head, canonical):
    page = read(FILLER, head=head)
    assert page.canonical == canonical
    assert page.document.location == "https://help.example.com/a/b.html"


@pytest.mark.parametrize(
    ("content", "noindex", "nofollow"),
    [
        ("noindex", True, False),
        ("NoFollow, noarchive", False, True),
        ("none", True, True),
        ("index,follow", False, False),
    ],
)
def test_robots(content, noindex, nofollow):
    page = read(FILLER, head=f"<meta name=ROBOTS content='{content}'>")
    assert (page.noindex, page.nofollow) == (noindex, nofollow)


@pytest.mark.parametrize(
    "body",
    [
        "<div id=root></div><script src=/app.js></script>",
        "<noscript>You need to enable JavaScript to run this app.</noscript><div id=app>Loading…</div>",
        "<app-root></app-root><script type=module src=/m.js></script>",
    ],
)
def test_a_page_that_needs_scripts_is_refused_by_name(body):
    with pytest.raises(ConvertError, match="only with JavaScript") as caught:
        read(body)
    assert caught.value.hint
    assert "https://help.example.com/a/b.html" in caught.value.message


def test_a_page_with_scripts_and_text_is_read():
    assert "warehouse" in text_of(f"{FILLER}<script src=/app.js></script><noscript>Please enable JavaScript</noscript>")


def test_a_page_without_text_is_refused():
    with pytest.raises(ConvertError, match="holds no text"):
        read("<img src=x.png>")


def test_the_character_set_is_found():
    body = "<html lang=sv><head><meta charset='iso-8859-1'></head><body><p>Återbetalning på fjorton dagar</p></body></html>"
    raw = RawContent(location="a.html", body=body.encode("latin-1"))
    assert "Återbetalning på" in read_html(raw).document.sections[0].text


@settings(deadline=None)
@given(st.text(alphabet="<>/=\"' abdhilprstuv123&;-!\n", max_size=300))
def test_no_markup_breaks_the_reader(markup):
    try:
        page = read_html(RawContent(location="x.html", body=f"<p>Some text.</p>{markup}".encode()))
    except ConvertError:
        return
    assert page.document.title
    assert all(section.text.strip() for section in page.document.sections)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<div>", "</div>", "<ul>", "<li>", "</ul>", "<dl>", "<dt>", "<dd>", "</dl>", "<table>",
                                 "<tr>", "<td>", "</table>", "<details>", "<summary>", "</details>", "<h2>", "</h2>",
                                 "<a href=x>", "</a>", "<p>", "<b>", "</b>", "<pre>", "</pre>", "word "]), max_size=40))  # fmt: skip
def test_whatever_the_nesting_each_word_is_written_once(tags):
    numbered = "".join(f"w{at} " if tag == "word " else tag for at, tag in enumerate(tags))
    try:
        document = read_html(RawContent(location="x.html", body=f"<body>{numbered}<p>end of it</p>".encode())).document
    except ConvertError:
        return
    wanted = Counter(re.findall(r"\bw\d+\b", numbered))
    texts = [section.text for section in document.sections]
    headings = {heading for section in document.sections for heading in section.headings}
    found = set(re.findall(r"\bw\d+\b", " ".join([*texts, *headings, document.title])))
    assert found == set(wanted)


def test_real_pages_lose_no_text_and_gain_no_navigation(eval_data):
    """At least 98 % of the words of each page's body, counted with repeats, and nothing of what stands around it."""
    corpus = eval_data / "dev" / "d4_python_faq_site_en" / "corpus"
    pages = [path for path in sorted(corpus.rglob("*.html")) if path.stat().st_size < 300_000]
    assert len(pages) > 50
    for path in pages:
        body = path.read_bytes()
        document = read_html(RawContent(location=f"https://d.example/{path.name}", body=body)).document
        tree = LexborHTMLParser(body.decode())
        main = tree.css_first("div.body")
        assert main is not None
        for node in main.css("script, style, noscript, a.headerlink, nav.contents"):
            node.decompose()
        wanted = Counter(re.findall(r"\w+", main.text(separator=" ")))
        headings = dict.fromkeys(
            section.headings[: depth + 1] for section in document.sections for depth in range(len(section.headings))
        )
        texts = [document.title, *(path[-1] for path in headings), *(section.text for section in document.sections)]
        found = Counter(re.findall(r"\w+", "\n".join(texts)))
        lost = sum((wanted - found).values())
        assert lost <= 0.02 * sum(wanted.values()), (path.name, (wanted - found).most_common(5))
        for furniture in (
            "Previous topic",
            "Report a Bug",
            "Quick search",
            "Python Software Foundation License Version 2",
        ):
            if furniture not in main.text():
                assert furniture not in "\n".join(texts), path.name


def test_real_questions_keep_their_anchors(eval_data):
    path = eval_data / "dev" / "d3_bitcoin_faq_multilingual" / "corpus" / "faq.sv.html"
    document = read_html(RawContent(location="faq.sv.html", body=path.read_bytes())).document
    ids = re.findall(r'<h2 id="([^"]+)"', path.read_text(encoding="utf-8"))
    assert [section.anchor for section in document.sections if section.headings] == ids
    assert document.language == "sv"
