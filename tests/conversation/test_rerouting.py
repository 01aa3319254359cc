"""When a conversation goes on to another person, and what the contact hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from custagent.conversation.rerouting import (
    give,
    is_late,
    is_left,
    is_lost,
    late_at,
    may_announce,
    others,
    queue_of,
    targets_of,
)
from custagent.core.agent import Handoff
from custagent.core.conversation import Contact, Conversation, Held, Status
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.people import Availability

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
TEAM = Handoff(mode="transfer", to=("team:support", "user:bo"))


def conversation(status: Status = Status.OPEN, assignee: str = "user:anna") -> Conversation:
    return Conversation(
        id="c1", channel="web", contact=Contact(id=1, channel="web", key="k1"), status=status, agent="support",
        assignee=assignee, opened_at=NOON - timedelta(hours=1), last_message_at=NOON,
    )  # fmt: skip


def held(*, waits: bool = True, **given) -> Held:
    return Held(conversation=conversation(), waits=waits, **given)


@pytest.mark.parametrize(
    ("assignee", "handoff", "desk", "targets"),
    [
        ("", TEAM, ("night",), ("team:support", "user:bo")),
        ("team:support", TEAM, (), ("team:support", "user:bo")),
        # What waits in another team's queue is that team's.
        ("team:sales", TEAM, ("night",), ("team:sales",)),
        ("", None, ("night", "day"), ("team:night", "team:day")),
        ("", Handoff(), ("night",), ("team:night",)),
        ("", None, (), ()),
    ],
)
def test_among_whom_routing_chooses(assignee, handoff, desk, targets):
    assert targets_of(assignee, handoff, desk) == targets


def test_the_queue_is_the_first_team_s():
    assert queue_of(("user:bo", "team:support", "team:night")) == "team:support"
    assert queue_of(("user:bo",)) == ""


@pytest.mark.parametrize(
    ("owner", "waits", "on", "left"),
    [
        (Availability.AVAILABLE, True, ("away", "hours-end"), False),
        (Availability.BUSY, True, ("away", "hours-end"), False),
        (Availability.AWAY, True, ("away",), True),
        (Availability.AWAY, False, ("away",), False),
        (Availability.AWAY, True, ("hours-end",), False),
        (Availability.OFF_HOURS, True, ("away",), False),
        (Availability.OFF_HOURS, True, ("away", "hours-end"), True),
        (Availability.OFF_HOURS, False, ("away", "hours-end"), False),
        # Whoever has no seat has no conversation, whatever is set.
        (Availability.NO_SEAT, False, (), True),
        (None, False, (), True),
    ],
)
def test_whose_conversations_are_left_behind(owner, waits, on, left):
    assert is_left(held(waits=waits), owner, Handoff(reroute_on=on)) is left
    assert is_lost(owner) is (owner in (None, Availability.NO_SEAT))


def test_who_takes_too_long():
    set_ = Handoff(reroute_after="15m")
    given = held(given_at=NOON, wrote_at=NOON - timedelta(minutes=20))
    assert late_at(given, set_) == NOON + timedelta(minutes=15)
    assert not is_late(given, set_, NOON + timedelta(minutes=15, microseconds=-1))
    assert is_late(given, set_, NOON + timedelta(minutes=15))
    # What the contact wrote after it was given begins the time.
    assert late_at(held(given_at=NOON, wrote_at=NOON + timedelta(hours=1)), set_) == NOON + timedelta(minutes=75)
    assert late_at(held(given_at=NOON, waits=False), set_) is None
    assert late_at(given, Handoff()) is None


def test_nobody_is_given_it_twice_for_the_same_words(colleague):
    people = [colleague(name) for name in ("anna", "bo", "cleo")]
    assert [one.user.name for one in others(people, held(tried=("user:bo",)))] == ["cleo"]
    assert others(people, held(tried=("user:bo", "user:cleo"))) == []


def said(sender: Sender, kind: MessageKind) -> Message:
    return Message(conversation="c1", sender=sender, kind=kind, text="…", at=NOON)


ASKED = said(Sender.CONTACT, MessageKind.INBOUND)
HANDED, NOBODY = said(Sender.AGENT, MessageKind.HANDOFF), said(Sender.AGENT, MessageKind.HANDOFF_UNAVAILABLE)
WROTE = said(Sender.PERSON, MessageKind.PERSON)


@pytest.mark.parametrize(
    ("thread", "may"),
    [
        ([], False),
        ([ASKED], True),
        ([ASKED, HANDED], False),
        ([ASKED, NOBODY], False),
        ([ASKED, HANDED, WROTE], True),
        ([ASKED, HANDED, ASKED], True),
        ([ASKED, HANDED, ASKED, HANDED], False),
    ],
)
def test_the_contact_is_told_once(thread, may):
    assert may_announce(thread) is may


def test_the_turn():
    turn = give(conversation(), "user:bo", NOON, said=[HANDED])
    assert (turn.status, turn.assignee, turn.messages, turn.withdraws) == (Status.OPEN, "user:bo", (HANDED,), False)
    queued = give(conversation(), "team:support", NOON)
    assert (queued.status, queued.assignee, queued.messages) == (Status.OPEN, "team:support", ())
