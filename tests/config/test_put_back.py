"""Files are as they were when what they were changed for fails (`config.editor.put_back`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from custagent.config.editor import put_back


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
