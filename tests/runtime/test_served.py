"""Kinds of channel: what is built in, what other packages bring, and what a kind finds around it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.channels.hub import Hub
from custagent.core.errors import ConfigError, WorkspaceError
from custagent.core.workspace import LiveChatChannel, WhatsAppChannel
from custagent.runtime.channels import check_channel, connection_fault, find_channel
from custagent.runtime.served import LiveChatKind, is_served, served_kind, served_kinds, surroundings
from custagent.runtime.status import served_channels
from custagent.testing.meta import Account, FakeMeta
from custagent.testing.whatsapp import FakeWhatsApp

PHONE = Account().channel("phone")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a package that brings kinds: `install("whatsapp = module:name")`."""

    def add(*lines: str, name: str = "more") -> None:
        folder = tmp_path / "packages" / f"{name}-1.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n", encoding="utf-8")
        (folder / "entry_points.txt").write_text(
            "\n".join(["[custagent.channel_kinds]", *lines]) + "\n", encoding="utf-8"
        )
        monkeypatch.setattr(sys, "path", [*sys.path, str(folder.parent)])

    return add


def test_the_live_chat_is_there_without_anybody(app):
    assert list(served_kinds()) == ["live-chat"]
    assert is_served("live-chat")
    assert not is_served("whatsapp")
    assert served_kind("whatsapp") is None
    channel = LiveChatChannel(name="web", kind="live-chat", origins=("https://www.northwind.example",))
    adapter = LiveChatKind().adapter(channel, surroundings(app))
    assert (adapter.name, adapter.idempotent) == ("web", True)


def test_another_package_brings_a_kind(install):
    install("whatsapp = custagent.testing.whatsapp:FakeWhatsApp", "pigeon = custagent.testing.whatsapp:FakeWhatsApp")
    assert is_served("whatsapp")
    assert isinstance(served_kind("whatsapp"), FakeWhatsApp)
    # What no channel of custagent.yaml can be is nothing to serve.
    assert {name: type(kind) for name, kind in served_kinds().items()} == {
        "live-chat": LiveChatKind,
        "whatsapp": FakeWhatsApp,
    }


@pytest.mark.parametrize(
    "broken", ["custagent.nowhere:Kind", "custagent.testing.whatsapp:Nothing", "custagent.testing.meta:Reply"]
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


def test_a_channel_of_a_kind_that_is_brought_can_be_checked_and_run(live, install, monkeypatch, put):
    install("whatsapp = custagent.testing.whatsapp:FakeWhatsApp")
    put(live.home.workspace_file, "channels:\n", f"channels:\n{PHONE}")
    live.__dict__.pop("workspace", None)
    channel = find_channel(live, "phone")
    assert isinstance(channel, WhatsAppChannel)
    with FakeMeta() as meta:
        assert not check_channel(live, "phone").passed
        assert "WHATSAPP_TOKEN" in connection_fault(live, channel)
        monkeypatch.setattr(live, "_environ", dict(meta.environment))
        assert check_channel(live, "phone").passed
        assert connection_fault(live, channel) == ""
    assert [state.name for state in served_channels(live)] == ["website"]
