"""What figures are reckoned from: what is read of each conversation, and of the ledger (STAT-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.core.channel_event import PersonWrote
from custagent.core.conversation import Charge, Outcome, Status
from custagent.core.credit import CreditKind
from custagent.core.handoff import HandoffSummary
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message, MessageKind, Sender, Verdict
from custagent.core.record import AuditEntry
from custagent.core.stats import LedgerFacts
from custagent.store.conversations.past import PastConversation
from custagent.store.stats import Span

ANSWER, CLARIFY, HANDOFF, PERSON = MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.HANDOFF, MessageKind.PERSON
UNAVAILABLE = MessageKind.HANDOFF_UNAVAILABLE


@pytest.fixture
def span(clock):
    """From now on for 30 days."""
    return Span(since=clock.now(), until=clock.now() + timedelta(days=30))


@pytest.fixture
def only(store, span):
    """The facts of the one conversation that there is."""

    def only():
        (one,), _ = store.stats.facts(span)
        return one

    return only


def fail(store, clock, message, status=DeliveryStatus.FAILED):
    store.outbox.record(message.id, DeliveryReceipt(status=status), clock.now())


def test_an_answered_conversation(desk, clock, only):
    began = clock.now()
    conversation = desk.hear(language="sv").conversation
    clock.advance(seconds=2)
    desk.say(conversation, MessageKind.DISCLOSURE, ANSWER, language="sv")
    clock.advance(hours=30)
    desk.say(conversation, status=Status.CLOSED)
    one = only()
    assert (one.conversation, one.agent, one.channel, one.language) == (conversation.id, "ada", "chat", "sv")
    assert (one.opened_at, one.wrote_at, one.agent_at) == (began, began, began + timedelta(seconds=2))
    assert (one.status, one.outcome, one.last_message_at) == (
        Status.CLOSED, Outcome.ANSWERED, began + timedelta(seconds=2),
    )  # fmt: skip
    assert (one.replies, one.took_part, one.answered_last, one.charged, one.given_back) == (1, True, True, 100, 0)
    assert (one.person_asked, one.person_involved, one.handed_over_at, one.person_at, one.reason) == (
        False, False, None, None, "",
    )  # fmt: skip


@pytest.mark.parametrize("status", [DeliveryStatus.FAILED, DeliveryStatus.DROPPED])
def test_what_never_arrived_was_not_said(store, desk, clock, only, status):
    (reply,) = desk.say(desk.hear().conversation, ANSWER)
    fail(store, clock, reply, status)
    one = only()
    assert (one.replies, one.took_part, one.answered_last, one.agent_at) == (0, False, False, None)
    assert (one.charged, one.given_back) == (100, 100)


def test_the_last_word_that_arrived_counts(store, desk, clock, only):
    conversation = desk.hear().conversation
    desk.say(conversation, ANSWER)
    (asked,) = desk.say(conversation, CLARIFY)
    assert (only().replies, only().answered_last) == (2, False)
    fail(store, clock, asked)
    assert (only().replies, only().answered_last) == (1, True)
    desk.say(conversation, MessageKind.SMALL_TALK, MessageKind.FOLLOW_UP)
    assert only().answered_last


def test_greetings_and_notices_are_no_part_and_no_first_reply(desk, clock, only):
    conversation = desk.hear().conversation
    desk.say(conversation, MessageKind.GREETING, MessageKind.DISCLOSURE)
    assert (only().took_part, only().agent_at) == (False, None)
    clock.advance(seconds=3)
    desk.say(conversation, MessageKind.SMALL_TALK)
    assert (only().took_part, only().agent_at) == (False, clock.now())


def test_the_first_reply_is_timed_by_when_it_went_out(store, desk, clock, only):
    (reply,) = desk.say(desk.hear().conversation, ANSWER)
    clock.advance(minutes=10)
    store.outbox.record(reply.id, DeliveryReceipt(status=DeliveryStatus.SENT), clock.now())
    assert only().agent_at == clock.now()


def test_a_conversation_that_is_handed_over(desk, clock, only):
    conversation = desk.hear().conversation
    desk.say(conversation, ANSWER)
    clock.advance(minutes=1)
    handed_at = clock.now()
    desk.say(conversation, HANDOFF, status=Status.OPEN, summary=HandoffSummary(reason="angry"))
    one = only()
    assert (one.person_asked, one.person_involved, one.handed_over_at) == (True, True, handed_at)
    assert (one.answered_last, one.person_at) == (False, None)
    clock.advance(minutes=5)
    desk.say(conversation, PERSON, status=Status.OPEN)
    assert only().person_at == clock.now()


def test_why_it_gave_up_the_first_time(store, desk, clock, only):
    conversation = desk.hear().conversation
    for reason in ("nothing-fits", "angry"):
        said = Message(
            conversation=conversation.id, sender=Sender.AGENT, kind=UNAVAILABLE, text="x", at=clock.now(), reason=reason
        )
        store.conversations.commit(replace(desk.turn(conversation), messages=(said,)))
    one = only()
    assert (one.reason, one.person_asked, one.person_involved) == ("nothing-fits", True, False)


@pytest.mark.parametrize("ends", [False, True])
def test_whoever_takes_it_is_involved_without_a_word(desk, only, ends):
    conversation = desk.hear().conversation
    desk.say(conversation, ANSWER)
    desk.say(conversation, status=Status.OPEN, assignee="user:anna")
    if ends:
        desk.say(conversation, status=Status.CLOSED, assignee="user:anna")
    one = only()
    assert (one.person_asked, one.person_involved, one.handed_over_at) == (False, True, None)


def test_whoever_had_it_was_involved_whatever_it_ended_as(desk, only):
    conversation = desk.hear().conversation
    desk.say(conversation, ANSWER)
    desk.say(conversation, status=Status.OPEN)
    desk.say(conversation, status=Status.CLOSED, outcome=Outcome.ANSWERED)
    assert (only().outcome, only().person_involved) == (Outcome.ANSWERED, True)


def test_a_reply_that_was_written_past_us_is_a_persons(store, desk, clock, only):
    desk.hear()
    clock.advance(minutes=3)
    wrote = PersonWrote(channel="chat", external_id="echo1", contact_key="k1", text="I called you.", at=clock.now())
    store.channel_news.take_soon([wrote], clock.now(), threadings=desk.THREADINGS).result()
    assert (only().person_involved, only().person_at) == (True, clock.now())


def test_a_persons_reply_that_failed_is_none_but_they_were_involved(store, desk, clock, only):
    conversation = desk.hear().conversation
    (said,) = desk.say(conversation, PERSON, status=Status.OPEN)
    assert only().person_at is not None
    fail(store, clock, said)
    assert (only().person_at, only().person_involved) == (None, True)


def test_verdicts_of_contacts_and_of_people_here(store, desk, clock, only):
    conversation = desk.hear().conversation
    first, second = (desk.say(conversation, ANSWER)[0] for _ in range(2))
    for message, verdict in ((first, Verdict.UP), (second, Verdict.UP), (second, Verdict.DOWN)):
        store.feedback.give(message.id, verdict, clock.now(), channel="chat", contact_key="k1")
    audit = AuditEntry(at=clock.now(), actor="anna", action="inbox wrong", subject=conversation.id)
    store.feedback.judge(first.id, Verdict.DOWN, clock.now(), conversation=conversation.id, author="anna", audit=audit)
    one = only()
    assert (one.ups, one.downs, one.wrong) == (1, 1, 1)


class TestSpan:
    def test_begins_with_its_first_moment_and_ends_before_its_last(self, store, desk, clock, span):
        desk.hear(key="k1")
        clock.advance(days=30, microseconds=-1)
        inside = desk.hear(key="k2").conversation.id
        clock.advance(microseconds=1)
        desk.hear(key="k3")
        facts, _ = store.stats.facts(span)
        assert len(facts) == 2
        later = Span(since=span.since + timedelta(microseconds=1), until=span.until)
        assert [one.conversation for one in store.stats.facts(later)[0]] == [inside]

    def test_names_one_agent_and_channel(self, store, desk, span):
        for key, agent, channel in (
            ("k1", "ada", "chat"),
            ("k2", "bo", "chat"),
            ("k3", "ada", "mail"),
            ("k4", "", "mail"),
        ):
            desk.hear(key=key, agent=agent, channel=channel)

        def found(**names):
            facts, _ = store.stats.facts(Span(since=span.since, until=span.until, **names))
            return sorted((one.agent, one.channel) for one in facts)

        assert found(agent="ada") == [("ada", "chat"), ("ada", "mail")]
        assert found(channel="mail") == [("", "mail"), ("ada", "mail")]
        assert found(agent="ada", channel="mail") == [("ada", "mail")]
        assert (store.stats.agents(), store.stats.channels()) == (("ada", "bo"), ("chat", "mail"))

    def test_what_was_brought_in_is_none(self, store, clock, span):
        at = clock.now()
        said = Message(conversation="A" * 22, sender=Sender.AGENT, kind=ANSWER, text="Yes.", at=at)
        past = PastConversation(
            id="A" * 22,
            channel="import:old",
            contact_key="k",
            agent="old",
            opened_at=at,
            closed_at=at,
            messages=(said,),
        )
        assert store.past.add([past]) == 1
        assert store.stats.facts(span) == ((), LedgerFacts())
        assert (store.stats.agents(), store.stats.channels()) == ((), ())


class TestLedger:
    def test_sums_by_kind_of_what_was_booked_in_the_span(self, store, desk, clock, span):
        store.ledger.append(CreditKind.GRANT, 1_000, key="topup:1", policy="conversation", at=clock.now())
        (reply,) = desk.say(desk.hear(key="k1").conversation, ANSWER)
        desk.say(
            desk.hear(key="k2", channel="mail").conversation, ANSWER, charge=Charge(amount=70, policy="conversation")
        )
        clock.advance(days=30)
        fail(store, clock, reply)
        _, ledger = store.stats.facts(span)
        assert ledger.sums == {CreditKind.GRANT: 1_000, CreditKind.CHARGE: -170}
        assert (ledger.counts[CreditKind.CHARGE], ledger.charged, ledger.given_back, ledger.used) == (2, 170, 0, 170)
        _, later = store.stats.facts(Span(since=span.until, until=span.until + timedelta(days=9)))
        assert (later.charged, later.given_back, later.used) == (0, 100, -100)

    def test_of_one_channel_only_what_its_conversations_cost(self, store, desk, clock, span):
        store.ledger.append(CreditKind.GRANT, 1_000, key="topup:1", policy="conversation", at=clock.now())
        desk.say(desk.hear(key="k1").conversation, ANSWER)
        desk.say(desk.hear(key="k2", channel="mail").conversation, ANSWER)
        _, ledger = store.stats.facts(Span(since=span.since, until=span.until, channel="mail"))
        assert ledger.sums == {CreditKind.CHARGE: -100}
