"""The proof that test cases work, on any content: a suite is written, passes, and an edit breaks what it should."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from junitparser import Failure, JUnitXml

Run = Callable[..., Any]
#: What stands in a page after somebody has put the wrong file in its place.
WRONG = "# Lunch\n\nThe canteen serves soup on Mondays and pancakes on Thursdays.\n"


def prove(run: Run, folder: Path, agent: str = "support") -> Counter[str]:
    """Write a suite for a workspace whose content is read, keep a baseline, edit the page that most cases cite.

    How many cases cite each page. Asserts all that TEST-1 promises on the way.
    """
    assert run("test", agent, "--init").code == 0
    cases = yaml.safe_load((folder / "agents" / f"{agent}.test.yaml").read_text(encoding="utf-8"))["cases"]
    cited = Counter(page for case in cases for page in case.get("cites", ()))
    done = run("test", agent, "--format", "json")
    assert (done.code, len(done.json)) == (0, len(cases))
    (folder / "baseline.json").write_text(done.out, encoding="utf-8")
    assert junit_of(run("test", agent, "--format", "junit")) == set()
    assert "Nothing differs from the baseline." in run("test", agent, "--baseline", "baseline.json").out

    page, _ = cited.most_common(1)[0]
    (folder / page).write_text(WRONG, encoding="utf-8")
    assert run("sources", "sync", agent).code == 0
    right = {case["ask"] for case in cases if page in case.get("cites", ())}
    broken = run("test", agent, "--baseline", "baseline.json")
    assert broken.code == 1
    told = {line.removeprefix("broken: ") for line in broken.out.splitlines() if line.startswith("broken: ")}
    assert right <= told, f"not broken: {right - told}"
    # It may have been one of several that were cited, or of those that were offered to choose from.
    near = {case["case"] for case in done.json if any(_is_near(page, reply) for reply in case["replies"])}
    assert told <= right | near, f"broken besides: {told - right - near}"
    report = run("test", agent, "--format", "junit")
    assert (report.code, junit_of(report)) == (1, told)
    named = run("test", agent, "--baseline", "baseline.json", "--format", "github")
    assert named.out.count("::error file=agents/") == len(told)
    return cited


def _is_near(page: str, reply: dict[str, Any]) -> bool:
    return reply["decision"] != "answer" or any(link.startswith(page) for link in reply["cites"])


def junit_of(done: Any) -> set[str]:
    """The failed cases as somebody else's parser reads them; its own counts must agree."""
    report = JUnitXml.fromstring(done.out)
    cases = [case for suite in report for case in suite]
    failed = {case.name for case in cases if any(isinstance(one, Failure) for one in case.result)}
    for suite in report:
        told = (suite.tests, suite.failures, suite.errors)
        suite.update_statistics()
        assert told == (suite.tests, suite.failures, suite.errors)
    assert all(one.message and one.text for case in cases for one in case.result)
    return failed


def write_corpus(task: Path, folder: Path) -> None:
    """The documents of an evaluation task as pages of a workspace, below content/help."""
    (folder / "content" / "help").mkdir(parents=True)
    for number, line in enumerate((task / "corpus.jsonl").read_text(encoding="utf-8").splitlines()):
        page = json.loads(line)
        text = page["text"].removeprefix(page["title"]).strip()
        path = folder / "content" / "help" / f"{number:03}.md"
        path.write_text(f"# {page['title']}\n\n{text}\n", encoding="utf-8")
