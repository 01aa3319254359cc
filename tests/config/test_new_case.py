"""A test case is added behind those that people wrote, which stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.config.cases import case_path, load_cases
from custagent.config.editor import NewAgent, new_agent_text, write_new
from custagent.config.home import Home, init_home
from custagent.config.new_case import add_case
from custagent.core.errors import ConfigError

CASE = {"ask": 'Is "no: return" a yes?', "expect": "answer", "reason": "short-answer"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = init_home(tmp_path / "workspace", name="Northwind")
    write_new(home.agents_folder / "support.yaml", new_agent_text(NewAgent(name="support")))
    return home


def test_the_first_case_makes_the_file(home: Home) -> None:
    assert add_case(home, "support", CASE)
    (case,) = load_cases(home, "support")
    assert (case.case.ask, case.case.expect, case.case.reason) == tuple(CASE.values())
    assert "custagent test support" in case_path(home, "support").read_text(encoding="utf-8")


def test_a_case_that_is_there_stays_as_it_is(home: Home) -> None:
    path = case_path(home, "support")
    path.write_text("cases:\n  - {ask: 'Is \"no: return\" a yes?', expect: handoff} # for now\n", encoding="utf-8")
    before = path.read_bytes()
    assert not add_case(home, "support", CASE)
    assert path.read_bytes() == before


def test_others_stay_letter_for_letter(home: Home) -> None:
    path = case_path(home, "support")
    path.write_text("cases:\n# The first.\n- {ask: Where?,   expect: clarify}\n", encoding="utf-8")
    assert add_case(home, "support", CASE)
    assert path.read_text(encoding="utf-8").startswith("cases:\n# The first.\n- {ask: Where?,   expect: clarify}\n- ")
    assert [one.case.ask for one in load_cases(home, "support")] == ["Where?", CASE["ask"]]


def test_a_file_that_breaks_rules_is_told(home: Home) -> None:
    case_path(home, "support").write_text("cases: 7\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        add_case(home, "support", CASE)
