"""Commands that are imported when they are run, not when they are listed.

A table says where each command lives and what it does in one line. `--help` and shell completion read the table
alone; only the command that is really run, or asked for its own help, is imported. This keeps `custagent --help`
at the price of a Typer hello-world however many commands there are (docs/decisions/0005-lazy-start-up.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from custagent.cli.help import ReadableHelp


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command in the table."""

    #: "package.module:function", a plain function with Typer annotations.
    target: str
    #: What it does: the first line of the function's docstring, word for word (tests compare them).
    help: str
    #: The heading under which help lists it; "" for the default one.
    panel: str = ""

    def function(self) -> Callable[..., Any]:
        """The function itself; this is where its module is imported."""
        module, _, name = self.target.partition(":")
        function: Callable[..., Any] = getattr(import_module(module), name)
        return function


@dataclass(frozen=True, slots=True)
class Group:
    """A command that has commands of its own."""

    help: str
    commands: Mapping[str, Lazy]
    panel: str = ""


Table: TypeAlias = Mapping[str, Lazy | Group]


def _joined(paragraph: str) -> str:
    """The paragraph on one line, for the terminal to wrap; lists and indented lines keep their own lines."""
    lines = paragraph.splitlines()
    shaped = any(line.startswith((" ", "-", "*")) for line in lines)
    return paragraph if shaped else " ".join(lines)


def help_text(function: Callable[..., Any]) -> str:
    """The function's docstring as help: paragraphs are unwrapped, the example block stays as it is."""
    import inspect

    return "\n\n".join(_joined(paragraph) for paragraph in (inspect.getdoc(function) or "").split("\n\n"))


class Command(ReadableHelp, TyperCommand):
    """A command whose help is ours."""


class LazyGroup(ReadableHelp, TyperGroup):
    """A group whose commands stand in a table until they are run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._table: Table = {}
        self._shared: Callable[[], Iterable[Any]] = list
        self._loaded: dict[str, Any] = {}

    def fill(self, table: Table, shared: Callable[[], Iterable[Any]]) -> None:
        """List what is in `table`. `shared` makes the options that every command takes besides its own."""
        self._table, self._shared = table, shared
        for name, entry in table.items():
            make = TyperCommand if isinstance(entry, Lazy) else LazyGroup
            self.add_command(make(name=name, help=entry.help, rich_help_panel=entry.panel or None))

    def load(self, name: str) -> Any:
        """The real command of that name, imported now. KeyError when the table has none."""
        if name not in self._loaded:
            entry = self._table[name]
            self._loaded[name] = self._group(name, entry) if isinstance(entry, Group) else self._command(name, entry)
        return self._loaded[name]

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Typer would turn Ctrl-C into an exit code, and who pressed it would be told nothing."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """What the typed words mean; here a listed command becomes a real one."""
        if args and args[0] not in self.commands and not ctx.resilient_parsing:
            from custagent.cli.usage import no_command

            raise no_command(ctx.command_path, args[0], self.commands)
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else self.load(name), rest

    def _command(self, name: str, entry: Lazy) -> Any:
        function = entry.function()
        single = typer.Typer(add_completion=False)
        single.command(name, cls=Command, help=help_text(function))(function)
        command = get_command(single)
        command.params.extend(self._shared())
        return command

    def _group(self, name: str, entry: Group) -> LazyGroup:
        group = LazyGroup(name=name, help=entry.help, no_args_is_help=True)
        group.fill(entry.commands, self._shared)
        return group
