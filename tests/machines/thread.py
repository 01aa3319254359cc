"""What a conversation must be like, in plain Python: the model beside the store (CONV-1, CRED-1, CRED-2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from custagent.core.conversation import Outcome, Status, Threading
from custagent.core.message import DeliveryStatus as D

PENDING, OPEN, SNOOZED, CLOSED = Status
#: Hours of silence that close a conversation, by channel.
HOURS = {"chat": 24, "mail": 72}
THREADINGS = {name: Threading(closes_after=timedelta(hours=h), reopens=name == "mail") for name, h in HOURS.items()}
CHARGED = {"answer", "clarify", "rephrase"}
OUTCOMES = {"answer": Outcome.ANSWERED, "clarify": Outcome.UNRESOLVED, "rephrase": Outcome.UNRESOLVED}
OUTCOMES |= {"handoff": Outcome.UNRESOLVED, "person": Outcome.PERSON, "out-of-credits": Outcome.UNRESOLVED}
_LOST = (D.FAILED, D.DROPPED)
_FORWARD = [D.QUEUED, D.SENT, D.DELIVERED, D.READ]


@dataclass
class Said:
    """A message, and how far it has come."""

    kind: str
    #: None for a contact's message.
    delivery: D | None = None
    #: The number, from 1, of its conversation's charge that it belongs to.
    charge: int | None = None
    #: Not tried again before this; None: at once.
    next_at: datetime | None = None
    #: When it was put off.
    put_off_at: datetime | None = None
    attempts: int = 0


@dataclass
class Thread:
    """A conversation."""

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
    #: When it wakes by itself, while it is snoozed.
    snoozed_until: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it has a charge that is not reversed."""
        return bool(self.charges) and self.charges[-1]

    def ends(self) -> datetime | None:
        """When silence closes it; None when it does not."""
        # "Did that help?" is no message of either side.
        last = [said.kind for said in self.said.values() if said.kind != "follow-up"][-1]
        timed = (self.status is PENDING and not self.waiting) or (self.status is OPEN and last == "person")
        return self.last_at + timedelta(hours=HOURS[self.channel]) if timed else None

    def hear(self, message: int, at: datetime, agent: str) -> None:
        """The contact writes; a closed one is reopened, with whoever had it."""
        if self.status is CLOSED:
            self.status = PENDING if agent and self.closed_from is PENDING else OPEN
        elif self.status is SNOOZED:
            self.status = OPEN
        self.closed_from = self.closed_at = self.outcome = self.snoozed_until = None
        self.last_at = at
        self.said[message] = Said(kind="inbound")
        self.waiting.add(message)

    def answered_past_us(self, message: int | None, at: datetime) -> None:
        """Somebody answered elsewhere, or only took the thread (None): people have it."""
        self.status = OPEN
        self.closed_from = self.closed_at = self.outcome = self.snoozed_until = None
        if message is not None:
            self.said[message] = Said(kind="person")
            self.waiting.clear()
            self.last_at = at

    def close(self, at: datetime) -> None:
        """It ends, with the outcome that its replies make."""
        replies = [OUTCOMES[said.kind] for said in self.said.values() if said.kind in OUTCOMES]
        people = self.status is not PENDING or Outcome.PERSON in replies
        had = Outcome.PERSON if people else (replies or [None])[-1]
        self.closed_from, self.closed_at, self.outcome = self.status, at, had
        self.status = CLOSED
        self.snoozed_until = None
        self.waiting.clear()

    def reply(self, message: int, kind: str, at: datetime) -> None:
        """A reply is committed; it waits for sending."""
        charge = len(self.charges) if self.stands and kind in CHARGED else None
        self.said[message] = Said(kind=kind, delivery=D.QUEUED, charge=charge)
        if kind != "follow-up":
            self.last_at = at

    def deliver(self, message: int, status: D) -> None:
        """The provider says so; its words come late, twice and out of order."""
        said = self.said[message]
        if status in _FORWARD and said.delivery in _FORWARD:
            said.delivery = max(said.delivery, status, key=_FORWARD.index)
        elif (status is D.FAILED and said.delivery in (D.QUEUED, D.SENT)) or said.delivery is D.QUEUED:
            said.delivery = status
        self._settle()

    def withdraw(self) -> list[int]:
        """The agent's replies that wait for sending are dropped; which ones."""
        dropped = [number for number, said in self.said.items() if said.delivery is D.QUEUED and said.kind != "person"]
        for number in dropped:
            self.said[number].delivery = D.DROPPED
        self._settle()
        return dropped

    def may_be_put_back(self, message: int) -> bool:
        """Whether a dead letter may go out again: not the agent's, once people have the conversation (HND-4)."""
        kind = self.said[message].kind
        if kind == "person" or (self.closed_from or self.status) not in (OPEN, SNOOZED):
            return True
        answered = any(number > message and said.kind == "person" for number, said in self.said.items())
        return kind == "handoff" and not answered

    def put_back(self, message: int) -> None:
        """A person puts a reply back, as if it had never been tried."""
        said = self.said[message]
        again = said.delivery is D.FAILED and said.kind in CHARGED
        said.delivery, said.next_at, said.put_off_at, said.attempts = D.QUEUED, None, None, 0
        if again:
            said.charge = len(self.charges) if self.stands else None

    def next_to_send(self) -> int | None:
        """The first reply that waits: the others wait for it."""
        return next((number for number, said in self.said.items() if said.delivery is D.QUEUED), None)

    def _settle(self) -> None:
        """CRED-2: a charge is given back when nothing that it paid for can arrive any more."""
        if self.stands:
            paid_for = [said for said in self.said.values() if said.charge == len(self.charges)]
            self.charges[-1] = not paid_for or any(said.delivery not in _LOST for said in paid_for)
