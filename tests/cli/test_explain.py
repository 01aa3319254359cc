"""The command explain, and `preview --explain`, as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.core.conversation import Conversation, Status, Threading, Turn
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import open_application

KEPT = {
    "signals": {"cosine": 0.8},
    "reckoning": {
        "calibration": "same-language 0123abcd", "base": 0.0, "parts": {"cosine": 0.5}, "answer_from": 0.5,
        "clarify_from": 0.25, "preset": "balanced",
    },
    "passages": [],
    "searched": "How long?",
    "language": "en",
}  # fmt: skip


@pytest.fixture
def conversation(workspace: Path) -> Conversation:
    """A contact asked, the agent replied: messages 1 and 2."""
    with open_application(workspace, None) as app:
        store, now = app.store.conversations, app.clock.now()
        asked = InboundMessage(channel="web", external_id="1", contact_key="k1", text="How long?", sent_at=now)
        threading = Threading(closes_after=timedelta(days=1), reopens=False)
        begun = store.begin(asked, threading, agent="support", at=now)
        reply = Message(
            conversation=begun.conversation.id, sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Thirty days.",
            at=now, decision="answer", reason="grounded", confidence=0.62,
            evidence=json.dumps({**KEPT, "asked": [begun.message.id]}),
        )  # fmt: skip
        store.commit(Turn(conversation=begun.conversation, status=Status.PENDING, messages=(reply,), at=now))
        return begun.conversation


def test_a_reply_and_the_message_before_it_say_the_same(run: Callable, conversation: Conversation) -> None:
    shown = run("explain", "2").out
    assert run("explain", "1").out == run("explain", "#2").out == shown
    for part in ("Reply 2", "How long?", "Thirty days.", "the content answers the question", "0.62", "cosine"):
        assert part in shown
    explained = run("explain", "2", "--json").json
    assert explained["conversation"] == conversation.id
    assert explained["reasoning"]["reckoning"]["calibration"] == "same-language 0123abcd"


def test_a_conversation_lists_its_replies(run: Callable, conversation: Conversation) -> None:
    shown = run("explain", conversation.id).out
    assert "answered" in shown
    assert "custagent explain NUMBER" in shown
    assert [one["message"] for one in run("explain", conversation.id, "--json").json] == [2]
    # The numbers stand where people look for them.
    assert "#2 · answer" in run("conversations", "show", conversation.id).out


@pytest.mark.parametrize("unknown", ["4711", "nowhere"])
def test_what_is_not_there_names_the_command_that_lists(run: Callable, workspace: Path, unknown: str) -> None:
    done = run("explain", unknown, "-w", str(workspace))
    assert (done.code, "custagent conversations" in done.err) == (1, True)


def test_a_preview_explains_at_once(run: Callable, workspace: Path) -> None:
    assert workspace.is_dir()
    shown = run("preview", "support", "--ask", "I want to talk to a person", "--explain").out
    assert "the contact asked for a person" in " ".join(shown.split())
    assert "In the words" in shown
    told = run("preview", "support", "--ask", "I want to talk to a person", "--explain", "--json").json
    assert told["explanation"]["reasoning"]["reason"] == told["reason"] == "asked-for-person"
    assert "explanation" not in run("preview", "support", "--ask", "Hi", "--json").json
