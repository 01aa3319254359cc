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
        chosen = _named(answer, choices)
        if chosen is not None:
            return chosen
        warn(f"{answer!r} is not in the list.")


def ask_choices(label: str, choices: Sequence[str], *, default: Sequence[str]) -> list[str]:
    """One or several of `choices`, by their numbers or names between commas, in the order of `choices`."""
    import typer

    say(label)
    for number, choice in enumerate(choices, 1):
        say(f"  {number}. {choice}")
    while True:
        answer: str = typer.prompt("Numbers or names, with commas between", default=",".join(default))
        words = [word.strip() for word in answer.split(",") if word.strip()]
        named = {_named(word, choices) for word in words}
        if words and None not in named:
            return [choice for choice in choices if choice in named]
        warn(f"{answer!r} is not in the list.")


def ask_yes(question: str, *, default: bool) -> bool:
    """Yes or no."""
    import typer

    return bool(typer.confirm(question, default=default))


def _named(word: str, choices: Sequence[str]) -> str | None:
    """The choice that a number or name means; None for neither."""
    if word.isascii() and word.isdigit() and 1 <= int(word) <= len(choices):
        return choices[int(word) - 1]
    return word if word in choices else None


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees; `yes` is `--yes`. Raises UsageError when nobody can be asked."""
    import typer

    if yes:
        return
    if not can_ask():
        raise UsageError(f"{question} Nobody can be asked here.", hint="Add --yes to go on.")
    if not typer.confirm(question, default=False):
        raise typer.Exit(1)
