"""What a comparison lists is what two simulations, one before and one after a change, really differ in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, run, workspace
from tests.suites import write_corpus

__all__ = ["run", "workspace"]


def other_thresholds(folder: Path) -> None:
    path = folder / "agents" / "support.yaml"
    text = path.read_text(encoding="utf-8")
    assert "confidence: balanced" in text
    path.write_text(text.replace("confidence: balanced", "confidence: careful"), encoding="utf-8")


def other_content(folder: Path) -> None:
    changed = 0
    for path in sorted((folder / "content" / "help").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Wix Payments", "the shop's payments"), encoding="utf-8")
        changed += "Wix Payments" in text
    assert changed


def replies(found: Mapping[str, Any]) -> dict[int, tuple[Any, ...]]:
    return {one["line"]: (one["decision"], tuple(one["sources"]), one["text"]) for one in found["replies"]}


@pytest.mark.parametrize("change", [other_thresholds, other_content])
def test_a_comparison_lists_what_differs_and_nothing_else(
    change: Callable[[Path], None], eval_data: Path, workspace: Path, run: Callable[..., Done]
) -> None:
    task = eval_data / "dev" / "d6_wixqa_support_en"
    write_corpus(task, workspace)
    assert run("sources", "add", "support", "content/help").code == 0
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@northwind.example"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True)
    asked = ("simulate", "support", "--from", str(task / "queries.jsonl"), "--json")
    before = replies(run(*asked).json)
    change(workspace)
    after = replies(run(*asked).json)
    differ = {line for line in before if before[line] != after[line]}
    compared = run(*asked, "--compare", "HEAD").json["compared"]
    assert {one["now"]["line"] for one in compared["changed"]} == differ
    assert (len(compared["changed"]), compared["unchanged"]) == (len(differ), len(before) - len(differ))
    assert differ
