"""What the ledger adds up to: the balance, and how much of it each month has used (CRED-3)."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from custagent.core.credit import CreditKind, month_begins, month_of, next_month
from custagent.store.database.moments import from_text, to_text

#: What an allowance's key begins with; the month follows.
ALLOWANCE = "allowance:"
EXPIRY = "expiry:"


@dataclass(slots=True, kw_only=True)
class Tally:
    """The entries of a ledger up to one of them, added up in the order of writing; months are those of a time zone."""

    timezone: str
    #: The last entry that was added: 0 and "" before the first.
    last_id: int = 0
    last_hash: str = ""
    #: What can still be spent, never below 0: the balance is this less what is owed.
    available: int = 0
    #: What was used without being there: while nothing limits usage, it goes on. Only an adjustment, or a charge that is
    #: given back, makes it less: who buys credits after a time without limits gets all of them.
    owed: int = 0
    #: Whether anything was ever granted.
    granted: bool = False
    #: By month: what was charged, less what was given back.
    used: dict[str, int] = field(default_factory=dict)
    #: The last month with an allowance, how much that was, and what was used since it was granted; "" before the first.
    allowance_month: str = ""
    allowance: int = 0
    used_since: int = 0
    #: The last month whose allowance has ended.
    ended_month: str = ""
    #: The month of the entry before, and its bounds as text: most entries are of the same month as the one before.
    _month: str = ""
    _begins: str = ""
    _ends: str = ""

    @property
    def balance(self) -> int:
        """The sum of all entries."""
        return self.available - self.owed

    @property
    def left_of_allowance(self) -> int:
        """What of the last allowance is not used: it is used before top-ups, whatever was charged first."""
        if self.ended_month == self.allowance_month:
            return 0
        return max(0, min(self.allowance - self.used_since, self.allowance, self.available))

    def add(self, row: Sequence[Any]) -> None:
        """One more entry: (id, key, kind, amount, at, hash), as its row has them."""
        self.last_id, key, kind, amount, at, self.last_hash = row
        if kind in (CreditKind.CHARGE, CreditKind.REVERSAL):
            month = self._month_of(at)
            self.used[month] = self.used.get(month, 0) - amount
            self.used_since -= amount
        elif kind == CreditKind.GRANT:
            self.granted = True
            if key.startswith(ALLOWANCE):
                self._allow(key.split(":")[1], amount)
        elif kind == CreditKind.EXPIRY:
            self.ended_month = key.removeprefix(EXPIRY)
        self._move(amount, pays_debts=kind != CreditKind.GRANT)

    def copy(self) -> Tally:
        """One that can be added to."""
        return replace(self, used=dict(self.used))

    def _allow(self, month: str, amount: int) -> None:
        if month != self.allowance_month:
            self.allowance_month, self.allowance, self.used_since = month, 0, 0
        self.allowance += amount

    def _move(self, amount: int, *, pays_debts: bool) -> None:
        if amount > 0:
            paid = min(self.owed, amount) if pays_debts else 0
            self.owed -= paid
            self.available += amount - paid
            return
        spent = min(self.available, -amount)
        self.available -= spent
        self.owed += -amount - spent

    def _month_of(self, at: str) -> str:
        if not self._begins <= at < self._ends:
            self._month = month_of(from_text(at), self.timezone)
            self._begins = to_text(month_begins(self._month, self.timezone))
            self._ends = to_text(month_begins(next_month(self._month), self.timezone))
        return self._month


#: Tallies that were made before. A ledger whose entry has the same id and hash has the same entries up to it, for each
#: hash covers the one before: so what is remembered is right whatever became of the transaction that it was made in.
_made: deque[Tally] = deque(maxlen=8)
_gate = threading.Lock()


def tally(connection: sqlite3.Connection, timezone: str) -> Tally:
    """The whole ledger added up. Only what was written since the last time is read."""
    found = _known(connection, timezone)
    begun_at = found.last_id
    for row in connection.execute(
        "SELECT id, key, kind, amount, at, hash FROM credit_entries WHERE id > ? ORDER BY id", (begun_at,)
    ):
        found.add(row)
    if found.last_id != begun_at:
        with _gate:
            _made.appendleft(found.copy())
    return found


def _known(connection: sqlite3.Connection, timezone: str) -> Tally:
    """The latest tally that fits the ledger; an empty one for want of it."""
    with _gate:
        known = [each for each in _made if each.timezone == timezone]
    for each in sorted(known, key=lambda one: -one.last_id):
        same = connection.execute(
            "SELECT 1 FROM credit_entries WHERE id = ? AND hash = ?", (each.last_id, each.last_hash)
        ).fetchone()
        if same is not None:
            return each.copy()
    return Tally(timezone=timezone)
