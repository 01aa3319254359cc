"""A month of conversations, made up from a seed: written as rows, through the tables' own constraints and triggers.

Charges and reversals are appended by the store's own chain, so the ledger of a month verifies. The rows are written
straight because turns are durable one by one: fifty thousand conversations by them would take the afternoon.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from custagent.core.conversation import Status, outcome_of
from custagent.core.credit import CreditKind
from custagent.core.message import CHARGED_KINDS, MessageKind
from custagent.store.database.database import Database
from custagent.store.database.moments import to_text
from custagent.store.ledger.chain import append_once

BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
#: When it is looked at: two days into the next month, so some conversations are not settled yet.
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
#: Name, and hours of silence that close a conversation on it.
CHANNELS = (("web", 24), ("mail", 72), ("whatsapp", 24))
LANGUAGES = ("en", "en", "en", "sv", "sv", "de", "")
REASONS = ("nothing-fits", "asked-for-person", "attempts-used", "angry", "guardrail")
#: What happens, and how often in a thousand.
STORIES = {
    "answered": 480, "asked_back": 90, "handed_over": 180, "wants_person": 60, "stays": 40, "from_people": 50,
    "greets": 30, "lost": 15, "taken": 20, "out_of_credits": 10, "imported": 15, "silent": 10,
}  # fmt: skip
_COLUMNS = {
    "contacts": "id, channel, key, name, email, language",
    "conversations": "id, channel, contact, status, closed_from, agent, assignee, assigned_at, language, opened_at,"
    " last_message, last_message_at, last_sender, closed_at, outcome, version",
    "messages": "id, conversation, sender, kind, text, at, language, author, options, attachments, citations, decision,"
    " reason, confidence, agent_version, index_generation, evidence",
    "inbound": "channel, external_id, message, conversation, sent_at, body_hash, handled",
    "outbox": "message, channel, conversation, sender, status, charge, changed_at, sent_at",
    "handoffs": "conversation, message, at, summary",
    "feedback": "message, conversation, verdict, at",
    "judgements": "message, conversation, author, verdict, at",
}


@dataclass
class Thread:
    """One conversation while it is made up."""

    id: str
    number: int
    channel: str
    closes_after: timedelta
    agent: str
    language: str
    at: datetime
    opened_at: datetime
    status: Status = Status.PENDING
    assignee: str = ""
    kinds: list[MessageKind] = field(default_factory=list)
    #: Ids of the agent's replies that cost something, and whether they are lost.
    replies: list[int] = field(default_factory=list)
    lost: bool = False
    last_message: int = 0
    last_sender: str = "contact"


class Month:
    """Makes conversations up and collects their rows. `weight` is the bytes of evidence of each reply of the agent."""

    def __init__(
        self, *, seed: int, conversations: int, weight: int = 0, begins: datetime = BEGINS, now: datetime = NOW
    ) -> None:
        self.random = random.Random(seed)
        self.begins, self.now = begins, now
        self.wanted = conversations
        self.evidence = json.dumps({"signals": "x" * weight}) if weight else ""
        self.rows: dict[str, list[tuple]] = {table: [] for table in _COLUMNS}
        #: (at, conversation, what, replies): booked in the order of time.
        self.bookings: list[tuple[datetime, str, CreditKind, tuple[int, ...]]] = []
        self._message = 0

    def write(self, path: Path) -> None:
        """Make it up and write it into the database, in one transaction."""
        for number in range(1, self.wanted + 1):
            self._make(number)
        with Database(path) as database:
            database.write(self._write)

    def _make(self, number: int) -> None:
        story = self.random.choices(list(STORIES), list(STORIES.values()))[0]
        channel, hours = self.random.choice(CHANNELS)
        began = self.begins + timedelta(seconds=self.random.uniform(0, (self.now - self.begins).total_seconds()))
        thread = Thread(
            id=f"{number:022d}", number=number, channel="import:old" if story == "imported" else channel,
            closes_after=timedelta(hours=hours), agent=self.random.choice(("support", "support", "sales")),
            language=self.random.choice(LANGUAGES), at=began, opened_at=began,
        )  # fmt: skip
        self.rows["contacts"].append((number, thread.channel, f"k{number}", f"Contact {number}", "", thread.language))
        tell: Callable[[Thread], None] = getattr(self, f"_{story}")
        tell(thread)
        self._judge(thread)
        self._book(thread)
        self._end(thread)

    # What happens.

    def _answered(self, thread: Thread) -> None:
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3))):
            self._asks(thread)
            self._replies(thread, MessageKind.ANSWER)

    def _asked_back(self, thread: Thread) -> None:
        self._asks(thread)
        self._replies(thread, self.random.choice((MessageKind.CLARIFY, MessageKind.REPHRASE)))

    def _handed_over(self, thread: Thread) -> None:
        self._asks(thread)
        self._replies(thread, self.random.choice((MessageKind.ANSWER, MessageKind.REPHRASE)))
        self._wants_person(thread)

    def _wants_person(self, thread: Thread) -> None:
        self._asks(thread)
        kind = self.random.choice((MessageKind.HANDOFF, MessageKind.HANDOFF, MessageKind.HANDOFF_UNAVAILABLE))
        self._replies(thread, kind, reason=self.random.choice(REASONS))
        thread.status, thread.assignee = Status.OPEN, self.random.choice(("user:anna", "team:support"))
        summary = json.dumps({"reason": "nothing-fits", "asked": [], "tried": []})
        self.rows["handoffs"].append((thread.id, thread.last_message, to_text(thread.at), summary))
        if self.random.random() < 0.9:
            self._person(thread)

    def _stays(self, thread: Thread) -> None:
        self._asks(thread)
        self._replies(thread, MessageKind.HANDOFF_UNAVAILABLE, reason="asked-for-person")
        if self.random.random() < 0.5:
            self._answered(thread)

    def _from_people(self, thread: Thread) -> None:
        thread.agent, thread.status = "", Status.OPEN
        self._asks(thread)
        if self.random.random() < 0.8:
            self._person(thread)

    def _greets(self, thread: Thread) -> None:
        self._asks(thread)
        self._replies(thread, MessageKind.SMALL_TALK)

    def _lost(self, thread: Thread) -> None:
        thread.lost = True
        self._answered(thread)

    def _taken(self, thread: Thread) -> None:
        self._answered(thread)
        thread.status, thread.assignee = Status.OPEN, "user:cleo"
        self._person(thread)

    def _out_of_credits(self, thread: Thread) -> None:
        self._asks(thread)
        self._replies(thread, MessageKind.OUT_OF_CREDITS, reason="out-of-credits")

    def _imported(self, thread: Thread) -> None:
        self._answered(thread)

    def _silent(self, thread: Thread) -> None:
        self._asks(thread)

    # What is said.

    def _asks(self, thread: Thread) -> None:
        thread.at += timedelta(seconds=self.random.uniform(0, 90) if thread.kinds else 0)
        message = self._say(thread, "contact", MessageKind.INBOUND)
        external, at = f"x{message}", to_text(thread.at)
        self.rows["inbound"].append((thread.channel, external, message, thread.id, at, "", 1))

    def _replies(self, thread: Thread, kind: MessageKind, *, reason: str = "") -> None:
        first = not thread.kinds
        thread.at += timedelta(seconds=self.random.lognormvariate(0.5, 1.2))
        if first:
            self._sends(thread, self._say(thread, "agent", MessageKind.DISCLOSURE), "agent")
        message = self._say(thread, "agent", kind, reason=reason)
        thread.kinds.append(kind)
        self._sends(thread, message, "agent")
        if kind in CHARGED_KINDS:
            thread.replies.append(message)

    def _person(self, thread: Thread) -> None:
        thread.at += timedelta(seconds=self.random.lognormvariate(7, 1.5))
        if thread.at >= self.now:
            thread.at = self.now
            return
        message = self._say(thread, "person", MessageKind.PERSON, author="anna")
        thread.kinds.append(MessageKind.PERSON)
        self._sends(thread, message, "person")

    def _say(self, thread: Thread, sender: str, kind: MessageKind, *, reason: str = "", author: str = "") -> int:
        self._message += 1
        agent = sender == "agent"
        self.rows["messages"].append(
            (self._message, thread.id, sender, kind.value, f"What {sender} {thread.number} said.", to_text(thread.at),
             thread.language, author, "[]", "[]", "[]", "", reason, 0.9 if agent else None, int(agent), int(agent),
             self.evidence if agent else "")
        )  # fmt: skip
        thread.last_message, thread.last_sender = self._message, sender
        return self._message

    def _sends(self, thread: Thread, message: int, sender: str) -> None:
        if thread.channel.startswith("import:"):
            return
        status = "failed" if thread.lost and sender == "agent" else self.random.choice(("sent", "delivered", "read"))
        sent = "" if status == "failed" else to_text(thread.at + timedelta(seconds=self.random.uniform(0, 2)))
        row = (message, thread.channel, thread.id, sender, status, None, to_text(thread.at), sent)
        self.rows["outbox"].append(row)

    # What becomes of it.

    def _judge(self, thread: Thread) -> None:
        for message in thread.replies:
            if thread.channel != "import:old" and self.random.random() < 0.15:
                verdict = "up" if self.random.random() < 0.7 else "down"
                self.rows["feedback"].append((message, thread.id, verdict, to_text(thread.at)))
            if self.random.random() < 0.01:
                self.rows["judgements"].append((message, thread.id, "anna", "down", to_text(thread.at)))

    def _book(self, thread: Thread) -> None:
        if not thread.replies or thread.channel == "import:old":
            return
        self.bookings.append((thread.opened_at, thread.id, CreditKind.CHARGE, tuple(thread.replies)))
        if thread.lost:
            self.bookings.append((thread.at, thread.id, CreditKind.REVERSAL, ()))

    def _end(self, thread: Thread) -> None:
        silence_ends = thread.at + thread.closes_after
        waits = thread.status is Status.OPEN and thread.last_sender != "person"
        closed = silence_ends < self.now and not (waits and self.random.random() < 0.3)
        outcome = outcome_of(thread.status, thread.kinds) if closed else None
        before = thread.status
        assigned_at = to_text(thread.at) if thread.assignee else None
        self.rows["conversations"].append(
            (thread.id, thread.channel, thread.number, "closed" if closed else before.value,
             before.value if closed else None, thread.agent, thread.assignee, assigned_at, thread.language,
             to_text(thread.opened_at), thread.last_message, to_text(thread.at), thread.last_sender,
             to_text(silence_ends) if closed else None, outcome.value if outcome else None, 1)
        )  # fmt: skip

    def _write(self, connection: sqlite3.Connection) -> None:
        for table, columns in _COLUMNS.items():
            marks = ", ".join("?" * len(columns.split(",")))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", self.rows[table])
        append_once(connection, CreditKind.GRANT, 100_000, key="topup:1", policy="conversation", at=self.begins)
        charges: dict[str, int] = {}
        for at, conversation, kind, replies in sorted(self.bookings, key=lambda one: (one[0], one[1])):
            if kind is CreditKind.CHARGE:
                entry = append_once(
                    connection, kind, -100, key=f"charge:{conversation}:1", policy="conversation", at=at,
                    conversation=conversation,
                )  # fmt: skip
                charges[conversation] = entry.id
                marks = [(entry.id, message) for message in replies]
                connection.executemany("UPDATE outbox SET charge = ? WHERE message = ?", marks)
            else:
                append_once(
                    connection, kind, 100, key=f"reversal:{conversation}:1", policy="conversation", at=at,
                    conversation=conversation, reverses=charges[conversation],
                )  # fmt: skip
