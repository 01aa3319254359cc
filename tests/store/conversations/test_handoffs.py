"""What people have: queues in order, who was given what, and what they were told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

from custagent.core.conversation import Status
from custagent.core.handoff import HandoffSummary, TriedSource
from custagent.core.message import MessageKind
from custagent.store import Store
from custagent.store.database.migrations import MIGRATIONS, bring_up
from custagent.store.database.moments import from_text
from custagent.testing import FrozenClock

HANDOFF, PERSON = MessageKind.HANDOFF, MessageKind.PERSON
OPEN = Status.OPEN
AT = "2026-01-01T10:00:00.000000+00:00"


def hand_over(desk, key: str, assignee: str = "", **given):
    """A contact writes, and people get the conversation."""
    conversation = desk.hear(key=key).conversation
    summary = HandoffSummary(reason="asked-for-person")
    desk.say(conversation, HANDOFF, status=OPEN, assignee=assignee, summary=summary, **given)
    return conversation


def ids(found) -> list[str]:
    return [held.conversation.id for held in found]


class TestQueue:
    def test_in_the_order_in_which_people_got_them(self, desk, store):
        early = desk.hear(key="k0").conversation
        first, second = hand_over(desk, "k1", "team:support"), hand_over(desk, "k2")
        desk.say(early, HANDOFF, status=OPEN, summary=HandoffSummary())
        # One that people had from the start counts from its first message.
        people = desk.hear(key="k3", agent="").conversation
        taken = hand_over(desk, "k4", "user:anna")
        expected = [first.id, second.id, early.id, people.id]
        assert ids(store.handoffs.queued(limit=9)) == expected
        # Who waited before waits in the same place when it comes back.
        desk.say(taken, status=OPEN, assignee="team:support")
        desk.hear(key="k1")
        assert ids(store.handoffs.queued(limit=9)) == [*expected, taken.id]
        assert ids(store.handoffs.queued(limit=2)) == expected[:2]

    def test_only_what_is_open_and_nobody_s(self, desk, store):
        kept = [hand_over(desk, f"k{number}") for number in range(4)]
        desk.say(kept[0], status=Status.CLOSED)
        desk.say(kept[1], status=Status.SNOOZED)
        desk.say(kept[2], status=Status.PENDING)
        desk.hear(key="new")
        assert ids(store.handoffs.queued(limit=9)) == [kept[3].id]

    def test_without_those_that_nobody_can_serve(self, desk, store):
        support, anybody = hand_over(desk, "k1", "team:support"), hand_over(desk, "k2")
        mail = desk.hear(key="k3", channel="mail", agent="").conversation
        assert store.handoffs.queues() == (("chat", ""), ("chat", "team:support"), ("mail", ""))
        found = store.handoffs.queued(limit=9, without={("chat", "team:support")})
        assert ids(found) == [anybody.id, mail.id]
        found = store.handoffs.queued(limit=9, without={("chat", ""), ("mail", "")})
        assert ids(found) == [support.id]


class TestHeld:
    def test_who_waits_since_when_and_for_whom(self, desk, store):
        conversation = hand_over(desk, "k1", "user:anna")
        given_at = desk.clock.now()
        (held,) = store.handoffs.held_by("user:anna", waiting=True, limit=9)
        assert (held.given_at, held.wrote_at, held.since) == (given_at, given_at, given_at)
        desk.clock.advance(minutes=5)
        desk.say(conversation, PERSON, status=OPEN, assignee="user:anna")
        assert store.handoffs.held_by("user:anna", waiting=True, limit=9) == ()
        (held,) = store.handoffs.held_by("user:anna", waiting=False, limit=9)
        assert (held.waits, held.wrote_at) == (False, None)
        desk.clock.advance(minutes=5)
        desk.hear("and?")
        wrote = desk.clock.now()
        desk.clock.advance(minutes=5)
        desk.hear("hello?")
        (held,) = store.handoffs.held_by("user:anna", waiting=True, limit=9)
        assert (held.given_at, held.wrote_at, held.since) == (given_at, wrote, wrote)
        assert store.handoffs.held_by("user:bo", waiting=False, limit=9) == ()

    def test_who_was_given_it_for_the_same_words(self, desk, store):
        conversation = hand_over(desk, "k1", "user:anna")
        desk.say(conversation, status=OPEN, assignee="user:bo")

        def tried(owner: str):
            (held,) = store.handoffs.held_by(owner, waiting=False, limit=9)
            return held.tried

        assert tried("user:bo") == ("user:anna", "user:bo")
        desk.say(conversation, HANDOFF, status=OPEN, assignee="user:bo")
        assert tried("user:bo") == ("user:anna", "user:bo"), "the agent's words change nothing"
        desk.hear("hello?")
        assert tried("user:bo") == ()
        desk.say(conversation, HANDOFF, status=OPEN, assignee="user:anna")
        assert tried("user:anna") == ("user:anna",)
        desk.say(conversation, PERSON, status=OPEN, assignee="user:anna")
        assert tried("user:anna") == ()


def test_what_everybody_has(desk, store):
    talks = [
        hand_over(desk, f"k{number}", owner) for number, owner in enumerate(["user:b", "user:a", "user:a", "team:x"])
    ]
    desk.say(talks[1], status=Status.SNOOZED, assignee="user:a")
    assert dict(store.handoffs.owners()) == {"user:a": 1, "user:b": 1}
    assert [store.handoffs.count_of(name) for name in ("user:a", "user:b", "team:x", "user:c", "")] == [2, 1, 1, 0, 0]


def test_when_somebody_was_last_given_one_stays_when_it_goes(desk, store):
    start = desk.clock.now()
    talk = hand_over(desk, "k1", "user:a")
    desk.clock.advance(minutes=1)
    desk.say(talk, PERSON, status=OPEN, assignee="user:a")
    desk.clock.advance(minutes=1)
    desk.say(talk, status=OPEN, assignee="user:b")
    desk.say(talk, status=Status.CLOSED)
    given = store.handoffs.last_given(["user:a", "user:b", "user:c"])
    assert dict(given) == {"user:a": start, "user:b": start + timedelta(minutes=2)}


def test_what_people_were_told_is_kept_with_the_turn(desk, store):
    summary = HandoffSummary(
        reason="attempts-used", language="sv", asked=(1, 4), open_question=4, answers=1, questions_back=2,
        tried=(TriedSource(title="Ångra", location="a.md", confidence=0.25), TriedSource(title="B", location="b")),
    )  # fmt: skip
    conversation = desk.hear().conversation
    (notice,) = desk.say(conversation, HANDOFF, status=OPEN, summary=summary)
    (record,) = store.handoffs.records(conversation.id)
    assert (record.message, record.at, record.summary) == (notice.id, desk.clock.now(), summary)
    desk.say(conversation, status=Status.PENDING)
    desk.say(conversation, HANDOFF, status=OPEN, summary=HandoffSummary())
    assert [one.summary for one in store.handoffs.records(conversation.id)] == [summary, HandoffSummary()]
    assert store.handoffs.records("nowhere") == ()


def test_what_was_given_before_there_was_a_list_is_in_it(path):
    """m017: who is idle for how long is known from the first day on."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        bring_up(old, MIGRATIONS[:16])
        old.execute("INSERT INTO contacts VALUES (3, 'ch', 'key', 'Anna', '', 'sv')")
        for number, (owner, at) in enumerate([("user:a", AT), ("team:x", AT), ("", None)]):
            old.execute(
                "INSERT INTO conversations (id, channel, contact, status, agent, assignee, assigned_at, language, opened_at,"
                " last_message, last_message_at, last_sender, version)"
                " VALUES (?, 'ch', 3, 'open', '', ?, ?, '', 't', ?, 't', 'agent', 2)",
                (f"c{number}", owner, at, number + 1),
            )
    with Store(path, FrozenClock()) as store:
        assert dict(store.handoffs.last_given(["user:a", "user:b"])) == {"user:a": from_text(AT)}
