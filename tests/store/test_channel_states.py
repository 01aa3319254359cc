"""How channels are: paused and in trouble, each change with its audit row or notice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from custagent.core.answer import Reason
from custagent.core.errors import LeaseHeld
from custagent.core.notice import Notice
from custagent.core.record import AuditEntry
from custagent.store import Store
from custagent.store.channel_states import Paused, Trouble, Way
from custagent.testing import FrozenClock

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TROUBLE = Trouble(channel="phone", way=Way.SENDING, since=NOW, reason="refused")


def entry(action: str) -> AuditEntry:
    return AuditEntry(at=NOW, actor="anna", action=action, subject="phone")


def notice(key: str = "channel:phone:sending:1") -> Notice:
    return Notice(key=key, kind="channel", permission="admin", text="It is out.", at=NOW)


@pytest.fixture
def store(path):
    with Store(path, FrozenClock()) as store:
        yield store


def test_a_channel_is_paused_once(store):
    states = store.channel_states
    assert states.hands_over("phone") is None
    assert states.pause("phone", "anna", NOW, audit=entry("channels pause"))
    assert not states.pause("phone", "bo", NOW, audit=entry("channels pause"))
    assert states.paused() == {"phone": Paused(by="anna", since=NOW)}
    assert states.hands_over("phone") is Reason.PAUSED
    assert states.hands_over("web") is None
    assert states.resume("phone", audit=entry("channels resume"))
    assert not states.resume("phone", audit=entry("channels resume"))
    assert states.hands_over("phone") is None
    assert [one.action for one in store.audit.entries(9)] == ["channels resume", "channels pause"]


def test_a_trouble_counts_from_when_people_were_told(store):
    states = store.channel_states
    states.begin(TROUBLE)
    assert states.troubles() == (TROUBLE,)
    assert states.hands_over("phone") is None
    states.tell(TROUBLE, notice())
    assert states.troubles()[0].told_at == NOW
    assert states.hands_over("phone") is Reason.CHANNEL_OUT
    assert [one.text for one in store.notices.latest(9)] == ["It is out."]
    states.end("phone", Way.SENDING, notice("channel:phone:sending:1:over"))
    assert states.troubles() == ()
    assert states.hands_over("phone") is None
    assert len(store.notices.latest(9)) == 2


def test_the_same_trouble_begins_once_and_takes_the_newest_reason(store):
    later = Trouble(channel="phone", way=Way.SENDING, since=NOW.replace(hour=10), reason="still refused")
    store.channel_states.begin(TROUBLE)
    store.channel_states.begin(later)
    (kept,) = store.channel_states.troubles()
    assert (kept.since, kept.reason) == (NOW, "still refused")


def test_a_channel_that_receives_nothing_still_takes_replies(store):
    deaf = Trouble(channel="post", way=Way.RECEIVING, since=NOW, reason="login refused")
    store.channel_states.begin(deaf)
    store.channel_states.tell(deaf, notice("channel:post:receiving:1"))
    assert store.channel_states.hands_over("post") is None


def test_what_is_known_of_a_removed_channel_is_dropped(store):
    store.channel_states.pause("phone", "anna", NOW)
    store.channel_states.begin(TROUBLE)
    store.channel_states.pause("web", "anna", NOW)
    store.channel_states.forget("phone")
    assert (list(store.channel_states.paused()), store.channel_states.troubles()) == (["web"], ())


def test_a_runner_that_was_overtaken_writes_nothing(store):
    for write in (
        lambda: store.channel_states.begin(TROUBLE, fence=7),
        lambda: store.channel_states.tell(TROUBLE, notice(), fence=7),
        lambda: store.channel_states.end("phone", Way.SENDING, notice(), fence=7),
    ):
        with pytest.raises(LeaseHeld):
            write()
    assert (store.channel_states.troubles(), store.notices.latest(9)) == ((), ())
