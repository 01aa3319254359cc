"""The text that is live, and the texts before it (CRE-6)."""

from datetime import UTC, datetime, timedelta

import pytest

from custagent.core.ids import content_hash
from custagent.core.record import AppliedVersion, AuditEntry
from custagent.store import Store

AT = datetime(2026, 7, 4, 12, tzinfo=UTC)


@pytest.fixture
def apply(store):
    def apply(agent: str, text: str, **given):
        return store.versions.apply(agent, text, **({"actor": "anna", "git_commit": "abc", "at": AT} | given))

    return apply


def entry(**given) -> AuditEntry:
    return AuditEntry(**({"at": AT, "actor": "anna", "action": "apply", "subject": "ada"} | given))


def test_nothing_is_live_before_it_is_applied(store):
    assert store.versions.applied("ada") is None
    assert store.versions.history("ada") == ()
    assert store.versions.live() == {}


def test_the_last_text_is_live_and_the_others_stay(store, apply):
    assert apply("ada", "one") == 1
    assert apply("ada", "two", actor="bert", git_commit="", at=AT + timedelta(hours=1)) == 2
    assert apply("bob", "three") == 1
    second = AppliedVersion(
        agent="ada",
        version=2,
        text="two",
        hash=content_hash("two"),
        actor="bert",
        applied_at=AT + timedelta(hours=1),
        git_commit="",
    )
    assert store.versions.applied("ada") == second
    assert [each.text for each in store.versions.history("ada")] == ["one", "two"]
    assert {name: each.text for name, each in store.versions.live().items()} == {"ada": "two", "bob": "three"}


def test_the_same_text_is_no_new_version(store, apply):
    apply("ada", "one")
    assert apply("ada", "one", actor="bert", audit=entry()) == 1
    assert [each.actor for each in store.versions.history("ada")] == ["anna"]
    assert store.audit.entries(10) == (), "nothing changed, so there is nothing to record"


def test_an_earlier_text_is_a_new_version(apply):
    assert [apply("ada", text) for text in ("one", "two", "one")] == [1, 2, 3]


def test_a_retired_agent_is_not_live_and_its_numbers_go_on(store, apply):
    apply("ada", "one")
    apply("bob", "two")
    store.versions.retire("ada")
    assert store.versions.applied("ada") is None
    assert list(store.versions.live()) == ["bob"]
    assert len(store.versions.history("ada")) == 1
    assert apply("ada", "one") == 2, "the name is used again, with the same text"
    assert store.versions.applied("ada").version == 2


def test_the_record_is_written_with_the_change(store, apply):
    apply("ada", "one", audit=entry(after="one"))
    store.versions.retire("ada", audit=entry(action="delete", before="one"))
    assert [(each.action, each.before, each.after) for each in store.audit.entries(10)] == [
        ("delete", "one", ""),
        ("apply", "", "one"),
    ]


def test_a_change_whose_record_cannot_be_written_does_not_happen(store, apply):
    with pytest.raises(ValueError, match="no time zone"):
        apply("ada", "one", audit=entry(at=AT.replace(tzinfo=None)))
    assert store.versions.applied("ada") is None
    apply("ada", "one")
    with pytest.raises(ValueError, match="no time zone"):
        store.versions.retire("ada", audit=entry(at=AT.replace(tzinfo=None)))
    assert store.versions.applied("ada") is not None


def test_what_is_live_is_the_same_mapping_until_it_changes(apply, store, page):
    apply("ada", "one")
    live = store.versions.live()
    assert store.versions.live() is live
    # A commit that has nothing to do with it.
    store.documents.save_document(*page("a", "text"), agent="ada", source="s")
    assert store.versions.live() is live
    apply("ada", "two")
    assert store.versions.live()["ada"].text == "two"
    store.versions.retire("ada")
    assert store.versions.live() == {}


def test_what_another_process_applies_is_seen_at_once_or_a_moment_later_as_asked(apply, store, path, clock):
    apply("ada", "one")
    before = store.versions.live()
    with Store(path, clock) as other:
        other.versions.apply("ada", "two", actor="bo", git_commit="", at=AT)
        assert store.versions.live(fresh_for=3600) is before
        assert store.versions.live()["ada"].text == "two"
        # What this process applies is never late.
        apply("ada", "three")
        assert store.versions.live(fresh_for=3600)["ada"].text == "three"
