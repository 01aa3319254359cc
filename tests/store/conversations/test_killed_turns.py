"""A process that begins and commits is killed again and again: nothing acknowledged is lost, nothing is half written."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from custagent.core.message import CHARGED_KINDS, Sender
from custagent.store import Store

#: `CUSTAGENT_STRESS=1` is the long run of `nox -s stress`.
KILLS = 1000 if os.environ.get("CUSTAGENT_STRESS") == "1" else 12

#: Four threads take messages, answer them, and say what was acknowledged. Each line is one write: lines never mix.
RUNNER = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from custagent.core.conversation import Charge, Status, Threading, Turn
from custagent.core.errors import Overtaken
from custagent.core.message import DeliveryReceipt, DeliveryStatus, InboundMessage, Message, MessageKind, Sender
from custagent.store import Store

now = datetime(2026, 7, 4, tzinfo=UTC)
chat = Threading(closes_after=timedelta(hours=24), reopens=False)
run = sys.argv[2]

def work(store, thread):
    for number in range(10_000):
        external_id = f"{run}-{thread}-{number}"
        inbound = InboundMessage(
            channel="chat", external_id=external_id, contact_key=f"{number % 7}", text="hello", sent_at=now
        )
        begun = store.conversations.begin(inbound, chat, agent="ada", at=now)
        os.write(1, f"begun {external_id}\\n".encode())
        conversation = begun.conversation
        said = [
            Message(conversation=conversation.id, sender=Sender.AGENT, kind=kind, text="hi", at=now)
            for kind in (MessageKind.DISCLOSURE, MessageKind.ANSWER)
        ]
        turn = Turn(
            conversation=conversation, status=Status.CLOSED if number % 3 else Status.PENDING, messages=tuple(said),
            charge=Charge(amount=100, policy="conversation"), handled=(begun.message.id,), at=now,
        )
        try:
            written = store.conversations.commit(turn)
        except Overtaken:
            continue
        os.write(1, f"said {written[1].id}\\n".encode())
        if number % 4 == 0:
            for message in written:
                store.outbox.record(message.id, DeliveryReceipt(status=DeliveryStatus.FAILED), now)

with Store(Path(sys.argv[1]), SimpleNamespace(now=lambda: now)) as store, ThreadPoolExecutor(4) as pool:
    print("ready", flush=True)
    sys.stdin.readline()
    list(pool.map(lambda thread: work(store, thread), range(4)))
"""


def start(path: Path, run: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, path, str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def killed(tmp_path_factory, blank) -> tuple[Path, set[str], set[int]]:
    """The file that is left, the messages that were acknowledged, and the replies that were confirmed."""
    path, chance = tmp_path_factory.mktemp("killed") / "custagent.db", random.Random(11)
    path.write_bytes(blank)
    acknowledged: set[str] = set()
    for run in range(KILLS):
        process = start(path, run)
        process.stdin.write("go\n")
        process.stdin.flush()
        seen = [process.stdout.readline() for _ in range(chance.randint(1, 60))]
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate(timeout=60)
        assert errors == ""
        acknowledged |= set(("".join(seen) + rest[: rest.rfind("\n") + 1]).splitlines())
    begun = {line.removeprefix("begun ") for line in acknowledged if line.startswith("begun ")}
    said = {int(line.removeprefix("said ")) for line in acknowledged if line.startswith("said ")}
    assert begun
    assert said
    return path, begun, said


@pytest.fixture
def left(killed, clock):
    with Store(killed[0], clock) as store:
        store.check()
        yield store


def test_every_acknowledged_message_is_there_once(killed, left):
    """R1, R2."""
    stored = left._database.read(
        lambda connection: connection.execute("SELECT external_id, message FROM inbound").fetchall()
    )
    assert killed[1] <= {external_id for external_id, _ in stored}
    assert len(stored) <= len(killed[1]) + 4 * KILLS, "at most what each thread was at goes unacknowledged"
    contacts = [m for c in left.conversations.list(limit=10**6) for m in left.conversations.messages(c.id)]
    assert {m.id for m in contacts if m.sender is Sender.CONTACT} == {message for _, message in stored}


def test_no_reply_without_its_charge_and_its_place_in_the_outbox(killed, left):
    """R3, R6."""
    charges: dict[str, int] = {}
    for entry in left.ledger.entries():
        charges[entry.conversation] = charges.get(entry.conversation, 0) + entry.amount
    replies = set()
    for conversation in left.conversations.list(limit=10**6):
        messages = [m for m in left.conversations.messages(conversation.id) if m.sender is not Sender.CONTACT]
        replies |= {message.id for message in messages}
        statuses = left.outbox.statuses(conversation.id)
        assert list(statuses) == [message.id for message in messages]
        charged = [statuses[message.id].value for message in messages if message.kind in CHARGED_KINDS]
        lost = all(status == "failed" for status in charged)
        assert charges.get(conversation.id, 0) == (0 if lost else -100), charged
    assert killed[2] <= replies


def test_the_ledger_is_whole(left):
    assert left.ledger.verify() is None
    assert left.ledger.balance() == sum(entry.amount for entry in left.ledger.entries()) < 0
