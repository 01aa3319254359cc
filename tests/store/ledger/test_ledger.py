"""The ledger's rules are kept by the tables themselves, whatever program writes to them (CRED-2, R5)."""

from datetime import UTC, datetime

import pytest

from custagent.core.credit import CreditEntry, CreditKind
from custagent.core.errors import StoreError
from custagent.store.database.database import Database
from custagent.store.ledger.ledger import Ledger

AT = datetime(2026, 7, 4, 12, tzinfo=UTC)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def add(database: Database, ledger: Ledger):
    """Write an entry as any program could, with the right chain unless told otherwise."""

    def add(kind: str, amount: int, conversation: str = "", *, verb: str = "INSERT", **given):
        entries = ledger.entries()
        row = {
            "key": f"key {len(entries) + 1}",
            "kind": kind,
            "amount": amount,
            "conversation": conversation,
            "reverses": None,
            "policy": "conversation",
            "at": AT.isoformat(timespec="microseconds"),
            "previous_hash": entries[-1].hash if entries else "",
            "hash": f"hash {len(entries) + 1}",
        } | given
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        return database.write(
            lambda connection: (
                connection.execute(
                    f"{verb} INTO credit_entries ({names}) VALUES ({marks})", list(row.values())
                ).lastrowid
            )
        )

    return add


def test_empty(ledger):
    assert ledger.entries() == ()
    assert ledger.balance() == 0


def test_entries_in_the_order_of_writing_and_their_sum(ledger, add):
    add("grant", 1000)
    charge = add("charge", -100, "c1")
    add("reversal", 100, "c1", reverses=charge)
    add("adjustment", -30)
    add("expiry", -70)
    assert [(entry.kind, entry.amount) for entry in ledger.entries()] == [
        (CreditKind.GRANT, 1000),
        (CreditKind.CHARGE, -100),
        (CreditKind.REVERSAL, 100),
        (CreditKind.ADJUSTMENT, -30),
        (CreditKind.EXPIRY, -70),
    ]
    assert ledger.balance() == 900
    assert ledger.entries()[2] == CreditEntry(
        id=3,
        key="key 3",
        kind=CreditKind.REVERSAL,
        amount=100,
        conversation="c1",
        reverses=charge,
        policy="conversation",
        at=AT,
        previous_hash="hash 2",
        hash="hash 3",
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE credit_entries SET amount = 1", "never changed"),
        ("UPDATE credit_entries SET policy = 'resolution' WHERE id = 1", "never changed"),
        ("DELETE FROM credit_entries", "never deleted"),
        ("INSERT INTO credit_entries SELECT * FROM credit_entries WHERE true ON CONFLICT DO NOTHING", "exists already"),
    ],
)
def test_nothing_is_changed_or_deleted(database, ledger, add, statement, words):
    add("grant", 1000)
    before = ledger.entries()
    with pytest.raises(StoreError, match=words):
        database.write(lambda connection: connection.execute(statement).rowcount)
    assert ledger.entries() == before


@pytest.mark.parametrize("same", [{"id": 1}, {"key": "key 1"}, {"hash": "hash 1"}, {"previous_hash": ""}])
def test_nothing_is_replaced(ledger, add, same):
    add("grant", 1000)
    before = ledger.entries()
    with pytest.raises(StoreError, match="exists already"):
        add("grant", 1, verb="INSERT OR REPLACE", **same)
    assert ledger.entries() == before


def test_one_charge_that_is_not_reversed(ledger, add):
    first = add("charge", -100, "c1")
    add("charge", -100, "c2")
    with pytest.raises(StoreError, match="a charge that is not reversed"):
        add("charge", -100, "c1")
    add("reversal", 100, "c1", reverses=first)
    add("charge", -100, "c1")
    with pytest.raises(StoreError, match="a charge that is not reversed"):
        add("charge", -100, "c1")
    assert ledger.balance() == -200


def test_a_reversal_gives_back_one_charge_in_full_and_once(ledger, add):
    grant, charge = add("grant", 1000), add("charge", -100, "c1")
    for wrong in (
        {"reverses": 99},
        {"reverses": grant},
        {"reverses": charge, "conversation": "c2"},
        {"reverses": charge, "amount": 50},
    ):
        with pytest.raises(StoreError, match="gives back one charge"):
            add("reversal", **({"amount": 100, "conversation": "c1"} | wrong))
    add("reversal", 100, "c1", reverses=charge)
    with pytest.raises(StoreError, match="exists already"):
        add("reversal", 100, "c1", reverses=charge)
    assert ledger.balance() == 1000


@pytest.mark.parametrize(
    ("kind", "amount", "conversation"),
    [
        ("grant", -1, ""),
        ("grant", 0, ""),
        ("charge", 100, "c1"),
        ("charge", -100, ""),
        ("expiry", 1, ""),
        ("adjustment", 0, ""),
        ("gift", 1, ""),
        ("reversal", 100, "c1"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(ledger, add, kind, amount, conversation):
    with pytest.raises(StoreError):
        add(kind, amount, conversation)
    assert ledger.entries() == ()


def test_each_entry_names_the_one_before(ledger, add):
    with pytest.raises(StoreError, match="names the hash of the one before"):
        add("grant", 1, previous_hash="something")
    add("grant", 1000, id=10)
    with pytest.raises(StoreError, match="names the hash of the one before"):
        add("grant", 1, previous_hash="something")
    with pytest.raises(StoreError, match="names the hash of the one before"):
        add("grant", 1, id=5)
    assert len(ledger.entries()) == 1
