"""The commands as people type them, in one process, in a folder of their own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from custagent.__main__ import main
from custagent.cli import render
from custagent.config.home import Home
from custagent.knowledge.embed.bundled.memory import Measured, Memory
from custagent.knowledge.embed.bundled.nano import NanoEngine


@dataclass(frozen=True)
class Done:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    folder = tmp_path / "help"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable in ("CUSTAGENT_WORKSPACE", "CUSTAGENT_USER", "CUSTAGENT_DEBUG"):
        monkeypatch.delenv(variable, raising=False)

    def run_one(*words: str) -> Done:
        render.stdout.cache_clear()
        render.stderr.cache_clear()
        monkeypatch.setattr(sys, "argv", ["custagent", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run_one


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workspace is kept as the commands made it, once they did."""
    return tmp_path_factory.mktemp("made") / "help"


@pytest.fixture
def workspace(run: Callable[..., Done], made: Path) -> Path:
    """A workspace with the agent support; the current folder."""
    here = Path.cwd()
    if made.exists():
        return Path(shutil.copytree(made, here, dirs_exist_ok=True))
    assert run("init", "--name", "Northwind").code == 0
    assert run("create", "support", "--yes").code == 0
    # Which engine is faster on this machine is known: finding out would take most of the time of these tests.
    Memory(Home(root=here).engine_file).remember(Measured(faster=NanoEngine().name, vectors=b""))
    shutil.copytree(here, made)
    return here
