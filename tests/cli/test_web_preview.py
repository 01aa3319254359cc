"""What is typed and told around the preview on a web page."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from custagent.cli.web_preview import _is_this_machine, _tell_end
from custagent.core.answer import DecisionKind
from custagent.runtime.web.web_preview import AskedThere


@pytest.mark.parametrize("words", [("--ask", "Hello?"), ("--json",), ("--explain",), ("--ask-file", "q.jsonl")])
def test_it_goes_with_no_question_from_the_command_line(run, workspace: Path, words: tuple[str, ...]) -> None:
    del workspace
    done = run("preview", "support", "--web", *words)
    assert done.code == 2
    assert "--web goes with none of" in done.err


def test_a_port_that_is_taken_is_told_with_another(run, workspace: Path) -> None:
    del workspace
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("preview", "support", "--web", "--port", str(port))
    assert done.code == 2
    assert f"port {port} on 127.0.0.1 cannot be used" in done.err
    assert f"custagent preview support --web --port {port + 1}" in done.err
    assert "listens at" not in done.err


def test_who_lets_others_reach_it_is_warned(run, workspace: Path) -> None:
    del workspace
    # No address of this machine's (RFC 5737), so that it ends there.
    done = run("preview", "support", "--web", "--host", "192.0.2.7", "--port", "0")
    assert done.code == 2
    assert "The preview listens at 192.0.2.7: whoever reaches this machine" in done.err


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.7", False), ("shop", False)]
)
def test_which_addresses_are_this_machine(host: str, here: bool) -> None:
    assert _is_this_machine(host) is here


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (AskedThere(conversations=0, questions=0, decisions={}), "Nothing was asked. Nothing was kept."),
        (
            AskedThere(conversations=1, questions=3, decisions={DecisionKind.ANSWER: 2, DecisionKind.HANDOFF: 1}),
            "3 messages in 1 conversation: 2 answered, 1 handed over. Nothing was kept.",
        ),
        (
            AskedThere(conversations=1, questions=1, decisions={}),
            "1 message in 1 conversation: nothing answered yet. Nothing was kept.",
        ),
    ],
)
def test_the_end_says_what_was_asked(asked: AskedThere, told: str, capsys) -> None:
    _tell_end(asked)
    assert told in capsys.readouterr().out


def test_a_channel_that_there_is_not_is_told_before_anything_is_asked(run, workspace: Path) -> None:
    del workspace
    done = run("preview", "support", "--channel", "wbsite", "--ask", "Hello?")
    assert done.code != 0
    assert "there is no channel called 'wbsite'" in done.err


def test_a_script_sees_a_reply_as_on_the_channel(run, workspace: Path) -> None:
    del workspace
    shown = run("preview", "support", "--channel", "whatsapp", "--ask", "I want to talk to a person").out
    assert "On whatsapp the contact gets 2 messages" in shown
