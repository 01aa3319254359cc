"""Which words are said, in which language, and whose (ANS-6, CRE-4)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from custagent.answer.wording import Worded, Wording
from custagent.core.agent import Messages, Personality, Role
from custagent.core.answer import DecisionKind, Reason, Utterance
from custagent.core.workspace import Voice, VoiceWordList, VoiceWords
from custagent.locales import catalogue, languages
from custagent.locales.tones import PLAIN, ways

EN, SV = catalogue("en"), catalogue("sv")
PLAIN_LEAD_IN = {language: ways(language, PLAIN, Role.CUSTOMER_SERVICE, "lead_in")[0] for language in ("en", "sv")}


def said(role: str, text: str, decision: DecisionKind | None = None, reason: Reason | None = None) -> Utterance:
    return Utterance(role=role, text=text, decision=decision, reason=reason)


def dry(*avoid: str, use: dict[str, tuple[str, ...]] | None = None) -> Voice:
    return Voice(name="dry", description="Dry.", words=VoiceWords(avoid=avoid, use=use or {}), language="en")


@pytest.fixture
def wording(agent):
    def make(wanted: str, *, history=(), spoken: Voice | None = None, **rest) -> Wording:
        return Wording(agent=agent(**rest), wanted=wanted, voice=spoken, history=history)

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
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_role_and_personality_introduce_the_quote_and_leave_it_as_it_is(wording, personality, role, language):
    worded = wording(language, personality=personality, role=role).answer("Five days.", language)
    assert worded.text == f"{ways(language, personality or PLAIN, role, 'lead_in')[0]}\n\nFive days."
    assert worded.language == language


def test_a_brand_voice_is_not_put_on(wording):
    assert wording("en", voice="pirate").answer("Five days.", "en").text == f"{PLAIN_LEAD_IN['en']}\n\nFive days."


@pytest.mark.parametrize(
    ("wanted", "default", "quoted", "lead"),
    [
        ("en", "en", "sv", "I found this on a page in Swedish:"),
        ("sv", "en", "en", "Jag hittade det här på en sida på engelska:"),
        ("eo", "en", "en", "I found this on a page in English:"),
        ("eo", "sv", "eo", PLAIN_LEAD_IN["sv"]),
        ("en", "en", "eo", "I found this on a page in another language:"),
        ("en", "en", "", "I found this on a page in another language:"),
    ],
)
def test_a_quote_that_is_not_in_the_contacts_language_is_introduced_as_such(wording, wanted, default, quoted, lead):
    assert wording(wanted, default_language=default).answer("Text.", quoted).text == f"{lead}\n\nText."


@pytest.mark.parametrize("personality", Personality)
@pytest.mark.parametrize("language", languages())
def test_each_personality_says_which_language_a_foreign_page_is_in(wording, personality, language):
    foreign = next(code for code in ("en", "sv") if code != language)
    opening = wording(language, personality=personality).opening(foreign)
    assert catalogue(language).languages[foreign] in opening
    assert opening != wording(language).opening(foreign)


def test_a_short_answer_stands_for_itself_unless_it_is_foreign(wording):
    assert wording("en", personality="witty").short_answer("Yes.", "en") == Worded(text="Yes.", language="en")
    assert wording("sv").short_answer("Yes.", "en") == Worded(
        text="Jag hittade det här på en sida på engelska:\n\nYes.", language="sv"
    )


def test_a_question_back_offers_what_it_asks_about(wording):
    several = wording("en").clarify(["Delivery", "Storage"])
    assert several == Worded(text=f"{EN.compose['clarify']}\n- Delivery\n- Storage", language="en")
    assert wording("sv").clarify(["Frakt"]).text == f"{SV.compose['clarify_one']}\n- Frakt"


class TestConversations:
    """What is said depends on what was said, and on nothing else."""

    @pytest.fixture
    def talk(self, agent):
        """The agent's answers to so many questions, one after the other, in one language."""

        def make(count: int, language: str = "en", voice: Voice | None = None, **rest) -> list[str]:
            history: tuple[Utterance, ...] = ()
            for number in range(count):
                speaking = Wording(agent=agent(**rest), wanted=language, voice=voice, history=history)
                text = speaking.answer(f"Fact {number}.", language).text
                history += (said("contact", f"Question {number}?"), said("agent", text, DecisionKind.ANSWER))
            return [one.text for one in history if one.role == "agent"]

        return make

    @pytest.mark.parametrize("language", languages())
    @pytest.mark.parametrize("personality", [None, *Personality])
    @pytest.mark.parametrize("role", Role)
    def test_no_opening_comes_twice_in_a_row(self, talk, language, personality, role):
        paragraphs = [text.split("\n\n") for text in talk(7, language, personality=personality, role=role)]
        openings = [each[0] for each in paragraphs]
        assert all(openings)
        assert all(before != after for before, after in pairwise(openings))

    def test_the_same_conversation_is_worded_the_same_way(self, talk):
        assert talk(5, personality="casual") == talk(5, personality="casual")

    def test_an_offer_to_go_on_is_no_habit(self, talk):
        replies = [text.split("\n\n") for text in talk(9, personality="friendly")]
        closings = ways("en", "friendly", Role.CUSTOMER_SERVICE, "closing")
        assert [number for number, parts in enumerate(replies, 1) if parts[-1] in closings] == [2, 5, 8]
        assert [parts[1] for parts in replies] == [f"Fact {number}." for number in range(9)]
        assert replies[1][-1] != replies[4][-1]

    @pytest.mark.parametrize("asked_back", [DecisionKind.CLARIFY, DecisionKind.REPHRASE])
    def test_after_asking_back_it_asks_whether_that_was_it(self, wording, asked_back):
        history = (said("contact", "Huh?"), said("agent", "Which?", asked_back))
        assert wording("en", history=history).closing() in ways("en", PLAIN, Role.CUSTOMER_SERVICE, "closing")

    def test_small_talk_counts_for_nothing(self, wording):
        greeted = (said("contact", "Hi"), said("agent", "Hello!", DecisionKind.ANSWER, Reason.SMALL_TALK))
        assert wording("en", history=greeted).closing() == ""

    def test_it_does_not_offer_the_same_in_two_replies_in_a_row(self, wording):
        closing = ways("en", PLAIN, Role.CUSTOMER_SERVICE, "closing")[1]
        history = (said("agent", f"Which?\n\n{closing}", DecisionKind.CLARIFY),)
        assert wording("en", history=history).closing() == ""

    def test_a_fixed_text_is_put_another_way_when_it_was_just_said(self, wording):
        first = wording("en").message("rephrase").text
        again = wording("en", history=(said("agent", first, DecisionKind.REPHRASE),)).message("rephrase").text
        assert again == ways("en", PLAIN, Role.CUSTOMER_SERVICE, "rephrase")[1]
        other = (said("agent", first, DecisionKind.REPHRASE), said("contact", "x"), said("agent", "Fine."))
        assert wording("en", history=other).message("rephrase").text == first

    def test_what_there_is_one_way_to_say_is_said_again(self, wording):
        closed = wording("en", personality="witty").message("closed").text
        again = wording("en", personality="witty", history=(said("agent", closed),)).message("closed").text
        assert again == closed


