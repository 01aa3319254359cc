"""The scripts of docs/, which are no package of ours."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from tests.pages import DOCS


def load(name: str) -> ModuleType:
    """A module of docs/, found as its scripts find it."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))
