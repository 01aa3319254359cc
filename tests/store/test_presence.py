"""Who is away: one row each, over by itself where it has an end, with an audit row for each change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.record import AuditEntry
from custagent.store.presence import Absence


@pytest.fixture
def audit(clock):
    return AuditEntry(at=clock.now(), actor="anna", action="users away", subject="bo")


def test_away_until_back(store, clock, audit):
    absence = Absence(actor="anna", since=clock.now())
    assert store.presence.set_away("bo", absence, audit=audit)
    assert dict(store.presence.absences(clock.now())) == {"bo": absence}
    clock.advance(days=400)
    assert "bo" in store.presence.absences(clock.now())
    assert store.presence.set_back("bo", clock.now(), audit=audit)
    assert store.presence.absences(clock.now()) == {}
    assert len(store.audit.entries(9)) == 2


def test_what_changes_nothing_is_no_audit_row(store, clock, audit):
    assert not store.presence.set_back("bo", clock.now(), audit=audit)
    absence = Absence(actor="anna", since=clock.now(), until=clock.now() + timedelta(hours=2))
    assert store.presence.set_away("bo", absence)
    assert not store.presence.set_away("bo", absence, audit=audit)
    assert store.audit.entries(9) == ()
    # Another end is another absence.
    assert store.presence.set_away("bo", Absence(actor="bo", since=clock.now()), audit=audit)
    assert len(store.audit.entries(9)) == 1


def test_an_end_is_exact_and_an_absence_that_is_over_may_begin_again(store, clock, audit):
    until = clock.now() + timedelta(hours=2)
    store.presence.set_away("bo", Absence(actor="bo", since=clock.now(), until=until))
    assert "bo" in store.presence.absences(until - timedelta(microseconds=1))
    assert store.presence.absences(until) == {}
    clock.advance(hours=3)
    assert not store.presence.set_back("bo", clock.now(), audit=audit)
    store.presence.set_away("bo", Absence(actor="bo", since=clock.now() - timedelta(hours=3), until=until))
    assert store.presence.set_away("bo", Absence(actor="bo", since=clock.now(), until=until + timedelta(hours=4)))
    assert store.presence.absences(clock.now())["bo"].until == until + timedelta(hours=4)
