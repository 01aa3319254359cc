"""Types commands in the current folder, one after the other, for so many seconds: all by the program's own entry.

    python commands_program.py NUMBER SECONDS

NUMBER chooses the commands; each process has some that read and one that writes. It prints one JSON object: how often
each command ran, and what those said that did not end with 0.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout

from custagent.__main__ import main
from custagent.cli import render

READING = (
    ["status", "--json"],
    ["conversations", "list", "--json"],
    ["credits", "balance", "--json"],
    ["credits", "entries", "--json"],
    ["outbox", "list", "--json"],
    ["conversations", "search", "warranty", "--json"],
    ["sources", "list", "support", "--json"],
    ["credits", "verify"],
)
#: One that writes, for each number; the last word is replaced by a number that rises.
WRITING = (
    ["credits", "grant", "1", "--reason", "load", "--key", "N"],
    ["apply"],
    ["channels", "check", "website"],
)


def run(words: list[str]) -> tuple[int, str]:
    """The exit code, and what was said on stderr."""
    render.stdout.cache_clear()
    render.stderr.cache_clear()
    sys.argv = ["custagent", *words]
    error = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(error):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return code, error.getvalue()


def type_commands(number: int, seconds: float) -> None:
    ran: Counter[str] = Counter()
    wrong: list[tuple[str, int, str]] = []
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        for words in (*READING[number % 2 :: 2], WRITING[number % len(WRITING)]):
            count += 1
            typed = [f"{number}-{count}" if word == "N" else word for word in words]
            code, error = run(typed)
            name = " ".join(words[:2])
            ran[name] += 1
            if code:
                wrong.append((name, code, error))
    print(json.dumps({"ran": ran, "wrong": wrong}))


if __name__ == "__main__":
    type_commands(int(sys.argv[1]), float(sys.argv[2]))
