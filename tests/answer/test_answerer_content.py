"""Short answers with their days, and content in several languages (SRC-1, ANS-6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from custagent.core.agent import Messages, Personality
from custagent.core.answer import DecisionKind, Question, Reason, Utterance
from custagent.core.document import ScoredChunk
from custagent.core.ports import Retrieval, Search
from custagent.core.workspace import Workspace
from custagent.locales import catalogue
from custagent.locales.tones import tones
from custagent.testing import FrozenClock, ScriptedModel

EN, SV = catalogue("en"), catalogue("sv")
ASKED = "Do you take PayPal as payment?"


@pytest.fixture(scope="module")
def short_answer(chunk):
    def make(question: str, answer: str, **rest):
        location = f"short-answer:{question}"
        return chunk(answer, location=location, title=question, question=question, **rest)

    return make


ENGLISH = "We pay refunds to your card within five working days."
SWEDISH = "Vi betalar återbetalningar till ditt kort inom fem arbetsdagar."


@pytest.fixture(scope="module")
def shop(shared_content, chunk, short_answer):
    content = shared_content()
    content.add(
        [chunk("We take cards and Swish for payment.", location="pay.md", title="Ways to pay")], source="pay.md"
    )
    content.add([short_answer(ASKED, "No, not yet.")], source=ASKED)
    return content


@pytest.fixture(scope="module")
def bilingual(shared_content, chunk):
    content = shared_content()
    content.add([chunk(ENGLISH, location="en.md", title="Refunds")], source="en.md")
    content.add([chunk(SWEDISH, location="sv.md", title="Återbetalningar", language="sv")], source="sv.md")
    return content


@pytest.fixture(scope="module")
def english(shared_content, chunk):
    content = shared_content()
    content.add([chunk(ENGLISH, location="en.md", title="Refunds")], source="en.md")
    return content


class Found:
    """A Retriever that has found these passages, whatever is asked."""

    def __init__(self, *chunks: ScoredChunk, **rarity: float) -> None:
        self._found = Retrieval(chunks=chunks, rarity={"en": rarity}, timings_ms={})

    def retrieve(self, _search: Search, *, limit: int) -> Retrieval:
        return replace(self._found, chunks=self._found.chunks[:limit])

    def holding(self, _text: str, _language: str) -> dict[str, int]:
        return {}


class TestOtherLanguages:
    """What nothing in the contact's language answers is looked for in the others (ANS-6)."""

    def asked(self, shop, agent, *found: ScoredChunk) -> str:
        answerer = replace(shop.answerer(agent()), retriever=Found(*found))
        return (
            answerer.answer(Question(text="How much does a building permit cost?", language="en")).candidates[0].title
        )

    @pytest.fixture
    def theirs(self, scored):
        return scored(0.87, "bygglov", "Ett bygglov kostar 2 000 kr.", title="Bygglov", language="sv")

    def test_a_sure_page_in_another_goes_before_one_that_is_of_no_use(self, shop, agent, scored, theirs):
        own = scored(0.845, "preschool", "Preschool is cheap.", title="Preschool")
        assert self.asked(shop, agent, own, theirs) == "Bygglov"

    def test_but_not_before_one_that_may_be_of_use_nor_is_an_unsure_one(self, shop, agent, scored, theirs):
        useful = scored(0.91, "permits", "A building permit costs 2,000 kr.", title="Permits")
        assert self.asked(shop, agent, useful, theirs) == "Permits"
        own = scored(0.80, "preschool", "Preschool is cheap.", title="Preschool")
        unsure = scored(0.78, "skola", "Skolan är gratis.", title="Skola", language="sv")
        assert self.asked(shop, agent, own, unsure) == "Preschool"


class TestHeadings:
    """What the content and the conversation tell of the words in headings reaches the ranking."""

    def asked(self, shop, agent, *found: ScoredChunk, text: str, said: str = "", **rarity: float) -> str:
        answerer = replace(shop.answerer(agent(sure="answer")), retriever=Found(*found, **rarity))
        history = (Utterance(role="contact", text=said),) if said else ()
        return answerer.answer(Question(text=text, history=history)).candidates[0].title

    def test_words_that_are_rare_in_the_content_count_more(self, shop, agent, scored):
        found = scored(0.905, "a", title="Delivery prices"), scored(0.90, "b", title="Cargo Åland")
        rarity = {"deliveri": 0.1, "price": 0.1, "cargo": 3.0, "åland": 3.0}
        assert self.asked(shop, agent, *found, text="Delivery prices cargo Åland", **rarity) == "Cargo Åland"
        assert self.asked(shop, agent, *found, text="Delivery prices cargo Åland") == "Delivery prices"

    def test_what_was_said_before_counts(self, shop, agent, scored):
        text = "It is more important."
        word, thing = (
            scored(0.90, "a", text, title="More than ever"),
            scored(0.897, "b", text, title="Buy a helmet, a lock"),
        )
        asked, said = "Which is more important?", "Should I buy a helmet or a lock?"
        assert self.asked(shop, agent, word, thing, text=asked, said=said) == "Buy a helmet, a lock"
        assert self.asked(shop, agent, word, thing, text=asked) == "More than ever"


