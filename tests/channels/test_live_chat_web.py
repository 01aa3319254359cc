"""The live chat's routes over HTTP: who may call, what is written down, and what nobody else gets to see."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
from typing import Any

import httpx
import pytest

from custagent.channels.live_chat.chat import Hello

SHOP = "https://shop.example"
ID = "0d7e5c1a-9b1f-4f57-9a8a-0f5d6f0d9c11"


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_session_is_a_token_and_nothing_is_kept_of_it(on, thread) -> None:
    async def scene(client, server) -> None:
        headers = {"Origin": server.origin}
        first, second = [await client.post("/chat/website/session", headers=headers) for _ in range(2)]
        assert first.status_code == 201
        assert re.fullmatch(r"[\w-]{43}", first.json()["token"])
        assert first.json() != second.json()
        assert first.headers["Cache-Control"] == "no-store"

    on(scene)
    assert thread.written == []


def test_a_message_is_acknowledged_when_it_is_written_down(on, thread, visiting) -> None:
    seen_before_reply = []

    async def look() -> None:
        seen_before_reply.append(thread.texts())

    thread.before_reply = look

    async def scene(client, _server) -> None:
        visitor = visiting(client)
        response = await visitor.send("Hello", ID)
        assert (response.status_code, response.json()) == (202, {"id": 1})
        assert [(one.contact_key, one.external_id, one.channel) for one in thread.inbound] == [
            (visitor.key, ID, "website")
        ]

    on(scene)
    assert seen_before_reply == [["Hello"]]


def test_the_token_itself_is_never_handed_on(on, thread, visiting) -> None:
    async def scene(client, _server) -> str:
        visitor = visiting(client)
        await visitor.send("Hello")
        return visitor.token

    token = on(scene)
    assert token not in repr(thread.inbound) + repr(thread.written)
    assert thread.keys() == [hashlib.sha256(token.encode()).hexdigest()]


def test_the_same_message_twice_is_one_message_with_one_answer(on, thread, visiting) -> None:
    async def scene(client, _server) -> None:
        visitor = visiting(client)
        responses = await asyncio.gather(*(visitor.send("Hello", ID) for _ in range(5)))
        assert {response.status_code for response in responses} == {202}
        assert {response.json()["id"] for response in responses} == {1}

    on(scene)
    assert thread.texts() == ["Hello"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"{", {}, (400, "not-json")),
        (json.dumps({"client_msg_id": ID, "text": " "}).encode(), {}, (400, "empty")),
        (b"x" * 20_000, {}, (413, "too-large")),
        (b"{}", {"Content-Type": "text/plain"}, (415, "not-json")),
        (b"{}", {"Content-Type": ""}, (415, "not-json")),
        (b"{}", {"Authorization": ""}, (401, "no-token")),
        (b"{}", {"Authorization": "Bearer c1"}, (401, "no-token")),
    ],
)
def test_a_bad_request_is_refused_in_words(*, on, thread, visiting, body, headers, expected) -> None:
    async def scene(client, _server) -> None:
        sent = {**visiting(client).headers, "Content-Type": "application/json", **headers}
        assert error(await client.post("/chat/website/messages", content=body, headers=sent)) == expected

    on(scene)
    assert thread.written == []


def test_a_body_that_lies_about_its_length_is_cut_off(on, visiting) -> None:
    async def scene(client, _server) -> None:
        async def endless():
            for _ in range(1000):
                yield b"x" * 1000

        headers = {**visiting(client).headers, "Content-Type": "application/json"}
        assert error(await client.post("/chat/website/messages", content=endless(), headers=headers)) == (
            413,
            "too-large",
        )

    on(scene)


def test_a_body_that_never_comes_is_given_up(on, thread) -> None:
    async def scene(_client, server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = (
            f"POST /chat/website/messages HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.origin}\r\n"
            f"Authorization: Bearer {'t' * 43}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        )
        writer.write(head.encode() + b'{"text"')
        async with asyncio.timeout(60):
            assert b" 408 " in await reader.readline()
        writer.close()

    on(scene, body_timeout=0.05)
    assert thread.written == []


@pytest.mark.parametrize("call", ["messages", "email", "events", "feedback"])
def test_without_a_token_nothing_is_served(on, call) -> None:
    async def scene(client, server) -> None:
        method = "GET" if call == "events" else "POST"
        response = await client.request(method, f"/chat/website/{call}", headers={"Origin": server.origin})
        assert error(response) == (401, "no-token")

    on(scene)


@pytest.mark.parametrize("broken_call", ["messages", "hello"])
def test_a_database_that_is_away_means_come_back_soon(on, thread, visiting, broken_call) -> None:
    async def scene(client, _server) -> None:
        visitor = visiting(client)
        thread.broken = True
        if broken_call == "messages":
            response = await visitor.send("Hello", ID)
        else:
            response = await client.get("/chat/website/hello", headers=visitor.headers)
        assert error(response) == (503, "busy")
        assert int(response.headers["Retry-After"]) > 0
        assert "disk" not in response.text
        thread.broken = False
        assert (await visitor.send("Hello", ID)).status_code == 202

    on(scene)


def test_hello_tells_who_is_there_in_the_wanted_language(on, thread) -> None:
    async def scene(client, server) -> dict[str, Any]:
        query = {"locale": "sv-SE,en,nonsense!," + ",".join(["de"] * 50)}
        return (await client.get("/chat/website/hello", params=query)).json()

    shown = on(scene, heartbeat=15.0)
    assert shown == {
        "agent": "Spoke",
        "company": "Hjulvinda",
        "greeting": "Hello! How can I help you today?",
        "disclosure": "You are chatting with an AI assistant. Its answers may contain errors.",
        "language": "en",
        "state": {"holder": "agent", "name": "Spoke", "initials_of": "", "photo": ""},
        "email_offer": True,
        "max_text": 4000,
        "heartbeat": 15.0,
        "look": ["#3b48c8", "#ffffff", "", ""],
        "words": {},
        "ask": [],
        "identity": "optional",
        "attachments": None,
        "transcript": False,
    }
    assert thread.asked_languages[0][:2] == ["sv", "en"]
    assert len(thread.asked_languages[0]) <= 8


def test_an_email_address_may_be_left(on, thread, visiting) -> None:
    async def scene(client, _server) -> str:
        visitor = visiting(client)
        bad = await client.post("/chat/website/email", json={"email": "anna"}, headers=visitor.headers)
        assert error(bad) == (400, "not-an-email")
        good = await client.post("/chat/website/email", json={"email": "anna@shop.example"}, headers=visitor.headers)
        assert good.status_code == 204
        return visitor.key

    key = on(scene)
    assert thread.emails == [(key, "anna@shop.example")]


def test_a_connection_that_ends_in_the_middle_of_a_body_harms_nobody(on, thread, visiting) -> None:
    async def scene(client, server) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(
                f"POST /chat/website/messages HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.origin}\r\n"
                f"Authorization: Bearer {'t' * 43}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode()
            )
        assert (await visiting(client).send("Hello")).status_code == 202

    on(scene)
    assert thread.texts() == ["Hello"]


def test_where_people_alone_answer_nothing_is_said_of_an_ai(on, thread) -> None:
    thread.hello_words = Hello(agent="", company="Hjulvinda", greeting="Hi!", disclosure="", language="en")

    async def scene(client, _server) -> dict[str, Any]:
        return (await client.get("/chat/website/hello")).json()

    assert on(scene)["disclosure"] == on(scene)["agent"] == ""
