"""The widget when servers go and come back, and when the visitor is too quick."""

from __future__ import annotations

import asyncio
import re

import pytest

from custagent.channels.limits import Limits, Rate

#: Notes how many bubbles of one text were ever there at once.
MOST_ALIKE = """log => {
  window.mostAlike = 0;
  new MutationObserver(() => {
    const texts = [...log.querySelectorAll(".bubble")].map(one => one.dataset.text);
    for (const text of texts) window.mostAlike = Math.max(window.mostAlike, texts.filter(one => one === text).length);
  }).observe(log, { childList: true });
}"""


def test_a_server_that_goes_and_comes_back_loses_and_doubles_nothing(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("First")
    widget.hears("You asked: First")
    server.kill()
    asked: list[str | None] = []
    widget.page.on(
        "request",
        lambda request: asked.append(request.headers.get("last-event-id")) if "/events" in request.url else None,
    )
    widget.ask("Second")
    widget.frame.get_by_role("alert").get_by_text("Not sent.").wait_for()
    widget.frame.get_by_role("status").get_by_text("No connection. Trying again…").wait_for()
    thread.say("Written while you were away", to=thread.keys()[0])
    server.start()
    widget.hears("You asked: Second")
    widget.frame.get_by_text("Not sent.").wait_for(state="detached")
    widget.frame.get_by_text("No connection").wait_for(state="detached")
    assert set(asked) == {"2"}
    assert widget.exchanged() == [
        "First", "You asked: First", "Written while you were away", "Second", "You asked: Second",
    ]  # fmt: skip


def test_a_server_that_dies_between_writing_and_acknowledging_doubles_nothing(chat, thread) -> None:
    widget, server = chat
    widget.open().ask("First")
    widget.hears("You asked: First")

    async def pull_the_plug() -> None:
        thread.before_reply = None
        server._main.cancel()
        await asyncio.Event().wait()

    thread.before_reply = pull_the_plug
    widget.ask("Second")
    widget.frame.get_by_text("Not sent.").wait_for()
    server._worker.join(60)
    widget.log.evaluate(MOST_ALIKE)
    server.start()
    widget.frame.get_by_text("Not sent.").wait_for(state="detached")
    widget.ask("Third")
    widget.hears("You asked: Third")
    assert [text for text in widget.exchanged() if not text.startswith("You asked")] == ["First", "Second", "Third"]
    assert thread.texts().count("Second") == 1
    assert widget.log.evaluate("() => window.mostAlike") == 1


def test_sending_again_by_hand_goes_at_once(chat, thread) -> None:
    widget, _server = chat
    widget.open().ask("First")
    widget.hears("You asked: First")
    thread.broken = True
    widget.ask("Second")
    button = widget.frame.get_by_role("button", name="Try again")
    button.wait_for()
    thread.broken = False
    button.click()
    widget.hears("You asked: Second")


def test_a_page_that_is_opened_while_the_server_is_away_waits_for_it(chat, thread) -> None:
    widget, server = chat
    server.kill()
    widget.page.get_by_role("button", name="Open chat").click()
    widget.page.get_by_text("Connecting…").wait_for()
    server.start()
    widget.frame.get_by_text("How can I help").wait_for()
    assert widget.page.get_by_text("Connecting…").is_hidden()


def test_too_many_messages_wait_and_say_so(thread, serve, visitor, widget_on) -> None:
    seconds = [0.0]
    pace = Limits(visitor_pace=Rate(count=1, seconds=1, burst=2))
    server = serve(thread, limits=pace, monotonic=lambda: seconds[0])
    page = visitor().new_page()
    page.goto(server.origin)
    widget = widget_on(page).open()
    for number in range(4):
        widget.ask(f"Message {number}")
    # However long the browser took: for the server no time has passed.
    widget.frame.get_by_text(re.compile(r"You are writing very fast\.")).first.wait_for()
    seconds[0] += 10
    widget.hears("You asked: Message 3")
    assert [text for text in thread.texts() if text.startswith("Message")] == [f"Message {n}" for n in range(4)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_stream_is_read_however_it_is_cut(thread, serve, visitor, newline) -> None:
    """Events by the HTML standard, §9.2.6, fed whole, byte by byte, and in threes."""
    server = serve(thread)
    page = visitor().new_page()
    page.goto(server.origin)
    stream = (
        "retry: 2500\n: a remark\n\nid: 7\nevent: message\ndata: one\ndata:  two\ndata\n\nevent: typing\ndata: {}\n\n"
        "event: nothing\n\nretry: soon\nunknown: x\ndata: last\n\ndata: never ended\n"
    ).replace("\n", newline)
    found = page.evaluate(
        """async ([stream, sizes]) => {
          const { EventParser } = await import("/chat/-/stream.js");
          return sizes.map(size => {
            const heard = [];
            const onEvent = event => heard.push([event.name, event.data, event.id]);
            const parser = new EventParser({ onEvent, onRetry: wait => heard.push(wait) });
            for (let at = 0; at < stream.length; at += size) parser.feed(stream.slice(at, at + size));
            return heard;
          });
        }""",
        [stream, [1000, 1, 3]],
    )
    whole = [2500, ["message", "one\n two\n", "7"], ["typing", "{}", None], ["message", "last", None]]
    assert found == [whole] * 3


def test_a_tab_too_many_rests_until_somebody_looks_at_it(thread, serve, visitor, widget_on) -> None:
    server = serve(thread, limits=Limits(streams_per_visitor=1))
    context = visitor()
    # Without locks no tab can have the stream for all.
    context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    first = widget_on(context.new_page())
    first.page.goto(server.origin)
    first.open().ask("Hello")
    first.hears("You asked: Hello")
    second = widget_on(context.new_page())
    second.page.goto(server.origin)
    second.open().hears("You asked: Hello")
    resting = first.frame.get_by_text("The chat is open in other tabs.")
    resting.wait_for()
    server.say("For both", to=thread.keys()[0])
    second.hears("For both")
    assert "For both" not in first.texts()
    first.frame.locator("body").evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    first.hears("For both")
    resting.wait_for(state="detached")
