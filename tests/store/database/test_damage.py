"""A disk that changes bytes: no start goes on with other rows than were written, and a backup brings them back (R10)."""

from __future__ import annotations

import os
import random
import time
from itertools import count

import pytest

from custagent.core.errors import StoreError
from custagent.core.message import MessageKind
from custagent.store import Store
from custagent.store.database.seal import seal_path
from tests.machines.files import Files
from tests.store.damage import damage_often, make_whole, rows_of, told


def test_no_start_on_other_rows_than_were_written(tmp_path):
    found = damage_often(make_whole(tmp_path, conversations=40), tmp_path, each=5, seed=3)
    assert found.total() == 25
    assert sum(count for (_, outcome), count in found.items() if outcome == "refused") > 15, told(found)


def flip_in_a_text(path, text: bytes = b"How long does refund 7 take?") -> None:
    """A bit of a letter, as a disk would: the time of the last write stays."""
    data, written = bytearray(path.read_bytes()), path.stat()
    data[data.index(text)] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))


class TestSeal:
    @pytest.fixture
    def ended(self, path, clock, make_desk):
        """A database after a runner ended; what a runner does is told to the store."""
        with Store(path, clock) as store:
            begun = make_desk(store, clock).hear("How long does refund 7 take?")
            store.seal()
        assert begun.new
        return path

    def test_a_flipped_bit_in_a_text_is_found(self, ended, clock):
        flip_in_a_text(ended)
        with pytest.raises(StoreError, match="bytes have changed since the last runner ended") as caught:
            Store(ended, clock)
        assert "custagent restore" in caught.value.hint

    def test_without_the_note_a_text_that_is_none_is_told_when_it_is_read(self, ended, clock):
        seal_path(ended).unlink()
        data = ended.read_bytes()
        ended.write_bytes(data.replace(b"refund", b"ref\xffnd"))
        with pytest.raises(StoreError, match="damaged") as caught, Store(ended, clock) as store:
            store.conversations.messages(store.conversations.list()[0].id)
        assert "custagent restore" in caught.value.hint

    def test_a_command_that_writes_makes_the_note_say_nothing(self, ended, clock, make_desk):
        time.sleep(0.02)
        with Store(ended, clock) as store:
            make_desk(store, clock).hear("And then?")
        with Store(ended, clock) as store:
            store.check()

    def test_it_is_read_and_looked_at_as_often_as_one_likes(self, ended, clock):
        for _ in range(3):
            with Store(ended, clock) as store:
                assert len(store.conversations.list()) == 1
                store.check()

    @pytest.mark.parametrize("note", [b"", b"nonsense", b"\xff\xfe", b"0 0 0"])
    def test_a_note_that_is_none_says_nothing(self, ended, clock, note):
        seal_path(ended).write_bytes(note)
        Store(ended, clock).close()

    def test_none_is_made_while_another_process_has_something_in_the_log(self, path, clock, make_desk):
        with Store(path, clock) as other:
            with Store(path, clock) as store:
                make_desk(store, clock).hear()
                store.seal()
            assert not seal_path(path).exists()
            assert len(other.conversations.list()) == 1

    def test_it_is_private(self, ended):
        assert seal_path(ended).stat().st_mode & 0o777 == 0o600


def test_of_a_damaged_log_what_was_before_the_damage_counts(path, clock, make_desk, tmp_path):
    """After a kill: a write is there with all before it, or it is not there; SQLite's log has checksums."""
    chance, places = random.Random(7), count()

    def place():
        folder = tmp_path / f"place-{next(places)}"
        folder.mkdir()
        return folder

    with Store(path, clock) as store:
        desk = make_desk(store, clock)
        states = [rows_of(Files.of(path).put(place()))]
        for number in range(12):
            begun = desk.hear(key=f"k{number}")
            states.append(rows_of(Files.of(path).put(place())))
            desk.say(begun.conversation, MessageKind.ANSWER, handled=(begun.message.id,))
            states.append(rows_of(Files.of(path).put(place())))
        left = Files.of(path)
    found = set()
    for _ in range(20):
        log = bytearray(left.log)
        if chance.random() < 0.5:
            del log[chance.randrange(len(log)) :]
        else:
            log[chance.randrange(32, len(log))] ^= 1 << chance.randrange(8)
        damaged = Files(database=left.database, log=bytes(log)).put(place())
        with Store(damaged, clock) as store:
            store.check()
            assert store.ledger.verify() is None
        found.add(states.index(rows_of(damaged)))
    assert len(found) > 5
