"""The widget and the page that it is on: what the page can say and hear, and pages that make it hard."""

from __future__ import annotations

import re
from typing import Any

import pytest

from custagent.channels.live_chat.adapter import snippet
from custagent.channels.live_chat.loader import loader
from custagent.core.asked import AskedField
from custagent.core.look import Look, LookWords
from tests.channels.widget.conftest import standing, wait_for, wait_until

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
#: What a page may do to all of its elements.
RESETS = """
* { all: unset !important; display: none !important; visibility: hidden !important; opacity: 0 !important; }
div, iframe, button { position: static !important; transform: scale(0) !important; pointer-events: none !important; }
html { font-size: 4px !important; } html, body { display: block !important; visibility: visible !important; opacity: 1 !important; }
"""
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
}
Object.defineProperty(Document.prototype, "cookie", { get() { throw new DOMException("no", "SecurityError"); }, set() {} });
"""
HEAR = """() => {
  window.heard = [];
  for (const name of ["ready", "open", "close", "message", "unread"]) custagent("on", name, (told) => heard.push([name, told]));
  custagent("on", "open", () => { throw new Error("the page's own fault"); });
}"""


def test_the_chat_works_on_a_hostile_page(thread, serve, visitor, site, widget_on) -> None:
    """A strict policy, resets that hide everything, no storage, another site: with the tag that the command prints."""
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = f"<h1>Shop</h1>{snippet(server.origin, 'website')}"
    shop.policy = (
        f"default-src 'none'; script-src {server.origin}; frame-src {server.origin}; style-src 'unsafe-inline';"
        " require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'"
    )
    shop.html += f"<style>{RESETS}</style>"
    context = visitor()
    context.add_init_script(NO_STORAGE)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(shop.origin)
    box = standing(page.locator("#custagent .launcher"))
    assert (box["width"], box["height"]) == (60, 60)
    assert (box["x"] + box["width"], box["y"] + box["height"]) == (DESKTOP["width"] - 20, DESKTOP["height"] - 20)
    widget = widget_on(page).open()
    assert standing(page.locator("#custagent .panel"))["width"] == 408
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert [one for one in faults if "Security Policy" in one or "integrity" in one] == []


def test_a_script_that_is_not_the_one_that_was_pasted_does_not_run(thread, serve, visitor, site) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = re.sub(r'integrity="[^"]+"', f'integrity="sha384-{"A" * 64}"', snippet(server.origin, "website"))
    page = visitor().new_page()
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(shop.origin)
    assert page.locator("#custagent").count() == 0


def test_on_a_slow_line_the_chat_comes_and_loses_nothing(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor().new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    devtools.send("Network.emulateNetworkConditions", slow)
    page.goto(server.origin)
    page.get_by_role("button", name="Open chat").click()
    widget = widget_on(page)
    widget.frame.get_by_text("How can I help").wait_for()
    for text in ("One", "Two", "Three"):
        widget.ask(text)
    for text in ("One", "Two", "Three"):
        widget.hears(f"You asked: {text}")
    assert [text for text in widget.exchanged() if not text.startswith("You asked")] == ["One", "Two", "Three"]


def test_before_the_chat_is_opened_nothing_is_stored_or_loaded(thread, serve, visitor, site) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = snippet(server.origin, "website")
    page = visitor().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.origin, wait_until="networkidle")
    page.get_by_role("button", name="Open chat").wait_for()
    assert [url for url in asked if url.startswith(server.origin)] == [re.search('src="([^"]+)"', shop.html)[1]]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.context.cookies() == []
    assert page.locator("#custagent iframe").count() == 0
    assert len(loader()) < 10_000


def test_the_page_opens_closes_and_hears(thread, serve, visitor, site) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    # What a page says before the script is there is said when it is.
    shop.html = (
        "<title>Shop</title><script>window.custagent = (...all) => (custagent.q ??= []).push(all);"
        f" ({HEAR})(); custagent('open', 'What does it cost?');</script>{snippet(server.origin, 'website')}"
    )
    page = visitor_page(visitor)
    page.goto(shop.origin)
    frame = page.frame_locator("#custagent iframe")
    box = frame.get_by_role("textbox", name="Write your message")
    frame.get_by_text("How can I help").wait_for()
    wait_for(page, lambda: box.input_value() == "What does it cost?")
    box.press("Enter")
    frame.get_by_text("You asked: What does it cost?").wait_for()
    page.evaluate("() => { custagent('close'); }")
    server.say("One more.", to=thread.keys()[0])
    page.get_by_role("button", name="Open chat, 1 unread").wait_for()
    wait_until(page, "document.title === '(1) Shop'")
    page.evaluate("() => { document.title = '(1) Shop, cart'; custagent('open'); }")
    wait_until(page, "document.title === 'Shop, cart'")
    wait_until(page, "heard.filter(([name]) => name === 'unread').length === 2")
    heard = page.evaluate("heard")
    assert [name for name, _ in heard if name != "message"] == ["open", "ready", "close", "unread", "open", "unread"]
    assert [told["sender"] for name, told in heard if name == "message"][-2:] == ["agent", "agent"]
    with page.expect_console_message(lambda message: "there is no destroy" in message.text):
        page.evaluate("() => { custagent('destroy'); }")


def test_the_first_answer_is_new_even_when_it_is_there_before_the_stream(thread, serve, visitor) -> None:
    """The page hears of it, and a screen reader says it."""
    server = serve(thread)
    page = visitor().new_page()
    held: list[Any] = []
    page.route(re.compile("/events"), lambda route: held.append(route))  # noqa: PLW0108 playwright cannot look into a built-in
    page.goto(server.origin)
    hear = "window.heard = []; custagent('on', 'message', (told) => heard.push(told.sender))"
    page.evaluate(f"() => {{ {hear}; custagent('open'); }}")
    frame = page.frame_locator("#custagent iframe")
    frame.get_by_text("How can I help").wait_for()
    box = frame.get_by_role("textbox", name="Write your message")
    box.fill("What does it cost?")
    box.press("Enter")
    wait_for(page, lambda: held and any(one.text == "You asked: What does it cost?" for _, one in thread.written))
    assert frame.get_by_role("log").get_attribute("aria-live") == "polite"
    held[0].continue_()
    frame.get_by_text("You asked: What does it cost?").wait_for()
    wait_until(page, "heard.includes('agent')")


def visitor_page(visitor: Any) -> Any:
    """A page whose own faults are its own."""
    page = visitor().new_page()
    page.add_init_script("window.addEventListener('error', (event) => event.preventDefault())")
    return page


@pytest.mark.parametrize("given", [True, False])
def test_without_consent_nothing_is_stored(*, thread, serve, visitor, site, widget_on, given) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = snippet(server.origin, "website").replace("<script ", '<script data-consent="required" ')
    page = visitor().new_page()
    page.goto(shop.origin)
    widget = widget_on(page).open()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert page.evaluate("localStorage.length") == 0
    page.evaluate("given => { custagent('consent', true); if (!given) custagent('consent', false); }", given)
    assert page.evaluate("localStorage.length") == int(given)
    page.reload()
    widget.open()
    if given:
        widget.hears("You asked: Hello")
    else:
        assert widget.exchanged() == []


def test_colours_side_and_words_are_the_owners(thread, serve, visitor, site, widget_on) -> None:
    look = Look(
        colour="#0a7d55",
        side="left",
        scheme="dark",
        words={"en": LookWords(title="Ask Spoke", placeholder="Ask away…")},
    )
    thread.settings["look"] = look
    shop = site()
    server = serve(thread, shop.origin)
    # An older tag: the button learns its colour when the chat is opened.
    for tag in (snippet(server.origin, "website", look), snippet(server.origin, "website")):
        shop.html = tag
        page = visitor(color_scheme="light").new_page()
        page.goto(shop.origin)
        colour = "getComputedStyle(document.querySelector('#custagent').shadowRoot.querySelector('.launcher')).backgroundColor"
        if "data-look" in tag:
            assert page.evaluate(colour) == "rgb(10, 125, 85)"
        widget = widget_on(page).open()
        wait_until(page, f"{colour} === 'rgb(10, 125, 85)'")
        assert standing(page.locator("#custagent .launcher"))["x"] == 20
        assert standing(page.locator("#custagent .panel"))["x"] == 20
        assert page.get_by_role("dialog", name="Ask Spoke").is_visible()
        assert widget.box.get_attribute("placeholder") == "Ask away…"
        background = widget.frame.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
        assert background == "rgb(20, 22, 31)"
        page.context.close()


def test_who_is_asked_first_says_so_once(thread, serve, visitor, widget_on) -> None:
    thread.settings |= {
        "asked": (
            AskedField(name="name"),
            AskedField(name="email", required=True),
            AskedField(name="order-number", label="Order number"),
        ),
        "introduced": thread.introduce,
    }
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    assert widget.box.is_hidden()
    email = widget.frame.get_by_role("textbox", name="Email address")
    start = widget.frame.get_by_role("button", name="Start the chat")
    start.click()
    widget.frame.get_by_role("alert").get_by_text("Please fill this in.").wait_for()
    assert widget.focused() == ""  # the field has the focus, and its label is its name
    email.fill("anna")
    start.click()
    widget.frame.get_by_role("alert").get_by_text("This does not look like an email address.").wait_for()
    email.fill("anna@shop.example")
    widget.frame.get_by_role("textbox", name="Your name").fill("Anna")
    widget.frame.get_by_role("textbox", name="Order number").fill("4711")
    start.click()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    widget.ask("And again")
    widget.hears("You asked: And again")
    assert thread.introduced == [{"name": "Anna", "email": "anna@shop.example", "order-number": "4711"}]
    assert [one.contact_name for one in thread.inbound] == ["Anna", ""]
    page.reload()
    widget.open().hears("You asked: And again")
    assert start.is_hidden()


def test_the_chat_can_be_had_by_mail(thread, serve, visitor, widget_on) -> None:
    thread.settings["send_transcript"] = thread.send_transcript
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    button = widget.frame.get_by_role("button", name="Send this chat by email")
    assert button.is_hidden()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    button.click()
    address = widget.frame.get_by_role("textbox", name="Where may we send this chat?")
    send = widget.frame.get_by_role("button", name="Send", exact=True)
    address.fill("anna")
    send.click()
    widget.frame.get_by_text("This does not look like an email address.").wait_for()
    address.fill("anna@shop.example")
    send.click()
    widget.frame.get_by_text("The chat is on its way to anna@shop.example.").wait_for()
    assert thread.transcripts == [(thread.keys()[0], "anna@shop.example", "en")]


def test_marks_become_bold_lists_and_links_in_replies_and_stay_signs_elsewhere(chat, thread) -> None:
    widget, _ = chat
    text = (
        "**Yes**, *within* __30__ _days_ `now` for 2 * 3 * 4 and a_b_c, see [the page](https://a.example/x_(y)_z).\n\n"
        "1. one\n2. **two**\n\n* three\n- [four](javascript:alert(1))\n\nhttps://b.example/**x** [not](/here)"
    )
    thread.replies = lambda _: [{"text": text}]
    widget.open().ask("**mine**")
    bubble = widget.frame.locator(".message.agent:not([data-intro]) .bubble")
    bubble.wait_for()
    shape = "one => [...one.querySelectorAll('*')].filter(child => !['SPAN', 'BDI'].includes(child.tagName)).map(child => child.tagName)"
    assert bubble.evaluate(shape) == [
        "P", "STRONG", "EM", "EM", "CODE", "A", "OL", "LI", "LI", "STRONG", "UL", "LI", "LI", "P", "A",
    ]  # fmt: skip
    assert bubble.locator("a").evaluate_all("all => all.map(one => [one.getAttribute('href'), one.rel])") == [
        ["https://a.example/x_(y)_z", "noopener noreferrer nofollow"],
        ["https://b.example/**x", "noopener noreferrer nofollow"],
    ]
    assert "2 * 3 * 4 and a_b_c" in bubble.inner_text()
    assert "[four](javascript:alert(1))" in bubble.inner_text()
    assert widget.frame.locator(".message.contact .bubble").inner_text() == "**mine**"


def test_a_long_line_of_marks_takes_no_time(thread, serve, visitor) -> None:
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    took = page.evaluate(
        """async (texts) => {
          const { body } = await import("/chat/-/markup.js");
          return texts.map((text) => { const begun = performance.now(); body(text, "", { marks: true }); return performance.now() - begun; });
        }""",
        ["**a " * 3000, "[" * 12_000, "_a" * 6000, "`" * 12_000, "[a](https://x" * 900, "*" * 12_000, "1. " * 4000],
    )
    assert max(took) < 10_000
