"""A contact's texts and identity are taken out of every file, and nothing else is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custagent.core.channel_event import PersonWrote, Unread
from custagent.core.conversation import Status
from custagent.core.handoff import HandoffSummary
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    Identity,
    IdentityKind,
    MessageKind,
    Verdict,
)
from custagent.core.note import Note
from custagent.core.notification import NotificationEvent
from custagent.runtime.runner.notifications import body_of
from custagent.store import Store
from custagent.store.conversations.search import Filter
from custagent.store.database.backup import copy_database, examine
from custagent.store.database.backup_folder import folder_of
from custagent.store.erasure import ERASED, GONE_WITH_CONTACT, OF_CONVERSATION, Erased

#: Every other column of text, and why nothing of a contact stands in it.
KEPT = {
    "contacts": {"channel"},
    "conversations": {
        "id", "channel", "status", "closed_from", "agent", "assignee", "assigned_at", "language", "opened_at",
        "last_message_at", "last_sender", "closed_at", "outcome", "silent_since", "waiting_since",
    },
    "messages": {"conversation", "sender", "kind", "at", "language", "author", "decision", "reason", "edited_at"},
    "inbound": {"channel", "conversation", "sent_at"},
    "outbox": {"channel", "conversation", "sender", "status", "next_at", "changed_at", "sent_at"},
    "outbox_parts": {"conversation", "channel", "status"},
    "reply_ways": {"conversation"},
    "channel_events": {"channel", "conversation", "at"},
    # No row of a conversation is left in it (`GONE`), nor of a contact (`GONE_WITH_CONTACT`).
    "attached_files": {"conversation", "channel", "hash", "next_at"},
    "identities": {"channel", "kind", "value"},
    "opt_outs": {"at"},
    "watermarks": {"status", "until"},
    "feedback": {"conversation", "verdict", "at"},
    "judgements": {"conversation", "author", "verdict", "at"},
    "snoozes": {"conversation", "until"},
    "notes": {"conversation", "author", "at"},
    # No row of a conversation is left in it (`GONE`).
    "drafts": {"conversation", "author", "text", "at"},
    "seen": {"conversation", "user"},
    "givings": {"conversation", "assignee", "at"},
    # Names messages and repeats none of their words.
    "handoffs": {"conversation", "at", "summary"},
    "recaps": {"conversation", "outcome", "language", "model", "at"},
    "gap_questions": {"conversation", "engine"},
    # Written for people, without a contact's words (`core.notice`).
    "notices": {"key", "kind", "permission", "conversation", "text", "at"},
    # What was sent holds no contact's words either (`core.notification`); faults are told in our own.
    "notifications": {
        "id", "webhook", "event", "conversation", "body", "at", "status", "since", "next_at", "changed_at", "error",
    },
    "credit_entries": {"key", "kind", "conversation", "policy", "at", "previous_hash", "hash"},
    # About definitions and settings, and about conversations by number.
    "audit": {"at", "actor", "action", "subject", "before", "after", "git_commit"},
}  # fmt: skip
#: Content, settings and the runner: nobody's.
OF_NOBODY = {
    "documents", "chunks", "source_documents", "sources", "source_problems", "vectors", "applied_versions", "pauses",
    "channel_checks", "channel_pauses", "channel_troubles", "lease", "absences", "passwords", "invitations", "sessions", "sign_in_failures",
    "notified", "stopped_webhooks", "channel_progress",
    # A gap has no words of its own: it is called by one of its questions.
    "gaps", "gaps_read",
    # Nobody knows yet whose they are; they go after some days (`EVENTS_KEPT`), and with whom they name.
    "early_changes", "early_updates", "unread_items",
}  # fmt: skip

#: When it is done; only the time at which a live conversation ends.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MARK = "zebra"
SECRET = f"{MARK}-4711 lives in Umeå"


def test_every_column_of_text_was_thought_of(store, path):
    """Whoever adds a column says here whether erasing takes it."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                " AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'message_words%'"
            )
            if name not in OF_NOBODY
        ]
        for table in tables:
            columns = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
            text = {row[1] for row in columns if row[2] == "TEXT"}
            assert text == KEPT[table] | ERASED.get(table, {}).keys(), table
    assert set(tables) == KEPT.keys()
    assert {*OF_CONVERSATION, *GONE_WITH_CONTACT, "contacts"} == KEPT.keys()


