"""The templates of `custagent create`: valid in every language, written in the agent's where they have it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest

from custagent.answer.triggers import find_triggers
from custagent.config import templates
from custagent.config.agents import load_agent
from custagent.config.editor import NewAgent, new_agent_text, write_new
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.config.templates import PLAIN, TEMPLATES, template_languages, template_text
from custagent.core.agent import EMBEDDED, AgentDefinition, ConfidencePreset, Personality, Role, ShortAnswerSource
from custagent.locales import catalogue, languages

#: What people ask that no topic or phrase may keep from being answered.
ASKED = {
    "shop": (
        "How long does delivery take?", "What does it cost to return something?", "Can I pay by invoice?",
        "Where is my order?", "How do I change my password?", "Do you have discounts for students?",
        "Hur lång är leveranstiden?", "Vad kostar en retur?", "Var är min beställning?", "Har ni studentrabatt?",
    ),
    "public-agency": (
        "How do I apply for school transport?", "Am I entitled to a parking permit?", "When are you open?",
        "How do I appeal a decision?", "Is it legal to burn leaves in my garden?", "Where do I find the form?",
        "Where is the emergency shelter?", "Vem har rätt till skolskjuts?", "När har ni öppet?",
        "Hur överklagar jag ett beslut?", "Får jag elda löv?", "Var hittar jag blanketten?",
    ),
}  # fmt: skip
#: What has to be kept from the content, or go to a person.
CLOSED = {
    "shop": (
        "I would like to cancel my order", "My parcel arrived broken", "Can you give me a discount?",
        "Jag vill avbeställa min beställning", "Vasen kom trasig", "Kan jag få bättre pris?", "I was charged twice!",
    ),
    "public-agency": (
        "Why was my application turned down?", "What is the status of my application?", "Can you give me legal advice?",
        "What dose should I take?", "Who should I vote for?", "Varför fick jag avslag?", "När får jag beslut?",
        "Vad händer i mitt ärende?", "Vilken medicin ska jag ta?", "Vilket parti ska jag rösta på?",
    ),
}  # fmt: skip


def made(home: Home, **decided: object) -> AgentDefinition:
    """An agent that was just created."""
    new = NewAgent(name="a", **decided)  # type: ignore[arg-type]  # each test gives what it is about
    write_new(home.agents_folder / "a.yaml", new_agent_text(new))
    return load_agent(home, "a")


def triggered(agent: AgentDefinition, text: str) -> bool:
    found = find_triggers(text, agent, [catalogue("en"), catalogue("sv")])
    return bool(found.guardrail or found.handoff_phrase)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("template", TEMPLATES)
def test_is_valid_in_every_language(home: Home, check: Callable[..., Report], template: str, language: str) -> None:
    agent = made(home, template=template, default_language=language)
    assert check().as_text() == "2 files checked: no findings"
    assert (agent.default_language, agent.model, agent.assignments) == (language, EMBEDDED, ())
    written = {"en", language} & set(template_languages(template))
    assert set(agent.messages) == written
    greetings = {agent.messages[one].greeting for one in written}
    assert None not in greetings
    assert len(greetings) == len(written)
    assert all(isinstance(source, ShortAnswerSource) and not source.valid_until for source in agent.sources)
    text = (home.agents_folder / "a.yaml").read_text(encoding="utf-8")
    assert max(map(len, text.split("\n"))) <= 120
    assert "\n\n\n" not in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_is_written_in_english_and_swedish_alike(home: Home, template: str) -> None:
    assert template_languages(template) == ("en", "sv")
    english = made(home, template=template)
    (home.agents_folder / "a.yaml").unlink()
    both = made(home, template=template, default_language="sv")
    assert len(both.guardrails) == 2 * len(english.guardrails)
    assert len(both.sources) == 2 * len(english.sources)
    assert both.handoff_phrases[: len(english.handoff_phrases)] == english.handoff_phrases
    assert len(both.handoff_phrases) > len(english.handoff_phrases)
    said = {language: set(texts.model_dump(exclude_none=True)) for language, texts in both.messages.items()}
    assert said["en"] == said["sv"]


def test_every_file_is_a_template_or_a_language_of_one() -> None:
    found = {entry.name.split(".")[0] for entry in files(templates).iterdir() if entry.name.endswith(".yaml")}
    assert found == {PLAIN, *TEMPLATES}
    with pytest.raises(KeyError):
        template_text("../secrets", "en")


def test_the_agency_is_neutral_and_careful(home: Home) -> None:
    agent = made(home, template="public-agency")
    assert agent.personality is Personality.PROFESSIONAL
    assert agent.confidence.preset is ConfidencePreset.CAREFUL
    assert agent.messages["en"].disclosure
    assert not any("!" in text for text in agent.messages["en"].model_dump(exclude_none=True).values())


def test_what_is_decided_takes_the_templates_place(home: Home, write: Callable[[str, str], object]) -> None:
    write("custagent.yaml", "name: N\nvoices: [{name: dry, description: Short.}]\n")
    agent = made(
        home,
        template="public-agency",
        role=Role.SALES_REPRESENTATIVE,
        voice="dry",
        confidence=ConfidencePreset.EAGER,
        model="openai/gpt-4o",
    )
    assert (agent.role, agent.voice, agent.personality) == (Role.SALES_REPRESENTATIVE, "dry", None)
    assert (agent.confidence.preset, agent.model) == (ConfidencePreset.EAGER, "openai/gpt-4o")


@pytest.mark.parametrize(("template", "text"), [(name, text) for name, texts in ASKED.items() for text in texts])
def test_ordinary_questions_are_left_to_the_content(home: Home, template: str, text: str) -> None:
    assert not triggered(made(home, template=template, default_language="sv"), text)


@pytest.mark.parametrize(("template", "text"), [(name, text) for name, texts in CLOSED.items() for text in texts])
def test_closed_topics_are_told(home: Home, template: str, text: str) -> None:
    assert triggered(made(home, template=template, default_language="sv"), text)
