"""docs/cli.md: every command with its options and examples, from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from custagent.cli.app import command
from custagent.cli.lazy import LazyGroup
from reference_pages.markdown import cell, prose, table

INTRODUCTION = """\
# The commands

This page is written by `nox -s docs -- --write` from the commands' own help: change the help, not the page.

`--workspace` and `--as` may stand before or after a command's name. With no `--workspace`, the workspace is looked
for from the current folder upward. Results go to stdout, messages to stderr; colours and tables appear on a terminal
only, and `NO_COLOR=1` turns colours off. A command ends with 0 when it worked, 1 when something did not or was found
wanting, 2 when what was typed does not fit together: [all exit codes](exit-codes.md).

With `CUSTAGENT_DEBUG=1` an error also shows where in the program it came from.
"""

#: Wide enough that no usage line is wrapped.
_WIDTH = 1000


def leaves(group: LazyGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with the words that call it: (("sources", "add"), command)."""
    for name in group.commands:
        loaded = group.load(name)
        words = (*path, name)
        if isinstance(loaded, LazyGroup):
            yield from leaves(loaded, words)
        else:
            yield words, loaded


def is_example(paragraph: str) -> bool:
    """Whether a paragraph of a docstring shows how the command is typed."""
    return paragraph.startswith(("Example:", "Examples:"))


def examples(help_text: str) -> list[str]:
    """The command lines of a docstring's example block."""
    found = [paragraph for paragraph in help_text.split("\n\n") if is_example(paragraph)]
    lines = (line.strip() for paragraph in found for line in paragraph.splitlines()[1:])
    return [line.removeprefix("$ ") for line in lines if line]


def page() -> str:
    """The whole page."""
    group = command()
    sections = [INTRODUCTION.rstrip(), _everywhere(group), *(_section(path, cmd) for path, cmd in leaves(group))]
    return "\n\n".join(sections) + "\n"


def _rows(context: Any, cmd: Any, *, panel: str | None) -> Iterator[tuple[str, str]]:
    for param in cmd.params:
        record = param.get_help_record(context)
        if record is not None and getattr(param, "rich_help_panel", None) == panel:
            term, meaning = map(cell, record)
            yield f"`{term}`", meaning


def _section(path: tuple[str, ...], cmd: Any) -> str:
    context = typer.Context(cmd, info_name=" ".join(("custagent", *path)), terminal_width=_WIDTH)
    help_text: str = cmd.help or ""
    usage = cmd.get_usage(context).removeprefix("Usage:").strip()
    parts = [f"## custagent {' '.join(path)}", *(prose(p) for p in help_text.split("\n\n") if not is_example(p))]
    parts.append(f"```text\n{usage}\n```")
    if rows := list(_rows(context, cmd, panel=None)):
        parts.append(table(["argument or option", "meaning"], rows))
    if shown := examples(help_text):
        parts.append("\n".join(["```console", *(f"$ {line}" for line in shown), "```"]))
    return "\n\n".join(parts)


def _everywhere(group: LazyGroup) -> str:
    context = typer.Context(group, info_name="custagent", terminal_width=_WIDTH)
    return "## Options before every command\n\n" + table(["option", "meaning"], _rows(context, group, panel=None))
