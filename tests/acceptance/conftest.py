"""Workspaces whose agents are live, the runner as a process of its own, and contacts who talk to it over HTTP."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home, init_home
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from tests.acceptance.phone import new_meta, new_phone_house, phone_template  # noqa: F401 - fixtures
from tests.ports import free_port

PROGRAM = Path(__file__).with_name("runner_program.py")
#: Seconds to wait for what another process does: far more than it takes, for machines may be busy.
PATIENCE = 90.0
QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."
ORIGIN = "https://www.northwind.example"
WORKSPACE = f"""\
name: Northwind
channels:
  - name: website
    kind: live-chat
    origins: [{ORIGIN}]
"""
AGENT = f"""\
name: support
sources:
  - short_answer: {QUESTION}
    answer: {ANSWER}
assignments:
  - channel: website
"""


class Silent:
    """A Listener that nobody watches."""

    def page_read(self, location: str) -> None: ...

    def page_failed(self, location: str, reason: str) -> None: ...

    def embedded(self, done: int, total: int) -> None: ...


class House:
    """A workspace on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(root=folder.resolve())
        #: What its commands and runners are started with, beside this process's own.
        self.environment: dict[str, str] = {}

    def custagent(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, as it is typed in the workspace."""
        return subprocess.run(
            [sys.executable, "-m", "custagent", *arguments], cwd=self.folder, env=clean_environment() | self.environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        done = self.custagent(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def rows(self) -> Iterator[sqlite3.Connection]:
        """The database, read beside whoever writes."""
        with closing(sqlite3.connect(f"{self.home.database.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            yield connection

    def waiting(self) -> tuple[int, int]:
        """How many messages nobody has dealt with, and how many replies wait for sending."""
        with self.rows() as connection:
            unhandled = connection.execute("SELECT count(*) FROM inbound WHERE handled = 0").fetchone()[0]
            queued = connection.execute("SELECT count(*) FROM outbox WHERE status = 'queued'").fetchone()[0]
        return unhandled, queued

    def threads(self) -> dict[str, list[tuple[int, str, str]]]:
        """By contact key: (id, kind, text) of each message, in order."""
        found: dict[str, list[tuple[int, str, str]]] = {}
        with self.rows() as connection:
            for key, *message in connection.execute(
                "SELECT contacts.key, messages.id, messages.kind, messages.text FROM messages"
                " JOIN conversations ON conversations.id = messages.conversation"
                " JOIN contacts ON contacts.id = conversations.contact ORDER BY messages.id"
            ):
                found.setdefault(key, []).append(tuple(message))
        return found

    def inbound(self) -> dict[str, int]:
        """The id of each contact's message, by the id that the browser gave it."""
        with self.rows() as connection:
            return dict(connection.execute("SELECT external_id, message FROM inbound").fetchall())

    def charges(self) -> list[tuple[str, int]]:
        """(conversation, amount) of each entry of the ledger."""
        with self.rows() as connection:
            return connection.execute("SELECT conversation, amount FROM credit_entries ORDER BY id").fetchall()

    def delivery(self, channel: str) -> dict[str, int]:
        """How many replies of the channel have come how far."""
        with self.rows() as connection:
            return dict(
                connection.execute(
                    "SELECT status, count(*) FROM outbox WHERE channel = ? GROUP BY status", (channel,)
                ).fetchall()
            )


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CUSTAGENT_")}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an agent that answers one question, made once."""
    home = init_home(tmp_path_factory.mktemp("template") / "workspace", name="Northwind")
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    with Application(home) as app:
        apply_agents(app)
        sync(app, app.agent("support"), Silent())
    return home.root


@pytest.fixture(scope="module")
def new_house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    """A workspace of one's own."""

    def make() -> House:
        return House(Path(shutil.copytree(template, tmp_path_factory.mktemp("house") / "workspace")))

    return make


@pytest.fixture(scope="module")
def chromium(require) -> Iterator[Any]:
    """Debian's Chromium, driven by playwright. It goes with each file: its loop would be in other tests' way."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        sync_playwright = None
    require("playwright", sync_playwright, "it drives the browser that the chat and the inbox are tested in")
    program = Path("/usr/bin/chromium")
    require("chromium", program.is_file(), "the chat and the inbox are tested in a real browser")
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=str(program), headless=True, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house_at() -> type[House]:
    return House


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    """A folder that is no workspace yet."""
    return lambda: House(tmp_path_factory.mktemp("house"))


class RunnerProcess:
    """A runner that works on a workspace."""

    def __init__(
        self,
        house: House,
        *,
        port: int = 0,
        lease: float | None = None,
        ahead: float = 0,
        options: Sequence[str] = (),
        log: Path | None = None,
    ) -> None:
        """The real `custagent run`; with a lease of so many seconds, or a clock so many hours ahead, the same inside.

        One that says much needs a `log`: a pipe that nobody reads would stop it.
        """
        self.house = house
        self._log = log
        command = [str(PROGRAM), str(house.folder), str(port), str(lease or 15), str(ahead)]
        if lease is None and not ahead:
            command = ["-m", "custagent", "--workspace", str(house.folder), "run", "--port", str(port), *options]
        with log.open("w", encoding="utf-8") if log else nullcontext(subprocess.PIPE) as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env=clean_environment() | house.environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.address = ""

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def ready(self) -> RunnerProcess:
        """Wait until it answers."""
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert "http://" in first, self.process.communicate(timeout=PATIENCE)
        self.address = "http://" + first.split("http://")[1].strip()
        return self

    def signal(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)

    def kill(self) -> None:
        """As the machine's owner, or its shortage of memory, would."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def ends(self, within: float = PATIENCE) -> tuple[int, str]:
        """Its exit code and what it said on stderr."""
        _, told = self.process.communicate(timeout=within)
        return self.process.returncode, self._log.read_text(encoding="utf-8") if self._log else told

    def stop(self) -> tuple[int, str]:
        """End it as Ctrl-C does."""
        self.signal(signal.SIGTERM)
        return self.ends()


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., RunnerProcess]]:
    """Starts runners, and kills what is left of them."""
    started: list[RunnerProcess] = []

    def begin(house: House, **options: Any) -> RunnerProcess:
        started.append(RunnerProcess(house, **options))
        return started[-1]

    yield begin
    for runner in started:
        if runner.process.poll() is None:
            runner.kill()


