"""The commands that take an agent live, as people type them: what they print, write and end with."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from custagent.channels.live_chat.adapter import snippet
from custagent.conversation.credits import charge_for
from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Contact, Conversation, Status, Turn
from custagent.core.credit import CreditEntry
from custagent.core.document import Citation
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import Application, open_application

#: Runs a command; what it printed and ended with (conftest).
Run = Callable[..., Any]

SITE = "https://www.northwind.example"
PEOPLE = """
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service, permissions: [edit-agents, admin]}
  - {name: cleo, full_name: Cleo Dahl, email: cleo@northwind.example, seat: sales}
teams:
  - {name: support, members: [anna], hours: {mon-sun: "00:00-24:00"}}
"""


@pytest.fixture
def live(run: Run, workspace: Path) -> Path:
    """A workspace in which support answers on web."""
    assert run("channels", "add", "live-chat", "web", "--origin", SITE).code == 0
    assert run("assign", "support", "web").code == 0
    return workspace


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sit down at the other end and type these lines."""

    def sit(*lines: str) -> None:
        typed = io.StringIO("".join(f"{line}\n" for line in lines))
        typed.isatty = lambda: True  # type: ignore[method-assign] # a terminal
        monkeypatch.setattr(sys, "stdin", typed)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return sit


def talk(app: Application, key: str = "k1", *, name: str = "") -> Conversation:
    """A contact asks and the agent answers."""
    now = app.clock.now()
    inbound = InboundMessage(
        channel="web", external_id=key, contact_key=key, text="How long?\x1b[2J", sent_at=now, contact_name=name
    )
    begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
    citation = Citation(title="Returns", source="s", location=f"{SITE}/returns", quote="30 days", anchor="how")
    said = Message(
        conversation=begun.conversation.id, sender=Sender.AGENT, kind=MessageKind.ANSWER, text=f"Thirty days. {'x ' * 99}",
        at=now, language="en", citations=(citation,), decision="answer", reason="grounded", confidence=0.91,
        agent_version=2, index_generation=1, evidence=json.dumps({"signals": {"cosine": 0.8}}),
    )  # fmt: skip
    turn = Turn(
        conversation=begun.conversation, status=Status.PENDING, messages=(said,), charge=charge_for([said]),
        handled=(begun.message.id,), at=now,
    )  # fmt: skip
    app.store.conversations.commit(turn)
    return begun.conversation


@pytest.fixture
def talks(live: Path) -> Iterator[tuple[Conversation, Conversation]]:
    with open_application(None, None) as app:
        yield talk(app, "k1", name="Ada"), talk(app, "k2")


def test_from_nothing_to_a_live_agent_each_command_names_the_next(run: Run, workspace: Path) -> None:
    done = run("run")
    assert (done.code, "custagent channels add live-chat" in done.err) == (1, True)
    assert "custagent assign support web" in done.err
    done = run("assign", "support", "web")
    assert (done.code, "custagent channels add live-chat" in done.err) == (1, True)
    done = run("channels", "list")
    assert "custagent channels add live-chat" in done.out
    done = run("channels", "add", "live-chat", "web", "--origin", SITE)
    assert "custagent assign support web" in done.out
    done = run("run")
    assert (done.code, done.err.splitlines()[1]) == (1, "Run: custagent assign support web")
    done = run("assign", "support", "web")
    assert "custagent run" in done.out
    assert "  - channel: web\n" in (workspace / "agents" / "support.yaml").read_text(encoding="utf-8")


def test_channels_from_adding_to_removing(run: Run, workspace: Path) -> None:
    added = run("channels", "add", "live-chat", "web", "--origin", SITE, "--desk", "help-desk", "--json").json
    told = {"name": "web", "desk": "help-desk", "kind": "live-chat", "origins": [SITE]}
    assert {name: added[name] for name in told} == told
    again = run("channels", "add", "live-chat", "web", "--origin", SITE)
    assert (again.code, "already" in again.err) == (2, True)
    assert run("channels", "add", "fax", "web", "--origin", SITE).code == 2
    assert run("channels", "add", "live-chat", "shop").code == 2
    done = run("channels", "check", "web")
    assert (done.code, f"ok: {SITE} is an origin" in done.out) == (0, True)
    (listed,) = run("channels", "list", "--json").json
    assert (listed["name"], listed["kind"], listed["desk"], listed["origins"]) == (
        "web",
        "live-chat",
        "help-desk",
        [SITE],
    )
    assert (listed["agent"], listed["connected"], listed["check"]["channel"]) == ("", True, "web")
    line = run("channels", "list").out.splitlines()[1].split("\t")
    assert line == ["web", "live-chat", "help-desk", "none", "in force", "passed", SITE]
    assert run("channels", "remove", "web").code == 2
    assert run("channels", "remove", "web", "--yes").code == 0
    assert run("channels", "list", "--json").json == []


