"""Which words are said, in which language, and whose (ANS-6, CRE-4)."""

from __future__ import annotations

import pytest

from custagent.answer.wording import Worded, Wording
from custagent.core.agent import Messages, Personality, Role
from custagent.locales import catalogue

EN, SV = catalogue("en"), catalogue("sv")


@pytest.fixture
def wording(agent):
    def make(wanted: str, **rest) -> Wording:
        return Wording(agent=agent(**rest), wanted=wanted)

    return make


def test_a_fixed_text_is_in_the_contacts_language(wording):
    assert wording("sv").message("rephrase") == Worded(text=SV.messages["rephrase"], language="sv")
    assert wording("en", default_language="sv").message("rephrase").text == EN.messages["rephrase"]


@pytest.mark.parametrize(("default", "expected"), [("sv", "sv"), ("en", "en"), ("ja", "en")])
def test_without_texts_in_it_they_are_in_the_agents_language_else_in_english(wording, default, expected):
    told = wording("eo", default_language=default)
    assert told.message("handoff") == Worded(text=catalogue(expected).messages["handoff"], language=expected)
    assert told.fixed("thanks") == Worded(text=catalogue(expected).compose["thanks"], language=expected)


def test_the_agents_own_text_comes_first(wording):
    own = {"en": Messages(rephrase="Pardon?"), "sv": Messages(handoff="Vänta!")}
    assert wording("en", messages=own).message("rephrase") == Worded(text="Pardon?", language="en")
    assert wording("sv", messages=own).message("rephrase").text == SV.messages["rephrase"]
    assert wording("sv", messages=own).message("handoff").text == "Vänta!"


def test_an_agent_may_speak_a_language_that_has_no_catalogue(wording):
    own = {"eo": Messages(greeting="Saluton!"), "en": Messages(rephrase="Pardon?")}
    told = wording("eo", messages=own)
    assert told.message("greeting") == Worded(text="Saluton!", language="eo")
    assert told.message("rephrase") == Worded(text="Pardon?", language="en")
    assert told.message("closed") == Worded(text=EN.messages["closed"], language="en")


def test_a_role_words_some_texts_otherwise_until_the_agent_has_its_own(wording):
    sales = {"role": Role.SALES_REPRESENTATIVE}
    assert wording("en", **sales).message("greeting").text == EN.role_messages["sales-representative"]["greeting"]
    assert wording("en", **sales).message("greeting") != wording("en").message("greeting")
    assert wording("en", **sales).message("closed") == wording("en").message("closed")
    own = {"en": Messages(greeting="Ahoy!")}
    assert wording("en", messages=own, **sales).message("greeting").text == "Ahoy!"


@pytest.mark.parametrize("personality", [None, *Personality])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_personality_introduces_the_quote_and_leaves_it_as_it_is(wording, personality, language):
    worded = wording(language, personality=personality).answer("Five days.", language)
    assert worded.text == f"{catalogue(language).lead_in[personality or 'plain']}\n\nFive days."
    assert worded.language == language


@pytest.mark.parametrize("personality", [None, *Personality])
@pytest.mark.parametrize("role", [Role.MARKETING_SPECIALIST, Role.SALES_REPRESENTATIVE])
def test_a_role_introduces_the_quote_its_own_way(wording, personality, role):
    worded = wording("de", personality=personality, role=role).answer("Five days.", "de")
    assert worded.text == f"{catalogue('de').role_lead_in[role][personality or 'plain']}\n\nFive days."
    assert worded != wording("de", personality=personality).answer("Five days.", "de")


def test_a_brand_voice_is_not_put_on(wording):
    assert wording("en", voice="pirate").answer("Five days.", "en").text.startswith(EN.lead_in["plain"])


@pytest.mark.parametrize(
    ("wanted", "default", "quoted", "lead"),
    [
        ("en", "en", "sv", "I found this on a page in Swedish:"),
        ("sv", "en", "en", "Jag hittade det här på en sida på engelska:"),
        ("eo", "en", "en", "I found this on a page in English:"),
        ("eo", "sv", "eo", SV.lead_in["plain"]),
        ("en", "en", "eo", "I found this on a page in another language:"),
        ("en", "en", "", "I found this on a page in another language:"),
    ],
)
def test_a_quote_that_is_not_in_the_contacts_language_is_introduced_as_such(wording, wanted, default, quoted, lead):
    assert wording(wanted, default_language=default).answer("Text.", quoted).text == f"{lead}\n\nText."


def test_a_short_answer_stands_for_itself_unless_it_is_foreign(wording):
    assert wording("en", personality="witty").short_answer("Yes.", "en") == Worded(text="Yes.", language="en")
    assert wording("sv").short_answer("Yes.", "en") == Worded(
        text="Jag hittade det här på en sida på engelska:\n\nYes.", language="sv"
    )


def test_a_question_back_offers_what_it_asks_about(wording):
    several = wording("en").clarify(["Delivery", "Storage"])
    assert several == Worded(text=f"{EN.compose['clarify']}\n- Delivery\n- Storage", language="en")
    assert wording("sv").clarify(["Frakt"]).text == f"{SV.compose['clarify_one']}\n- Frakt"
