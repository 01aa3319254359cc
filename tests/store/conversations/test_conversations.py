"""What the store keeps beside its port: lists, timers, contacts, and the charge of each conversation."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from custagent.core.conversation import Arrival, Charge, Outcome, Status
from custagent.core.credit import CreditKind
from custagent.core.errors import LeaseHeld, Overtaken, StoreError, UnknownName
from custagent.core.message import MessageKind
from custagent.store import LeaseHolder, Store

ANSWER, CLARIFY, PERSON = MessageKind.ANSWER, MessageKind.CLARIFY, MessageKind.PERSON


def kinds_and_amounts(store):
    return [(entry.kind.value, entry.amount) for entry in store.ledger.entries()]


class TestCharging:
    def test_once_a_conversation(self, store, desk):
        """CRED-1."""
        conversation = desk.hear().conversation
        desk.say(conversation, MessageKind.GREETING, MessageKind.SMALL_TALK)
        assert store.ledger.entries() == ()
        desk.say(conversation, CLARIFY)
        desk.say(conversation, ANSWER, ANSWER)
        (entry,) = store.ledger.entries()
        assert (entry.kind, entry.amount, entry.conversation) == (CreditKind.CHARGE, -100, conversation.id)
        assert (entry.key, entry.policy, entry.at) == (f"charge:{conversation.id}:1", "conversation", desk.clock.now())
        assert store.ledger.balance() == -100

    def test_another_conversation_costs_again_and_reopened_mail_does_not(self, store, desk):
        for channel in ("chat", "mail"):
            for _ in range(3):
                begun = desk.hear(channel=channel)
                desk.say(begun.conversation, ANSWER, handled=(begun.message.id,))
                desk.clock.advance(hours=72)
        assert kinds_and_amounts(store) == [("charge", -100)] * (3 + 1)

    def test_is_refused_with_the_turn_it_belongs_to(self, store, desk):
        begun = desk.hear()
        late = desk.turn(begun.conversation, ANSWER)
        desk.hear()
        with pytest.raises(Overtaken):
            store.conversations.commit(late)
        with pytest.raises(StoreError):
            desk.say(begun.conversation, ANSWER, charge=Charge(amount=0, policy="conversation"))
        assert store.ledger.entries() == ()
        assert len(store.conversations.messages(begun.conversation.id)) == 2
        assert store.outbox.statuses(begun.conversation.id) == {}


class TestListing:
    def test_those_that_spoke_last_first(self, desk, store):
        old, new = desk.hear(key="k1"), desk.hear(key="k2", channel="mail")
        desk.clock.advance(days=-5)
        desk.hear(key="k1")
        listed = store.conversations.list()
        assert [each.id for each in listed] == [old.conversation.id, new.conversation.id]
        assert listed[0] == desk.now(old.conversation)
        assert [each.id for each in store.conversations.list(limit=1)] == [old.conversation.id]
        assert store.conversations.list(limit=0) == ()

    def test_by_status_and_channel(self, desk, store):
        chat, mail = desk.hear(key="k1"), desk.hear(key="k2", channel="mail")
        desk.say(mail.conversation, PERSON, status=Status.OPEN)

        def found(**filters):
            return [each.id for each in store.conversations.list(**filters)]

        assert found(status=Status.OPEN) == [mail.conversation.id]
        assert found(channel="chat") == [chat.conversation.id]
        assert found(channel="chat", status=Status.OPEN) == []
        assert found(channel="mail", status=Status.OPEN) == [mail.conversation.id]

    def test_needs_no_sorting(self, database):
        """However many conversations there are."""
        for where in ("true", "status = 'open'"):
            plan = database.read(
                lambda connection, where=where: connection.execute(
                    f"EXPLAIN QUERY PLAN SELECT id FROM conversations WHERE {where} ORDER BY last_message DESC LIMIT 5"
                ).fetchall()
            )
            assert not [row for row in plan if "TEMP B-TREE" in row[3]], plan


class TestOfAContact:
    def test_the_conversation_that_the_next_message_meets(self, desk, store):
        first = desk.hear()
        desk.say(first.conversation, status=Status.CLOSED)
        assert store.conversations.latest("chat", "k1") == desk.now(first.conversation)
        second = desk.hear()
        desk.hear(key="k2")
        desk.hear(channel="mail")
        assert store.conversations.latest("chat", "k1") == desk.now(second.conversation)
        assert store.conversations.latest("chat", "nobody") is None

    def test_the_messages_of_all_their_conversations(self, desk, store):
        first = desk.hear("one")
        desk.say(first.conversation, ANSWER, status=Status.CLOSED)
        desk.hear("not theirs", key="k2")
        desk.hear("elsewhere", channel="mail")
        desk.hear("two")
        messages = store.conversations.messages_of_contact("chat", "k1")
        assert [message.text for message in messages] == ["one", "answer", "two"]
        assert store.conversations.messages_of_contact("chat", "k1", after=messages[0].id) == messages[1:]
        assert store.conversations.messages_of_contact("chat", "nobody") == ()


class TestTimer:
    def close(self, desk, conversation):
        desk.say(conversation, status=Status.CLOSED)

    def due(self, desk, **given):
        found = desk.store.conversations.due_for_closing(desk.THREADINGS, desk.clock.now(), **given)
        return [each.id for each in found]

    def test_exactly_at_the_limit_of_each_channel(self, desk, store):
        begun = {channel: desk.hear(channel=channel) for channel in ("chat", "mail")}
        for each in begun.values():
            desk.say(each.conversation, ANSWER, handled=(each.message.id,))
        start = desk.clock.now()
        for channel, hours in (("chat", 24), ("mail", 72)):
            assert store.conversations.next_closing_at(desk.THREADINGS) == start + timedelta(hours=hours)
            desk.clock.advance(seconds=(start - desk.clock.now()).total_seconds() + hours * 3600, microseconds=-1)
            assert self.due(desk) == []
            desk.clock.advance(microseconds=1)
            assert self.due(desk) == [begun[channel].conversation.id]
            self.close(desk, begun[channel].conversation)
            assert desk.now(begun[channel].conversation).outcome is Outcome.ANSWERED
            assert self.due(desk) == []
        assert store.conversations.next_closing_at(desk.THREADINGS) is None

    def test_longest_silent_first_and_not_more_than_asked_for(self, desk):
        ids = []
        for number in range(4):
            begun = desk.hear(key=f"k{number}")
            desk.say(begun.conversation, ANSWER, handled=(begun.message.id,))
            ids.append(begun.conversation.id)
            desk.clock.advance(minutes=1)
        desk.clock.advance(days=2)
        assert self.due(desk) == ids
        assert self.due(desk, limit=2) == ids[:2]
        mail = desk.hear(channel="mail")
        desk.say(mail.conversation, ANSWER, handled=(mail.message.id,))
        desk.clock.advance(days=3)
        assert self.due(desk, limit=4) == ids
        assert self.due(desk) == [*ids, mail.conversation.id]
        assert self.due(desk, limit=0) == []

    def test_leaves_alone_what_waits_for_the_agent_or_people(self, desk, store):
        owed = desk.hear(key="k1")
        handed = desk.hear(key="k2")
        desk.say(handed.conversation, MessageKind.HANDOFF, status=Status.OPEN)
        snoozed = desk.hear(key="k3")
        desk.say(snoozed.conversation, PERSON, status=Status.OPEN)
        desk.say(snoozed.conversation, status=Status.SNOOZED)
        desk.clock.advance(days=100)
        assert self.due(desk) == []
        assert store.conversations.next_closing_at(desk.THREADINGS) is None
        desk.say(owed.conversation, handled=(owed.message.id,))
        desk.say(handed.conversation, PERSON, status=Status.OPEN)
        assert self.due(desk) == [owed.conversation.id]
        desk.clock.advance(hours=24)
        assert self.due(desk) == [owed.conversation.id, handed.conversation.id]

    def test_only_channels_that_are_asked_about(self, desk, store):
        begun = desk.hear()
        desk.say(begun.conversation, ANSWER, handled=(begun.message.id,))
        desk.clock.advance(days=9)
        only_mail = {"mail": desk.THREADINGS["mail"]}
        assert store.conversations.due_for_closing(only_mail, desk.clock.now()) == ()
        assert store.conversations.next_closing_at(only_mail) is None
        assert store.conversations.next_closing_at({}) is None

    def test_is_served_by_its_index(self, database):
        plan = database.read(
            lambda connection: connection.execute(
                "EXPLAIN QUERY PLAN SELECT id FROM conversations WHERE channel = 'chat'"
                " AND silent_since IS NOT NULL AND silent_since <= 'x' ORDER BY silent_since"
            ).fetchall()
        )
        assert [row[3].partition(" (")[0] for row in plan] == [
            "SEARCH conversations USING INDEX conversations_by_silence"
        ]


def test_a_contact_may_leave_an_address(desk, store):
    """HND-2."""
    contact = replace(desk.hear().conversation.contact, email="anna@example.com", name="Anna", language="sv")
    store.conversations.save_contact(contact)
    assert desk.hear().conversation.contact == contact
    with pytest.raises(UnknownName, match="no contact 99"):
        store.conversations.save_contact(replace(contact, id=99))


def test_the_providers_side_is_kept(desk, store, path):
    """ANS-7: of the raw body only its hash."""
    sent_at = desk.clock.now() - timedelta(days=2)
    begun = desk.hear(external_id="wamid.1", sent_at=sent_at, body_hash="abc")
    row = store._database.read(lambda connection: connection.execute("SELECT * FROM inbound").fetchone())
    text = sent_at.isoformat(timespec="microseconds")
    assert row == ("chat", "wamid.1", begun.message.id, begun.conversation.id, text, "abc", 0)


def test_ids_are_made_by_whom_the_store_was_given(path, clock, make_desk):
    ids = iter(["first", "second"])
    with Store(path, clock, make_conversation_id=lambda: next(ids)) as store:
        desk = make_desk(store, clock)
        assert [desk.hear(key=key).conversation.id for key in ("k1", "k1", "k2")] == ["first", "first", "second"]


def arrival(desk, *args, **given) -> Arrival:
    return Arrival(message=desk.inbound(*args, **given), threading=desk.THREADINGS["chat"], agent="ada")


def test_a_batch_is_written_in_its_order_and_what_comes_twice_in_it_once(desk, store):
    one, two = arrival(desk, "one"), arrival(desk, "two")
    batch = [two, arrival(desk, "else", key="k2"), one, two]
    begun = store.conversations.begin_all_soon(batch, at=desk.clock.now()).result()
    assert [one.duplicate for one in begun] == [False, False, False, True]
    assert [message.text for message in store.conversations.messages(begun[0].conversation.id)] == ["two", "one"]
    assert begun[3].message == begun[0].message
    again = store.conversations.begin_all_soon(batch[::-1], at=desk.clock.now()).result()
    assert {(one.duplicate, one.new) for one in again} == {(True, False)}
    assert len(store.conversations.list()) == 2


def test_of_a_batch_everything_is_written_or_nothing(desk, store):
    broken = arrival(desk, "half a character: \ud83d")
    with pytest.raises(StoreError):
        store.conversations.begin_all_soon([arrival(desk), broken], at=desk.clock.now()).result()
    with pytest.raises(ValueError, match="without an id"):
        store.conversations.begin_all_soon([arrival(desk), arrival(desk, external_id="")], at=desk.clock.now())
    with pytest.raises(LeaseHeld):
        store.conversations.begin_all_soon([arrival(desk)], at=desk.clock.now(), fence=7).result()
    assert store.conversations.list() == ()


def test_from_asyncio_many_share_a_commit(desk, store):
    async def main():
        begun = [
            store.conversations.begin_all_soon([arrival(desk, key=f"k{number % 5}")], at=desk.clock.now())
            for number in range(30)
        ]
        return await asyncio.gather(*map(asyncio.wrap_future, begun))

    assert len({begun.conversation.id for (begun,) in asyncio.run(main())}) == 5
    assert sum(len(messages) for _, messages in store.conversations.unhandled()) == 30


def test_a_runner_that_was_followed_by_another_writes_nothing(desk, store):
    """R4."""
    now, ttl = desk.clock.now(), timedelta(seconds=15)
    old = store.lease.acquire(LeaseHolder(host="a", pid=1, since=now), ttl, now)
    begun = desk.hear()
    turn = desk.turn(begun.conversation, ANSWER)
    late = now + timedelta(minutes=1)
    new = store.lease.acquire(LeaseHolder(host="b", pid=2, since=late), ttl, late)
    with pytest.raises(LeaseHeld, match="process 2 on b"):
        store.conversations.commit(turn, fence=old)
    assert (store.ledger.entries(), store.outbox.statuses(begun.conversation.id)) == ((), {})
    assert desk.now(begun.conversation) == begun.conversation
    store.conversations.commit(turn, fence=new)
    assert store.ledger.balance() == -100
