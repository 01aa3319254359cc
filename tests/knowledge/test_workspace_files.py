"""Files of a workspace: found in order, opened whole, and never outside of it (SRC-8)."""

import os

import pytest

from custagent.core.errors import SourceError
from custagent.knowledge.workspace_files import MAX_BYTES, WorkspaceFiles


@pytest.fixture
def files(tmp_path) -> WorkspaceFiles:
    root = tmp_path / "workspace"
    (root / "content" / "sub").mkdir(parents=True)
    (root / "content" / "b.md").write_bytes(b"b")
    (root / "content" / "a.MD").write_bytes(b"a")
    (root / "content" / "sub" / "c.html").write_bytes(b"c")
    (tmp_path / "secret.md").write_bytes(b"secret")
    return WorkspaceFiles(root)


@pytest.fixture
def root(tmp_path, files):
    return tmp_path / "workspace"


def test_a_file_is_opened_by_its_path(files):
    raw = files.open("content/sub/c.html")
    assert (raw.location, raw.body) == ("content/sub/c.html", b"c")
    assert files.has("content/b.md")
    assert not files.has("content/x.md")


def test_a_folder_lists_what_can_be_read_in_order(files):
    assert files.in_folder("content") == ["content/a.MD", "content/b.md", "content/sub/c.html"]
    assert files.in_folder("content/sub/") == ["content/sub/c.html"]


def test_hidden_files_and_those_of_an_open_editor_are_left_out(files, root):
    (root / "content" / ".git").mkdir()
    for name in (".git/readme.md", ".hidden.md", "~$letter.docx", "program.exe"):
        (root / "content" / name).write_bytes(b"x")
    assert files.in_folder("content") == ["content/a.MD", "content/b.md", "content/sub/c.html"]


def test_a_folder_in_a_hidden_place_is_read_when_it_is_named(files, root):
    (root / ".notes").mkdir()
    (root / ".notes" / "a.md").write_bytes(b"x")
    assert files.in_folder(".notes") == [".notes/a.md"]


@pytest.mark.parametrize("path", ["../secret.md", "content/../../secret.md", "{root}/../secret.md", "content/link.md"])
def test_nothing_outside_is_opened(files, root, path):
    (root / "content" / "link.md").symlink_to(root.parent / "secret.md")
    with pytest.raises(SourceError, match="leads out of the workspace"):
        files.open(path.format(root=root))


@pytest.mark.parametrize("path", ["..", "content/out"])
def test_no_folder_outside_is_listed(files, root, path):
    (root / "content" / "out").symlink_to(root.parent)
    with pytest.raises(SourceError, match="leads out of the workspace"):
        files.in_folder(path)


@pytest.mark.parametrize(
    ("path", "told"),
    [("content/x.md", "there is no file content/x.md"), ("content", "content is no file")],
)
def test_what_is_no_file_is_told(files, path, told):
    with pytest.raises(SourceError, match=told):
        files.open(path)


@pytest.mark.parametrize("path", ["nowhere", "content/b.md"])
def test_what_is_no_folder_is_told(files, path):
    with pytest.raises(SourceError, match=f"there is no folder {path}"):
        files.in_folder(path)


def test_a_pipe_is_not_waited_for(files, root):
    os.mkfifo(root / "content" / "pipe.md")
    with pytest.raises(SourceError, match="is no file"):
        files.open("content/pipe.md")
    assert "content/pipe.md" not in files.in_folder("content")


def test_a_file_that_would_fill_the_memory_is_refused(files, root):
    with (root / "content" / "huge.txt").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(SourceError, match="larger than 100 MB"):
        files.open("content/huge.txt")


def test_a_name_that_no_system_takes_is_told(files):
    with pytest.raises(SourceError, match="cannot be opened"):
        files.open(f"{'x' * 300}.md")
