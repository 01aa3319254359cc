"""What happens to commands from outside: Ctrl-C, a full disk, a reader that goes, a terminal of 1970, silent networks.

Like the mistakes (`test_mistakes.py`): one message, the documented exit code, and nothing half done.
"""

from __future__ import annotations

import errno
import json
import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from custagent.config.lock import locked

Run = Callable[..., Any]

#: Long enough for the slowest machine; nothing waits for it to pass.
PATIENCE = 60
PROGRAM = [sys.executable, "-m", "custagent"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an agent."""
    folder = tmp_path_factory.mktemp("accidents") / "workspace"
    folder.mkdir()
    for words in (["init", "--name", "Åsas Cyklar"], ["create", "support", "--yes"]):
        subprocess.run([*PROGRAM, *words], cwd=folder, env=environment(), check=True, capture_output=True)
    return folder


@pytest.fixture
def here(template: Path, run: Run) -> Path:
    return Path(shutil.copytree(template, Path.cwd(), dirs_exist_ok=True))


@pytest.fixture
def refusing() -> Iterator[int]:
    """The port of a server that takes no credentials."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CUSTAGENT_", "LC_", "LANG"))}
    return {**kept, **more}


def files(folder: Path) -> dict[str, bytes]:
    """What people and git see of the workspace."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".custagent/" not in path.as_posix()
    }


def interrupted(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Press Ctrl-C; the exit code, and what was said on stderr."""
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    return process.returncode, told.decode()


def test_ctrl_c_while_a_site_is_silent(here: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(
            [*PROGRAM, "sources", "add", "support", f"http://{place}/", "--allow-host", place],
            cwd=here, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        server.settimeout(PATIENCE)
        with closing(server.accept()[0]):
            code, told = interrupted(process)
    assert (code, told) == (130, "Stopped.\n")
    # What was asked for stands in the file, and is read by the next sync: nothing of it is served.
    done = subprocess.run(
        [*PROGRAM, "sources", "list", "support", "--json"], cwd=here, env=environment(), capture_output=True, check=True
    )
    assert [source["pages"] for source in json.loads(done.stdout)] == [0]


def test_ctrl_c_while_questions_come_in(here: Path) -> None:
    before = files(here)
    process = subprocess.Popen(
        [*PROGRAM, "preview", "support", "--ask-file", "-", "--json"],
        cwd=here, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"question": "hello"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["reason"] == "small-talk"
    code, told = interrupted(process)
    assert code == 130
    assert told.endswith("Stopped.\n")
    assert "Traceback" not in told
    assert files(here) == before


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "support", "--from", "questions.csv"],
        ["conversations", "import", "questions.csv"],
        ["validate", "agents"],
    ],
    ids=" ".join,
)
def test_ctrl_c_while_a_file_is_read(here: Path, words: list[str]) -> None:
    """The file is a pipe that nobody writes to: the command hangs in the middle of reading it."""
    pipe = here / ("agents/wait.yaml" if words[0] == "validate" else words[-1])
    before = files(here)
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [*PROGRAM, *words], cwd=here, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    writing = opened_by(process, pipe)
    code, told = interrupted(process)
    os.close(writing)
    pipe.unlink()
    assert (code, told) == (130, "Stopped.\n")
    assert files(here) == before


