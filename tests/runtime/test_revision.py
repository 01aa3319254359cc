"""A commit's files are read by git; the work tree stays as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from custagent.core.errors import CustagentError, UsageError
from custagent.runtime.revision import find_revision


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@northwind.example"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace in a folder of its repository, two commits of it, and a change that is in none."""
    folder = tmp_path / "repository" / "help"
    (folder / "content" / "a b").mkdir(parents=True)
    git(tmp_path / "repository", "init", "--quiet")
    (folder / "custagent.yaml").write_text("name: one\n", encoding="utf-8")
    (folder / "content" / "a b" / "å.md").write_bytes(b"first\r\n")
    (folder / "content" / "empty.md").write_bytes(b"")
    (folder / "content" / "link.md").symlink_to("empty.md")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    (folder / "custagent.yaml").write_text("name: two\n", encoding="utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", "two")
    (folder / "custagent.yaml").write_text("name: three\n", encoding="utf-8")
    return folder


def test_texts_are_those_of_the_commit(workspace: Path) -> None:
    assert find_revision(workspace, "HEAD").text("custagent.yaml") == "name: two\n"
    assert find_revision(workspace, "HEAD~1").text("custagent.yaml") == "name: one\n"
    before = git(workspace, "status", "--porcelain")
    with pytest.raises(CustagentError, match=r"there is no agents/ada\.yaml in revision HEAD"):
        find_revision(workspace, "HEAD").text("agents/ada.yaml")
    assert git(workspace, "status", "--porcelain") == before


def test_folders_are_written_elsewhere_and_links_are_told(workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    left_out = find_revision(workspace, "HEAD").write(["content/"], target)
    assert left_out == ("content/link.md",)
    assert (target / "content" / "a b" / "å.md").read_bytes() == b"first\r\n"
    assert (target / "content" / "empty.md").read_bytes() == b""
    assert not (target / "custagent.yaml").exists()


def test_the_whole_workspace_and_nothing_beside_it(workspace: Path, tmp_path: Path) -> None:
    (workspace.parent / "secret.md").write_text("beside", encoding="utf-8")
    git(workspace.parent, "add", "secret.md")
    git(workspace.parent, "commit", "--quiet", "--message", "three")
    find_revision(workspace, "HEAD").write(["."], tmp_path / "all")
    found = sorted(path.name for path in (tmp_path / "all").rglob("*") if path.is_file())
    assert found == ["custagent.yaml", "empty.md", "å.md"]
    assert find_revision(workspace, "HEAD").write([], tmp_path / "none") == ()


@pytest.mark.parametrize("name", ["nowhere", "--all", ""])
def test_what_is_no_revision(workspace: Path, name: str) -> None:
    with pytest.raises(UsageError) as raised:
        find_revision(workspace, name)
    assert "git log" in raised.value.hint


def test_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not in a git repository"):
        find_revision(tmp_path, "HEAD")
