"""Whoever answers sees on which channels the agent does not, or nothing arrives."""

from __future__ import annotations

from custagent.core.notice import Notice
from custagent.runtime.bootstrap import Application
from custagent.store.channel_states import Trouble, Way
from tests.runtime.web.inbox_web.conftest import Desk


def test_the_list_says_what_does_not_work(shop: Application, desk: Desk) -> None:
    assert 'class="trouble"' not in desk.get("/inbox").text
    now = shop.clock.now()
    untold = Trouble(channel="web", way=Way.SENDING, since=now, reason="a blink")
    told = Trouble(channel="wiki", way=Way.SENDING, since=now, reason="the <token> was refused")
    shop.store.channel_states.begin(untold)
    shop.store.channel_states.begin(told)
    shop.store.channel_states.tell(told, _notice(shop))
    shown = desk.get("/inbox").text
    assert shown.count('class="trouble"') == 1
    assert "wiki has sent nothing since" in shown
    assert "the &lt;token&gt; was refused." in shown


def test_the_list_says_what_is_paused(shop: Application, desk: Desk) -> None:
    shop.store.channel_states.pause("web", "anna", shop.clock.now())
    assert "web is paused since" in desk.get("/inbox").text


def _notice(shop: Application) -> Notice:
    return Notice(key="k", kind="channel", permission="admin", text="It is out.", at=shop.clock.now())
