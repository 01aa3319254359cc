"""An open workspace with a made-up embedder: real files, a real database, a real index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custagent.config.home import Home, init_home
from custagent.runtime.bootstrap import Application
from custagent.testing import FrozenClock, HashEmbedder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return init_home(tmp_path / "workspace", name="Northwind")


@pytest.fixture
def open_app(home: Home) -> Iterator[Callable[..., Application]]:
    opened: list[Application] = []

    def open_one(user: str | None = "anna") -> Application:
        opened.append(Application(home, user=user, clock=FrozenClock(), environ={}, embedder=HashEmbedder()))
        return opened[-1]

    yield open_one
    for app in opened:
        app.close()


@pytest.fixture
def app(open_app: Callable[..., Application]) -> Application:
    return open_app()
