"""Asking at the terminal; without one nothing is ever asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from custagent.cli.render import say, warn
from custagent.core.errors import UsageError


def can_ask() -> bool:
    """Whether somebody sits at the other end."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask_text(label: str, *, default: str = "", optional: bool = False) -> str:
    """A line of text; asked again while it is empty and must not be."""
    import typer

    while True:
        answer: str = typer.prompt(label, default=default, show_default=bool(default)).strip()
        if answer or optional:
            return answer
        warn("Please write something, or stop with Ctrl-C.")


def ask_choice(label: str, choices: Sequence[str], *, default: str) -> str:
    """One of `choices`, by its number or its name."""
    import typer

    say(label)
    for number, choice in enumerate(choices, 1):
        say(f"  {number}. {choice}")
    while True:
        answer: str = typer.prompt("Number or name", default=default).strip()
        if answer.isdigit() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        if answer in choices:
            return answer
        warn(f"{answer!r} is not in the list.")


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees; `yes` is `--yes`. Raises UsageError when nobody can be asked."""
    import typer

    if yes:
        return
    if not can_ask():
        raise UsageError(f"{question} Nobody can be asked here.", hint="Add --yes to go on.")
    if not typer.confirm(question, default=False):
        raise typer.Exit(1)
