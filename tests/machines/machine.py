"""Contacts, the agent, people, providers, the clock and crashes at random; a model in plain Python says what must be.

CONV-1, CONV-2, CRED-1, CRED-2, RUN-1; R1 to R6 of the promises. The rules are here, the model is `model` and `thread`,
what must hold after every step is `holds`.
"""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from custagent.core.channel_event import PersonWrote
from custagent.core.conversation import Status
from custagent.core.credit import CreditKind
from custagent.core.errors import LeaseHeld, Overtaken, StoreError, UnknownName
from custagent.core.message import DeliveryReceipt, InboundMessage, MessageKind, Verdict
from custagent.core.message import DeliveryStatus as D
from custagent.store.database.lease import LeaseHolder
from tests.machines import holds
from tests.machines.base import TERMS, Machine
from tests.machines.files import Files
from tests.machines.thread import CHARGED, CLOSED, HOURS, OPEN, PENDING, SNOOZED, THREADINGS, Thread

LEASE = timedelta(seconds=15)

channels = st.sampled_from(sorted(HOURS))
keys = st.sampled_from(["k1", "k2"])
picks = st.integers(0, 99)
shares = st.floats(0, 1)
agent_says = st.lists(
    st.sampled_from([MessageKind(kind) for kind in ("answer", "clarify", "rephrase", "disclosure", "small-talk")]),
    min_size=1,
    max_size=2,
)


