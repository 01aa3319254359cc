"""Docs are tests: commands shown exist, with those options, and each has help and an example.

A fenced block is read when it is called `console` (lines that begin with "$ " are typed, the rest is what comes back)
or `bash` (every line is typed). `test_docs_run.py` runs them; other kinds are looked at in `test_docs_blocks.py`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from custagent.cli.app import COMMANDS, command
from custagent.cli.lazy import Group
from tests.pages import PAGES, Block, name_of, shell_blocks
from tests.reference import load

PATHS = [
    words
    for name, entry in COMMANDS.items()
    for words in ([(name, inner) for inner in entry.commands] if isinstance(entry, Group) else [(name,)])
]


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


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_shown_commands_exist(page: Path) -> None:
    lines = [line for block in shell_blocks(page.read_text(encoding="utf-8")) for line in block.commands]
    calls = [(line, call) for line in lines for call in custagent_calls(line)]
    assert {line: complaint(call) for line, call in calls if complaint(call)} == {}


def test_only_typed_lines_are_read() -> None:
    page = "```console\n$ custagent list \\\n    --json\n[]\n```\n<!-- not run: why -->\n```bash\n# first\ncustagent init\n```\n```python\nx\n```\n"
    found = list(shell_blocks(page))
    assert [(block.lines, block.why_not_run) for block in found] == [
        (("custagent list      --json",), ""),
        (("custagent init",), "why"),
    ]


def test_what_is_handed_to_a_command_is_no_command() -> None:
    block = Block("bash", "cat > a.py <<'END'\nit's custagent here\nEND\ncustagent list\n")
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
