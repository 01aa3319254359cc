"""The demo as a newcomer runs it: the real program, the real engine, and no way out of this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.conftest import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]

#: Loaded by every Python that the demo starts: a connection or look-up of anything but loopback ends the process.
GUARD = """
import os, socket
from ipaddress import ip_address

def local(host):
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return name in (None, "", "localhost") or ip_address(name).is_loopback
    except ValueError:
        return False

def guarded(method):
    def call(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not local(address[0]):
            os.write(2, f"NETWORK {address}\\n".encode())
            os._exit(99)
        return method(self, address, *rest)
    return call

socket.socket.connect = guarded(socket.socket.connect)
socket.socket.connect_ex = guarded(socket.socket.connect_ex)
look_up = socket.getaddrinfo

def getaddrinfo(host, *rest, **more):
    if not local(host):
        os.write(2, f"NETWORK look-up of {host}\\n".encode())
        os._exit(99)
    return look_up(host, *rest, **more)

socket.getaddrinfo = getaddrinfo
"""


#: As an office's machine has it. The demo's own servers are not behind it, and nobody listens there.
PROXY = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("guard")
    (folder / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CUSTAGENT_")}
    return {**clean, "PYTHONPATH": str(folder)}


def test_the_guard_works(environment: dict[str, str]) -> None:
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 99
    assert "NETWORK" in done.stderr


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo makes its workspace."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def running(
    environment: dict[str, str], temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.Popen[str]]:
    """`custagent demo --json`, in a session of its own, so that whatever it starts can be found."""
    process = subprocess.Popen(
        [sys.executable, "-m", "custagent", "demo", "--json"], cwd=tmp_path_factory.mktemp("anywhere"),
        env={**environment, **PROXY, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def demo(running: subprocess.Popen[str]) -> dict[str, Any]:
    """What it prints, once the chat is on the page."""
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line, running.communicate(timeout=30)
    result: dict[str, Any] = json.loads(line)
    return result


def nobody_is_left_in(session: int) -> bool:
    """Whether all of its processes are gone. One that was ended may still be going, or wait for whoever buries it."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return True
    return False


def questions() -> list[dict[str, Any]]:
    lines = (ROOT / "examples" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_it_reads_the_whole_site_and_both_files(demo: dict[str, Any]) -> None:
    # 52 pages, less the one that robots.txt blocks and the one that asks not to be searchable; 6 of the PDF; 1 file.
    assert demo["pages"] == 50 + 6 + 1
    assert demo["chunks"] > demo["pages"]
    assert demo["seconds"] > 0


def test_all_nine_are_answered_from_the_right_page_with_what_stands_there(demo: dict[str, Any]) -> None:
    answers = {answer["question"]: answer for answer in demo["questions"]}
    answerable = [question for question in questions() if question["kind"] == "answerable"]
    assert len(answerable) == 9
    for question in answerable:
        answer, expected = answers[question["question"]], question["expect"]
        assert answer["decision"] == "answer", question["id"]
        assert answer["citations"][0]["location"].endswith(expected["location"]), question["id"]
        assert expected["answer_contains"] in " ".join(answer["text"].split()), question["id"]


def test_the_others_are_clarified_rephrased_and_handed_off(demo: dict[str, Any]) -> None:
    decisions = {answer["question"]: answer["decision"] for answer in demo["questions"]}
    others = [question for question in questions() if question["kind"] != "answerable"]
    assert [decisions[question["question"]] for question in others] == ["clarify", "rephrase", "handoff"]


def test_previews_cost_nothing(demo: dict[str, Any]) -> None:
    assert demo["credit_entries"] == 0


def test_every_answer_quotes_its_source(demo: dict[str, Any]) -> None:
    for answer in demo["questions"]:
        assert bool(answer["citations"]) == (answer["decision"] == "answer")
        for citation in answer["citations"]:
            assert citation["quote"] in answer["text"]
        assert 0 <= answer["confidence"] <= 1


def test_the_page_has_a_chat_that_answers_and_its_end_leaves_nothing_behind(
    demo: dict[str, Any], running: subprocess.Popen[str], temporary: Path, contact: Any
) -> None:
    with urlopen(demo["page"], timeout=30) as page:
        tag = re.search(
            r'<script async src="(http://127\.0\.0\.1:(\d+)/chat/widget[^"]*\.js)" [^>]*data-channel="(\w+)"[^>]*>',
            page.read().decode(),
        )
    assert tag is not None
    with urlopen(tag.group(1), timeout=30) as loader:
        assert loader.status == 200
    visitor = contact(int(tag.group(2)), origin=demo["page"].rstrip("/"))
    question = questions()[4]
    reply = visitor.wait_for_reply(visitor.send(question["question"]))
    assert question["expect"]["answer_contains"] in reply["text"]
    (source,) = reply["sources"]
    with urlopen(source["url"], timeout=30) as page:
        assert question["expect"]["answer_contains"] in page.read().decode()
    assert list(temporary.iterdir())
    running.send_signal(signal.SIGTERM)
    told = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, told
    assert "Traceback" not in told[1]
    # Nobody is left in its session, nothing listens any more, and the workspace is gone.
    wait_until(lambda: nobody_is_left_in(running.pid))
    assert list(temporary.iterdir()) == []
    for address in (demo["page"], tag.group(1)):
        with pytest.raises(OSError, match="refused"):
            urlopen(address, timeout=30)


def test_ended_before_it_is_through_it_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "custagent", "demo"], cwd=tmp_path, env={**environment, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "custagent create" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE)
    # As a program that Ctrl-C ended.
    assert process.returncode == 130
    assert "Traceback" not in told
    assert list(temporary.iterdir()) == []
    wait_until(lambda: nobody_is_left_in(process.pid))
