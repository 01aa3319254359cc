"""That somebody wants to buy, in every language: sales takes over from the agent then (CRE-4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.answer.spoken import sentences
from custagent.answer.understanding.role_phrases import role_phrase
from custagent.answer.understanding.triggers import find_triggers
from custagent.core.agent import AgentDefinition, Role
from custagent.locales import catalogue, languages

FILE = Path(__file__).resolve().parent.parent.parent / "data" / "buying.tsv"
LINES = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()]
SALES = AgentDefinition(name="sales", role=Role.SALES_REPRESENTATIVE)


def catalogues(first: str):
    return [catalogue(language) for language in sorted(languages(), key=lambda one: one != first)]


@pytest.mark.parametrize(("language", "text"), [(language, text) for kind, language, text in LINES if kind == "wants"])
def test_who_wants_to_buy_gets_a_person(language, text):
    triggers = find_triggers(text, SALES, catalogues(language))
    assert triggers.handoff_phrase or triggers.asks_for_person


@pytest.mark.parametrize(("language", "text"), [(language, text) for kind, language, text in LINES if kind == "asks"])
def test_who_asks_about_an_order_gets_an_answer(language, text):
    triggers = find_triggers(text, SALES, catalogues(language))
    assert (triggers.handoff_phrase, triggers.asks_for_person) == ("", False)


def test_there_are_sentences_in_every_language():
    assert {(kind, language) for kind, language, _ in LINES} == {
        (kind, language) for kind in ("wants", "asks") for language in languages()
    }


def test_other_roles_answer_it_themselves():
    support = AgentDefinition(name="support")
    assert find_triggers("I want to buy two.", support, catalogues("en")).handoff_phrase == ""


def test_the_teams_own_phrases_take_the_place():
    own = AgentDefinition(name="sales", role=Role.SALES_REPRESENTATIVE, handoff_phrases=("wholesale",))
    assert find_triggers("I want to buy two.", own, catalogues("en")).handoff_phrase == ""
    assert find_triggers("Do you do wholesale?", own, catalogues("en")).handoff_phrase == "wholesale"


@pytest.mark.parametrize(
    ("language", "text", "phrase"),
    [
        ("de", "Ich möchte zwei Fahrräder kaufen.", "mochte zwei fahrrader kaufen"),
        ("de", "ICH MOCHTE EINS KAUFEN", "mochte eins kaufen"),
        ("de", "Ich möchte kaufen.", "mochte kaufen"),
        ("de", "Ich möchte es wissen, bevor andere kaufen.", ""),
        ("de", "Ich möchte das Rad nicht kaufen.", ""),
        ("de", "Ich möchte das Rad sehen. Andere kaufen mehr.", ""),
        ("de", "Ich möchte eins zwei drei vier fünf sechs sieben kaufen.", ""),
        ("en", "I don't want to buy anything.", ""),
        ("en", "I do not want to buy anything.", ""),
        ("en", "No, thanks. No manual. I want to buy it.", "want to buy"),
        ("en", "Send us by tomorrow a quote.", "send us by tomorrow a quote"),
        ("fr", "Nous sommes intéressés par l’achat de vélos.", "interesses par l achat"),
    ],
)
def test_what_stands_between_counts(language, text, phrase):
    assert role_phrase(sentences(text), "sales-representative", [catalogue(language)]) == phrase
