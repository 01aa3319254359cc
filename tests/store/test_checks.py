"""The last check of each channel."""

from dataclasses import replace

from custagent.core.record import AuditEntry
from custagent.store.checks import ChannelCheck


def test_the_last_check_is_remembered_word_for_word(store, clock):
    check = ChannelCheck(
        channel="web", settings="a", steps=(("ett ord är rätt", ""), ("a site", "none is listed")), at=clock.now()
    )
    assert store.checks.last() == {}
    store.checks.save(check)
    assert store.checks.last() == {"web": check}
    later = replace(check, settings="b", steps=(("a site", ""),), at=check.at.replace(hour=23))
    store.checks.save(later)
    other = replace(check, channel="mail")
    store.checks.save(other)
    assert store.checks.last() == {"mail": other, "web": later}
    assert (check.passed, later.passed) == (False, True)


def test_forgetting_takes_one_channel(store, clock):
    for channel in ("web", "mail"):
        store.checks.save(ChannelCheck(channel=channel, settings="", steps=(), at=clock.now()))
    store.checks.forget("web")
    store.checks.forget("nowhere")
    assert list(store.checks.last()) == ["mail"]


def test_the_audit_row_comes_with_it(store, clock):
    entry = AuditEntry(at=clock.now(), actor="anna", action="channels check", subject="web", after="passed")
    store.checks.save(ChannelCheck(channel="web", settings="", steps=(), at=clock.now()), audit=entry)
    assert [(one.action, one.after) for one in store.audit.entries(9)] == [("channels check", "passed")]
