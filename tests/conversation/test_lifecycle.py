"""When conversations end by themselves (CONV-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.conversation.lifecycle import ask_whether_it_helped, close_by_silence, threading_of, wake
from custagent.core.channel import ChannelKind
from custagent.core.conversation import ImpossibleTransition, Status
from custagent.core.message import CHARGED_KINDS, MessageKind, Sender
from custagent.core.workspace import CloseAfter


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


def test_the_times_are_settings():
    times = CloseAfter(chat="30m", email="7d")
    for kind in ChannelKind:
        mail = kind is ChannelKind.EMAIL
        threading = threading_of(kind, times)
        assert threading.closes_after == (timedelta(days=7) if mail else timedelta(minutes=30))
        assert threading.reopens is mail


@pytest.mark.parametrize("status", [Status.PENDING, Status.OPEN])
def test_closing_keeps_whoever_had_it(scene, status):
    conversation = replace(scene.conversation, status=status, assignee="user:bo", language="sv")
    turn = close_by_silence(conversation, scene.clock.now())
    assert (turn.status, turn.assignee, turn.agent, turn.language) == (Status.CLOSED, "user:bo", "support", "sv")
    assert (turn.messages, turn.charge, turn.handled) == ((), None, ())


def test_what_a_person_put_aside_is_not_closed_by_silence(scene):
    with pytest.raises(ImpossibleTransition):
        close_by_silence(replace(scene.conversation, status=Status.SNOOZED), scene.clock.now())


def test_what_was_put_aside_wakes_open_with_whoever_put_it_aside(scene):
    conversation = replace(scene.conversation, status=Status.SNOOZED, assignee="user:bo")
    turn = wake(conversation, scene.clock.now())
    assert (turn.status, turn.assignee, turn.messages, turn.snoozed_until) == (Status.OPEN, "user:bo", (), None)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SNOOZED])
def test_nothing_else_wakes(scene, status):
    with pytest.raises(ImpossibleTransition):
        wake(replace(scene.conversation, status=status), scene.clock.now())


def test_asking_whether_it_helped_is_free_and_leaves_the_agent_at_it(scene):
    turn = ask_whether_it_helped(scene.conversation, "Did that help?", "en", scene.clock.now())
    (asked,) = turn.messages
    assert (asked.kind, asked.sender, asked.text, asked.language) == (
        MessageKind.FOLLOW_UP, Sender.AGENT, "Did that help?", "en"
    )  # fmt: skip
    assert (turn.status, turn.charge, turn.assignee) == (Status.PENDING, None, "")
    assert asked.kind not in CHARGED_KINDS


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_nobody_is_asked_where_the_agent_does_not_have_the_conversation(scene, status):
    with pytest.raises(ImpossibleTransition):
        ask_whether_it_helped(replace(scene.conversation, status=status), "Did that help?", "en", scene.clock.now())
