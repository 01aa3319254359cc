"""The commands of a page of the docs, typed one after the other in one folder, as somebody does who reads it.

`custagent` runs in this process, which is ten times as fast as a program each; everything else is run by bash, with a
`custagent` in the path, and leaves its folder and variables to what follows.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from custagent.__main__ import main
from custagent.cli import render
from tests.pages import Block

#: What goes on until Ctrl-C, or asks at a terminal. Their own tests sit down at one: tests/acceptance (run, preview),
#: tests/cli/test_create.py, test_edit.py, test_gaps.py, test_inbox.py.
STAYS = re.compile(
    r"custagent (import hubspot support --pick|run|inbox watch|preview|create|edit|gaps answer)( [a-z0-9]+)?( --(web|host|port|log-\w+)( \S+)?)*( +#.*)?"
)
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")


class Typist:
    """Types lines in `folder`. `words` are what a page names and this machine calls otherwise: pattern and replacement."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, words: Sequence[tuple[str, str]] = (), *,
        ends: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self._patch = patch
        self._words = words
        #: What a command that begins so ends with, where that is not 0.
        self._ends = ends or {}
        #: What was typed, and what was left out because it stays.
        self.typed: list[str] = []
        self.left_out: list[str] = []
        self._left = folder.parent / "left"
        programs = folder.parent / "programs"
        programs.mkdir(exist_ok=True)
        program = programs / "custagent"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m custagent "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        for variable in [name for name in os.environ if name.startswith("CUSTAGENT_")]:
            patch.delenv(variable)
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("HOME", str(folder.parent))
        patch.setenv("NO_COLOR", "1")
        # A page that installs something is not to reach this machine, or the network.
        patch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
        patch.setenv("PIP_NO_INDEX", "1")

    def type(self, block: Block) -> str:
        """Type a block, and give what was printed. Raises AssertionError at the first command that fails."""
        return "".join(self._type(lines) for lines in _steps(block.lines))

    def _type(self, step: str) -> str:
        if STAYS.fullmatch(step):
            self.left_out.append(step)
            return ""
        self.typed.append(step)
        for pattern, replacement in self._words:
            step = re.sub(pattern, replacement, step)
        return "".join(self._do(one) for one in _steps(step.splitlines()))

    def _do(self, step: str) -> str:
        self._patch.chdir(self.folder)
        call = _call(step)
        return self._bash(step) if call is None else self._custagent(*call)

    def _custagent(self, words: list[str], target: str) -> str:
        code, out, err = self._main(words)
        if code == 2 and "Nobody can be asked here" in err:
            # The reader is asked, and agrees.
            code, out, err = self._main([*words, "--yes"])
        line = shlex.join(words)
        expected = next((code for begins, code in self._ends.items() if line.startswith(begins)), 0)
        assert code == expected, f"custagent {line}\nended with {code}, not {expected}\n{out[-2000:]}\n{err[-2000:]}"
        if target:
            (self.folder / target).write_text(out, encoding="utf-8")
        return out

    def _main(self, words: list[str]) -> tuple[int, str, str]:
        render.stdout.cache_clear()
        render.stderr.cache_clear()
        self._patch.setattr(sys, "argv", ["custagent", *words])
        self._patch.setattr(sys, "stdin", io.StringIO())
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        render.stdout.cache_clear()
        render.stderr.cache_clear()
        code = ended.value.code
        return code if isinstance(code, int) else int(code is not None), out.getvalue(), err.getvalue()

    def _bash(self, script: str) -> str:
        """Run lines of bash, and go on with its folder and variables."""
        left = shlex.quote(str(self._left))
        done = subprocess.run(
            ["bash", "-c", f"set -uo pipefail\n{script}\nended=$?; {{ pwd; env -0; }} > {left}; exit $ended"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        folder, _, variables = self._left.read_text(encoding="utf-8").partition("\n")
        self.folder = Path(folder)
        for name, _, value in (one.partition("=") for one in variables.split("\0") if one):
            if name not in ("_", "PWD", "OLDPWD", "SHLVL") and os.environ.get(name) != value:
                self._patch.setenv(name, value)
        return done.stdout


def _steps(lines: Sequence[str]) -> Iterator[str]:
    """The lines of a block, one by one; what is handed to a command stands with it."""
    rest = iter(lines)
    for line in rest:
        step = [line]
        if begun := _HEREDOC.search(line):
            for handed in rest:
                step.append(handed)
                if handed.strip() == begun[1]:
                    break
        yield "\n".join(step)


def _call(step: str) -> tuple[list[str], str] | None:
    """The words of a call of custagent alone, and the file that its output goes to ("" for none); else None."""
    if "\n" in step:
        return None
    lexer = shlex.shlex(step, posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    first, *words = [*lexer, ""][:-1]
    target = ""
    if len(words) > 1 and words[-2] == ">":
        *words, _, target = words
    alone = first == "custagent" and not any(set(word) <= set(";&|<>") for word in words if word)
    return (words, target) if alone and "$" not in step else None
