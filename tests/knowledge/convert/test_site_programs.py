"""What shops, blogs and knowledge bases make of their pages, by the markup of the programs that they are made with."""

from __future__ import annotations

import pytest

from custagent.core.document import RawContent
from custagent.knowledge.convert.html import read_html

TEXT = "<p>You can return anything within thirty days of the day it reached you.</p>"
SAID = "You can return anything within thirty days of the day it reached you."


def outline(body: str) -> list[tuple[tuple[str, ...], str]]:
    html = (
        f"<html><head><title>Returns | Shop</title></head><body><main><h1>Returns</h1>{TEXT}{body}</main></body></html>"
    )
    document = read_html(RawContent(location="https://shop.example/x", body=html.encode())).document
    return [(section.headings, section.text) for section in document.sections]


@pytest.mark.parametrize(
    "furniture",
    [
        "<section class='related-products'><h2>You may also like</h2><ul><li><a>Tent</a> 99 EUR</ul></section>",
        "<div class='comments-area'><h2>2 thoughts on Returns</h2><ol class='comment-list'><li>It failed!</li></ol></div>",
        "<div class='comment-respond'><h3>Leave a Reply</h3><p>Your address is not published.</p></div>",
        "<div id='disqus_thread' class='disqus-thread'><p>Please enable it to view the comments.</p></div>",
        "<div class='sharedaddy sd-sharing-enabled'><h3>Share this:</h3><p>On a network</p></div>",
        "<div id='jp-relatedposts' class='jp-relatedposts'><h3>Related</h3><p>Another post</p></div>",
        "<div class='ez-toc-container'><p class='ez-toc-title'>Table of Contents</p></div>",
        "<span class='theme-doc-version-badge'>Version: 2.0</span>",
        "<div class='sv-breadcrumb-portlet'><p>Du är här: <a>Start</a> / <a>Bygga</a></p></div>",
    ],
)
def test_what_stands_around_the_text_is_left_out(furniture):
    assert outline(furniture) == [((), SAID)]


def test_the_fields_of_an_order_are_no_headings():
    found = outline("<div><label>Quantity</label><button>Decrease</button></div><p>Keeps you dry.</p>")
    assert [headings for headings, _ in found] == [()]
    assert found[0][1].endswith("Keeps you dry.")


@pytest.mark.parametrize("names", ["collapsible-content", "sv-accordion__body", "faq-answer", "expander-panel"])
@pytest.mark.parametrize("hiding", ["style='display:none'", "hidden", "aria-hidden=true"])
def test_an_answer_that_a_click_shows_is_read_though_nothing_points_to_it(names, hiding):
    asked = f"<h3 aria-expanded=false><a role=button>How long?</a></h3><div class='{names}' {hiding}><p>Ten weeks.</p></div>"
    assert outline(asked) == [((), SAID), (("How long?",), "Ten weeks.")]


def test_other_hidden_parts_stay_hidden():
    assert outline("<div class='mobile-content' style='display:none'><p>Old text.</p></div>") == [((), SAID)]


def drawn(role: str, *rows: tuple[str, ...]) -> str:
    lines = "".join(f"<div role=row>{''.join(cells)}</div>" for cells in rows)
    return f"<div role={role}><div role=rowgroup>{lines}</div></div>"


def cells(kind: str, *texts: str) -> tuple[str, ...]:
    return tuple(f"<div role={kind}><p>{text}</p></div>" for text in texts)


@pytest.mark.parametrize("role", ["table", "grid"])
def test_a_table_that_is_drawn_with_boxes_is_one(role):
    body = drawn(
        role, cells("columnheader", "Plan", "Price"), cells("cell", "Free", "0"), cells("gridcell", "Team", "49")
    )
    assert outline(body) == [((), f"{SAID}\n\nPlan: Free; Price: 0\nPlan: Team; Price: 49")]


def test_boxes_that_are_only_called_a_table_are_read_as_text():
    body = drawn("table", (f"<div role=cell>{TEXT}</div>",), ("<div role=cell><h2>Fees</h2><p>None.</p></div>",))
    assert outline(body) == [((), f"{SAID}\n\n{SAID}"), (("Fees",), "None.")]
