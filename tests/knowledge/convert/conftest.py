"""What the tests of converting share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    """The module of this name in this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """Makes a PDF from lists of lines, see pdf_maker.py."""
    return _beside("pdf_maker").make_pdf


@pytest.fixture(scope="session")
def office() -> ModuleType:
    """Makes Word and PowerPoint files, see office_maker.py."""
    return _beside("office_maker")
