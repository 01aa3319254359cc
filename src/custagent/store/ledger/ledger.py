"""The ledger of credits. Entries are signed and never changed or deleted; the balance is their sum (CRED-2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from custagent.core.conversation import Charge
from custagent.core.credit import CreditEntry, CreditKind, CreditPolicy, CreditTerms
from custagent.core.credit_history import CreditHistory
from custagent.core.message import CHARGED_KINDS
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.ledger.allowance import is_settled, require_room, room, settle, tell
from custagent.store.ledger.chain import COLUMNS, UNREVERSED, append_once, entry_of, find_entry
from custagent.store.ledger.credit_histories import has_paid_elsewhere, history_of
from custagent.store.ledger.ledger_check import check_ledger
from custagent.store.ledger.tally import Tally, tally

_CHARGED = ", ".join(f"'{kind.value}'" for kind in sorted(CHARGED_KINDS))


class Ledger:
    """The credit entries of the workspace. The tables' own triggers keep its rules, whatever program writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self) -> tuple[CreditEntry, ...]:
        """All entries in the order of writing."""
        return self._entries("true ORDER BY id")

    def latest(self, limit: int) -> tuple[CreditEntry, ...]:
        """The last `limit` entries, in the order of writing; only those are read."""
        return self._entries("true ORDER BY id DESC LIMIT ?", max(limit, 0))[::-1]

    def entries_of(self, conversation: str) -> tuple[CreditEntry, ...]:
        """The entries of one conversation, in the order of writing."""
        return self._entries("conversation = ? ORDER BY id", conversation)

    def entry(self, key: str) -> CreditEntry | None:
        """The entry of this key."""
        return self._database.read(lambda connection: find_entry(connection, "key = ?", key))

    def balance(self) -> int:
        """The sum of all entries, in credits; 0 for an empty ledger."""
        return self._database.read(
            lambda connection: int(
                connection.execute("SELECT coalesce(sum(amount), 0) FROM credit_entries").fetchone()[0]
            )
        )

    def tally(self, timezone: str) -> Tally:
        """The balance and what each month used, months being those of the zone."""
        return self._database.read(lambda connection: tally(connection, timezone))

    def append(
        self,
        kind: CreditKind,
        amount: int,
        *,
        key: str,
        policy: str,
        at: datetime,
        audit: AuditEntry | None = None,
    ) -> CreditEntry:
        """Write a grant, an adjustment or an expiry; `key` makes it happen once (a command that is run again).

        The same key with the same body gives the entry that stands; with another body it raises StoreError (R5).
        `audit` is recorded in the same transaction, if the entry is new. Charges and reversals belong to a
        conversation: `charge`, `reverse`.
        """
        if kind in (CreditKind.CHARGE, CreditKind.REVERSAL):
            raise ValueError(f"a {kind.value} belongs to a conversation")

        def append(connection: sqlite3.Connection) -> CreditEntry:
            is_new = find_entry(connection, "key = ?", key) is None
            entry = append_once(connection, kind, amount, key=key, policy=policy, at=at)
            if is_new and audit is not None:
                add_entry(connection, audit)
            return entry

        return self._database.write(append)

    def charge(self, conversation: str, charge: Charge, at: datetime) -> CreditEntry | None:
        """The conversation's charge that is not reversed; see `charge_once`."""
        return self._database.write(lambda connection: charge_once(connection, conversation, charge, at))

    def reverse(self, conversation: str, at: datetime) -> CreditEntry | None:
        """Give the conversation's charge back in full; None when there is none to give back (CRED-2)."""

        def reverse(connection: sqlite3.Connection) -> CreditEntry | None:
            standing = charge_in_force(connection, conversation)
            return reverse_charge(connection, standing, at) if standing else None

        return self._database.write(reverse)

    def has_room(self, conversation: str, charge: Charge, at: datetime, *, fence: int = 0) -> bool:
        """Whether a charged reply in the conversation could be committed now (CRED-3). Charges are still to be made.

        Asked before an answer is thought about; the commit's own look decides. Writes what the calendar asks for, where
        that is not done yet. Raises LeaseHeld.
        """
        terms = charge.terms
        if terms is None or self._database.read(lambda connection: _goes_on(connection, conversation, charge)):
            return True
        found = self.tally(terms.timezone)
        left = room(found, terms, at)
        if not is_settled(found, terms, at) or (left is not None and left < charge.amount):
            # In the second case there is nobody else to tell people that the credits are used up.
            left = room(self.settle(terms, at, fence=fence), terms, at)
        return left is None or left >= charge.amount

    def is_settled(self, terms: CreditTerms, at: datetime) -> bool:
        """Whether `settle` would write no entry."""
        return is_settled(self.tally(terms.timezone), terms, at)

    def settle(self, terms: CreditTerms, at: datetime, *, fence: int = 0) -> Tally:
        """Write what the calendar asks for: the month's allowance, the end of those before; what is there then (CRED-3).

        Any number of months may have been missed; doing it again writes nothing. Raises LeaseHeld.
        """

        def write(connection: sqlite3.Connection) -> Tally:
            check_fence(connection, fence)
            return settle(connection, terms, at)

        return self._database.write(write)

    def charge_if(
        self, conversation: str, judge: Callable[[CreditHistory], bool], charge: Charge, at: datetime, *, fence: int = 0
    ) -> CreditEntry | None:
        """Charge a conversation for what became of it (`resolution`), if `judge` says so of it as it stands then.

        None when it does not, or when it was charged before. Raises OutOfCredits, LeaseHeld.
        """

        def write(connection: sqlite3.Connection) -> CreditEntry | None:
            check_fence(connection, fence)
            history = history_of(connection, conversation)
            if history is None or not judge(history) or _has_paid(connection, conversation, charge):
                return None
            if charge.terms is not None:
                require_room(connection, charge.terms, charge.amount, at)
            entry = _write_charge(connection, conversation, charge, at)
            # From here on it is given back like any other, should all of the replies be lost (CRED-2).
            connection.execute(
                "UPDATE outbox SET charge = ?1 WHERE conversation = ?2 AND status NOT IN ('failed', 'dropped')"  # noqa: S608 - constants of this file
                f" AND message IN (SELECT id FROM messages WHERE conversation = ?2 AND kind IN ({_CHARGED}))"
                " AND sender = 'agent'",
                (entry.id, conversation),
            )
            return entry

        return self._database.write(write)

    def verify(self) -> int | None:
        """The id of the first entry that was tampered with, or that follows on one that is missing; None: all is well.

        Every entry's hash covers all of it and the hash of the one before, back to the first.
        """
        return check_ledger(self._database.path).damaged

    def strays(self) -> tuple[CreditEntry, ...]:
        """Entries that name a conversation which is not there."""
        return self._entries("conversation <> '' AND conversation NOT IN (SELECT id FROM conversations) ORDER BY id")

    def _entries(self, condition: str, *values: str | int) -> tuple[CreditEntry, ...]:
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {COLUMNS} FROM credit_entries WHERE {condition}",  # noqa: S608 - constants of this file
                values,
            ).fetchall()
        )
        return tuple(entry_of(row) for row in rows)


