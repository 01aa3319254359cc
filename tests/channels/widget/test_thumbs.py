"""Thumbs under the agent's replies in a real browser: pressed by mouse, keyboard and finger, and there after a reload."""

from __future__ import annotations

import threading

from custagent.channels.live_chat.assets import HostPage
from custagent.core.message import MessageKind, Sender, Verdict
from tests.channels.widget.conftest import wait_for

PHONE = {"width": 390, "height": 844}
FACE = "[role=group][aria-label='Did this reply help?']"


def pressed(widget) -> list[str]:
    """The names of the thumbs that are pressed, from top to bottom."""
    return widget.frame.locator(f"{FACE} [aria-pressed=true]").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )


def test_the_last_word_counts_and_survives_a_reload(chat, thread) -> None:
    widget, _ = chat
    widget.open().ask("Can I return it?")
    up = widget.frame.get_by_role("button", name="Helpful", exact=True)
    down = widget.frame.get_by_role("button", name="Not helpful", exact=True)
    up.click()
    widget.frame.get_by_text("Thank you!").wait_for()
    assert (pressed(widget), thread.verdicts) == (["Helpful"], {2: Verdict.UP})
    down.click()
    widget.frame.locator(f"{FACE} .down[aria-pressed=true]").wait_for()
    wait_for(widget.page, lambda: thread.verdicts == {2: Verdict.DOWN})
    widget.page.reload()
    widget.open().hears("You asked: Can I return it?")
    assert (pressed(widget), thread.verdicts) == (["Not helpful"], {2: Verdict.DOWN})
    down.click()
    widget.frame.locator(f"{FACE} .down[aria-pressed=false]").wait_for()
    wait_for(widget.page, lambda: not thread.verdicts)
    widget.page.reload()
    widget.open().hears("You asked: Can I return it?")
    assert (pressed(widget), thread.verdicts) == ([], {})


def test_only_replies_of_the_agent_are_asked_about(chat, thread, reply) -> None:
    widget, server = chat
    thread.replies = lambda text: [{"text": "Hi!", "kind": MessageKind.SMALL_TALK}, *reply(text)]
    widget.open().ask("Tell me about bikes")
    widget.frame.get_by_role("button", name="E-bikes").wait_for()
    [key] = thread.keys()
    server.say("Anna here.", to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
    widget.hears("Anna here.")
    asked = widget.frame.locator(f".message:has({FACE}) .bubble").evaluate_all(
        "all => all.map(one => one.dataset.text)"
    )
    assert asked == ["Which bikes?"]


def test_the_keyboard_reaches_them_after_the_choices(chat) -> None:
    widget, _ = chat
    widget.open().ask("Tell me about bikes")
    widget.frame.get_by_role("button", name="Used bikes").wait_for()
    widget.box.focus()
    walked = []
    for _ in range(3):
        widget.page.keyboard.press("Shift+Tab")
        walked.append(widget.focused())
    assert walked == ["Not helpful", "Helpful", "Used bikes"]
    widget.page.keyboard.press("Tab")
    widget.page.keyboard.press("Space")
    widget.frame.get_by_text("Thank you!").wait_for()
    assert (widget.focused(), pressed(widget)) == ("Helpful", ["Helpful"])


def test_a_finger_finds_them(thread, serve, visitor, widget_on) -> None:
    server = serve(thread)
    page = visitor(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    page.goto(server.origin)
    widget = widget_on(page)
    widget.launcher.tap()
    widget.frame.get_by_text("How can I help").wait_for()
    widget.ask("Can I return it?")
    widget.hears("You asked: Can I return it?")
    for name in ("Helpful", "Not helpful"):
        thumb = widget.frame.get_by_role("button", name=name, exact=True)
        box = thumb.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        thumb.tap()
        widget.frame.locator(f"{FACE} [aria-label='{name}'][aria-pressed=true]").wait_for()
        widget.frame.get_by_text("Thank you!").wait_for()
    assert thread.verdicts == {2: Verdict.DOWN}


def test_what_could_not_be_saved_is_not_shown_as_saved(chat, thread) -> None:
    widget, _ = chat
    widget.open().ask("Can I return it?")
    widget.hears("You asked: Can I return it?")
    thread.broken = True
    widget.frame.get_by_role("button", name="Helpful", exact=True).click()
    widget.frame.get_by_text("Not saved. Please try again.").wait_for()
    assert pressed(widget) == []
    thread.broken = False
    widget.frame.get_by_role("button", name="Helpful", exact=True).click()
    widget.frame.get_by_text("Thank you!").wait_for()
    assert (pressed(widget), thread.verdicts) == (["Helpful"], {2: Verdict.UP})


def test_quick_fingers_send_one_after_the_other(chat, thread) -> None:
    """The first request is held up: what was pressed meanwhile goes out after it, and wins."""
    widget, _ = chat
    widget.open().ask("Can I return it?")
    widget.hears("You asked: Can I return it?")
    asked: list[str] = []
    go_on = threading.Event()

    def hold(route) -> None:
        asked.append(route.request.post_data_json["verdict"])
        if len(asked) == 1:
            widget.frame.get_by_role("button", name="Not helpful", exact=True).click()
            widget.frame.get_by_role("button", name="Helpful", exact=True).click()
            widget.frame.get_by_role("button", name="Not helpful", exact=True).click()
            go_on.set()
        route.continue_()

    widget.page.route("**/feedback", hold)
    widget.frame.get_by_role("button", name="Helpful", exact=True).click()
    widget.frame.get_by_text("Thank you!").wait_for()
    assert go_on.is_set()
    assert (asked, thread.verdicts, pressed(widget)) == (["up", "down"], {2: Verdict.DOWN}, ["Not helpful"])


def test_they_speak_the_pages_language(thread, serve, visitor, widget_on) -> None:
    server = serve(thread, demo=HostPage(channel="website", company="Hjulvinda", language="sv"))
    page = visitor(locale="sv-SE").new_page()
    page.goto(server.origin)
    page.locator("#custagent .launcher").click()
    widget = widget_on(page)
    box = widget.frame.get_by_role("textbox", name="Skriv ditt meddelande")
    box.fill("Kan jag lämna tillbaka den?")
    box.press("Enter")
    widget.frame.get_by_role("group", name="Hjälpte svaret?").wait_for()
    widget.frame.get_by_role("button", name="Det hjälpte inte").click()
    widget.frame.get_by_text("Tack!").wait_for()
    assert thread.verdicts == {2: Verdict.DOWN}
