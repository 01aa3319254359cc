"""Which way a person's reply takes, and whether there is one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from custagent.core.errors import UsageError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind
from custagent.runtime.inbox.inbox import Inbox
from custagent.runtime.inbox.reply_ways import mailbox_for, require_window
from custagent.testing.meta import Account


def workspace(*channels: tuple[str, str, str]) -> SimpleNamespace:
    return SimpleNamespace(channels=[SimpleNamespace(name=name, kind=kind, desk=desk) for name, kind, desk in channels])


@pytest.mark.parametrize(
    ("channels", "mailbox"),
    [
        ([("web", "live-chat", "a"), ("post", "email", "b"), ("mail", "email", "a")], "mail"),
        ([("web", "live-chat", "a"), ("post", "email", "b"), ("mail", "email", "c")], "post"),
        ([("web", "live-chat", "a"), ("phone", "whatsapp", "a")], ""),
        ([("web", "whatsapp", "a"), ("mail", "email", "a")], ""),
        ([("mail", "email", "a")], ""),
    ],
)
def test_an_address_that_was_left_is_answered_by_the_mailbox_of_the_desk(channels, mailbox):
    assert mailbox_for(workspace(*channels), SimpleNamespace(channel="web")) == mailbox


@pytest.mark.parametrize(
    ("kind", "hours", "open_"),
    [
        ("whatsapp", 23, True),
        ("whatsapp", 24, False),
        ("messenger", 24, True),
        ("messenger", 7 * 24, False),
        ("live-chat", 999, True),
        ("email", 999, True),
    ],
)
def test_who_wrote_too_long_ago_cannot_be_answered(shop, hear, kind, hours, open_):
    conversation = hear(shop)
    now = shop.clock.now() + timedelta(hours=hours)
    there = workspace(("web", kind, "a"))
    if open_:
        require_window(shop.store, there, conversation, now)
    else:
        with pytest.raises(UsageError, match="takes no reply any more") as told:
            require_window(shop.store, there, conversation, now)
        assert told.value.hint


def test_nothing_is_queued_then(shop, hear, put):
    put(shop.home.workspace_file, "\nchannels:\n", f"\nchannels:\n{Account().channel('phone')}")
    shop.__dict__.pop("workspace", None)
    conversation = hear(shop, channel="phone")
    shop.clock.advance(hours=25)
    with pytest.raises(UsageError, match="last wrote more than 24 hours ago"):
        Inbox(shop).reply(conversation.id, "Two years.")
    assert shop.store.outbox.statuses(conversation.id) == {}


def test_why_it_did_not_arrive(shop, hear, reply):
    said = reply(shop, hear(shop), MessageKind.ANSWER)
    assert shop.store.outbox.fault_of(said.id) == ""
    failed = DeliveryReceipt(status=DeliveryStatus.FAILED, error="no such number")
    shop.store.outbox.record(said.id, failed, shop.clock.now())
    assert shop.store.outbox.fault_of(said.id) == "no such number"
