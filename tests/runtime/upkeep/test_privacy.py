"""Contacts' data on request, and its end: whole, noted without a name, and only by those who may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.errors import PermissionDenied, UnknownName
from custagent.core.message import Message
from custagent.runtime.bootstrap import Application
from custagent.runtime.changes import changes_of
from custagent.runtime.files import FileFolder
from custagent.runtime.in_force import InForce
from custagent.runtime.inbox.conversations import find_conversation
from custagent.runtime.runner.retention import Retention
from custagent.runtime.upkeep.privacy import aged, erase_aged, erase_known, export_known, known_of

Hear = Callable[..., Conversation]
Reply = Callable[..., Message]


def test_what_is_written_out_is_readable_and_noted(shop: Application, hear: Hear, reply: Reply) -> None:
    conversation = hear(shop, "k1", contact_name="Ada")
    reply(shop, conversation, evidence='{"signals": {"cosine": 0.5}}')
    hear(shop, "k2", contact_name="Bodil Berg")
    written = export_known(shop, known_of(shop, "k1"))
    assert [one["name"] for one in written["contacts"]] == ["Ada"]
    assert [one["evidence"] for one in written["messages"]] == ["", {"signals": {"cosine": 0.5}}]
    assert "Bodil" not in str(written)
    (noted, *_) = changes_of(shop, limit=5)
    assert (noted.action, noted.subject) == ("privacy export", f"contact {conversation.contact.id}")


def test_what_is_erased_is_noted_by_number(shop: Application, hear: Hear, reply: Reply) -> None:
    conversation = hear(shop, "k1", contact_name="Ada Lovelace")
    reply(shop, conversation)
    report = erase_known(shop, known_of(shop, "k1"))
    assert (report.erased.conversations, report.erased.messages, report.untouched) == (1, 2, ())
    record = find_conversation(shop, conversation.id)
    assert {message.text for message in record.messages} == {""}
    assert "Lovelace" not in str(record)
    (noted, *_) = changes_of(shop, limit=5)
    assert (noted.action, noted.subject, noted.after) == (
        "privacy erase", f"contact {conversation.contact.id}", "1 conversations",
    )  # fmt: skip
    assert shop.store.ledger.verify() is None
    with pytest.raises(UnknownName):
        known_of(shop, "k1")


def test_what_was_typed_in_previews_goes_with_anybody(shop: Application, hear: Hear) -> None:
    hear(shop, "k1")
    hear(shop, "k2")
    shop.home.preview_history.write_text("+Where is Ada Lovelace's order?\n", encoding="utf-8")
    erase_known(shop, known_of(shop, "k1"))
    assert not shop.home.preview_history.exists()
    erase_known(shop, known_of(shop, "k2"))


def test_others_who_wrote_the_same_words_are_told(shop: Application, hear: Hear) -> None:
    own = hear(shop, "visitor").contact
    shop.store.conversations.save_contact(replace(own, email="ada@example.com"))
    other = hear(shop, "k2", text="My wife is ada@example.com")
    assert known_of(shop, "ada@example.com").mentioned_in == (other.id,)
    # A contact's number stands in many texts.
    assert known_of(shop, str(own.id)).mentioned_in == ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda app: known_of(app, "k1"),
        lambda app: aged(app, "365d"),
        lambda app: erase_aged(app, [], "365d"),
        lambda app: changes_of(app, limit=5),
    ],
)
def test_only_for_admins(shop: Application, open_app: Callable[..., Application], ask: Any) -> None:
    assert shop.store.audit.entries(1)
    with pytest.raises(PermissionDenied):
        ask(open_app("bo"))


class TestByAge:
    @pytest.fixture
    def old(self, shop: Application, hear: Hear) -> Conversation:
        conversation = hear(shop, "k1", contact_name="Ada")
        store = shop.store.conversations
        (message,) = store.messages(conversation.id)
        turn = Turn(
            conversation=conversation, status=Status.CLOSED, messages=(), handled=(message.id,), at=shop.clock.now()
        )
        store.commit(turn)
        return conversation

    def keep(self, app: Application, age: str) -> Retention:
        in_force = InForce(app)
        workspace = in_force.workspace()
        short = workspace.model_copy(update={"privacy": workspace.privacy.model_copy(update={"erase_after": age})})
        in_force.workspace = lambda: short  # type: ignore[method-assign] # as if it had been written and applied
        return Retention(app, in_force, fence=0)

    def test_the_runner_does_it_once_a_day(self, shop: Application, old: Conversation) -> None:
        retention = self.keep(shop, "30d")
        assert retention.look() == 0
        shop.clock.advance(days=30)  # type: ignore[attr-defined] # a FrozenClock
        assert retention.look() == 0, "at exactly the limit it is kept"
        shop.clock.advance(hours=23)  # type: ignore[attr-defined] # a FrozenClock
        assert retention.look() == 0, "a day has not passed since the last look"
        shop.clock.advance(hours=1)  # type: ignore[attr-defined] # a FrozenClock
        assert retention.look() == 1
        assert {message.text for message in shop.store.conversations.messages(old.id)} == {""}
        (noted, *_) = changes_of(shop, limit=1)
        assert (noted.action, noted.subject) == ("privacy erase", "older than 30d")
        shop.clock.advance(days=2)  # type: ignore[attr-defined] # a FrozenClock
        assert retention.look() == 0

    def test_a_clock_that_was_set_back_holds_nothing_up(self, shop: Application, old: Conversation) -> None:
        assert old.id
        retention = self.keep(shop, "30d")
        shop.clock.advance(days=400)  # type: ignore[attr-defined] # a FrozenClock
        assert self.keep(shop, "500d").look() == 0
        assert retention.look() == 1
        shop.clock.advance(days=-10)  # type: ignore[attr-defined] # a FrozenClock
        assert retention.look() == 0
        assert retention._looked_at == shop.clock.now()

    def test_without_the_setting_everything_is_kept(self, shop: Application, old: Conversation) -> None:
        shop.clock.advance(days=4000)  # type: ignore[attr-defined] # a FrozenClock
        assert Retention(shop, InForce(shop), fence=0).look() == 0
        assert shop.store.conversations.messages(old.id)[0].text

    def test_by_hand(self, shop: Application, old: Conversation) -> None:
        shop.clock.advance(days=366)  # type: ignore[attr-defined] # a FrozenClock
        due = aged(shop, "365d")
        assert due == (old.id,)
        assert erase_aged(shop, due, "365d").erased.contacts == 1
        assert aged(shop, "365d") == ()


class TestFiles:
    """What came with messages goes with them, unless somebody else sent the same."""

    @pytest.fixture
    def sent(self, shop, hear):
        folder = FileFolder(shop.home.files_folder)

        def sent(content: bytes, *keys: str) -> str:
            kept = folder.keep(content, name="a.pdf", media_type="application/pdf")
            for key in keys:
                hear(shop, key, attachments=(kept,))
            return kept.hash

        return sent

    def test_they_go_with_the_contact(self, shop, sent):
        own, shared = sent(b"%PDF-1", "k1"), sent(b"%PDF-2", "k2", "k3")
        folder = FileFolder(shop.home.files_folder)
        for named in ("k1", "k2"):
            erase_known(shop, known_of(shop, named))
        assert folder.path(own) is None
        assert folder.path(shared) is not None
        erase_known(shop, known_of(shop, "k3"))
        assert folder.path(shared) is None

    def test_they_go_with_age(self, shop, sent, hear):
        own = sent(b"%PDF-1", "k1")
        conversation = hear(shop, "k1")
        stored = shop.store.conversations.conversation(conversation.id)
        shop.store.conversations.commit(Turn(conversation=stored, status=Status.CLOSED, at=shop.clock.now()))
        shop.clock.advance(days=400)
        erase_aged(shop, aged(shop, "365d"), "365d")
        assert FileFolder(shop.home.files_folder).path(own) is None
