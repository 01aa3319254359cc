"""The example workspaces: their files are right, their content is good, their agents do what the cases say, and the
transcripts are what the preview shows.
"""

from __future__ import annotations

import importlib.util
import io
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from custagent.__main__ import main
from custagent.cli import render
from custagent.runtime.proving import demo

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = ("agency-sv", "saas", "shop")

#: How sure an agent is differs a little between processors; by no more than this.
CONFIDENCE_DIFFERS = 0.1
_CONFIDENCE = re.compile(r"[█░]{10} (\d\.\d\d)")


@dataclass(frozen=True)
class Example:
    """A copy of an example whose content was read."""

    name: str
    folder: Path
    run: Callable[[Sequence[str]], str]

    @property
    def agents(self) -> list[str]:
        return transcripts().agents(self.folder)

    def json(self, *words: str) -> Any:
        return json.loads(self.run(words))


def transcripts() -> ModuleType:
    """examples/transcripts.py, which writes the transcripts."""
    spec = importlib.util.spec_from_file_location("transcripts", EXAMPLES / "transcripts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_in(folder: Path, patch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], str]:
    def run(words: Sequence[str]) -> str:
        """The command in this process; what it prints. Fails where it ends with anything but 0."""
        render.stdout.cache_clear()
        render.stderr.cache_clear()
        patch.setattr(sys, "argv", ["custagent", "-w", str(folder), *words])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, f"custagent {' '.join(words)}\n{out.getvalue()}\n{err.getvalue()}"
        return out.getvalue()

    return run


@pytest.fixture(scope="module", params=NAMES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    name: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("CUSTAGENT_WORKSPACE", "CUSTAGENT_DEBUG", "FORCE_COLOR"):
            patch.delenv(variable, raising=False)
        for variable, value in transcripts().environment(name).items():
            patch.setenv(variable, value)
        folder = transcripts().copied(name, tmp_path_factory.mktemp("examples"))
        made = Example(name, folder, run_in(folder, patch))
        for agent in made.agents:
            made.run(["sources", "sync", agent])
        yield made
    render.stdout.cache_clear()
    render.stderr.cache_clear()


def comparable(text: str) -> tuple[str, list[float]]:
    """A transcript without how sure the agent was, and how sure it was."""
    return _CONFIDENCE.sub("…", text), [float(number) for number in _CONFIDENCE.findall(text)]


def test_all_examples_with_a_workspace_are_tried() -> None:
    assert sorted(file.parent.name for file in EXAMPLES.glob("*/custagent.yaml")) == sorted(NAMES)
    assert sorted(transcripts().WORKSPACES) == sorted(NAMES)


def test_the_files_are_right(example: Example) -> None:
    assert "no findings" in example.run(["validate", "--strict"])


def test_the_content_is_good(example: Example) -> None:
    assert [finding for agent in example.agents for finding in example.json("sources", "lint", agent, "--json")] == []


def test_everything_was_read(example: Example) -> None:
    listed = [source for agent in example.agents for source in example.json("sources", "list", agent, "--json")]
    assert {source["state"] for source in listed} == {"ready"}
    pages = [file for file in (example.folder / "content").rglob("*") if file.is_file()]
    assert 8 <= len(pages) <= 15


def test_the_agents_do_what_the_cases_say(example: Example) -> None:
    results = example.json("test", "--format", "json")
    assert [(one["case"], one["faults"]) for one in results if not one["passed"]] == []
    # What an example is for: each of these can be looked up in it.
    steps = [reply for one in results for reply in one["replies"]]
    assert {reply["decision"] for reply in steps} == {"answer", "clarify", "rephrase", "handoff"}
    assert {reply["reason"] for reply in steps} >= {"grounded", "guardrail"}


def test_there_are_cases_of_each_kind(example: Example) -> None:
    cases = [
        case
        for agent in example.agents
        for case in yaml.safe_load((example.folder / "agents" / f"{agent}.test.yaml").read_text("utf-8"))["cases"]
    ]
    default = yaml.safe_load((example.folder / "custagent.yaml").read_text("utf-8"))["default_language"]
    assert len(cases) >= 10
    assert sum("cites" in case for case in cases) >= 5
    assert any(case.get("language", default) != default for case in cases)
    assert any("dialogue" in case for case in cases)


def test_the_transcript_is_what_the_preview_shows(example: Example) -> None:
    kept = (EXAMPLES / example.name / "transcript.md").read_text(encoding="utf-8")
    text, sure = comparable(kept)
    now, sure_now = comparable(transcripts().recorded(kept, example.run))
    assert now == text, "look at what changed, then run: python examples/transcripts.py"
    assert sure_now == pytest.approx(sure, abs=CONFIDENCE_DIFFERS)


@pytest.mark.parametrize("name", NAMES)
def test_its_readme_names_files_that_there_are(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:agents|content)/[\w./-]*|custagent\.yaml)`", readme)
    assert len(named) >= 4
    assert [path for path in named if not (EXAMPLES / name / path).exists()] == []


def test_nobody_lives_at_the_addresses() -> None:
    files = [file for name in NAMES for file in (EXAMPLES / name).rglob("*") if file.is_file()]
    texts = [file.read_text(encoding="utf-8") for file in files if ".custagent" not in file.parts]
    hosts = {host for text in texts for host in re.findall(r"(?:@|https://)([\w-]+(?:\.[\w-]+)+)", text)}
    assert {host for host in hosts if not host.endswith(".example")} == set()


def test_the_program_brings_only_what_the_demo_shows() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    bundled = [path for path in wheel["force-include"] if path.startswith("examples")]
    shown = {"help-site", *demo.FILES, demo.QUESTIONS}
    assert sorted(bundled) == sorted(f"examples/{name}" for name in shown)
