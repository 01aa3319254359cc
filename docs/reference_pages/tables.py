"""docs/database.md: every table with its columns, from the migrations and what they say beside their tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from custagent.store.database.migrations import MIGRATIONS, bring_up
from reference_pages.column_words import COLUMNS, NAMES, TABLES
from reference_pages.markdown import cell, first_sentence, table

INTRODUCTION = """\
# The database

This page is written by `nox -s docs -- --write` from the migrations: change those, not the page.

Everything that happens is in one SQLite file, `.custagent/custagent.db`. You may read it with any tool, also while the runner
works: `sqlite3 -readonly .custagent/custagent.db`. Do not write to it: rules that only custagent knows would break, and the
ledger shows it (`custagent credits verify`). Tables change with versions, each change by a numbered step; for programs of your
own the commands with `--json` are the firmer ground.

Times are UTC, as `2026-11-18T12:30:00.000000+00:00`. *Lists* and *mappings* are JSON in a text column. An arrow names the table
that a column refers to.
"""

_COLUMN = re.compile(r"^ *(\w+) (?:TEXT|INTEGER|REAL|BLOB|ANY)\b")


class _Recorder:
    """Stands for the database while a migration runs once more, and keeps the scripts."""

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def executescript(self, script: str) -> None:
        """Keep it."""
        self.scripts.append(script)


def said() -> dict[str, str]:
    """The comments of all migrations, by "table" and "table.column"; a later one counts."""
    found: dict[str, str] = {}
    for step in MIGRATIONS:
        recorder = _Recorder()
        step(recorder)  # type: ignore[arg-type] # all that a step asks of its database is to run a script
        for script in recorder.scripts:
            found |= dict(_comments(script))
    return found


def _comments(script: str) -> Iterator[tuple[str, str]]:
    """Each comment with what follows it: a table, a column, or a column that is added."""
    inside, pending = "", []
    for line in script.splitlines():
        text = line.strip()
        if text.startswith("--"):
            pending.append(text.removeprefix("--").strip())
            continue
        told, pending = " ".join(pending), []
        if created := re.match(r"CREATE (?:VIRTUAL )?TABLE (\w+)", text):
            inside, subject = created[1], created[1]
        elif added := re.match(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", text):
            subject = f"{added[1]}.{added[2]}"
        elif inside and (column := _COLUMN.match(line)):
            subject = f"{inside}.{column[1]}"
        else:
            continue
        if told:
            yield subject, told


def page() -> str:
    """The whole page."""
    comments = said()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        bring_up(connection)
        _require_all(connection)
        sections = [_group(connection, group, names, comments) for group, names in TABLES.items()]
    return "\n\n".join([INTRODUCTION.rstrip(), *sections, _steps()]) + "\n"


def _require_all(connection: sqlite3.Connection) -> None:
    named = {name for names in TABLES.values() for name in names}
    if missing := set(tables(connection)) ^ named:
        wrong = ", ".join(sorted(missing))
        raise LookupError(f"docs/reference_pages/column_words.py does not name the tables that there are: {wrong}")


def columns(connection: sqlite3.Connection, name: str) -> list[tuple[str, str, str]]:
    """The columns of a table in order: name, type, the table that it refers to ("" for none)."""
    targets = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
    rows = connection.execute(f"PRAGMA table_xinfo({name})")
    return [(row[1], row[2], targets.get(row[1], "")) for row in rows if row[6] != 1]


def tables(connection: sqlite3.Connection) -> list[str]:
    """Every table of ours; not those that SQLite or sqlite-utils keep for themselves."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith(("sqlite_", "_", "message_words_"))]


def line_of(connection: sqlite3.Connection, name: str, column: str, comments: Mapping[str, str]) -> str:
    """What a column is: what is said of it here, else beside it in the migration, else of all columns of the name."""
    key = f"{name}.{column}"
    told = COLUMNS.get(key) or comments.get(key) or NAMES.get(column, "")
    if not told:
        raise LookupError(f"nothing is said of the column {key}: add a line to docs/reference_pages/column_words.py")
    values = [one for one in _values(connection, name, column) if f"`{one}`" not in told]
    return f"{told} One of {', '.join(f'`{one}`' for one in values)}." if len(values) > 1 else told


def _values(connection: sqlite3.Connection, name: str, column: str) -> list[str]:
    """The words that a column may hold; none where it may hold others."""
    (script,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    checked = re.search(rf"CHECK \({column} IN \(('[^)]*')\)\)", script)
    return re.findall("'([^']*)'", checked[1]) if checked else []


def _group(connection: sqlite3.Connection, group: str, names: Mapping[str, str], comments: Mapping[str, str]) -> str:
    parts = [f"## {group}"]
    for name, told in names.items():
        rows = [
            (f"`{column}`", kind.lower(), _link(target), cell(line_of(connection, name, column, comments)))
            for column, kind, target in columns(connection, name)
        ]
        parts += [f"### {name}", told or comments[name], table(["column", "", "", "what it is"], rows)]
    return "\n\n".join(parts)


def _link(target: str) -> str:
    return f"→ [{target}](#{target})" if target else ""


def _steps() -> str:
    rows = ((str(number), first_sentence(step.__doc__)) for number, step in enumerate(MIGRATIONS, 1))
    return "## The steps\n\n`PRAGMA user_version` tells how many a file has seen.\n\n" + table(
        ["step", "what it did"], rows
    )
