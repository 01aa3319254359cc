"""How the house prints: results on stdout, everything about the work on stderr, colour and tables only on a terminal.

Rich is imported when something is printed, never before. Text from content, files or people is never read as
markup, and control characters in it (which could move the cursor or rewrite the screen) are made visible.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.table import Table
    from rich.theme import Theme

#: Of the 256 colours of terminals, those in the place of the first sixteen: many a terminal's own yellow or cyan cannot be
#: read on white. These can, on white and on black (a contrast of 3.8 and more).
COLOURS: Final = {"cyan": 31, "green": 28, "magenta": 133, "red": 160, "yellow": 130}
#: Set to "no" where somebody else types the next command anyway, as in the demo.
NEXT = "CUSTAGENT_NEXT"
#: Seconds between two lines of progress where there is no terminal to draw on.
PROGRESS_INTERVAL = 5.0

#: Everything that a terminal could obey, except the line's end and the tab.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


#: What stays together where a line is broken: a command at its end, which is copied, or a word with the room before it.
_PIECE = re.compile(r"\s*custagent [a-z].*|\s*\S+")
#: How a conversation's id looks (`store.conversations`).
_ID = re.compile(r"[A-Za-z0-9]{22}")
#: Letters of a fact's label, with the room behind it.
_LABEL = 16


@dataclass(slots=True)
class _Manner:
    """How this command talks."""

    quiet: bool = False


_manner = _Manner()


def be_quiet(quiet: bool = True) -> None:
    """From now on only results, warnings and errors (`--quiet`); `False` ends that."""
    _manner.quiet = quiet


@cache
def theme() -> Theme:
    """Our colours by their usual names, alone and bold."""
    from rich.theme import Theme

    return Theme(
        {f"{weight}{name}": f"{weight}color({number})" for name, number in COLOURS.items() for weight in ("", "bold ")}
    )


@cache
def stdout() -> Console:
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, theme=theme())


@cache
def stderr() -> Console:
    """Where messages about the work go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False, theme=theme())


def on_terminal(stream: TextIO) -> bool:
    """Whether `stream` is drawn on: a terminal, or something that asks to be treated as one. Rich is not loaded to say no."""
    if os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE"):
        return (stderr() if stream is sys.stderr else stdout()).is_terminal
    return stream.isatty()


