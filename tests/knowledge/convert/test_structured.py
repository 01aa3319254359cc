"""What a page tells search engines and not people."""

from __future__ import annotations

import json

import pytest

from custagent.core.document import Document, RawContent
from custagent.knowledge.convert.html import read_html

FAQ = {
    "@context": "https://schema.org",
    "@type": "FAQPage",
    "mainEntity": [
        {
            "@type": "Question",
            "name": "Can I pause my plan &amp; keep the bike?",
            "acceptedAnswer": {
                "@type": "Answer",
                "text": "<p>Yes, for up to <b>three months</b> a year.</p><ul><li>Open your account.</li><li>Choose Pause.</li></ul>",
            },
        }
    ],
}
SHOWN = "<h1>Plans</h1><p>Every plan comes with a bike, a lock and a service each spring, and can be ended monthly.</p>"


def document(data: object, body: str = SHOWN) -> Document:
    source = data if isinstance(data, str) else json.dumps(data)
    page = f'<html><head><title>Plans</title><script type="application/ld+json">{source}</script></head><body><main>{body}</main></body></html>'
    return read_html(
        RawContent(location="https://a.example/plans", body=page.encode(), media_type="text/html")
    ).document


def said(data: object, body: str = SHOWN) -> list[tuple[str, str]]:
    return [(section.headings[-1], section.text) for section in document(data, body).sections if section.headings]


PAUSE = (
    "Can I pause my plan & keep the bike?",
    "Yes, for up to three months a year.\n\n- Open your account.\n- Choose Pause.",
)


@pytest.mark.parametrize(
    "data", [FAQ, [FAQ], {"@graph": [{"@type": "WebPage"}, FAQ]}, FAQ | {"@type": ["FAQPage", "X"]}]
)
def test_questions_become_sections(data: object) -> None:
    assert said(data) == [PAUSE]


def test_what_the_page_shows_is_not_said_twice() -> None:
    shown = (
        "<h2>Can I pause my plan?</h2><p>Yes, for up to three months a year.</p><p>Open your account. Choose Pause.</p>"
    )
    assert [heading for heading, _ in said(FAQ, SHOWN + shown)] == ["Can I pause my plan?"]


def test_the_steps_of_a_how_to() -> None:
    steps = {
        "@type": "HowTo",
        "name": "Change a tube",
        "step": [
            {"@type": "HowToSection", "itemListElement": [{"@type": "HowToStep", "text": "Take the wheel off."}]},
            {"@type": "HowToStep", "name": "Inflate", "text": "Pump it to 4 bar."},
        ],
    }
    assert said(steps) == [("Change a tube", "- Take the wheel off.\n- Inflate: Pump it to 4 bar.")]


def test_a_shell_that_tells_its_questions_is_no_empty_shell() -> None:
    many = FAQ | {"mainEntity": FAQ["mainEntity"]}
    shell = '<div id="root"></div><script src="/app.js"></script>'
    assert said(many, shell) == [PAUSE]


@pytest.mark.parametrize(
    "broken",
    [
        "{not json",
        "[" * 5_000,
        json.dumps({"@type": "Question", "name": 5, "acceptedAnswer": 3}),
        json.dumps({"@type": "Question", "name": "Who?", "acceptedAnswer": [None, {"text": 7}]}),
        json.dumps({"@type": "HowTo", "name": "X", "step": "no steps"}),
        json.dumps(FAQ) + " " * 600_000,
    ],
)
def test_broken_and_endless_data_changes_nothing(broken: str) -> None:
    assert document(broken).sections == document("{}").sections
