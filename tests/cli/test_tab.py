"""What TAB offers: commands, options, and the names that the workspace has, in the words of each shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from custagent.cli.tab import answer, offers
from custagent.config.agents import agent_names
from custagent.config.home import Home

WORKSPACE = """\
name: Northwind
channels:
  - {name: web, kind: live-chat, origins: ["https://www.example.com"]}
  - {name: phone, kind: whatsapp}
users:
  - {name: anna, full_name: Anna Berg, email: anna@example.com}
  - {name: bo, full_name: Bo Ek, email: bo@example.com}
teams:
  - {name: support, members: [anna]}
desks:
  - {name: sales}
voices:
  - {name: northwind, description: Short.}
"""
AGENT = """\
name: support
sources:
  - url: https://help.example.com/start
  - file: content/faq.md
  - short_answer: Open?
    answer: Daily.
"""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "agents").mkdir()
    (tmp_path / "custagent.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "agents" / "support.yaml").write_text(AGENT, encoding="utf-8")
    (tmp_path / "agents" / "support.test.yaml").write_text("[]", encoding="utf-8")
    (tmp_path / "agents" / "sales.yaml").write_text("[", encoding="utf-8")
    (tmp_path / ".custagent" / "backups").mkdir(parents=True)
    (tmp_path / ".custagent" / "backups" / "custagent-20261118-123000.db").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUSTAGENT_WORKSPACE", raising=False)
    return tmp_path


def offered(line: str) -> list[str]:
    *words, begun = line.split(" ")
    return [one.word for one in offers(words, begun)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sho", ["show"]), ("sources re", ["remove"]), ("cretae ", []), ("sources nothing ", []),
        ("show ", ["sales", "support"]), ("show sup", ["support"]), ("show x", []), ("show support ", []),
        ("pause sales ", ["support"]), ("--as anna show sup", ["support"]), ("-q show sup", ["support"]),
        ("assign support ", ["web", "phone"]), ("assign support web ", ["phone"]), ("assign support -q w", ["web"]),
        ("sources show support ", ["https://help.example.com/start", "content/faq.md", "Open?"]),
        ("sources show sales ", []), ("sources show nobody ", []), ("sources sync support c", ["content/faq.md"]),
        ("users show a", ["anna"]), ("users add ", []), ("teams members support --add ", ["anna", "bo"]),
        ("--as ", ["anna", "bo"]), ("show support --as b", ["bo"]),
        ("stats --agent s", ["sales", "support"]), ("stats --agent=su", ["--agent=support"]), ("stats --channel p", ["phone"]),
        ("conversations list --channel w", ["web"]), ("inbox list --channel w", ["web"]), ("outbox list --channel w", ["web"]),
        ("gaps list --agent su", ["support"]), ("preview support --channel p", ["phone"]), ("preview support --language s", ["sv"]),
        ("conversations list --assignee ", ["user:anna", "user:bo", "team:support", "nobody"]),
        ("assign support web --to t", ["team:support"]), ("inbox assign x n", ["nobody"]),
        ("conversations list --status o", ["open"]), ("create --personality w", ["witty"]), ("create --voice ", ["northwind"]),
        ("create --template s", ["shop"]), ("channels add w", ["whatsapp"]), ("channels add email x --desk s", ["sales"]),
        ("channels add email x --imap-security s", ["starttls"]), ("import hubspot support --what b", ["blog"]),
        ("restore ", ["custagent-20261118-123000.db"]), ("audit b", ["bo"]), ("backup ", []),
        ("conversations list --lim", ["--limit"]), ("conversations list --limit 5 --lim", []), ("gaps list --k", ["--kind"]),
        ("assign support web --to user:bo --to", ["--to"]), ("show --work", ["--workspace"]), ("sh --ver", []),
        ("--ver", ["--version"]), ("show support --ver", []), ("sources --he", ["--help"]),
        ("show -- --js", []), ("show -- sup", ["support"]),
    ],
)  # fmt: skip
def test_what_may_stand_there_is_offered(line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_agents_are_those_that_the_commands_know(workspace: Path) -> None:
    assert offered("show ") == list(agent_names(Home(root=workspace)))


def test_the_workspace_that_was_named_is_read(workspace: Path, tmp_path_factory, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert offered("show ") == []
    assert offered(f"--workspace {workspace} show ") == ["sales", "support"]
    assert offered(f"show -w {workspace} ") == ["sales", "support"]
    monkeypatch.setenv("CUSTAGENT_WORKSPACE", str(workspace))
    assert offered("channels check ") == ["web", "phone"]


def test_a_file_that_cannot_be_read_offers_nothing(workspace: Path) -> None:
    (workspace / "custagent.yaml").write_text("name: [", encoding="utf-8")
    assert offered("channels check ") == []
    assert offered("conversations list --assignee ") == ["nobody"]
    assert offered("show ") == ["sales", "support"]


def in_bash(capsys: pytest.CaptureFixture[str], *pieces: str) -> list[str]:
    """What bash is told where it broke the line into these pieces, the last being the one at hand."""
    asking = {
        "_CUSTAGENT_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(pieces),
        "COMP_CWORD": f"{len(pieces) - 1}",
    }
    assert answer(asking) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("sources", "show", "support", "https", ":", "//he"), ["//help.example.com/start"]),
        (("assign", "support", "web", "--to", "user", ":"), ["anna", "bo"]),
        (("assign", "support", "web", "--to", "user", ":", "b"), ["bo"]),
        (("stats", "--agent", "=", "su"), ["support"]),
        (("stats", "--agent", "="), ["sales", "support"]),
        (("assign", "support", "--to", "user", ":", "bo", "w"), ["web"]),
        (("stats", "--agent", "=", "support", "--channel", ""), ["web", "phone"]),
        (("sources", "show", '"support', ""), []),
    ],
)  # fmt: skip
def test_bash_breaks_words_at_colons_and_is_told_the_rest(capsys, pieces: tuple[str, ...], expected: list[str]) -> None:
    assert in_bash(capsys, "custagent", *pieces) == expected


TYPER = "from custagent.cli.app import command\ncommand()(prog_name='custagent', complete_var='_CUSTAGENT_COMPLETE')"


@pytest.mark.parametrize("typed", ["custagent sc", "custagent inbox cl", "custagent users b", "custagent nothing x"])
def test_each_shell_is_answered_as_typers_own_script_wants_it(capsys: pytest.CaptureFixture[str], typed: str) -> None:
    begun = typed.rpartition(" ")[2]
    line = {
        "_TYPER_COMPLETE_ARGS": typed,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": begun,
        "COMP_WORDS": typed,
        "COMP_CWORD": f"{typed.count(chr(32))}",
    }
    for shell in ("bash", "zsh", "fish", "powershell", "pwsh"):
        asking = {**line, "_CUSTAGENT_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        theirs = subprocess.run(
            [sys.executable, "-c", TYPER], env={**os.environ, **asking}, capture_output=True, text=True, check=False
        )
        assert answer(asking) == 0
        ours = capsys.readouterr().out
        assert ours.strip("\n") == theirs.stdout.strip("\n"), (shell, theirs.stderr)
        assert bool(ours) == ("nothing" not in typed or shell == "zsh"), shell


def test_fish_asks_whether_there_is_anything_first() -> None:
    asking = {"_CUSTAGENT_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    assert answer({**asking, "_TYPER_COMPLETE_ARGS": "custagent show s"}) == 0
    assert answer({**asking, "_TYPER_COMPLETE_ARGS": "custagent backup "}) == 1


def test_zsh_completes_files_where_we_know_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"_CUSTAGENT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "custagent backup "})
    assert capsys.readouterr().out == "_files\n"


def test_what_is_no_question_of_a_shell_is_left_to_typer(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer({"_CUSTAGENT_COMPLETE": "source_bash"}) is None
    assert answer({}) is None
    assert capsys.readouterr().out == ""


def taken() -> dict[str, set[str]]:
    """What options of the same name take, over all commands."""
    found: dict[str, set[str]] = {}
    commands = json.loads(
        (Path(sys.modules[answer.__module__].__file__ or "").with_name("completion.json")).read_text("utf-8")
    )

    def look(entry: dict) -> None:
        for inner in entry.get("commands", {}).values():
            look(inner)
        for name, (_, takes, _) in entry["options"].items():
            found.setdefault(name, set()).add(json.dumps(takes))

    look(commands)
    return found


@pytest.mark.parametrize(
    ("option", "takes"),
    [
        ("--agent", "AGENT"),
        ("--channel", "CHANNEL"),
        ("--since", "TIME"),
        ("--until", "TIME"),
        ("--json", None),
        ("--yes", None),
    ],
)
def test_an_option_means_the_same_everywhere(option: str, takes: str | None) -> None:
    assert taken()[option] == {json.dumps(takes)}
