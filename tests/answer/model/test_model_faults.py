"""Whatever a model's service does, the contact gets an answer or a person, in time (ANS-4, R12)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from custagent.answer.model.model import LiteLLMChatModel
from custagent.core.agent import ModelOptions
from custagent.core.answer import Answer, DecisionKind, Question, Reason
from custagent.testing import sentences_json
from tests.acceptance.bad_model import (
    BadModel,
    breaks_off,
    drips,
    fails,
    never_answers,
    says,
    shows_a_page,
    streams_for_ever,
)

REFUNDS = "We pay refunds to your card within 5 working days."
ASKED = Question(text="How long do refunds take?")
GOOD = sentences_json(("Refunds reach your card within 5 working days.", [1]))
LIE = sentences_json(("Refunds take 99 days.", [1]))
SECONDS = 2
BY_THE_MODEL, FROM_THE_CONTENT, A_PERSON = "the model's words", "the content's words", "a person"


@pytest.fixture(scope="module")
def site(shared_content, chunk):
    content = shared_content()
    content.add([chunk(REFUNDS, location="refunds.md", title="Refunds")], source="refunds.md")
    return content


@pytest.fixture(scope="module")
def service() -> Iterator[BadModel]:
    with BadModel() as bad:
        # What the library loads with its first calls is loaded, however busy the machine is.
        options = ModelOptions(api_base=bad.base, timeout="120s")
        patient = LiteLLMChatModel("openai/m", options, api_key="sk-for-tests-only")
        bad.ways = [says(GOOD)]
        for heard in (None, [].append):
            patient.complete([{"role": "user", "content": "x"}], heard=heard)
        yield bad


@pytest.fixture
def ask(site, agent, service):
    """The answer when the service behaves like this; how long it took is seen to."""

    def asked(*ways, heard: list[str] | None = None) -> Answer:
        service.ways, service.asked = list(ways), []
        options = ModelOptions(api_base=service.base, timeout=f"{SECONDS}s")
        model = LiteLLMChatModel("openai/m", options, api_key="sk-for-tests-only", pause=lambda _: None)
        definition = agent(sure="answer", model="openai/m", model_options=options)
        said = None if heard is None else heard.append
        began = time.monotonic()
        answer = site.answerer(definition, model=model, said=said).answer(ASKED)
        # A second to close what was opened, and as much again for a busy machine.
        assert time.monotonic() - began < SECONDS + 5
        return answer

    return asked


def outcome(answer: Answer) -> str:
    if answer.decision.kind is DecisionKind.HANDOFF:
        assert answer.decision.reason is Reason.FAILED
        return A_PERSON
    assert answer.decision.kind is DecisionKind.ANSWER
    assert [one.location for one in answer.citations] == ["refunds.md"]
    return FROM_THE_CONTENT if REFUNDS in answer.text else BY_THE_MODEL


WAYS = {
    "it is right": ([says(GOOD)], BY_THE_MODEL),
    "it is right at the second try": ([says(LIE), says(GOOD)], BY_THE_MODEL),
    "it lies twice": ([says(LIE)], FROM_THE_CONTENT),
    "it lies and then is away": ([says(LIE), fails(500)], FROM_THE_CONTENT),
    "too many requests, once": ([fails(429, Retry_After="1"), says(GOOD)], BY_THE_MODEL),
    "too many requests, for an hour": ([fails(429, Retry_After="3600")], A_PERSON),
    "a fault, once": ([fails(500), says(GOOD)], BY_THE_MODEL),
    "a fault again and again": ([fails(503)], A_PERSON),
    "a wrong key": ([fails(401)], A_PERSON),
    "it knows no forms": ([fails(400), says(GOOD)], BY_THE_MODEL),
    "it never answers": ([never_answers], A_PERSON),
    "it drips": ([drips], A_PERSON),
    "a page instead of JSON": ([shows_a_page], A_PERSON),
    "half an answer": ([breaks_off("")], A_PERSON),
    "it refuses": ([says("I'm sorry, but I can't help with that.")], FROM_THE_CONTENT),
    "it refuses and then answers": ([says("I can't help with that."), says(GOOD)], BY_THE_MODEL),
    "a content filter": ([says(None, finish="content_filter")], A_PERSON),
    "empty text": ([says("")], A_PERSON),
    "half JSON with nothing in it": ([says('{"answered": true, "sente', finish="length")], FROM_THE_CONTENT),
    "half JSON with a whole sentence": ([says(GOOD[:-1] + ', {"text": "But', finish="length")], BY_THE_MODEL),
    "the wrong language": (
        [says(sentences_json(("Die Erstattung auf Ihre Karte dauert 5 Werktage nach der Rückgabe.", [1])))],
        FROM_THE_CONTENT,
    ),
    "prose with marks": ([says("Refunds reach your card within 5 working days [1].")], BY_THE_MODEL),
    "prose without marks": ([says("Refunds reach your card within 5 working days.")], FROM_THE_CONTENT),
    "a huge reply": ([says("well " * 1_000_000)], FROM_THE_CONTENT),
    "a tool call of no text": ([says(None, finish="tool_calls")], A_PERSON),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_ends_in_an_answer_or_with_a_person(ask, way):
    ways, expected = WAYS[way]
    assert outcome(ask(*ways)) == expected


STREAMED = {
    "it is right": ([says(GOOD)], BY_THE_MODEL, ["Refunds reach your card within 5 working days."]),
    "it lies": ([says(LIE), says(GOOD)], BY_THE_MODEL, ["Refunds reach your card within 5 working days."]),
    "words for ever": ([streams_for_ever], A_PERSON, []),
    "it drips": ([drips], A_PERSON, []),
    "it does not stream": ([fails(400), says(GOOD)], BY_THE_MODEL, ["Refunds reach your card within 5 working days."]),
    "it breaks off": ([breaks_off(GOOD[:20])], FROM_THE_CONTENT, []),
    "it breaks off after a sentence": (
        [breaks_off(GOOD[:-2] + ', {"text": "And')], BY_THE_MODEL, ["Refunds reach your card within 5 working days."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", STREAMED)
def test_and_so_does_a_preview_that_listens(ask, way):
    ways, expected, said = STREAMED[way]
    heard: list[str] = []
    assert outcome(ask(*ways, heard=heard)) == expected
    assert heard == said


def test_what_it_cost_is_kept(ask):
    usage = ask(says(LIE), says(GOOD)).usage
    assert (usage.model, usage.calls, usage.input_tokens, usage.output_tokens) == ("openai/m", 2, 2000, 200)
    assert usage.cost is None, "nobody knows what this model costs"
