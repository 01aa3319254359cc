"""Kinds of channel: what is built in, what other packages bring, and what a kind finds around it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.channels.hub import Hub
from custagent.channels.unserved import UnservedAdapter
from custagent.core.channel import LiveChatChannel, OtherChannel
from custagent.core.errors import ChannelError, ConfigError, SendFault, WorkspaceError
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.channels import channel_states, check_channel
from custagent.runtime.health.status import served_channels
from custagent.runtime.kinds.served import (
    LiveChatKind,
    ServedKind,
    adapter_of,
    is_served,
    served_kind,
    served_kinds,
    surroundings,
)
from custagent.runtime.runner.runner import Runner
from tests.telegram import install_kinds, install_telegram

BUILT_IN = ["live-chat", "whatsapp", "messenger", "email"]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a package that brings kinds: `install("pigeon = module:name")`."""

    def add(*lines: str, name: str = "more") -> None:
        install_kinds(tmp_path / "packages" / name, monkeypatch, *lines, name=name)

    return add


@pytest.fixture
def telegram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_telegram(tmp_path / "packages", monkeypatch)


def test_the_built_in_kinds_are_there_without_anybody(app):
    assert sorted(served_kinds()) == sorted(BUILT_IN)
    assert is_served("live-chat")
    assert not is_served("pigeon")
    assert served_kind("pigeon") is None
    channel = LiveChatChannel(name="web", kind="live-chat", origins=("https://www.northwind.example",))
    adapter = adapter_of(channel, LiveChatKind(), surroundings(app))
    assert (adapter.name, adapter.idempotent) == ("web", True)


def test_another_package_brings_a_kind_and_may_take_the_place_of_one(install):
    install(
        "whatsapp = custagent.runtime.kinds.served:LiveChatKind", "pigeon = custagent.runtime.kinds.served:LiveChatKind"
    )
    assert is_served("pigeon")
    assert isinstance(served_kind("pigeon"), LiveChatKind)
    assert isinstance(served_kind("whatsapp"), LiveChatKind)
    assert sorted(served_kinds()) == sorted([*BUILT_IN, "pigeon"])


@pytest.mark.parametrize(
    "broken", ["custagent.nowhere:Kind", "custagent.runtime.kinds.served:Nothing", "custagent.core.message:Message"]
)
def test_one_that_cannot_be_loaded_is_named(install, broken):
    install(f"email = {broken}", name="broken-mail")
    assert is_served("email"), "it is there; whether it works is seen when it is needed"
    for look in (served_kinds, lambda: served_kind("email")):
        with pytest.raises(WorkspaceError, match="broken-mail brings email channels, but cannot be loaded") as caught:
            look()
        assert "pip uninstall broken-mail" in caught.value.hint


def test_what_a_channel_finds_around_it(app):
    around = surroundings(app)
    assert (around.clock, around.environ) == (app.clock, {})
    assert isinstance(around.hub, Hub)
    with pytest.raises(ConfigError, match="APP_SECRET"):
        around.secrets("${APP_SECRET}")
    with pytest.raises(ChannelError, match="APP_SECRET") as caught:
        around.secret("${APP_SECRET}")
    assert caught.value.fault is SendFault.CHANNEL_OUT


def test_of_two_secrets_the_new_one_is_used_for_talking(app, monkeypatch):
    monkeypatch.setattr(app, "_environ", {"TOKEN": "new", "TOKEN_PREVIOUS": "old"})
    around = surroundings(app)
    assert around.secrets("${TOKEN}") == ("new", "old")
    assert around.secret("${TOKEN}") == "new"


def with_pigeon(app: Application, settings: str = "token: '${T}'", kind: str = "telegram") -> None:
    path = app.home.workspace_file
    text = path.read_text(encoding="utf-8")
    line = f"  - {{name: loft, kind: {kind}, {settings}}}\n"
    path.write_text(text.replace("channels:\n", f"channels:\n{line}"), encoding="utf-8")
    app.__dict__.pop("workspace", None)


def test_a_kind_that_is_not_installed_says_what_is_missing_and_its_replies_wait(live):
    with_pigeon(live, kind="pigeon")
    check = check_channel(live, "loft")
    assert "nothing that is installed here serves pigeon channels: install the package" in check.steps[0][1]
    (state,) = [one for one in channel_states(live) if one.name == "loft"]
    assert (state.connected, state.kind) == (False, "pigeon")
    assert [one.name for one in served_channels(live)] == ["website"]
    adapter = Runner(live)._adapters().get("website")
    assert adapter is not None


def test_settings_that_the_kind_does_not_like_keep_no_other_channel_from_working(live, telegram):
    with_pigeon(live, settings="tokn: '${T}'")
    (channel,) = [one for one in live.workspace.channels if one.name == "loft"]
    assert type(channel) is OtherChannel
    check = check_channel(live, "loft")
    assert "they are not those of a telegram channel: custagent validate" in check.steps[0][1]


def test_with_the_package_the_channel_has_its_own_settings(live, telegram):
    with_pigeon(live)
    (channel,) = [one for one in live.workspace.channels if one.name == "loft"]
    assert type(channel).__name__ == "TelegramChannel"
    assert channel.token == "${T}"


def test_what_cannot_be_served_sends_nothing_and_gives_nothing_up():
    adapter = UnservedAdapter("loft", step="a step", wrong="it is not there")
    with pytest.raises(ChannelError, match="it is not there") as caught:
        asyncio.run(adapter.send(None))
    assert caught.value.fault is SendFault.CHANNEL_OUT


def test_a_kind_needs_nothing_but_an_adapter():
    class Quiet(ServedKind):
        def adapter(self, channel, around):
            raise NotImplementedError

    assert (Quiet().routes(None), Quiet().work(None, asyncio.Event())) == ((), ())


def test_nothing_of_other_packages_is_loaded_to_see_whether_they_are_there(install):
    install("pigeon = custagent_nowhere:Kind")
    assert is_served("pigeon")
    assert "custagent_nowhere" not in sys.modules


def test_a_command_pays_only_for_the_kinds_that_it_looks_at():
    code = "import sys, custagent.runtime.definitions.channels\nprint([m for m in ('custagent.runtime.kinds.mail', 'httpx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
