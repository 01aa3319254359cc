"""Writes the pages of the reference from the program itself: commands, YAML, addresses, exit codes, tables; and TAB's table.

`python docs/reference.py` tells whether they are up to date (exit code 1 with the difference if not);
`python docs/reference.py --write` brings them up to date.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

# Beside this file; the folder of a script that is run is where Python looks first.
from reference_pages import addresses, commands, completion, exits, settings, tables

FOLDER = Path(__file__).parent

#: What makes each page, by its name in docs/; the last is no page, but what TAB offers.
PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": commands.page,
    "yaml.md": settings.page,
    "http.md": addresses.page,
    "exit-codes.md": exits.page,
    "database.md": tables.page,
    "../src/custagent/cli/completion.json": completion.page,
}


def stale(name: str) -> list[str]:
    """What differs between a page and what the program says now, a line each; none when it is up to date."""
    file = FOLDER / name
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    lines = old.splitlines(), PAGES[name]().splitlines()
    return list(difflib.unified_diff(*lines, name, f"{name}, new", lineterm=""))


def main() -> int:
    """Check, or write with --write. Returns the exit code."""
    if "--write" in sys.argv[1:]:
        for name, make in PAGES.items():
            (FOLDER / name).write_text(make(), encoding="utf-8")
        return 0
    found = {name: difference for name in PAGES if (difference := stale(name))}
    for name, difference in found.items():
        print(*difference, sep="\n")
        print(f"docs/{name} is out of date. Run: nox -s docs -- --write", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
