"""Packages beside custagent, as `pip install` leaves them: what they bring stands in their entry points."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, brings: Mapping[str, Mapping[str, str]], *, name: str = "more"
) -> None:
    """A package that brings, by group and name, as {"custagent.channels": {"telegram": "custagent_telegram:Kind"}}."""
    about = folder / f"{name.replace('-', '_')}-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n", encoding="utf-8")
    lines = [
        line
        for group, points in brings.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in points.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])


def install_example(folder: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    """A package of `examples/`, by its own pyproject.toml."""
    project = tomllib.loads((EXAMPLES / example / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    monkeypatch.setattr(sys, "path", [*sys.path, str(EXAMPLES / example)])
    install(folder, monkeypatch, project["entry-points"], name=project["name"])
