"""The commands about channels, as people type them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custagent.cli.app import command
from custagent.core.channel_event import Unread
from custagent.runtime.bootstrap import open_application
from custagent.store.channel_states import Trouble, Way
from tests.telegram import EXAMPLE, install_kinds

Run = Callable[..., Any]
NUMBER = ("--phone-number-id", "106", "--business-account-id", "102")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sit down at the other end and type these lines."""

    def sit(*lines: str) -> None:
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        typed.isatty = lambda: True  # type: ignore[method-assign] # a terminal
        monkeypatch.setattr(sys, "stdin", typed)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return sit


def written(workspace: Path) -> str:
    return (workspace / "custagent.yaml").read_text(encoding="utf-8").partition("\nchannels:\n")[2]


def test_a_number_is_added_with_the_variables_to_set_and_what_to_paste(run: Run, workspace: Path) -> None:
    done = run("channels", "add", "whatsapp", "phone", *NUMBER, "--app-secret-env", "META_SECRET",
               "--url", "https://help.example.com")  # fmt: skip
    assert done.code == 0
    assert written(workspace) == (
        '  - name: phone\n    kind: whatsapp\n    phone_number_id: "106"\n    business_account_id: "102"\n'
        "    access_token: ${PHONE_ACCESS_TOKEN}\n    app_secret: ${META_SECRET}\n    verify_token: ${PHONE_VERIFY_TOKEN}\n"
    )  # fmt: skip
    for said in (
        "export PHONE_ACCESS_TOKEN=…", "export META_SECRET=…", "https://help.example.com/webhooks/whatsapp",
        "custagent channels check phone", "custagent assign support phone",
    ):  # fmt: skip
        assert said in done.out


def test_a_variable_is_named_with_or_without_the_sign(run: Run, workspace: Path) -> None:
    added = run("channels", "add", "whatsapp", "phone", *NUMBER, "--access-token-env", "${META_TOKEN}", "--json").json
    assert added["access_token"] == "${META_TOKEN}"


@pytest.mark.parametrize("secret", ["EAA" + "x1Y2z3" * 8, "two words", "s3cr3t!"])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(run: Run, workspace: Path, secret: str) -> None:
    done = run("channels", "add", "whatsapp", "phone", *NUMBER, "--access-token-env", secret)
    assert (done.code, secret in done.err + done.out) == (2, False)
    assert "takes the name of an environment variable" in done.err
    assert written(workspace) == ""


def test_without_a_terminal_all_that_is_missing_is_told_at_once(run: Run, workspace: Path) -> None:
    done = run("channels", "add", "messenger", "page")
    assert done.code == 2
    assert "--page-id (The page's id at Meta); --app-id (" in done.err
    assert run("channels", "add", "messenger").code == 2
    assert run("channels", "add").code == 2


def test_at_a_terminal_what_is_missing_is_asked_for(run: Run, workspace: Path, terminal: Callable[..., None]) -> None:
    #        kind, name, address, imap, smtp, user, the password's variable: the usual one
    terminal("email", "post", "help@example.com", "imap.example.com", "smtp.example.com", "help", "")
    done = run("channels", "add")
    assert done.code == 0
    assert "The server that mail is read from" in done.out
    assert "password: ${POST_PASSWORD}" in written(workspace)


def test_signing_in_by_token_asks_for_the_token_instead(run: Run, workspace: Path) -> None:
    options = ("--address", "a@b.example", "--imap-host", "i", "--smtp-host", "s", "--username", "u")
    assert run("channels", "add", "email", "post", *options, "--auth", "xoauth2", "--reply-to-cc").code == 0
    assert "password" not in written(workspace)
    assert "token: ${POST_TOKEN}" in written(workspace)
    assert "reply_to_cc: true" in written(workspace)


def test_a_setting_of_another_kind_is_not_taken_silently(run: Run, workspace: Path) -> None:
    done = run("channels", "add", "whatsapp", "phone", *NUMBER, "--imap-host", "imap.example.com")
    assert (done.code, "--imap-host is no setting of such a channel" in done.err) == (2, True)
    done = run("channels", "add", "whatsapp", "phone", *NUMBER, "--origin", "https://a.example")
    assert (done.code, "--origin is no setting of such a channel" in done.err) == (2, True)


