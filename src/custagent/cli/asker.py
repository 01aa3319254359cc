"""Asking several questions in a row at a terminal, where one can go back: what a wizard asks through.

`Plain` asks with numbers and lines, for terminals that can do no more; `cli.menu` draws lists for the others.
Both raise `Back` when the user wants the question before, and KeyboardInterrupt at Ctrl-C and Ctrl-D.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from custagent.cli.render import say, warn


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list."""

    value: str
    #: What it is called; "" where the value says it.
    label: str = ""
    #: What it means, in a line.
    meaning: str = ""
    #: How it sounds, in a sentence.
    sample: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.value


class Back(Exception):
    """The user wants the question before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A question that is answered with a line of text."""

    title: str
    default: str = ""
    #: What is wrong with an answer; "" when nothing is.
    complaint: Callable[[str], str]
    #: Whether names of files are completed.
    paths: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A question that is answered with one of several choices."""

    title: str
    choices: Sequence[Choice]
    #: The value that is pointed at first.
    default: str


class Asker(Protocol):
    """Asks one question; `so_far` is what was answered before, by what people call it."""

    def choose(self, question: List, so_far: Mapping[str, str], /) -> str:
        """The value of one of the choices. Raises Back, KeyboardInterrupt."""
        ...

    def line(self, question: Line, so_far: Mapping[str, str], /) -> str:
        """A line that there is no complaint of. Raises Back, KeyboardInterrupt."""
        ...


#: What is typed to go back where no key can be told.
BACK = "<"


class Plain:
    """Questions as lines, answers by numbers or names. What was answered before stands above them anyway."""

    def choose(self, question: List, _so_far: Mapping[str, str]) -> str:
        """See the port."""
        say(question.title)
        for number, choice in enumerate(question.choices, 1):
            say(f"  {number}. {choice.shown}{f': {choice.meaning}' if choice.meaning else ''}")
            if choice.sample:
                say(f"     “{choice.sample}”")
        named = {name: choice.value for choice in question.choices for name in (choice.shown, choice.value)}
        named |= {str(number): choice.value for number, choice in enumerate(question.choices, 1)}
        while True:
            typed = _typed(f"Number or name ({BACK} goes back)", question.default)
            if typed in named:
                return named[typed]
            warn(f"{typed!r} is not in the list.")

    def line(self, question: Line, _so_far: Mapping[str, str]) -> str:
        """See the port."""
        while True:
            typed = _typed(question.title, question.default)
            wrong = question.complaint(typed)
            if not wrong:
                return typed
            warn(wrong)


def _typed(label: str, default: str) -> str:
    import typer

    with _interrupts():
        typed = str(typer.prompt(label, default=default, show_default=bool(default))).strip()
    if typed == BACK:
        raise Back
    return typed


@contextmanager
def _interrupts() -> Iterator[None]:
    """Typer's own word for Ctrl-C and the end of what is typed, as Python's."""
    import typer

    try:
        yield
    except typer.Abort as exc:
        raise KeyboardInterrupt from exc
