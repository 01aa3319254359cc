"""sources sync --dry-run and sources lint, as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

PAGE = "# Sending a bike back\n\nYou can send a bike back within 30 days. Pack it as it came. We pay for the parcel, and the money is on your card after five days.\n"


@pytest.fixture
def page(workspace: Path, run: Callable[..., Done]) -> Path:
    """An agent that answers from one page."""
    page = workspace / "content" / "returns.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(PAGE, encoding="utf-8")
    run("create", "ada", "--yes")
    assert run("sources", "add", "ada", "content/returns.md").code == 0
    return page


def test_a_dry_run_tells_what_would_change(page: Path, run: Callable[..., Done]) -> None:
    assert "nothing would change" in run("sources", "sync", "ada", "--dry-run").out
    page.write_text(PAGE.replace("30", "60"), encoding="utf-8")
    done = run("sources", "sync", "ada", "--dry-run")
    assert (done.code, "changed: content/returns.md" in done.out) == (0, True)
    (state,) = run("sources", "sync", "ada", "--dry-run", "--json").json
    assert (state["changed"], state["added"]) == (["content/returns.md"], [])
    assert "changed: content/returns.md" in run("sources", "sync", "ada").out
    assert "nothing would change" in run("sources", "sync", "ada", "--dry-run").out


def test_a_dry_run_of_what_cannot_be_read_ends_with_one(page: Path, run: Callable[..., Done]) -> None:
    page.unlink()
    done = run("sources", "sync", "ada", "--dry-run")
    assert done.code == 1


def test_lint_names_the_place_and_what_to_do(page: Path, run: Callable[..., Done], tmp_path: Path) -> None:
    done = run("sources", "lint", "ada")
    assert (done.code, "Nothing to mend" in done.out) == (0, True)
    page.write_text(PAGE + "\n## May I send shoes back?\n\nNo.\n", encoding="utf-8")
    run("sources", "sync", "ada")
    done = run("sources", "lint", "ada")
    assert done.code == 0
    assert "thin-answer" in done.out
    assert "content/returns.md" in done.out
    assert "Answer in full sentences" in done.out
    assert run("sources", "lint", "ada", "--strict").code == 1
    assert run("sources", "lint", "ada", "--strict", "--rule", "stale-page").code == 0
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("kickstand\n", encoding="utf-8")
    found = run("sources", "lint", "ada", "--phrases", str(phrases), "--json").json
    assert [one["rule"] for one in found] == ["thin-answer", "unsaid"]
