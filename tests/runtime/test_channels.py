"""Adding, checking and removing channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from custagent.config.home import Home
from custagent.core.errors import ConfigError, PermissionDenied, UnknownName, UsageError
from custagent.runtime.agents import apply_agents
from custagent.runtime.assignments import Terms, assign, unassign
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.channels import (
    add_live_chat,
    channel_states,
    check_channel,
    find_channel,
    remove_channel,
    snippet_for,
)
from custagent.runtime.in_force import InForce

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


def test_a_kind_that_is_not_served_yet_says_so(app: Application) -> None:
    secrets = "access_token: '${A}', app_secret: '${B}', verify_token: '${C}'"
    path = app.home.workspace_file
    text = path.read_text(encoding="utf-8")
    path.write_text(
        f"{text}channels:\n  - {{name: phone, kind: whatsapp, phone_number_id: '1', {secrets}}}\n", encoding="utf-8"
    )
    (state,) = channel_states(app)
    assert (state.connected, state.fault) == (False, "it was never checked as it is set up now")
    assert not check_channel(app, "phone").passed
    assert "does not serve whatsapp channels yet" in channel_states(app)[0].fault
    with pytest.raises(UsageError, match="only a live chat"):
        snippet_for(app, "phone", "https://chat.example.com")


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
    tag = '<script async src="{}/chat/widget.js" data-channel="web"></script>'
    assert snippet_for(app, "web", "https://chat.example.com/") == tag.format("https://chat.example.com")
    path = app.home.workspace_file
    path.write_text(f"public_url: https://help.example.com\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    app.__dict__.pop("workspace")
    assert snippet_for(app, "web") == tag.format("https://help.example.com")
    assert snippet_for(app, "web", "http://127.0.0.1:8700") == tag.format("http://127.0.0.1:8700")
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
