"""From a question to an answer over a real store and index: decisions, citations, candidates, evidence (ANS-1, ANS-2)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custagent.answer.compose import shown_to_contact
from custagent.answer.deciding.decide import attempts_in
from custagent.answer.understanding.understanding import MAX_MESSAGE_CHARS
from custagent.core.agent import Guardrail
from custagent.core.answer import Answer, DecisionKind, Question, Reason, Utterance
from custagent.locales import catalogue
from custagent.locales.tones import tones
from custagent.testing import ScriptedModel

ANSWER, CLARIFY, REPHRASE, HANDOFF = DecisionKind
EN = catalogue("en")
SITE = "https://help.example"

PAGES = {
    "delivery": [
        ("What it costs", "A parcel within Sweden costs 49 kr, and one to Finland 249 kr."),
        ("How long it takes", "Parcels to Finland arrive within 4 working days."),
    ],
    "refunds": [("", "We pay refunds to your card within 5 working days of the return.")],
    "storage": [("What it costs", "Storage over the winter costs 890 kr for each bicycle.")],
    "warranty": [("", "The warranty covers the frame for 15 years and the motor for 3 years.")],
}


@pytest.fixture(scope="module")
def site(shared_content, chunk):
    """The help site: four pages. Tests only read it."""
    content = shared_content()
    for name, sections in PAGES.items():
        chunks = [
            chunk(
                text, location=f"{SITE}/{name}", title=name.capitalize(), heading=heading, anchor=f"part-{n}", ordinal=n
            )
            for n, (heading, text) in enumerate(sections)
        ]
        content.add(chunks, source=f"{SITE}/{name}")
    return content


def ask(answerer, text: str, *history: Utterance, **rest) -> Answer:
    return answerer.answer(Question(text=text, history=history, **rest))


def talk(answerer, *texts: str) -> list[Answer]:
    history: tuple[Utterance, ...] = ()
    answers = []
    for text in texts:
        answers.append(answer := ask(answerer, text, *history))
        history += (
            Utterance(role="contact", text=text),
            Utterance(role="agent", text=answer.text, decision=answer.decision.kind, options=answer.options),
        )
    return answers


def outcome(answer: Answer) -> tuple[DecisionKind, Reason]:
    return answer.decision.kind, answer.decision.reason


LAW = Guardrail(topic="law", phrases=("lawyer",), message="We give no legal advice.")
MUTE = Guardrail(topic="health", phrases=("diagnosis",))
REPHRASED = (Utterance(role="contact", text="xyzzy"), Utterance(role="agent", text="?", decision=REPHRASE))

CLARIFIED = (
    Utterance(role="contact", text="cost"),
    Utterance(role="agent", text="?", decision=CLARIFY, options=("A", "B")),
)


@pytest.mark.parametrize(
    ("text", "rules", "history", "expected", "said"),
    [
        ("Refunds to my card?", {"sure": "answer"}, (), (ANSWER, Reason.GROUNDED), "within 5 working days"),
        ("What does it cost?", {"sure": "clarify"}, (), (CLARIFY, Reason.AMBIGUOUS), "Do you mean one of these?"),
        ("Do refunds of storage take working days?", {"sure": "clarify"}, (), (CLARIFY, Reason.UNSURE), "Do you mean"),
        ("Refunds to my card?", {"sure": "rephrase"}, (), (REPHRASE, Reason.NOTHING_FITS), EN.messages["rephrase"]),
        ("Refunds?", {"sure": "rephrase"}, REPHRASED, (HANDOFF, Reason.ATTEMPTS_USED), EN.messages["handoff"]),
        ("🤷", {}, (), (REPHRASE, Reason.EMPTY), EN.compose["empty"]),
        ("", {}, REPHRASED, (HANDOFF, Reason.ATTEMPTS_USED), EN.messages["handoff"]),
        ("hello", {}, (), (ANSWER, Reason.SMALL_TALK), EN.messages["greeting"]),
        ("thanks", {}, (), (ANSWER, Reason.SMALL_TALK), EN.compose["thanks"]),
        ("bye", {}, (), (ANSWER, Reason.SMALL_TALK), EN.compose["goodbye"]),
        ("ok", {}, (), (ANSWER, Reason.SMALL_TALK), EN.compose["acknowledgement"]),
        ("a real person", {}, (), (HANDOFF, Reason.ASKED_FOR_PERSON), EN.messages["handoff"]),
        ("You useless bot, WTF!", {}, (), (HANDOFF, Reason.ANGRY), EN.messages["handoff"]),
        ("none of these", {}, CLARIFIED, (REPHRASE, Reason.NOTHING_FITS), EN.messages["rephrase"]),
        ("I cancel!", {"handoff_phrases": ("cancel",)}, (), (HANDOFF, Reason.HANDOFF_PHRASE), EN.messages["handoff"]),
        ("My lawyer?", {"guardrails": (LAW, MUTE)}, (), (ANSWER, Reason.GUARDRAIL), "We give no legal advice."),
        ("A diagnosis?", {"guardrails": (LAW, MUTE)}, (), (HANDOFF, Reason.GUARDRAIL), EN.messages["handoff"]),
    ],
)
def test_every_outcome_with_its_words(site, agent, text, rules, history, expected, said):  # noqa: PLR0917 - a table
    answer = ask(site.answerer(agent(**rules)), text, *history)
    assert outcome(answer) == expected
    assert said in answer.text
    assert bool(answer.citations) == (answer.decision.reason is Reason.GROUNDED)
    assert bool(answer.options) == (answer.decision.kind is CLARIFY)
    assert answer.language == "en"


def test_every_reason_is_reached_by_a_test():
    here = {Reason.GROUNDED, Reason.AMBIGUOUS, Reason.UNSURE, Reason.NOTHING_FITS, Reason.ATTEMPTS_USED, Reason.EMPTY,
            Reason.SMALL_TALK, Reason.ASKED_FOR_PERSON, Reason.HANDOFF_PHRASE, Reason.GUARDRAIL, Reason.ANGRY}  # fmt: skip
    short_answers, models, service = (
        {Reason.SHORT_ANSWER},
        {Reason.FAILED},
        {Reason.PAUSED, Reason.CHANNEL_OUT, Reason.OUT_OF_CREDITS},
    )
    sense = {Reason.ATTACHMENT, Reason.NO_QUESTION, Reason.NOT_HELPED, Reason.UNDERSPECIFIED}
    assert here | short_answers | models | service | sense == set(Reason)


def test_without_any_content_nothing_fits_whatever_the_thresholds(content, agent):
    answer = ask(content.answerer(agent(sure="answer")), "Refunds?")
    assert outcome(answer) == (REPHRASE, Reason.NOTHING_FITS)
    assert (answer.decision.confidence, answer.candidates, answer.citations) == (0.0, (), ())


def test_an_answer_is_the_pages_own_words_with_their_place(site, agent):
    answer = ask(site.answerer(agent(sure="answer")), "How long until parcels arrive in Finland?")
    citation = answer.citations[0]
    assert citation.quote == "Parcels to Finland arrive within 4 working days."
    assert (citation.title, citation.heading, citation.anchor) == ("Delivery", "How long it takes", "part-1")
    assert (citation.location, citation.source) == (f"{SITE}/delivery", f"{SITE}/delivery")
    assert (citation.page, citation.private, citation.link) == (None, False, f"{SITE}/delivery#part-1")
    assert answer.text.startswith(f"{tones('en').said['plain']['lead_in'][0]}\n\n{citation.quote}")
    assert answer.usage.model == ""


def test_a_page_of_a_file_is_cited_with_its_number(content, chunk, agent):
    content.add([chunk("Motor too hot: wait.", location="manual.pdf", title="Manual", page=4)], source="manual.pdf")
    citation = ask(content.answerer(agent(sure="answer")), "Motor too hot?").citations[0]
    assert (citation.page, citation.link, citation.source) == (4, "manual.pdf#page=4", "manual.pdf")


def test_a_source_that_is_private_is_quoted_and_not_shown(content, chunk, agent):
    content.add([chunk("Refunds take 5 days.", location="internal.md", title="Internal")], source="internal.md")
    private = agent(sure="answer", sources=({"file": "internal.md", "private": True},))
    answer = ask(content.answerer(private), "How long do refunds take?")
    assert "Refunds take 5 days." in answer.text
    assert answer.citations[0].private
    assert shown_to_contact(answer.citations) == ()
    assert "internal.md" not in answer.text


def test_what_a_public_source_holds_too_is_not_private(content, chunk, agent):
    page = [chunk("Refunds take 5 days.", location=f"{SITE}/refunds")]
    content.add(page, source=f"{SITE}/")
    content.add(page, source="internal.md")
    definition = agent(
        sure="answer", sources=({"file": "internal.md", "private": True}, {"url": f"{SITE}/", "import_related": True})
    )
    citation = ask(content.answerer(definition), "How long do refunds take?").citations[0]
    assert (citation.private, citation.source) == (False, f"{SITE}/")
    assert shown_to_contact((citation,)) == (citation,)


def test_evidence_and_timings_tell_how_it_was_decided(site, agent):
    answer = ask(site.answerer(agent(sure="answer")), "How long until parcels arrive in Finland?")
    assert list(answer.timings_ms) == ["understand", "load", "embed", "search", "decide", "compose", "total"]
    assert all(ms >= 0 for ms in answer.timings_ms.values())
    assert len(answer.evidence.chunks) == 5
    assert answer.evidence.signals["cosine"] == answer.evidence.chunks[0].cosine
    assert answer.candidates[0].location == f"{SITE}/delivery"
    assert len({one.location for one in answer.candidates}) == len(answer.candidates) == 4
    early = ask(site.answerer(agent()), "hello")
    assert list(early.timings_ms) == ["understand", "total"]
    assert (early.candidates, early.evidence.chunks, early.decision.confidence) == ((), (), 1.0)


class TestConversations:
    def test_an_unknown_question_is_asked_twice_and_then_handed_over(self, site, agent):
        answers = talk(
            site.answerer(agent(sure="rephrase")), "vaccinations for Kenya?", "a yellow fever jab for Kenya?"
        )
        assert [one.decision.kind for one in answers] == [REPHRASE, HANDOFF]

    @pytest.mark.parametrize("allowed", range(4))
    def test_as_often_as_the_agent_may(self, site, agent, allowed):
        definition = agent(sure="rephrase", rephrase_attempts=allowed)
        answers = talk(site.answerer(definition), *["vaccinations?"] * (allowed + 1))
        assert [one.decision.kind for one in answers] == [REPHRASE] * allowed + [HANDOFF]

    @pytest.mark.parametrize("allowed", range(4))
    def test_it_clarifies_as_often_as_it_may(self, site, agent, allowed):
        definition = agent(sure="clarify", clarify_attempts=allowed)
        answers = talk(site.answerer(definition), *["What does it cost, then?"] * (allowed + 2))
        assert [one.decision.kind for one in answers] == [CLARIFY] * allowed + [REPHRASE, HANDOFF]

    def test_a_choice_is_answered_from_what_was_offered(self, site, agent):
        definition = agent(confidence={"answer": 0.999999, "clarify": 0.0})
        first, second = talk(site.answerer(definition), "What does it cost?", "Storage: What it costs")
        assert outcome(first) == (CLARIFY, Reason.AMBIGUOUS)
        assert set(first.options) == {"Storage: What it costs", "Delivery: What it costs"}
        assert outcome(second) == (ANSWER, Reason.GROUNDED)
        assert second.citations[0].location == f"{SITE}/storage"

    @pytest.mark.parametrize("reply", ["2", "the second one", "den andra"])
    def test_so_is_a_choice_by_its_place(self, site, agent, reply):
        definition = agent(confidence={"answer": 0.999999, "clarify": 0.0})
        first, second = talk(site.answerer(definition), "What does it cost?", reply)
        assert f"{second.citations[0].title}: {second.citations[0].heading}" == first.options[1]
        assert second.language == "en"

    def test_agreeing_to_the_one_offer_is_no_small_talk(self, content, chunk, agent):
        content.add([chunk("We pay within 5 working days.")], source="refunds.md")
        definition = agent(confidence={"answer": 0.999999, "clarify": 0.0})
        first, second = talk(content.answerer(definition), "money?", "ok")
        assert first.options == ("Refunds",)
        assert EN.compose["clarify_one"] in first.text
        assert outcome(second) == (ANSWER, Reason.GROUNDED)

    def test_an_option_that_sounds_like_a_request_is_only_an_option(self, content, chunk, agent):
        for title in ("Talk to a person", "Cancel"):
            content.add([chunk("What it costs.", title=title, location=title)], source=title)
        definition = agent(confidence={"answer": 0.999999, "clarify": 0.0}, handoff_phrases=("cancel",))
        first, *_ = talk(content.answerer(definition), "costs?")
        for option in first.options:
            second = talk(content.answerer(definition), "costs?", option)[1]
            assert (second.decision.kind, second.citations[0].title) == (ANSWER, option)

    def test_guardrails_hold_for_options_too(self, content, chunk, agent):
        for title in ("Ask a lawyer", "Ask us"):
            content.add([chunk("What it costs.", title=title, location=title)], source=title)
        definition = agent(sure="clarify", guardrails=(LAW,))
        assert talk(content.answerer(definition), "costs?", "Ask a lawyer")[1].text == "We give no legal advice."

    def test_a_follow_up_is_understood_in_its_conversation(self, site, agent):
        answerer = site.answerer(agent(sure="answer"))
        alone = ask(answerer, "And how long?")
        after = talk(answerer, "What does a parcel to Finland cost?", "And how long?")[1]
        assert after.citations[0].location == f"{SITE}/delivery"
        assert after.candidates != alone.candidates

    def test_after_a_greeting_a_question_is_the_first(self, site, agent):
        answerer = site.answerer(agent(sure="clarify"))
        greeted = (Utterance(role="contact", text="Hi there"), Utterance(role="agent", text="Hello!", decision=ANSWER))
        text = "What does it cost?"
        alone = answerer.answer(Question(text=text)).decision
        assert answerer.answer(Question(text=text, history=greeted)).decision == alone

    def test_a_new_topic_begins_afresh(self, site, agent):
        definition = agent(sure="clarify")
        cost = "What does it cost?"
        same = talk(site.answerer(definition), cost, "But what does storage cost each?")
        other = talk(site.answerer(definition), cost, "Is the warranty of my motor over already?")
        assert [one.decision.kind for one in same] == [CLARIFY, REPHRASE]
        assert [one.decision.kind for one in other] == [CLARIFY, CLARIFY]

    def test_other_words_for_what_nothing_fits_are_no_new_topic(self, site, agent):
        answers = talk(
            site.answerer(agent(sure="rephrase")), "vaccinations for Kenya?", "yellow fever jab when travelling"
        )
        assert [one.decision.kind for one in answers] == [REPHRASE, HANDOFF]

    def test_an_answer_begins_afresh(self, site, agent):
        thanks = talk(site.answerer(agent(sure="rephrase")), "xyzzy?", "thanks", "xyzzy?", "xyzzy?")
        assert [one.decision.kind for one in thanks] == [REPHRASE, ANSWER, REPHRASE, HANDOFF]


@pytest.fixture(scope="module")
def any_site(shared_content, chunk):
    made = shared_content()
    for name, sections in PAGES.items():
        made.add([chunk(text, location=name, title=name, heading=head) for head, text in sections], source=name)
    question = "Do you take PayPal?"
    made.add([chunk("No.", location="short-answer:1", title=question, question=question)], source="1")
    return made


MESSAGES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["What does it cost?", "refunds", "hello", "ok", "yes", "1", "Do you take PayPal?", "and Finland?", "why?", "agent",
         "lawyer", "diagnosis", "👍", "\ud800", "a" * 20_000, "storage winter", "Vad kostar det?", "the first one"]
    ),
)  # fmt: skip
HISTORIES = st.lists(
    st.builds(
        Utterance,
        role=st.sampled_from(["contact", "agent"]),
        text=MESSAGES,
        decision=st.sampled_from([None, *DecisionKind]),
        options=st.sampled_from([(), ("storage",), ("storage: What it costs", "refunds")]),
    ),
    max_size=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=MESSAGES,
    history=HISTORIES,
    language=st.sampled_from(["", "sv", "de-AT", "xx-?", "ja"]),
    sure=st.sampled_from([None, "answer", "clarify", "rephrase"]),
    clarify=st.integers(0, 3),
    rephrase=st.integers(0, 3),
    written=st.sampled_from([None, "Refunds take 5 working days [1].", "NO ANSWER", "nonsense", ""]),
)
def test_any_message_in_any_conversation_leads_to_one_decision(  # noqa: PLR0917 - Hypothesis gives them by name
    any_site, agent, text, history, language, sure, clarify, rephrase, written
):
    definition = agent(sure=sure, clarify_attempts=clarify, rephrase_attempts=rephrase, guardrails=(LAW, MUTE))
    model = None if written is None else ScriptedModel([written] if written else [])
    question = Question(text=text, history=tuple(history), language=language)
    answer = any_site.answerer(definition, model=model).answer(question)
    tried = attempts_in(history)
    assert answer.text.strip()
    answer.text.encode()
    assert len(answer.language) == 2
    assert 0.0 <= answer.decision.confidence <= 1.0
    assert answer.decision.kind is not REPHRASE or rephrase
    assert answer.decision.kind is not CLARIFY or clarify
    # A new topic forgets what was tried; without one nothing is asked more often than allowed.
    asked_again = {REPHRASE: tried.rephrase >= rephrase, CLARIFY: tried.clarify >= clarify}
    if asked_again.get(answer.decision.kind):
        assert answer.decision.confidence >= definition.confidence.clarify
        assert answer.decision.reason is not Reason.EMPTY
    grounded = answer.decision.reason in (Reason.GROUNDED, Reason.SHORT_ANSWER)
    assert bool(answer.citations) == grounded
    assert bool(answer.options) == (answer.decision.kind is CLARIFY)


def test_what_cannot_be_encoded_goes_nowhere(site, agent):
    model = ScriptedModel(["refunds?", "NO ANSWER"])
    earlier = Utterance(role="contact", text="\udfff")
    ask(site.answerer(agent(sure="answer"), model=model), "refunds \ud800", earlier)
    rewriting, writing = model.prompts
    assert "contact: ?\n\nLast message:\nrefunds ?" in rewriting[-1]["content"]
    assert [one["content"] for one in writing[1:]][-1] == "refunds ?"
    "".join(one["content"] for one in (*rewriting, *writing)).encode()


def test_a_message_longer_than_anybody_writes_is_read_to_a_limit(site, agent):
    model = ScriptedModel(["NO ANSWER"])
    ask(site.answerer(agent(sure="answer"), model=model), "refunds " * MAX_MESSAGE_CHARS)
    assert len(model.prompts[0][-1]["content"]) == MAX_MESSAGE_CHARS
