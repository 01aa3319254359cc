"""Docs are tests: commands shown exist with those options, and blocks marked `run` are run.

A fenced block is read when it is marked `console` (lines that begin with "$ " are typed, the rest is what comes back)
or `bash` (every line is typed). A block marked `console run` or `bash run` is run as well; all of one page's blocks
run one after the other in one fresh folder, with `custagent` in the path. A page with others says why: a comment
`<!-- not run: … -->`. Blocks of other kinds are looked at in `test_docs_blocks.py`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from custagent.cli.app import COMMANDS, command
from custagent.cli.lazy import Group
from tests.pages import DOCS, PAGES, Block, name_of, shell_blocks, why_not_run
from tests.reference import load

PATHS = [
    words
    for name, entry in COMMANDS.items()
    for words in ([(name, inner) for inner in entry.commands] if isinstance(entry, Group) else [(name,)])
]
#: Pages whose commands are shown as they are typed, one by one: the tests of those commands run them.
LISTS = (DOCS / "cli.md", DOCS / "README.md")


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
    script = "\n".join(
        ["set -euo pipefail", *(line for block in shell_blocks(page) if block.runs for line in block.lines)]
    )
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


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_shown_commands_exist(page: Path) -> None:
    lines = [line for block in shell_blocks(page.read_text(encoding="utf-8")) for line in block.commands]
    calls = [(line, call) for line in lines for call in custagent_calls(line)]
    assert {line: complaint(call) for line, call in calls if complaint(call)} == {}


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.runs for block in shell_blocks(page.read_text(encoding="utf-8")))],
    ids=name_of,
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


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents and page not in LISTS], ids=name_of)
def test_a_page_says_why_commands_on_it_are_not_run(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    unrun = [block.text for block in shell_blocks(text) if not block.runs]
    assert bool(unrun) == bool(why_not_run(text)), unrun or "all of it is run, so there is nothing to say"


def test_only_typed_lines_are_read() -> None:
    page = "```console\n$ custagent list \\\n    --json\n[]\n```\n```bash run\n# first\ncustagent init\n```\n```python\nx\n```\n"
    found = list(shell_blocks(page))
    assert [(block.lines, block.runs) for block in found] == [
        (("custagent list      --json",), False),
        (("custagent init",), True),
    ]


def test_what_is_handed_to_a_command_is_no_command() -> None:
    block = Block("bash", "", "cat > a.py <<'END'\nit's custagent here\nEND\ncustagent list\n")
    assert block.commands == ("cat > a.py <<'END'", "custagent list")
    assert len(block.lines) == 4


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


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_and_an_example(path: tuple[str, ...]) -> None:
    loaded = command()
    for word in path:
        loaded = loaded.load(word)
    shown = load("reference_pages.commands").examples(loaded.help)
    calls = [call for line in shown for call in custagent_calls(line)]
    assert loaded.help.partition("\n")[0].endswith(".")
    assert any(call[: len(path)] == list(path) for call in calls), "the docstring has no `Example:` with this command"
    assert {" ".join(call): complaint(call) for call in calls if complaint(call)} == {}
    assert all(param.help for param in loaded.params), "an argument or option says nothing about itself"
