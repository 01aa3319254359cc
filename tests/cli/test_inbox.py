"""People work on conversations from the terminal, with or without a runner."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.cli.inbox import age
from custagent.core.conversation import Status, Turn
from custagent.core.message import Message, MessageKind, Sender
from custagent.runtime.bootstrap import open_application
from tests.cli.test_operations import SITE, talk

Run = Callable[..., Any]


@pytest.fixture
def one(run: Run, workspace: Path) -> str:
    """A conversation that the agent has."""
    assert run("channels", "add", "live-chat", "web", "--origin", SITE).code == 0
    assert run("assign", "support", "web").code == 0
    with open_application(workspace, None) as app:
        return talk(app, "k1", "Where is my order?").id


def test_an_hour_at_the_desk(run: Run, one: str) -> None:
    assert "Nobody waits here." in run("inbox", "list").out
    assert f"{one}: yours now" in run("inbox", "take", one).out
    listed = run("inbox", "list", "--view", "mine")
    assert one in listed.out
    assert "0 min" in listed.out
    assert "Noted, for your colleagues only." in run("inbox", "note", one, "Parcel", "4711").out
    wrote = run("inbox", "reply", one, "It left us", "this morning.")
    assert wrote.code == 0
    assert "No runner works on this workspace" in wrote.err
    shown = run("inbox", "show", one).out
    assert "It left us this morning." in shown
    assert "Parcel 4711" in shown
    assert shown.index("Where is my order?") < shown.index("Parcel 4711") < shown.index("It left us this morning.")
    assert "put aside until" in run("inbox", "snooze", one, "--until", "3h").out
    assert "open again" in run("inbox", "wake", one).out
    assert "given to nobody" in run("inbox", "assign", one, "nobody").out
    assert one in run("inbox", "list", "--view", "unassigned").out
    assert "given back to the agent" in run("inbox", "release", one).out
    assert "closed" in run("inbox", "close", one).out
    assert one in run("inbox", "list", "--view", "closed").out
    noted = [entry["action"] for entry in json.loads(run("audit", one, "--json").out)]
    assert noted[0] == "inbox close"
    assert {"inbox take", "inbox note", "inbox reply", "inbox read", "inbox assign nobody"} <= set(noted)


def test_what_comes_by_stdin(run: Run, one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Two lines\nof text\n"))
    done = run("inbox", "reply", one, "--json")
    assert json.loads(done.out)["text"] == "Two lines\nof text"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["inbox", "take", "nowhere"], "there is no conversation 'nowhere'"),
        (["inbox", "reply", "{one}", " "], "there is nothing to write"),
        (["inbox", "release", "{one}"], "the agent has it"),
        (["inbox", "assign", "{one}", "team:nobody"], "there is no team 'nobody'"),
        (["inbox", "snooze", "{one}", "--until", "yesterday"], "is no time"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, one: str, words: list[str], told: str) -> None:
    done = run(*(word.format(one=one) for word in words))
    assert done.code in (1, 2)
    assert told in done.err


def test_a_suggestion_is_free(run: Run, one: str) -> None:
    assert run("inbox", "take", one).code == 0
    before = run("credits", "entries", "--json").out
    assert json.loads(run("inbox", "suggest", one, "--json").out)["decision"]["kind"]
    assert run("credits", "entries", "--json").out == before


def test_where_the_agent_only_suggests_its_draft_is_the_next_step(run: Run, one: str) -> None:
    assert "inbox suggest" not in run("inbox", "show", one).out
    assert run("assign", "support", "web", "--mode", "suggest").code == 0
    assert f"custagent inbox suggest {one}" in run("inbox", "show", one).out


def test_watching_shows_what_changes(run: Run, one: str, workspace: Path) -> None:
    assert one
    environment = os.environ | {"CUSTAGENT_WORKSPACE": str(workspace), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "custagent", "inbox", "watch", "--view", "unassigned"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as watching:
        assert watching.stdout is not None
        assert "unassigned 0" in watching.stdout.readline()
        assert run("inbox", "assign", one, "nobody").code == 0
        deadline, seen = time.monotonic() + 60, ""
        while one not in seen:
            assert time.monotonic() < deadline, seen
            seen += watching.stdout.readline()
        watching.terminate()  # SIGINT is ignored by what a shell runs in the background
        watching.communicate(timeout=60)
    assert "unassigned 1" in seen


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(seconds=-5), "0 min"),
    ],
)
def test_how_long_somebody_waits(length: timedelta, told: str) -> None:
    assert age(length) == told


class TestWrong:
    @pytest.fixture
    def answered(self, one: str, workspace: Path) -> tuple[str, int]:
        """A conversation with two answers: its number and that of the last one."""
        with open_application(workspace, None) as app:
            for text in ("It left us.", "It comes on Monday."):
                stored = app.store.conversations.conversation(one)
                assert stored is not None
                said = Message(
                    conversation=one, sender=Sender.AGENT, kind=MessageKind.ANSWER, text=text, at=app.clock.now()
                )
                turn = Turn(conversation=stored, status=Status.PENDING, messages=(said,), at=app.clock.now())
                (kept,) = app.store.conversations.commit(turn)
        return one, kept.id

    def test_the_last_reply_or_the_one_that_is_named_until_it_is_taken_back(self, run: Run, answered) -> None:
        one, last = answered
        assert f"reply {last} is noted as wrong" in run("inbox", "wrong", one).out
        shown = run("inbox", "show", one).out
        assert shown.index("It comes on Monday.") < shown.index("wrong answer: ")
        assert shown.count("wrong answer: ") == 1
        told = run("inbox", "wrong", one, str(last - 1), "--json").json
        assert told == {"conversation": one, "message": last - 1, "wrong": True}
        assert run("inbox", "show", one).out.count("wrong answer: ") == 2
        assert f"reply {last} is not wrong after all" in run("inbox", "wrong", one, "--undo").out
        shown = run("inbox", "show", one).out
        assert shown.index("wrong answer: ") < shown.index("It comes on Monday.")
        noted = [entry["action"] for entry in run("audit", one, "--json").json]
        assert noted.count("inbox wrong answer") == 2
        assert noted.count("inbox answer not wrong") == 1

    def test_what_is_no_reply_of_the_agent(self, run: Run, one: str) -> None:
        refused = run("inbox", "wrong", one, "1")
        assert refused.code != 0
        assert f"no reply 1 of the agent to judge in {one}" in " ".join(refused.err.split())
        assert f"custagent inbox show {one}" in refused.err
        unknown = run("inbox", "wrong", "nowhere")
        assert unknown.code != 0
        assert "no reply of the agent to judge in nowhere" in " ".join(unknown.err.split())
