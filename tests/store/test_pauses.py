"""Pauses: rows that every process sees, each change with its audit row."""

from custagent.core.record import AuditEntry
from custagent.store import Store


def entry(clock, action: str) -> AuditEntry:
    return AuditEntry(at=clock.now(), actor="anna", action=action, subject="ada")


def test_a_pause_lasts_until_it_is_resumed(store, clock):
    assert not store.pauses.is_paused("ada")
    assert store.pauses.pause("ada", "anna", clock.now())
    assert (store.pauses.is_paused("ada"), store.pauses.is_paused("bea")) == (True, False)
    assert store.pauses.paused() == {"ada": ("anna", clock.now())}
    assert store.pauses.resume("ada")
    assert (store.pauses.is_paused("ada"), store.pauses.paused()) == (False, {})


def test_the_first_who_paused_is_remembered(store, clock):
    then = clock.now()
    store.pauses.pause("ada", "anna", then)
    clock.advance(hours=1)
    assert not store.pauses.pause("ada", "bo", clock.now())
    assert store.pauses.paused() == {"ada": ("anna", then)}


def test_only_a_change_is_an_audit_row(store, clock):
    assert not store.pauses.resume("ada", audit=entry(clock, "resume"))
    store.pauses.pause("ada", "anna", clock.now(), audit=entry(clock, "pause"))
    store.pauses.pause("ada", "anna", clock.now(), audit=entry(clock, "pause"))
    store.pauses.resume("ada", audit=entry(clock, "resume"))
    store.pauses.resume("ada", audit=entry(clock, "resume"))
    assert [one.action for one in store.audit.entries(9)] == ["resume", "pause"]


def test_another_process_sees_it_at_once(store, path, clock):
    with Store(path, clock) as runner:
        assert not runner.pauses.is_paused("ada")
        store.pauses.pause("ada", "anna", clock.now())
        assert runner.pauses.is_paused("ada")
        store.pauses.resume("ada")
        assert not runner.pauses.is_paused("ada")