def visible(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def say(text: str = "", *, style: str = "", whole: bool = False) -> None:
    """A line of result for people, on stdout; on a terminal long ones are broken between words.

    What is copied, such as a command or a tag, is told `whole`: the terminal folds it, and it is still one line.
    """
    if not on_terminal(sys.stdout):
        sys.stdout.write(f"{visible(text)}\n")
        return
    shown = visible(text) if whole else _folded(visible(text), stdout().width)
    stdout().print(shown, style=style or None, soft_wrap=True)


def _folded(text: str, width: int) -> str:
    """`text` in lines of at most `width` cells, as far as its words allow; they go on below their indent."""
    from rich.cells import cell_len

    lines: list[str] = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        below = f"{indent}  " if indent else ""
        shown = ""
        for piece in _PIECE.findall(line):
            if shown.strip() and cell_len(shown) + cell_len(piece) > width:
                lines.append(shown)
                shown = below + piece.lstrip()
            else:
                shown += piece
        lines.append(shown)
    return "\n".join(lines)


def fact(label: str, value: str) -> None:
    """ "Label:   value" on stdout; what does not fit on the terminal's line goes on below the value."""
    if not on_terminal(sys.stdout):
        say(f"{label + ':':<{_LABEL}}{value}")
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=0)
    grid.add_column(width=_LABEL, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(f"{label}:", Text(visible(value)))
    stdout().print(grid)


def success(text: str) -> None:
    """What was done, on stdout; nothing with `--quiet`, for the exit code tells it."""
    if not _manner.quiet:
        say(text, style="green")


def warn(text: str, *, hint: str = "") -> None:
    """Something to look at; the command went on."""
    _tell("Warning", "yellow", text, hint)


def fail(text: str, *, hint: str = "") -> None:
    """What did not work, and on a line of its own what to do about it."""
    _tell("Error", "bold red", text, hint)


def _tell(word: str, style: str, text: str, hint: str) -> None:
    if not on_terminal(sys.stderr):
        sys.stderr.write("".join(f"{visible(line)}\n" for line in (f"{word}: {text}", hint) if line))
        return
    from rich.text import Text

    console = stderr()
    told = Text(_folded(visible(f"{word}: {text}"), console.width))
    told.stylize(style, 0, len(word) + 1)
    console.print(told, soft_wrap=True)
    if hint:
        console.print(_folded(visible(hint), console.width), style="dim", soft_wrap=True)


def counted(number: int, thing: str) -> str:
    """ "1 page", "2 pages"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def next_steps(commands: Sequence[str]) -> None:
    """The commands that make sense now, each on a line that can be copied; none with `--quiet`."""
    if _manner.quiet or os.environ.get(NEXT) == "no":
        return
    say()
    say("Next:")
    for command in commands:
        say(f"  {command}", style="cyan", whole=True)


def print_json(obj: Any) -> None:
    """`obj` as JSON on one line of stdout: a script reads a line at a time, `jq` makes it pretty.

    Understands dataclasses, pydantic models, dates, paths and sets besides JSON's own types.
    """
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json_text(obj, ensure_ascii=not utf8) + "\n")
    sys.stdout.flush()


def json_text(obj: Any, *, ensure_ascii: bool = False) -> str:
    """`obj` as JSON on one line, for a file in UTF-8 unless told otherwise. Understands what `print_json` does."""
    return json.dumps(obj, ensure_ascii=ensure_ascii, default=_plain, allow_nan=False)


def _plain(value: Any) -> Any:
    """What JSON does not know, in its words. TypeError for anything unforeseen."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "items"):
        return dict(value.items())
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows under headings: fitted to the terminal's width, or tab-separated and uncut where there is no terminal.

    A column that holds numbers only is set flush right. None is an empty cell.
    """
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if on_terminal(sys.stdout):
        stdout().print(_fitted(columns, rows, cells))
        return
    for line in (columns, *cells):
        sys.stdout.write("\t".join(" ".join(cell.split()) for cell in line) + "\n")


def _fitted(columns: Sequence[str], rows: Sequence[Sequence[Any]], cells: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table

    fitted = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, column in enumerate(columns):
        values = [row[index] for row in rows if row[index] is not None]
        numbers = bool(values) and all(isinstance(value, int | float) for value in values)
        # An id is copied, so it stays on one line; other columns give way to it.
        ids = bool(cells) and all(_ID.fullmatch(row[index]) for row in cells)
        fitted.add_column(column, justify="right" if numbers else "left", overflow="fold", no_wrap=ids)
    for row in cells:
        fitted.add_row(*row)
    return fitted


class Progress(Protocol):
    """How far a longer piece of work has come."""

    def show(self, done: int, total: int | None = None, note: str = "") -> None:
        """`done` of `total` (None: nobody knows yet), and what is being worked on."""
        ...


class _Bar:
    """Progress drawn on a terminal."""

    def __init__(self, bar: RichProgress, title: str) -> None:
        self._bar = bar
        self._task = bar.add_task(title, total=None, note="")

    def show(self, done: int, total: int | None = None, note: str = "") -> None:
        self._bar.update(self._task, completed=done, total=total, note=visible(note))


class _Silence:
    """Progress that nobody wants to see."""

    def show(self, done: int, total: int | None = None, note: str = "") -> None:
        """Nothing."""


class _Lines:
    """Progress as plain lines, for logs: at most one in `PROGRESS_INTERVAL` seconds, so short work prints none."""

    def __init__(self, title: str, clock: Callable[[], float]) -> None:
        self._title = title
        self._clock = clock
        self._told = clock()

    def show(self, done: int, total: int | None = None, note: str = "") -> None:
        if self._clock() - self._told < PROGRESS_INTERVAL:
            return
        self._told = self._clock()
        of = "" if total is None else f" of {total}"
        sys.stderr.write(visible(f"{self._title}: {done}{of} {note}".rstrip()) + "\n")


@contextmanager
def progress(title: str, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """A `Progress` on stderr while the block runs: a bar on a terminal that goes when it is done, else plain lines."""
    if _manner.quiet:
        yield _Silence()
        return
    if not on_terminal(sys.stderr):
        yield _Lines(title, clock)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    note = TextColumn("{task.fields[note]}", markup=False, style="dim", table_column=Column(ratio=1, no_wrap=True))
    head = TextColumn("{task.description}", markup=False)
    with RichProgress(
        head,
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        note,
        console=stderr(),
        transient=True,
        expand=True,
    ) as bar:
        yield _Bar(bar, title)
