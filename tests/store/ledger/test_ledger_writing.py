"""Entries are written once, chained, and every forgery is found (CRED-2, R5)."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import Charge
from custagent.core.credit import CreditKind
from custagent.core.errors import StoreError
from custagent.core.ids import content_hash
from custagent.store.ledger.chain import hash_of

CHARGE = Charge(amount=100, policy="conversation")
GRANT = {"key": "grant:2026-01", "policy": "conversation"}


@pytest.fixture
def ledger(store):
    return store.ledger


@pytest.fixture
def at(clock):
    return clock.now()


def test_every_entry_covers_all_of_itself_and_the_one_before(ledger, at):
    first = ledger.append(CreditKind.GRANT, 1000, **GRANT, at=at)
    second = ledger.charge("c1", CHARGE, at)
    third = ledger.reverse("c1", at)
    assert ledger.entries() == (first, second, third)
    assert first.previous_hash == ""
    text = at.isoformat(timespec="microseconds")
    assert first.hash == content_hash("1", GRANT["key"], "grant", "1000", "", "", "conversation", text, "")
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert third.hash == content_hash(
        "3", "reversal:c1:1", "reversal", "100", "c1", "2", "conversation", text, second.hash
    )
    assert ledger.verify() is None
    assert ledger.balance() == 1000


def test_an_empty_ledger_is_in_order(ledger):
    assert ledger.verify() is None


def test_charged_once_until_reversed(ledger, at):
    first = ledger.charge("c1", CHARGE, at)
    assert ledger.charge("c1", Charge(amount=50, policy="resolution"), at + timedelta(days=1)) == first
    ledger.charge("c2", CHARGE, at)
    reversal = ledger.reverse("c1", at)
    assert (reversal.reverses, reversal.amount, reversal.policy) == (first.id, 100, "conversation")
    assert ledger.reverse("c1", at) is None
    again = ledger.charge("c1", Charge(amount=50, policy="reopen-free"), at)
    assert (again.key, again.amount, again.policy) == ("charge:c1:2", -50, "reopen-free")
    assert ledger.reverse("c1", at).amount == 50
    assert ledger.balance() == -100
    assert ledger.verify() is None


def test_there_is_nothing_to_reverse(ledger, at):
    assert ledger.reverse("c1", at) is None
    assert ledger.entries() == ()


class TestTheSameKey:
    def test_with_the_same_body_stands(self, ledger, at):
        first = ledger.append(CreditKind.GRANT, 1000, **GRANT, at=at)
        assert ledger.append(CreditKind.GRANT, 1000, **GRANT, at=at + timedelta(hours=1)) == first
        assert ledger.entries() == (first,)

    @pytest.mark.parametrize(
        ("kind", "amount", "policy"),
        [
            (CreditKind.GRANT, 999, "conversation"),
            (CreditKind.ADJUSTMENT, 1000, "conversation"),
            (CreditKind.GRANT, 1000, "resolution"),
        ],
    )
    def test_with_another_body_is_refused(self, ledger, at, kind, amount, policy):
        ledger.append(CreditKind.GRANT, 1000, **GRANT, at=at)
        with pytest.raises(StoreError, match="'grant:2026-01' exists already, and says something else") as caught:
            ledger.append(kind, amount, key=GRANT["key"], policy=policy, at=at)
        assert "custagent credits entries" in caught.value.hint
        assert ledger.balance() == 1000


@pytest.mark.parametrize("kind", [CreditKind.CHARGE, CreditKind.REVERSAL])
def test_charges_and_reversals_belong_to_a_conversation(ledger, at, kind):
    with pytest.raises(ValueError, match="belongs to a conversation"):
        ledger.append(kind, 100, **GRANT, at=at)


FORGERIES = [
    "UPDATE credit_entries SET amount = amount - 1 WHERE id = 3",
    "UPDATE credit_entries SET at = replace(at, '12:00', '12:01') WHERE id = 3",
    "UPDATE credit_entries SET conversation = 'c9' WHERE id = 3",
    "UPDATE credit_entries SET policy = 'resolution' WHERE id = 3",
    "UPDATE credit_entries SET key = 'other' WHERE id = 3",
    "UPDATE credit_entries SET reverses = 3 WHERE id = 3",
    "UPDATE credit_entries SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE id = 3",
    "UPDATE credit_entries SET previous_hash = 'x' WHERE id = 3",
    "UPDATE credit_entries SET id = 99 WHERE id = 5; UPDATE credit_entries SET id = 3 WHERE id = 99;",
    "DELETE FROM credit_entries WHERE id = 2",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_named(store, path, at, forgery):
    """Somebody with the file and a program of their own."""
    for number in range(1, 6):
        store.ledger.charge(f"c{number}", CHARGE, at)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        if "id = 99" in forgery:
            connection.execute("DELETE FROM credit_entries WHERE id = 3")
        connection.executescript(forgery)
    assert store.ledger.verify() == 3


entry_fields = st.tuples(*[st.text(max_size=3) | st.integers(-9, 9)] * 4)


@given(entry_fields, entry_fields)
def test_no_two_entries_look_alike_to_the_hash(one, other):
    assert (hash_of(*one) == hash_of(*other)) is ([str(f) for f in one] == [str(f) for f in other])
