"""What the benchmarks of the runner measure: the runner on a workspace of its own, and servers to compare it with.

    python benchmarks/servers.py bare            a Starlette application that reads the body and keeps nothing
    python benchmarks/servers.py single FOLDER   the runner, one commit a message

each prints its address and serves until it is ended.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

LOAD = Path(__file__).parents[1] / "tests" / "acceptance" / "load_program.py"
#: `people` is a chat that no agent answers: receiving is all that is done there.
WORKSPACE = """\
name: Northwind
channels:
  - name: website
    kind: live-chat
  - name: people
    kind: live-chat
"""
AGENT = """\
name: support
sources:
  - short_answer: How long is the warranty?
    answer: Two years from the day you buy it.
assignments:
  - channel: website
"""
#: At `content/refunds.md`.
CONTENT = "# Refunds\n\nWe pay refunds to your card within 5 working days.\n"
_TICKS = os.sysconf("SC_CLK_TCK")


class Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


def make_workspace(folder: Path, agent: str = AGENT, *, answers: bool = True) -> Path:
    """A workspace with an agent that is live; it has read its content only where it is to answer anybody."""
    from custagent.config.agents import agent_path
    from custagent.config.home import init_home
    from custagent.runtime.bootstrap import Application
    from custagent.runtime.content.sources import sync
    from custagent.runtime.definitions.agents import apply_agents

    home = init_home(folder, name="Northwind")
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(agent, encoding="utf-8")
    (home.root / "content").mkdir(exist_ok=True)
    (home.root / "content" / "refunds.md").write_text(CONTENT, encoding="utf-8")
    with Application(home) as app:
        apply_agents(app)
        if answers:
            sync(app, app.agent("support"), Silent())
    return home.root


class Server:
    """A server in a process of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CUSTAGENT_")}
        self.process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "http://" in line, line
        self.address = line.split("http://")[1].strip()

    def cpu_seconds(self) -> float:
        """Processor time so far, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def load(self, mode: str, **settings: Any) -> dict[str, Any]:
        """What the load program measured, with `cpu`: the server's processor time meanwhile."""
        before = self.cpu_seconds()
        words = [f"{name}={value}" for name, value in settings.items()]
        done = subprocess.run(
            [sys.executable, str(LOAD), mode, self.address, *words], check=True, stdout=subprocess.PIPE, text=True
        )
        return {**json.loads(done.stdout), "cpu": self.cpu_seconds() - before}

    @contextmanager
    def held(self, streams: int) -> Iterator[None]:
        """So many streams stand open for as long as the block lasts; all of them to its end."""
        command = [sys.executable, str(LOAD), "hold", self.address, f"streams={streams}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
            yield
            told, _ = holder.communicate()
        assert json.loads(told)["streams"] == streams, told

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@contextmanager
def servers(agent: str = AGENT, *, kinds: Sequence[str], answers: bool = True) -> Iterator[Mapping[str, Server]]:
    """Servers by kind: "bare" and "single" as above, any other is the real `custagent run`; each with its workspace."""
    with ExitStack() as stack:
        started: dict[str, Server] = {}
        for kind in kinds:
            command = [__file__, kind]
            if kind != "bare":
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()), "workspace")
                make_workspace(folder, agent, answers=answers)
                command = [__file__, kind, str(folder)]
                if kind != "single":
                    command = [
                        "-m",
                        "custagent",
                        "--workspace",
                        str(folder),
                        "run",
                        "--port",
                        "0",
                        "--log-level",
                        "warning",
                    ]
            started[kind] = Server(command)
            stack.callback(started[kind].stop)
        yield started


def in_rounds(
    started: Mapping[str, Server], rounds: int, mode: str, **settings: Any
) -> dict[str, list[dict[str, Any]]]:
    """Every server measured once a round, so that a machine that is busy with other things slows all alike."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in started}
    for number in range(rounds):
        for kind, server in started.items():
            found[kind].append(server.load(mode, run=number + 1, **settings))
    return found


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def show(rows: Sequence[tuple[str, str, str, bool]]) -> int:
    """A table of (what, measured, to reach, reached); 1 when something was not reached."""
    print(f"{'':48}{'measured':>12}{'to reach':>12}")
    for what, measured, wanted, reached in rows:
        print(f"{what:48}{measured:>12}{wanted:>12}  {'' if reached else 'NOT REACHED'}".rstrip())
    return int(not all(reached for *_, reached in rows))


def _bare() -> None:
    """The same settings of uvicorn as the runner's."""
    import uvicorn
    import uvloop
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from custagent.runtime.web.server import _address, _listen, make_config

    async def take(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({"id": 1}, status_code=202)

    with _listen("127.0.0.1", 0) as listener:
        print(_address(listener), flush=True)
        app = Starlette(routes=[Route("/chat/{channel}/messages", take, methods=["POST"])])
        uvloop.run(uvicorn.Server(make_config(app)).serve(sockets=[listener]))


def _single(folder: str) -> None:
    import asyncio

    import uvloop

    from custagent.config.home import Home
    from custagent.runtime.bootstrap import Application
    from custagent.runtime.web.server import serve
    from custagent.store.database import writer

    writer.LARGEST_GROUP = 1

    async def run(app: Application) -> None:
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        started.add_done_callback(lambda address: print(address.result(), flush=True))
        await serve(app, host="127.0.0.1", port=0, started=started)

    with Application(Home(root=Path(folder))) as app:
        uvloop.run(run(app))


if __name__ == "__main__":
    {"bare": _bare, "single": _single}[sys.argv[1]](*sys.argv[2:])
