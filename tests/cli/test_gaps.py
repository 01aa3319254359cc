"""The commands `gaps …`, as people type them, with the bundled engine: asked, not answered, answered, asked again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from custagent.cli import gaps as commands
from custagent.conversation.lifecycle import threading_of
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.channel import ChannelKind
from custagent.core.message import InboundMessage, Message
from custagent.locales import nearest
from custagent.runtime.bootstrap import open_application
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.turns import Turns

PASSWORD = "How do I change the password of my account?"
FORGOT = "I forgot my account password"
RESET = "On the sign-in page, choose Forgot password. We send you a link."


@pytest.fixture
def ask(run: Callable, workspace: Path) -> Callable[..., Message]:
    """A contact writes on a chat where the agent is live; its reply."""
    added = run(
        "sources", "add", "support", "--question", "How long is the warranty?",
        "--answer", "Two years from the day you buy the bicycle.",
    )  # fmt: skip
    assert added.code == 0
    assert run("channels", "add", "live-chat", "web", "--origin", "https://www.northwind.example").code == 0
    assert run("assign", "support", "web").code == 0
    numbers = count(1)

    def write(text: str) -> Message:
        with open_application(workspace, None) as app:
            in_force, now, number = InForce(app), app.clock.now(), next(numbers)
            directory = WorkspaceDirectory(in_force.workspace, app.store, app.clock)
            service = ConversationService(directory=directory, clock=app.clock, texts=_text)
            turns = Turns(app.store.conversations, in_force, service, fence=0)
            inbound = InboundMessage(
                channel="web", external_id=f"x{number}", contact_key=f"k{number}", text=text, sent_at=now
            )
            begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
            work = turns.look(begun.conversation.id)
            assert work is not None
            turns.reply(work)
            return app.store.conversations.messages(begun.conversation.id)[-1]

    return write


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return nearest(language, agent.default_language).messages[key]


def test_a_gap_is_answered_and_asked_again_and_answered(run: Callable, ask: Callable[..., Message]) -> None:
    """GAP-1, from the first contact to the test case."""
    for text in (PASSWORD, FORGOT, "Do you rent out tandems?"):
        assert ask(text).decision == "rephrase"
    listed = run("gaps", "list", "--json").json
    assert [(one["conversations"], one["kind"], one["status"]) for one in listed] == [
        (2, "unanswered", "open"),
        (1, "unanswered", "open"),
    ]
    number, topic = str(listed[0]["id"]), listed[0]["topic"]
    assert topic in (PASSWORD, FORGOT)
    shown = run("gaps", "show", number)
    for told in (PASSWORD, FORGOT, "rephrase (nothing-fits)", f"custagent gaps answer {number}"):
        assert told in shown.out

    done = run("gaps", "answer", number, "--text", RESET)
    assert done.code == 0
    assert "2 of 2 questions answered now." in done.out
    assert topic in Path("agents/support.yaml").read_text(encoding="utf-8")
    assert run("test", "support").code == 0
    assert [one["topic"] for one in run("gaps", "list", "--json").json] == ["Do you rent out tandems?"]
    assert [one["status"] for one in run("gaps", "list", "--all", "--json").json] == ["answered", "open"]
    for text in (PASSWORD, FORGOT):
        reply = ask(text)
        assert reply.decision == "answer"
        assert RESET in reply.text


def test_put_aside_answered_and_open_again(run: Callable, ask: Callable[..., Message]) -> None:
    ask(PASSWORD)
    assert run("gaps", "list").out.splitlines()[1].split("\t")[1] == PASSWORD
    assert run("gaps", "dismiss", "1").code == 0
    assert "no gap" in run("gaps", "list").out
    assert run("gaps", "reopen", "1").code == 0
    assert run("gaps", "list", "--kind", "wrong", "--json").json == []
    assert run("gaps", "list", "--since", "2999-01-01", "--json").json == []
    assert len(run("gaps", "list", "--agent", "support", "--since", "7d", "--json").json) == 1

    # No terminal: nobody is asked for the answer.
    done = run("gaps", "answer", "1")
    assert done.code == 2
    assert 'custagent gaps answer 1 --text "…"' in done.err

    # What somebody wrote answers another question.
    assert run("gaps", "answer", "1", "--text", "See below.", "--question", "Where is the museum of glass?").code == 0
    ask(FORGOT)
    listed = run("gaps", "list")
    assert f"Gap 1 was answered and is open again: {PASSWORD}" in listed.err
    assert "open again" in listed.out
    assert "open again" not in run("gaps", "list").err


def test_what_was_typed_wrongly_is_told(run: Callable, workspace: Path) -> None:
    for typed, told in (
        (("gaps", "show", "7"), "There is no gap 7."),
        (("gaps", "answer", "7", "--text", "Yes."), "There is no gap 7."),
        (("gaps", "list", "--since", "soon"), "'soon' is no time"),
        (("gaps", "list", "--agent", "nobody"), "there is no agent called 'nobody'"),
    ):
        done = run(*typed)
        assert done.code in (1, 2)
        assert told in done.err


def test_the_editor_begins_with_what_a_person_replied(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf " Indeed.\\n" >> "$1"\n', encoding="utf-8")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    assert commands.edited(os.fspath(editor), "We do.") == "We do. Indeed."