def tell(store, updates, desk) -> None:
    store.outbox.note_all_soon(updates, desk.clock.now()).result()


@pytest.fixture
def told(store, desk):
    """One contact who left something everywhere, and one who has the same words."""
    begun = desk.hear(
        f"I am Ada, {SECRET}", key=f"key-{MARK}", contact_name=f"Ada {MARK}", external_id=f"wamid-{MARK}",
        body_hash=f"hash-{MARK}", attachments=(Attachment(name=f"{MARK}.jpg", reference=f"media-{MARK}"),),
        identities=(Identity(kind=IdentityKind.PHONE, value=f"4670-{MARK}"),), reply_details={"subject": SECRET},
    )  # fmt: skip
    (reply,) = desk.say(begun.conversation, MessageKind.ANSWER)
    piece = DeliveryReceipt(status=DeliveryStatus.SENT, external_id=f"piece-{MARK}")
    tell(store, [DeliveryUpdate(channel="chat", receipt=piece, outbound=reply.id, part=1, last=False)], desk)
    unread = Unread(channel="chat", kind="poll", content=f'{{"from": "key-{MARK}"}}', content_hash="h1")
    others = Unread(channel="chat", kind="poll", content='{"from": "key-bo"}', content_hash="h2")
    wrote = PersonWrote(
        channel="chat", external_id=f"echo-{MARK}", contact_key=f"key-{MARK}", text=SECRET, at=desk.clock.now()
    )
    store.outbox.record(
        reply.id, DeliveryReceipt(status=DeliveryStatus.SENT, external_id=f"sent-{MARK}"), desk.clock.now()
    )
    store.channel_news.take_soon([unread, others, wrote], desk.clock.now(), threadings=desk.THREADINGS).result()
    desk.hear(f"And again {SECRET}", key=f"key-{MARK}")
    store.search.note_words()
    desk.hear(f"Not noted yet: {SECRET}", key=f"key-{MARK}")
    told = f"Called back: {SECRET}"
    store.notes.add(Note(conversation=begun.conversation.id, author="anna", text=told, at=desk.clock.now()))
    store.notes.keep_draft(begun.conversation.id, "anna", f"Dear Ada {MARK}", desk.clock.now())
    other = desk.hear("I am Bo, and stay", key="key-bo")
    return begun.conversation, other.conversation, reply


def erase(store, named: str) -> Erased:
    contacts = store.erasure.find(named)
    ids = [contact.id for contact in contacts]
    done = store.erasure.erase(ids, store.erasure.conversations_of(ids), NOW)
    store.erasure.scrub()
    return done


def holding(folder: Path, words: str) -> list[str]:
    """The files below the folder with these words in them, however they are spelt."""
    spelt = [words.encode(), words.upper().encode(), words.encode("utf-16-le")]
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(one in path.read_bytes() for one in spelt)
    ]


def test_no_file_holds_it_afterwards(store, told, path):
    assert holding(path.parent, MARK)
    done = erase(store, f"key-{MARK}")
    assert done == Erased(contacts=1, conversations=1, messages=5)
    assert [one.content for one in store.channel_news.unread()] == ['{"from": "key-bo"}']
    assert holding(path.parent, MARK) == []
    assert holding(path.parent, "Umeå") == []


def test_nothing_is_left_of_what_people_wrote_about_them_but_that_they_did(store, told, desk):
    ada, bo, _ = told
    store.notes.add(Note(conversation=bo.id, author="anna", text="Of Bo", at=desk.clock.now()))
    erase(store, f"key-{MARK}")
    assert [(note.author, note.text) for note in store.notes.of(ada.id)] == [("anna", "")]
    assert store.notes.drafts_of(ada.id) == {}
    assert [note.text for note in store.notes.of(bo.id)] == ["Of Bo"]