class Conversations(Machine):
    """The rules."""

    @initialize(chosen=st.sampled_from(TERMS))
    def choose_the_terms(self, chosen) -> None:
        self.policy, self.terms = chosen
        self.another_runner()
        self.begin(channel="chat", key="k1", agent="ada", skew=0)

    # Time.

    @rule(hours=st.sampled_from([0.01, 1, 23, 24, 49, 72, 24 * 31, -5, -24]))
    def pass_time(self, hours: float) -> None:
        self.clock.advance(hours=hours)

    @precondition(lambda self: any(thread.ends() for thread in self.model.threads.values()))
    @rule(number=picks, off=st.sampled_from([-1, 0, 1]))
    def reach_the_limit(self, number: int, off: int) -> None:
        """A microsecond to either side of the end of a conversation."""
        ends = sorted(end for thread in self.model.threads.values() if (end := thread.ends()))
        self.clock.advance(seconds=(ends[number % len(ends)] - self.now).total_seconds(), microseconds=off)

    @precondition(lambda self: any(thread.ends() for thread in self.model.threads.values()))
    @rule()
    def timer(self) -> None:
        """What is due for closing, and when the next one is."""
        ends = {name: end for name, thread in self.model.threads.items() if (end := thread.ends())}
        due = self.store.conversations.due_for_closing(THREADINGS, self.now)
        assert {each.id for each in due} == {name for name, end in ends.items() if end <= self.now}
        assert self.store.conversations.next_closing_at(THREADINGS) == min(ends.values(), default=None)
        for each in due:
            self.commit(each.id, CLOSED)

    # Contacts.

    @rule(channel=channels, key=keys, agent=st.sampled_from(["ada", "ada", ""]), skew=st.sampled_from([-9, 0, 9]))
    def begin(self, channel: str, key: str, agent: str, skew: int) -> None:
        name, at = f"x{next(self.numbers)}", self.now
        sent_at = at + timedelta(days=skew)
        message = InboundMessage(channel=channel, external_id=name, contact_key=key, text=name, sent_at=sent_at)
        begun = self.store.conversations.begin(message, THREADINGS[channel], agent=agent, at=at)
        assert not begun.duplicate
        latest = self.model.latest(channel, key)
        thread = latest[1] if latest else None
        if thread and (end := thread.ends()) and end <= at:
            thread.close(end)
        fresh = thread is None or (thread.status is CLOSED and channel == "chat")
        assert begun.new is (fresh or thread.status is CLOSED)
        assert (begun.conversation.id not in self.model.threads) is fresh
        if fresh:
            thread = Thread(channel=channel, key=key, status=PENDING if agent else OPEN, last_at=at)
            self.model.threads[begun.conversation.id] = thread
        assert thread is self.model.threads[begun.conversation.id]
        thread.hear(begun.message.id, at, agent)
        self.model.heard[name] = (begun.conversation.id, begun.message.id)

    @precondition(lambda self: self.model.heard)
    @rule(number=picks, key=keys)
    def begin_again(self, number: int, key: str) -> None:
        """The provider delivers it again, perhaps with other words."""
        name = sorted(self.model.heard)[number % len(self.model.heard)]
        conversation, message = self.model.heard[name]
        channel = self.model.threads[conversation].channel
        again = InboundMessage(channel=channel, external_id=name, contact_key=key, text="other", sent_at=self.now)
        begun = self.store.conversations.begin(again, THREADINGS[channel], agent="eve", at=self.now)
        assert (begun.duplicate, begun.new) == (True, False)
        assert (begun.conversation.id, begun.message.id, begun.message.text) == (conversation, message, name)

    @rule(channel=channels, key=keys, says=st.booleans())
    def somebody_answers_past_us(self, channel: str, key: str, says: bool) -> None:
        """In the provider's own app, with words or by taking the thread: people have it from now on."""
        event, at = f"e{next(self.numbers)}", self.now
        wrote = PersonWrote(channel=channel, external_id=event, contact_key=key, text=event if says else "", at=at)
        first, again = (
            self.store.channel_news.take_soon([wrote], at, threadings=THREADINGS, fence=self.model.fence).result()
            for _ in range(2)
        )
        assert again == ()
        latest = self.model.latest(channel, key)
        thread = latest[1] if latest else None
        if thread and (end := thread.ends()) and end <= at:
            thread.close(end)
        fresh = thread is None or (thread.status is CLOSED and channel == "chat")
        assert bool(first) is (says or not fresh)
        if not first:
            return
        (conversation,) = first
        assert (conversation.id not in self.model.threads) is fresh
        if fresh:
            thread = Thread(channel=channel, key=key, status=OPEN, last_at=at)
            self.model.threads[conversation.id] = thread
        assert thread is self.model.threads[conversation.id]
        thread.withdraw()
        thread.answered_past_us(self.store.conversations.messages(conversation.id)[-1].id if says else None, at)
        self.model.keep_books(conversation.id)

    # The agent and people.

    @precondition(lambda self: self.model.pick(0, PENDING))
    @rule(number=picks, kinds=agent_says, handles=st.booleans())
    def agent_replies(self, number: int, kinds: list[MessageKind], handles: bool) -> None:
        if name := self.model.pick(number, PENDING):
            handled = tuple(self.model.threads[name].waiting) if handles else ()
            self.commit(name, PENDING, kinds, handled=handled, fence=self.model.fence)

    @precondition(lambda self: self.model.pick(0, PENDING))
    @rule(number=picks)
    def hand_off(self, number: int) -> None:
        if name := self.model.pick(number, PENDING):
            handled = tuple(self.model.threads[name].waiting)
            self.commit(name, OPEN, [MessageKind.HANDOFF], handled=handled, fence=self.model.fence)

    @precondition(lambda self: self.model.threads)
    @rule(number=picks, withdraws=st.booleans(), says=st.booleans())
    def person_takes(self, number: int, withdraws: bool, says: bool) -> None:
        if name := self.model.pick(number, *Status):
            self.commit(name, OPEN, [MessageKind.PERSON] * says, withdraws=withdraws)

    @precondition(lambda self: self.model.pick(0, PENDING))
    @rule(number=picks)
    def follow_up(self, number: int) -> None:
        """ "Did that help?": it moves no timer."""
        if name := self.model.pick(number, PENDING):
            self.commit(name, PENDING, [MessageKind.FOLLOW_UP], fence=self.model.fence)

    @precondition(lambda self: self.model.pick(0, OPEN))
    @rule(number=picks, status=st.sampled_from([PENDING, CLOSED]))
    def person_puts_down(self, number: int, status: Status) -> None:
        if name := self.model.pick(number, OPEN):
            self.commit(name, status)

    @precondition(lambda self: self.model.pick(0, OPEN))
    @rule(number=picks, hours=st.sampled_from([None, 1, 30]))
    def snooze(self, number: int, hours: int | None) -> None:
        if name := self.model.pick(number, OPEN):
            until = self.now + timedelta(hours=hours) if hours else None
            self.commit(name, SNOOZED, snoozed_until=until)
            assert self.store.timers.snoozed_until(name) == until

    @precondition(lambda self: any(thread.snoozed_until for thread in self.model.threads.values()))
    @rule()
    def wake(self) -> None:
        """Those that were put aside until now are awake again; the others sleep on."""
        until = {name: one.snoozed_until for name, one in self.model.threads.items() if one.snoozed_until}
        due = self.store.timers.ended_snoozes(self.now)
        assert {each.id for each in due} == {name for name, at in until.items() if at <= self.now}
        for each in due:
            self.commit(each.id, OPEN)

    @precondition(lambda self: self.model.replies(*D))
    @rule(number=picks, verdict=st.sampled_from([*Verdict, None]))
    def judge(self, number: int, verdict: Verdict | None) -> None:
        """The contact says what they think of a reply; nobody else may, and of nothing else."""
        replies = self.model.replies(*D)
        name, message = replies[number % len(replies)]
        thread, give = self.model.threads[name], self.store.feedback.give
        with pytest.raises(UnknownName):
            give(message, verdict, self.now, channel=thread.channel, contact_key="somebody else")
        if thread.said[message].kind not in CHARGED:
            with pytest.raises(UnknownName):
                give(message, verdict, self.now, channel=thread.channel, contact_key=thread.key)
            return
        give(message, verdict, self.now, channel=thread.channel, contact_key=thread.key)
        self.model.verdicts.pop(message, None)
        if verdict:
            self.model.verdicts[message] = verdict

    # Delivery.

    @precondition(lambda self: self.model.replies(*D))
    @rule(number=picks, status=st.sampled_from(list(D)))
    def provider_says(self, number: int, status: D) -> None:
        # What waits is more telling than what has arrived.
        if replies := (number % 2 and self.model.replies(D.QUEUED)) or self.model.replies(*D):
            name, message = replies[number % len(replies)]
            self.store.outbox.record(message, DeliveryReceipt(status=status), self.now, fence=self.model.fence)
            self.model.threads[name].deliver(message, status)
            self.model.keep_books(name)

    @precondition(lambda self: self.model.replies(D.QUEUED))
    @rule(number=picks, minutes=st.sampled_from([1, 60]))
    def provider_is_away(self, number: int, minutes: int) -> None:
        """The reply is put off."""
        queued = self.model.replies(D.QUEUED)
        if queued:
            name, message = queued[number % len(queued)]
            again = self.now + timedelta(minutes=minutes)
            self.store.outbox.retry(message, "no answer", again, fence=self.model.fence)
            said = self.model.threads[name].said[message]
            said.next_at, said.put_off_at, said.attempts = again, self.now, said.attempts + 1

    @precondition(lambda self: self.model.replies(D.QUEUED))
    @rule(number=picks)
    def drop(self, number: int) -> None:
        if name := self.model.pick(number, *Status):
            dropped = self.store.outbox.drop_for(name, self.now)
            assert list(dropped) == self.model.threads[name].withdraw()
            self.model.keep_books(name)

    @precondition(lambda self: self.model.replies(*D))
    @rule(number=picks)
    def put_back(self, number: int) -> None:
        """`custagent outbox retry`: a charge that was given back is made again with it (CRED-2)."""
        replies = self.model.replies(D.FAILED) or self.model.replies(*D)
        if not replies:
            return
        name, message = replies[number % len(replies)]
        thread = self.model.threads[name]
        said, retry = thread.said[message], self.store.undelivered.retry
        failed = said.delivery is D.FAILED
        if not (failed and thread.may_be_put_back(message)) and said.delivery is not D.QUEUED:
            with pytest.raises(Overtaken):
                retry(message, self.now, charge=self.charge)
        elif not failed or said.kind not in CHARGED:
            retry(message, self.now, charge=self.charge)
            thread.put_back(message)
        elif self.pays(name, lambda charge: retry(message, self.now, charge=charge)):
            thread.put_back(message)

    @precondition(lambda self: self.model.replies(*D))
    @rule(number=picks)
    def give_up(self, number: int) -> None:
        """`custagent outbox drop`."""
        replies = self.model.replies(*D)
        name, message = replies[number % len(replies)]
        thread = self.model.threads[name]
        if thread.said[message].delivery not in (D.QUEUED, D.FAILED):
            with pytest.raises(Overtaken):
                self.store.undelivered.drop(message, self.now)
            return
        self.store.undelivered.drop(message, self.now)
        if thread.said[message].delivery is D.FAILED:
            thread.said[message].delivery = D.DROPPED
        thread.deliver(message, D.DROPPED)
        self.model.keep_books(name)

    # Credits.

    @rule()
    def calendar(self) -> None:
        self.settle()

    @rule(
        number=st.integers(1, 4),
        kind=st.sampled_from(["grant", "adjustment", "expiry"]),
        amount=st.sampled_from([1, 700]),
    )
    def enter(self, number: int, kind: str, amount: int) -> None:
        """A grant or the like, once a key: the same again changes nothing, another under its key is refused."""
        if self.terms is not None:
            kind = "grant"
        key, body = f"g{number}", (kind, -amount if kind == "expiry" else amount)
        known = self.model.grants.get(key, body)
        if known != body:
            with pytest.raises(StoreError, match="exists already"):
                self.store.ledger.append(CreditKind(kind), body[1], key=key, policy=self.policy, at=self.now)
            return
        self.store.ledger.append(CreditKind(kind), body[1], key=key, policy=self.policy, at=self.now)
        if key not in self.model.grants:
            self.model.grants[key] = body
            self.model.entries.append((*body, ""))

    # Runners and crashes.

    @rule()
    def another_runner(self) -> None:
        """It takes over where the lease has run out or its process is known to have ended; else it is refused."""
        lease, holder = self.store.lease, LeaseHolder(host="h", pid=1, since=self.now)
        renewed = self.model.renewed_at
        if renewed is not None and abs(self.now - renewed) < LEASE and not self.ended:
            with pytest.raises(LeaseHeld):
                lease.acquire(holder, LEASE, self.now)
            return
        before, self.model.fence = self.model.fence, lease.acquire(holder, LEASE, self.now)
        assert self.model.fence > before
        self.model.renewed_at = self.now
        self.marked, self.ended = True, False

    @rule()
    def restart(self) -> None:
        """As the runner stops: everything is finished first."""
        self.store.close()
        self.ended = self.ended or self.marked
        self.reopen()

    @rule()
    def killed(self) -> None:
        """What kill -9 leaves: the files as they are, with nothing finished."""
        files = Files.of(self.path)
        self.leave()
        self.open(files)

    @rule(data=st.data(), share=shares)
    def power_cut(self, data: st.DataObject, share: float) -> None:
        """In the middle of a write: it is there as a whole or not at all, and nothing else is touched."""
        # The calendar's entries are a write of their own, so that what follows is one write.
        self.settle()
        before, model, action = Files.of(self.path), copy.deepcopy(self.model), data.draw(st.sampled_from(WRITES))
        getattr(self, action)(**{name: data.draw(wanted) for name, wanted in ARGUMENTS[action].items()})
        left, whole = before.torn(Files.of(self.path), share)
        if not whole:
            self.model = model
        self.leave()
        self.open(left)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        holds.everything(self.store, self.model, self.now, self.terms)


#: What a power cut may interrupt, with what each is told.
ARGUMENTS = {
    "begin": {"channel": channels, "key": keys, "agent": st.sampled_from(["ada", ""]), "skew": st.just(0)},
    "agent_replies": {"number": picks, "kinds": agent_says, "handles": st.booleans()},
    "hand_off": {"number": picks},
    "person_takes": {"number": picks, "withdraws": st.booleans(), "says": st.booleans()},
    "put_back": {"number": picks},
    "provider_says": {"number": picks, "status": st.sampled_from(list(D))},
}
WRITES = sorted(ARGUMENTS)
