"""Whatever happens, recomputing the ledger gives the ledger (CRED-1, CRED-2, CRED-4), through the real store.

`CUSTAGENT_STRESS=1` is the long run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custagent.conversation.credit_replay import replay
from custagent.conversation.credits import Pricing, PricingInForce, is_to_be_charged_as_resolved, pricing_at
from custagent.core.conversation import Charge, Conversation, Event, Status, Threading, Turn, transition
from custagent.core.credit import PRICES, CreditKind, CreditPolicy, CreditTerms
from custagent.core.errors import OutOfCredits, Overtaken
from custagent.core.message import (
    CHARGED_KINDS,
    DeliveryReceipt,
    DeliveryStatus,
    InboundMessage,
    Message,
    MessageKind,
    Sender,
    Verdict,
)
from custagent.store import Store
from custagent.testing import FrozenClock

STRESS = os.environ.get("CUSTAGENT_STRESS") == "1"
#: Of the settings, so that most steps are contacts'.
MOST_CHANGES = 4
THREADINGS = {
    "chat": Threading(closes_after=timedelta(hours=24), reopens=False),
    "mail": Threading(closes_after=timedelta(hours=72), reopens=True),
}
picks = st.integers(0, 99)
policies = st.sampled_from(list(CreditPolicy))
answers = st.sampled_from([MessageKind.ANSWER, MessageKind.ANSWER, MessageKind.CLARIFY])
said = st.lists(
    st.sampled_from([MessageKind(kind) for kind in ("disclosure", "small-talk", "answer", "answer", "clarify")]),
    min_size=1,
    max_size=3,
)


class Credits(RuleBasedStateMachine):
    """A workspace whose settings change; what it charges is looked at after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "custagent.db").write_bytes(blank_database())
        self.clock = FrozenClock()
        self.store = Store(self.folder / "custagent.db", self.clock)
        self.numbers = count(1)
        self.changes: list[PricingInForce] = []
        self.allowance: int | None = None
        self.limited = False

    @initialize(policy=policies, limited=st.booleans(), allowance=st.sampled_from([None, 500, 2000]))
    def begins(self, policy: CreditPolicy, limited: bool, allowance: int | None) -> None:
        self.limited, self.allowance = limited, allowance
        self.put_into_force(policy, PRICES[policy])

    def put_into_force(self, policy: CreditPolicy, price: int) -> None:
        self.clock.advance(seconds=1)
        pricing = Pricing(policy=policy, price=price)
        self.changes.append(PricingInForce(since=self.clock.now(), pricing=pricing))

    @precondition(lambda self: len(self.changes) < MOST_CHANGES)
    @rule(
        policy=policies,
        price=st.sampled_from([50, 100, 7]),
        limited=st.booleans(),
        allowance=st.sampled_from([None, 0, 500, 2000]),
        granted=st.sampled_from([0, 300]),
    )
    def set_up_anew(self, policy: CreditPolicy, price: int, limited: bool, allowance: int | None, granted: int) -> None:
        self.put_into_force(policy, price)
        self.limited, self.allowance = limited, allowance
        if granted:
            key = f"topup:{next(self.numbers)}"
            self.store.ledger.append(CreditKind.GRANT, granted, key=key, policy="conversation", at=self.clock.now())

    @rule(hours=st.sampled_from([1, 23, 24, 49, 72, 800]))
    def pass_time(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    def hear(self, channel: str, key: str) -> str:
        message = InboundMessage(
            channel=channel,
            external_id=f"x{next(self.numbers)}",
            contact_key=key,
            text="?",
            sent_at=self.clock.now(),
        )
        begun = self.store.conversations.begin(message, THREADINGS[channel], agent="ada", at=self.clock.now())
        return begun.conversation.id

    @rule(
        channel=st.sampled_from(sorted(THREADINGS)),
        key=st.sampled_from(["k1", "k2", "k3"]),
        kinds=said,
        is_sent=st.booleans(),
    )
    def talk(self, channel: str, key: str, kinds: list[MessageKind], is_sent: bool) -> None:
        """A contact writes, and the agent replies if it has the conversation."""
        name = self.hear(channel, key)
        self.reply(name, kinds)
        for message in self.store.outbox.statuses(name) if is_sent else ():
            self.store.outbox.record(message, DeliveryReceipt(status=DeliveryStatus.SENT), self.clock.now())

    @rule(channel=st.sampled_from(sorted(THREADINGS)), key=st.sampled_from(["k1", "k2"]), kind=answers)
    def talk_and_fall_silent(self, channel: str, key: str, kind: MessageKind) -> None:
        """What may become a resolution."""
        self.talk(channel, key, [kind], is_sent=True)
        self.look_by_the_clock(72)

    def reply(self, name: str, kinds: list[MessageKind]) -> None:
        conversation = self.store.conversations.conversation(name)
        if conversation.status is Status.PENDING:
            charge = self.charge_of(conversation) if CHARGED_KINDS & set(kinds) else None
            try:
                self.commit(conversation, Status.PENDING, kinds, charge=charge)
            except OutOfCredits:
                assert self.limited

    @rule(number=picks)
    def hand_off(self, number: int) -> None:
        if conversation := self.pick(number, Status.PENDING):
            self.commit(conversation, Status.OPEN, [MessageKind.HANDOFF])

    @rule(number=picks, withdraws=st.booleans())
    def person_takes(self, number: int, withdraws: bool) -> None:
        if conversation := self.pick(number, Status.PENDING, Status.OPEN, Status.CLOSED):
            self.commit(conversation, Status.OPEN, [MessageKind.PERSON], withdraws=withdraws)

    @rule(number=picks, status=st.sampled_from([Status.PENDING, Status.CLOSED]))
    def person_puts_down(self, number: int, status: Status) -> None:
        if conversation := self.pick(number, Status.OPEN):
            self.commit(conversation, status, [])

    def close(self) -> None:
        for conversation in self.store.conversations.due_for_closing(THREADINGS, self.clock.now()):
            self.commit(conversation, transition(conversation.status, Event.TIMED_OUT), [])

    @rule(hours=st.sampled_from([0, 24, 71, 72]))
    def look_by_the_clock(self, hours: int) -> None:
        """As the runner does."""
        self.clock.advance(hours=hours)
        self.close()
        now = self.clock.now()
        for history in list(self.store.credit_histories.began()):
            if self.pricing_of(history).policy is CreditPolicy.RESOLUTION:
                charge = self.charge_of(history)
                try:
                    self.store.ledger.charge_if(
                        history.conversation, lambda found: is_to_be_charged_as_resolved(found, now), charge, now
                    )
                except OutOfCredits:
                    assert self.limited

    @rule(number=picks, status=st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.DROPPED]))
    def provider_says(self, number: int, status: DeliveryStatus) -> None:
        if message := self.pick_reply(number, *DeliveryStatus):
            self.store.outbox.record(message, DeliveryReceipt(status=status), self.clock.now())

    @rule(number=picks)
    def give_up(self, number: int) -> None:
        if message := self.pick_reply(number, DeliveryStatus.QUEUED, DeliveryStatus.FAILED):
            self.store.undelivered.drop(message, self.clock.now())

    @rule(number=picks)
    def send_again(self, number: int) -> None:
        if message := self.pick_reply(number, DeliveryStatus.FAILED):
            opened_at = self.store.credit_histories.opened_at(message)
            charge = self.charge_at(pricing_at(opened_at, self.changes))
            with suppress(OutOfCredits, Overtaken):
                self.store.undelivered.retry(message, self.clock.now(), charge=charge)

    @rule(number=picks, verdict=st.sampled_from([Verdict.UP, Verdict.DOWN, None]))
    def judged_by_contact(self, number: int, verdict: Verdict | None) -> None:
        histories = list(self.store.credit_histories.began())
        replies = [(history, one) for history in histories for one in history.said if one.is_charged_for]
        if replies:
            history, one = replies[number % len(replies)]
            conversation = self.store.conversations.conversation(history.conversation)
            self.store.feedback.give(
                one.id, verdict, self.clock.now(), channel=history.channel, contact_key=conversation.contact.key
            )

    @invariant()
    def the_ledger_is_what_replay_makes_of_it(self) -> None:
        histories = list(self.store.credit_histories.began())
        now = self.clock.now()
        found = replay(histories, pricing_of=self.pricing_of, prices=PRICES, at=now)
        assert found.differences == []
        entries = [entry for entry in self.store.ledger.entries() if entry.conversation]
        assert found.entries == len(entries)
        for policy in CreditPolicy:
            own = [one for one in histories if self.pricing_of(one).policy is policy]
            alone = replay(histories, pricing_of=self.pricing_of, prices={}, at=now, compared=policy)
            assert alone.entries == sum(len(one.entries) for one in own)

    @invariant()
    def the_sums_are_right(self) -> None:
        entries = self.store.ledger.entries()
        tally = self.store.ledger.tally("Europe/Stockholm")
        assert tally.balance == self.store.ledger.balance() == sum(entry.amount for entry in entries)
        assert tally.available >= 0 <= tally.owed
        assert sum(tally.used.values()) == -sum(entry.amount for entry in entries if entry.conversation)
        assert self.store.ledger.verify() is None

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def pricing_of(self, history) -> Pricing:
        return pricing_at(history.opened_at, self.changes)

    def charge_of(self, history) -> Charge:
        return self.charge_at(self.pricing_of(history))

    def charge_at(self, pricing: Pricing) -> Charge:
        now = self.changes[-1].pricing
        terms = CreditTerms(
            policy=now.policy.value,
            price=now.price,
            timezone="Europe/Stockholm",
            allowance=self.allowance,
            cap=1000,
            alerts=(50, 80),
        )
        return Charge(amount=pricing.price, policy=pricing.policy.value, terms=terms if self.limited else None)

    def pick(self, number: int, *statuses: Status) -> Conversation | None:
        found = [each for each in self.store.conversations.list() if each.status in statuses]
        return found[number % len(found)] if found else None

    def pick_reply(self, number: int, *statuses: DeliveryStatus) -> int | None:
        found = [
            message
            for each in self.store.conversations.list()
            for message, status in self.store.outbox.statuses(each.id).items()
            if status in statuses
        ]
        return found[number % len(found)] if found else None

    def commit(self, conversation: Conversation, status: Status, kinds: list[MessageKind], **given) -> None:
        messages = tuple(
            Message(
                conversation=conversation.id,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text="",
                at=self.clock.now(),
            )
            for kind in kinds
        )
        handled = tuple(one.id for one in self.store.conversations.messages(conversation.id))
        turn = Turn(
            conversation=conversation, status=status, messages=messages, handled=handled, at=self.clock.now(), **given
        )
        self.store.conversations.commit(turn)


_BLANK: list[bytes] = []


def blank_database() -> bytes:
    """A new database, made once: the migrations would take most of the time."""
    if not _BLANK:
        with tempfile.TemporaryDirectory() as folder:
            Store(Path(folder) / "custagent.db", FrozenClock()).close()
            _BLANK.append((Path(folder) / "custagent.db").read_bytes())
    return _BLANK[0]


Credits.TestCase.settings = settings(
    max_examples=5000 if STRESS else 20,
    stateful_step_count=50 if STRESS else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestCredits = Credits.TestCase
