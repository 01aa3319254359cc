"""The recipes for CI: the script is run as it stands, the others name only commands that there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "ci"
PAGE = "# Refunds\n\n## How long do refunds take?\n\nA refund takes five working days and goes back to the card that you paid with.\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with an agent, a page and a case that passes."""
    custagent(tmp_path, "init", "--name", "Northwind")
    (tmp_path / "content").mkdir(exist_ok=True)
    (tmp_path / "content" / "refunds.md").write_text(PAGE, encoding="utf-8")
    custagent(tmp_path, "create", "ada", "--yes")
    custagent(tmp_path, "sources", "add", "ada", "content/refunds.md")
    write_case(tmp_path, "five working days")
    return tmp_path


def custagent(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "custagent", *words], cwd=folder, check=True, capture_output=True, text=True
    )


def write_case(folder: Path, phrase: str) -> None:
    case = f"cases:\n  - ask: How long do refunds take?\n    expect: answer\n    says: [{phrase}]\n"
    (folder / "agents" / "ada.test.yaml").write_text(case, encoding="utf-8")


def check(folder: Path, *words: str, form: str = "text") -> subprocess.CompletedProcess[str]:
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    command = bin_folder / "custagent"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m custagent "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    environ = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "FORMAT": form}
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


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "pre-commit-config.yaml"])
def test_recipes_are_yaml_with_commands_that_there_are(name: str, tmp_path: Path) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    commands = re.findall(r"custagent ((?:sources )?(?:validate|sync|test|lint))((?: --[a-z-]+)*)", text)
    assert commands or "check.sh" in text
    for command, options in set(commands):
        told = custagent(tmp_path, *command.split(), "--help").stdout
        assert all(option in told for option in options.split())
