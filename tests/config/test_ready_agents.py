"""The definitions in agents/: one a role, valid anywhere as they are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.agents import load_agent
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.core.agent import EMBEDDED, Role, ShortAnswerSource

READY = Path(__file__).parents[2] / "agents"


@pytest.mark.parametrize("role", Role)
def test_is_ready(home: Home, check: Callable[..., Report], role: Role) -> None:
    name = role.value
    shutil.copy(READY / f"{name}.yaml", home.agents_folder)
    report = check()
    assert report.as_text() == "2 files checked: no findings"
    assert report.exit_code(strict=True) == 0
    agent = load_agent(home, name)
    assert (agent.role, agent.model, agent.assignments) == (role, EMBEDDED, ())
    assert agent.personality
    assert agent.handoff_phrases
    assert agent.guardrails
    assert set(agent.messages) == {"en", "sv"}
    assert agent.sources
    assert all(isinstance(source, ShortAnswerSource) and not source.valid_until for source in agent.sources)
    text = (READY / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../.custagent/schema/agent.schema.json\n")
    assert sum(line.startswith("#") for line in text.split("\n")) > 10


def test_there_is_nothing_else() -> None:
    assert sorted(path.stem for path in READY.iterdir()) == sorted(role.value for role in Role)
