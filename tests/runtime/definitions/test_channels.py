"""Adding, checking and removing channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.channels.live_chat.adapter import snippet
from custagent.config.home import Home
from custagent.core.channel_event import Unread
from custagent.core.errors import ConfigError, PermissionDenied, UnknownName, UsageError
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.assignments import Terms, assign, unassign
from custagent.runtime.definitions.channel_settings import Form, models, settings
from custagent.runtime.definitions.channels import (
    add_channel,
    add_live_chat,
    channel_states,
    check_channel,
    clear_unread,
    find_channel,
    remove_channel,
    snippet_for,
    steps_elsewhere,
    unread_items,
    unset_variables,
)
from custagent.runtime.definitions.pauses import pause_channel, resume_channel
from custagent.runtime.in_force import InForce
from custagent.store.channel_states import Paused
from tests.telegram import install_telegram

SITE = "https://www.northwind.example"


def test_adding_writes_the_file_applies_it_and_remembers_who(app: Application) -> None:
    before = app.home.workspace_file.read_text(encoding="utf-8")
    channel = add_live_chat(app, "web", ["HTTPS://WWW.northwind.example:443/", SITE, "http://localhost:8000"])
    assert (channel.name, channel.desk, channel.origins) == ("web", "inbox", (SITE, "http://localhost:8000"))
    after = app.home.workspace_file.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert app.workspace.channels == (channel,)
    assert InForce(app).channels() == {"web": channel}
    (entry,) = app.store.audit.entries(9)
    assert (entry.action, entry.subject, entry.actor, entry.before) == ("channels add", "web", "anna", "")
    assert entry.after == after
    add_live_chat(app, "wiki", [SITE], desk="help-desk")
    assert app.store.audit.entries(1)[0].before == after
    assert [(one.name, one.desk) for one in app.workspace.channels] == [("web", "inbox"), ("wiki", "help-desk")]


@pytest.mark.parametrize(
    ("name", "origins", "desk", "said"),
    [
        ("web", [SITE], "", "already"),
        ("Web", [SITE], "", "lower-case"),
        ("new", [], "", "at least one site"),
        ("new", [f"{SITE}/help"], "", "without a path"),
        ("new", ["www.northwind.example"], "", "without a path"),
        ("new", [SITE], "cellar", "no desk called 'cellar'"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    app: Application, name: str, origins: list[str], desk: str, said: str
) -> None:
    add_live_chat(app, "web", [SITE])
    before = app.home.workspace_file.read_bytes()
    with pytest.raises((UsageError, ConfigError), match=said):
        add_live_chat(app, name, origins, desk=desk)
    assert app.home.workspace_file.read_bytes() == before
    assert app.store.versions.live()[WORKSPACE_KEY].version == 1


def test_a_file_with_another_error_is_not_changed(app: Application) -> None:
    path = app.home.workspace_file
    path.write_text(path.read_text(encoding="utf-8") + "teams:\n  - {name: a, members: [eve]}\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="no user called 'eve'"):
        add_live_chat(app, "web", [SITE])
    assert path.read_bytes() == before
    assert app.store.versions.applied(WORKSPACE_KEY) is None


def test_only_admins_change_and_check_channels(staffed: Home, open_app: Callable[..., Application]) -> None:
    app = open_app("bo")
    for change in (
        lambda: add_live_chat(app, "web", [SITE]),
        lambda: check_channel(app, "web"),
        lambda: remove_channel(app, "web"),
    ):
        with pytest.raises(PermissionDenied, match="admin"):
            change()
    assert app.workspace.channels == ()


def test_a_check_is_remembered_until_the_channel_is_set_up_otherwise(app: Application) -> None:
    add_live_chat(app, "web", [SITE])
    (state,) = channel_states(app)
    assert (state.connected, state.fault, state.check) == (True, "", None)
    check = check_channel(app, "web")
    assert (check.passed, check.at) == (True, app.clock.now())
    assert [step for step, _ in check.steps] == ["a site is listed", f"{SITE} is an origin"]
    assert channel_states(app)[0].check == check
    path = app.home.workspace_file
    path.write_text(path.read_text(encoding="utf-8").replace("origins:", "origins: []\n#"), encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("      - https", "#     - https"), encoding="utf-8")
    apply_agents(app)
    app.__dict__.pop("workspace")
    (state,) = channel_states(app)
    assert (state.connected, state.check) == (False, None)
    assert "no site may show this chat yet" in state.fault
    failed = check_channel(app, "web")
    assert not failed.passed
    check_channel(app, "web")
    entries = [entry for entry in app.store.audit.entries(9, "web") if entry.action == "channels check"]
    # The middle check was made of other settings, so the failed one has nothing before it; the same again is no news.
    assert [(entry.before, entry.after.partition(":")[0]) for entry in entries] == [("", "failed"), ("", "passed")]


WHATSAPP = {
    "phone_number_id": "106",
    "business_account_id": "102",
    "access_token": "${PHONE_TOKEN}",
    "app_secret": "${PHONE_SECRET}",
    "verify_token": "${PHONE_VERIFY}",
}


def test_any_kind_is_added_by_its_settings(app: Application, put: Callable[..., None]) -> None:
    path = app.home.workspace_file
    path.write_text(
        path.read_text(encoding="utf-8") + "# our channels\nchannels: []  # more to come\n", encoding="utf-8"
    )
    app.__dict__.pop("workspace", None)
    channel = add_channel(app, "whatsapp", "phone", WHATSAPP, desk="help-desk")
    assert (channel.kind, channel.desk) == ("whatsapp", "help-desk")
    assert unset_variables(app, channel) == ["PHONE_TOKEN", "PHONE_SECRET", "PHONE_VERIFY"]
    text = path.read_text(encoding="utf-8")
    assert "# our channels" in text
    assert "# more to come" in text
    assert InForce(app).channels() == {"phone": channel}
    with pytest.raises(UsageError, match="only a live chat"):
        snippet_for(app, "phone", "https://chat.example.com")
    assert channel_states(app)[0].fault == "it was never checked as it is set up now"


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("whatsapp", WHATSAPP | {"phone_number_id": 7}, "`phone_number_id` must be text, you wrote the number 7"),
        (
            "whatsapp",
            WHATSAPP | {"access_token": "secret-in-the-clear"},
            "`access_token` must be the name of an environment",
        ),
        ("whatsapp", {}, "`phone_number_id`"),
        ("email", {"address": "nobody"}, "`address` must be an email address, you wrote 'nobody'"),
        ("live-chat", {}, "at least one site"),
        ("pigeon", {}, "nothing that is installed here serves 'pigeon' channels"),
    ],
)
def test_settings_that_do_not_fit_are_told_before_anything_is_written(
    app: Application, kind: str, given: dict[str, object], said: str
) -> None:
    before = app.home.workspace_file.read_bytes()
    with pytest.raises(UsageError) as caught:
        add_channel(app, kind, "phone", given)
    assert said in caught.value.message
    assert "secret-in-the-clear" not in caught.value.message
    assert app.home.workspace_file.read_bytes() == before


def test_a_kind_of_a_package_is_added_like_any_other(
    app: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_telegram(tmp_path / "packages", monkeypatch)
    channel = add_channel(app, "telegram", "club", {"token": "${CLUB_TOKEN}"})
    assert type(channel).__name__ == "TelegramChannel"
    with pytest.raises(UsageError, match="`tokn` is not a setting that is known here"):
        add_channel(app, "telegram", "club2", {"token": "${CLUB_TOKEN}", "tokn": "x"})
    assert "CLUB_TOKEN is not set" in check_channel(app, "club").steps[0][1]


@pytest.mark.parametrize("kind", ["whatsapp", "messenger", "email"])
def test_each_provider_has_steps_that_name_where_to_click_and_what_to_paste(app: Application, kind: str) -> None:
    given = {
        setting.name: "a@b.example" if setting.name == "address" else "${V}" if setting.form is Form.SECRET else "1"
        for setting in settings(models()[kind])
        if setting.required or setting.name in models()[kind].asks_for({})
    }
    channel = add_channel(app, kind, "one", given)
    steps = steps_elsewhere(app, channel, "https://help.example.com/")
    assert steps
    if kind != "email":
        assert any("https://help.example.com/webhooks/" in step for step in steps)


def test_a_paused_channel_is_told_with_who_and_when(shop: Application) -> None:
    assert pause_channel(shop, "web")
    assert not pause_channel(shop, "web")
    held = {state.name: state.channel_paused for state in channel_states(shop)}
    assert held == {"web": Paused(by="anna", since=shop.clock.now()), "wiki": None}
    with pytest.raises(UnknownName):
        pause_channel(shop, "wbe")
    assert resume_channel(shop, "web")
    assert not resume_channel(shop, "web")
    assert [one.action for one in shop.store.audit.entries(2, "web")] == ["channels resume", "channels pause"]
    # A new channel of the same name begins unpaused.
    pause_channel(shop, "web")
    remove_channel(shop, "web")
    assert shop.store.channel_states.paused() == {}


def test_what_could_not_be_read_is_listed_and_cleared(shop: Application) -> None:
    item = Unread(channel="web", kind="poll", content='{"poll": 1}', content_hash="h")
    shop.store.channel_news.take_soon([item], shop.clock.now(), threadings={}).result()
    (kept,) = unread_items(shop, "web")
    assert (kept.kind, kept.content) == ("poll", '{"poll": 1}')
    assert (unread_items(shop, "wiki"), len(unread_items(shop))) == ((), 1)
    with pytest.raises(UnknownName):
        unread_items(shop, "wbe")
    assert (clear_unread(shop, "wiki"), clear_unread(shop), clear_unread(shop)) == (0, 1, 0)
    assert [one.action for one in shop.store.audit.entries(1)] == ["channels unread --clear"]


def test_the_states_tell_who_answers(shop: Application) -> None:
    assign(shop, "support", ["web"], Terms())
    shop.store.pauses.pause("support", "anna", shop.clock.now())
    states = {state.name: state for state in channel_states(shop)}
    assert (states["web"].agent, states["web"].paused) == ("support", True)
    assert (states["wiki"].agent, states["wiki"].paused, states["wiki"].desk) == ("", False, "help-desk")


def test_removing_takes_it_out_of_the_file_and_out_of_force(shop: Application) -> None:
    check_channel(shop, "web")
    remove_channel(shop, "web")
    assert [channel.name for channel in shop.workspace.channels] == ["wiki"]
    assert list(InForce(shop).channels()) == ["wiki"]
    assert shop.store.checks.last() == {}
    entry = shop.store.audit.entries(1)[0]
    assert (entry.action, entry.subject, SITE in entry.before) == ("channels remove", "web", True)
    assert SITE not in entry.after
    with pytest.raises(UnknownName, match="web"):
        remove_channel(shop, "web")


def test_a_channel_is_not_removed_while_an_agent_is_on_it(shop: Application) -> None:
    assign(shop, "support", ["web"], Terms())
    with pytest.raises(UsageError, match="support answers on web") as caught:
        remove_channel(shop, "web")
    assert "custagent unassign support web" in caught.value.hint
    # By hand, in the file alone: it is live still. And the other way round.
    path = shop.home.agents_folder / "support.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("assignments:")], encoding="utf-8")
    with pytest.raises(UsageError, match="support answers on web"):
        remove_channel(shop, "web")
    path.write_text(text, encoding="utf-8")
    unassign(shop, "support")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="support answers on web"):
        remove_channel(shop, "web")


def test_the_snippet_names_where_the_runner_is(app: Application) -> None:
    add_live_chat(app, "web", [SITE])
    with pytest.raises(UsageError, match="where will browsers") as caught:
        snippet_for(app, "web")
    assert "--url" in caught.value.hint
    assert snippet_for(app, "web", "https://chat.example.com/") == snippet("https://chat.example.com", "web")
    path = app.home.workspace_file
    path.write_text(f"public_url: https://help.example.com\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    app.__dict__.pop("workspace")
    assert snippet_for(app, "web") == snippet("https://help.example.com", "web")
    assert snippet_for(app, "web", "http://127.0.0.1:8700") == snippet("http://127.0.0.1:8700", "web")
    with pytest.raises(UsageError, match="not an address"):
        snippet_for(app, "web", "chat.example.com")


def test_an_unknown_channel_is_met_with_the_nearest(app: Application) -> None:
    with pytest.raises(UnknownName) as caught:
        find_channel(app, "wbe")
    assert "channels add live-chat" in caught.value.hint
    add_live_chat(app, "web", [SITE])
    with pytest.raises(UnknownName) as caught:
        find_channel(app, "wbe")
    assert "web" in caught.value.hint
