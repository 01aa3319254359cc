"""Creating, applying and deleting agents."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent
from custagent.config.home import Home
from custagent.core.errors import ConfigError, PermissionDenied, UnknownName, UsageError
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import apply_agents, create_agent, delete_agent
from custagent.runtime.definitions.roster import summaries

USERS = """
users:
  - name: anna
    full_name: Anna Berg
    email: anna@northwind.example
    permissions: [edit-agents]
  - name: bo
    full_name: Bo Ek
    email: bo@northwind.example
"""


def test_creating_writes_the_file_applies_it_and_remembers_who(app: Application) -> None:
    agent = create_agent(app, NewAgent(name="support"))
    assert agent.name == "support"
    version = app.store.versions.applied("support")
    assert version is not None
    assert (version.version, version.actor) == (1, "anna")
    assert version.text == agent_path(app.home, "support").read_text(encoding="utf-8")
    (entry,) = app.store.audit.entries(10)
    assert (entry.action, entry.subject, entry.actor, entry.before) == ("create", "support", "anna", "")
    assert (app.home.schema_folder / "agent.schema.json").is_file()


def test_a_name_that_is_taken_changes_nothing(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    text = agent_path(app.home, "support").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="already") as caught:
        create_agent(app, NewAgent(name="support", default_language="sv"))
    assert "custagent edit support" in caught.value.hint
    assert agent_path(app.home, "support").read_text(encoding="utf-8") == text


def test_a_hand_edit_goes_live_by_apply_only(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    path = agent_path(app.home, "support")
    path.write_text(
        path.read_text(encoding="utf-8").replace("confidence: balanced", "confidence: careful"), encoding="utf-8"
    )
    (summary,) = summaries(app)
    assert (summary.version, summary.edited) == (1, True)
    (workspace, applied) = apply_agents(app)
    assert (workspace.agent, workspace.version, workspace.changed) == ("custagent.yaml", 1, True)
    assert (applied.version, applied.changed) == (2, True)
    assert [(again.version, again.changed) for again in apply_agents(app)] == [(1, False), (2, False)]
    assert [entry.action for entry in app.store.audit.entries(10, "support")] == ["apply", "create"]


def test_a_hand_edit_of_the_workspace_goes_live_by_apply_without_names(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    apply_agents(app, ["support"])
    assert app.store.versions.applied(WORKSPACE_KEY) is None
    apply_agents(app)
    path = app.home.workspace_file
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("timezone: UTC", "timezone: Europe/Stockholm"), encoding="utf-8")
    (workspace, support) = apply_agents(app)
    assert (workspace.agent, workspace.version, workspace.changed) == (WORKSPACE_KEY, 2, True)
    assert (support.agent, support.version, support.changed) == ("support", 1, False)
    (entry, _) = app.store.audit.entries(10, WORKSPACE_KEY)
    assert (entry.action, entry.before) == ("apply", before)
    assert "Stockholm" in entry.after
    assert [summary.name for summary in summaries(app)] == ["support"]


def test_only_an_admin_puts_a_changed_workspace_into_force(home: Home, open_app: Callable[..., Application]) -> None:
    text = home.workspace_file.read_text(encoding="utf-8") + USERS
    home.workspace_file.write_text(text, encoding="utf-8")
    app = open_app("anna")
    create_agent(app, NewAgent(name="support"))
    assert [one.version for one in apply_agents(app)] == [1, 1]  # nothing of it was in force before
    home.workspace_file.write_text(text.replace("UTC", "Europe/Stockholm"), encoding="utf-8")
    with pytest.raises(PermissionDenied, match="admin") as caught:
        apply_agents(open_app("anna"))
    assert "custagent apply support" in caught.value.hint
    assert [one.version for one in apply_agents(open_app("anna"), ["support"])] == [1]
    admin = text.replace("UTC", "Europe/Stockholm").replace("[edit-agents]", "[edit-agents, admin]")
    home.workspace_file.write_text(admin, encoding="utf-8")
    assert [one.version for one in apply_agents(open_app("anna"))] == [2, 1]


def test_a_file_with_an_error_changes_nothing(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    create_agent(app, NewAgent(name="sales"))
    for name in ("sales", "support"):
        path = agent_path(app.home, name)
        path.write_text(
            path.read_text(encoding="utf-8").replace("confidence: balanced", "confidence: careful"), encoding="utf-8"
        )
    path.write_text(path.read_text(encoding="utf-8") + "rolle: boss\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="rolle"):
        apply_agents(app)
    assert {name: version.version for name, version in app.store.versions.live().items()} == {"sales": 1, "support": 1}


def test_an_agent_whose_file_is_gone_is_retired(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    agent_path(app.home, "support").unlink()
    assert [(one.agent, one.version) for one in apply_agents(app)] == [("custagent.yaml", 1), ("support", 0)]
    assert app.store.versions.applied("support") is None


def test_deleting_takes_all_but_the_history(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    delete_agent(app, "support")
    assert not agent_path(app.home, "support").exists()
    assert app.store.versions.applied("support") is None
    assert len(app.store.versions.history("support")) == 1
    assert app.store.audit.entries(1)[0].action == "delete"
    with pytest.raises(UnknownName):
        delete_agent(app, "support")


def test_a_name_that_is_used_again_begins_without_its_pause(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    app.store.pauses.pause("support", "anna", app.clock.now())
    delete_agent(app, "support")
    assert not app.store.pauses.is_paused("support")


def test_an_assigned_agent_is_not_deleted(app: Application) -> None:
    create_agent(app, NewAgent(name="support"))
    path = agent_path(app.home, "support")
    path.write_text(path.read_text(encoding="utf-8") + "assignments:\n  - channel: web\n", encoding="utf-8")
    with pytest.raises(UsageError, match="assigned to web"):
        delete_agent(app, "support")
    assert path.exists()


@pytest.mark.parametrize(
    ("user", "allowed"), [("anna", True), ("anna@northwind.example", True), ("bo", False), ("eve", False)]
)
def test_only_who_may_edit_agents_does(
    home: Home, open_app: Callable[..., Application], user: str, allowed: bool
) -> None:
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + USERS, encoding="utf-8")
    app = open_app(user)
    if allowed:
        create_agent(app, NewAgent(name="support"))
        assert app.store.audit.entries(1)[0].actor == "anna"
        return
    with pytest.raises(PermissionDenied, match="edit-agents"):
        create_agent(app, NewAgent(name="support"))
    assert not agent_path(home, "support").exists()
