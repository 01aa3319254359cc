"""The workspace's own secret."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from custagent.core.errors import WorkspaceError
from custagent.runtime.workspace_key import workspace_key


def test_it_is_made_once_and_for_its_owner_alone(home):
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(workspace_key, [home] * 16))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    path = home.state_folder / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in home.state_folder.glob("key*")] == ["key"]


def test_each_workspace_has_another(home, tmp_path):
    from custagent.config.home import init_home

    assert workspace_key(home) != workspace_key(init_home(tmp_path / "other", name="Other"))


def test_a_damaged_one_is_told(home):
    (home.state_folder / "key").write_bytes(b"short")
    with pytest.raises(WorkspaceError, match="damaged") as caught:
        workspace_key(home)
    assert "rm " in caught.value.hint
