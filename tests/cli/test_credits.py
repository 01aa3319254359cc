"""The commands for the ledger, as people type them: what they print, write and end with."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custagent.conversation.lifecycle import threading_of
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Status, Turn
from custagent.core.credit import CreditEntry
from custagent.core.message import InboundMessage, Message, MessageKind, Sender
from custagent.runtime.bootstrap import open_application
from custagent.runtime.figures.credit_rules import CreditRules

#: Runs a command; what it printed and ended with (conftest).
Run = Callable[..., Any]


@pytest.fixture
def live(run: Run, workspace: Path) -> Path:
    """A workspace in which support answers on web."""
    assert run("channels", "add", "live-chat", "web", "--origin", "https://www.northwind.example").code == 0
    assert run("assign", "support", "web").code == 0
    return workspace


@pytest.fixture
def settle_on(live: Path, run: Run) -> Callable[[str], None]:
    """Put a `credits:` block into force."""

    def write(block: str) -> None:
        with (live / "custagent.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\ncredits: {block}\n")
        assert run("apply").code == 0

    return write


@pytest.fixture
def talk(live: Path) -> Callable[..., Conversation]:
    """A contact asks and the agent answers."""

    def talk(key: str = "k1") -> Conversation:
        with open_application(None, None) as app:
            now = app.clock.now()
            inbound = InboundMessage(channel="web", external_id=key, contact_key=key, text="How long?", sent_at=now)
            begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
            said = Message(
                conversation=begun.conversation.id, sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Thirty days.",
                at=now,
            )  # fmt: skip
            turn = Turn(
                conversation=begun.conversation, status=Status.PENDING, messages=(said,),
                charge=CreditRules(app).charge_of(begun.conversation), handled=(begun.message.id,), at=now,
            )  # fmt: skip
            app.store.conversations.commit(turn)
            return begun.conversation

    return talk


def test_the_balance_where_nothing_limits_it(run, live, talk):
    talk()
    done = run("credits", "balance")
    assert done.out.splitlines()[:2] == ["Balance:    -100 credits", "Policy:     conversation, 100 credits each"]
    assert "Nothing limits usage: it is counted." in done.out
    found = run("credits", "balance", "--json").json
    assert (found["balance"], found["limited"], found["available"], found["is_out"]) == (-100, False, None, False)


def test_the_balance_under_limits_and_at_its_end(run, settle_on, talk):
    settle_on("{allowance: 250, cap: 2000}")
    talk("k1")
    done = run("credits", "balance")
    assert "Allowance:  250 a month, 150 of it left" in done.out
    assert "Cap:        2000 a month" in done.out
    assert "Available:  150, enough for 1 new conversation (40 % used)" in done.out
    talk("k2")
    done = run("credits", "balance")
    assert "used up: 50 are left" in done.err
    assert "no new conversation fits" in done.err
    assert "custagent credits grant 1000 --reason TEXT" in done.err


def test_granting(run, live):
    done = run("credits", "grant", "1000", "--reason", "Invoice 4711", "--key", "invoice-4711")
    assert done.out.splitlines() == [
        "Added 1000 credits (entry 1). The balance is 1000.",
        "Nothing limits usage yet: custagent.yaml has no `credits:` block.",
    ]
    again = run("credits", "grant", "1000", "--reason", "Invoice 4711", "--key", "invoice-4711")
    assert again.out.startswith("Added before, as entry 1: nothing was changed.")
    assert run("credits", "grant", "5", "--reason", "x", "--key", "invoice-4711").code == 1
    told = run("credits", "grant", "5", "--reason", "pack", "--json").json
    assert (told["entry"]["amount"], told["new"], told["balance"]) == (5, True, 1005)
    assert run("credits", "grant", "5").code == 2
    assert run("credits", "grant", "0", "--reason", "x").code == 2


def test_entries_of_one_conversation_or_the_last_ones(run, talk):
    talk("k1")
    one = talk("k2")
    run("credits", "grant", "500", "--reason", "pack", "--key", "p")
    every = run("credits", "entries", "--json").json
    assert run("credits", "entries", "--limit", "2", "--json").json == every[1:]
    assert run("credits", "entries", "--conversation", one.id, "--json").json == [every[1]]
    assert run("credits", "entries").out.splitlines()[-1].split("\t")[2:] == [
        "grant", "500", "", "conversation", "topup:p",
    ]  # fmt: skip


def test_explaining(run, talk):
    conversation = talk()
    done = run("credits", "explain", conversation.id)
    assert "100 credits were charged (entry 1): reply 2 is the first that costs something" in done.out
    assert "[CRED-1]" in done.out
    assert done.out.splitlines()[-1] == "In all:           100 credits"
    found = run("credits", "explain", conversation.id, "--json").json
    assert (found["cost"], found["policy"], [one["rule"] for one in found["sentences"]]) == (
        100, "conversation", ["CRED-4", "CRED-1"],
    )  # fmt: skip
    missing = run("credits", "explain", "nothing")
    assert (missing.code, "custagent conversations list" in missing.err) == (1, True)


def test_replaying(run, live, talk):
    conversation = talk()
    done = run("credits", "replay")
    assert [line.split("\t") for line in done.out.splitlines()[:4]] == [
        ["Policy", "Price", "Conversations", "Charged", "Credits"],
        ["conversation", "100", "1", "1", "100"],
        ["reopen-free", "100", "1", "1", "100"],
        ["resolution", "50", "1", "0", "0"],
    ]
    assert (done.code, "The ledger is as it should be: 1 entry compared." in done.out) == (0, True)
    with open_application(None, None) as app:
        app.store.ledger.reverse(conversation.id, app.clock.now())
    done = run("credits", "replay", "--policy", "conversation", "--since", "1d")
    assert (done.code, "nothing asks for entry 2" in done.err) == (1, True)
    done = run("credits", "replay", "--json")
    assert (done.code, len(done.json["differences"])) == (1, 1)
    assert run("credits", "replay", "--from", "nonsense").code == 2


def test_verifying(run, live, talk):
    assert run("credits", "verify").out.splitlines() == ["0 entries in order."]
    for number in range(3):
        talk(f"k{number}")
    found = run("credits", "verify", "--json").json
    assert (found["entries"], found["damaged"], found["in_order"]) == (3, None, True)
    head = found["head"]
    talk("k9")
    done = run("credits", "verify", "--head", head)
    assert (done.code, "is entry 3; 1 entry since." in done.out) == (0, True)
    done = run("credits", "verify", "--head", "0" * 64)
    assert (done.code, "no entry has the hash that you gave" in done.err) == (1, True)
    assert run("credits", "verify", "--head", "0" * 64, "--json").json["in_order"] is False


def test_a_flipped_byte_is_named_although_nothing_else_opens_the_file(run, live, talk):
    conversations = [talk(f"k{number}") for number in range(3)]
    path = live / ".custagent" / "custagent.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    at = data.index(f"charge:{conversations[1].id}:1charge".encode()) + len(f"charge:{conversations[1].id}:1")
    data[at] ^= 0x01
    path.write_bytes(data)
    done = run("credits", "verify")
    assert done.code == 1
    assert "entry 2 is damaged: it is not what it was when it was written" in done.err
    assert "custagent restore" in done.err
    assert run("credits", "balance").code == 1


def test_exporting(run, live, talk, tmp_path):
    for number in range(2):
        talk(f"k{number}")
    entries = run("credits", "entries", "--json").json
    done = run("credits", "export")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert list(rows[0]) == list(CreditEntry.__slots__)
    assert [row["hash"] for row in rows] == [entry["hash"] for entry in entries]
    assert f"Head: {entries[-1]['hash']}" in done.err
    file = tmp_path / "ledger.json"
    assert run("credits", "export", "--format", "json", "--output", str(file)).code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "head": entries[-1]["hash"], "balance": -200, "entries": entries,
    }  # fmt: skip
    again = run("credits", "export", "--output", str(file))
    assert (again.code, "Name a new file" in again.err) == (2, True)