def test_help_lists_the_settings_under_their_kinds(run: Run) -> None:
    done = run("channels", "add", "--help")
    for said in ("--phone-number-id", "--origin", "--imap-host", "--access-token-env", "whatsapp and messenger"):
        assert said in done.out
    assert "--alias " in done.out
    assert "--look" not in done.out


def test_pausing_and_going_on(run: Run, workspace: Path) -> None:
    run("channels", "add", "live-chat", "web", "--origin", "https://a.example")
    assert "custagent channels resume web" in run("channels", "pause", "web").out
    assert run("channels", "pause", "web", "--json").json == {"channel": "web", "changed": False}
    (listed,) = run("channels", "list", "--json").json
    assert listed["channel_paused"]["since"]
    assert "\tpaused since 2" in run("channels", "list").out
    assert "web: paused since 2" in run("status").out
    assert run("channels", "resume", "web", "--json").json == {"channel": "web", "changed": True}
    assert "was not paused" in run("channels", "resume", "web").out
    assert run("channels", "pause", "wbe").code == 1


def test_what_does_not_work_is_told_in_lists_and_status(run: Run, workspace: Path) -> None:
    run("channels", "add", "live-chat", "web", "--origin", "https://a.example")
    run("assign", "support", "web")
    with open_application(None, None) as app:
        now = app.clock.now()
        trouble = Trouble(channel="web", way=Way.SENDING, since=now, reason="the token was refused", told_at=now)
        app.store.channel_states.begin(trouble)
    for command_ in (("channels", "list"), ("status",)):
        done = run(*command_)
        assert "web has sent nothing since" in done.err
        assert "custagent channels check web" in done.err
    assert "\tnot sending since 2" in run("channels", "list").out
    (told,) = run("channels", "list", "--json").json
    assert told["troubles"][0]["reason"] == "the token was refused"


def test_what_could_not_be_read(run: Run, workspace: Path) -> None:
    run("channels", "add", "live-chat", "web", "--origin", "https://a.example")
    assert "could be read" in run("channels", "unread").out
    with open_application(None, None) as app:
        item = Unread(channel="web", kind="poll", content='{"poll": 1}', content_hash="h")
        app.store.channel_news.take_soon([item], app.clock.now(), threadings={}).result()
    assert run("channels", "unread", "web", "--json").json[0]["content"] == '{"poll": 1}'
    assert "\tpoll\t" in run("channels", "unread").out
    assert run("channels", "unread", "--clear").code == 2
    assert run("channels", "unread", "--clear", "--yes", "--json").json == {"deleted": 1}
    assert "Deleted 0 items" in run("channels", "unread", "--clear", "--yes").out


def test_a_kind_of_a_package_has_its_options(tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    install_kinds(packages, monkeypatch, "telegram = custagent_telegram:TelegramKind", "broken = nowhere:Kind")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(packages), str(EXAMPLE)]), "NO_COLOR": "1"}

    def program(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "custagent", *words], env=environment, capture_output=True, text=True, check=False
        )

    shown = program("channels", "add", "--help").stdout
    assert "BotFather" in shown
    assert "email and telegram" in shown
    done = program("channels", "add", "telegram", "club", "--api-base-url", "http://127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert "export CLUB_TOKEN=…" in done.stdout
    assert "token: ${CLUB_TOKEN}" in written(workspace)
    checked = program("channels", "check", "club")
    assert (checked.returncode, "CLUB_TOKEN is not set" in checked.stderr) == (1, True)
    broken = program("channels", "add", "broken", "b")
    assert (broken.returncode, "more brings broken channels, but cannot be loaded" in broken.stderr) == (2, True)


def test_listing_the_commands_reads_no_settings() -> None:
    code = (
        "import sys; sys.argv = ['custagent', 'channels', '--help']\n"
        "from custagent.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('httpx', 'starlette', 'custagent.runtime.definitions.channels', 'custagent.cli.channels_add')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "channels" in command().commands
