"""Records the conversations of the example workspaces anew: python examples/transcripts.py

Each `transcript.md` holds its own commands. What stands below a command is replaced by what it prints now, as wide as a
usual terminal, without how long replies took. A test compares them, so run this after a change of the preview's look, of
what agents say, or of the examples' content; and read what it changed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

EXAMPLES: Final = Path(__file__).resolve().parent
#: The example workspaces, and who works on them where they list users.
WORKSPACES: Final = {"agency-sv": "elin", "saas": "", "shop": "maya"}

_BLOCK: Final = re.compile(r"(?ms)^```console\n(.*?)^```$")
_TIME: Final = re.compile(r" · \d+ ms$", re.MULTILINE)
_COLUMNS: Final = "80"

#: Runs custagent with these words, and gives what it printed.
Run = Callable[[Sequence[str]], str]


def agents(workspace: Path) -> list[str]:
    """The names of a workspace's agents."""
    return sorted(file.stem for file in (workspace / "agents").glob("*.yaml") if not file.stem.endswith(".test"))


def copied(name: str, into: Path) -> Path:
    """A copy of an example to work in. Its files are new, so that no page counts as one that nobody looks after."""
    ignored = shutil.ignore_patterns(".custagent")
    return Path(shutil.copytree(EXAMPLES / name, into / name, ignore=ignored, copy_function=shutil.copyfile))


def environment(name: str) -> dict[str, str]:
    """What the commands are run with: the same on every machine."""
    return {"CUSTAGENT_USER": WORKSPACES[name], "COLUMNS": _COLUMNS, "NO_COLOR": "1"}


def recorded(transcript: str, run: Run) -> str:
    """The text of a `transcript.md` with what its commands print now."""
    return _BLOCK.sub(lambda block: f"```console\n{_played(block[1], run)}```", transcript)


def _played(block: str, run: Run) -> str:
    command = block.split("\n\n", 1)[0]
    words = shlex.split(command.removeprefix("$ ").replace("\\\n", " "))
    printed = _TIME.sub("", run(words[1:]))
    lines = [line.rstrip() for line in printed.rstrip().splitlines()]
    return "\n".join([command, "", *lines]) + "\n"


def _record(name: str, folder: Path) -> None:
    workspace = copied(name, folder)

    def run(words: Sequence[str]) -> str:
        command = [sys.executable, "-m", "custagent", *words]
        done = subprocess.run(
            command, cwd=workspace, env=os.environ | environment(name), check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    for agent in agents(workspace):
        run(["sources", "sync", agent])
    path = EXAMPLES / name / "transcript.md"
    path.write_text(recorded(path.read_text(encoding="utf-8"), run), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for example in WORKSPACES:
            _record(example, Path(scratch))
