"""The demo: a throw-away workspace, the example help site on 127.0.0.1, and the commands that a user would type."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from custagent.core.errors import CustagentError
from custagent.runtime.bootstrap import open_application
from custagent.runtime.site import StaticSite

AGENT = "support"
COMPANY = "Hjulvinda"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What happened; `demo --json` prints it."""

    pages: int
    chunks: int
    #: Each as `preview --json` prints it.
    questions: tuple[dict[str, Any], ...]
    credit_entries: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One run of the demo."""

    #: The workspace; it is there while the demo runs, and stays when it was given by the user.
    folder: Path
    #: Hears each command line before it runs.
    announce: Callable[[str], None]
    #: Whether the commands print to the terminal; else their JSON is collected only.
    visible: bool = True
    questions: tuple[dict[str, Any], ...] = field(default_factory=lambda: tuple(_questions()))

    def run(self) -> DemoResult:
        """Every step in turn. Raises CustagentError when a command fails."""
        started = time.perf_counter()
        with StaticSite(examples() / "help-site") as site:
            self._command("init", "--name", COMPANY)
            self._command("create", AGENT, "--role", "customer-service", "--personality", "friendly", "--yes")
            files_ = [str(examples() / name) for name in ("manual.pdf", "warranty-terms.md")]
            self._command(
                "sources", "add", AGENT, *files_, f"{site.origin}/", "--import-related", "--allow-host", site.host
            )
            listed = self._collected("sources", "list", AGENT)
            answers = self._preview()
        with open_application(self.folder, None) as app:
            credit_entries = len(app.store.ledger.entries())
        return DemoResult(
            pages=sum(source["pages"] for source in listed[0]),
            chunks=sum(source["chunks"] for source in listed[0]),
            questions=tuple(answers),
            credit_entries=credit_entries,
            seconds=round(time.perf_counter() - started, 1),
        )

    def _preview(self) -> list[dict[str, Any]]:
        """The independent questions from a file, then each conversation by itself."""
        alone = [question for question in self.questions if "conversation" not in question]
        talks: dict[str, list[str]] = {}
        for question in self.questions:
            if "conversation" in question:
                talks.setdefault(question["conversation"], []).append(question["question"])
        file = self.folder / "questions.jsonl"
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in alone), encoding="utf-8")
        answers = self._collected("preview", AGENT, "--ask-file", file.name)
        for asked in talks.values():
            answers += self._collected("preview", AGENT, *(part for text in asked for part in ("--ask", text)))
        return answers

    def _collected(self, *arguments: str) -> list[Any]:
        """Run the command as people see it, and once more for its JSON."""
        if self.visible:
            self._command(*arguments)
        done = self._run([*arguments, "--json"], capture=True)
        return [json.loads(line) for line in done.stdout.splitlines() if line]

    def _command(self, *arguments: str) -> None:
        self.announce(" ".join(["custagent", *(_quoted(argument) for argument in arguments)]))
        self._run(arguments, capture=not self.visible)

    def _run(self, arguments: Sequence[str], *, capture: bool) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "CUSTAGENT_WORKSPACE": str(self.folder)}
        done = subprocess.run(
            [sys.executable, "-m", "custagent", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if done.returncode:
            told = (done.stderr or "").strip().splitlines()
            raise CustagentError(
                f"the demo stopped: custagent {arguments[0]} ended with exit code {done.returncode}"
                + (f": {told[-1]}" if told else "")
            )
        return done


def examples() -> Path:
    """The bundled examples: inside the installed package, or beside the source in a checkout."""
    installed = Path(str(files("custagent") / "_bundled" / "examples"))
    return installed if installed.is_dir() else Path(__file__).parents[3] / "examples"


@contextmanager
def demo_folder(kept: Path | None) -> Iterator[Path]:
    """An empty folder: the user's own, or one that goes when the demo is over."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="custagent-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _questions() -> Iterator[dict[str, Any]]:
    for line in (examples() / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
