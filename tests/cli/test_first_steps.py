"""What a newcomer sees who types `custagent` and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.cli.preview import tell_next
from custagent.runtime.bootstrap import open_application
from tests.cli.conftest import Done
from tests.test_docs import complaint, custagent_calls


def test_the_bare_command_names_the_way_from_nothing_to_live_on_one_screen(run: Callable[..., Done]) -> None:
    done = run()
    lines = done.out.splitlines()
    calls = [call for line in lines[1:-1] for call in custagent_calls(line.split("   ")[0] if line else "")]
    assert done.code == 0
    # With the prompts around it, on the smallest usual terminal.
    assert len(lines) <= 21
    assert max(map(len, lines)) <= 80
    assert [call[0] for call in calls] == [
        "demo", "init", "create", "sources", "preview", "test", "test", "channels", "assign", "run"
    ]  # fmt: skip
    assert {" ".join(call): complaint(call) for call in calls if complaint(call)} == {}
    assert lines[-1] == "All commands: custagent --help"


def test_a_preview_ends_with_the_way_to_test_cases(
    workspace: Path, run: Callable[..., Done], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_application(None, None) as app:
        tell_next(app, "support")
        assert "custagent test support --init" in capsys.readouterr().out
        (workspace / "agents" / "support.test.yaml").write_text("cases:\n  - ask: Hello\n", encoding="utf-8")
        tell_next(app, "support")
        assert capsys.readouterr().out == ""


def test_a_group_without_a_command_lists_its_commands(run: Callable[..., Done]) -> None:
    assert "lint" in run("sources").out
