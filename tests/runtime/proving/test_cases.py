"""Test cases are run by the agent's own answerer, and compared with what it did before."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from custagent.config.cases import load_cases
from custagent.config.home import Home
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.proving.case_report import as_github, as_junit
from custagent.runtime.proving.cases import Result, compare, first_cases, run_cases
from tests.runtime.conftest import Silent

AGENT = """\
name: support
role: customer-service
personality: friendly
confidence: {answer: 0.0, clarify: 0.0}
sources:
  - short_answer: How long do refunds take?
    answer: A refund takes five days.
"""


@pytest.fixture
def agent(home: Home, app: Application, listener: Silent) -> Application:
    """An agent that knows one thing."""
    (home.agents_folder / "support.yaml").write_text(AGENT, encoding="utf-8")
    sync(app, app.agent("support"), listener)
    return app


def run(app: Application, text: str, *, jobs: int = 1) -> list[Result]:
    (app.home.agents_folder / "support.test.yaml").write_text(f"cases:\n{text}", encoding="utf-8")
    return run_cases(app, load_cases(app.home, "support"), jobs=jobs)


REFUND = "  - ask: How long do refunds take?\n"


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        ("expect: answer", ""),
        ("reason: short-answer", ""),
        ("says: [takes FIVE days]", ""),
        ("says_not: [six days]", ""),
        ("language: en", ""),
        ("credits: 100", ""),
        ("cites: ['short-answer:*']", ""),
        ("expect: handoff", "it decided answer (short-answer, confidence "),
        ("reason: grounded", "its reason was short-answer, grounded was expected"),
        ("cites: [faq.html]", "it does not cite 'faq.html', but short-answer:"),
        ("says: [six days]", "it does not say 'six days'"),
        ("says_not: [Five Days]", "it says 'Five Days'"),
        ("language: sv", "it replies in en, sv was expected"),
        ("credits: 99", "it costs 100 credits, at most 99 were expected"),
    ],
)
def test_each_expectation(agent: Application, expected: str, fault: str) -> None:
    (result,) = run(agent, f"{REFUND}    {expected}\n")
    assert result.passed == (not fault)
    assert [told.startswith(fault) for told in result.faults] == ([True] if fault else [])


def test_a_dialogue_is_one_conversation(agent: Application) -> None:
    (result,) = run(
        agent,
        "  - name: thanks\n    credits: 0\n    dialogue:\n      - ask: Hello\n        reason: small-talk\n"
        "      - ask: Can I talk to a person?\n        expect: answer\n",
    )
    assert [reply.decision for reply in result.replies] == ["answer", "handoff"]
    assert result.credits == 0
    assert len(result.faults) == 1
    assert result.faults[0].startswith("'Can I talk to a person?': it decided handoff")


def test_several_at_a_time_come_in_the_order_of_the_file(agent: Application) -> None:
    cases = "".join(f"  - name: n{number}\n    ask: Hello {number}\n" for number in range(20))
    assert [result.case for result in run(agent, cases, jobs=4)] == [f"n{number}" for number in range(20)]


def test_nothing_is_written(agent: Application) -> None:
    run(agent, REFUND)
    assert agent.store.ledger.balance() == 0
    assert agent.store.questions.asked("support", since=agent.clock.now().replace(year=2000), limit=9) == ()


def test_first_cases_are_what_the_agent_does_today(agent: Application) -> None:
    text = first_cases(agent, "support", count=5)
    (agent.home.agents_folder / "support.test.yaml").write_text(text, encoding="utf-8")
    (result,) = run_cases(agent, load_cases(agent.home, "support"))
    assert (result.case, result.passed) == ("How long do refunds take?", True)


def test_first_cases_of_content_in_another_language(agent: Application, home: Home, listener: Silent) -> None:
    page = (
        "# Återbetalning\n\nVi betalar tillbaka pengarna inom fem arbetsdagar efter att cykeln har kommit till oss.\n"
    )
    (home.content_folder / "sv.md").write_text(page, encoding="utf-8")
    text = AGENT[: AGENT.index("sources:")] + "sources:\n  - file: content/sv.md\n"
    (home.agents_folder / "support.yaml").write_text(text, encoding="utf-8")
    sync(agent, agent.agent("support"), listener)
    assert "Återbetalning" in first_cases(agent, "support", count=5)


def test_the_baseline_tells_what_broke_what_was_mended_and_what_changed(
    agent: Application, home: Home, listener: Silent
) -> None:
    cases = (
        f"{REFUND}    says: [five days]\n"
        "  - name: six\n    ask: How long do refunds take?\n    says: [six days]\n"
        "  - name: same\n    ask: Hello\n"
        "  - name: only words\n    ask: How long do refunds take?\n"
    )
    before = json.loads(json.dumps([result.as_json() for result in run(agent, cases)]))
    assert compare(run(agent, cases), before) == []
    (home.agents_folder / "support.yaml").write_text(AGENT.replace("five", "six"), encoding="utf-8")
    sync(agent, agent.agent("support"), listener)
    changes = compare(run(agent, f"{cases}  - name: later\n    ask: Bye\n"), before)
    assert [(change.result.case, change.kind) for change in changes] == [
        ("How long do refunds take?", "broken"),
        ("six", "mended"),
        ("only words", "changed"),
        ("later", "new"),
    ]
    assert changes[0].told == ("it does not say 'five days'",)


def test_reports_for_programs(agent: Application) -> None:
    results = run(agent, f"{REFUND}    says: ['<6, 7>']\n  - ask: Hello\n")
    suite = ET.fromstring(as_junit(results))[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("support", "2", "1")
    assert suite[0].find("failure").get("message") == "it does not say '<6, 7>'"
    assert suite[1].find("failure") is None
    assert as_github(results[:1]) == (
        "::error file=agents/support.test.yaml,line=2,title=How long do refunds take?::it does not say '<6, 7>'"
    )