def charge_in_force(connection: sqlite3.Connection, conversation: str) -> CreditEntry | None:
    """The conversation's charge that is not reversed."""
    return find_entry(connection, f"conversation = ? AND {UNREVERSED}", conversation)


def charge_once(connection: sqlite3.Connection, conversation: str, charge: Charge, at: datetime) -> CreditEntry | None:
    """The charge in force, written now if there is none: at most one that is not reversed (CRED-1, CRED-2).

    None where nothing is to be paid now (CRED-4): with `reopen-free` where the contact has paid on the channel, with
    `resolution` until the conversation is resolved. Raises OutOfCredits when a new conversation does not fit (CRED-3);
    then nothing of the transaction may stay.
    """
    standing = charge_in_force(connection, conversation)
    if standing is not None:
        return standing
    if not _goes_on(connection, conversation, charge) and charge.terms is not None:
        require_room(connection, charge.terms, charge.amount, at)
    if CreditPolicy(charge.policy).waits_for_resolution or _has_paid(connection, conversation, charge):
        return None
    return _write_charge(connection, conversation, charge, at)


def recharge(connection: sqlite3.Connection, message: int, charge: Charge | None, at: datetime) -> CreditEntry | None:
    """Pay again for a reply that is put back into the outbox after it had failed, and note by which charge (CRED-2).

    `message` is its outbox row; `charge` what its conversation costs now, None when nothing. None where nothing is to be
    paid: the reply is of a free kind, or see `charge_once`. Call it in the transaction that queues the reply. Raises
    OutOfCredits.
    """
    row = connection.execute(
        "SELECT messages.conversation FROM outbox JOIN messages ON messages.id = outbox.message"  # noqa: S608 - constants of this file
        f" WHERE outbox.message = ? AND messages.sender = 'agent' AND messages.kind IN ({_CHARGED})",
        (message,),
    ).fetchone()
    if row is None or charge is None:
        return None
    entry = charge_once(connection, row[0], charge, at)
    connection.execute("UPDATE outbox SET charge = ? WHERE message = ?", (entry.id if entry else None, message))
    return entry


