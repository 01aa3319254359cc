"""The widget in other languages: it follows the conversation, runs both ways, and nothing is cut off on a phone."""

from __future__ import annotations

import pytest

from custagent.channels.live_chat.chat import Hello
from custagent.locales import catalogue

PHONE = {"width": 390, "height": 844}
#: What does not fit into its box sideways.
CUT_OFF = """() => [...document.querySelectorAll("header, header *, #composer, #composer *, #banner, .message *, #email *")]
  .filter(one => one.checkVisibility?.() && !one.closest(".unseen") && getComputedStyle(one).clipPath === "none")
  .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map(one => `${one.localName}#${one.id}.${one.className}: ${one.textContent.slice(0, 40)}`)"""


@pytest.fixture
def shop(thread, serve, visitor, site, widget_on):
    """Opens the chat on a site, for a visitor's browser."""

    def opened(**options):
        page_of_shop = site()
        server = serve(thread, page_of_shop.origin)
        page_of_shop.html = f'<script async src="{server.origin}/chat/widget.js" data-channel="website"></script>'
        page = visitor(**options).new_page()
        page.goto(page_of_shop.origin)
        page.locator("#custagent .launcher").click()
        return widget_on(page), server

    return opened


def test_the_widget_goes_on_in_the_language_of_the_replies_and_back(shop, thread) -> None:
    replies = {"Hallo": ("Guten Tag", "de"), "Hello": ("Good day", "en"), "Szia": ("Jó napot", "hu")}
    thread.replies = lambda text: [{"text": replies[text][0], "language": replies[text][1]}]
    widget, _ = shop(locale="en-GB")
    page = widget.frame.locator("html")
    widget.frame.get_by_placeholder("Write a message…").wait_for()
    for text, placeholder, language in (
        ("Hallo", "Nachricht schreiben…", "de"),
        ("Hello", "Write a message…", "en"),
        # Without words of its own the widget stays as it is.
        ("Szia", "Write a message…", "en"),
    ):
        box = widget.frame.locator("#box")
        box.fill(text)
        box.press("Enter")
        widget.hears(replies[text][0])
        widget.frame.get_by_placeholder(placeholder).wait_for()
        assert page.get_attribute("lang") == language
        bubble = widget.frame.locator(".bubble", has_text=replies[text][0])
        assert bubble.get_attribute("lang") == replies[text][1]
    assert widget.frame.locator("#line").text_content() == catalogue("en").widget["powered"]


def test_each_message_runs_as_its_own_language_does(shop, thread) -> None:
    said = "مرحبا 12:30 https://help.example/a"
    thread.replies = lambda _: [{"text": said, "language": "ar"}]
    widget, _ = shop(locale="en-GB")
    widget.frame.get_by_placeholder("Write a message…").fill("Hello")
    widget.frame.locator("#box").press("Enter")
    bubble = widget.frame.locator(".message.agent:not([data-intro]) .bubble")
    bubble.wait_for()
    assert (bubble.get_attribute("lang"), bubble.get_attribute("dir")) == ("ar", "rtl")
    # An address reads from left to right wherever it stands.
    assert bubble.locator("a bdi").get_attribute("dir") == "ltr"
    assert bubble.evaluate("one => getComputedStyle(one).direction") == "rtl"
    asked = widget.frame.locator(".message.contact .bubble")
    assert asked.evaluate("one => getComputedStyle(one).direction") == "ltr"


@pytest.mark.parametrize("language", ["de", "fi", "fr", "pl"])
def test_nothing_is_cut_off_on_a_phone(shop, thread, language) -> None:
    texts = catalogue(language)
    greeting, disclosure = texts.messages["greeting"], texts.messages["disclosure"]
    thread.hello_words = Hello(
        agent="Hjulvinda", company="Hjulvinda", greeting=greeting, disclosure=disclosure, language=language
    )
    widget, server = shop(locale=language, viewport=PHONE)
    widget.frame.get_by_placeholder(texts.widget["placeholder"]).fill("?")
    widget.frame.locator("#box").press("Enter")
    widget.hears("You asked: ?")
    assert widget.frame.locator("html").evaluate(CUT_OFF) == []
    assert widget.frame.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert server.origin
