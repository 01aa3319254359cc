"""Thumbs over HTTP: what is taken, whose replies they are about, how often, and how they come back with the stream."""

from __future__ import annotations

import json

import httpx
import pytest

from custagent.channels.limits import Limits, Rate
from custagent.channels.live_chat.chat import LiveChat, Refusal, parse_feedback, render
from custagent.core.message import CHARGED_KINDS, MessageKind, Sender, Verdict

UP, DOWN = Verdict.UP, Verdict.DOWN


@pytest.fixture
def asked(thread):
    """A contact with a question and an answer: messages 1 and 2."""
    thread.replies = lambda _: [{"text": "Two years."}]
    return thread


async def give(visitor, message: object, verdict: object, **headers: str) -> tuple[int, str]:
    body = {"message": message, "verdict": verdict}
    response: httpx.Response = await visitor.client.post(
        f"{visitor.base}/feedback", json=body, headers={**visitor.headers, **headers}
    )
    return response.status_code, response.json()["error"]["code"] if response.content else ""


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"message": 7, "verdict": "up"}, (7, UP)),
        ({"message": 7, "verdict": "down"}, (7, DOWN)),
        ({"message": 7, "verdict": ""}, (7, None)),
        ({"message": 2**63 - 1, "verdict": "up"}, (2**63 - 1, UP)),
    ],
)
def test_a_verdict_is_read(sent, taken) -> None:
    assert parse_feedback(json.dumps(sent).encode()) == taken


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no-message"),
        (b"[]", "no-message"),
        (b'{"verdict": "up"}', "no-message"),
        *((json.dumps({"message": one, "verdict": "up"}).encode(), "no-message") for one in ("7", 0, -1, 2**63, True, 1.0)),
        *((json.dumps({"message": 7, "verdict": one}).encode(), "no-verdict") for one in ("UP", "maybe", None, 1, ["up"])),
    ],
)  # fmt: skip
def test_what_is_no_verdict_is_refused(body, code) -> None:
    refused = parse_feedback(body)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (400, code)


def test_the_last_word_counts(on, asked, visiting) -> None:
    async def scene(client, _server) -> None:
        visitor = visiting(client)
        await visitor.send("How long?")
        for verdict, kept in (("up", {2: UP}), ("up", {2: UP}), ("down", {2: DOWN}), ("", {})):
            assert await give(visitor, 2, verdict) == (204, "")
            assert asked.verdicts == kept

    on(scene)


def test_replies_to_others_and_what_nobody_is_asked_about_are_one_refusal(on, asked, visiting) -> None:
    asked.replies = lambda _: [{"text": "Hello!", "kind": MessageKind.GREETING}, {"text": "Two years."}]

    async def scene(client, _server) -> None:
        mine, other = visiting(client), visiting(client)
        await mine.send("How long?")
        await other.send("And I?")
        # My own question, a greeting, the other's reply, a message that is not there.
        for message in (1, 2, 6, 99):
            assert await give(mine, message, "down") == (404, "not-yours")
        assert await give(mine, 3, "down") == (204, "")

    on(scene)
    assert asked.verdicts == {3: DOWN}


def test_a_visitor_without_a_token_or_from_elsewhere_judges_nothing(on, asked, visiting) -> None:
    async def scene(client, _server) -> None:
        visitor = visiting(client)
        await visitor.send("How long?")
        assert await give(visitor, 2, "up", Authorization="Bearer none") == (401, "no-token")
        assert await give(visitor, 2, "up", Origin="https://evil.example") == (403, "origin")
        assert await give(visiting(client), 2, "up") == (404, "not-yours")

    on(scene)
    assert asked.verdicts == {}


def test_thumbs_come_no_faster_than_messages(on, asked, visiting) -> None:
    plenty = Rate(count=1000, seconds=1, burst=1000)
    limits = Limits(
        visitor_pace=Rate(count=1, seconds=60, burst=3), visitor_messages=plenty, address_messages=plenty,
        address_sessions=plenty, address_requests=plenty,
    )  # fmt: skip

    async def scene(client, _server) -> None:
        visitor = visiting(client)
        await visitor.send("How long?")
        told = [await give(visitor, 2, verdict) for verdict in ("up", "down", "up")]
        assert told == [(204, ""), (204, ""), (429, "too-many")]

    on(scene, limits=limits)
    assert asked.verdicts == {2: DOWN}


def test_a_database_that_does_not_answer_is_told_as_busy(on, asked, visiting) -> None:
    async def scene(client, _server) -> None:
        visitor = visiting(client)
        await visitor.send("How long?")
        asked.broken = True
        assert await give(visitor, 2, "up") == (503, "busy")

    on(scene)


def test_the_stream_brings_the_verdicts_back(on, asked, visiting) -> None:
    def shown(heard: list) -> dict:
        return {one["value"]["id"]: one["value"]["feedback"] for one in heard if one["name"] == "message"}

    async def scene(client, _server) -> None:
        visitor = visiting(client)
        await visitor.send("How long?")
        await visitor.send("And used ones?")
        assert shown(await visitor.listen(until=lambda heard: heard[-1]["name"] == "live")) == {
            1: None, 2: "", 3: None, 4: ""
        }  # fmt: skip
        await give(visitor, 4, "down")
        again = await visitor.listen(2, until=lambda heard: heard[-1]["name"] == "live")
        assert shown(again) == {3: None, 4: "down"}

    on(scene)


@pytest.mark.parametrize("sender", list(Sender))
@pytest.mark.parametrize("kind", list(MessageKind))
def test_only_what_the_agent_replied_is_asked_about(thread, sender, kind) -> None:
    said = thread.say("x", to="k", sender=sender, kind=kind)
    judged = sender is Sender.AGENT and kind in CHARGED_KINDS
    assert render(said, verdicts={})["feedback"] == ("" if judged else None)
    assert render(said, verdicts={said.id: UP})["feedback"] == ("up" if judged else None)
    assert render(said)["feedback"] is None


def test_a_chat_may_ask_nobody(on, thread, visiting, serve) -> None:
    chat = thread.chat(feedback=False)
    assert isinstance(chat, LiveChat)
    thread.chat = lambda *_, **__: chat

    async def scene(client, _server) -> None:
        visitor = visiting(client)
        thread.replies = lambda _: [{"text": "Two years."}]
        await visitor.send("How long?")
        assert await give(visitor, 2, "up") == (404, "no-feedback")
        heard = await visitor.listen(until=lambda heard: heard[-1]["name"] == "live")
        assert [one["value"]["feedback"] for one in heard if one["name"] == "message"] == [None, None]

    on(scene)
