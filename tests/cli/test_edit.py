"""custagent edit, with editors that are small programs: what reaches the file, and what is left when it does not."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

Run = Callable[..., Done]
#: Sets an editor that does this to the file (`file`, a Path; `text`, what it holds), and what is typed at the terminal.
Edits = Callable[..., None]

PERSONALITY = "file.write_text(text.replace('personality: friendly', 'personality: witty'))"
MISTAKE = "file.write_text(text.replace('personality: friendly', 'personality: grumpy'))"


class Terminal(io.StringIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def edits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Edits:
    def set_editor(*does: str, typed: str = "", folder: str = "my editor", words: str = "--wait") -> None:
        """Each of `does` is what it does one time it is opened."""
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        times = place / "times"
        times.unlink(missing_ok=True)
        (place / "editor.py").write_text(
            "import sys, pathlib\n"
            f"times = pathlib.Path({str(times)!r})\n"
            "time = len(times.read_text()) if times.exists() else 0\n"
            "times.write_text('x' * (time + 1))\n"
            "file = pathlib.Path(sys.argv[-1])\ntext = file.read_text(encoding='utf-8')\n"
            f"exec({list(does)!r}[time])\n",
            encoding="utf-8",
        )
        monkeypatch.setenv("EDITOR", f"'{sys.executable}' '{place / 'editor.py'}' {words}")
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return set_editor


def file(workspace: Path) -> Path:
    return workspace / "agents" / "support.yaml"


def left(workspace: Path) -> list[str]:
    return sorted(one.name for one in (workspace / "agents").iterdir() if one.name.startswith("."))


def test_what_is_saved_is_shown_and_goes_into_force(run: Run, workspace: Path, edits: Edits) -> None:
    edits(PERSONALITY)
    done = run("edit", "support")
    assert done.code == 0
    assert "support: version 1 is in force; 1 setting would change" in done.out
    assert "witty" in done.out
    assert "version 2 is live" in done.out
    assert "personality: witty" in file(workspace).read_text(encoding="utf-8")
    assert left(workspace) == []


def test_the_file_itself_is_never_half_edited(run: Run, workspace: Path, edits: Edits) -> None:
    live = file(workspace)
    untouched = f"assert 'friendly' in pathlib.Path({str(live)!r}).read_text()"
    edits(MISTAKE, f"{untouched}; {PERSONALITY.replace('friendly', 'grumpy')}", typed="y\n")
    before = live.read_bytes()
    done = run("edit", "support")
    assert "agents/support.yaml:13:14: error:" in done.out
    assert "grumpy" in done.out
    assert done.code == 0
    assert before != live.read_bytes()
    assert "version 2 is live" in done.out


def test_a_mistake_that_is_left_is_kept_for_the_next_time(run: Run, workspace: Path, edits: Edits) -> None:
    before = file(workspace).read_bytes()
    edits(MISTAKE, typed="n\n")
    done = run("edit", "support")
    assert done.code == 1
    assert "custagent edit support" in done.err
    assert file(workspace).read_bytes() == before
    assert run("validate").code == 0
    assert [one["agent"] for one in run("plan", "--json").json if one["kind"] == "changed"] == []
    # The next time it goes on with what was written, unless it is turned down.
    edits("assert 'grumpy' in text; " + PERSONALITY.replace("friendly", "grumpy"), typed="y\n")
    assert run("edit", "support").code == 0
    assert "witty" in file(workspace).read_text(encoding="utf-8")
    assert left(workspace) == []


def test_what_was_left_can_be_turned_down(run: Run, workspace: Path, edits: Edits) -> None:
    edits(MISTAKE, typed="n\n")
    run("edit", "support")
    edits("assert 'grumpy' not in text", typed="n\n")
    done = run("edit", "support")
    assert (done.code, "Nothing was changed." in done.out, left(workspace)) == (0, True, [])


def test_an_editor_that_changes_nothing(run: Run, workspace: Path, edits: Edits) -> None:
    edits("pass")
    done = run("edit", "support")
    assert (done.code, "Nothing was changed." in done.out, left(workspace)) == (0, True, [])
    assert len(run("history", "support", "--json").json) == 1


@pytest.mark.parametrize("saves", [False, True], ids=["unsaved", "saved before"])
def test_an_editor_that_fails_changes_nothing(run: Run, workspace: Path, edits: Edits, saves: bool) -> None:
    before = file(workspace).read_bytes()
    edits(f"{PERSONALITY if saves else 'pass'}; sys.exit(3)")
    done = run("edit", "support")
    assert done.code == 1
    assert "ended with exit code 3, so agents/support.yaml stays as it was" in done.err
    assert file(workspace).read_bytes() == before
    assert left(workspace) == ([".support.edit.yaml"] if saves else [])
    assert ("go on with it" in done.err) is saves


def test_what_somebody_else_changed_meanwhile_is_not_lost(run: Run, workspace: Path, edits: Edits) -> None:
    live = file(workspace)
    edits(f"{PERSONALITY}; pathlib.Path({str(live)!r}).write_text(text + '# theirs\\n')")
    done = run("edit", "support")
    assert done.code == 1
    assert "changed by somebody else" in done.err
    assert "agents/.support.edit.yaml" in done.err
    assert live.read_text(encoding="utf-8").endswith("# theirs\n")
    assert left(workspace) == [".support.edit.yaml"]


def test_bytes_that_are_no_text_are_told(run: Run, workspace: Path, edits: Edits) -> None:
    edits("file.write_bytes(b'name: \\xff')", typed="n\n")
    done = run("edit", "support")
    assert done.code == 1
    assert "agents/support.yaml:1:" in done.out


def test_a_broken_file_can_be_mended(run: Run, workspace: Path, edits: Edits) -> None:
    broken = file(workspace).read_text(encoding="utf-8").replace("personality: friendly", "personality: grumpy")
    file(workspace).write_text(broken, encoding="utf-8")
    edits("file.write_text(text.replace('grumpy', 'witty'))")
    assert run("edit", "support").code == 0
    assert run("validate").code == 0


def test_a_case_that_would_break_asks_first(run: Run, workspace: Path, edits: Edits) -> None:
    cases = "cases:\n  - ask: How long do refunds take?\n    expect: rephrase\n"
    (workspace / "agents" / "support.test.yaml").write_text(cases, encoding="utf-8")
    edits("file.write_text(text.replace('handoff_phrases: []', 'handoff_phrases: [refunds]'))", typed="n\n")
    done = run("edit", "support")
    assert done.code == 1
    assert "case broken: How long do refunds take?" in done.out
    assert "not in force" in done.err
    assert "refunds]" in file(workspace).read_text(encoding="utf-8")
    assert len(run("history", "support", "--json").json) == 1


def test_without_an_agent_it_is_the_workspace(run: Run, workspace: Path, edits: Edits) -> None:
    run("apply")
    edits("file.write_text(text.replace('timezone: UTC', 'timezone: Europe/Stockholm'))")
    done = run("edit")
    assert done.code == 0
    assert "custagent.yaml: version 1 is in force; 1 setting would change" in done.out
    assert "custagent.yaml: version 2 is live" in done.out
    assert [one["action"] for one in run("audit", "custagent.yaml", "--limit", "1", "--json").json] == ["edit"]


def test_the_workspace_cannot_take_away_what_an_agent_needs(run: Run, workspace: Path, edits: Edits) -> None:
    shared = workspace / "custagent.yaml"
    shared.write_text(
        shared.read_text(encoding="utf-8") + "voices: [{name: dry, description: Short.}]\n", encoding="utf-8"
    )
    assert run("create", "dry", "--voice", "dry", "--yes").code == 0
    before = shared.read_bytes()
    edits("file.write_text(text.replace('name: dry', 'name: wet'))", typed="n\n")
    done = run("edit")
    assert done.code == 1
    assert "agents/dry.yaml:" in done.out
    assert shared.read_bytes() == before


def test_a_mistake_that_an_agent_had_before_does_not_keep_the_workspace(
    run: Run, workspace: Path, edits: Edits
) -> None:
    broken = file(workspace).read_text(encoding="utf-8").replace("personality: friendly", "personality: grumpy")
    file(workspace).write_text(broken, encoding="utf-8")
    edits("file.write_text(text.replace('timezone: UTC', 'timezone: Europe/Stockholm'))")
    done = run("edit")
    assert done.code == 0
    assert "custagent.yaml: version 1 is live" in done.out
    assert "custagent validate" in done.err


def test_a_broken_workspace_can_be_mended(run: Run, workspace: Path, edits: Edits) -> None:
    shared = workspace / "custagent.yaml"
    text = shared.read_text(encoding="utf-8")
    shared.write_text(text.replace("timezone: UTC", "timezone: Mars/Olympus"), encoding="utf-8")
    edits("file.write_text(text.replace('Mars/Olympus', 'UTC'))")
    assert run("edit").code == 0
    assert shared.read_text(encoding="utf-8") == text


def test_who_may_not_is_not_let_in(run: Run, workspace: Path, edits: Edits) -> None:
    shared = workspace / "custagent.yaml"
    users = "users:\n  - {name: eva, full_name: Eva, email: eva@example.com, permissions: [edit-agents]}\n"
    admin = "  - {name: ada, full_name: Ada, email: ada@example.com, permissions: [admin]}\n"
    shared.write_text(shared.read_text(encoding="utf-8") + users + admin, encoding="utf-8")
    edits("raise SystemExit('opened')")
    assert "permission edit-agents" in run("edit", "support", "--as", "ada").err
    assert "permission admin" in run("edit", "--as", "eva").err


def test_what_does_not_fit_is_told_before_anything_is_opened(
    run: Run, workspace: Path, edits: Edits, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits("raise SystemExit('opened')")
    assert "did you mean support?" in run("edit", "suport").err
    monkeypatch.setenv("EDITOR", "no-such-editor --wait")
    done = run("edit", "support")
    assert (done.code, "the editor no-such-editor is not there" in done.err) == (2, True)
    assert "EDITOR=nano custagent edit support" in done.err
    monkeypatch.setenv("EDITOR", "'vi")
    assert run("edit", "support").code == 2
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    done = run("edit", "support")
    assert (done.code, "custagent apply" in done.err) == (2, True)
    assert left(workspace) == []


def test_an_editor_in_a_folder_with_a_space_needs_no_quotes(
    run: Run, workspace: Path, edits: Edits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edits("pass")
    program = tmp_path / "my editor" / "editor"
    program.write_text("#!/bin/sh\necho '# mine' >> \"$1\"\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(program))
    assert run("edit", "support").code == 0
    assert file(workspace).read_text(encoding="utf-8").endswith("# mine\n")
