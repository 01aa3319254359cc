"""The widget in a real browser: asking, choosing, coming back, a second tab, who answers."""

from __future__ import annotations

import re
from dataclasses import replace

from custagent.channels.live_chat.chat import Header, Holder
from custagent.core.message import MessageKind, Sender
from tests.channels.widget.conftest import wait_for, wait_until
from tests.pictures import png

ANNA = Header(holder=Holder.PERSON, name="Anna Berg", initials_of="Anna Berg")


def test_a_question_is_answered_with_a_link_to_the_right_place(chat, thread) -> None:
    widget, _ = chat
    widget.open().ask("Can I return it?")
    widget.hears("You asked: Can I return it?")
    links = widget.frame.get_by_role("list", name="Sources").get_by_role("listitem")
    # By these numbers the text names its sources.
    assert links.all_text_contents() == [
        "How to return (opens in a new tab)help.example [1]",
        "Manual (document) [2]",
    ]
    link = widget.frame.get_by_role("link", name="How to return")
    assert link.get_attribute("href") == "https://help.example/returns#start"
    assert link.get_attribute("target") == "_blank"
    assert set(link.get_attribute("rel").split()) == {"noopener", "noreferrer", "nofollow"}
    assert thread.texts() == ["Can I return it?", "You asked: Can I return it?"]
    assert thread.inbound[0].language == "en"


def test_the_first_thing_that_is_read_says_that_an_ai_answers(chat) -> None:
    widget, _ = chat
    widget.open()
    assert widget.texts()[0].startswith("You are chatting with an AI assistant.")
    assert widget.frame.get_by_text("Powered by AI").is_visible()
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    for message in widget.frame.locator(".message.agent").all():
        assert message.locator(".mark").inner_text() == "AI"


def test_nothing_is_stored_or_asked_before_the_visitor_writes(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.origin)))
    page.goto(server.origin, wait_until="networkidle")
    assert [path for path in asked if path.startswith("/chat/") and "/-/" not in path] == ["/chat/widget.js"]
    widget = widget_on(page).open()
    assert page.evaluate("JSON.stringify(localStorage) + document.cookie") == "{}"
    assert not any(path.endswith(("/session", "/events")) for path in asked)
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert page.evaluate("Object.keys(localStorage).length") == 1
    token = page.evaluate("Object.values(localStorage)[0]")
    assert re.fullmatch(r"[\w-]{43}", token)
    assert not any(token in path for path in asked)
    assert page.context.cookies() == []


