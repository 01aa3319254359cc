"""The words in a page's modules."""

from __future__ import annotations

from typing import Any

from custagent.knowledge.hubspot.modules import modules_html, without_template

LAYOUT: dict[str, Any] = {
    "dnd_area": {
        "type": "cell", "name": "dnd_area", "cssClass": "title wide",
        "rows": [
            {
                "10": {"params": {"html": "<p>Third.</p>"}, "type": "custom_widget"},
                "2": {"params": {"html": "<p>Second.</p>", "heading": "First", "css": "p { color: red }"}},
            },
            {"0": {"params": {"items": [{"answer": "Yes, you can.", "question": "Can I?", "link": "https://x.example"}]}}},
        ],
    }
}  # fmt: skip


def test_modules_are_read_in_the_order_of_the_page() -> None:
    assert modules_html({"layoutSections": LAYOUT}).split("\n") == [
        "<h2>First</h2>", "<p>Second.</p>", "<p>Third.</p>", "<h2>Can I?</h2>", "<p>Yes, you can.</p>",
    ]  # fmt: skip


def test_widgets_have_their_text_in_a_body() -> None:
    widgets = {"hero": {"id": "hero", "label": "Big title", "body": {"html": "<h1>Hello</h1>", "value": "no"}}}
    assert modules_html({"widgets": widgets}) == "<h1>Hello</h1>"


def test_the_same_text_in_two_fields_is_told_once() -> None:
    assert modules_html({"widgets": {"a": {"html": "<p>x</p>"}}, "widgetContainers": {"b": ["<p>x</p>"]}}) == "<p>x</p>"


def test_plain_words_are_no_markup() -> None:
    assert modules_html({"widgets": {"a": {"heading": "a < b & c"}}}) == "<h2>a &lt; b &amp; c</h2>"


def test_the_template_language_is_no_text() -> None:
    assert without_template("<p>Hi {{ contact.name }}{% if x\n %}!{% endif %}</p>") == "<p>Hi !</p>"
    assert modules_html({"widgets": {"a": {"html": "{{cta('x')}}"}}}) == ""


def test_endless_nesting_ends() -> None:
    deep: Any = "<p>x</p>"
    for _ in range(500):
        deep = [deep]
    assert modules_html({"widgets": deep}) == ""
