"""What must hold after every step (CONV-1, CONV-2, CRED-1, CRED-2, R1 to R6)."""

from __future__ import annotations

from datetime import datetime

from custagent.core.credit import CreditTerms, month_of
from custagent.core.message import DeliveryStatus as D
from custagent.store import Store
from tests.machines.model import Model
from tests.machines.thread import CHARGED, PENDING


def everything(store: Store, model: Model, now: datetime, terms: CreditTerms | None) -> None:
    """Raises AssertionError where the store differs from the model."""
    conversations(store, model)
    outbox(store, model, now)
    ledger(store, model)
    if terms is not None:
        limits(store, terms, now)


def conversations(store: Store, model: Model) -> None:
    """R1, R2, R13: every message once, in the order of writing; the status that the table gives; the agent's work."""
    listed = store.conversations.list(limit=10**6)
    order = sorted(model.threads, key=lambda name: max(model.threads[name].said), reverse=True)
    assert [each.id for each in listed] == order
    for each in listed:
        thread = model.threads[each.id]
        assert (each.status, each.last_message_at) == (thread.status, thread.last_at)
        assert (each.closed_at, each.outcome) == (thread.closed_at, thread.outcome)
        assert each.contact.key == thread.key
    said = store._database.read(
        lambda connection: connection.execute("SELECT id, conversation, kind FROM messages ORDER BY id").fetchall()
    )
    expected = [
        (number, name, one.kind) for name, thread in model.threads.items() for number, one in thread.said.items()
    ]
    assert said == sorted(expected)
    heard = store._database.read(
        lambda connection: connection.execute("SELECT external_id, conversation, message FROM inbound").fetchall()
    )
    assert {external_id: tuple(rest) for external_id, *rest in heard} == model.heard
    verdicts = store._database.read(
        lambda connection: connection.execute("SELECT message, verdict FROM feedback").fetchall()
    )
    assert dict(verdicts) == model.verdicts
    waiting = [(name, sorted(t.waiting)) for name, t in model.threads.items() if t.waiting and t.status is PENDING]
    found = [(each.id, [message.id for message in waits]) for each, waits in store.conversations.unhandled()]
    assert found == sorted(waiting, key=lambda item: item[1])


def outbox(store: Store, model: Model, now: datetime) -> None:
    """R3: every reply has its place in the outbox, and of each conversation the first that waits is the next."""
    rows = store._database.read(
        lambda connection: connection.execute(
            "SELECT message, status, attempts FROM outbox ORDER BY message"
        ).fetchall()
    )
    replies = {number: model.threads[name].said[number] for name, number in model.replies(*D)}
    assert rows == [(number, said.delivery.value, said.attempts) for number, said in sorted(replies.items())]
    heads = [number for thread in model.threads.values() if (number := thread.next_to_send())]
    due = [
        number
        for number in heads
        if not (at := replies[number].next_at) or at <= now or replies[number].put_off_at > now
    ]
    assert sorted(each.id for each in store.outbox.due(now, limit=10**6)) == sorted(due)


def ledger(store: Store, model: Model) -> None:
    """R5, R6: the entries are those of the model, the balance is their sum, at most one charge stands."""
    entries = store.ledger.entries()
    assert [(entry.kind.value, entry.amount, entry.conversation) for entry in entries] == model.entries
    assert store.ledger.balance() == sum(amount for _, amount, _ in model.entries)
    assert store.ledger.verify() is None
    standing: dict[str, int] = {}
    for kind, _, name in model.entries:
        standing[name] = standing.get(name, 0) + {"charge": 1, "reversal": -1}.get(kind, 0)
    for name, thread in model.threads.items():
        assert standing.get(name, 0) == int(thread.stands), "CRED-2: at most one charge that is not reversed"
        if not any(said.kind in CHARGED for said in thread.said.values()):
            assert name not in standing, "CRED-1: nothing is charged without a reply"


def limits(store: Store, terms: CreditTerms, now: datetime) -> None:
    """CRED-3: where credits are limited nobody goes into debt, and no month uses more than its cap.

    What was used before anything limited it is set right when the calendar is asked the next time.
    """
    balance, used, limited = 0, dict[str, int](), terms.allowance is not None
    for entry in store.ledger.entries():
        balance += entry.amount
        limited = limited or entry.kind.value == "grant"
        if entry.conversation:
            month = month_of(entry.at, terms.timezone)
            used[month] = used.get(month, 0) - entry.amount
            assert entry.amount > 0 or terms.cap is None or used[month] <= terms.cap
    assert balance >= 0 or not limited or (terms.allowance is None and not store.ledger.is_settled(terms, now))