class Contact:
    """A visitor's browser without a face: it sends until it is told that the message was taken, and listens."""

    def __init__(self, port: int, *, origin: str = ORIGIN) -> None:
        self.port = port
        self.origin = origin
        self.token = secrets.token_urlsafe(32)
        #: The last event that came, which a browser says when it comes back.
        self.last_id = 0
        #: Every message that came, in order of coming.
        self.heard: list[dict[str, Any]] = []
        #: The id of each message that was taken, by the id that the browser gave it.
        self.acknowledged: dict[str, int] = {}
        #: Whether it is being told nothing yet: of a message that it sends, or of an answer.
        self.waits = False

    @property
    def key(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": self.origin, "Content-Type": "application/json"}

    def post(self, text: str, client_id: str) -> tuple[int, Any]:
        """Send once: the status and what was said. Raises OSError, HTTPException where nobody answers."""
        body = json.dumps({"client_msg_id": client_id, "text": text})
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("POST", "/chat/website/messages", body, self.headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or "null")

    def send(self, text: str = QUESTION, *, stop: threading.Event | None = None) -> int:
        """Send until it is taken, as the widget does; its id, 0 when stopped before."""
        client_id = str(uuid.uuid4())
        self.waits = True
        while stop is None or not stop.is_set():
            try:
                status, told = self.post(text, client_id)
            except (OSError, HTTPException):
                status, told = 0, None
            if status == 202:
                self.acknowledged[client_id] = told["id"]
                return int(told["id"])
            assert status in (0, 429, 503), (status, told)
            time.sleep(0.05)
        return 0

    @contextmanager
    def stream(self, timeout: float = 30) -> Iterator[HTTPResponse]:
        """The open stream, from the last event that came on."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            connection.request(
                "GET", "/chat/website/events", headers=self.headers | {"Last-Event-ID": str(self.last_id)}
            )
            yield connection.getresponse()

    def listen(self, until: Callable[[str, Any], bool]) -> None:
        """Hear what comes until `until(event, value)`, or the connection ends. Raises OSError, HTTPException."""
        with self.stream() as response:
            if response.status != 200:
                return
            fields: dict[str, str] = {}
            for raw in response:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                event, fields = fields, {}
                if "data" in event and self._hear(event, until):
                    return

    def _hear(self, event: dict[str, str], until: Callable[[str, Any], bool]) -> bool:
        value = json.loads(event["data"])
        if event["event"] == "message":
            self.heard.append(value)
            self.last_id = int(event["id"])
        return until(event["event"], value)

    def wait_for_reply(self, to: int, *, stop: threading.Event | None = None, seconds: float = 90) -> dict[str, Any]:
        """The first answer after the message with this id, through as many connections as it takes; {} when stopped."""
        deadline = time.monotonic() + seconds
        while stop is None or not stop.is_set():
            for message in self.heard:
                if message["id"] > to and message["kind"] not in ("inbound", "disclosure"):
                    self.waits = False
                    return message
            assert time.monotonic() < deadline, f"nobody answered message {to}"
            try:
                self.listen(lambda event, value: event == "message" and value["kind"] not in ("inbound", "disclosure"))
            except (OSError, HTTPException):
                time.sleep(0.05)
        return {}

    def catch_up(self) -> None:
        """Hear all that there is."""
        self.listen(lambda event, _: event == "live")


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tells a measured figure: to whom runs the tests with `-s`, and, as CI does, to a file at CUSTAGENT_TEST_FIGURES."""

    def tell(figure: str) -> None:
        print(figure)
        path = os.environ.get("CUSTAGENT_TEST_FIGURES")
        if path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{figure}\n")

    return tell


@pytest.fixture(scope="session")
def contact() -> type[Contact]:
    return Contact


@pytest.fixture(scope="module", name="free_port")
def _free_port() -> int:
    return free_port()


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Until it is so; another process makes it so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until
