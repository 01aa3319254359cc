"""The recipes for CI: the script is run as it stands, the others name only commands that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "examples" / "ci"
PAGE = "# Refunds\n\n## How long do refunds take?\n\nA refund takes five working days and goes back to the card that you paid with.\n"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an agent, a page and a case that passes; making it takes longer than checking it."""
    folder = tmp_path_factory.mktemp("made")
    custagent(folder, "init", "--name", "Northwind")
    (folder / "content").mkdir(exist_ok=True)
    (folder / "content" / "refunds.md").write_text(PAGE, encoding="utf-8")
    custagent(folder, "create", "ada", "--yes")
    custagent(folder, "sources", "add", "ada", "content/refunds.md")
    write_case(folder, "five working days")
    return folder


@pytest.fixture
def workspace(made_once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def custagent(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "custagent", *words], cwd=folder, check=True, capture_output=True, text=True
    )


def write_case(folder: Path, phrase: str) -> None:
    case = f"cases:\n  - ask: How long do refunds take?\n    expect: answer\n    says: [{phrase}]\n"
    (folder / "agents" / "ada.test.yaml").write_text(case, encoding="utf-8")


def check(folder: Path, *words: str, form: str = "text", **variables: str) -> subprocess.CompletedProcess[str]:
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    command = bin_folder / "custagent"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m custagent "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    environ = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "FORMAT": form} | variables
    return subprocess.run(
        ["sh", str(FOLDER / "check.sh"), *words], cwd=folder, env=environ, check=False, capture_output=True, text=True
    )


def test_the_script_passes_and_fails_as_it_says(workspace: Path) -> None:
    done = check(workspace)
    assert done.returncode == 0, done.stderr
    assert "1 case passed." in done.stdout
    (workspace / "baseline.json").write_text(custagent(workspace, "test", "--format", "json").stdout, encoding="utf-8")
    write_case(workspace, "six working days")
    done = check(workspace, "baseline.json", form="github")
    assert done.returncode == 1
    assert "::error file=agents/ada.test.yaml,line=2," in done.stdout
    results = json.loads((workspace / "baseline.json").read_text(encoding="utf-8"))
    assert results[0]["passed"]
    (workspace / "agents" / "ada.yaml").write_text("name: ada\nrole: wizard\n", encoding="utf-8")
    assert check(workspace).returncode == 1


def test_a_report_holds_nothing_but_the_report(workspace: Path) -> None:
    done = check(workspace, form="junit")
    assert (done.returncode, JUnitXml.fromstring(done.stdout).tests) == (0, 1)
    write_case(workspace, "six working days")
    done = check(workspace, form="junit", REPORT="report.xml")
    assert (done.returncode, done.stdout) == (1, "")
    assert JUnitXml.fromfile(str(workspace / "report.xml")).failures == 1


def test_content_that_could_be_better_fails_where_that_is_wanted(workspace: Path) -> None:
    (workspace / "content" / "refunds.md").write_text("# Refunds\n\nSoon.\n", encoding="utf-8")
    done = check(workspace, LINT="strict")
    assert done.returncode == 1
    assert "place" in done.stderr
    assert "passed" not in done.stdout


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "examples" / "github-actions" / "agents.yml",
        FOLDER / "gitlab.yml",
        FOLDER / "pre-commit-config.yaml",
        ROOT / ".pre-commit-hooks.yaml",
    ],
    ids=lambda path: path.name,
)
def test_recipes_are_yaml_with_commands_that_there_are(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    commands = re.findall(r"custagent ((?:sources )?(?:validate|sync|test|lint))((?: --[a-z-]+)*)", text)
    assert commands or "check.sh" in text
    for command, options in set(commands):
        told = custagent(tmp_path, *command.split(), "--help").stdout
        assert all(option in told for option in options.split())