class TestShortAnswers:
    def test_one_that_matches_is_given_as_it_was_written(self, shop, agent):
        answer = shop.answerer(agent(sure="answer", personality=Personality.WITTY)).answer(
            Question(text="PayPal payment?")
        )
        assert (answer.decision.kind, answer.decision.reason) == (DecisionKind.ANSWER, Reason.SHORT_ANSWER)
        assert (answer.text, answer.language) == ("No, not yet.", "en")
        citation = answer.citations[0]
        assert (citation.title, citation.source, citation.quote) == (ASKED, ASKED, "No, not yet.")

    def test_no_model_is_asked_for_what_the_team_has_written(self, shop, agent):
        model = ScriptedModel(["Yes [1]."])
        answer = shop.answerer(agent(sure="answer"), model=model).answer(Question(text="PayPal payment?"))
        assert (answer.text, answer.usage.model, model.prompts) == ("No, not yet.", "", [])

    def test_one_that_does_not_match_is_not_given(self, shop, agent):
        answer = shop.answerer(agent(sure="answer")).answer(Question(text="Are cards and Swish ways to pay?"))
        assert answer.decision.reason is Reason.GROUNDED
        assert answer.citations[0].location == "pay.md"

    def test_a_long_one_is_given_whole(self, content, short_answer, agent):
        text = "\n\n".join(f"Step {number}: turn the screw and wait." for number in range(60))
        content.add([short_answer("How do I reset it?", text)], source="How do I reset it?")
        assert content.answerer(agent(sure="answer")).answer(Question(text="reset")).text == text

    @pytest.mark.parametrize(
        ("now", "zone", "is_given"),
        [
            # In Auckland it is 13 hours later than UTC in December.
            (datetime(2026, 11, 30, 10, 59, 59, tzinfo=UTC), "Pacific/Auckland", False),
            (datetime(2026, 11, 30, 11, 0, 0, tzinfo=UTC), "Pacific/Auckland", True),
            (datetime(2026, 12, 24, 10, 59, 59, tzinfo=UTC), "Pacific/Auckland", True),
            (datetime(2026, 12, 24, 11, 0, 0, tzinfo=UTC), "Pacific/Auckland", False),
            (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "UTC", False),
            (datetime(2026, 12, 1, 0, 0, 0, tzinfo=UTC), "UTC", True),
            (datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC), "UTC", True),
            (datetime(2026, 12, 25, 0, 0, 0, tzinfo=UTC), "UTC", False),
        ],
    )
    def test_one_is_given_from_its_first_day_to_its_last_where_the_company_is(self, shop, agent, now, zone, is_given):
        days = {"from": date(2026, 12, 1), "until": date(2026, 12, 24)}
        definition = agent(sure="answer", sources=({"short_answer": ASKED, "answer": "No, not yet.", **days},))
        workspace = Workspace(name="Spokes", timezone=zone)
        answerer = shop.answerer(definition, workspace=workspace, clock=FrozenClock(now))
        answer = answerer.answer(Question(text="PayPal payment?"))
        assert (answer.decision.reason is Reason.SHORT_ANSWER) is is_given
        assert (f"short-answer:{ASKED}" in [one.location for one in answer.candidates]) is is_given

    @pytest.mark.parametrize(
        ("days", "is_given"),
        [
            ({}, True),
            ({"from": date(2026, 1, 15)}, True),
            ({"from": date(2026, 1, 16)}, False),
            ({"until": date(2026, 1, 15)}, True),
            ({"until": date(2026, 1, 14)}, False),
        ],
    )
    def test_either_day_may_be_left_out(self, shop, agent, days, is_given):
        definition = agent(sure="answer", sources=({"short_answer": ASKED, "answer": "No, not yet.", **days},))
        answer = shop.answerer(definition).answer(Question(text="PayPal payment?"))
        assert (answer.decision.reason is Reason.SHORT_ANSWER) is is_given


