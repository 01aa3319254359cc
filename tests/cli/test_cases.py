"""custagent test, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done


@pytest.fixture
def cases(workspace: Path, run: Callable[..., Done]) -> Path:
    """An agent with one short answer, and where its cases stand."""
    run("create", "ada", "--yes")
    added = run(
        "sources", "add", "ada", "--question", "How long do refunds take?", "--answer", "Refunds take five days."
    )
    assert added.code == 0
    return workspace / "agents" / "ada.test.yaml"


def test_first_cases_are_written_once_and_pass(cases: Path, run: Callable[..., Done]) -> None:
    assert "custagent test support --init" in run("test").err
    done = run("test", "ada", "--init")
    assert (done.code, cases.exists()) == (0, True)
    done = run("test")
    assert "1 case passed" in done.out
    assert "custagent channels add live-chat web" in done.out
    assert "custagent assign ada web" in done.out
    again = run("test", "ada", "--init")
    assert (again.code, "is there already" in again.err) == (2, True)


def test_a_failed_case_ends_with_one_and_names_its_line(cases: Path, run: Callable[..., Done]) -> None:
    cases.write_text(
        "cases:\n  - ask: How long do refunds take?\n    says: [six days]\n  - ask: Hello\n", encoding="utf-8"
    )
    done = run("test", "ada")
    assert done.code == 1
    assert "agents/ada.test.yaml:2" in done.out
    assert "it does not say 'six days'" in done.out
    assert run("test", "--case", "hello").code == 0
    assert run("test", "--case", "h*o").code == 0
    assert run("test", "--case", "nothing like it").code == 2
    assert run("test", "--format", "github").out.startswith("::error file=agents/ada.test.yaml,line=2,")
    assert "<failure" in run("test", "--format", "junit").out


def test_with_a_baseline_only_what_broke_fails(cases: Path, run: Callable[..., Done], tmp_path: Path) -> None:
    cases.write_text("cases:\n  - ask: How long do refunds take?\n    says: [six days]\n", encoding="utf-8")
    baseline = tmp_path / "baseline.json"
    done = run("test", "--format", "json")
    assert done.code == 1
    baseline.write_text(done.out, encoding="utf-8")
    done = run("test", "--baseline", str(baseline))
    assert (done.code, "Nothing differs from the baseline." in done.out) == (0, True)
    results = json.loads(baseline.read_text(encoding="utf-8"))
    results[0]["passed"] = True
    baseline.write_text(json.dumps(results), encoding="utf-8")
    done = run("test", "--baseline", str(baseline))
    assert (done.code, "broken: How long do refunds take?" in done.out) == (1, True)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '[{"agent": "ada"}]', ""])
def test_a_baseline_that_is_none_is_told(cases: Path, run: Callable[..., Done], tmp_path: Path, text: str) -> None:
    cases.write_text("cases:\n  - ask: Hello\n", encoding="utf-8")
    baseline = tmp_path / "baseline.json"
    baseline.write_text(text, encoding="utf-8")
    done = run("test", "--baseline", str(baseline))
    assert (done.code, "--format json > baseline.json" in done.err) == (2, True)


def test_fresh_asks_the_files_and_leaves_what_is_stored(cases: Path, run: Callable[..., Done]) -> None:
    cases.write_text("cases:\n  - ask: How long do refunds take?\n    says: [six days]\n", encoding="utf-8")
    path = cases.with_name("ada.yaml")
    text = path.read_text(encoding="utf-8").replace("five days", "six days")
    path.write_text(text, encoding="utf-8")
    assert run("test", "ada").code == 1
    assert run("test", "ada", "--fresh").code == 0
    assert run("test", "ada").code == 1
    path.write_text(text + "  - file: content/gone.md\n", encoding="utf-8")
    done = run("test", "ada", "--fresh")
    assert (done.code, "Warning: ada: content/gone.md: " in done.err) == (0, True)
