"""The demo as a newcomer runs it: the real program, the real engine, and no way out of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
def demo(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "custagent", "demo", "--no-serve", "--json"],
        cwd=tmp_path_factory.mktemp("anywhere"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def questions() -> list[dict[str, Any]]:
    lines = (ROOT / "examples" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_it_reads_the_whole_site_and_both_files(demo: dict[str, Any]) -> None:
    # 52 pages, less the one that robots.txt blocks and the one that asks not to be searchable; 6 of the PDF; 1 file.
    assert demo["pages"] == 50 + 6 + 1
    assert demo["chunks"] > demo["pages"]
    assert demo["seconds"] > 0


def test_at_least_eight_of_nine_are_answered_from_the_right_page(demo: dict[str, Any]) -> None:
    answers = {answer["question"]: answer for answer in demo["questions"]}
    answerable = [question for question in questions() if question["kind"] == "answerable"]
    assert len(answerable) == 9
    right = [
        question["id"]
        for question in answerable
        if answers[question["question"]]["decision"] == "answer"
        and answers[question["question"]]["citations"][0]["location"].endswith(question["expect"]["location"])
    ]
    assert len(right) >= 8, right


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
