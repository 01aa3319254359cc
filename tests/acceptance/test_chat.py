"""The live chat over HTTP, with the real `custagent run` behind it."""

from __future__ import annotations

import uuid

import pytest

QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."


@pytest.fixture(scope="module")
def house(new_house):
    return new_house()


@pytest.fixture(scope="module")
def runner(house, start):
    return start(house).ready()


@pytest.fixture
def visitor(runner, contact):
    return contact(runner.port)


def test_a_question_is_answered_on_the_stream(house, visitor):
    asked = visitor.send()
    reply = visitor.wait_for_reply(asked)
    assert (reply["kind"], reply["sender"], reply["text"]) == ("answer", "agent", ANSWER)
    kinds = [kind for _, kind, _ in house.threads()[visitor.key]]
    assert kinds == ["inbound", "disclosure", "answer"]
    assert [message["id"] for message in visitor.heard] == [number for number, _, _ in house.threads()[visitor.key]]


def test_coming_back_brings_what_was_missed_and_nothing_twice(visitor):
    first = visitor.wait_for_reply(visitor.send())
    # Away, while the next answer is given.
    asked = visitor.send()
    another = type(visitor)(visitor.port)
    another.token = visitor.token
    assert another.wait_for_reply(asked)["id"] > asked
    visitor.wait_for_reply(asked)
    ids = [message["id"] for message in visitor.heard]
    assert ids == sorted(set(ids))
    assert [message["kind"] for message in visitor.heard] == ["inbound", "disclosure", "answer", "inbound", "answer"]
    assert first["id"] in ids
    # A browser that lost its memory gets the whole thread.
    assert [message["id"] for message in another.heard] == ids


def test_the_same_message_sent_again_is_the_same_message(house, visitor):
    client_id = str(uuid.uuid4())
    answers = [visitor.post(QUESTION, client_id) for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert answers[0][0] == 202
    visitor.wait_for_reply(answers[0][1]["id"])
    # And when it was answered long ago.
    assert visitor.post(QUESTION, client_id) == answers[0]
    assert [kind for _, kind, _ in house.threads()[visitor.key]] == ["inbound", "disclosure", "answer"]


def test_what_a_contact_says_is_masked_before_it_is_kept(house, visitor):
    visitor.wait_for_reply(visitor.send("My card is 4111 1111 1111 1111, how long is the warranty?"))
    (_, _, text), *_ = house.threads()[visitor.key]
    assert "4111" not in text
    files = [file for file in house.home.state_folder.rglob("*") if file.is_file()]
    assert not any(b"4111 1111" in file.read_bytes() for file in files)


def test_the_commands_show_the_conversation_and_its_one_charge(house, visitor):
    visitor.wait_for_reply(visitor.send())
    visitor.wait_for_reply(visitor.send())
    (conversation,) = [
        one for one in house.json("conversations", "list") if one["contact"]["key"] == visitor.key
    ]  # fmt: skip
    shown = house.json("conversations", "show", conversation["id"])
    assert [message["kind"] for message in shown["messages"]] == [
        "inbound", "disclosure", "answer", "inbound", "answer",
    ]  # fmt: skip
    assert shown["messages"][2]["evidence"]["passages"][0]["text"] == ANSWER
    assert shown["messages"][2]["delivery"] == "sent"
    entries = [one for one in house.json("credits", "entries") if one["conversation"] == conversation["id"]]
    assert [(entry["kind"], entry["amount"]) for entry in entries] == [("charge", -100)]


def test_pausing_reaches_the_runner_with_the_next_message(house, visitor):
    visitor.wait_for_reply(visitor.send())
    assert house.custagent("pause", "support").returncode == 0
    try:
        reply = visitor.wait_for_reply(visitor.send())
    finally:
        assert house.custagent("resume", "support").returncode == 0
    assert reply["kind"] == "handoff-unavailable"
    assert visitor.wait_for_reply(visitor.send())["kind"] == "answer"


def test_killed_in_the_middle_it_loses_and_doubles_nothing(new_house, start, contact):
    house = new_house()
    runner = start(house, lease=0.5).ready()
    visitor = contact(runner.port)
    visitor.wait_for_reply(visitor.send())
    # Taken, and killed at once: the answer may be there, half made, or not begun.
    asked = visitor.send()
    runner.kill()
    assert house.inbound()[list(visitor.acknowledged)[-1]] == asked
    start(house, port=runner.port, lease=0.5).ready()
    assert visitor.wait_for_reply(asked)["text"] == ANSWER
    kinds = [kind for _, kind, _ in house.threads()[visitor.key]]
    assert kinds == ["inbound", "disclosure", "answer", "inbound", "answer"]
    ids = [message["id"] for message in visitor.heard]
    assert ids == sorted(set(ids))
    assert [amount for _, amount in house.charges()] == [-100]
