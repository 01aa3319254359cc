"""One command at a time changes a folder's files (`config.lock`)."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from custagent.config.lock import locked
from custagent.core.errors import WorkspaceError


def test_who_comes_second_is_told_after_a_while(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(WorkspaceError, match="another custagent command") as refused,
        locked(tmp_path, patience=0),
    ):
        raise AssertionError("both had it")
    assert "wait" in refused.value.hint
    with locked(tmp_path, patience=0):
        """It is free again."""


def test_who_comes_second_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    waiting = Thread(target=second)
    with locked(tmp_path):
        waiting.start()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_other_folders_are_free(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    with locked(tmp_path), locked(tmp_path / "agents", patience=0):
        """Both are had."""


def test_a_folder_that_is_not_there_yet_is_nobodys(tmp_path: Path) -> None:
    with locked(tmp_path / "agents", patience=0):
        """No error."""
