"""The widget by keyboard, on a phone, to a screen reader; nothing in it keeps people out."""

from __future__ import annotations

import json

import pytest

from custagent.core.message import MessageKind, Sender
from tests.channels.widget.conftest import wait_for

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def test_the_keyboard_is_enough(chat) -> None:
    widget, _ = chat
    page = widget.page
    page.locator("body").press("Tab")
    while page.evaluate("document.activeElement?.shadowRoot?.activeElement?.className") != "launcher":
        page.keyboard.press("Tab")
    assert widget.launcher.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    widget.frame.get_by_text("How can I help").wait_for()
    assert widget.launcher.get_attribute("aria-expanded") == "true"
    assert widget.focused() == "Write your message"
    page.keyboard.type("Two")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("lines about bikes")
    page.keyboard.press("Enter")
    widget.frame.get_by_role("button", name="Used bikes").wait_for()
    assert widget.exchanged()[0] == "Two\nlines about bikes"
    assert widget.focused() == "Write your message"
    for name in ("Not helpful", "Helpful", "Used bikes"):
        page.keyboard.press("Shift+Tab")
        assert widget.focused() == name
    page.keyboard.press("Space")
    widget.log.get_by_text("Which bikes?").nth(1).wait_for()
    widget.box.focus()
    page.keyboard.press("Escape")
    widget.frame.get_by_role("log").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "launcher"


def test_composing_a_character_does_not_send(chat, thread) -> None:
    widget, _ = chat
    widget.open()
    widget.box.fill("にほ")
    for init in ({"isComposing": True}, {"keyCode": 229}):
        given = json.dumps({"key": "Enter", "bubbles": True, "cancelable": True, **init})
        widget.box.evaluate(f"box => box.dispatchEvent(new KeyboardEvent('keydown', {given}))")
    assert widget.box.input_value() == "にほ"
    widget.box.press("Enter")
    widget.hears("You asked: にほ")
    assert thread.texts()[0] == "にほ"


def test_an_empty_or_too_long_message_is_not_sent(chat, thread) -> None:
    widget, _ = chat
    widget.open()
    widget.ask("  \n ")
    widget.box.fill("x" * 4005)
    widget.box.press("Enter")
    assert widget.frame.get_by_text("5 characters too many").is_visible()
    widget.box.fill("x" * 3990)
    assert widget.frame.get_by_text("10 characters left").is_visible()
    widget.box.fill("Short")
    widget.box.press("Enter")
    widget.hears("You asked: Short")
    assert thread.texts()[0] == "Short"


def test_on_a_phone_the_chat_fills_the_screen_and_keeps_the_focus(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    page.goto(server.origin)
    widget = widget_on(page)
    widget.launcher.tap()
    widget.frame.get_by_text("How can I help").wait_for()
    panel = page.locator("#custagent .panel")
    # It slides in.
    wait_for(page, lambda: panel.bounding_box() == {"x": 0, "y": 0, **PHONE})
    assert panel.get_attribute("aria-modal") == "true"
    assert widget.launcher.is_hidden()
    assert page.evaluate("document.documentElement.style.overflow") == "hidden"
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    seen = {widget.focused()}
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.add(widget.focused())
    assert "" not in seen
    assert {"Close chat", "Messages", "Write your message", "Send message"} <= seen
    widget.frame.get_by_role("button", name="Close chat").tap()
    panel.wait_for(state="hidden")
    assert page.evaluate("document.documentElement.style.overflow") == ""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_everything_that_is_pressed_is_large_enough_and_nothing_overflows(
    *, thread, serve, visitor, viewport, widget_on, reply
) -> None:
    thread.replies = lambda text: [*reply(text), *reply("bikes")]
    server = serve(thread)
    page = visitor(viewport=viewport).new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    widget.ask("https://" + "long-word" * 30)
    widget.frame.get_by_role("button", name="Used bikes").wait_for()
    for pressed in widget.frame.locator("button:visible, .sources li:has(a)").all():
        box = pressed.bounding_box()
        assert min(box["width"], box["height"]) >= 44, pressed.inner_text()
    assert widget.frame.locator("#scroller").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert widget.frame.locator("body").evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(*, thread, serve, visitor, axe, scheme, widget_on, reply) -> None:
    """axe-core finds nothing, in both colour schemes, with every kind of element on the page."""
    thread.replies = lambda text: [
        {"text": thread.hello_words.disclosure + " ", "kind": MessageKind.DISCLOSURE},
        *reply(text),
        *reply("bikes"),
        {"text": "Nobody is here.", "kind": MessageKind.HANDOFF_UNAVAILABLE},
    ]
    server = serve(thread)
    page = visitor(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True).new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    widget.ask("Hello https://a.example/")
    widget.frame.get_by_label("Email address").wait_for()
    [key] = thread.keys()
    server.say("Hej!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Hej!")
    thread.broken = True
    widget.ask("Is it sent?")
    widget.frame.get_by_text("Not sent.").wait_for()
    for part in (page.frames[0], page.frames[1]):
        part.evaluate(axe + ";0")
        found = part.evaluate("axe.run(document, { iframes: false })")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert len(found["passes"]) > 10


def test_the_thread_reads_well_to_a_screen_reader(chat) -> None:
    widget, _ = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    dialog = widget.page.get_by_role("dialog")
    assert dialog.get_attribute("aria-modal") == "false"
    assert (widget.log.get_attribute("aria-live"), widget.log.get_attribute("aria-relevant")) == ("polite", "additions")
    assert widget.log.locator("[tabindex]").count() == 0
    said = widget.frame.locator(".message:not([data-intro]) .who").evaluate_all(
        "all => all.map(one => one.textContent)"
    )
    assert said[0].startswith("You: ")
    assert said[1].startswith("Spoke AI: ")