def test_a_failing_check_ends_with_one(run: Run, workspace: Path) -> None:
    path = workspace / "custagent.yaml"
    text = path.read_text(encoding="utf-8") + "channels:\n  - {name: web, kind: live-chat}\n"
    path.write_text(text, encoding="utf-8")
    done = run("channels", "check", "web")
    assert (done.code, "no site may show this chat yet" in done.err, "connected" in done.out) == (1, True, False)
    told = run("channels", "check", "web", "--json")
    assert (told.code, told.json["passed"], told.json["steps"][0]["step"]) == (1, False, "a site is listed")
    assert "no site may show" in run("channels", "list").out


def test_the_snippet_is_alone_on_its_line(run: Run, live: Path) -> None:
    assert run("channels", "snippet", "web").code == 2
    tag = snippet("https://chat.example.com", "web")
    printed = run("channels", "snippet", "web", "--url", "https://chat.example.com/")
    assert printed.out == f"{tag}\n"
    assert "script-src https://chat.example.com; frame-src https://chat.example.com" in printed.err
    told = run("channels", "snippet", "web", "--url", "https://chat.example.com", "--json").json
    assert told["snippet"] == tag
    assert told["policy"] == ["script-src https://chat.example.com", "frame-src https://chat.example.com"]


def test_assign_tells_when_no_person_gets_what_is_left_over(run: Run, workspace: Path) -> None:
    """By default nobody does (HND-1), and whoever did not choose it may not know."""
    run("channels", "add", "live-chat", "web", "--origin", SITE)
    told = run("assign", "support", "web").err
    assert "No person gets what it cannot answer" in told
    assert "somebody has a seat: custagent users add" in told
    path = workspace / "custagent.yaml"
    path.write_text(path.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    assert "custagent assign support web --to team:support" in run("assign", "support", "web", "--as", "anna").err
    for chosen in (["--handoff", "stay"], ["--to", "team:support"]):
        assert "No person" not in run("assign", "support", "web", *chosen, "--as", "anna").err


def test_assign_takes_everything_from_flags(run: Run, workspace: Path) -> None:
    path = workspace / "custagent.yaml"
    path.write_text(path.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    as_anna = ("--as", "anna")
    run("channels", "add", "live-chat", "web", "--origin", SITE, *as_anna)
    words = ["--to", "team:support", "--to", "user:cleo", "--no-update-avatar", "--share", "20%", "--mode", "suggest"]
    words += ["--confidence", "eager", "--reroute-after", "15m", "--reroute-on", "away", "--reroute-on", "hours-end"]
    done = run("assign", "support", "web", *words, "--hours", "outside-team-hours", *as_anna, "--json")
    assert done.json == {"agent": "support", "channels": ["web"], "version": 2, "unconnected": {}}
    (assignment,) = run("show", "support", "--json").json["definition"]["assignments"]
    assert assignment == {
        "channel": "web", "handoff": {"mode": "transfer", "to": ["team:support", "user:cleo"], "update_avatar": False,
                                      "reroute_after": "15m", "reroute_on": ["away", "hours-end"]},
        "hours": "outside-team-hours", "share": 20, "mode": "suggest", "confidence": {"answer": 0.33, "clarify": 0.15},
    }  # fmt: skip
    assert run("assign", "support", "web", "--as", "cleo").code == 1
    assert run("assign", "support", "web", "--share", "200%", *as_anna).code == 2


def test_assign_without_a_terminal_needs_a_channel(run: Run, live: Path) -> None:
    done = run("assign", "support")
    assert (done.code, "custagent assign support web" in done.err) == (2, True)
    assert run("assign", "suport").code == 1


def test_assign_asks_for_desk_accounts_handoff_targets_and_avatar(
    run: Run, workspace: Path, terminal: Callable[..., None]
) -> None:
    path = workspace / "custagent.yaml"
    path.write_text(path.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    for name, desk in (("web", "inbox"), ("shop", "help-desk"), ("wiki", "help-desk")):
        run("channels", "add", "live-chat", name, "--origin", SITE, "--desk", desk, "--as", "anna")
    terminal("attic", "help-desk", "3", "2, shop", "transfer", "2,1", "n")
    done = run("assign", "support", "--as", "anna")
    assert done.code == 0
    assert done.err.count("is not in the list") == 2
    web, wiki = run("show", "support", "--json").json["definition"]["assignments"]
    assert [web["channel"], wiki["channel"]] == ["shop", "wiki"]
    assert web["handoff"] == wiki["handoff"]
    chosen = {key: web["handoff"][key] for key in ("mode", "to", "update_avatar")}
    assert chosen == {"mode": "transfer", "to": ["team:support", "user:anna"], "update_avatar": False}


def test_the_form_takes_defaults_and_skips_what_has_one_answer(
    run: Run, workspace: Path, terminal: Callable[..., None]
) -> None:
    run("channels", "add", "live-chat", "web", "--origin", SITE)
    terminal("")
    done = run("assign", "support")
    assert done.code == 0
    assert "Nobody has a seat yet" in done.out
    (assignment,) = run("show", "support", "--json").json["definition"]["assignments"]
    assert (assignment["channel"], assignment["handoff"]["mode"]) == ("web", "stay")


def test_unassign_tells_how_many_conversations_went_to_people(run: Run, talks: tuple[Conversation, ...]) -> None:
    refused = run("delete", "support", "--yes")
    assert (refused.code, "custagent unassign support" in refused.err) == (2, True)
    done = run("unassign", "support")
    assert "support is off web" in done.out
    assert "2 conversations in progress went to people" in done.out
    assert [one["status"] for one in run("conversations", "list", "--json").json] == ["open", "open"]
    assert run("unassign", "support").code == 1
    assert run("delete", "support", "--yes").code == 0


def test_pause_and_resume(run: Run, live: Path) -> None:
    assert run("pause").code == 2
    assert run("pause", "support", "--all").code == 2
    assert run("pause", "--all", "--json").json == {"paused": ["support"]}
    assert "already" in run("pause", "support").out
    assert "support is paused" in run("status").out
    assert "support (paused)" in run("channels", "list").out
    assert run("resume", "support", "--json").json == {"resumed": ["support"]}
    assert "not paused" in run("resume", "--all").out
    assert run("pause", "nobody").code == 1


def test_conversations_are_listed_latest_first(run: Run, talks: tuple[Conversation, ...]) -> None:
    listed = run("conversations", "list", "--json").json
    assert [one["id"] for one in listed] == [talks[1].id, talks[0].id]
    assert set(listed[0]) == set(Conversation.__slots__)
    assert set(listed[0]["contact"]) == set(Contact.__slots__)
    assert len(run("conversations", "list", "--limit", "1", "--json").json) == 1
    assert run("conversations", "list", "--status", "closed", "--json").json == []
    assert run("conversations", "list", "--channel", "other").out == "There is no such conversation.\n"
    assert [line.split("\t")[2:4] for line in run("conversations", "list").out.splitlines()[1:]] == [
        ["pending", "support"], ["pending", "support"],
    ]  # fmt: skip


def test_a_conversation_prints_every_field(run: Run, talks: tuple[Conversation, ...]) -> None:
    shown = run("conversations", "show", talks[0].id, "--json").json
    assert set(shown) == {*Conversation.__slots__, "snoozed_until", "messages", "handoffs", "credit_entries"}
    assert set(shown["contact"]) == set(Contact.__slots__)
    inbound, answer = shown["messages"]
    assert set(answer) == {*Message.__slots__, "delivery", "feedback"}
    assert set(answer["citations"][0]) == set(Citation.__slots__)
    assert (answer["evidence"], answer["delivery"]) == ({"signals": {"cosine": 0.8}}, "queued")
    assert (inbound["text"], inbound["evidence"], inbound["delivery"]) == ("How long?\x1b[2J", None, None)
    (entry,) = shown["credit_entries"]
    assert set(entry) == set(CreditEntry.__slots__)
    assert (entry["conversation"], entry["amount"]) == (talks[0].id, -100)


def test_a_conversation_is_readable_in_eighty_columns(run: Run, talks: tuple[Conversation, ...]) -> None:
    shown = run("conversations", "show", talks[0].id)
    assert max(map(len, shown.out.splitlines())) <= 80
    for part in ("Ada", "pending, with support", "Credits:        100", "Contact", "answer · grounded · confidence 0.91 · queued",
                 "Thirty days.", "[1] Returns", f"{SITE}/returns#how"):  # fmt: skip
        assert part in shown.out
    assert "\x1b" not in shown.out
    done = run("conversations", "show", "nothing")
    assert (done.code, "custagent conversations list" in done.err) == (1, True)


def test_credits(run: Run, live: Path) -> None:
    assert run("credits", "balance", "--json").json["balance"] == 0
    assert "no entry yet" in run("credits", "entries").out
    with open_application(None, None) as app:
        conversations = [talk(app, key) for key in ("k1", "k2")]
    assert run("credits", "balance", "--json").json["balance"] == -200
    assert "-200 credits" in run("credits", "balance").out
    entries = run("credits", "entries", "--json").json
    assert [entry["conversation"] for entry in entries] == [one.id for one in conversations]
    assert all(set(entry) == set(CreditEntry.__slots__) for entry in entries)
    assert run("credits", "entries", "--limit", "1", "--json").json == entries[1:]
    assert run("credits", "entries").out.splitlines()[1].split("\t")[2:4] == ["charge", "-100"]


@pytest.mark.usefixtures("live")
def test_where_the_agent_only_suggests_nothing_says_that_it_answers(run: Run) -> None:
    assert "people get every conversation" in run("assign", "support", "web", "--mode", "suggest").out
    assert "web: support drafts for people" in run("status").out
    assert run("channels", "list", "--json").json[0]["suggests"]


def test_status_tells_what_needs_a_look(run: Run, talks: tuple[Conversation, ...], live: Path) -> None:
    path = live / "agents" / "support.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    done = run("status")
    assert done.code == 0
    assert "not running" in done.out
    assert "custagent run" in done.out
    assert "support answers" in done.out
    assert "2 pending, 0 open" in done.out
    assert "2 waiting" in done.out
    assert "support was changed since it was put into force" in done.err
    report = run("status", "--json").json
    assert set(report) == {
        "at", "runner", "channels", "paused", "conversations", "waiting_messages", "oldest_message_at",
        "waiting_replies", "oldest_reply_at", "dead_letters", "last_dead_letters", "credits", "indexes", "backups",
        "differences", "sync_problems", "notices", "webhooks",
    }  # fmt: skip
    assert report["conversations"] == {"pending": 2, "open": 0, "snoozed": 0, "closed": 0}
    assert report["differences"] == [{"name": "support", "kind": "changed"}]


def test_apply_names_the_workspace_and_who_lost_a_channel(
    run: Run, talks: tuple[Conversation, ...], live: Path
) -> None:
    path = live / "agents" / "support.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("assignments:")], encoding="utf-8")
    done = run("apply")
    assert "custagent.yaml: version 1, nothing changed" in done.out
    assert "2 conversations went to people" in done.out
    assert [one["name"] for one in run("list", "--json").json] == ["support"]


def test_run_serves_until_ctrl_c_and_keeps_others_out(run: Run, live: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CUSTAGENT_")}
    with subprocess.Popen(
        [sys.executable, "-m", "custagent", "run", "--port", "0"],
        cwd=live, env=kept, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as runner:  # fmt: skip
        try:
            assert runner.stdout is not None
            told = [runner.stdout.readline().strip() for _ in range(5)]
            address = told[0].removeprefix("Running at ")
            assert told[1:] == [
                "web: support answers",
                "Paste this into your pages, before </body>:",
                snippet(address, "web"),
                "Ctrl-C ends it.",
            ]
            with urlopen(f"{address}/healthz") as answer:
                assert answer.status == 200
            second = run("run", "--port", "0")
            assert (second.code, f"process {runner.pid} on" in second.err) == (1, True)
            assert run("status", "--json").json["runner"]["pid"] == runner.pid
            runner.send_signal(signal.SIGINT)
            assert runner.wait(timeout=60) == 0
            assert runner.stdout.read() == "Stopped.\n"
        finally:
            runner.kill()
    assert run("status", "--json").json["runner"] is None


def test_run_tells_when_a_port_is_taken(run: Run, live: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("run", "--port", str(taken.getsockname()[1]))
    assert (done.code, "cannot be used" in done.err) == (2, True)
