"""axe-core finds nothing in any state of the chat: each size, light and dark, each form that it can have."""

from __future__ import annotations

from typing import Any

import pytest

from custagent.channels.live_chat.chat import Header, Holder
from custagent.core.asked import AskedField
from custagent.core.look import Look
from custagent.core.message import Attachment, MessageKind, Sender
from tests.pictures import png

SIZES = {"wide": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
MARKED = "**Yes**, *within* `30` days:\n\n1. one\n2. [two](https://a.example/)\n\n- three"


def faults(page: Any, axe: str) -> list[Any]:
    found = []
    for part in page.frames[:2]:
        part.evaluate(axe + ";0")
        result = part.evaluate("axe.run(document, { iframes: false })")
        found += [(one["id"], [node["html"] for node in one["nodes"]]) for one in result["violations"]]
    return found


def everything(thread: Any, reply: Any) -> None:
    """A chat with all that a chat can have."""
    thread.take_files()
    thread.replies = lambda text: [{**reply(text)[0], "text": MARKED}, *reply("bikes")] if text else []
    thread.settings |= {
        "asked": (AskedField(name="email", required=True), AskedField(name="order", label="Order number")),
        "look": Look(colour="#ffcc00", text_colour="#000000"),
        "send_transcript": thread.send_transcript,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_every_state_is_open_to_everybody(*, thread, serve, visitor, axe, widget_on, reply, size, scheme) -> None:
    everything(thread, reply)
    server = serve(thread)
    page = visitor(
        viewport=dict(zip(("width", "height"), size, strict=True)),
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    ).new_page()
    page.goto(server.origin)
    states = {"closed": faults(page, axe)}
    widget = widget_on(page).open()
    widget.frame.get_by_role("button", name="Start the chat").click()
    widget.frame.get_by_role("alert").first.wait_for()
    states["asked"] = faults(page, axe)
    widget.frame.get_by_role("textbox", name="Email address").fill("anna@shop.example")
    widget.frame.get_by_role("button", name="Start the chat").click()
    widget.ask("Hello")
    widget.frame.get_by_role("button", name="Used bikes").wait_for()
    states["options"] = faults(page, axe)
    widget.frame.locator("#file").set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": png(40, 40)}])
    widget.frame.get_by_role("img", name="a.png").wait_for()
    widget.frame.locator("#file").set_input_files([{"name": "b.html", "mimeType": "text/html", "buffer": b"<p>"}])
    widget.frame.get_by_text("Files of this kind").wait_for()
    [key] = thread.keys()
    thread.headers[key] = Header(holder=Holder.PERSON, name="Anna Berg", initials_of="Anna Berg")
    lost = Attachment(name="lost.pdf", error="It was too large.")
    server.say("Hej!", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna", attachments=(lost,))
    server.call(server.hub.typing, key, on=True)
    widget.hears("Hej!")
    widget.frame.get_by_role("button", name="Send this chat by email").click()
    states["person, files, transcript, typing"] = faults(page, axe)
    server.say("Nobody is here.", to=key, kind=MessageKind.HANDOFF_UNAVAILABLE)
    widget.hears("Nobody is here.")
    thread.broken = True
    widget.ask("Is it sent?")
    widget.frame.get_by_text("Not sent.").wait_for()
    states["nobody there, not sent"] = faults(page, axe)
    assert {name: found for name, found in states.items() if found} == {}


def test_where_signing_in_is_required(*, thread, serve, visitor, axe, widget_on) -> None:
    thread.sign_in("s" * 32, required=True)
    server = serve(thread)
    page = visitor(bypass_csp=True).new_page()
    page.goto(server.origin)
    widget_on(page).open().frame.get_by_text("Please sign in").wait_for()
    assert faults(page, axe) == []
