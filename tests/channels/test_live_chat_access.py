"""Who may call the live chat: origins, tokens, and how often."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest

from custagent.channels.limits import Limits, Rate
from custagent.channels.live_chat.chat import Header, Holder

SHOP = "https://shop.example"
ID = "0d7e5c1a-9b1f-4f57-9a8a-0f5d6f0d9c11"


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# Origins: (what is listed, what is called from, whether it is served)
ORIGINS = [
    ((), "own", True),
    ((), SHOP, False),
    ((SHOP,), SHOP, True),
    ((SHOP,), "own", True),
    ((SHOP,), "HTTPS://SHOP.example:443", True),
    (("https://Shop.example:443",), SHOP, True),
    ((SHOP,), "http://shop.example", False),
    ((SHOP,), "https://shop.example:8443", False),
    ((SHOP,), "https://www.shop.example", False),
    ((SHOP,), "https://shop.example.evil.example", False),
    ((SHOP,), "https://evil.example", False),
    ((SHOP,), "null", False),
    ((SHOP,), "*", False),
    ((SHOP,), "", False),
    (("null", "*"), "null", False),
    (("null", "*"), "https://evil.example", False),
]


def test_a_uuid_of_another_visitor_gives_nothing_away_and_takes_nothing(on, thread, visiting) -> None:
    async def scene(client, _server) -> None:
        assert (await visiting(client).send("My secret", ID)).status_code == 202
        response = await visiting(client).send("Mine", ID)
        assert error(response) == (409, "id-taken")
        assert "secret" not in response.text

    on(scene)
    assert thread.texts() == ["My secret"]


@pytest.mark.parametrize(("listed", "origin", "served"), ORIGINS)
def test_every_call_is_open_to_listed_sites_and_own_pages_only(on, visiting, listed, origin, served) -> None:
    async def scene(client, server) -> None:
        named = server.origin if origin == "own" else origin
        headers = {**visiting(client).headers, "Origin": named, "Content-Type": "application/json"}
        calls = [
            ("POST", "session", {}, 201),
            ("POST", "messages", {"client_msg_id": str(uuid.uuid4()), "text": "Hello"}, 202),
            ("POST", "email", {"email": "a@b.example"}, 204),
            ("POST", "feedback", {"message": 1, "verdict": "up"}, 404),
            ("GET", "hello", None, 200),
            ("OPTIONS", "messages", None, 204),
            ("OPTIONS", "events", None, 204),
        ]
        for method, path, body, status in calls:
            content = None if body is None else json.dumps(body)
            response = await client.request(method, f"/chat/website/{path}", content=content, headers=headers)
            assert response.status_code == (status if served else 403), (method, path)
            assert response.headers["Vary"] == "Origin"
            assert response.headers.get("Access-Control-Allow-Origin") == (named if served else None)
            assert "Access-Control-Allow-Credentials" not in response.headers
        async with client.stream("GET", "/chat/website/events", headers=headers) as response:
            assert response.status_code == (200 if served else 403)

    on(scene, *listed)


def test_a_preflight_allows_what_the_widget_sends(on) -> None:
    async def scene(client, _server) -> None:
        response = await client.options("/chat/website/messages", headers={"Origin": SHOP})
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert response.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, Last-Event-ID"

    on(scene, SHOP)


@pytest.mark.parametrize(
    ("site", "status"), [(None, 200), ("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)]
)
def test_a_get_without_an_origin_comes_from_an_own_page(on, site, status) -> None:
    async def scene(client, _server) -> None:
        headers = {} if site is None else {"Sec-Fetch-Site": site}
        assert (await client.get("/chat/website/hello", headers=headers)).status_code == status
        assert error(await client.post("/chat/website/session")) == (403, "origin")

    on(scene, SHOP)


def test_a_channel_that_is_not_there_has_no_routes(on, visiting) -> None:
    async def scene(client, server) -> None:
        for method, path in (("POST", "session"), ("POST", "messages"), ("GET", "events"), ("GET", "hello")):
            response = await client.request(method, f"/chat/other/{path}", headers={"Origin": server.origin})
            assert error(response) == (404, "no-chat")
        assert (await client.get("/chat/other/frame")).status_code == 404

    on(scene)


def test_another_visitors_token_sees_nothing(on, thread, visiting) -> None:
    async def scene(client, server) -> None:
        mine, other = visiting(client), visiting(client)
        await mine.send("My order is 4711")
        thread.headers[mine.key] = Header(holder=Holder.PERSON, name="Anna Berg")
        server.say("It is on its way", to=mine.key)
        for foreign in (None, 0, 1, 2):
            heard = await other.listen(foreign, until=lambda events: events[-1]["name"] == "live")
            assert "4711" not in json.dumps(heard)
            assert "on its way" not in json.dumps(heard)
            assert "Anna" not in json.dumps(heard)
        hello = await client.get("/chat/website/hello", headers=other.headers)
        assert "Anna" not in hello.text
        assert "Anna" in (await client.get("/chat/website/hello", headers=mine.headers)).text

    on(scene)


@pytest.mark.parametrize("guess", ["c1", "1", "website", "x", "../c1", "0" * 43])
def test_a_conversations_id_opens_nothing(on, visiting, guess) -> None:
    async def scene(client, server) -> None:
        visitor = visiting(client)
        await visitor.send("My order is 4711")
        for path in ("events", f"events?conversation={guess}", f"events?token={visitor.token}", "hello"):
            headers = {"Origin": server.origin, "Authorization": f"Bearer {guess}"}
            async with client.stream("GET", f"/chat/website/{path}", headers=headers) as response:
                text = ""
                if response.headers["Content-Type"].startswith("application/json"):
                    text = (await response.aread()).decode()
                else:
                    async for line in response.aiter_lines():
                        text += line
                        if line == "event: live":
                            break
            assert "4711" not in text

    on(scene)


def test_limits_are_told_with_the_time_to_wait(on, thread, visiting) -> None:
    limits = Limits(
        visitor_pace=Rate(count=1, seconds=10, burst=2),
        address_sessions=Rate(count=1, seconds=60, burst=1),
        address_requests=Rate(count=1, seconds=30, burst=1),
    )

    async def scene(client, server) -> None:
        visitor, second = visiting(client), visiting(client)
        sent = [await visitor.send(f"Message {number}") for number in range(3)]
        assert [response.status_code for response in sent] == [202, 202, 429]
        assert error(sent[2]) == (429, "too-many")
        assert sent[2].headers["Retry-After"] == "10"
        assert "10 s" in sent[2].json()["error"]["message"]
        assert (await second.send("I am somebody else")).status_code == 202
        for method, path, wait in (("POST", "session", "60"), ("GET", "hello", "30")):
            statuses = [
                await client.request(method, f"/chat/website/{path}", headers=visitor.headers) for _ in range(2)
            ]
            assert statuses[0].is_success
            assert (statuses[1].status_code, statuses[1].headers["Retry-After"]) == (429, wait)

    on(scene, limits=limits, monotonic=lambda: 1000.0)
    assert len(thread.written) == 3
