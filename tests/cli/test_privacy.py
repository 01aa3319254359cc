"""A contact's data and the record of changes, as people type it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custagent.runtime.bootstrap import open_application
from tests.cli.test_operations import SITE, talk

Run = Callable[..., Any]


@pytest.fixture
def talks(run: Run, workspace: Path) -> list[str]:
    assert run("channels", "add", "live-chat", "web", "--origin", SITE).code == 0
    assert run("assign", "support", "web").code == 0
    with open_application(workspace, None) as app:
        return [talk(app, key, f"Where is my order, asks {key}?").id for key in ("k1", "k2")]


def test_all_of_a_contact_in_one_file_for_me_alone(run: Run, talks: list[str], tmp_path: Path) -> None:
    target = tmp_path / "ada.json"
    done = run("privacy", "export", "k1", "--output", str(target))
    assert done.code == 0
    assert "1 contact and 1 conversation written to" in done.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    written = json.loads(target.read_text(encoding="utf-8"))
    assert [one["id"] for one in written["conversations"]] == talks[:1]
    assert "k2" not in target.read_text(encoding="utf-8")
    again = run("privacy", "export", "k1", "--output", str(target))
    assert (again.code, "cannot be made" in again.err) == (2, True)


def test_gone_from_everything_that_can_be_asked(run: Run, talks: list[str], workspace: Path) -> None:
    assert run("backup").code == 0
    done = run("privacy", "erase", "k1", "--yes")
    assert done.code == 0
    assert "Erased: 2 messages in 1 conversation, 1 contact" in done.out
    assert "1 backup in .custagent/backups/ looked through" in done.out
    shown = run("conversations", "show", talks[0], "--json").out
    assert "asks k1" not in shown
    assert "Ada k1" not in run("conversations", "list", "--json").out
    state = [path.read_bytes() for path in (workspace / ".custagent").rglob("*") if path.is_file()]
    assert not any(b"asks k1" in content or b"Ada k1" in content for content in state)
    assert any(b"asks k2" in content for content in state)
    assert run("credits", "verify").code == 0
    assert run("credits", "replay").code == 0


def test_nothing_is_done_without_a_yes(run: Run, talks: list[str]) -> None:
    refused = run("privacy", "erase", "k1")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert "asks k1" in run("conversations", "show", talks[0]).out


@pytest.mark.parametrize("words", [[], ["k1", "--older-than", "365d"]])
def test_either_a_contact_or_an_age(run: Run, talks: list[str], words: list[str]) -> None:
    assert talks
    refused = run("privacy", "erase", *words, "--yes")
    assert (refused.code, "name a contact, or say --older-than" in refused.err) == (2, True)


@pytest.mark.parametrize("age", ["365", "a year", "0d", "-3d"])
def test_an_age_that_is_none(run: Run, talks: list[str], age: str) -> None:
    assert talks
    refused = run("privacy", "erase", "--older-than", age, "--yes")
    assert (refused.code, "such as 365d" in refused.err) == (2, True)


def test_by_age_nothing_is_due(run: Run, talks: list[str]) -> None:
    assert talks
    done = run("privacy", "erase", "--older-than", "365d", "--yes")
    assert (done.code, "No conversation that ended more than 365d ago" in done.out) == (0, True)


def test_nobody_of_that_name(run: Run, talks: list[str]) -> None:
    assert talks
    refused = run("privacy", "export", "nobody@example.com")
    assert (refused.code, "No contact has this" in refused.err) == (1, True)


def test_who_changed_what(run: Run, talks: list[str]) -> None:
    assert talks
    assert run("privacy", "export", "k1").code == 0
    listed = run("audit")
    assert listed.code == 0
    assert "privacy export" in listed.out
    only = json.loads(run("audit", "support", "--limit", "1", "--json").out)
    assert [one["subject"] for one in only] == ["support"]
    assert "Nothing is noted about 'nobody'" in run("audit", "nobody").out
