"""The status table, and how silence ends a conversation (CONV-1)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import (
    Contact,
    Conversation,
    Event,
    ImpossibleTransition,
    Outcome,
    Status,
    Threading,
    may_become,
    outcome_of,
    transition,
)
from custagent.core.message import MessageKind, Sender

AT = datetime(2026, 7, 4, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
CHAT = Threading(closes_after=timedelta(hours=24), reopens=False)


def conversation(status: Status) -> Conversation:
    contact = Contact(id=1, channel="chat", key="k")
    return Conversation(id="c", channel="chat", contact=contact, status=status, opened_at=AT, last_message_at=AT)


def test_a_pair_that_is_not_in_the_table_raises():
    with pytest.raises(ImpossibleTransition, match="released cannot happen to a conversation that is closed"):
        transition(Status.CLOSED, Event.RELEASED)


@given(st.sampled_from(list(Status)), st.lists(st.sampled_from(list(Event))))
def test_every_walk_takes_steps_that_may_be_taken(status, events):
    for event in events:
        try:
            after = transition(status, event)
        except ImpossibleTransition:
            continue
        assert may_become(status, after)
        status = after


def test_what_may_become_what():
    cannot = {
        (Status.PENDING, Status.SNOOZED),
        (Status.CLOSED, Status.SNOOZED),
    }
    assert {pair for pair in product(Status, Status) if not may_become(*pair)} == cannot


@pytest.mark.parametrize(("late", "closed"), [(-INSTANT, False), (timedelta(), True), (INSTANT, True)])
def test_at_exactly_the_limit_it_is_closed(late, closed):
    silent = conversation(Status.PENDING)
    assert CHAT.closes_at(silent) == AT + timedelta(hours=24)
    assert CHAT.closes(silent, Sender.AGENT, AT + timedelta(hours=24) + late) is closed


@pytest.mark.parametrize(("status", "last_sender", "unhandled"), list(product(Status, Sender, [False, True])))
def test_only_what_waits_for_the_contact_is_closed(status, last_sender, unhandled):
    waits_for_contact = (status is Status.PENDING and not unhandled) or (
        status is Status.OPEN and last_sender is Sender.PERSON
    )
    late = AT + timedelta(days=30)
    assert CHAT.closes(conversation(status), last_sender, late, unhandled=unhandled) is waits_for_contact


@pytest.mark.parametrize(
    ("status", "kinds", "outcome"),
    [
        (Status.PENDING, "disclosure clarify answer small-talk", Outcome.ANSWERED),
        (Status.PENDING, "answer clarify", Outcome.UNRESOLVED),
        (Status.PENDING, "rephrase small-talk", Outcome.UNRESOLVED),
        (Status.PENDING, "answer handoff-unavailable", Outcome.UNRESOLVED),
        (Status.PENDING, "out-of-credits", Outcome.UNRESOLVED),
        (Status.PENDING, "person answer", Outcome.PERSON),
        (Status.PENDING, "greeting small-talk", None),
        (Status.PENDING, "", None),
        (Status.OPEN, "answer handoff", Outcome.PERSON),
        (Status.SNOOZED, "", Outcome.PERSON),
    ],
)
def test_how_it_ends(status, kinds, outcome):
    assert outcome_of(status, [MessageKind(kind) for kind in kinds.split()]) is outcome
