"""When conversations end by themselves (CONV-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.conversation.lifecycle import close_by_silence, threading_of
from custagent.core.conversation import ImpossibleTransition, Status
from custagent.core.message import Sender
from custagent.core.workspace import ChannelKind


@pytest.mark.parametrize(
    ("kind", "hours", "reopens"),
    [
        (ChannelKind.LIVE_CHAT, 24, False),
        (ChannelKind.WHATSAPP, 24, False),
        (ChannelKind.MESSENGER, 24, False),
        (ChannelKind.EMAIL, 72, True),
    ],
)
def test_each_kind_of_channel_has_its_time(scene, kind, hours, reopens):
    threading = threading_of(kind)
    assert (threading.closes_after, threading.reopens) == (timedelta(hours=hours), reopens)
    last = scene.conversation.last_message_at
    just_before = last + timedelta(hours=hours) - timedelta(microseconds=1)
    assert not threading.closes(scene.conversation, Sender.AGENT, just_before)
    assert threading.closes(scene.conversation, Sender.AGENT, last + timedelta(hours=hours))


@pytest.mark.parametrize("status", [Status.PENDING, Status.OPEN])
def test_closing_keeps_whoever_had_it(scene, status):
    conversation = replace(scene.conversation, status=status, assignee="user:bo", language="sv")
    turn = close_by_silence(conversation, scene.clock.now())
    assert (turn.status, turn.assignee, turn.agent, turn.language) == (Status.CLOSED, "user:bo", "support", "sv")
    assert (turn.messages, turn.charge, turn.handled) == ((), None, ())


def test_what_a_person_put_aside_is_not_closed_by_silence(scene):
    with pytest.raises(ImpossibleTransition):
        close_by_silence(replace(scene.conversation, status=Status.SNOOZED), scene.clock.now())
