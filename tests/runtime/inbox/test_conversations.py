"""Which conversations are meant, as people say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from custagent.core.conversation import Conversation
from custagent.core.errors import UnknownName, UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.conversations import (
    list_conversations,
    read_conversation,
    read_filter,
    search_conversations,
)

Hear = Callable[..., Conversation]
DAY = datetime(2026, 11, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "since", "until"),
    [
        ("2026-11-18", DAY, DAY + timedelta(days=1)),
        ("20261118", DAY, DAY + timedelta(days=1)),
        ("2026-11-18T12:30", DAY + timedelta(hours=12.5), DAY + timedelta(hours=12.5)),
        ("2026-11-18 12:30:00+01:00", DAY + timedelta(hours=11.5), DAY + timedelta(hours=11.5)),
    ],
)
def test_a_day_counts_whole_and_a_time_is_utc(app: Application, said: str, since: datetime, until: datetime) -> None:
    found = read_filter(app, since=said, until=said)
    assert (found.since, found.until) == (since, until)


@pytest.mark.parametrize(("said", "ago"), [("7d", timedelta(days=7)), ("90m", timedelta(minutes=90))])
def test_a_length_of_time_is_before_now(app: Application, said: str, ago: timedelta) -> None:
    assert read_filter(app, since=said).since == app.clock.now() - ago


@pytest.mark.parametrize("said", ["yesterday", "0d", "2026-13-01", "d"])
def test_what_is_no_time_is_refused(app: Application, said: str) -> None:
    with pytest.raises(UsageError, match="is no time") as caught:
        read_filter(app, since=said)
    assert "7d" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("anna", "user:anna"),
        ("support", "team:support"),
        ("user:x", "user:x"),
        ("nobody", "nobody"),
        ("gone", "user:gone"),
    ],
)
def test_a_bare_name_is_a_user_or_a_team(shop: Application, said: str, meant: str) -> None:
    assert read_filter(shop, assignee=said).assignee == meant


def test_a_page_goes_on_after_one_that_is_there(shop: Application, hear: Hear) -> None:
    first, second = hear(shop, "k1"), hear(shop, "k2")
    assert [one.id for one in list_conversations(shop, limit=9, before=second.id)] == [first.id]
    for ask in (list_conversations, lambda app, **page: search_conversations(app, "hej", **page)):
        with pytest.raises(UnknownName, match="no conversation 'x'"):
            ask(shop, limit=9, before="x")


def test_a_search_knows_what_was_said_just_now(shop: Application, hear: Hear) -> None:
    told: list[tuple[int, int]] = []
    hear(shop)
    (hit,) = search_conversations(shop, "HEJ", limit=9, progress=lambda done, of: told.append((done, of)))
    assert (hit.snippet, told) == ("**Hej**?", [(0, 1)])
    with pytest.raises(UsageError, match="no word"):
        search_conversations(shop, "?!", limit=9)


def test_what_somebody_looks_at_is_written_down_and_never_the_words(shop: Application, hear: Hear) -> None:
    conversation = hear(shop, "k1", "I am Ada Lovelace")
    assert read_conversation(shop, conversation.id).conversation.id == conversation.id
    (entry,) = shop.store.audit.entries(1)
    assert (entry.action, entry.subject, entry.actor) == ("conversation read", conversation.id, "anna")
    assert len(search_conversations(shop, "lovelace", limit=9)) == 1
    (entry,) = shop.store.audit.entries(1)
    assert (entry.action, entry.after, entry.actor) == ("conversations search", "1 found", "anna")
    assert "lovelace" not in str(entry).lower()
    before = len(shop.store.audit.entries(99))
    with pytest.raises(UnknownName):
        read_conversation(shop, "x")
    assert len(shop.store.audit.entries(99)) == before