def test_ctrl_c_while_another_command_changes_the_files(here: Path) -> None:
    before = files(here)
    with locked(here / "agents"):
        process = subprocess.Popen(
            [*PROGRAM, "create", "sales", "--yes"], cwd=here, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        held = Path(f"/proc/{process.pid}/fd")
        while process.poll() is None and not any(waits_for(file, here / "agents") for file in held.iterdir()):
            time.sleep(0.01)
        code, told = interrupted(process)
    assert (code, told) == (130, "Stopped.\n")
    assert files(here) == before


def opened_by(process: subprocess.Popen[bytes], pipe: Path) -> int:
    """The pipe's other end, as soon as the process reads from it."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # which is that nobody reads yet
                raise
            time.sleep(0.01)
    raise AssertionError(process.communicate()[1].decode())


def waits_for(opened: Path, folder: Path) -> bool:
    try:
        return opened.readlink() == folder
    except OSError:  # closed meanwhile
        return False


def test_ctrl_c_before_anything_is_there(here: Path) -> None:
    """Python is still importing: it would answer with a page of its own."""
    pressed = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'custagent.core.errors':\n"
        "            sys.meta_path.remove(self)\n"
        "            raise KeyboardInterrupt\n"
        "from custagent.__main__ import main\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", pressed, "list"],
        cwd=here,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_two_who_create_the_same_agent_at_once(here: Path) -> None:
    """One of them does, the other is told; and what the first has written is not taken away by the second."""
    at_once = [
        subprocess.Popen(
            [*PROGRAM, "create", "sales", "--yes"], cwd=here, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = sorted((process.communicate(timeout=PATIENCE)[1], process.returncode) for process in at_once)
    assert sorted(code for _, code in ended) == [0, 2]
    assert ["already" in told for told, code in ended if code] == [True]
    assert "name: sales" in (here / "agents" / "sales.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        ("delete support <&-", 2, "Nobody can be asked here"),
        ("list >&-", 0, ""),
        ("list --json >&- 2>&- <&-", 0, ""),
        ("show nobody 2>&-", 1, ""),
    ],
)
def test_streams_that_are_closed(here: Path, typed: str, code: int, told: str) -> None:
    """As some schedulers start programs: without stdin, stdout or stderr."""
    before = files(here)
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m custagent {typed}', sys.executable], cwd=here, env=environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert files(here) == before


def test_ctrl_c_at_a_question(here: Path) -> None:
    before = files(here)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "delete", "support"], cwd=here, env=environment(TERM="dumb"), stdin=theirs, stdout=theirs,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"?" not in shown:
        shown += os.read(ours, 1000)
    code, told = interrupted(process)
    os.close(ours)
    assert code == 130
    assert told.endswith("Stopped.\n")
    assert "Traceback" not in told
    assert files(here) == before


@pytest.mark.parametrize("words", [["list"], ["validate"], ["create", "sales", "--yes"]], ids=" ".join)
def test_a_folder_that_is_gone(tmp_path: Path, words: list[str]) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *PROGRAM, *words], cwd=folder, env=environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Error: the folder you are in is gone"
    assert "cd ~" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["create", "sales", "--yes"],
        ["create", "sales", "--yes", "--role", "sales-representative"],
        ["sources", "add", "support", "--question", "Where are you?", "--answer", "In Malmö."],
        ["channels", "add", "live-chat", "shop", "--origin", "https://shop.example"],
        ["users", "add", "bo", "--full-name", "Bo Ek", "--email", "bo@shop.example", "--permission", "admin"],
        ["teams", "add", "desk"],
    ],
    ids=" ".join,
)
def test_a_full_disk_leaves_the_files_as_they_were(here: Path, words: list[str]) -> None:
    """Files may not grow beyond 3 KB: the YAML would fit, the database does not."""
    before = files(here)
    done = subprocess.run(
        [*PROGRAM, *words], cwd=here, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3072, 3072)),
    )  # fmt: skip
    assert done.returncode in (1, 2)
    first, hint = done.stderr.splitlines()
    assert first.startswith("Error: ")
    assert "disk" in hint
    assert files(here) == before


def test_a_full_disk_is_told_of_a_page_of_figures(run: Run, here: Path) -> None:
    done = run("stats", "--html", "/dev/full")
    assert (done.code, done.out) == (2, "")
    assert "No space left on device" in done.err


@pytest.mark.parametrize("words", [["schema"], ["list", "--json"], ["--help"]], ids=" ".join)
def test_a_reader_that_goes_away(here: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, *words], cwd=here, env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["show", "support"], ["show", "support", "--json"], ["show", "åsa"]], ids=" ".join)
def test_a_terminal_that_knows_ascii_only(here: Path, words: list[str]) -> None:
    (here / "content" / "öppet.md").write_text("# Öppet\n\nVi har öppet varje dag.\n", encoding="utf-8")
    agent = here / "agents" / "support.yaml"
    text = agent.read_text(encoding="utf-8")
    assert "\nsources: []\n" in text
    agent.write_text(text.replace("sources: []", "sources: [{file: content/öppet.md}]"), encoding="utf-8")
    plain = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done = subprocess.run([*PROGRAM, *words], cwd=here, env=plain, capture_output=True, check=False)
    assert done.returncode == int(words[1] == "åsa")
    assert b"Traceback" not in done.stderr
    assert done.stdout.isascii()
    assert done.stderr.isascii()
    if "--json" in words:
        assert json.loads(done.stdout)["sources"][0]["location"] == "content/öppet.md"


def test_a_port_that_is_taken(run: Run, here: Path) -> None:
    assert run("channels", "add", "live-chat", "web", "--origin", "https://www.example.com").code == 0
    assert run("assign", "support", "web").code == 0
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        done = run("run", "--port", str(port))
    assert done.code == 2
    assert f"port {port} on 127.0.0.1 cannot be used" in done.err
    assert f"custagent run --port {port + 1}" in done.err


def test_an_address_that_is_none_of_this_machines(run: Run, here: Path) -> None:
    assert run("channels", "add", "live-chat", "web", "--origin", "https://www.example.com").code == 0
    assert run("assign", "support", "web").code == 0
    done = run("run", "--host", "no.such.invalid", "--port", "0")
    assert done.code == 2
    assert "no.such.invalid is no address to listen at" in done.err
    assert "--host 127.0.0.1" in done.err


def test_a_token_that_nobody_knows(run: Run, here: Path, refusing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", "wrong")
    before = files(here)
    place = f"127.0.0.1:{refusing}"
    done = run("import", "hubspot", "support", "--token", "HUBSPOT_TOKEN", "--api-base", f"http://{place}",
               "--allow-host", place)  # fmt: skip
    assert done.code == 1
    assert "does not know the token" in done.err
    assert "Private Apps" in done.err
    assert "Traceback" not in done.err
    assert files(here) == before


@pytest.mark.parametrize(
    ("url", "told"),
    [("https://help.example.invalid/", "No server is known under the name"), ("http://127.0.0.1:9/", "no connection")],
)
def test_no_network(run: Run, here: Path, url: str, told: str) -> None:
    done = run("sources", "add", "support", url, "--allow-host", "127.0.0.1:9")
    assert done.code == 1
    assert told in done.err
    assert "Traceback" not in done.err
