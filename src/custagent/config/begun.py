"""The answers given so far to a `custagent create` that was not finished, for the next time (CRE-1)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Final

from custagent.config.home import Home

_FILE: Final = "create.json"


def read_begun(home: Home) -> dict[str, str]:
    """The answers by question; none when nothing was begun, or what is there cannot be read."""
    try:
        kept = json.loads((home.state_folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(kept, dict) and all(isinstance(value, str) for value in kept.values())
    return kept if whole else {}


def keep_begun(home: Home, answers: Mapping[str, str]) -> None:
    """Keep the answers. Where that cannot be written the wizard goes on: it is a convenience."""
    with contextlib.suppress(OSError):
        (home.state_folder / _FILE).write_text(json.dumps(dict(answers), ensure_ascii=False), encoding="utf-8")


def forget_begun(home: Home) -> None:
    """The agent is made, or the user begins anew."""
    with contextlib.suppress(OSError):
        (home.state_folder / _FILE).unlink(missing_ok=True)
