"""Conversations are found by what they are and by their words, page by page, however they are written."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.conversation import Status
from custagent.core.message import MessageKind, Sender
from custagent.store.conversations.search import FOUND, NOBODY, Filter, _query

EVERY = Filter()


@pytest.fixture
def four(desk, clock):
    """By name: one each of the agent's, for nobody yet, anna's and closed, an hour apart, the last one latest."""
    made = {}
    made["pending"] = desk.hear("How do I get a refund?", key="k1", language="en", contact_name="Ada Lovelace")
    clock.advance(hours=1)
    made["waiting"] = desk.hear("Jag vill ha pengarna tillbaka", key="k2", agent="", channel="mail", language="sv")
    clock.advance(hours=1)
    made["anna's"] = desk.hear("The zipper is broken", key="k3", contact_name="Bo")
    desk.say(made["anna's"].conversation, status=Status.OPEN, assignee="user:anna")
    clock.advance(hours=1)
    made["closed"] = desk.hear("Thanks for the refund", key="k4")
    desk.say(made["closed"].conversation, status=Status.CLOSED)
    return {name: begun.conversation.id for name, begun in made.items()}


@pytest.fixture
def listed(store, four):
    names = {conversation: name for name, conversation in four.items()}
    return lambda wanted=EVERY, **page: [names[one.id] for one in store.search.list(wanted, **({"limit": 9} | page))]


class TestListing:
    def test_the_latest_come_first(self, listed):
        assert listed() == ["closed", "anna's", "waiting", "pending"]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filter(status=Status.PENDING), ["pending"]),
            (Filter(channel="mail"), ["waiting"]),
            (Filter(agent="ada"), ["closed", "anna's", "pending"]),
            (Filter(language="sv"), ["waiting"]),
            (Filter(assignee="user:anna"), ["anna's"]),
            (Filter(assignee=NOBODY), ["waiting"]),
            (Filter(contact="lovelace"), ["pending"]),
            (Filter(contact="k3"), ["anna's"]),
            (Filter(contact="2"), ["waiting"]),
            (Filter(contact="100%' OR true --"), []),
            (Filter(channel="chat", status=Status.OPEN), ["anna's"]),
        ],
    )
    def test_a_filter_leaves_the_rest_out(self, listed, wanted, found):
        assert listed(wanted) == found

    def test_by_email_whatever_its_capitals(self, store, listed, four):
        contact = store.conversations.conversation(four["pending"]).contact
        store.conversations.save_contact(replace(contact, email="Ada@Example.org"))
        assert listed(Filter(contact="ada@example.ORG")) == ["pending"]

    def test_by_time_from_the_first_moment_and_before_the_last(self, listed, clock):
        now, hour = clock.now(), timedelta(hours=1)
        assert listed(Filter(since=now)) == ["closed"]
        assert listed(Filter(since=now - hour, until=now)) == ["anna's"]
        assert listed(Filter(until=now - 3 * hour)) == []

    def test_pages_join_without_a_gap(self, listed, four):
        first = listed(limit=2)
        assert listed(limit=9, before=four[first[-1]]) == ["waiting", "pending"]
        assert listed(limit=9, before=four["pending"]) == []

    def test_pages_of_a_filter(self, listed, four):
        assert listed(Filter(agent="ada"), limit=1, before=four["closed"]) == ["anna's"]


class TestWords:
    @pytest.fixture
    def found(self, store, four):
        names = {conversation: name for name, conversation in four.items()}
        store.search.note_words()
        return lambda words, wanted=EVERY, **page: [
            names[hit.conversation.id] for hit in store.search.find(words, wanted, **({"limit": 9} | page))
        ]

    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ("refund", ["closed", "pending"]),
            ("REFÜND", ["closed", "pending"]),
            ("refund get", ["pending"]),
            ("ref*", ["closed", "pending"]),
            ("ref", []),
            ('"zipper is"', ["anna's"]),
            ('"is zipper"', []),
            ('"the ref"*', ["closed"]),
            ("penga*", ["waiting"]),
            ("nothing", []),
            ("refund OR zipper", []),
            ("NOT", []),
            ('ref"und', []),
            ("text:refund", []),
            ("^the", ["closed", "anna's"]),
            ("(refund)", ["closed", "pending"]),
            ("*", []),
            ('""', []),
            ("-refund", ["closed", "pending"]),
        ],
    )
    def test_all_must_be_in_one_message(self, found, words, names):
        assert found(words) == names

    def test_with_a_filter_and_page_by_page(self, found, four):
        assert found("refund", Filter(status=Status.PENDING)) == ["pending"]
        assert found("refund", limit=1) == ["closed"]
        assert found("refund", limit=9, before=four["closed"]) == ["pending"]

    def test_a_conversation_comes_once_with_its_latest_message(self, store, desk, clock):
        begun = desk.hear("A refund, please")
        said = desk.say(begun.conversation, MessageKind.ANSWER)
        again = desk.hear("Where is that\nrefund of 20 euros?")
        store.search.note_words()
        (hit,) = store.search.find("refund", EVERY, limit=9)
        assert (hit.messages, hit.message, hit.sender, hit.at) == (2, again.message.id, Sender.CONTACT, clock.now())
        assert hit.snippet == f"Where is that {FOUND}refund{FOUND} of 20 euros?"
        assert said[0].id != hit.message

    def test_a_long_text_is_cut_around_the_word(self, store, desk):
        desk.hear("before " * 100 + "refund " + "after " * 100)
        store.search.note_words()
        (hit,) = store.search.find("refund", EVERY, limit=9)
        assert len(hit.snippet.split()) <= 20
        assert hit.snippet.startswith("…")
        assert hit.snippet.endswith("…")

    @given(words=st.text(max_size=40))
    def test_whatever_is_typed_is_only_words(self, words):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(text)")
            query = _query(words)
            if query:
                connection.execute("SELECT * FROM t WHERE t MATCH ?", (query.encode("utf-8", "replace").decode(),))


class TestNoting:
    def test_only_what_is_new_is_read(self, store, desk):
        for number in range(3):
            desk.hear(f"word{number}", key=f"k{number}")
        told = []
        assert store.search.note_words(lambda done, of: told.append((done, of))) == 3
        assert told == [(0, 3)]
        assert store.search.note_words() == 0
        desk.hear("fresh")
        assert store.search.find("fresh", EVERY, limit=9) == ()
        assert store.search.note_words() == 1
        assert len(store.search.find("fresh", EVERY, limit=9)) == 1

    def test_many_are_read_in_portions_that_let_others_write(self, store, desk, monkeypatch):
        monkeypatch.setattr("custagent.store.conversations.search._NOTED_AT_ONCE", 2)
        for number in range(5):
            desk.hear(f"word{number}", key=f"k{number}")
        seen = []

        def progress(done, of):
            seen.append((done, of))
            if done == 2:
                desk.hear("meanwhile", key="k9")

        assert store.search.note_words(progress) == 5
        assert seen == [(0, 5), (2, 5), (4, 5)]
        assert store.search.find("word4", EVERY, limit=9)
        assert not store.search.find("meanwhile", EVERY, limit=9)
        assert store.search.note_words() == 1

    @pytest.mark.usefixtures("store")
    def test_receiving_costs_nothing_for_it(self, desk, path):
        desk.hear("word")
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM message_words_docsize").fetchone() == (0,)