def reverse_charge(connection: sqlite3.Connection, charge: CreditEntry, at: datetime) -> CreditEntry:
    """Give one charge back, under the policy that it was written under."""
    return append_once(
        connection,
        CreditKind.REVERSAL,
        -charge.amount,
        key=f"reversal:{charge.key.removeprefix('charge:')}",
        policy=charge.policy,
        at=at,
        conversation=charge.conversation,
        reverses=charge.id,
    )


def take_back_resolution(connection: sqlite3.Connection, conversation: str, at: datetime) -> CreditEntry | None:
    """Give the charge for a resolution back: the contact says that it was none. For good, whatever they say later."""
    standing = charge_in_force(connection, conversation)
    if standing is None or not CreditPolicy(standing.policy).waits_for_resolution:
        return None
    return reverse_charge(connection, standing, at)


def _write_charge(connection: sqlite3.Connection, conversation: str, charge: Charge, at: datetime) -> CreditEntry:
    (before,) = connection.execute(
        "SELECT count(*) FROM credit_entries WHERE conversation = ? AND kind = 'charge'", (conversation,)
    ).fetchone()
    entry = append_once(
        connection,
        CreditKind.CHARGE,
        -charge.amount,
        key=f"charge:{conversation}:{before + 1}",
        policy=charge.policy,
        at=at,
        conversation=conversation,
    )
    if charge.terms is not None:
        tell(connection, charge.terms, at)
    return entry


def _goes_on(connection: sqlite3.Connection, conversation: str, charge: Charge) -> bool:
    """Whether the conversation needs no room for a charge: it has been let in before, or costs nothing (CRED-3)."""
    if charge_in_force(connection, conversation) is not None or _has_paid(connection, conversation, charge):
        return True
    if not CreditPolicy(charge.policy).waits_for_resolution:
        return False
    begun = connection.execute(
        f"SELECT 1 FROM messages WHERE conversation = ? AND sender = 'agent' AND kind IN ({_CHARGED}) LIMIT 1",  # noqa: S608 - constants of this file
        (conversation,),
    ).fetchone()
    return begun is not None


def _has_paid(connection: sqlite3.Connection, conversation: str, charge: Charge) -> bool:
    """Whether the contact has paid for another conversation on the channel, and the policy lets that do."""
    return CreditPolicy(charge.policy).is_once_a_contact and has_paid_elsewhere(connection, conversation)
