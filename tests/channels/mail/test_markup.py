"""HTML as text: what is seen, links with their addresses, and what is quoted told apart."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.mail.markup import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One<br>two</p><p>three</p>", "One\ntwo\n\nthree"),
        ("<div>One</div><div>two</div>", "One\ntwo"),
        ("a  b\n c&nbsp;&amp;&#8364;&bogus;", "a b c &€&bogus;"),
        ("<ul><li>One<li>two</ul>", "- One\n- two"),
        ("<table><tr><td>Lamp<td>20 €<tr><td>Sum<td>20 €</table>", "Lamp 20 €\nSum 20 €"),
        ("<pre>a  b\n  c</pre>", "a b\nc"),
        ("<script>var a = '</p>';</script>Hi<style>p{}</style><!-- x --><title>t</title>", "Hi"),
        ("<SCRIPT >x</script\n>Hi", "Hi"),
        ("<head><meta><title>t</title></head><body>Hi", "Hi"),
        ("Hi<p style='Display : none'>secret</p><span hidden>secret</span><i style='font-size:0px'>secret</i>", "Hi"),
        ("<p style='font-size:0.9em'>Hi</p>", "Hi"),
        ("Hi<div style='display:none'><b>secret</div> there", "Hi\nthere"),
        ("Hi <img src=x alt='\N{GRINNING FACE}'><img src=y alt=logo><img width=1 height=1 alt=x>", "Hi \N{GRINNING FACE}"),
        ("a < b and <3 <>", "a < b and <3 <>"),
        ("<a href='https://x.example/a'>here</a>", "here (https://x.example/a)"),
        ("<a href='https://www.x.example/'>x.example</a>", "x.example"),
        ("<a href='https://x.example'></a>none", "none"),
        ("<a href='javascript:alert(1)'>bad</a>", "bad"),
        ("<a href='mailto:a@x.example'>Anna</a>", "Anna (mailto:a@x.example)"),
        ("<!--[if mso]>Outlook<![endif]-->Hi<![if !mso]> there<![endif]>", "Hi there"),
        ("<b>Hi<p", "Hi"),
        ("Hi<!-- never ends", "Hi"),
        ('<a title="a > b">Hi</a>', "Hi"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_page_is_read_as_it_is_seen(html: str, text: str) -> None:
    assert text_of(html).full == text


@pytest.mark.parametrize(
    "around",
    [
        '<blockquote type="cite">{}</blockquote>',
        '<div class="gmail_quote"><div class="gmail_attr">On Monday Bo wrote:</div><blockquote class="gmail_quote">{}</blockquote></div>',
        '<div class="moz-cite-prefix">On Monday Bo wrote:</div><blockquote type="cite" cite="mid:1">{}</blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Bo</div><div>{}</div>',
        '<div class="yahoo_quoted"><div>On Monday, Bo wrote:</div>{}</div>',
        '<div class="protonmail_quote">{}</div>',
        '<div id="mail-editor-reference-message-container">{}</div>',
    ],
)  # fmt: skip
def test_what_mail_programs_quote_is_told_apart(around: str) -> None:
    found = text_of(f"<p>Mine</p>{around.format('<p>Old</p>')}")
    assert found.own == "Mine"
    assert "Old" in found.full
    assert found.marked


def test_replies_between_gmails_quotations_are_kept_in_order() -> None:
    quoted = '<blockquote class="gmail_quote">{}</blockquote>'
    page = f'<div class="gmail_quote"><div class="gmail_attr">Bo wrote:</div>{quoted.format("Size?")}<div>42</div>{quoted.format("Colour?")}<div>Blue</div></div>'
    assert text_of(page).own.split() == ["42", "Blue"]


def test_a_mail_forwarded_in_gmails_frame_is_not_the_senders_own() -> None:
    page = '<p>Is it true?</p><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Bo</div>Old</div>'
    assert text_of(page).own == "Is it true?"


def test_other_indented_paragraphs_are_own_words() -> None:
    found = text_of("<p>He said:</p><blockquote>Come in.</blockquote>")
    assert found.own == found.full == "He said:\n\nCome in."
    assert not found.marked


@given(st.text(alphabet=st.sampled_from("<>/=\"'! -abdipstyle&#;"), max_size=300))
def test_any_letters_are_a_page(html: str) -> None:
    assert "<script" not in text_of(html).full.lower() or "<script" in html.lower()


@pytest.mark.parametrize(
    "piece",
    ["<", '<a "', '<a ">', "<div>", "</p>", "<!--", "<script>", "<a href=https://x.y>a", "&", "<p style='height:0;'>", "<br>", "</a>"],
)  # fmt: skip
def test_long_pages_are_read_in_a_time_that_fits_their_length(piece: str) -> None:
    def seconds(length: int) -> float:
        page = "<div>" * 150 + piece * (length // len(piece))
        started = time.process_time()
        text_of(page)
        return time.process_time() - started

    short, long = min(seconds(20_000) for _ in range(2)), min(seconds(80_000) for _ in range(2))
    assert long < max(0.3, 9 * short)
