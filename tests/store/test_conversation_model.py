"""Contacts, the agent, people, providers and the clock at random; plain dictionaries say what must be there.

CONV-1, CRED-1, CRED-2 and R5. `CUSTAGENT_STRESS=1` is the long run: 5,000 examples of 50 steps.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from custagent.core.conversation import Charge, Outcome, Status, Threading, Turn
from custagent.core.errors import Overtaken
from custagent.core.message import DeliveryReceipt, InboundMessage, Message, MessageKind, Sender
from custagent.core.message import DeliveryStatus as D
from custagent.store import Store
from custagent.testing import FrozenClock

STRESS = os.environ.get("CUSTAGENT_STRESS") == "1"
PENDING, OPEN, SNOOZED, CLOSED = Status
HOURS = {"chat": 24, "mail": 72}
THREADINGS = {name: Threading(closes_after=timedelta(hours=h), reopens=h == 72) for name, h in HOURS.items()}
CHARGED = {"answer", "clarify", "rephrase"}
OUTCOMES = {"answer": Outcome.ANSWERED, "clarify": Outcome.UNRESOLVED, "rephrase": Outcome.UNRESOLVED}
OUTCOMES |= {"handoff": Outcome.UNRESOLVED, "person": Outcome.PERSON}

channels = st.sampled_from(sorted(HOURS))
keys = st.sampled_from(["k1", "k2"])
picks = st.integers(0, 99)
agent_says = st.lists(
    st.sampled_from([MessageKind(kind) for kind in ("disclosure", "small-talk", "answer", "clarify", "rephrase")]),
    max_size=3,
)


@dataclass
class Said:
    kind: str
    #: None for a contact's message.
    delivery: D | None = None
    #: The number of its conversation's charge that it belongs to.
    charge: int | None = None


@dataclass
class Thread:
    channel: str
    key: str
    status: Status
    last_at: datetime
    said: dict[int, Said] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    #: Of each charge, whether it stands.
    charges: list[bool] = field(default_factory=list)
    closed_from: Status | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None

    def ends(self) -> datetime | None:
        """When silence closes it."""
        last = self.said[max(self.said)].kind
        timed = (self.status is PENDING and not self.waiting) or (self.status is OPEN and last == "person")
        return self.last_at + timedelta(hours=HOURS[self.channel]) if timed else None

    def close(self, at: datetime) -> None:
        replies = [OUTCOMES[said.kind] for said in self.said.values() if said.kind in OUTCOMES]
        people = self.status is not PENDING or Outcome.PERSON in replies
        had = Outcome.PERSON if people else (replies or [None])[-1]
        self.closed_from, self.closed_at, self.outcome = self.status, at, had
        self.status = CLOSED
        self.waiting.clear()

    def settle(self) -> None:
        """CRED-2: what is left of the standing charge."""
        if self.charges and self.charges[-1]:
            paid_for = [said for said in self.said.values() if said.charge == len(self.charges)]
            self.charges[-1] = not paid_for or any(said.delivery not in (D.FAILED, D.DROPPED) for said in paid_for)


class Conversations(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FrozenClock()
        self.threads: dict[str, Thread] = {}
        self.heard: dict[str, tuple[str, int]] = {}
        self.numbers = count(1)
        self.store = self.opened()

    def opened(self) -> Store:
        return Store(self.folder / "custagent.db", self.clock)

    def pick(self, number: int, *statuses: Status) -> str | None:
        found = [name for name, thread in self.threads.items() if thread.status in statuses]
        return found[number % len(found)] if found else None

    @rule(hours=st.sampled_from([0.01, 1, 23, 24, 49, 72, -5]))
    def pass_time(self, hours):
        self.clock.advance(hours=hours)

    @precondition(lambda self: any(thread.ends() for thread in self.threads.values()))
    @rule(number=picks, off=st.sampled_from([-1, 0, 1]))
    def reach_the_limit(self, number, off):
        """A microsecond to either side of the end of a conversation."""
        ends = sorted(end for thread in self.threads.values() if (end := thread.ends()))
        self.clock.advance(seconds=(ends[number % len(ends)] - self.clock.now()).total_seconds(), microseconds=off)

    @rule(channel=channels, key=keys, agent=st.sampled_from(["ada", "ada", ""]), skew=st.sampled_from([-9, 0, 9]))
    def begin(self, channel, key, agent, skew):
        name, at = f"x{next(self.numbers)}", self.clock.now()
        sent_at = at + timedelta(days=skew)
        message = InboundMessage(channel=channel, external_id=name, contact_key=key, text=name, sent_at=sent_at)
        begun = self.store.conversations.begin(message, THREADINGS[channel], agent=agent, at=at)
        assert not begun.duplicate
        own = [t for t in self.threads.items() if (t[1].channel, t[1].key) == (channel, key)]
        own.sort(key=lambda item: (item[1].status is not CLOSED, max(item[1].said)))
        thread = own[-1][1] if own else None
        if thread and (end := thread.ends()) and end <= at:
            thread.close(end)
        fresh = thread is None or (thread.status is CLOSED and channel == "chat")
        assert begun.new is (fresh or thread.status is CLOSED)
        assert (begun.conversation.id not in self.threads) is fresh
        if fresh:
            thread = Thread(channel=channel, key=key, status=PENDING if agent else OPEN, last_at=at)
            self.threads[begun.conversation.id] = thread
        else:
            assert thread is self.threads[begun.conversation.id]
            if thread.status is CLOSED:
                thread.status = PENDING if agent and thread.closed_from is PENDING else OPEN
            elif thread.status is SNOOZED:
                thread.status = OPEN
        thread.closed_at = thread.outcome = None
        thread.last_at = at
        thread.said[begun.message.id] = Said(kind="inbound")
        thread.waiting.add(begun.message.id)
        self.heard[name] = (begun.conversation.id, begun.message.id)

    @precondition(lambda self: self.heard)
    @rule(number=picks, key=keys)
    def begin_again(self, number, key):
        name = sorted(self.heard)[number % len(self.heard)]
        channel = self.threads[self.heard[name][0]].channel
        again = InboundMessage(
            channel=channel, external_id=name, contact_key=key, text="other", sent_at=self.clock.now()
        )
        begun = self.store.conversations.begin(again, THREADINGS[channel], agent="eve", at=self.clock.now())
        assert (begun.duplicate, begun.new) == (True, False)
        assert (begun.conversation.id, begun.message.id, begun.message.text) == (*self.heard[name], name)

    def commit(self, name: str, status: Status, kinds=(), **given):
        """A turn, in the store and in the model; `late` ones are refused."""
        thread, at = self.threads[name], self.clock.now()
        messages = tuple(
            Message(
                conversation=name,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text="",
                at=at,
            )
            for kind in kinds
        )
        charge = Charge(amount=100, policy="conversation") if CHARGED & set(kinds) else None
        stored = self.store.conversations.conversation(name)
        turn = Turn(conversation=stored, status=status, messages=messages, charge=charge, at=at, **given)
        with pytest.raises(Overtaken):
            self.store.conversations.commit(replace(turn, conversation=replace(stored, version=stored.version - 1)))
        written = self.store.conversations.commit(turn)
        if turn.withdraws:
            self.withdraw(thread)
        if charge and not (thread.charges and thread.charges[-1]):
            thread.charges.append(True)
        for message in written:
            standing = len(thread.charges) if thread.charges and thread.charges[-1] else None
            thread.said[message.id] = Said(
                kind=message.kind.value, delivery=D.QUEUED, charge=standing if message.kind in CHARGED else None
            )
        thread.last_at = at if written else thread.last_at
        thread.waiting -= thread.waiting if MessageKind.PERSON in kinds else set(turn.handled)
        if status is CLOSED:
            thread.close(at)
        else:
            thread.status, thread.closed_at, thread.outcome = status, None, None

    @rule(number=picks, kinds=agent_says, handles=st.booleans())
    def agent_replies(self, number, kinds, handles):
        if name := self.pick(number, PENDING):
            self.commit(name, PENDING, kinds, handled=tuple(self.threads[name].waiting) if handles else ())

    @rule(number=picks)
    def hand_off(self, number):
        if name := self.pick(number, PENDING):
            self.commit(name, OPEN, [MessageKind.HANDOFF], handled=tuple(self.threads[name].waiting))

    @rule(number=picks, withdraws=st.booleans(), says=st.booleans())
    def person_takes(self, number, withdraws, says):
        if name := self.pick(number, *Status):
            self.commit(name, OPEN, [MessageKind.PERSON] * says, withdraws=withdraws)

    @rule(number=picks, status=st.sampled_from([PENDING, SNOOZED, CLOSED]))
    def person_puts_down(self, number, status):
        if name := self.pick(number, OPEN):
            self.commit(name, status)

    @rule()
    def timer(self):
        """What is due for closing, and when the next one is."""
        ends = {name: end for name, thread in self.threads.items() if (end := thread.ends())}
        due = self.store.conversations.due_for_closing(THREADINGS, self.clock.now())
        assert {each.id for each in due} == {name for name, end in ends.items() if end <= self.clock.now()}
        assert self.store.conversations.next_closing_at(THREADINGS) == min(ends.values(), default=None)
        for each in due:
            self.commit(each.id, CLOSED)

    @rule(number=picks, status=st.sampled_from(list(D)))
    def provider_says(self, number, status):
        replies = [(thread, i) for thread in self.threads.values() for i, s in thread.said.items() if s.delivery]
        if not replies:
            return
        thread, message = replies[number % len(replies)]
        self.store.outbox.record(message, DeliveryReceipt(status=status), self.clock.now())
        said, order = thread.said[message], [D.QUEUED, D.SENT, D.DELIVERED, D.READ]
        if status in order and said.delivery in order:
            said.delivery = max(said.delivery, status, key=order.index)
        elif (status is D.FAILED and said.delivery in (D.QUEUED, D.SENT)) or said.delivery is D.QUEUED:
            said.delivery = status
        thread.settle()

    def withdraw(self, thread: Thread) -> list[int]:
        dropped = [i for i, s in thread.said.items() if s.delivery is D.QUEUED and s.kind != "person"]
        for message in dropped:
            thread.said[message].delivery = D.DROPPED
        thread.settle()
        return dropped

    @rule(number=picks)
    def drop(self, number):
        if name := self.pick(number, *Status):
            dropped = self.store.outbox.drop_for(name, self.clock.now())
            assert list(dropped) == self.withdraw(self.threads[name])

    @rule()
    def restart(self):
        self.store.close()
        self.store = self.opened()

    @invariant()
    def conversations_are_as_they_should_be(self):
        listed = self.store.conversations.list(limit=10**6)
        assert [each.id for each in listed] == sorted(
            self.threads, key=lambda name: max(self.threads[name].said), reverse=True
        )
        for each in listed:
            thread = self.threads[each.id]
            assert (each.status, each.last_message_at) == (thread.status, thread.last_at)
            assert (each.closed_at, each.outcome) == (thread.closed_at, thread.outcome)
            messages = self.store.conversations.messages(each.id)
            assert [(m.id, m.kind.value) for m in messages] == [(i, s.kind) for i, s in thread.said.items()]
        waiting = [(name, sorted(t.waiting)) for name, t in self.threads.items() if t.waiting and t.status is PENDING]
        found = [(each.id, [message.id for message in waits]) for each, waits in self.store.conversations.unhandled()]
        assert found == sorted(waiting, key=lambda item: item[1])

    @invariant()
    def the_outbox_is_as_it_should_be(self):
        heads = []
        for name, thread in self.threads.items():
            replies = {i: s.delivery for i, s in thread.said.items() if s.delivery}
            assert self.store.outbox.statuses(name) == replies
            heads += [i for i, status in replies.items() if status is D.QUEUED][:1]
        due = self.store.outbox.due(self.clock.now(), limit=10**6)
        assert [each.id for each in due] == sorted(heads)

    @invariant()
    def the_ledger_is_as_it_should_be(self):
        entries = self.store.ledger.entries()
        for name, thread in self.threads.items():
            own = [entry.amount for entry in entries if entry.conversation == name]
            expected = [amount for stands in thread.charges for amount in ([-100] if stands else [-100, 100])]
            assert own == expected, "CRED-2: at most one charge that is not reversed, the last one"
            if not any(said.kind in CHARGED for said in thread.said.values()):
                assert own == [], "CRED-1: nothing is charged without a reply"
        assert self.store.ledger.balance() == sum(entry.amount for entry in entries)
        assert self.store.ledger.verify() is None

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)


Conversations.TestCase.settings = settings(
    max_examples=5000 if STRESS else 25,
    stateful_step_count=50 if STRESS else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestConversations = Conversations.TestCase
