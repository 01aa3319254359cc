"""Who changed what, when, from what to what (CRE-3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from custagent.core.record import AuditEntry

ENTRY = AuditEntry(
    at=datetime(2026, 7, 4, 12, 30, 15, 250, tzinfo=UTC),
    actor="anna@example.com",
    action="edit",
    subject="ada",
    before="role: sales\n",
    after="role: support\n",
    git_commit="abc",
)


def test_what_was_recorded_is_read_again(store):
    number = store.audit.record(ENTRY)
    assert store.audit.entries(1) == (replace(ENTRY, id=number),)


def test_newest_first_limited_and_by_subject(store):
    for number in range(5):
        store.audit.record(replace(ENTRY, action=f"{number}", subject="ada" if number % 2 else "bob"))
    assert [each.action for each in store.audit.entries(3)] == ["4", "3", "2"]
    assert [each.action for each in store.audit.entries(10, subject="ada")] == ["3", "1"]
    assert store.audit.entries(10, subject="nobody") == ()
    assert store.audit.entries(0) == ()
    assert store.audit.entries(-1) == ()


def test_moments_are_kept_in_utc(store):
    local = datetime(2026, 7, 4, 14, tzinfo=timezone(timedelta(hours=2)))
    store.audit.record(replace(ENTRY, at=local))
    kept = store.audit.entries(1)[0].at
    assert (kept, kept.tzinfo) == (local, UTC)


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(ValueError, match="no time zone"):
        store.audit.record(replace(ENTRY, at=datetime(2026, 7, 4, 12)))  # noqa: DTZ001 - it is the case under test
    assert store.audit.entries(1) == ()
