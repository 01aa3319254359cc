"""What a good support person does with each kind of message, over a real store and index."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custagent.core.agent import PRESETS, ConfidencePreset, ConfidenceThresholds, Guardrail
from custagent.core.answer import Answer, DecisionKind, Question, Reason, Utterance
from custagent.core.errors import ModelError
from custagent.core.message import Attachment
from custagent.locales import catalogue, languages
from custagent.testing import ScriptedModel

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
EN = catalogue("en").compose
SITE = "https://help.example"
PHOTO = Attachment(name="frame.jpg", media_type="image/jpeg")
TAX = Guardrail(topic="tax", phrases=("deduct", "tax office"), message="We give no tax advice.")
MUTE = Guardrail(topic="health", phrases=("diagnosis",))

PAGES = {
    "delivery": "Parcels to Finland arrive within 4 working days and cost 249 kr.",
    "refunds": "We pay refunds to your card within 5 working days of the return.",
    "storage": "Storage over the winter costs 890 kr for each bicycle.",
    "warranty": "The warranty covers the frame for 15 years and the motor for 3 years.",
    "errors": "Error 4711 on the display: switch the motor off and on again.",
}
STORAGE, WARRANTY = "What does winter storage cost for a bicycle?", "Does the warranty cover the motor?"
#: Words that no page holds.
NONSENSE = "Do you vaccinate zebras against measles?"


@pytest.fixture(scope="module")
def site(shared_content, chunk):
    content = shared_content()
    for name, text in PAGES.items():
        content.add([chunk(text, location=f"{SITE}/{name}", title=name.capitalize())], source=f"{SITE}/{name}")
    return content


@pytest.fixture(scope="module")
def confidence(site, agent):
    """How sure the agent is of a question."""

    def of(text: str) -> float:
        return site.answerer(agent(sure="answer")).answer(Question(text=text)).decision.confidence

    return of


@pytest.fixture(scope="module")
def knowing(confidence, agent):
    """Makes agents that know what the pages say and not what they do not."""
    least = min(map(confidence, (STORAGE, WARRANTY)))
    # An unknown part asks for three times the odds.
    assert least > 5 * confidence(NONSENSE)
    between = ConfidenceThresholds(answer=least / 4, clarify=least / 4)

    def make(**rest):
        return agent(confidence=between, **rest)

    return make


def ask(answerer, text: str, *history: Utterance, **rest) -> Answer:
    return answerer.answer(Question(text=text, history=history, **rest))


def talk(answerer, *texts: str, **rest) -> list[Answer]:
    history: tuple[Utterance, ...] = ()
    answers = []
    for text in texts:
        answers.append(answer := ask(answerer, text, *history, **rest))
        history += (
            Utterance(role="contact", text=text),
            Utterance(
                role="agent",
                text=answer.text,
                decision=answer.decision.kind,
                options=answer.options,
                reason=answer.decision.reason,
            ),
        )
    return answers


def outcome(answer: Answer) -> tuple[DecisionKind, Reason]:
    return answer.decision.kind, answer.decision.reason


def cited(answer: Answer) -> list[str]:
    return [citation.title for citation in answer.citations]


class TestSeveralQuestions:
    def test_each_is_answered_in_one_reply_in_order_with_its_citation(self, site, agent):
        answer = ask(site.answerer(agent(sure="answer")), f"{WARRANTY} And {STORAGE[0].lower()}{STORAGE[1:]}")
        assert outcome(answer) == (ANSWER, Reason.GROUNDED)
        assert cited(answer)[0] == "Warranty"
        assert "Storage" in cited(answer)
        assert answer.text.index("15 years") < answer.text.index("890 kr")
        assert [part.question for part in answer.parts] == [WARRANTY, STORAGE]
        assert all(part.decision.kind is ANSWER for part in answer.parts)
        assert answer.decision.confidence == min(part.decision.confidence for part in answer.parts)
        assert [page.title for page in answer.candidates][:2] == ["Warranty", "Storage"]

    def test_the_lead_in_is_said_once(self, site, agent):
        answerer = site.answerer(agent(sure="answer", personality="friendly", clarify_attempts=0))
        alone, both = ask(answerer, WARRANTY), ask(answerer, f"{WARRANTY} {STORAGE}")
        opening = alone.text.split("\n\n")[0]
        assert alone.citations
        assert both.text.startswith(opening)
        assert both.text.count(opening) == 1

    def test_an_answer_that_holds_for_both_is_given_once(self, site, agent):
        answer = ask(
            site.answerer(agent(sure="answer")),
            "Is the frame covered by the warranty? How many years does it cover the motor?",
        )
        assert len(answer.parts) == 2
        assert answer.text.count("15 years") == 1

    @pytest.mark.parametrize("language", languages())
    def test_what_has_no_answer_is_named_in_the_contacts_language(self, site, knowing, language):
        named = catalogue(language).compose["part_unknown"].replace("{part}", NONSENSE)
        definition = knowing(default_language=language)
        answer = ask(site.answerer(definition), f"{STORAGE} {NONSENSE}", language="")
        english = catalogue("en").compose["part_unknown"].replace("{part}", NONSENSE)
        assert outcome(answer) == (ANSWER, Reason.GROUNDED)
        assert english in answer.text
        assert named != english or language == "en"
        assert [part.decision.kind for part in answer.parts] == [ANSWER, REPHRASE]

    def test_the_order_is_that_of_the_message_whatever_is_known(self, site, knowing):
        text = ask(site.answerer(knowing()), f"{NONSENSE} {STORAGE}").text
        assert text.index("zebras") < text.index("890 kr")

    def test_where_none_has_an_answer_the_whole_message_is_asked_about_once(self, site, agent):
        answerer = site.answerer(agent(sure="rephrase", clarify_attempts=0))
        first, second = talk(answerer, f"{STORAGE} {WARRANTY}", f"{STORAGE} {WARRANTY}")
        assert outcome(first) == (REPHRASE, Reason.NOTHING_FITS)
        assert outcome(second) == (HANDOFF, Reason.ATTEMPTS_USED)
        assert first.parts == second.parts == ()

    def test_beside_an_unknown_part_the_others_must_be_surer(self, site, agent, confidence):
        known = confidence(STORAGE)
        barely = agent(confidence={"answer": known * 0.99, "clarify": known * 0.98})
        answer = ask(site.answerer(barely), f"{STORAGE} {NONSENSE}")
        assert answer.decision.kind is not ANSWER
        assert ask(site.answerer(barely), STORAGE).decision.kind is ANSWER

    def test_at_most_three_are_answered_and_the_rest_named(self, site, agent):
        four = f"{STORAGE} {WARRANTY} When do I get my refund to my card? How long do parcels to Finland take?"
        answer = ask(site.answerer(agent(sure="answer")), four)
        assert len(answer.parts) == 4
        assert answer.parts[3].decision.kind is REPHRASE
        assert EN["part_unknown"].replace("{part}", "How long do parcels to Finland take?") in answer.text
        assert "4 working days" not in answer.text

    def test_a_detail_is_no_second_question(self, site, agent):
        answer = ask(site.answerer(agent(sure="answer")), "I stored my bicycle in winter. What does it cost?")
        assert answer.parts == ()

    def test_addresses_in_a_named_question_are_not_repeated(self, site, knowing):
        answer = ask(site.answerer(knowing()), f"{STORAGE} Do zebras like https://evil.example/measles?")
        assert "evil.example" not in answer.text
        assert "zebras" in answer.text

    def test_a_closed_topic_is_closed_among_others(self, site, agent):
        answerer = site.answerer(agent(sure="answer", guardrails=(TAX, MUTE)))
        answer = ask(answerer, f"{STORAGE} Does deducting the warranty work?")
        assert outcome(answer) == (ANSWER, Reason.GROUNDED)
        assert "We give no tax advice." in answer.text
        assert "15 years" not in answer.text
        assert [part.decision.reason for part in answer.parts] == [Reason.GROUNDED, Reason.GUARDRAIL]
        handed = ask(answerer, f"{STORAGE} What does a diagnosis of the motor cost?")
        assert outcome(handed) == (HANDOFF, Reason.GUARDRAIL)

    def test_what_goes_on_from_a_closed_topic_is_closed_too(self, site, agent):
        answerer = site.answerer(agent(sure="answer", guardrails=(TAX,), clarify_attempts=0))
        both = ask(answerer, "Can I deduct the warranty? And how long does that take?")
        assert both.citations == ()
        assert both.text.count("We give no tax advice.") == 1
        later = talk(answerer, "Can I deduct the warranty?", "And how long does that take?")[1]
        assert outcome(later) == (ANSWER, Reason.GUARDRAIL)
        other = talk(answerer, "Can I deduct the warranty?", "And the storage of a bicycle?")[1]
        assert cited(other)[0] == "Storage"

    @pytest.mark.parametrize("reply", ["both", "both of them please", "1 and 2"])
    def test_both_options_are_answered(self, site, agent, reply):
        history = (
            Utterance(role="contact", text="How much?"),
            Utterance(role="agent", text="?", decision=CLARIFY, options=("Storage", "Warranty")),
        )
        answer = ask(site.answerer(agent(confidence={"answer": 0.999999, "clarify": 0.0})), reply, *history)
        assert answer.decision.kind is ANSWER
        assert [part.question for part in answer.parts] == ["Storage", "Warranty"]
        assert {"Storage", "Warranty"} <= set(cited(answer))

    def test_a_model_that_fails_hands_over_at_once(self, site, agent):
        model = ScriptedModel([ModelError("down")])
        answer = ask(site.answerer(agent(sure="answer"), model=model), f"{STORAGE} {WARRANTY}")
        assert outcome(answer) == (HANDOFF, Reason.FAILED)
        assert len(model.prompts) == 1


class TestMessagesWithoutQuestions:
    @pytest.mark.parametrize("text", ["", "  ", "👍", "hello"])
    def test_a_file_alone_is_asked_about(self, site, agent, text):
        answer = ask(site.answerer(agent()), text, attachments=(PHOTO,))
        assert outcome(answer) == (REPHRASE, Reason.ATTACHMENT)
        assert answer.text == EN["attachment"]

    def test_or_handed_over_where_that_is_set(self, site, agent):
        answer = ask(site.answerer(agent(attachments="handoff")), "", attachments=(PHOTO,))
        assert outcome(answer) == (HANDOFF, Reason.ATTACHMENT)

    def test_a_file_with_a_question_is_answered_and_said_to_be_unread(self, site, agent):
        answer = ask(site.answerer(agent(sure="answer", attachments="handoff")), STORAGE, attachments=(PHOTO,))
        assert cited(answer)[0] == "Storage"
        assert answer.text.endswith(EN["attachment_unread"])
        assert EN["attachment_unread"] not in ask(site.answerer(agent(sure="answer")), STORAGE).text

    @pytest.mark.parametrize(
        ("text", "said"), [("https://help.example/bike", "link"), ("12345678", "number"), ("[card number]", "number")]
    )
    def test_a_link_or_an_order_number_alone_is_asked_about(self, site, agent, text, said):
        first, second = talk(site.answerer(agent(sure="answer")), text, text)
        assert outcome(first) == (REPHRASE, Reason.NO_QUESTION)
        assert first.text == EN[said]
        assert outcome(second) == (HANDOFF, Reason.ATTEMPTS_USED)

    def test_a_number_that_the_content_knows_is_answered(self, site, agent):
        answer = ask(site.answerer(agent(sure="answer")), "4711")
        assert cited(answer)[0] == "Errors"

    def test_what_a_mail_quotes_triggers_nothing(self, site, agent):
        mail = f"{STORAGE}\n\nBest regards,\nGrace\n\nOn 3 May 2026, Ada <ada@help.example> wrote:\n> Talk to a human about a diagnosis?"
        answer = ask(site.answerer(agent(sure="answer", guardrails=(MUTE,))), mail)
        assert cited(answer)[0] == "Storage"

    def test_thanks_with_a_question_is_the_question(self, site, agent):
        answers = talk(
            site.answerer(agent(sure="answer")),
            "How long do parcels to Finland take?",
            f"Thanks! And {STORAGE.lower()}",
        )
        assert cited(answers[1])[0] == "Storage"
        assert answers[1].evidence.searched.lower() == STORAGE.lower()


class TestReplies:
    def test_no_after_an_answer_asks_what_is_missing_and_then_hands_over(self, site, agent):
        answers = talk(site.answerer(agent(sure="answer")), STORAGE, "no, it didn't help", "it still does not work")
        assert [outcome(one) for one in answers] == [
            (ANSWER, Reason.GROUNDED),
            (REPHRASE, Reason.NOT_HELPED),
            (HANDOFF, Reason.ATTEMPTS_USED),
        ]
        assert answers[1].text == EN["not_helped"]

    def test_yes_after_an_answer_repeats_nothing(self, site, agent):
        yes = talk(site.answerer(agent(sure="answer")), STORAGE, "yes")[1]
        assert outcome(yes) == (ANSWER, Reason.SMALL_TALK)
        assert (yes.text, yes.citations) == (EN["acknowledgement"], ())

    def test_after_anything_else_no_is_goodbye_and_yes_an_invitation(self, site, agent):
        answerer = site.answerer(agent(sure="answer"))
        assert talk(answerer, STORAGE, "thanks", "no")[2].text == EN["goodbye"]
        assert talk(answerer, STORAGE, "thanks", "yes")[2].text == EN["go_on"]


class TestChannels:
    def test_a_channel_may_be_more_careful_than_the_agent(self, site, agent, confidence):
        known = confidence(STORAGE)
        definition = agent(
            confidence={"answer": known / 2, "clarify": known / 3},
            assignments=({"channel": "web", "confidence": {"answer": 1.0, "clarify": 1.0}}, {"channel": "mail"}),
        )
        answerer = site.answerer(definition)
        assert ask(answerer, STORAGE).decision.kind is ANSWER
        assert ask(answerer, STORAGE, channel="mail").decision.kind is ANSWER
        assert ask(answerer, STORAGE, channel="elsewhere").decision.kind is ANSWER
        assert ask(answerer, STORAGE, channel="web").decision.kind is REPHRASE

    def test_the_evidence_names_the_thresholds_of_the_channel(self, site, agent):
        definition = agent(confidence="eager", assignments=({"channel": "web", "confidence": "careful"},))
        there = ask(site.answerer(definition), STORAGE, channel="web").evidence.reckoning
        here = ask(site.answerer(definition), STORAGE).evidence.reckoning
        assert (there.preset, there.answer_from) == ("careful", PRESETS[ConfidencePreset.CAREFUL].answer)
        assert here.preset == "eager"


class TestModel:
    def test_a_follow_up_is_searched_as_the_model_completes_it(self, site, agent):
        model = ScriptedModel(["What does winter storage of a bicycle cost?", "NO ANSWER"])
        history = (Utterance(role="contact", text="I have two bicycles here."),)
        answer = ask(site.answerer(agent(sure="answer"), model=model), "And how much is it?", *history)
        assert answer.evidence.searched == "What does winter storage of a bicycle cost?"
        assert answer.candidates[0].title == "Storage"
        assert answer.usage.calls >= 1

    def test_a_closed_topic_that_the_model_sees_is_closed(self, site, agent):
        model = ScriptedModel(["How long does deducting a bicycle take?"])
        history = (Utterance(role="contact", text="I need to know that."),)
        answer = ask(site.answerer(agent(sure="answer", guardrails=(TAX,)), model=model), "And how long?", *history)
        assert outcome(answer) == (ANSWER, Reason.GUARDRAIL)
        assert len(model.prompts) == 1


PIECES = st.sampled_from(
    [STORAGE, WARRANTY, NONSENSE, "And to Norway?", "Thanks!", "no", "yes", "both", "it did not work", "👎", "4711", "hello",
     "https://help.example", "Can I deduct it?", "> quoted", "\n-- \nGrace", "What does it cost?", "why?", "12345678", "2", "\ud800"]
)  # fmt: skip


RULES = {
    "sure": st.sampled_from([None, "answer", "clarify", "rephrase"]),
    "clarify": st.integers(0, 2),
    "rephrase": st.integers(0, 2),
    "files": st.booleans(),
}
MESSAGES = st.one_of(st.lists(PIECES, max_size=4).map(" ".join), st.text(max_size=40))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(message=MESSAGES, **RULES)
def test_who_says_the_same_again_and_again_is_not_asked_back_more_often_than_allowed(  # noqa: PLR0917 - by name
    site, agent, message, sure, clarify, rephrase, files
):
    definition = agent(sure=sure, clarify_attempts=clarify, rephrase_attempts=rephrase, guardrails=(TAX, MUTE))
    answers = talk(site.answerer(definition), *[message] * (clarify + rephrase + 2), attachments=(PHOTO,) * files)
    asked = [one.decision.kind in (CLARIFY, REPHRASE) for one in answers]
    assert not all(asked)
    assert sum(asked[: asked.index(False)]) <= clarify + rephrase


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(messages=st.lists(MESSAGES, max_size=4), **RULES)
def test_any_conversation_has_a_decision_and_a_text_for_each_message(  # noqa: PLR0917 - Hypothesis gives them by name
    site, agent, messages, sure, clarify, rephrase, files
):
    definition = agent(sure=sure, clarify_attempts=clarify, rephrase_attempts=rephrase, guardrails=(TAX, MUTE))
    for answer in talk(site.answerer(definition), *messages, attachments=(PHOTO,) * files):
        assert answer.text.strip()
        assert len(answer.parts) != 1
        if answer.parts:
            assert answer.decision.kind is ANSWER
            assert any(part.decision.kind is ANSWER for part in answer.parts)
