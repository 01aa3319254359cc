"""How sure an agent has to be: presets, numbers, and channels of their own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from custagent.core.agent import PRESETS, AgentDefinition, ConfidencePreset, ConfidenceThresholds

CAREFUL, BALANCED, EAGER = (PRESETS[preset] for preset in ConfidencePreset)


def test_a_preset_is_its_numbers_and_numbers_are_their_preset():
    agent = AgentDefinition.model_validate({"name": "support", "confidence": "careful"})
    assert agent.confidence == CAREFUL
    assert agent.confidence.preset is ConfidencePreset.CAREFUL
    assert ConfidenceThresholds(answer=0.61).preset is None
    assert AgentDefinition(name="support").confidence.preset is ConfidencePreset.BALANCED


def test_who_is_more_careful_answers_and_asks_back_later():
    assert set(PRESETS) == set(ConfidencePreset)
    assert CAREFUL.answer > BALANCED.answer > EAGER.answer
    assert CAREFUL.clarify > BALANCED.clarify > EAGER.clarify
    assert all(numbers.clarify < numbers.answer for numbers in PRESETS.values())


def test_an_assignment_wins_on_its_channel_and_nowhere_else():
    agent = AgentDefinition.model_validate({
        "name": "support",
        "confidence": "eager",
        "assignments": [
            {"channel": "web", "confidence": "careful"},
            {"channel": "mail", "confidence": {"answer": 0.9, "clarify": 0.2}},
            {"channel": "phone"},
        ],
    })  # fmt: skip
    assert agent.on_channel("web").confidence == CAREFUL
    assert agent.on_channel("mail").confidence == ConfidenceThresholds(answer=0.9, clarify=0.2)
    assert agent.on_channel("phone") is agent
    assert agent.on_channel("") is agent
    assert agent.on_channel("web").assignments == agent.assignments


@pytest.mark.parametrize("written", ["Careful", "sure", "", 0.5, None, ["careful"], {"answer": 0.2, "clarify": 0.3}])
def test_nothing_else_is_a_confidence(written):
    with pytest.raises(ValidationError):
        AgentDefinition.model_validate({"name": "support", "confidence": written})


def test_a_definition_that_was_dumped_is_read_again():
    agent = AgentDefinition.model_validate({"name": "support", "confidence": "careful"})
    assert AgentDefinition.model_validate_json(agent.model_dump_json()) == agent
