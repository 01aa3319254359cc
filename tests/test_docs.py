"""Docs are tests: commands shown exist with those options, blocks marked `run` are run, the reference is generated.

A fenced block is read when it is marked `console` (lines that begin with "$ " are typed, the rest is what comes back)
or `bash` (every line is typed). A block marked `console run` or `bash run` is run as well; all of one page's blocks
run one after the other in one fresh folder, with `custagent` in the path.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from custagent.cli.app import COMMANDS, command
from custagent.cli.lazy import Group

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATHS = [
    words
    for name, entry in COMMANDS.items()
    for words in ([(name, inner) for inner in entry.commands] if isinstance(entry, Group) else [(name,)])
]

FENCE = re.compile(r"(?ms)^```(console|bash)( run)?\n(.*?)^```$")


@dataclass(frozen=True)
class Block:
    """A fenced block of commands."""

    lines: tuple[str, ...]
    runs: bool


def blocks(markdown: str) -> Iterator[Block]:
    for kind, run, text in FENCE.findall(markdown):
        lines = text.replace("\\\n", " ").splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")] if kind == "console" else lines
        yield Block(tuple(line for line in typed if line.strip() and not line.startswith("#")), bool(run))


def custagent_calls(line: str) -> Iterator[list[str]]:
    """The words after `custagent` of every call in a shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    call: list[str] | None = None
    for word in [*lexer, ";"]:
        if set(word) <= set(";&|<>"):
            if call is not None:
                yield call
            call = None
        elif call is not None:
            call.append(word)
        elif word == "custagent":
            call = []


def complaint(words: list[str]) -> str:
    """What is wrong with a call of custagent: an unknown command or option; "" when it could be typed."""
    current = command()
    options = {option for param in current.params for option in (*param.opts, *param.secondary_opts)}
    values = {option for param in current.params if not getattr(param, "is_flag", True) for option in param.opts}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option = word.partition("=")[0]
        if word.startswith("-") and word != "-":
            if option not in options | {"--help"}:
                return f"no option {option}"
            if option in values and "=" not in word and rest:
                rest.pop(0)
        elif hasattr(current, "load"):
            if word not in current.commands:
                return f"no command {word}"
            current = current.load(word)
            options = {option for param in current.params for option in (*param.opts, *param.secondary_opts)}
            values = {
                option for param in current.params if not getattr(param, "is_flag", True) for option in param.opts
            }
    return ""


def run(page: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the blocks of a page that are marked so, as one script that stops at the first failure."""
    programs = folder / "programs"
    workspace = folder / "workspace"
    programs.mkdir()
    workspace.mkdir()
    program = programs / "custagent"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m custagent "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = "\n".join(["set -euo pipefail", *(line for block in blocks(page) if block.runs for line in block.lines)])
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CUSTAGENT_")},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        ["bash", "-c", script],
        cwd=workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """docs/reference.py, which writes docs/cli.md."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shown_commands_exist(page: Path) -> None:
    lines = [line for block in blocks(page.read_text(encoding="utf-8")) for line in block.lines]
    calls = [(line, call) for line in lines for call in custagent_calls(line)]
    assert {line: complaint(call) for line, call in calls if complaint(call)} == {}


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.runs for block in blocks(page.read_text(encoding="utf-8")))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)  # fmt: skip
def test_blocks_marked_so_run(page: Path, tmp_path: Path, require) -> None:
    require("bash", shutil.which("bash"), "blocks are run by it")
    done = run(page.read_text(encoding="utf-8"), tmp_path)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_a_block_that_fails_is_noticed(tmp_path: Path, require) -> None:
    require("bash", shutil.which("bash"), "blocks are run by it")
    page = "```console run\n$ custagent --version\n$ custagent nonsense\n$ custagent --version\n```\n"
    done = run(page, tmp_path)
    assert done.returncode == 2
    assert done.stdout.count("custagent 0.") == 1


def test_only_typed_lines_are_read() -> None:
    page = "```console\n$ custagent list \\\n    --json\n[]\n```\n```bash run\n# first\ncustagent init\n```\n```python\nx\n```\n"
    assert list(blocks(page)) == [
        Block(("custagent list      --json",), runs=False),
        Block(("custagent init",), runs=True),
    ]


def test_calls_are_found_between_other_words() -> None:
    line = "cd help && CUSTAGENT_USER=anna custagent -w . list --json | jq . > out.json; custagent 'a b' # custagent c"
    assert list(custagent_calls(line)) == [["-w", ".", "list", "--json"], ["a b"]]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--version"], ""),
        (["-w", "folder", "--nonsense"], "no option --nonsense"),
        (["nonsense"], "no command nonsense"),
        (["sources", "nonsense"], "no command nonsense"),
        (["--as=anna", "sources", "--help"], ""),
    ],
)
def test_a_wrong_call_is_noticed(words: list[str], wrong: str) -> None:
    assert complaint(words) == wrong


def test_the_reference_is_up_to_date(reference: ModuleType) -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference.reference(), "run: nox -s docs -- --write"


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_and_an_example(path: tuple[str, ...], reference: ModuleType) -> None:
    loaded = command()
    for word in path:
        loaded = loaded.load(word)
    shown = reference.examples(loaded.help)
    calls = [call for line in shown for call in custagent_calls(line)]
    assert loaded.help.partition("\n")[0].endswith(".")
    assert any(call[: len(path)] == list(path) for call in calls), "the docstring has no `Example:` with this command"
    assert {" ".join(call): complaint(call) for call in calls if complaint(call)} == {}
    assert all(param.help for param in loaded.params), "an argument or option says nothing about itself"