def test_the_stored_disclosure_is_not_said_twice_but_again_after_a_person(chat, thread, reply) -> None:
    widget, server = chat
    disclosure = thread.hello_words.disclosure
    thread.replies = lambda text: [{"text": disclosure, "kind": MessageKind.DISCLOSURE}, *reply(text)]
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    assert widget.texts().count(disclosure) == 1
    [key] = thread.keys()
    server.say("Anna here.", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    server.say(disclosure, to=key, kind=MessageKind.DISCLOSURE)
    server.say("I am back.", to=key)
    widget.hears("I am back.")
    assert widget.texts().count(disclosure) == 2
    widget.page.reload()
    widget.open().hears("I am back.")
    assert widget.exchanged() == ["Hello", "You asked: Hello", "Anna here.", disclosure, "I am back."]


def test_a_reload_keeps_the_thread_and_a_second_tab_shows_it(chat, widget_on) -> None:
    widget, _ = chat
    widget.open().ask("First")
    widget.hears("You asked: First")
    widget.page.reload()
    widget.open().hears("You asked: First")
    second = widget_on(widget.page.context.new_page())
    second.page.goto(widget.page.url)
    second.open().hears("You asked: First")
    second.ask("From the second tab")
    for tab in (second, widget):
        tab.hears("You asked: From the second tab")
        assert tab.exchanged() == ["First", "You asked: First", "From the second tab", "You asked: From the second tab"]


def test_a_tab_that_was_open_before_the_first_message_joins_in(chat, thread, widget_on) -> None:
    widget, _ = chat
    widget.open()
    second = widget_on(widget.page.context.new_page())
    second.page.goto(widget.page.url)
    second.open().ask("Hello")
    widget.hears("You asked: Hello")
    widget.ask("Me too")
    second.hears("You asked: Me too")
    assert len(thread.keys()) == 1


def test_options_are_buttons_that_send_their_words_once(chat) -> None:
    widget, _ = chat
    widget.open().ask("Tell me about bikes")
    widget.frame.get_by_role("group", name="Choose a topic").get_by_role("button", name="E-bikes").click()
    # The word is in "bikes" again: another question back.
    widget.log.get_by_text("Which bikes?").nth(1).wait_for()
    assert widget.exchanged() == ["Tell me about bikes", "Which bikes?", "E-bikes", "Which bikes?"]
    assert widget.frame.get_by_role("button", name="E-bikes").count() == 1


def test_answers_that_come_with_the_chat_closed_are_counted_on_the_launcher(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    widget.frame.get_by_role("button", name="Close chat").click()
    [key] = thread.keys()
    server.say("One more thing.", to=key)
    server.say("And another.", to=key)
    widget.page.get_by_role("button", name="Open chat, 2 unread").wait_for()
    widget.page.reload()
    widget.page.get_by_role("button", name="Open chat", exact=True).wait_for()
    wait_until(widget.page, "document.querySelector('#custagent').shadowRoot.querySelector('.ready')")
    server.call(server.hub.notify, key)
    widget.open().hears("And another.")
    assert widget.launcher.get_attribute("aria-label") == "Close chat"


def test_who_has_the_conversation_stands_in_the_header(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    [key] = thread.keys()
    server.call(server.hub.typing, key, on=True)
    widget.frame.get_by_role("status").get_by_text("Spoke is writing…").wait_for(state="attached")
    thread.headers[key] = ANNA
    server.say("Hej, Anna here.", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Hej, Anna here.")
    widget.frame.get_by_role("heading", name="Anna Berg").wait_for()
    assert widget.frame.locator("#face").inner_text() == "AB"
    assert widget.frame.get_by_text("Powered by AI").count() == 0
    assert widget.frame.get_by_text("Anna Berg has joined the chat.").is_visible()
    assert widget.frame.locator(".message.person .mark").count() == 0
    assert widget.frame.locator(".message.person .name").inner_text() == "Anna Berg"
    assert widget.frame.get_by_text("is writing").count() == 0
    thread.headers[key] = Header(holder=Holder.AGENT, name="Spoke")
    server.call(server.hub.notify, key)
    widget.frame.get_by_text("Spoke (AI) is answering again.").wait_for()
    assert widget.frame.get_by_text("Powered by AI").is_visible()


def test_without_a_new_avatar_the_person_has_the_agents_face(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    [key] = thread.keys()
    thread.headers[key] = Header(holder=Holder.PERSON, name="Anna Berg")
    server.say("Hej!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Hej!")
    assert widget.frame.locator("#face svg").count() == 1
    assert widget.frame.locator(".message.person .face svg").count() == 1
    assert widget.frame.locator(".message.person .name").inner_text() == "Anna Berg"


def test_when_nobody_is_there_an_address_may_be_left(chat, thread) -> None:
    widget, _server = chat
    thread.replies = lambda _: [{"text": "Nobody is here.", "kind": MessageKind.HANDOFF_UNAVAILABLE}]
    widget.open().ask("A person, please")
    address = widget.frame.get_by_role("textbox", name="Email address")
    address.fill("anna")
    address.press("Enter")
    widget.frame.get_by_text("This does not look like an email address.").wait_for()
    address.fill("anna@shop.example")
    widget.frame.get_by_role("button", name="Leave address").click()
    widget.frame.get_by_text("The answer will be sent to anna@shop.example.").wait_for()
    assert thread.emails == [(thread.keys()[0], "anna@shop.example")]


def test_text_becomes_paragraphs_lists_and_links_without_their_punctuation(chat, thread) -> None:
    widget, _server = chat
    text = "See https://a.example/x_(y). Or (https://b.example/)!\n\n- one\n- two https://c.example/?q=1,\n\nBye"
    thread.replies = lambda _: [{"text": text}]
    widget.open().ask("Hello")
    bubble = widget.frame.locator(".message.agent:not([data-intro]) .bubble")
    bubble.wait_for()
    assert bubble.evaluate("one => [...one.children].map(child => child.tagName)") == ["P", "UL", "P"]
    assert bubble.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))") == [
        "https://a.example/x_(y)",
        "https://b.example/",
        "https://c.example/?q=1",
    ]


def test_a_chat_can_be_opened_from_the_page_with_words_to_begin_with(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    page.evaluate("() => { window.custagent.open('What does it cost?'); }")
    widget = widget_on(page)
    widget.box.wait_for()
    wait_for(page, lambda: widget.box.input_value() == "What does it cost?")
    assert thread.written == []
    page.evaluate("() => { window.custagent.close(); }")
    assert page.locator("#custagent .panel").is_hidden()
    page.get_by_role("button", name="Start a chat").click()
    assert page.locator("#custagent .panel").is_visible()


def test_the_frame_by_itself_is_a_page_to_chat_on(thread, serve, visitor) -> None:
    server = serve(thread)
    page = visitor().new_page()
    page.goto(f"{server.origin}/chat/website/frame")
    page.get_by_text("How can I help").wait_for()
    page.get_by_role("textbox", name="Write your message").fill("Hello")
    page.get_by_role("button", name="Send message").click()
    page.get_by_role("log").get_by_text("You asked: Hello").wait_for()
    assert page.get_by_role("button", name="Close chat").count() == 0


def test_a_picture_of_the_person_stands_in_the_header_and_goes_with_them(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    [key] = thread.keys()
    name = f"{'0' * 32}.png"
    thread.photos[name] = png(64, 64)
    thread.headers[key] = replace(ANNA, photo=name)
    server.say("Hej!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Hej!")
    picture = widget.frame.locator("#face img")
    picture.wait_for()
    assert picture.evaluate("async img => { await img.decode(); return [img.naturalWidth, img.clientWidth] }") == [
        64,
        42,
    ]
    assert widget.frame.get_by_role("heading", name="Anna Berg").is_visible()
    del thread.headers[key]
    server.say("I am back", to=key)
    widget.hears("I am back")
    widget.frame.get_by_text("Powered by AI").wait_for()
    assert picture.count() == 0


def test_initials_stand_where_the_picture_cannot_be_had(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    [key] = thread.keys()
    thread.headers[key] = replace(ANNA, photo=f"{'1' * 32}.png")
    server.say("Hej!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.frame.locator("#face").get_by_text("AB", exact=True).wait_for()
    # A name of another form is never asked for.
    thread.headers[key] = replace(ANNA, photo="../../-/icon.svg")
    server.say("Hej igen!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Hej igen!")
    assert widget.frame.locator("#face").inner_text() == "AB"
    assert widget.frame.locator("#face img").count() == 0
