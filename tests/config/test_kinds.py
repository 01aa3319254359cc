"""Channels of kinds that other packages bring: found, read by their own settings, and told what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.config.home import Home, init_home
from custagent.config.kinds import brought_kinds, settings_of
from custagent.config.validate import validate
from custagent.config.workspace import load_workspace
from custagent.core.channel import OtherChannel
from custagent.core.errors import WorkspaceError
from custagent.core.workspace import longest_text
from custagent.core.written import PATTERNS
from tests.telegram import install_kinds, install_telegram

BASE = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return init_home(tmp_path / "workspace", name="Northwind")


@pytest.fixture
def telegram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_telegram(tmp_path / "packages", monkeypatch)


def with_channel(home: Home, settings: str) -> list[str]:
    """What `custagent validate` says of a channel with these settings: place, message and hint."""
    text = home.workspace_file.read_text(encoding="utf-8")
    home.workspace_file.write_text(f"{text}channels:\n  - name: club\n{settings}", encoding="utf-8")
    lines = len(text.splitlines())
    report = validate([home.workspace_file], environment={"T": "set"})
    return [f"{one.line - lines}:{one.column} {one.message} | {one.hint}" for one in report.findings]


def test_a_kind_that_nobody_brings(home):
    (said,) = with_channel(home, "    kind: telegram\n    token: ${T}\n")
    assert said.startswith(
        "3:11 nothing that is installed here serves 'telegram' channels | there is: email, live-chat,"
    )
    assert "pip install the one that brings telegram channels" in said
    (channel,) = load_workspace(home).channels
    assert (type(channel), channel.name, channel.model_extra) == (OtherChannel, "club", {"token": "${T}"})


def test_a_kind_that_is_nearly_one(home, telegram):
    assert with_channel(home, "    kind: telegramm\n") == [
        "3:11 nothing that is installed here serves 'telegramm' channels | did you mean telegram?"
    ]


def test_a_channel_of_a_kind_that_is_brought(home, telegram):
    assert with_channel(home, "    kind: telegram\n    token: ${T}\n") == []
    workspace = load_workspace(home)
    (channel,) = workspace.channels
    assert (type(channel), channel.api_base_url) == (settings_of("telegram"), "https://api.telegram.org")
    assert longest_text(workspace, "club") == 4096


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "    kind: telegram\n    tokn: ${T}\n",
            [
                "2:5 `token` is missing | The variable that holds the token that BotFather gave you, as ${NAME}.",
                "4:5 `tokn` is not a setting that is known here | did you mean token?",
            ],
        ),
        (
            "    kind: telegram\n    token: ${T}\n    api_base_url: telegram\n",
            [f"5:19 `api_base_url` must be {PATTERNS[BASE]}, you wrote 'telegram' | "],
        ),
        (
            "    kind: telegram\n    desk: cellar\n    token: ${T}\n",
            ["4:11 there is no desk called 'cellar' | there is: help-desk, inbox"],
        ),
    ],
)
def test_its_settings_are_checked_as_those_of_any_other(home, telegram, settings, said):
    assert with_channel(home, settings) == said


def test_a_secret_in_clear_text_is_not_repeated(home, telegram):
    said = with_channel(home, "    kind: telegram\n    token: hunter2-hunter2\n")
    assert "as ${NAME}" in said[0]
    assert not [line for line in said if "hunter2" in line]


@pytest.mark.parametrize("broken", ["custagent_nowhere:Kind", "custagent.core.message:Message"])
def test_a_package_that_cannot_be_used_is_named(home, tmp_path, monkeypatch, broken):
    install_kinds(tmp_path / "packages", monkeypatch, f"pigeon = {broken}", name="pigeon-post")
    assert list(brought_kinds()) == ["pigeon"]
    with pytest.raises(WorkspaceError, match="pigeon-post brings pigeon channels, but cannot be loaded"):
        settings_of("pigeon")
    (said,) = with_channel(home, "    kind: pigeon\n")
    assert "pigeon-post brings pigeon channels" in said
    assert "pip uninstall pigeon-post" in said
    (channel,) = load_workspace(home).channels
    assert type(channel) is OtherChannel


def test_built_in_kinds_have_their_settings_here(tmp_path, monkeypatch):
    install_kinds(tmp_path / "packages", monkeypatch, "email = custagent_nowhere:Kind")
    assert settings_of("email") is None
