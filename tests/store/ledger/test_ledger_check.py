"""One flipped byte in the ledger is named by its entry; a ledger that was cut off by a head that was kept (R5)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from custagent.core.conversation import Charge
from custagent.core.errors import StoreError
from custagent.store import Store
from custagent.store.ledger.ledger_check import check_ledger

CHARGE = Charge(amount=100, policy="conversation")
ENTRIES = 8


@pytest.fixture
def written(path, clock, blank):
    """A closed file with some entries; the id of each by its hash, in order."""
    path.parent.mkdir()
    path.write_bytes(blank)
    with Store(path, clock) as store:
        for number in range(ENTRIES):
            store.ledger.charge(f"conversation-{number}", CHARGE, clock.now())
        return {entry.hash: entry.id for entry in store.ledger.entries()}


def test_a_ledger_in_order(path, written):
    head = list(written)[-1]
    found = check_ledger(path)
    assert (found.entries, found.head, found.damaged, found.reason) == (ENTRIES, head, None, "")
    assert (found.head_at, found.since_head) == (None, 0)


def test_every_entry_may_be_the_head(path, written):
    for hash_, number in written.items():
        found = check_ledger(path, hash_)
        assert (found.head_at, found.since_head) == (number, ENTRIES - number)


def test_entries_that_were_cut_off_show_against_the_head(path, written):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER credit_entries_never_go")
        connection.execute(f"DELETE FROM credit_entries WHERE id > {ENTRIES - 2}")
        connection.commit()
    assert check_ledger(path).damaged is None
    kept = list(written)
    assert check_ledger(path, kept[-1]).head_at is None
    assert check_ledger(path, kept[ENTRIES - 3]).since_head == 0


def places(data: bytes) -> list[tuple[int, int]]:
    """(offset, entry) of bytes of each entry's row: its key, its conversation, its time, its hash."""
    found = []
    for number in range(ENTRIES):
        name = f"conversation-{number}".encode()
        # The row itself, not the indexes, which hold the key or the conversation alone: the kind follows the key.
        at = data.index(b"charge:" + name + b":1charge")
        found += [(at + offset, number + 1) for offset in (0, 9, 26, 27, 34, 46, 70, 110, 150)]
    return found


def test_one_flipped_byte_is_named(path, written):
    good = path.read_bytes()
    spots = places(good)
    assert len(spots) == ENTRIES * 9
    for bit in (0x01, 0x80):
        for offset, number in spots:
            bad = bytearray(good)
            bad[offset] ^= bit
            path.write_bytes(bad)
            found = check_ledger(path)
            assert found.damaged == number, (offset - spots[0][0], hex(bit))
            assert found.entries == number - 1
            assert found.reason


def test_a_row_that_cannot_be_read_is_named(path, written):
    """Its header says that it is longer than the page."""
    good = path.read_bytes()
    at = good.index(b"charge:conversation-3:1charge")
    for offset in range(at - 16, at):
        bad = bytearray(good)
        bad[offset] = 0xFF
        path.write_bytes(bad)
        found = check_ledger(path)
        assert found.damaged is not None, offset - at
        assert found.entries <= 4


def test_what_is_no_database_is_told(path):
    path.parent.mkdir()
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match="is damaged"):
        check_ledger(path)
