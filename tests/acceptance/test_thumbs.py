"""Thumbs and put-back replies, with the real `custagent run` and the real commands beside it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from http.client import HTTPConnection

import pytest


@pytest.fixture(scope="module")
def house(new_house):
    return new_house()


@pytest.fixture(scope="module")
def runner(house, start):
    return start(house).ready()


@pytest.fixture
def visitor(runner, contact):
    return contact(runner.port)


def judge(visitor, message: int, verdict: str) -> int:
    with closing(HTTPConnection("127.0.0.1", visitor.port, timeout=30)) as connection:
        body = json.dumps({"message": message, "verdict": verdict})
        connection.request("POST", "/chat/website/feedback", body, visitor.headers)
        return connection.getresponse().status


def test_a_thumb_is_there_after_a_reload_and_in_show(house, visitor, contact):
    reply = visitor.wait_for_reply(visitor.send())
    assert reply["feedback"] == ""
    assert [judge(visitor, reply["id"], verdict) for verdict in ("up", "down")] == [204, 204]
    again = contact(visitor.port)
    again.token = visitor.token
    again.catch_up()
    assert {one["id"]: one["feedback"] for one in again.heard}[reply["id"]] == "down"
    with house.rows() as rows:
        (conversation,) = rows.execute("SELECT conversation FROM messages WHERE id = ?", (reply["id"],)).fetchone()
    assert "thumbs down" in house.custagent("conversations", "show", conversation).stdout
    shown = {one["id"]: one["feedback"] for one in house.json("conversations", "show", conversation)["messages"]}
    assert shown[reply["id"]] == "down"
    stranger = contact(visitor.port)
    assert judge(stranger, reply["id"], "up") == 404


def test_the_running_runner_sends_what_a_command_puts_back(house, visitor, wait_until):
    """A dead letter, made by hand as a provider would have made it, and its charge given back."""
    reply = visitor.wait_for_reply(visitor.send())

    def status() -> str:
        with house.rows() as rows:
            (found,) = rows.execute("SELECT status FROM outbox WHERE message = ?", (reply["id"],)).fetchone()
            return str(found)

    wait_until(lambda: status() == "sent")
    with closing(sqlite3.connect(house.home.database, timeout=30)) as connection, connection:
        connection.execute("UPDATE outbox SET status = 'failed', error = 'gone' WHERE message = ?", (reply["id"],))
    assert [one["id"] for one in house.json("outbox", "list", "--status", "failed")] == [reply["id"]]
    done = house.custagent("outbox", "retry", "--all-failed")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: status() == "sent")
    assert house.json("outbox", "list") == []
