"""Files in the widget: chosen, pasted and dropped; how far they are, what is refused, and how they come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.live_chat.files import MAX_FILE
from custagent.core.message import Attachment
from tests.channels.widget.test_xss import VECTORS
from tests.pictures import png

PICTURE = png(64, 48)
#: Puts a file where a hand would.
GIVE = """([selector, kind, name, bytes]) => {
  const [given, target] = [new DataTransfer(), document.querySelector(selector)];
  given.items.add(new File([new Uint8Array(bytes)], name));
  const options = { bubbles: true, cancelable: true };
  if (kind === "paste") target.dispatchEvent(new ClipboardEvent(kind, { clipboardData: given, ...options }));
  else for (const one of ["dragenter", "dragover", kind]) target.dispatchEvent(new DragEvent(one, { dataTransfer: given, ...options }));
}"""


@pytest.fixture
def filing(thread, serve, visitor, widget_on) -> Any:
    thread.take_files()
    thread.replies = lambda text: [] if text == "" else [{"text": f"You asked: {text}"}]
    server = serve(thread)
    page = visitor(accept_downloads=True).new_page()
    page.goto(server.origin)
    return widget_on(page).open(), server


def give(widget: Any, kind: str, name: str, content: bytes) -> None:
    selector = "#box" if kind == "paste" else "#scroller"
    widget.frame.locator("body").evaluate(f"(_, all) => ({GIVE})(all)", [selector, kind, name, list(content)])


def sent(widget: Any) -> Any:
    return widget.frame.locator(".message.contact:not(.pending) .files button")


@pytest.mark.parametrize("kind", ["choose", "paste", "drop"])
def test_a_file_is_sent_and_can_be_saved_again(filing, thread, kind) -> None:
    widget, _ = filing
    if kind == "choose":
        with widget.page.expect_file_chooser() as chooser:
            widget.frame.get_by_role("button", name="Attach a file").click()
        chooser.value.set_files([{"name": "receipt.png", "mimeType": "image/png", "buffer": PICTURE}])
    else:
        give(widget, kind, "receipt.png", PICTURE)
    button = widget.frame.get_by_role("button", name="Save receipt.png")
    sent(widget).wait_for()
    widget.page.reload()
    widget.open()
    button.wait_for()
    preview = widget.frame.get_by_role("img", name="receipt.png")
    preview.wait_for()
    assert preview.evaluate("async img => { await img.decode(); return [img.naturalWidth, img.naturalHeight]; }") == [
        64,
        48,
    ]
    with widget.page.expect_download() as saved:
        button.click()
    assert saved.value.suggested_filename == "receipt.png"
    assert Path(saved.value.path()).read_bytes() == PICTURE
    [inbound] = thread.inbound
    assert (inbound.text, inbound.attachments[0].name) == ("", "receipt.png")


def test_how_far_it_is_stands_below_it_and_a_lost_answer_sends_it_once(filing, thread) -> None:
    widget, server = filing
    widget.ask("First")
    widget.hears("You asked: First")

    async def pull_the_plug() -> None:
        thread.before_reply = None
        server._main.cancel()
        await asyncio.Event().wait()

    thread.before_reply = pull_the_plug
    give(widget, "drop", "receipt.png", PICTURE)
    bar = widget.frame.get_by_role("progressbar", name="Sending receipt.png")
    bar.wait_for()
    widget.frame.get_by_text("Not sent.").wait_for()
    server._worker.join(60)
    server.start()
    sent(widget).wait_for()
    assert bar.count() == 0
    assert len([one for one in thread.inbound if one.attachments]) == 1
    assert widget.frame.locator(".files li").count() == 1


def test_what_cannot_be_sent_says_so(filing, thread) -> None:
    widget, _ = filing
    give(widget, "drop", "page.html", b"<script>alert(1)</script>")
    widget.frame.get_by_role("alert").get_by_text("Files of this kind cannot be sent.").wait_for()
    widget.frame.locator("body").evaluate(
        "(_, size) => { const given = new DataTransfer();"
        " given.items.add(new File([new Uint8Array(size)], 'film.png'));"
        " const options = { dataTransfer: given, bubbles: true, cancelable: true };"
        " document.querySelector('#scroller').dispatchEvent(new DragEvent('drop', options)); }",
        MAX_FILE + 1,
    )
    widget.frame.get_by_role("alert").get_by_text("film.png is too large. Files may have 10.5 MB at most.").wait_for()
    assert thread.inbound == []


def test_without_the_setting_there_is_no_button_and_nothing_is_taken(chat, thread) -> None:
    widget, _ = chat
    widget.open()
    assert widget.frame.get_by_role("button", name="Attach a file").count() == 0
    give(widget, "drop", "receipt.png", PICTURE)
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert [one.attachments for one in thread.inbound] == [()]


def test_a_file_that_is_gone_says_so_and_names_are_only_text(filing, thread) -> None:
    widget, server = filing
    widget.page.evaluate("() => { window.hits = 0; window.alert = () => { window.hits += 1; }; }")
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    [key] = thread.keys()
    files = tuple(Attachment(name=vector, media_type="image/svg+xml", size=10, hash="0" * 64) for vector in VECTORS)
    lost = Attachment(name="lost.pdf", error="It was too large.")
    server.say("", to=key, attachments=(*files, lost))
    widget.frame.get_by_text("lost.pdf").wait_for()
    assert widget.frame.locator(".file").all_text_contents() == [*VECTORS, "lost.pdf"]
    assert widget.frame.locator(".files img").count() == 0
    widget.frame.locator(".files button").first.click()
    widget.frame.get_by_role("status").get_by_text("This file is no longer available.").first.wait_for()
    assert widget.page.frames[1].evaluate("window.hits ?? 0") == 0
    assert widget.page.evaluate("window.hits") == 0
