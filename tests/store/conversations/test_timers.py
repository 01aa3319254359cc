"""What the clock makes due: snoozes, contacts who wait too long for a person, answers to ask about (CONV-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.conversation import Status
from custagent.core.message import DeliveryReceipt, DeliveryStatus, MessageKind
from custagent.core.notice import Notice
from custagent.store.conversations.timers import overdue_key

ANSWER, CLARIFY, PERSON, HANDOFF = MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.PERSON, MessageKind.HANDOFF
DAY = timedelta(hours=24)


@pytest.fixture
def snooze(desk, clock):
    """Puts a conversation aside, for so long or until somebody writes."""

    def snooze(key: str = "k1", **time):
        conversation = desk.hear(key=key).conversation
        desk.say(conversation, PERSON, status=Status.OPEN, assignee="user:anna")
        until = clock.now() + timedelta(**time) if time else None
        desk.say(conversation, status=Status.SNOOZED, assignee="user:anna", snoozed_until=until)
        return conversation

    return snooze


class TestSnoozes:
    def test_they_end_exactly_at_their_time_the_longest_due_first(self, store, clock, snooze):
        later, sooner = snooze("k1", hours=2), snooze("k2", hours=1)
        assert store.timers.snoozed_until(sooner.id) == store.timers.next_at({}) == clock.now() + timedelta(hours=1)
        clock.advance(hours=1, microseconds=-1)
        assert store.timers.ended_snoozes(clock.now()) == ()
        clock.advance(microseconds=1)
        assert [one.id for one in store.timers.ended_snoozes(clock.now())] == [sooner.id]
        clock.advance(hours=1)
        assert [one.id for one in store.timers.ended_snoozes(clock.now())] == [sooner.id, later.id]
        assert [one.id for one in store.timers.ended_snoozes(clock.now(), limit=1)] == [sooner.id]

    def test_without_an_end_it_sleeps_until_somebody_writes(self, store, clock, snooze, desk):
        conversation = snooze()
        clock.advance(days=300)
        assert store.timers.ended_snoozes(clock.now()) == ()
        assert (store.timers.snoozed_until(conversation.id), store.timers.next_at({})) == (None, None)
        assert desk.hear().conversation.status is Status.OPEN

    @pytest.mark.parametrize("by", ["contact", "person", "closing"])
    def test_whatever_wakes_it_first_ends_the_snooze(self, store, clock, snooze, desk, by):
        conversation = snooze(hours=1)
        if by == "contact":
            desk.hear()
        else:
            kinds, status = ((PERSON,), Status.OPEN) if by == "person" else ((), Status.CLOSED)
            desk.say(conversation, *kinds, status=status, assignee="user:anna")
        clock.advance(hours=1)
        assert store.timers.snoozed_until(conversation.id) is None
        assert store.timers.ended_snoozes(clock.now()) == ()

    def test_a_new_end_replaces_the_one_before(self, store, clock, snooze, desk):
        conversation = snooze(hours=1)
        desk.say(conversation, status=Status.SNOOZED, snoozed_until=clock.now() + timedelta(hours=3))
        assert store.timers.snoozed_until(conversation.id) == clock.now() + timedelta(hours=3)

    def test_only_what_is_snoozed_has_an_end(self, desk, clock):
        conversation = desk.hear().conversation
        with pytest.raises(ValueError, match="does not wake by itself"):
            desk.say(conversation, ANSWER, snoozed_until=clock.now())


class TestWaitingForPeople:
    @pytest.fixture
    def overdue(self, store, clock, desk):
        def overdue(**given):
            found = store.timers.waiting_for_people(desk.THREADINGS, clock.now(), **given)
            return [(one.conversation, one.message) for one in found]

        return overdue

    def test_exactly_as_long_as_silence_may_last_by_channel(self, store, desk, clock, overdue):
        chat = desk.hear(agent="")
        mail = desk.hear(channel="mail", agent="")
        start = clock.now()
        assert store.timers.next_at(desk.THREADINGS) == start + DAY
        clock.advance(hours=24, microseconds=-1)
        assert overdue() == []
        clock.advance(microseconds=1)
        assert overdue() == [(chat.conversation.id, chat.message.id)]
        clock.advance(hours=48)
        assert overdue() == [(one.conversation.id, one.message.id) for one in (chat, mail)]
        assert overdue(limit=1) == [(chat.conversation.id, chat.message.id)]
        (first, _) = store.timers.waiting_for_people(desk.THREADINGS, clock.now())
        assert (first.channel, first.since) == ("chat", start)

    def test_it_waits_since_the_first_question_that_nobody_replied_to(self, desk, clock, overdue):
        conversation = desk.hear(agent="").conversation
        desk.say(conversation, PERSON, status=Status.OPEN)
        clock.advance(hours=10)
        first = desk.hear("And this?").message
        clock.advance(hours=20)
        desk.hear("Hello?")
        clock.advance(hours=4)
        assert overdue() == [(conversation.id, first.id)]

    def test_after_a_handoff_since_then(self, desk, clock, overdue):
        conversation = desk.hear().conversation
        desk.say(conversation, ANSWER)
        clock.advance(hours=20)
        desk.hear("A person, please")
        (notice,) = desk.say(conversation, HANDOFF, status=Status.OPEN)
        clock.advance(hours=24, microseconds=-1)
        assert overdue() == []
        clock.advance(microseconds=1)
        assert overdue() == [(conversation.id, notice.id)]

    def test_taking_it_without_a_word_changes_nothing_and_a_reply_does(self, desk, clock, overdue):
        begun = desk.hear(agent="")
        desk.say(begun.conversation, status=Status.OPEN, assignee="user:anna")
        clock.advance(hours=24)
        assert overdue() == [(begun.conversation.id, begun.message.id)]
        desk.say(begun.conversation, PERSON, status=Status.OPEN, assignee="user:anna")
        clock.advance(days=9)
        assert overdue() == []

    @pytest.mark.parametrize("status", [Status.PENDING, Status.SNOOZED, Status.CLOSED])
    def test_only_what_is_open(self, desk, clock, overdue, status):
        conversation = desk.hear(agent="").conversation
        desk.say(conversation, status=status)
        clock.advance(days=9)
        assert overdue() == []

    def test_once_for_each_time_that_a_contact_waits(self, store, desk, clock, overdue):
        conversation = desk.hear(agent="").conversation
        clock.advance(hours=24)
        (found,) = store.timers.waiting_for_people(desk.THREADINGS, clock.now())
        notice = Notice(key=overdue_key(found), kind="overdue", permission="answer", text="Look.", at=clock.now())
        assert store.notices.tell(notice)
        assert (overdue(), store.timers.next_at(desk.THREADINGS)) == ([], None)
        desk.say(conversation, PERSON, status=Status.OPEN)
        again = desk.hear().message
        clock.advance(hours=24)
        assert overdue() == [(conversation.id, again.id)]


class TestUnaskedAnswers:
    @pytest.fixture
    def unasked(self, store, clock):
        def unasked(minutes: float = 10, *, agent: str = "ada", **given):
            now = clock.now()
            found = store.timers.unasked_answers(
                "chat", agent, after=now - timedelta(hours=2), by=now - timedelta(minutes=minutes), **given
            )
            return [one.contact.key for one in found]

        return unasked

    @pytest.fixture
    def answer(self, store, desk, clock):
        def answer(key: str = "k1", *kinds: MessageKind, status=DeliveryStatus.SENT):
            begun = desk.hear(key=key)
            conversation = begun.conversation
            for message in desk.say(conversation, *(kinds or (ANSWER,)), handled=(begun.message.id,)):
                if status is not DeliveryStatus.QUEUED:
                    store.outbox.record(message.id, DeliveryReceipt(status=status), clock.now())
            return conversation

        return answer

    def test_from_exactly_then_on_and_not_from_long_before(self, store, clock, answer, unasked):
        answer()
        start, wait = clock.now(), timedelta(minutes=10)
        after = start - timedelta(hours=2)
        assert store.timers.next_unasked_at("chat", "ada", after=after, wait=wait) == start + wait
        clock.advance(minutes=10, microseconds=-1)
        assert unasked() == []
        clock.advance(microseconds=1)
        assert unasked() == ["k1"]
        clock.advance(minutes=110, microseconds=-1)
        assert unasked() == ["k1"]
        clock.advance(microseconds=1)
        assert unasked() == []
        assert store.timers.next_unasked_at("chat", "ada", after=clock.now(), wait=wait) is None

    @pytest.mark.parametrize(
        ("kinds", "asked"),
        [
            ((MessageKind.DISCLOSURE, ANSWER), True),
            ((CLARIFY,), True),
            ((MessageKind.REPHRASE,), False),
            ((ANSWER, MessageKind.SMALL_TALK), False),
            ((ANSWER, MessageKind.FOLLOW_UP), False),
            ((MessageKind.GREETING,), False),
        ],
    )
    def test_after_an_answer_or_a_question_back_alone(self, clock, answer, unasked, kinds, asked):
        answer("k1", *kinds)
        clock.advance(minutes=10)
        assert unasked() == (["k1"] if asked else [])

    @pytest.mark.parametrize("status", list(DeliveryStatus))
    def test_only_when_it_arrived(self, clock, answer, unasked, status):
        answer(status=status)
        clock.advance(minutes=10)
        arrived = status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ)
        assert unasked() == (["k1"] if arrived else [])

    def test_not_when_the_contact_wrote_people_have_it_or_it_is_closed(self, clock, desk, answer, unasked):
        answer("k1")
        desk.hear("And?", key="k1")
        desk.say(answer("k2"), status=Status.OPEN)
        desk.say(answer("k3"), status=Status.CLOSED)
        given_back = answer("k4")
        desk.say(given_back, PERSON, status=Status.OPEN)
        desk.say(given_back, status=Status.PENDING)
        answer("k5")
        clock.advance(minutes=10)
        assert unasked() == ["k5"]
        assert unasked(agent="bea") == []

    def test_longest_silent_first(self, clock, answer, unasked):
        for key in ("k1", "k2", "k3"):
            answer(key)
            clock.advance(minutes=1)
        clock.advance(minutes=10)
        assert (unasked(), unasked(limit=2)) == (["k1", "k2", "k3"], ["k1", "k2"])

    def test_asking_does_not_put_closing_off(self, store, desk, clock, answer):
        conversation = answer()
        start = clock.now()
        clock.advance(minutes=10)
        (asked,) = desk.say(conversation, MessageKind.FOLLOW_UP)
        assert store.conversations.next_closing_at(desk.THREADINGS) == start + DAY
        assert desk.now(conversation).last_message_at == start
        # In the order of conversations it counts: something was said.
        other = desk.hear(key="k2").conversation
        desk.say(conversation, MessageKind.FOLLOW_UP)
        assert [one.id for one in store.conversations.list()] == [conversation.id, other.id]
        assert asked.kind is MessageKind.FOLLOW_UP


def test_however_many_are_closed_the_looks_stay_short(database):
    """No look goes through the conversations that nothing is due in."""
    from custagent.store.conversations import timers

    queries = [
        f"{timers._WAITING.replace('?', repr('c'))} AND at <= 'x' ORDER BY at LIMIT 9",
        f"SELECT 1 {timers._ANSWERED.replace('?', repr('c'))} AND conversations.silent_since <= 'x'",
        "SELECT until FROM snoozes WHERE snoozes.until <= 'x' ORDER BY until",
    ]
    for query in queries:
        plan = database.read(
            lambda connection, query=query: connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        )
        assert [row[3] for row in plan if row[3].startswith("SCAN") and "CONSTANT" not in row[3]] == [], query