class TestVoice:
    def test_another_way_is_chosen_where_one_holds_an_avoided_word(self, wording):
        told = wording("en", voice="dry", spoken=dry("pages"))
        assert told.opening("en") == "This is what I found:"
        assert wording("en", voice="dry", spoken=dry("colleague")).message("handoff").text.startswith("Somebody from")

    def test_the_preferred_word_takes_the_place_where_no_way_is_free(self, wording):
        spoken = dry(use={"people": ("team",), "teammate": ("colleague",)})
        assert "a teammate, who" in wording("en", voice="dry", spoken=spoken).message("handoff").text

    def test_an_opening_and_a_closing_are_left_out_rather_than_said_wrongly(self, wording):
        history = (said("agent", "Fact.", DecisionKind.ANSWER),)
        told = wording("en", voice="dry", spoken=dry("pages", "found", "know", "missing"), history=history)
        assert (told.opening("en"), told.closing()) == ("", "")
        assert told.answer("Fact.", "en").text == "Fact."

    def test_an_opening_that_is_the_only_one_left_is_not_said_twice_in_a_row(self, wording):
        spoken = dry("pages")
        first = wording("en", voice="dry", spoken=spoken).answer("A.", "en").text
        history = (said("agent", first, DecisionKind.ANSWER),)
        assert wording("en", voice="dry", spoken=spoken, history=history).opening("en") == ""

    def test_the_teams_own_texts_are_left_alone(self, wording):
        own = {"en": Messages(handoff="A colleague will see to it.")}
        assert (
            wording("en", voice="dry", spoken=dry("colleague"), messages=own).message("handoff").text
            == own["en"].handoff
        )

    def test_words_of_another_language_do_not_count(self, wording):
        words = VoiceWords(by_language={"de": VoiceWordList(avoid=("gift", "hej"))})
        spoken = Voice(name="dry", description="Dry.", words=words, language="de")
        assert wording("sv", voice="dry", spoken=spoken).message("greeting").text == SV.messages["greeting"]
