"""Conversations that were imported are there to be read, and nothing more."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.core.conversation import IMPORTED, Outcome, Status
from custagent.core.errors import StoreError
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.record import AuditEntry
from custagent.store.conversations.past import PastConversation
from custagent.store.conversations.search import Filter

ID = "A" * 22
CHANNEL = f"{IMPORTED}chat"


@pytest.fixture
def past(clock):
    """An old conversation with the agent, on a channel of the name of a live one."""

    def make(conversation=ID, **given):
        messages = [(Sender.CONTACT, MessageKind.INBOUND), (Sender.AGENT, MessageKind.ANSWER)]
        return PastConversation(
            **{
                "id": conversation,
                "channel": CHANNEL,
                "contact_key": "k1",
                "contact_name": "Ada",
                "agent": "ada",
                "opened_at": clock.now() - timedelta(days=400),
                "closed_at": clock.now() - timedelta(days=399),
                "messages": tuple(
                    Message(conversation=conversation, sender=sender, kind=kind, text="old words",
                            at=clock.now() - timedelta(days=400))
                    for sender, kind in messages
                ),
            }
            | given
        )  # fmt: skip

    return make


def test_it_is_there_with_all_that_was_said(store, past, clock):
    assert store.past.add([past(outcome=Outcome.ANSWERED, contact_email="ada@example.org")]) == 1
    kept = store.conversations.conversation(ID)
    assert (kept.status, kept.outcome, kept.agent, kept.imported) == (Status.CLOSED, Outcome.ANSWERED, "ada", True)
    assert (kept.contact.name, kept.contact.email, kept.channel) == ("Ada", "ada@example.org", CHANNEL)
    assert (kept.opened_at, kept.closed_at) == (clock.now() - timedelta(days=400), clock.now() - timedelta(days=399))
    assert [(one.sender, one.text) for one in store.conversations.messages(ID)] == [
        (Sender.CONTACT, "old words"), (Sender.AGENT, "old words"),
    ]  # fmt: skip


def test_nothing_is_charged_sent_or_answered(store, past, clock, desk):
    store.past.add([past()])
    assert store.ledger.entries() == ()
    assert store.outbox.due(clock.now(), limit=9) == ()
    assert list(store.conversations.unhandled()) == []
    assert store.totals.waiting().messages == 0
    clock.advance(days=9)
    assert store.conversations.due_for_closing({**desk.THREADINGS, CHANNEL: desk.THREADINGS["mail"]}, clock.now()) == ()


def test_a_contact_who_writes_now_begins_anew(store, past, desk):
    store.past.add([past()])
    begun = desk.hear("hello", key="k1")
    assert begun.new
    assert begun.conversation.id != ID
    assert [one.text for one in store.conversations.messages_of_contact("chat", "k1")] == ["hello"]
    assert begun.conversation.imported is False


def test_what_is_there_stays_as_it_is(store, past, desk):
    live = desk.hear("mine").conversation
    assert store.past.known([ID, live.id]) == {live.id}
    assert store.past.add([past(), past(live.id)]) == 1
    assert store.past.add([past(contact_name="Eve")]) == 0
    assert store.conversations.conversation(ID).contact.name == "Ada"
    assert [one.text for one in store.conversations.messages(live.id)] == ["mine"]
    assert store.past.known([ID]) == {ID}


@pytest.mark.parametrize(
    ("senders", "outcome"),
    [
        ((Sender.CONTACT,), None),
        ((Sender.CONTACT, Sender.AGENT), Outcome.ANSWERED),
        ((Sender.CONTACT, Sender.PERSON, Sender.CONTACT), Outcome.PERSON),
    ],
)
def test_its_outcome_is_told_by_who_spoke(store, past, clock, senders, outcome):
    kinds = {Sender.CONTACT: MessageKind.INBOUND, Sender.AGENT: MessageKind.ANSWER, Sender.PERSON: MessageKind.PERSON}
    messages = tuple(
        Message(conversation=ID, sender=sender, kind=kinds[sender], text="x", at=clock.now()) for sender in senders
    )
    store.past.add([past(messages=messages)])
    assert store.conversations.conversation(ID).outcome is outcome


def test_they_come_after_the_live_ones_by_their_own_time(store, past, desk, clock):
    live = desk.hear("now").conversation
    older = past("B" * 22)
    older = replace(older, messages=tuple(replace(one, at=one.at - timedelta(days=9)) for one in older.messages))
    store.past.add([older, past()])
    page = store.search.list(Filter(), limit=2)
    assert [one.id for one in page] == [live.id, ID]
    assert [one.id for one in store.search.list(Filter(), limit=9, before=ID)] == ["B" * 22]


def test_its_words_are_found(store, past):
    store.past.add([past()])
    store.search.note_words()
    (hit,) = store.search.find("old", Filter(), limit=9)
    assert (hit.conversation.id, hit.messages) == (ID, 2)


def test_a_portion_is_written_wholly_or_not_at_all(store, past, path, clock):
    bad = past("B" * 22)
    bad = replace(bad, messages=(*bad.messages, replace(bad.messages[0], text="\ud800")))
    entry = AuditEntry(at=clock.now(), actor="anna", action="import", subject="x")
    with pytest.raises(StoreError, match="half a character"):
        store.past.add([past(), bad], audit=entry)
    assert store.past.known([ID, bad.id]) == frozenset()
    assert store.audit.entries(9) == ()
    store.past.add([past()], audit=entry)
    assert [one.action for one in store.audit.entries(9)] == ["import"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM contacts").fetchone() == (1,)
