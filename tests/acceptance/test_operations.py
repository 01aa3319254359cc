"""Backups under a live runner, restores that a live runner refuses, and what a runner tells and does not tell."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.conftest import QUESTION, Contact, House, RunnerProcess
from tests.runtime.test_log import CANARIES


def counted(path: Path | str) -> dict[str, int]:
    """Rows of a copy that belong together."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: connection.execute(query).fetchone()[0]
            for name, query in {
                "inbound": "SELECT count(*) FROM inbound",
                "heard": "SELECT count(*) FROM messages WHERE sender = 'contact'",
                "charged": "SELECT count(*) FROM credit_entries",
                "answered": "SELECT count(DISTINCT conversation) FROM messages WHERE kind = 'answer'",
                "sent": "SELECT count(*) FROM outbox",
                "said": "SELECT count(*) FROM messages WHERE sender = 'agent'",
            }.items()
        }


@pytest.fixture
def house(new_house: Callable[[], House]) -> House:
    return new_house()


def test_backups_while_a_runner_writes_hold_up_nobody_and_are_of_one_moment(
    house: House, start: Callable[..., RunnerProcess], record: Callable[[str], None]
) -> None:
    runner = start(house).ready()
    ended, waits = threading.Event(), list[float]()

    def talk() -> None:
        while not ended.is_set():
            began = time.monotonic()
            Contact(runner.port).send()
            waits.append(time.monotonic() - began)
            ended.wait(0.1)  # an address may not write much faster

    talkers = [threading.Thread(target=talk) for _ in range(2)]
    for talker in talkers:
        talker.start()
    try:
        copies = [house.json("backup") for _ in range(3)]
    finally:
        ended.set()
        for talker in talkers:
            talker.join()
    found = [counted(copy["path"]) for copy in copies]
    for copy in found:
        assert copy["heard"] == copy["inbound"]
        assert copy["said"] == copy["sent"]
        assert copy["charged"] == copy["answered"]
    heard = [copy["heard"] for copy in found]
    assert heard == sorted(heard)
    assert heard[-1] > heard[0], "messages were taken while the copies were made"
    record(f"longest accept while three backups were taken: {max(waits):.2f} s of {len(waits)} messages")
    assert runner.stop()[0] == 0


def test_a_restore_waits_until_the_runner_has_ended_and_the_next_one_goes_on(
    house: House, start: Callable[..., RunnerProcess]
) -> None:
    runner = start(house).ready()
    early = Contact(runner.port)
    early.wait_for_reply(early.send())
    name = Path(house.json("backup")["path"]).name
    late = Contact(runner.port)
    last = late.send()
    late.wait_for_reply(last)
    refused = house.custagent("restore", name, "--yes")
    assert refused.returncode == 1
    assert f"process {runner.process.pid} on" in refused.stderr
    assert len(house.json("conversations", "list")) == 2
    assert runner.stop()[0] == 0
    done = house.json("restore", name, "--yes")
    assert (done["result"]["before"]["conversations"], done["result"]["after"]["conversations"]) == (2, 1)
    assert done["to_index"] == ["support"]
    assert house.custagent("sources", "sync", "support").returncode == 0
    again = start(house).ready()
    # A browser that was there before hears the answer: no number of a message is given twice.
    late.port = early.port = again.port
    for contact in (early, late):
        sent = contact.send()
        assert sent > last
        assert contact.wait_for_reply(sent)["text"].startswith("Two years")
    assert house.custagent("credits", "verify").returncode == 0
    assert again.stop()[0] == 0


def test_a_killed_runners_damaged_database_is_refused_and_put_back(
    house: House, start: Callable[..., RunnerProcess]
) -> None:
    """The drill: a backup, a crash, a damaged file, the command that is named, and all goes on."""
    runner = start(house).ready()
    contact = Contact(runner.port)
    contact.wait_for_reply(contact.send())
    house.json("backup")
    runner.kill()
    for log in house.home.state_folder.glob("*-wal"):
        log.unlink()
    content = bytearray(house.home.database.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    house.home.database.write_bytes(content)
    code, told = start(house).ends()
    assert code == 1
    assert "is damaged" in told
    (command,) = (line for line in told.splitlines() if line.startswith("custagent restore "))
    assert house.custagent(*command.split()[1:], "--yes").returncode == 0
    again = start(house).ready()
    contact.port = again.port
    contact.wait_for_reply(contact.send())
    assert again.stop()[0] == 0


class TestWhatARunnerTells:
    #: What a contact writes: a name, addresses, a number, and words.
    WORDS = f"{QUESTION} I am Ada Lovelace, ada@example.org, +46 70 123 45 67, order zebra-4711"
    SECRETS = ("Ada", "Lovelace", "ada@", "example.org", "123 45 67", "zebra", "warranty", "Two years")

    @pytest.fixture
    def run(self, house: House, start: Callable[..., RunnerProcess]) -> Callable[..., tuple[str, int]]:
        """A runner with these options, one contact who is answered: what it told, and the message's number."""

        def one(*options: str) -> tuple[str, int]:
            house.environment = {f"SERVICE_{number}_SECRET": canary for number, canary in enumerate(CANARIES)}
            runner = start(house, options=options).ready()
            contact = Contact(runner.port)
            sent = contact.send(f"{self.WORDS} {CANARIES[0]}")
            contact.wait_for_reply(sent)
            with urlopen(f"{runner.address}/metrics") as response:
                figures = response.read().decode()
            assert 'custagent_turns_total{channel="website",decision="answer"} 1' in figures
            assert not any(word in figures for word in (*self.SECRETS, *CANARIES))
            deadline = time.monotonic() + 30
            while house.waiting() != (0, 0):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            code, told = runner.stop()
            assert code == 0
            return told, sent

        return one

    def test_each_event_with_its_numbers_and_no_word_of_anybody(self, house: House, run) -> None:
        told, sent = run("--log-format", "json")
        lines = [json.loads(line) for line in told.splitlines()]
        (conversation,) = (one["id"] for one in house.json("conversations", "list"))
        events = {line["event"]: line for line in lines}
        assert {line.get("conversation") for line in lines} == {conversation}
        assert events["received"]["message"] == sent
        assert events["answered"]["decision"] == "answer"
        assert 0 <= events["answered"]["seconds"] < 60
        assert events["delivered"]["status"] == "sent"
        assert not any(word in told for word in (*self.SECRETS, *CANARIES))

    def test_texts_on_request_and_never_a_secret(self, run) -> None:
        told, _ = run("--log-texts")
        assert "zebra-4711" in told
        assert "Two years" in told
        assert not any(canary in told for canary in CANARIES)

    def test_only_what_is_wrong(self, run) -> None:
        told, _ = run("--log-level", "warning")
        assert told == ""


def test_the_figures_are_for_this_machine(house: House, start: Callable[..., RunnerProcess]) -> None:
    from urllib.error import HTTPError

    runner = start(house).ready()
    with urlopen(f"{runner.address}/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Host": "chat.example.com"}):
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(f"{runner.address}/metrics", headers=headers))
    assert runner.stop()[0] == 0
