"""The demo: a throw-away workspace, the example help site on 127.0.0.1, and the commands that a user would type."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self
from urllib.request import ProxyHandler, build_opener

from custagent.core.errors import CustagentError
from custagent.runtime.bootstrap import open_application
from custagent.runtime.proving.site import StaticSite

AGENT = "support"
CHANNEL = "website"
COMPANY = "Hjulvinda"
#: Of the examples, what is added beside the site, and what is asked; with the site, all that a wheel brings of them.
FILES = ("manual.pdf", "warranty-terms.md")
QUESTIONS = "questions.jsonl"
#: Tenths of a second that the runner may take to start.
_START_TRIES = 300
#: Seconds that the runner may take to end.
_RUNNER_ENDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What happened; `demo --json` prints it."""

    pages: int
    chunks: int
    #: Each as `preview --json` prints it.
    questions: tuple[dict[str, Any], ...]
    credit_entries: int
    seconds: float


class Demo:
    """One run of the demo; use it as `with`. The example site is served, and the chat goes on, until its end."""

    def __init__(self, folder: Path, *, announce: Callable[[str], None], visible: bool = True) -> None:
        """`folder` becomes the workspace. `announce` hears each command line before it runs; unless `visible`, the
        commands print nothing and only their JSON is collected."""
        self.folder = folder
        self._announce = announce
        self._visible = visible
        self._questions = tuple(_questions())
        self._site = StaticSite(examples() / "help-site")
        #: The command that runs, or ran last.
        self._child: subprocess.Popen[str] | None = None
        self._runner: subprocess.Popen[str] | None = None
        self._interruption = Interruption()

    def __enter__(self) -> Self:
        self._interruption.listen()
        self._site.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._child is not None:
                self._child.kill()
                self._child.wait()
            if self._runner is not None:
                _end(self._runner)
        finally:
            self._site.__exit__(kind, error, trace)
            self._interruption.leave()

    def run(self) -> DemoResult:
        """From nothing to twelve answers. Raises CustagentError when a command fails."""
        started = time.perf_counter()
        site = self._site
        self._command("init", "--name", COMPANY)
        self._command("create", AGENT, "--role", "customer-service", "--personality", "friendly", "--yes")
        for name in FILES:
            shutil.copyfile(examples() / name, self.folder / "content" / name)
        added = (f"content/{name}" for name in FILES)
        self._command("sources", "add", AGENT, *added, f"{site.origin}/", "--import-related", "--allow-host", site.host)
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

    def go_live(self) -> str:
        """Put the chat on the example site, as on a company's own pages; the page to open.

        Raises CustagentError when the runner does not start.
        """
        self._command("channels", "add", "live-chat", CHANNEL, "--origin", self._site.origin)
        self._command("assign", AGENT, CHANNEL)
        port = _free_port()
        address = f"http://127.0.0.1:{port}"
        command = ("run", "--port", str(port))
        self._announce(" ".join(["custagent", *command]))
        quiet = None if self._visible else subprocess.DEVNULL
        with self._interruption.held():
            self._runner = subprocess.Popen(
                [sys.executable, "-m", "custagent", *command], env=self._environment(), stdout=quiet, stderr=quiet,
                text=True,
            )  # fmt: skip
        _wait_until_alive(address, self._runner)
        snippet = self._run(["channels", "snippet", CHANNEL, "--url", address], capture=True)
        self._site.put_on_every_page(snippet.strip())
        return f"{self._site.origin}/"

    def wait(self) -> None:
        """Until the runner ends, or Ctrl-C."""
        if self._runner is not None:
            with contextlib.suppress(KeyboardInterrupt):
                self._runner.wait()

    def _preview(self) -> list[dict[str, Any]]:
        """The independent questions from a file, then each conversation by itself."""
        alone = [question for question in self._questions if "conversation" not in question]
        talks: dict[str, list[str]] = {}
        for question in self._questions:
            if "conversation" in question:
                talks.setdefault(question["conversation"], []).append(question["question"])
        file = self.folder / QUESTIONS
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in alone), encoding="utf-8")
        answers = self._collected("preview", AGENT, "--ask-file", file.name)
        for asked in talks.values():
            answers += self._collected("preview", AGENT, *(part for text in asked for part in ("--ask", text)))
        return answers

    def _collected(self, *arguments: str) -> list[Any]:
        """Run the command as people see it, and once more for its JSON."""
        if self._visible:
            self._command(*arguments)
        printed = self._run([*arguments, "--json"], capture=True)
        return [json.loads(line) for line in printed.splitlines() if line]

    def _command(self, *arguments: str) -> None:
        self._announce(" ".join(["custagent", *(_quoted(argument) for argument in arguments)]))
        self._run(arguments, capture=not self._visible)

    def _environment(self) -> dict[str, str]:
        # It goes on by itself, so no command need say what comes next.
        return {**os.environ, "CUSTAGENT_WORKSPACE": str(self.folder), "CUSTAGENT_NEXT": "no"}

    def _run(self, arguments: Sequence[str], *, capture: bool) -> str:
        """What the command printed, if captured. Raises CustagentError when it fails."""
        pipe = subprocess.PIPE if capture else None
        with self._interruption.held():
            self._child = subprocess.Popen(
                [sys.executable, "-m", "custagent", *arguments], cwd=self.folder, env=self._environment(), stdout=pipe,
                stderr=pipe, text=True,
            )  # fmt: skip
        printed, complaint = self._child.communicate()
        if self._child.returncode:
            told = (complaint or "").strip().splitlines()
            raise CustagentError(
                f"the demo stopped: custagent {arguments[0]} ended with exit code {self._child.returncode}"
                + (f": {told[-1]}" if told else "")
            )
        return printed or ""


class Interruption:
    """SIGTERM ends the demo as Ctrl-C does; nothing that was started is left behind."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._holding = False
        self._came = False

    def listen(self) -> None:
        with contextlib.suppress(ValueError):  # not in the main thread: then whoever has that hears the signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hear)

    def leave(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a program is being started: an interruption in the middle would leave it to nobody."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._came:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._holding:
            self._came = True
        else:
            signal.default_int_handler(number, frame)


def _end(runner: subprocess.Popen[str]) -> None:
    """Let it end by itself, which takes ten seconds at most; then end it."""
    runner.terminate()
    try:
        runner.wait(_RUNNER_ENDS)
    except subprocess.TimeoutExpired:
        runner.kill()
        runner.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_alive(address: str, process: subprocess.Popen[str]) -> None:
    # Not by way of a proxy that the environment names: it would ask its own 127.0.0.1.
    direct = build_opener(ProxyHandler({}))
    for _ in range(_START_TRIES):
        if process.poll() is not None:
            raise CustagentError(f"the demo stopped: custagent run ended with exit code {process.returncode}")
        with contextlib.suppress(OSError), direct.open(f"{address}/healthz", timeout=5):
            return
        time.sleep(0.1)
    raise CustagentError(f"the demo stopped: the runner did not answer at {address}")


def examples() -> Path:
    """The bundled examples: inside the installed package, or beside the source in a checkout."""
    installed = Path(str(files("custagent") / "_bundled" / "examples"))
    return installed if installed.is_dir() else Path(__file__).parents[4] / "examples"


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
    for line in (examples() / QUESTIONS).read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
