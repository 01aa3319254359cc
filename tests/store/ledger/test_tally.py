"""What the ledger adds up to, and that what is remembered of it is never wrong (CRED-3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import Charge
from custagent.core.credit import CreditKind
from custagent.store.database.moments import to_text
from custagent.store.ledger.chain import append_once
from custagent.store.ledger.tally import Tally, tally

CHARGE = Charge(amount=100, policy="conversation")
AT = datetime(2026, 10, 20, tzinfo=UTC)

entries = st.lists(
    st.tuples(
        st.sampled_from(["charge", "reversal", "grant", "adjustment", "expiry"]),
        st.integers(1, 300),
        st.integers(0, 120),
    ),
    max_size=30,
)


def added_up(*rows: tuple[str, str, int], at: datetime = AT) -> Tally:
    """(key, kind, amount) of each entry."""
    found = Tally(timezone="UTC")
    for number, (key, kind, amount) in enumerate(rows, 1):
        found.add((number, key, kind, amount, to_text(at), f"h{number}"))
    return found


@given(entries)
def test_the_balance_is_the_sum(rows):
    found, total, used = Tally(timezone="Europe/Stockholm"), 0, 0
    for number, (kind, size, days) in enumerate(rows, 1):
        amount = size if kind in ("grant", "reversal") or (kind == "adjustment" and size % 2) else -size
        at = AT + timedelta(days=days)
        found.add((number, f"k{number}", kind, amount, to_text(at), f"h{number}"))
        total += amount
        used -= amount if kind in ("charge", "reversal") else 0
        assert (found.balance, sum(found.used.values())) == (total, used)
        assert found.available >= 0 <= found.owed


def test_usage_is_of_the_month_of_the_place():
    found = Tally(timezone="Europe/Stockholm")
    last, first = datetime(2026, 10, 31, 22, 59, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
    found.add((1, "a", "charge", -100, to_text(last), "h1"))
    found.add((2, "b", "charge", -50, to_text(first), "h2"))
    found.add((3, "c", "reversal", 50, to_text(first), "h3"))
    found.add((4, "d", "charge", -7, to_text(last), "h4"))
    assert found.used == {"2026-10": 107, "2026-11": 0}


def test_who_buys_after_a_time_without_limits_gets_all_of_it():
    found = added_up(("a", "charge", -4300), ("topup:1", "grant", 1000))
    assert (found.available, found.owed, found.balance) == (1000, 4300, -3300)


def test_what_is_given_back_pays_what_is_owed_first():
    found = added_up(("a", "charge", -100), ("b", "reversal", 100), ("t", "grant", 10), ("c", "adjustment", 5))
    assert (found.available, found.owed) == (15, 0)


@pytest.mark.parametrize(("used", "left"), [(0, 1000), (300, 700), (1000, 0), (1300, 0)])
def test_the_allowance_is_used_before_top_ups(used, left):
    rows = [("topup:1", "grant", 500), ("allowance:2026-10", "grant", 1000)]
    found = added_up(*rows, *([("charge:c:1", "charge", -used)] if used else []))
    assert found.left_of_allowance == left


def test_what_is_given_back_is_left_again():
    found = added_up(("allowance:2026-10", "grant", 1000), ("a", "charge", -300), ("b", "reversal", 300))
    assert found.left_of_allowance == 1000


def test_nothing_is_left_of_an_allowance_that_has_ended():
    found = added_up(("allowance:2026-10", "grant", 1000), ("expiry:2026-10", "expiry", -1000), ("t", "grant", 70))
    assert (found.left_of_allowance, found.available) == (0, 70)


def test_only_what_was_written_since_is_read(store, database, clock):
    for number in range(5):
        store.ledger.charge(f"c{number}", CHARGE, clock.now())
    store.ledger.tally("UTC")
    store.ledger.charge("c6", CHARGE, clock.now())

    def read(connection):
        asked = []
        connection.set_trace_callback(asked.append)
        found = tally(connection, "UTC")
        connection.set_trace_callback(None)
        return found, asked

    found, asked = database.read(read)
    assert found.balance == -600
    assert any("id > 5" in statement for statement in asked), asked


class Undone(Exception):
    """Ends a transaction."""


def test_what_was_remembered_in_a_transaction_that_was_undone_is_not_believed(store, database, clock):
    def grant(amount: int):
        def write(connection):
            append_once(connection, CreditKind.GRANT, amount, key="topup:1", policy="conversation", at=clock.now())
            found = tally(connection, "UTC")
            if amount == 999:
                raise Undone
            return found

        return write

    with pytest.raises(Undone):
        database.write(grant(999))
    assert store.ledger.tally("UTC").balance == 0
    # The same number, and another entry.
    assert database.write(grant(5)).balance == 5
    assert store.ledger.tally("UTC").balance == 5


def test_another_place_has_other_months(store, clock):
    clock.advance(seconds=(datetime(2026, 10, 31, 23, 30, tzinfo=UTC) - clock.now()).total_seconds())
    store.ledger.charge("c1", CHARGE, clock.now())
    assert store.ledger.tally("UTC").used == {"2026-10": 100}
    assert store.ledger.tally("Europe/Stockholm").used == {"2026-11": 100}