class TestLanguages:
    @staticmethod
    def ask(answerer, text: str, *said: str, language: str = ""):
        history = tuple(Utterance(role="contact", text=one) for one in said)
        return answerer.answer(Question(text=text, history=history, language=language))

    def test_a_swedish_question_to_an_english_agent_gets_the_swedish_page(self, bilingual, agent):
        answer = self.ask(bilingual.answerer(agent(sure="answer")), "När betalar ni återbetalningar till mitt kort?")
        assert answer.language == "sv"
        assert answer.text == f"{tones('sv').said['plain']['lead_in'][0]}\n\n{SWEDISH}"

    def test_an_english_question_to_a_swedish_agent_gets_the_english_page(self, bilingual, agent):
        definition = agent(sure="answer", default_language="sv")
        answer = self.ask(bilingual.answerer(definition), "When do you pay refunds to my card?")
        assert (answer.language, answer.text) == ("en", f"{tones('en').said['plain']['lead_in'][0]}\n\n{ENGLISH}")

    def test_a_foreign_extract_is_introduced_in_the_contacts_language(self, english, agent):
        answer = self.ask(english.answerer(agent(sure="answer")), "När får jag tillbaka mina pengar på kortet?")
        assert answer.text == f"Jag hittade det här på en sida på engelska:\n\n{ENGLISH}"
        assert answer.language == "sv"

    def test_a_language_without_texts_gets_the_agents_own(self, english, agent):
        definition = agent(sure="rephrase", default_language="sv")
        answer = self.ask(english.answerer(definition), "Jak dlouho trvá vrácení peněz na kartu?")
        assert (answer.language, answer.text) == ("sv", SV.messages["rephrase"])

    def test_unless_the_agent_has_them(self, english, agent):
        definition = agent(sure="rephrase", messages={"cs": Messages(rephrase="Prosím?")})
        answer = self.ask(english.answerer(definition), "Jak dlouho trvá vrácení peněz na kartu?")
        assert (answer.language, answer.text) == ("cs", "Prosím?")

    @pytest.mark.parametrize(
        ("given", "said", "language"),
        [
            ("", (), "en"),
            ("sv", (), "sv"),
            ("sv-SE", (), "sv"),
            ("SV_fi", (), "sv"),
            (" sv ", (), "sv"),
            ("svenska", (), "en"),
            ("42", (), "en"),
            ("", ("När får jag tillbaka mina pengar på kortet?",), "sv"),
            ("", ("När får jag tillbaka mina pengar på kortet?", "xyzzy"), "sv"),
            ("", ("När får jag tillbaka mina pengar?", "But when will that be on my card?"), "en"),
        ],
    )
    def test_what_does_not_tell_is_taken_to_be_in_the_conversations_language(
        self, english, agent, given, said, language
    ):
        answer = self.ask(english.answerer(agent(sure="rephrase")), "xyzzy", *said, language=given)
        assert answer.language == language

    def test_a_message_that_tells_outweighs_what_was_given(self, english, agent):
        answer = self.ask(english.answerer(agent(sure="rephrase")), "When do I get my money back?", language="sv")
        assert answer.language == "en"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("Hejsan!", SV.messages["greeting"]),
            ("tack", SV.compose["thanks"]),
            ("Tala med någon", SV.messages["handoff"]),
            ("hello", EN.messages["greeting"]),
            ("ok", EN.compose["acknowledgement"]),
        ],
    )
    def test_small_talk_is_answered_in_its_own_language(self, english, agent, text, said):
        assert self.ask(english.answerer(agent()), text).text == said

    def test_a_choice_does_not_change_the_language(self, bilingual, agent):
        definition = agent(confidence={"answer": 0.999999, "clarify": 0.0})
        option = "When do we pay the money back to your card?"
        history = (
            Utterance(role="contact", text="När får jag tillbaka mina pengar på kortet?"),
            Utterance(role="agent", text="?", decision=DecisionKind.CLARIFY, options=(option,)),
        )
        answer = bilingual.answerer(definition).answer(Question(text=option, history=history))
        assert (answer.decision.kind, answer.language) == (DecisionKind.ANSWER, "sv")
        later = (*history, Utterance(role="contact", text=option))
        again = bilingual.answerer(definition).answer(Question(text="xyzzy", history=later))
        assert again.language == "sv"
