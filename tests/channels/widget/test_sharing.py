"""Several tabs of one visitor: one stream for all, whoever closes, and a stream each where that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.widget.conftest import wait_for

#: What browsers without one of them, or that give none to frames on other sites, look like to a script.
WITHOUT = {
    "locks": "Object.defineProperty(navigator, 'locks', { value: undefined })",
    "refused locks": "if (navigator.locks) navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'))",
    "channels": "window.BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } }",
}


def tabs(server: Any, context: Any, widget_on: Any, count: int) -> list[Any]:
    opened = []
    for number in range(count):
        widget = widget_on(context.new_page())
        widget.page.goto(server.origin)
        widget.open()
        if number == 0:
            widget.ask("Hello")
        widget.hears("You asked: Hello")
        opened.append(widget)
    return opened


def test_three_tabs_have_one_stream_and_all_show_everything(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    all_ = tabs(server, visitor(), widget_on, 3)
    server.wait_for_streams(lambda open_: open_ == 1)
    all_[1].ask("From the second")
    for widget in all_:
        widget.hears("You asked: From the second")
        assert widget.exchanged() == ["Hello", "You asked: Hello", "From the second", "You asked: From the second"]
    assert len(server.hub) == 1


def test_when_the_tab_with_the_stream_closes_another_one_goes_on(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    first, second, third = tabs(server, visitor(), widget_on, 3)
    first.page.close()
    server.say("Said in between", to=thread.keys()[0])
    for widget in (second, third):
        widget.hears("Said in between")
    server.wait_for_streams(lambda open_: open_ == 1)
    second.page.close()
    server.say("And once more", to=thread.keys()[0])
    third.hears("And once more")
    assert third.exchanged() == ["Hello", "You asked: Hello", "Said in between", "And once more"]


def test_a_tab_that_asks_hears_who_has_the_conversation_and_who_writes(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    context = visitor()
    [first] = tabs(server, context, widget_on, 1)
    server.call(server.hub.typing, thread.keys()[0], on=True)
    first.frame.get_by_text("Spoke is writing…").wait_for(state="attached")
    [second] = tabs(server, context, widget_on, 1) if not thread.keys() else [widget_on(context.new_page())]
    second.page.goto(server.origin)
    second.open().hears("You asked: Hello")
    second.frame.get_by_text("Spoke is writing…").wait_for(state="attached")
    assert len(server.hub) == 1


@pytest.mark.parametrize("script", WITHOUT.values(), ids=WITHOUT.keys())
def test_where_tabs_cannot_share_each_has_its_own(*, thread, serve, visitor, widget_on, script) -> None:
    server = serve(thread)
    context = visitor()
    context.add_init_script(script)
    first, second = tabs(server, context, widget_on, 2)
    server.wait_for_streams(lambda open_: open_ == 2)
    second.ask("Both")
    for widget in (first, second):
        widget.hears("You asked: Both")


def test_all_tabs_come_back_after_a_server_that_refuses(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    first, second = tabs(server, visitor(), widget_on, 2)
    refused: list[int] = []
    for widget in (first, second):
        widget.page.on("response", lambda answer: refused.append(answer.status) if "/events" in answer.url else None)
    server.call(server.hub.close)
    for widget in (first, second):
        widget.frame.get_by_role("status").get_by_text("No connection. Trying again…").wait_for()
    wait_for(first.page, lambda: set(refused) == {503})
    thread.say("Written meanwhile", to=thread.keys()[0])
    server.hub._stopping = False
    for widget in (first, second):
        widget.hears("Written meanwhile")
        widget.frame.get_by_text("No connection").wait_for(state="detached")


def test_when_the_network_is_back_the_stream_begins_anew_where_it_was(chat, thread) -> None:
    """A connection that a sleeping laptop had looks open for long, and brings nothing."""
    widget, _ = chat
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    asked: list[str | None] = []
    widget.page.on(
        "request", lambda one: asked.append(one.headers.get("last-event-id")) if "/events" in one.url else None
    )
    widget.page.context.set_offline(True)
    widget.ask("Offline")
    widget.frame.get_by_text("Not sent.").wait_for()
    assert asked == []
    widget.page.context.set_offline(False)
    widget.hears("You asked: Offline")
    assert asked[0] == "2"
    assert widget.exchanged() == ["Hello", "You asked: Hello", "Offline", "You asked: Offline"]
