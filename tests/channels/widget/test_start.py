"""How the chat begins: what is asked of the server, and who speaks first."""

from __future__ import annotations

import re
from typing import Any

import pytest

from custagent.channels.live_chat.adapter import snippet
from custagent.channels.live_chat.loader import loader


def asked_of(page: Any, server: Any) -> list[str]:
    """The paths below `/chat/` that the page and its frames ask for from here on, without what follows."""
    asked: list[str] = []

    def note(request: Any) -> None:
        if request.url.startswith(f"{server.origin}/chat/"):
            asked.append(re.sub(r"-[0-9a-f]{16}|\?.*", "", request.url.removeprefix(f"{server.origin}/chat/")))

    page.on("request", note)
    return asked


def test_a_new_visitor_waits_for_one_reply_and_an_old_one_has_the_files(
    thread, serve, visitor, site, widget_on
) -> None:
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = snippet(server.origin, "website")
    page = visitor().new_page()
    asked = asked_of(page, server)
    page.goto(shop.origin)
    widget = widget_on(page).open()
    assert asked == ["widget.js", "website/frame"]
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    for _ in range(2):
        page.goto("about:blank")
        asked.clear()
        page.goto(shop.origin)
        widget.open().hears("You asked: Hello")
    assert "website/frame" in asked
    files = [
        entry
        for entry in page.frames[1].evaluate(
            "performance.getEntriesByType('resource').map(one => [one.name.split('/').pop(), one.transferSize])"
        )
        if re.match(r"(bundle|chat)-", entry[0])
    ]
    # The second time they come out of the browser's own cupboard.
    assert [size for _, size in files] == [0, 0]


@pytest.mark.parametrize("old", [False, True])
def test_the_chat_begins_once_with_this_loader_and_with_one_that_speaks_first(
    thread, serve, visitor, site, widget_on, *, old
) -> None:
    """Loaders of earlier versions do not say who is new, and the frame waits for them."""
    shop = site()
    server = serve(thread, shop.origin)
    shop.html = (
        "<script>window.custagent = (...all) => (custagent.q ??= []).push(all); window.readies = 0;"
        "custagent('on', 'ready', () => { readies += 1; });</script>"
        f"<script async src='{server.origin}/chat/widget.js' data-channel='website'></script>"
    )
    page = visitor().new_page()
    if old:
        script = loader().decode().replace("&new", "")
        page.route("**/chat/widget.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page.goto(shop.origin)
    widget = widget_on(page).open()
    assert page.frames[1].url.endswith("&new") is not old
    widget.ask("Hello")
    widget.hears("You asked: Hello")
    assert page.evaluate("readies") == 1
    assert len(thread.keys()) == 1
