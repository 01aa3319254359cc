"""Visitors whom the site signs in: what they wrote goes on, what they leave behind is nothing."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from custagent.channels.live_chat.identity import Customer
from custagent.testing import FrozenClock
from tests.channels.widget.conftest import wait_until

SECRET = "s" * 32
LATER = int(FrozenClock().now().timestamp()) + 600


def signed(who: str = "c-7", **claims: Any) -> str:
    return jwt.encode({"sub": who, "aud": "website", "exp": LATER, **claims}, SECRET, algorithm="HS256")


def call(page: Any, *arguments: Any) -> None:
    page.evaluate("all => { window.custagent(...all); }", list(arguments))


def stored(page: Any) -> list[str]:
    return page.evaluate("Object.values(localStorage)")


@pytest.fixture
def signed_in(thread, serve, visitor, widget_on) -> Any:
    book = thread.sign_in(SECRET)
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    return widget_on(page), server, book


def test_signing_in_keeps_the_thread_and_the_token_goes(signed_in, thread) -> None:
    widget, server, book = signed_in
    widget.open().ask("Before")
    widget.hears("You asked: Before")
    [token] = stored(widget.page)
    call(widget.page, "identify", signed(name="Anna"))
    wait_until(widget.page, "Object.values(localStorage)[0] === 'identified'")
    widget.ask("After")
    widget.hears("You asked: After")
    assert widget.exchanged() == ["Before", "You asked: Before", "After", "You asked: After"]
    assert token not in stored(widget.page)
    assert thread.inbound[-1].contact_key == book.key_of(Customer(id="c-7"))
    assert thread.inbound[-1].contact_name == "Anna"
    # A page later the site says it again, and the thread is there.
    widget.page.reload()
    widget.open()
    assert widget.exchanged() == []
    call(widget.page, "identify", signed())
    widget.hears("You asked: After")
    server.wait_for_streams(lambda open_: open_ == 1)


def test_signing_out_leaves_nothing_to_the_next_at_this_computer(signed_in, thread) -> None:
    widget, _, book = signed_in
    call(widget.page, "identify", signed())
    widget.open().ask("Mine")
    widget.hears("You asked: Mine")
    call(widget.page, "logout")
    widget.log.get_by_text("You asked: Mine").wait_for(state="detached")
    assert stored(widget.page) == []
    widget.ask("Somebody else")
    widget.hears("You asked: Somebody else")
    assert widget.exchanged() == ["Somebody else", "You asked: Somebody else"]
    assert thread.keys()[0] == book.key_of(Customer(id="c-7")) != thread.keys()[1]
    # Whoever signs in then has what they wrote themselves.
    call(widget.page, "logout")
    call(widget.page, "identify", signed("c-8"))
    widget.ask("I am new")
    widget.hears("You asked: I am new")
    assert widget.exchanged() == ["I am new", "You asked: I am new"]


def test_another_customer_sees_nothing_of_the_one_before(signed_in) -> None:
    widget, _, _ = signed_in
    call(widget.page, "identify", signed())
    widget.open().ask("Mine")
    widget.hears("You asked: Mine")
    call(widget.page, "identify", signed("c-8"))
    widget.log.get_by_text("You asked: Mine").wait_for(state="detached")
    call(widget.page, "identify", signed())
    widget.hears("You asked: Mine")


def test_where_only_known_visitors_write_the_chat_says_so(thread, serve, visitor, widget_on) -> None:
    thread.sign_in(SECRET, required=True)
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    widget.frame.get_by_text("Please sign in on this page to start a chat.").wait_for()
    assert widget.box.is_hidden()
    call(page, "identify", signed())
    widget.box.wait_for()
    widget.ask("Hello")
    widget.hears("You asked: Hello")


def test_a_site_hears_why_its_token_is_refused(signed_in) -> None:
    widget, _, _ = signed_in
    widget.page.evaluate("() => { window.told = []; custagent('on', 'refused', (why) => window.told.push(why)); }")
    call(widget.page, "identify", signed(exp=LATER - 5000))
    widget.open()
    wait_until(widget.page, "window.told.length === 1")
    assert "exp is in the past" in widget.page.evaluate("window.told[0]")


def test_a_session_that_has_ended_asks_the_site_and_loses_nothing(signed_in, thread) -> None:
    widget, _, book = signed_in
    widget.page.evaluate("() => { window.expired = 0; custagent('on', 'expired', () => { window.expired += 1; }); }")
    call(widget.page, "identify", signed())
    widget.open().ask("Hello")
    widget.hears("You asked: Hello")
    # The secret is changed: all sessions end.
    secret = "n" * 32
    book._secrets = lambda: (secret,)
    widget.ask("Is it still me?")
    wait_until(widget.page, "window.expired > 0")
    call(widget.page, "identify", jwt.encode({"sub": "c-7", "aud": "website", "exp": LATER}, secret, algorithm="HS256"))
    widget.hears("You asked: Is it still me?")
    assert thread.texts().count("Is it still me?") == 1
    assert {key for key, _ in thread.written} == {book.key_of(Customer(id="c-7"))}
    assert widget.exchanged()[0] == "Hello"


def test_a_login_in_one_tab_ends_the_nameless_thread_in_the_other(signed_in, widget_on) -> None:
    widget, _, _ = signed_in
    widget.open().ask("Before")
    widget.hears("You asked: Before")
    other = widget_on(widget.page.context.new_page())
    other.page.goto(widget.page.url)
    other.open().hears("You asked: Before")
    call(widget.page, "identify", signed())
    other.log.get_by_text("You asked: Before").wait_for(state="detached")
    started = time.monotonic()
    call(other.page, "identify", signed())
    other.hears("You asked: Before")
    assert time.monotonic() - started < 10