def test_what_webhooks_were_told_of_them_holds_nothing_of_theirs(store, desk, path):
    """It stays, as ids, times and decisions do."""
    conversation = desk.hear(f"I am Ada, {SECRET}", key=f"key-{MARK}", contact_name=f"Ada {MARK}").conversation
    summary = HandoffSummary(reason="angry")
    desk.say(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna", summary=summary)
    everything = {"hook": tuple(NotificationEvent)}
    written: list[str] = []

    def write(id_, happening):
        written.append(body_of(id_, happening, "https://chat.northwind.example"))
        return written[-1]

    assert store.notifications.collect(everything, write, desk.clock.now()) == 1
    assert MARK not in written[0]
    erase(store, f"key-{MARK}")
    assert holding(path.parent, MARK) == []
    (kept,) = store.notifications.due(desk.clock.now(), webhooks=["hook"], limit=9)
    assert kept.body == written[0]


def test_what_figures_are_made_of_stays(store, told, desk):
    ada, _, reply = told
    before = store.ledger.entries()
    erase(store, f"key-{MARK}")
    kept = store.conversations.conversation(ada.id)
    assert kept.status.value == "closed"
    messages = store.conversations.messages(ada.id)
    assert [message.kind.value for message in messages] == ["inbound", "answer", "person", "inbound", "inbound"]
    assert {message.text for message in messages} == {""}
    assert store.ledger.entries() == before
    assert store.ledger.verify() is None
    assert store.outbox.statuses(ada.id)[reply.id] is DeliveryStatus.SENT


def test_nobody_elses_words_go(store, told):
    bo = told[1]
    erase(store, f"key-{MARK}")
    (said,) = store.conversations.messages(bo.id)
    assert said.text == "I am Bo, and stay"
    assert store.conversations.conversation(bo.id).status.value == "pending"


def test_the_search_finds_the_others_and_goes_on(store, told, desk):
    erase(store, f"key-{MARK}")
    desk.hear("A new word, giraffe", key="key-bo")
    store.search.note_words()
    assert store.search.find(MARK, Filter(), limit=5) == ()
    assert len(store.search.find("giraffe", Filter(), limit=5)) == 1
    assert len(store.search.find("stay", Filter(), limit=5)) == 1
    store.check()


def test_what_waits_is_not_sent_and_its_charge_goes_back(store, desk, clock):
    begun = desk.hear("hello", key="key-ada")
    (reply,) = desk.say(begun.conversation, MessageKind.ANSWER)
    assert store.ledger.balance() == -100
    erase(store, "key-ada")
    assert store.outbox.statuses(begun.conversation.id)[reply.id] is DeliveryStatus.DROPPED
    assert store.outbox.due(clock.now() + timedelta(days=1), limit=9) == ()
    assert store.ledger.balance() == 0
    assert store.conversations.unhandled(limit=9) == ()


def test_a_message_that_comes_later_is_a_new_contact(store, desk):
    first = desk.hear("hello", key="key-ada")
    erase(store, "key-ada")
    again = desk.hear("hello again", key="key-ada")
    assert again.new
    assert again.conversation.contact.id != first.conversation.contact.id


def test_twice_is_once(store, told):
    ids = [contact.id for contact in store.erasure.find(f"key-{MARK}")]
    conversations = store.erasure.conversations_of(ids)
    for _ in range(2):
        store.erasure.erase(ids, conversations, NOW)
    store.check()


def test_the_verdict_stays(store, told, desk):
    ada, _, reply = told
    store.feedback.give(reply.id, Verdict.DOWN, desk.clock.now(), channel=ada.channel, contact_key=f"key-{MARK}")
    erase(store, f"key-{MARK}")
    assert store.feedback.verdicts(ada.id) == {reply.id: Verdict.DOWN}


class TestWhoIsMeant:
    @pytest.mark.parametrize(
        "typed", ["46701234567", "+46701234567", "+46 (70) 123-45.67", "0046 70 1234567", " 46701234567 "]
    )
    def test_a_telephone_number_however_it_is_typed(self, store, desk, typed):
        desk.hear(key="46701234567")
        desk.hear(key="46701234568")
        assert [contact.key for contact in store.erasure.find(typed)] == ["46701234567"]

    def test_an_address_on_every_channel_whatever_its_case(self, store, desk):
        chat = desk.hear(key="visitor").conversation.contact
        store.conversations.save_contact(replace(chat, email="Ada@Example.com"))
        desk.hear(key="ada@example.com", channel="mail")
        assert [contact.channel for contact in store.erasure.find("ADA@example.com")] == ["chat", "mail"]

    def test_a_number_is_a_contact(self, store, desk):
        contact = desk.hear(key="k9").conversation.contact
        assert store.erasure.find(str(contact.id)) == (contact,)

    @pytest.mark.parametrize("typed", ["", " ", "k", "ada@example", "12345678", "%", "k1'--"])
    def test_nobody(self, store, desk, typed):
        desk.hear(key="k1")
        assert store.erasure.find(typed) == ()

    def test_others_who_wrote_the_same_are_told(self, store, desk):
        own = desk.hear("I am ada@example.com", key="ada@example.com").conversation.id
        other = desk.hear("My wife is Ada@example.com", key="k2").conversation.id
        assert store.erasure.mentions("ada@example.com", beside=[own]) == (other,)


def test_every_row_about_them_is_written_out(store, told, path):
    ada = told[0]
    rows = store.erasure.rows_of([ada.contact.id], [ada.id])
    assert rows.keys() == KEPT.keys()
    assert [len(rows[table]) for table in ("contacts", "conversations", "messages", "inbound", "outbox")] == [
        1, 1, 5, 3, 1,
    ]  # fmt: skip
    bo = told[1]
    assert "I am Bo, and stay" not in str(rows)
    assert bo.id not in str(rows)
    assert f"Ada {MARK}" in str(rows)
    assert [row["kind"] for row in rows["credit_entries"]] == ["charge"]


class TestByAge:
    def test_what_ended_long_ago_and_still_has_texts(self, store, told, desk, clock):
        ada, bo, _ = told
        store.conversations.commit(desk.turn(ada, status=Status.CLOSED))
        clock.advance(days=366)
        since = clock.now() - timedelta(days=365)
        assert store.erasure.older_than(since) == (ada.id,)
        assert store.erasure.erase((), [ada.id], clock.now()) == Erased(contacts=1, conversations=1, messages=5)
        assert store.erasure.older_than(since) == ()
        assert store.conversations.messages(bo.id)[0].text
        assert store.erasure.older_than(clock.now() - timedelta(days=367)) == ()

    def test_who_wrote_again_since_keeps_their_name(self, store, desk, clock):
        old = desk.hear("old", key="k1", contact_name="Ada").conversation
        store.conversations.commit(desk.turn(old, status=Status.CLOSED))
        clock.advance(days=366)
        desk.hear("new", key="k1")
        done = store.erasure.erase((), [old.id], clock.now())
        assert done.contacts == 0
        assert [contact.name for contact in store.erasure.find("k1")] == ["Ada"]


@pytest.mark.usefixtures("told")
class TestBackups:
    @pytest.fixture
    def backup(self, told, path) -> Path:  # noqa: ARG002 - after they have written
        folder = folder_of(path)
        folder.mkdir()
        target = folder / "custagent-20261101-120000.db"
        copy_database(path, target)
        return target

    def all_erased(self, store) -> list[tuple[str, str]]:
        contacts = store.erasure.find(f"key-{MARK}")
        conversations = store.erasure.conversations_of([contact.id for contact in contacts])
        erase(store, f"key-{MARK}")
        return [(path.name, reason) for path, reason in store.erasure.in_backups(contacts, conversations)]

    def test_they_are_changed_too_and_can_be_put_back(self, store, backup, path):
        assert holding(backup.parent, MARK) == [backup.name]
        before = examine(backup)
        assert self.all_erased(store) == [(backup.name, "")]
        assert holding(path.parent, MARK) == []
        assert examine(backup) == before

    def test_one_that_holds_nothing_of_them_stays_to_the_byte(self, store, path, desk):
        folder = folder_of(path)
        folder.mkdir()
        with Store(folder / "custagent-20261001-120000.db", desk.clock):
            pass
        empty = (folder / "custagent-20261001-120000.db").read_bytes()
        self.all_erased(store)
        assert (folder / "custagent-20261001-120000.db").read_bytes() == empty

    def test_one_that_cannot_be_read_is_named(self, store, backup):
        broken = backup.with_name("replaced-20261102-120000.db")
        content = bytearray(backup.read_bytes())
        content[4096:12288] = b"\xff" * 8192
        broken.write_bytes(content)
        told_of = dict(self.all_erased(store))
        assert told_of[backup.name] == ""
        assert told_of[broken.name]
        assert broken.read_bytes() == content
