"""Agents and the workspace as values, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.agents import agent_names, agent_path, load_agent
from custagent.config.findings import DefinitionRejected
from custagent.config.home import Home
from custagent.config.workspace import load_workspace
from custagent.core.errors import ConfigError, UnknownName, WorkspaceError

Write = Callable[[str, str], Path]


def test_names_are_those_of_the_files(home: Home, write: Write) -> None:
    assert agent_names(home) == ()
    write("agents/web.yaml", "name: web\n")
    write("agents/broken.yaml", "{")
    write("agents/.web.yaml.swp.yaml", "")
    write("agents/notes.md", "")
    write("agents/old.yml", "")
    (home.agents_folder / "folder.yaml").mkdir()
    assert agent_names(home) == ("broken", "web")


def test_no_folder_holds_no_agents(home: Home) -> None:
    home.agents_folder.rmdir()
    assert agent_names(home) == ()


def test_loads_by_name(home: Home, write: Write) -> None:
    path = write("agents/web.yaml", "name: web\npersonality: witty\n")
    assert agent_path(home, "web") == path
    assert load_agent(home, "web").personality == "witty"


def test_an_unknown_name_gets_a_suggestion(home: Home, write: Write) -> None:
    write("agents/support.yaml", "name: support\n")
    with pytest.raises(UnknownName, match="no agent called 'suport'") as caught:
        load_agent(home, "suport")
    assert caught.value.hint == "did you mean support?"
    with pytest.raises(UnknownName) as caught:
        load_agent(home, "xyz")
    assert caught.value.hint == "see all agents with: custagent list"


@pytest.mark.parametrize("name", ["../custagent", "a/b", "", "A", "a b", ".", "a" * 65])
def test_a_name_never_leads_elsewhere(home: Home, name: str) -> None:
    with pytest.raises(UnknownName):
        agent_path(home, name)
    with pytest.raises(UnknownName):
        load_agent(home, name)


def test_findings_are_in_the_message_one_a_line(home: Home, write: Write) -> None:
    write("agents/web.yaml", "name: web\nrole: boss\nx: 1\n")
    with pytest.raises(ConfigError) as caught:
        load_agent(home, "web")
    first, second = str(caught.value).split("\n")
    assert first.startswith("agents/web.yaml:2:7: `role` must be one of")
    assert second.startswith("agents/web.yaml:3:1: `x`")
    assert "custagent validate" in caught.value.hint


def test_bad_yaml_is_told_by_the_path_from_the_workspace(home: Home, write: Write) -> None:
    write("agents/web.yaml", "name: [")
    with pytest.raises(DefinitionRejected, match=r"^agents/web.yaml:1:8: a value"):
        load_agent(home, "web")


def test_the_name_in_the_file_counts(home: Home, write: Write) -> None:
    write("agents/web.yaml", "name: shop\n")
    with pytest.raises(DefinitionRejected, match=r"agents/web.yaml:1:7: .*'shop'"):
        load_agent(home, "web")


def test_a_broken_workspace_is_rejected(home: Home, write: Write) -> None:
    write("custagent.yaml", "name: x\ntimezone: Nowhere\n")
    with pytest.raises(DefinitionRejected, match=r"custagent\.yaml:2:11"):
        load_workspace(home)


def test_a_missing_workspace_file(home: Home) -> None:
    home.workspace_file.unlink()
    with pytest.raises(WorkspaceError, match="there is no file"):
        load_workspace(home)
