"""Finding and making a workspace."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from custagent.config.home import Home, find_home, init_home
from custagent.config.reader import read
from custagent.config.workspace import load_workspace
from custagent.core.errors import UsageError, WorkspaceError


class TestFind:
    def test_upward_from_a_folder_deep_inside(self, home: Home) -> None:
        deep = home.content_folder / "a" / "b"
        deep.mkdir(parents=True)
        assert find_home(deep, environment={}) == home

    def test_the_nearest_one(self, home: Home) -> None:
        inner = init_home(home.root / "inner", "Inner")
        assert find_home(inner.content_folder, environment={}) == inner

    def test_the_variable_wins_over_the_folder(self, home: Home, tmp_path: Path) -> None:
        other = init_home(tmp_path / "other", "Other")
        assert find_home(home.root, environment={"CUSTAGENT_WORKSPACE": str(other.root)}) == other

    def test_what_is_said_wins_over_the_variable(self, home: Home, tmp_path: Path) -> None:
        other = init_home(tmp_path / "other", "Other")
        assert find_home(tmp_path, other.root, environment={"CUSTAGENT_WORKSPACE": str(home.root)}) == other
        assert find_home(tmp_path, Path("other"), environment={}) == other
        assert find_home(tmp_path, other.workspace_file, environment={}) == other

    def test_through_a_link_it_is_the_same(self, home: Home, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(home.root)
        assert find_home(tmp_path / "link", environment={}) == home

    def test_nothing_found_names_the_next_command(self, tmp_path: Path) -> None:
        with pytest.raises(WorkspaceError, match="there is no workspace in") as caught:
            find_home(tmp_path, environment={})
        assert "custagent init" in caught.value.hint
        assert caught.value.exit_code == 2

    def test_a_wrong_place_is_not_replaced_by_another(self, home: Home, tmp_path: Path) -> None:
        with pytest.raises(WorkspaceError, match="content is no workspace"):
            find_home(home.root, Path("content"), environment={})
        with pytest.raises(WorkspaceError, match="CUSTAGENT_WORKSPACE names"):
            find_home(home.root, environment={"CUSTAGENT_WORKSPACE": str(tmp_path)})


class TestInit:
    def test_makes_everything(self, tmp_path: Path) -> None:
        home = init_home(tmp_path / "new", 'Åsas "Cyklar": & #1')
        assert load_workspace(home).name == 'Åsas "Cyklar": & #1'
        assert home.agents_folder.is_dir()
        assert home.content_folder.is_dir()
        assert stat.S_IMODE(home.state_folder.stat().st_mode) == 0o700
        assert (home.root / ".gitignore").read_text() == ".custagent/\n"
        text = home.workspace_file.read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=.custagent/schema/workspace.schema.json\n")
        assert text.count("#") > 10

    def test_the_commented_examples_are_valid(self, tmp_path: Path) -> None:
        home = init_home(tmp_path, "Northwind")
        lines = home.workspace_file.read_text().split("\n")
        start = next(number for number, line in enumerate(lines) if line.startswith("# voices:"))
        examples = [line[2:] if line.startswith("#   ") or line.endswith(":") else line for line in lines[start:]]
        home.workspace_file.write_text("\n".join([*lines[:start], *examples]))
        assert set(read(home.workspace_file).data) >= {"voices", "users", "teams", "channels"}
        assert load_workspace(home).teams[0].members == ("anna",)

    def test_keeps_what_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "agents").mkdir()
        (tmp_path / "agents" / "mine.yaml").write_text("name: mine\n")
        (tmp_path / ".gitignore").write_bytes(b"*.log\r\nbuild")
        home = init_home(tmp_path, "Shop")
        assert (home.agents_folder / "mine.yaml").read_text() == "name: mine\n"
        assert (tmp_path / ".gitignore").read_bytes() == b"*.log\r\nbuild\r\n.custagent/\r\n"

    @pytest.mark.parametrize("entry", [".custagent/", ".custagent", "/.custagent/"])
    def test_does_not_ignore_twice(self, tmp_path: Path, entry: str) -> None:
        (tmp_path / ".gitignore").write_text(f"{entry}\n")
        init_home(tmp_path, "Shop")
        assert (tmp_path / ".gitignore").read_text() == f"{entry}\n"

    def test_refuses_a_second_time_and_changes_nothing(self, home: Home) -> None:
        before = home.workspace_file.read_bytes()
        with pytest.raises(WorkspaceError, match="is a workspace already") as caught:
            init_home(home.root, "Other")
        assert "custagent create" in caught.value.hint
        assert home.workspace_file.read_bytes() == before

    def test_narrows_the_state_folder_of_an_older_try(self, tmp_path: Path) -> None:
        (tmp_path / ".custagent").mkdir(mode=0o755)
        home = init_home(tmp_path, "Shop")
        assert stat.S_IMODE(home.state_folder.stat().st_mode) == 0o700

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x07"])
    def test_a_name_says_something(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError, match="needs a name"):
            init_home(tmp_path, name)
        assert not list(tmp_path.iterdir())

    def test_a_file_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "agents").write_text("not a folder")
        with pytest.raises(WorkspaceError, match="cannot be written"):
            init_home(tmp_path, "Shop")
