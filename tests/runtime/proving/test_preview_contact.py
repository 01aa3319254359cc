"""A contact as whom a preview goes on: found as people name them, and left as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custagent.core.answer import DecisionKind
from custagent.core.errors import UnknownName
from custagent.core.message import MessageKind
from custagent.runtime.proving.preview_contact import find_contact


@pytest.fixture(autouse=True)
def _made_before(home, blank_database) -> None:
    home.database.write_bytes(blank_database)


@pytest.fixture
def greta(app, hear, reply):
    """Who wrote in German, and got an answer."""
    conversation = hear(app, text="Wie lange?", language="de", contact_name="Greta Holm")
    reply(app, conversation, MessageKind.DISCLOSURE)
    reply(app, conversation, decision="answer", reason="grounded")
    contact = replace(conversation.contact, email="greta@northwind.example")
    app.store.conversations.save_contact(contact)
    return contact


@pytest.mark.parametrize("named", ["greta@northwind.example", " GRETA@northwind.example ", "k1", "1"])
def test_they_are_found_as_people_name_them(app, greta, named):
    found = find_contact(app, named)
    assert (found.contact.id, found.called, found.language) == (greta.id, "Greta Holm", "de")


def test_what_was_said_is_told_as_the_agent_would_be_told_it(app, greta):
    del greta
    said = [(one.role, one.text, one.decision) for one in find_contact(app, "k1").history]
    assert said == [("contact", "Wie lange?", None), ("agent", "Svar.", DecisionKind.ANSWER)]


def test_of_several_who_wrote_last_is_meant(app, greta, hear):
    app.clock.advance(minutes=5)
    other = hear(app, key="k2", text="Again?").contact
    app.store.conversations.save_contact(replace(other, email=greta.email))
    assert find_contact(app, "greta@northwind.example").contact.id == other.id


def test_who_never_wrote_is_nobody(app, greta):
    del greta
    with pytest.raises(UnknownName, match=r"'anna@x\.example'"):
        find_contact(app, "anna@x.example")


def test_who_has_no_name_is_called_by_what_is_known(app, hear):
    hear(app, key="k3")
    assert find_contact(app, "k3").called == "contact 1"


def test_looking_changes_nothing(app, greta):
    del greta
    before = app.store.changes(), app.store.conversations.list()
    find_contact(app, "k1")
    assert (app.store.changes(), app.store.conversations.list()) == before
