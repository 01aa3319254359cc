"""Writes docs/cli.md, the reference of all commands, from the commands themselves.

`python docs/reference.py` tells whether the file is up to date (exit code 1 with the difference if not);
`python docs/reference.py --write` brings it up to date.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from custagent.cli.app import command
from custagent.cli.lazy import LazyGroup

TARGET = Path(__file__).with_name("cli.md")

INTRODUCTION = """\
# The commands

This page is written by `nox -s docs -- --write` from the commands' own help: change the help, not the page.

`--workspace` and `--as` may stand before or after a command's name. With no `--workspace`, the workspace is looked
for from the current folder upward. Results go to stdout, messages to stderr; colours and tables appear on a terminal
only, and `NO_COLOR=1` turns colours off.

| exit code | meaning |
| --- | --- |
| 0 | it worked |
| 1 | something did not work, or was found wanting |
| 2 | what was typed does not fit together, or there is no workspace |
| 130 | Ctrl-C |

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


def _prose(paragraph: str) -> str:
    """Help as Markdown: what it would read as markup stands as typed."""
    return paragraph.replace("<", "\\<").replace("*", "\\*")


def _rows(context: Any, cmd: Any, *, panel: str | None) -> Iterator[str]:
    for param in cmd.params:
        record = param.get_help_record(context)
        if record is not None and getattr(param, "rich_help_panel", None) == panel:
            term, meaning = (" ".join(text.split()).replace("|", "\\|") for text in record)
            yield f"| `{term}` | {meaning} |"


def _section(path: tuple[str, ...], cmd: Any) -> str:
    context = typer.Context(cmd, info_name=" ".join(("custagent", *path)), terminal_width=_WIDTH)
    help_text: str = cmd.help or ""
    usage = cmd.get_usage(context).removeprefix("Usage:").strip()
    parts = [f"## custagent {' '.join(path)}", *(_prose(p) for p in help_text.split("\n\n") if not is_example(p))]
    parts.append(f"```text\n{usage}\n```")
    if rows := list(_rows(context, cmd, panel=None)):
        parts.append("\n".join(["| argument or option | meaning |", "| --- | --- |", *rows]))
    if shown := examples(help_text):
        parts.append("\n".join(["```console", *(f"$ {line}" for line in shown), "```"]))
    return "\n\n".join(parts)


def _everywhere(group: LazyGroup) -> str:
    context = typer.Context(group, info_name="custagent", terminal_width=_WIDTH)
    rows = _rows(context, group, panel=None)
    return "\n".join(["## Options before every command", "", "| option | meaning |", "| --- | --- |", *rows])


def reference() -> str:
    """The whole page."""
    group = command()
    sections = [INTRODUCTION.rstrip(), _everywhere(group), *(_section(path, cmd) for path, cmd in leaves(group))]
    return "\n\n".join(sections) + "\n"


def main() -> int:
    """Check, or write with --write. Returns the exit code."""
    new = reference()
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if "--write" in sys.argv[1:]:
        TARGET.write_text(new, encoding="utf-8")
        return 0
    if new == old:
        return 0
    print(*difflib.unified_diff(old.splitlines(), new.splitlines(), "cli.md", "cli.md, new", lineterm=""), sep="\n")
    print("docs/cli.md is out of date. Run: nox -s docs -- --write", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
