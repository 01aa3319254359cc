"""Creating an agent that speaks with a brand voice (CRE-1)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
VOICE = "voices:\n  - name: northwind\n    description: Dry.\n    words: {avoid: [hype]}\n"


@pytest.fixture
def spoken(workspace: Path) -> Path:
    """A workspace that defines a voice."""
    with (workspace / "custagent.yaml").open("a", encoding="utf-8") as file:
        file.write(VOICE)
    return workspace


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sit down at the other end and type these lines."""

    def sit(*lines: str) -> None:
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        typed.isatty = lambda: True  # type: ignore[method-assign] # a terminal
        monkeypatch.setattr(sys, "stdin", typed)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("TERM", "dumb")

    return sit


def test_a_voice_is_named(run: Run, spoken: Path) -> None:
    assert run("create", "shop", "--voice", "northwind", "--yes").code == 0
    text = (spoken / "agents" / "shop.yaml").read_text(encoding="utf-8")
    assert "\nvoice: northwind\n" in text
    assert "\npersonality:" not in text
    assert run("validate").code == 0


def test_one_that_is_not_there_says_what_to_write(run: Run, workspace: Path) -> None:
    done = run("create", "shop", "--voice", "posh", "--yes")
    assert done.code == 1
    assert "there is no voice called 'posh'" in done.err
    assert "- {name: posh, description: how you speak}" in done.err
    assert not (workspace / "agents" / "shop.yaml").exists()


@pytest.mark.parametrize(
    ("answer", "line"), [("northwind", "voice: northwind"), ("6", "voice: northwind"), ("witty", "personality: witty")]
)
def test_voices_are_offered_beside_the_personalities(
    run: Run, spoken: Path, terminal: Callable[..., None], answer: str, line: str
) -> None:
    terminal("English", "an empty agent", "customer-service", answer, "later")
    done = run("create", "shop")
    assert done.code == 0
    assert "6. northwind" in done.out + done.err
    assert f"\n{line}\n" in (spoken / "agents" / "shop.yaml").read_text(encoding="utf-8")
