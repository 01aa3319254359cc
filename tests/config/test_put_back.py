"""Files are as they were when what they were changed for fails (`config.editor.put_back`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.config.editor import ChangedMeanwhile, put_back, replace_file
from custagent.config.lock import locked
from custagent.core.errors import WorkspaceError


@pytest.mark.parametrize("reason", [OSError("full"), KeyboardInterrupt()], ids=["an error", "Ctrl-C"])
def test_what_fails_leaves_the_files_as_they_were(tmp_path: Path, reason: BaseException) -> None:
    old, new, same = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "same.yaml"
    old.write_text("name: a\n", encoding="utf-8")
    same.write_text("name: b\n", encoding="utf-8")
    old.chmod(0o640)

    def fail() -> None:
        old.write_text("name: changed\n", encoding="utf-8")
        new.write_text("name: half", encoding="utf-8")
        raise reason

    with pytest.raises(type(reason)), put_back(old, new, same):
        fail()
    assert old.read_text(encoding="utf-8") == "name: a\n"
    assert old.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"old.yaml", "same.yaml"}


def test_what_succeeds_stays(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    with put_back(file):
        file.write_text("name: a\n", encoding="utf-8")
    assert file.read_text(encoding="utf-8") == "name: a\n"


def test_a_file_that_cannot_be_put_back_does_not_hide_what_went_wrong(tmp_path: Path) -> None:
    file = tmp_path / "agents" / "a.yaml"
    file.parent.mkdir()
    file.write_text("name: a\n", encoding="utf-8")

    def fail() -> None:
        file.unlink()
        file.parent.rmdir()
        raise OSError("the first")

    with pytest.raises(OSError, match="the first"), put_back(file):
        fail()


def test_others_wait_until_it_is_done(tmp_path: Path) -> None:
    """Else the one that fails would put back what the other one has changed, who was told that all is well."""
    with put_back(tmp_path / "a.yaml"), pytest.raises(WorkspaceError, match="another"), locked(tmp_path, patience=0):
        raise AssertionError("both may change the file")


def test_what_somebody_saved_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"name: a\n")

    def change() -> None:
        file.write_bytes(b"name: theirs\n")
        replace_file(file, b"name: a\n", b"name: ours\n")

    with pytest.raises(ChangedMeanwhile, match="somebody else"), put_back(file):
        change()
    assert file.read_bytes() == b"name: theirs\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "a.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"name: a\n")
    link.symlink_to(file)

    def fail() -> None:
        file.write_bytes(b"name: b\n")
        raise OSError("full")

    with pytest.raises(OSError, match="full"), put_back(link):
        fail()
    assert link.is_symlink()
    assert file.read_bytes() == b"name: a\n"
