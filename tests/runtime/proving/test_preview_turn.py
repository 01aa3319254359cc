"""What a contact would see of a preview's answer, by the code that writes each channel's messages, and who would get it."""

from __future__ import annotations

import pytest

from custagent.channels.whatsapp.replies import LONGEST_TEXT
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Decision, DecisionKind, Reason
from custagent.core.document import Citation
from custagent.core.errors import UnknownName
from custagent.core.people import Availability
from custagent.runtime.proving.preview_turn import bubbles, kind_of_channel, who_gets

GROUNDED = Decision(kind=DecisionKind.ANSWER, reason=Reason.GROUNDED, confidence=0.9)
ASKS = Decision(kind=DecisionKind.CLARIFY, reason=Reason.AMBIGUOUS, confidence=0.6)
PERSON = Decision(kind=DecisionKind.HANDOFF, reason=Reason.ASKED_FOR_PERSON, confidence=0.0)
PAGE = "https://help.example/refunds"
CITED = Citation(title="Refunds", source=PAGE, location=PAGE, quote="Five days.")
OPTIONS = ("E-bikes", "Used bikes")
MAIL = """
channels:
  - {name: mail, kind: email, address: help@northwind.example, imap_host: imap.northwind.example,
     smtp_host: smtp.northwind.example, username: help, password: "${MAIL}", signature: "Northwind, Lund"}
"""


def answer(text: str = "Five days.", decision: Decision = GROUNDED, **rest) -> Answer:
    return Answer(decision=decision, text=text, language="en", **rest)


@pytest.fixture(autouse=True)
def _made_before(home, blank_database) -> None:
    home.database.write_bytes(blank_database)


@pytest.fixture
def see(app):
    """What a contact sees on a channel."""

    def look(channel: str, given: Answer, *, first: bool = False, agent: AgentDefinition | None = None):
        return bubbles(app, agent or AgentDefinition(name="support"), channel, "How long?", given, first=first)

    return look


def test_a_chat_shows_sources_as_cards_and_choices_as_buttons(see):
    (one,) = see("live-chat", answer(citations=(CITED,), options=OPTIONS))
    assert (one.text, one.cards, one.buttons) == ("Five days.", ("Refunds",), OPTIONS)


def test_the_first_reply_says_before_all_else_that_it_is_an_ai(see):
    first, second = see("live-chat", answer(), first=True)
    assert "AI" in first.text
    assert second.text == "Five days."


def test_whatsapp_gets_plain_text_with_the_link_in_it(see):
    (one,) = see("whatsapp", answer(citations=(CITED,)))
    assert (one.text, one.cards, one.buttons) == (f"Five days.\n\n{PAGE}", (), ())


def test_whatsapp_offers_few_short_choices_as_buttons_and_longer_ones_as_a_list(see):
    (short,) = see("whatsapp", answer("Which?\n- E-bikes\n- Used bikes", ASKS, options=OPTIONS))
    assert (short.text, short.buttons, short.opens_with) == ("Which?", OPTIONS, "")
    long = ("E-bikes that we sell, and those of others", "Used bikes")
    (listed,) = see("whatsapp", answer("Which?", ASKS, options=long))
    assert listed.opens_with == "Choose"
    assert listed.buttons == ("E-bikes that we sell, a… · E-bikes that we sell, and those of others", "Used bikes")


def test_a_long_reply_goes_out_in_the_pieces_that_the_channel_takes(see):
    text = "word " * 2_000
    pieces = see("whatsapp", answer(text))
    assert [len(one.text) <= LONGEST_TEXT for one in pieces] == [True] * 3
    assert len(see("messenger", answer(text))) > len(pieces)
    assert len(see("live-chat", answer(text))) == 1


def test_messenger_shows_as_much_of_a_choice_as_fits_its_button(see):
    (one,) = see("messenger", answer("Which?", ASKS, options=("E-bikes that we sell here", "Used bikes")))
    assert one.buttons == ("E-bikes that we sel…", "Used bikes")


def test_mail_is_one_text_with_disclosure_choices_and_signature(see, home):
    with home.workspace_file.open("a", encoding="utf-8") as file:
        file.write(MAIL)
    (one,) = see("mail", answer("Which?", ASKS, options=OPTIONS), first=True)
    assert "AI" in one.text.split("\n\n")[0]
    assert one.text.endswith("- E-bikes\n- Used bikes\n\n-- \nNorthwind, Lund")
    assert one.buttons == ()


@pytest.mark.usefixtures("staffed")
def test_a_handoff_says_what_the_channel_would_say(see):
    given = answer("whatever", PERSON)
    (stays,) = see("live-chat", given)
    assert "available" in stays.text
    terms = Assignment(channel="live-chat", handoff=Handoff(mode="transfer", to=("user:anna",)))
    (goes,) = see("live-chat", given, agent=AgentDefinition(name="support", assignments=(terms,)))
    assert "available" not in goes.text


def test_a_channel_that_there_is_not_is_told_with_those_that_there_are(app):
    with pytest.raises(UnknownName, match="'fax'") as caught:
        kind_of_channel(app, "fax")
    assert "whatsapp" in caught.value.hint


@pytest.mark.usefixtures("staffed")
class TestWhoGets:
    @staticmethod
    def would(app, *to: str, language: str = "en"):
        terms = Assignment(channel="web", handoff=Handoff(mode="transfer" if to else "stay", to=to))
        return who_gets(app, AgentDefinition(name="support", assignments=(terms,)), terms, language=language)

    def test_who_speaks_the_language_gets_it(self, app):
        swedish = self.would(app, "user:anna", "user:cleo", language="sv")
        assert swedish.chosen
        assert swedish.chosen.name == "cleo"
        assert [(user.name, one) for user, one in swedish.people] == [
            ("anna", Availability.AVAILABLE), ("cleo", Availability.AVAILABLE),
        ]  # fmt: skip
        english = self.would(app, "user:anna", "user:cleo")
        assert english.chosen
        assert english.chosen.name == "anna"
        assert "colleague" in english.told

    def test_where_nobody_is_there_it_waits_in_the_queue(self, app):
        would = self.would(app, "team:night")
        assert (would.chosen, would.queue) == (None, "team:night")
        assert [one for _, one in would.people] == [Availability.NO_SEAT]
        assert "available" in would.told

    def test_an_agent_that_stays_names_nobody(self, app):
        would = self.would(app)
        assert (would.chosen, would.queue, would.people) == (None, "", ())

    def test_looking_keeps_nothing(self, app):
        self.would(app, "user:anna")
        assert app.store.conversations.list() == ()
        assert app.store.handoffs.owners() == {}
