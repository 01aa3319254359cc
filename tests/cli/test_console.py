"""The preview's chat in the terminal, command by command."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from custagent.cli import render
from custagent.cli.console import Console
from custagent.cli.live import LiveReply
from custagent.config.agents import agent_path
from custagent.config.cases import load_cases
from custagent.config.home import Home, init_home
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.message import InboundMessage
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.proving.preview import PreviewSession
from custagent.testing import FrozenClock, HashEmbedder

QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."
WORKSPACE = """\
name: Northwind
channels:
  - {name: website, kind: live-chat, origins: ["https://www.northwind.example"]}
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,
     permissions: [edit-agents, answer, admin]}
"""
AGENT = """\
name: support
# Whatever is found is answered: the made-up embedder knows nothing of likelihoods.
confidence: {answer: 0.0, clarify: 0.0}
sources: []
assignments:
  - channel: website
    handoff: {mode: transfer, to: ["user:anna"]}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with its database, made once."""
    home = init_home(tmp_path_factory.mktemp("template") / "workspace", name="Northwind")
    home.workspace_file.write_text(WORKSPACE, encoding="utf-8")
    agent_path(home, "support").write_text(AGENT, encoding="utf-8")
    with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        apply_agents(app)
    return home.root


@pytest.fixture
def app(template: Path, tmp_path: Path) -> Iterator[Application]:
    home = Home(root=Path(shutil.copytree(template, tmp_path / "workspace")))
    with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        yield app


@pytest.fixture
def console(app: Application) -> Console:
    agent = app.agent("support")
    session = PreviewSession(app.answerer(agent), masked=app.masked)
    return Console(app, agent, session, LiveReply())


@pytest.fixture
def do(console: Console, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Types lines; what the last one printed."""

    def type_lines(*lines: str) -> str:
        for line in lines:
            capsys.readouterr()
            render.stdout.cache_clear()
            render.stderr.cache_clear()
            assert console.take(line)
        captured = capsys.readouterr()
        return captured.out + captured.err

    return type_lines


def test_quit_leaves_and_whatever_is_wrong_does_not(console: Console, do) -> None:
    assert "did you mean /language?" in do("/langage")
    assert not console.take("/quit")


def test_what_is_missing_is_added_there_and_then_and_asked_again(do, app: Application) -> None:
    assert "/gap adds" in do(QUESTION)
    told = do(f"/gap {ANSWER}")
    assert told.index("Added. Asking again:") < told.index(ANSWER)
    (source,) = app.agent("support").sources
    assert (source.location, source.answer) == (QUESTION, ANSWER)
    # The question is asked once in the conversation: the answer that did not help is taken back.
    do("/save")
    (placed,) = load_cases(app.home, "support")
    assert (placed.case.ask, placed.case.expect) == (QUESTION, "answer")


def test_who_adds_nothing_is_told_what_keeps_the_question(
    do, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("go on\n"))
    told = do(QUESTION, "/gap")
    assert "Nothing was added." in told
    assert "custagent gaps list" in told
    assert app.agent("support").sources == ()


def test_a_file_can_be_what_was_missing(do, app: Application, tmp_path: Path) -> None:
    page = tmp_path / "warranty.md"
    page.write_text(f"# Warranty\n\n{ANSWER}\n", encoding="utf-8")
    do(QUESTION, f"/gap {page}")
    assert [source.location for source in app.agent("support").sources] == ["content/warranty.md"]


def test_before_anything_was_asked_there_is_nothing_to_explain_save_or_add(do) -> None:
    for command in ("/explain", "/sources", "/gap", "/save"):
        assert "nothing was asked yet" in do(command), command


def test_a_conversation_becomes_a_test_case(do, app: Application) -> None:
    assert "custagent test support" in do("I want to talk to a person", "/save talking to people")
    (placed,) = load_cases(app.home, "support")
    assert (placed.case.title, placed.case.expect) == ("talking to people", "handoff")
    assert "ANOTHER NAME" in do("/save talking to people")


def test_replies_are_shown_as_on_the_channel(do) -> None:
    assert "Channel: website (live-chat)" in do("/channel website")
    shown = do("I want to talk to a person")
    assert "On website the contact gets 2 messages" in shown
    assert "AI" in shown
    assert "there is no channel called 'fax'" in do("/channel fax")
    assert "Replies are shown as they are" in do("/channel")


def test_a_channel_that_the_agent_is_not_on_is_said_to_be_so(do) -> None:
    assert "support is not assigned to it" in do("/channel whatsapp")


def test_it_is_told_who_would_get_the_conversation(do) -> None:
    told = do("/handoff")
    assert "Anna Berg (user:anna)" in told
    assert "website" in told


def test_a_language_that_there_is_not_is_refused(do, console: Console) -> None:
    assert "Swedish" in do("/language sv")
    assert "'xx' is no language" in do("/language xx")
    assert console._session.language == "sv"


@pytest.fixture
def greta(app: Application) -> str:
    now = app.clock.now()
    message = InboundMessage(
        channel="website", external_id="x", contact_key="k1", text="Wie lange?", sent_at=now, language="de",
        contact_name="Greta Holm",
    )  # fmt: skip
    begun = app.store.conversations.begin(message, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
    app.store.conversations.save_contact(replace(begun.conversation.contact, email="greta@northwind.example"))
    return begun.conversation.id


def test_somebody_goes_on_as_a_contact_and_theirs_stays_as_it_was(
    do, app: Application, console: Console, greta
) -> None:
    before = app.store.changes()
    told = do("/language sv", "/as greta@northwind.example")
    assert "Wie lange?" in told
    assert "You are Greta Holm on website now" in told
    assert (console._session.channel, console._session.language) == ("website", "de")
    do("And then?")
    assert "began before" in do("/save")
    assert "after what Greta Holm had said" in do("/reset")
    assert console._session.goes_on
    do("/as")
    assert (console._session.channel, console._session.language, console._session.history) == ("", "sv", ())
    assert len(app.store.conversations.messages(greta)) == 1
    assert app.store.changes() == before


@pytest.mark.usefixtures("greta")
def test_contacts_and_channels_are_offered_for_completion(console: Console) -> None:
    assert list(console.commands["/as"].choices()) == ["greta@northwind.example"]
    assert list(console.commands["/channel"].choices())[:2] == ["website", "live-chat"]
    assert "sv" in console.commands["/language"].choices()


def test_who_would_get_it_is_pointed_at_when_the_agent_hands_over(do) -> None:
    assert "/handoff shows who would get it." in do("I want to talk to a person")


def test_nobody_is_called_so(do) -> None:
    assert "no contact is known by 'nobody@x.example'" in do("/as nobody@x.example")


def test_every_command_is_in_the_help(do, console: Console) -> None:
    told = do("/help")
    assert all(word in told for word in console.commands)
    assert all(len(line) <= 80 for line in told.splitlines())
