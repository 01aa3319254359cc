"""Files of test cases: read with their lines, refused with their place, and no agents."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.config.agents import agent_names
from custagent.config.cases import agents_with_cases, load_cases
from custagent.config.findings import DefinitionRejected
from custagent.config.home import Home
from custagent.config.validate import validate
from custagent.core.answer import DecisionKind
from custagent.core.errors import UsageError

AGENT = "name: support\nrole: customer-service\npersonality: friendly\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "agents").mkdir()
    (tmp_path / "custagent.yaml").write_text("name: Northwind\n", encoding="utf-8")
    (tmp_path / "agents" / "support.yaml").write_text(AGENT, encoding="utf-8")
    return Home(root=tmp_path)


def write(home: Home, text: str, name: str = "support") -> Path:
    path = home.agents_folder / f"{name}.test.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def rules(home: Home) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in validate([home.root]).findings]


def test_cases_come_with_their_lines(home: Home) -> None:
    write(
        home,
        "cases:\n  - ask: How?\n    expect: answer\n    cites: [a.md]\n\n"
        "  - name: twice\n    dialogue:\n      - ask: Hi\n      - ask: How?\n        says_not: [No]\n    credits: 0\n",
    )
    first, second = load_cases(home, "support")
    assert (first.line, second.line) == (2, 6)
    assert (first.case.title, second.case.title) == ("How?", "twice")
    assert first.case.steps[0].expect is DecisionKind.ANSWER
    assert [step.ask for step in second.case.steps] == ["Hi", "How?"]
    assert (agent_names(home), agents_with_cases(home)) == (("support",), ("support",))
    assert rules(home) == []


def test_without_cases_the_next_command_is_named(home: Home) -> None:
    with pytest.raises(UsageError) as refused:
        load_cases(home, "support")
    assert "custagent test support --init" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cases:\n  - ask: How?\n    expect: perhaps\n", 3),
        ("cases:\n  - expect: answer\n", 2),
        ("cases:\n  - ask: How?\n    dialogue:\n      - ask: Hi\n", 2),
        ("cases:\n  - dialogue:\n      - ask: Hi\n    expect: answer\n", 2),
        ("cases: []\n", 1),
        ("cases:\n  - ask: How?\n    cite: [a.md]\n", 3),
        ("cases:\n  - ask: How?\n  - ask: How?\n", 1),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(home: Home, text: str, line: int) -> None:
    write(home, text)
    (found,) = validate([home.root]).findings
    assert found.path.name == "support.test.yaml"
    assert found.line in (line, line + 1)
    with pytest.raises(DefinitionRejected):
        load_cases(home, "support")


def test_an_agent_or_channel_that_is_not_there_is_told(home: Home) -> None:
    write(home, "cases:\n  - ask: How?\n", name="suport")
    write(home, "cases:\n  - ask: How?\n    channel: wbe\n")
    assert sorted(rules(home)) == [("unknown-agent", 1), ("unknown-channel", 3)]
