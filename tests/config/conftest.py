"""What the tests of the written side share: workspaces on the disk, and a short way to read a text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from custagent.config.home import Home, init_home
from custagent.config.reader import Reading, read_text
from custagent.config.report import Report
from custagent.config.validate import validate

TODAY = date(2026, 12, 1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh workspace."""
    return init_home(tmp_path / "shop", "Northwind Bikes")


@pytest.fixture
def write(home: Home) -> Callable[[str, str], Path]:
    """Put a text into the workspace, at a path below its root."""

    def put(where: str, text: str) -> Path:
        path = home.root / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return put


@pytest.fixture
def check(home: Home) -> Callable[..., Report]:
    """Validate the workspace, or some of its files, on 1 December 2026 with an empty environment."""

    def run(*paths: Path, environment: dict[str, str] | None = None) -> Report:
        return validate(paths or [home.root], environment=environment or {}, today=TODAY, base=home.root)

    return run


@pytest.fixture
def reading() -> Callable[[str], Reading]:
    return lambda text: read_text(text, Path("file.yaml"))
