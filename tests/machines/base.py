"""What the rules of the machine stand on: the store and the model side by side, turns and charges in both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from custagent.core.conversation import Charge, Conversation, Status, Turn
from custagent.core.credit import CreditTerms
from custagent.core.errors import LeaseHeld, OutOfCredits, Overtaken
from custagent.core.message import Message, MessageKind, Sender
from custagent.store import Store
from custagent.testing import FrozenClock
from tests.machines.files import Files, blank, new_folder
from tests.machines.model import PRICE, Model
from tests.machines.thread import CHARGED, CLOSED, Thread

_ZONE = "Europe/Stockholm"


def terms(policy: str, **limits: int | None) -> CreditTerms:
    return CreditTerms(policy=policy, price=PRICE, timezone=_ZONE, alerts=(50, 80, 100), **limits)


#: The policy, and what limits charges; None: nothing does.
TERMS = (
    ("conversation", None),
    ("reopen-free", None),
    ("conversation", terms("conversation")),
    ("conversation", terms("conversation", allowance=250)),
    ("reopen-free", terms("reopen-free", allowance=120)),
    ("conversation", terms("conversation", allowance=400, cap=200)),
    ("conversation", terms("conversation", cap=200)),
)


class Machine(RuleBasedStateMachine):
    """A store in a folder of its own, and the model of what must be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.model = Model()
        self.numbers = count(1)
        self.ids = count(1)
        self.policy, self.terms = TERMS[0]
        self.open(Files(database=blank(), log=b""))

    def open(self, files: Files) -> None:
        """Go on with these files, in a folder of their own."""
        self.folder = new_folder()
        self.path = files.put(self.folder)
        #: Whether the lock beside the file names the lease, and whether the process that wrote that is no more.
        self.marked = self.ended = False
        self.reopen()

    def reopen(self) -> None:
        self.store = Store(self.path, self.clock, make_conversation_id=lambda: f"c{next(self.ids):04}")

    def leave(self) -> None:
        """Let go of the files, which nobody needs any more."""
        self.store.close()
        shutil.rmtree(self.folder)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def teardown(self) -> None:
        self.leave()

    # Credits.

    @property
    def charge(self) -> Charge:
        return Charge(amount=PRICE, policy=self.policy, terms=self.terms)

    def settle(self) -> None:
        """Let the calendar write what it asks for: once a month and place, in order, and never into debt (CRED-3)."""
        if self.terms is None:
            return
        self.store.ledger.settle(self.terms, self.now)
        for entry in self.store.ledger.entries()[len(self.model.entries) :]:
            assert entry.key.split(":")[0] in ("allowance", "expiry", "adjustment")
            assert entry.key not in self.model.calendar
            self.model.calendar.append(entry.key)
            self.model.entries.append((entry.kind.value, entry.amount, ""))

    def has_room(self) -> bool:
        """Whether a new charge fits, by the entries alone; the calendar's are written."""
        if self.terms is None:
            return True
        entries = self.store.ledger.entries()
        month = self._month(self.now)
        used = -sum(one.amount for one in entries if one.conversation and self._month(one.at) == month)
        limited = self.terms.allowance is not None or any(one.kind.value == "grant" for one in entries)
        room = [sum(one.amount for one in entries)] if limited else []
        room += [self.terms.cap - used] if self.terms.cap is not None else []
        return min(room, default=PRICE) >= PRICE

    def pays(self, name: str, write: Callable[[Charge], object]) -> bool:
        """Write something that is charged, in the store and in the books; False where it is refused for want of credits."""
        self.settle()
        anew = self.model.pays_anew(name, self.policy)
        fits = not anew or self.has_room()
        assert self.store.ledger.has_room(name, self.charge, self.now) is fits
        if not fits:
            with pytest.raises(OutOfCredits):
                write(self.charge)
            return False
        write(self.charge)
        if anew:
            self.model.threads[name].charges.append(True)
            self.model.keep_books(name)
        return True

    def _month(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(_ZONE)).strftime("%Y-%m")

    # Turns.

    def turn(self, name: str, status: Status, kinds: Sequence[MessageKind], **given) -> Turn:
        messages = tuple(
            Message(
                conversation=name,
                sender=Sender.PERSON if kind is MessageKind.PERSON else Sender.AGENT,
                kind=kind,
                text="",
                at=self.now,
            )
            for kind in kinds
        )
        stored = self.store.conversations.conversation(name)
        assert isinstance(stored, Conversation)
        return Turn(conversation=stored, status=status, messages=messages, at=self.now, **given)

    def commit(self, name: str, status: Status, kinds: Sequence[MessageKind] = (), *, fence: int = 0, **given) -> None:
        """A turn, in the store and in the model; one that is late, or of a runner that was replaced, is refused."""
        turn, thread = self.turn(name, status, kinds, **given), self.model.threads[name]
        late = replace(turn, conversation=replace(turn.conversation, version=turn.conversation.version - 1))
        with pytest.raises(Overtaken):
            self.store.conversations.commit(late)
        if fence > 1:
            with pytest.raises(LeaseHeld):
                self.store.conversations.commit(turn, fence=fence - 1)
        written: list[Message] = []
        if turn.withdraws:
            thread.withdraw()
            self.model.keep_books(name)
        if CHARGED & set(kinds):
            if not self.pays(
                name,
                lambda charge: written.extend(
                    self.store.conversations.commit(replace(turn, charge=charge), fence=fence)
                ),
            ):
                return
        else:
            written.extend(self.store.conversations.commit(turn, fence=fence))
        self.follow(thread, turn, written)

    def follow(self, thread: Thread, turn: Turn, written: Sequence[Message]) -> None:
        """The same in the model."""
        for message in written:
            thread.reply(message.id, message.kind.value, turn.at)
        person = any(message.sender is Sender.PERSON for message in written)
        thread.waiting -= thread.waiting if person else set(turn.handled)
        if turn.status is CLOSED:
            thread.close(turn.at)
        else:
            # A snooze stops the timer: the silence begins when it ends.
            if thread.status.value == "snoozed" != turn.status.value:
                thread.last_at = turn.at
            thread.status, thread.closed_at, thread.closed_from, thread.outcome = turn.status, None, None, None
            thread.snoozed_until = turn.snoozed_until
