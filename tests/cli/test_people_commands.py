"""users and teams as people type them: what they print, write, ask and refuse."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Status, Turn
from custagent.core.handoff import HandoffSummary, TriedSource
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import open_application

Run = Callable[..., Any]
ANNA = ("--full-name", "Anna Berg", "--email", "anna@northwind.example", "--seat", "service", "--permission", "admin")
AS = ("--as", "anna")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sit down at the other end and type these lines."""

    def sit(*lines: str) -> None:
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        typed.isatty = lambda: True  # type: ignore[method-assign] # a terminal
        monkeypatch.setattr(sys, "stdin", typed)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return sit


@pytest.fixture
def staffed(run: Run, workspace: Path) -> Path:
    assert run("users", "add", "anna", *ANNA).code == 0
    return workspace


def test_the_first_user_may_do_everything_and_others_answer_unless_told_otherwise(run: Run, workspace: Path) -> None:
    assert "may do everything" in run("users", "add", "anna", *ANNA[:6]).out
    assert run("users", "show", "anna", "--json").json["permissions"] == ["edit-agents", "answer", "admin"]
    bo = ("--full-name", "Bo Ek", "--email", "bo@northwind.example")
    assert run("users", "add", "bo", *bo, *AS, "--json").json["permissions"] == ["answer"]


def test_users_from_adding_to_removing(run: Run, workspace: Path) -> None:
    assert "custagent users add anna" in run("users", "list").out
    refused = run("users", "add", "anna", *ANNA[:6], "--permission", "answer")
    assert (refused.code, "the first user needs the permission admin" in refused.err) == (2, True)
    assert run("users", "add", "anna", *ANNA).code == 0
    bo = ("--full-name", "Bo Ek", "--email", "bo@northwind.example")
    hours = ("--hours", "mon-fri 09:00-17:00", "--timezone", "Europe/Stockholm", "--capacity", "3", "--language", "sv")
    added = run("users", "add", "bo", *bo, *hours, *AS, "--json").json
    assert (added["hours"], added["capacity"], added["availability"]) == ({"mon-fri": "09:00-17:00"}, 3, "no-seat")
    assert run("users", "edit", "bo", "--seat", "sales", "--clear", "hours", *AS).code == 0
    line = run("users", "list").out.splitlines()[2].split("\t")
    assert line == ["bo", "Bo Ek", "sales", "sv", "", "available", "0 of 3"]
    shown = run("users", "show", "bo").out
    assert "Hours:        always" in shown
    assert "at most 3" in shown
    assert run("users", "remove", "bo", *AS).code == 2
    assert run("users", "remove", "bo", "--yes", *AS).code == 0
    assert [one["name"] for one in run("users", "list", "--json").json] == ["anna"]
    assert "  - name: anna\n" in (workspace / "custagent.yaml").read_text(encoding="utf-8")


def test_away_and_back(run: Run, staffed: Path) -> None:
    done = run("users", "away", "anna", "--until", "3h", *AS)
    assert (done.code, "anna is away until" in done.out) == (0, True)
    assert "away until" in run("users", "show", "anna").out
    assert run("users", "list", "--json").json[0]["away_until"]
    assert "anna is back" in run("users", "back", "anna", *AS).out
    assert "anna was not away" in run("users", "back", "anna", *AS).out
    assert run("users", "away", "anna", "--until", "yesterday", *AS).code == 2
    assert run("users", "away", "anne", *AS).code == 1


def test_what_is_missing_is_told_with_an_example(run: Run, staffed: Path) -> None:
    for words, said in {
        ("users", "add", "bo"): "a user needs a short name, --full-name and --email",
        ("users", "edit", "anna"): "what is to change?",
        ("teams", "add"): "what is the team called?",
        ("teams", "edit", "support"): "what is to change?",
        ("users", "edit", "anna", "--hours", "9-17"): "is no working time",
    }.items():
        done = run(*words, *AS)
        assert (done.code, said in done.err, "custagent" in done.err or "--hours" in done.err) == (2, True, True), words


def test_the_form_asks_for_what_was_not_given(run: Run, workspace: Path, terminal: Callable[..., None]) -> None:
    terminal("anna", "Anna Berg", "anna@northwind.example", "service", "admin,answer", "sv, en")
    assert run("users", "add").code == 0
    (anna,) = run("users", "list", "--json").json
    assert (anna["seat"], anna["permissions"], anna["languages"]) == ("service", ["answer", "admin"], ["sv", "en"])
    terminal("support", "anna")
    assert run("teams", "add", *AS).code == 0
    assert run("teams", "members", "support").out == "anna\n"


def test_teams_from_adding_to_removing(run: Run, staffed: Path) -> None:
    assert "custagent teams add support" in run("teams", "list").out
    assert run("teams", "add", "support", "--member", "anna", "--hours", "mon-sun 00:00-24:00", *AS).code == 0
    assert run("teams", "add", "support", *AS).code == 2
    line = run("teams", "list").out.splitlines()[1].split("\t")
    assert line == ["support", "anna", "anna", "always", "0", ""]
    shown = run("teams", "show", "support", "--json").json
    assert (shown["available"], shown["works"], shown["waiting"]) == (["anna"], True, 0)
    assert run("teams", "edit", "support", "--clear", "hours", "--language", "sv", *AS).code == 0
    assert "Hours:        always" in run("teams", "show", "support").out
    assert run("teams", "members", "support", "--remove", "anna", *AS, "--json").json["members"] == []
    assert run("teams", "members", "support").out == "Nobody is in support.\n"
    assert run("teams", "members", "support", "--add", "anne", *AS).code == 1
    assert run("teams", "remove", "support", "--yes", *AS).code == 0
    assert run("teams", "list", "--json").json == []


def test_a_conversation_says_what_people_were_told(run: Run, staffed: Path) -> None:
    """HND-4."""
    with open_application(None, None) as app:
        now = app.clock.now()
        inbound = InboundMessage(
            channel="web", external_id="x", contact_key="k", text="Where is\nmy \x1b[2Jparcel?", sent_at=now
        )
        begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
        said = Message(
            conversation=begun.conversation.id, sender=Sender.AGENT, kind=MessageKind.HANDOFF, text="…", at=now
        )
        summary = HandoffSummary(
            reason="asked-for-person", asked=(begun.message.id,), open_question=begun.message.id, questions_back=1,
            tried=(TriedSource(title="Shipping", location="s.md", confidence=0.31), TriedSource(title="", location="b")),
        )  # fmt: skip
        app.store.conversations.commit(
            Turn(conversation=begun.conversation, status=Status.OPEN, messages=(said,), summary=summary, at=now)
        )
    lines = run("conversations", "show", begun.conversation.id).out.splitlines()
    assert any(line.startswith("Handed over:") and "asked for a person" in line for line in lines)
    assert any(line.startswith("Asked:") and "Where is my" in line and "\x1b" not in line for line in lines)
    assert not any(line.startswith("Still open:") for line in lines)
    assert "Tried:          0 answers, 1 question back; Shipping (31%); b (not judged)" in lines
    (kept,) = run("conversations", "show", begun.conversation.id, "--json").json["handoffs"]
    assert (kept["summary"]["reason"], kept["summary"]["tried"][0]["location"]) == ("asked-for-person", "s.md")
