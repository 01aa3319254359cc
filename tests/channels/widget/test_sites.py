"""The widget on other sites: whose languages, storage and policies differ, and who may not talk to it."""

from __future__ import annotations

import pytest

from tests.channels.widget.conftest import wait_for


@pytest.mark.parametrize(
    ("locale", "language", "placeholder"),
    [
        ("sv-SE", "sv", "Skriv ett meddelande…"),
        ("de-DE", "de", "Nachricht schreiben…"),
        ("nn-NO", "nb", "Skriv en melding…"),
        ("pt-BR", "pt", "Escreva uma mensagem…"),
        ("hu-HU", "en", "Write a message…"),
    ],
)
def test_the_widget_speaks_the_browsers_language(
    *, thread, serve, visitor, site, locale, language, placeholder
) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = f'<script async src="{server.origin}/chat/widget.js" data-channel="website"></script>'
    page = visitor(locale=locale).new_page()
    page.goto(shop.origin)
    page.locator("#custagent .launcher").click()
    box = page.frame_locator("#custagent iframe").get_by_placeholder(placeholder)
    box.wait_for()
    assert page.frame_locator("#custagent iframe").locator("html").get_attribute("lang") == language
    wait_for(page, lambda: thread.asked_languages)
    assert thread.asked_languages[0][0] == locale[:2]


@pytest.mark.parametrize(
    ("tag", "page_language", "open_chat", "direction"),
    [
        ("sv", "en", "Öppna chatten", "ltr"),
        ("", "sv", "Öppna chatten", "ltr"),
        ("ar", "sv", "Öppna chatten", "rtl"),
        ("no!", "en", "Open chat", "ltr"),
    ],
)
def test_what_the_site_says_goes_before_the_browser(
    *, thread, serve, visitor, site, tag, page_language, open_chat, direction
) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.language = page_language
    shop.html = (
        f'<script async src="{server.origin}/chat/widget.js" data-channel="website" data-locale="{tag}"></script>'
    )
    page = visitor(locale="fr-FR").new_page()
    page.goto(shop.origin)
    page.get_by_role("button", name=open_chat).click()
    frame = page.frame_locator("#custagent iframe")
    frame.get_by_text("How can I help").wait_for()
    assert frame.locator("html").get_attribute("dir") == direction


def test_on_another_site_the_thread_lives_in_that_sites_storage(thread, serve, visitor, site, widget_on) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = f'<script async src="{server.origin}/chat/widget.js" data-channel="website"></script>'
    # What a careful shop needs: the loader and the frame, nothing inline.
    shop.policy = (
        f"default-src 'none'; script-src {server.origin}; frame-src {server.origin}; require-trusted-types-for 'script'"
    )
    page = visitor().new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
    page.goto(shop.origin)
    widget = widget_on(page).open()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert page.evaluate("Object.keys(localStorage)") == [f"custagent:127.0.0.1:{server.port}:website"]
    page.reload()
    widget.open().hears("You asked: Hello")
    assert "allow-top-navigation" not in page.locator("#custagent iframe").get_attribute("sandbox")
    assert faults == []


def test_on_a_site_that_is_not_listed_nothing_is_shown(thread, serve, visitor, site, widget_on) -> None:
    shop = site()
    server = serve(thread, "https://other.example")
    shop.html = f'<script async src="{server.origin}/chat/widget.js" data-channel="website"></script>'
    page = visitor().new_page()
    page.goto(shop.origin)
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.get_by_role("button", name="Open chat").click()
    assert widget_on(page).frame.get_by_role("log").count() == 0
    assert thread.keys() == []


def test_without_storage_the_chat_lasts_as_long_as_the_page(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor().new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    page.goto(server.origin)
    widget = widget_on(page).open()
    for text in ("Hello", "Again"):
        widget.ask(text)
        widget.hears(f"You asked: {text}")
    assert len(thread.keys()) == 1
    page.reload()
    widget.open()
    assert widget.exchanged() == []


def test_other_windows_cannot_talk_to_the_frame_or_the_loader(thread, serve, visitor, site, widget_on) -> None:
    shop = site()
    server = serve(thread)
    token = "t" * 43
    shop.html = f"<iframe src='{server.origin}/'></iframe>"
    page = visitor().new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    stored = page.evaluate("Object.values(localStorage)[0]")
    # From the page's own window, so neither from the frame (to the loader) nor from another origin.
    page.evaluate(
        "token => { for (const type of ['keep', 'forget', 'token', 'unread', 'close', 'named'])"
        " window.postMessage({ source: 'custagent', type, token, count: 5, title: 'x' }, '*'); }",
        stored,
    )
    # From inside the frame to itself: the parent alone is listened to.
    widget.frame.locator("body").evaluate(
        "(_, token) => window.postMessage({ source: 'custagent', type: 'init', token, locales: ['sv'] }, '*')", token
    )
    widget.frame.locator("body").evaluate(
        "() => window.postMessage({ source: 'custagent', type: 'show', open: true, focus: true, text: 'Forged' }, '*')"
    )
    widget.frame.locator("body").evaluate("() => new Promise((done) => setTimeout(done, 0))")
    assert widget.box.input_value() == ""
    widget.ask("Still here")
    widget.hears("You asked: Still here")
    assert page.evaluate("Object.values(localStorage)[0]") == stored
    assert len(thread.keys()) == 1
    assert page.get_by_role("dialog", name="Chat with Hjulvinda").is_visible()
