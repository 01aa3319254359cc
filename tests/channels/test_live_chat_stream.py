"""The stream over HTTP: replay, live messages, typing, headers, heartbeats, and its end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from functools import partial
from typing import Any

import httpx
import pytest

from custagent.channels.hub import End, Hub
from custagent.channels.limits import Limits
from custagent.channels.live_chat.chat import Header, Holder
from custagent.channels.live_chat.stream import event
from custagent.core.message import MessageKind, Sender


def texts(heard: list[dict[str, Any]]) -> list[str]:
    return [one["value"]["text"] for one in heard if one["name"] == "message"]


def named(name: str):
    return lambda heard: heard[-1]["name"] == name


def has_texts(count: int, heard: list[dict[str, Any]]) -> bool:
    return len(texts(heard)) == count


def test_everything_that_was_said_comes_first_and_in_order(on, thread, visiting) -> None:
    async def scene(client, _server) -> list[dict[str, Any]]:
        visitor = visiting(client)
        await visitor.send("First")
        thread.say("Second", to=visitor.key)
        thread.say("Not yours", to="other")
        thread.say("Third", to=visitor.key, sender=Sender.PERSON, kind=MessageKind.PERSON, author="anna")
        return await visitor.listen(until=named("live"))

    heard = on(scene)
    assert [(one["id"], one["name"]) for one in heard] == [
        (None, ""), (None, "header"), ("1", "message"), ("2", "message"), ("4", "message"), (None, "live"),
    ]  # fmt: skip
    assert texts(heard) == ["First", "Second", "Third"]
    assert heard[4]["value"]["author"] == "Anna Berg"


def test_a_stream_is_not_kept_by_anybody_on_its_way(on, visiting) -> None:
    async def scene(client, _server) -> httpx.Headers:
        async with client.stream("GET", "/chat/website/events", headers=visiting(client).headers) as response:
            return response.headers

    headers = on(scene)
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_browser_that_comes_back_gets_what_it_missed(on, thread, visiting, place) -> None:
    async def scene(client, _server) -> list[dict[str, Any]]:
        visitor = visiting(client)
        for number in range(1, 6):
            thread.say(f"Message {number}", to=visitor.key)
        if place == "header":
            return await visitor.listen(3, until=named("live"))
        async with client.stream("GET", "/chat/website/events?after=3", headers=visitor.headers) as response:
            return [{"name": "raw", "value": line} async for line in until_live(response)]

    heard = on(scene)
    wanted = ["Message 4", "Message 5"]
    assert [text for text in wanted if text in str(heard)] == wanted
    assert "Message 3" not in str(heard)


async def until_live(response: httpx.Response):
    async for line in response.aiter_lines():
        yield line
        if line == "event: live":
            return


@pytest.mark.parametrize("after", ["-1", "x", "", "1e9", "9" * 30, "１"])
def test_a_last_event_id_that_is_none_means_from_the_start(on, thread, visiting, after) -> None:
    async def scene(client, _server) -> list[dict[str, Any]]:
        visitor = visiting(client)
        thread.say("Hello", to=visitor.key)
        headers = [*visitor.headers.items(), ("Last-Event-ID", after.encode())]
        async with client.stream("GET", "/chat/website/events", headers=headers) as response:
            return [line async for line in until_live(response)]

    assert "Hello" in str(on(scene))


def test_nothing_is_lost_or_doubled_when_connections_break(on, visiting) -> None:
    """A visitor loses the connection after every second event, at whatever moment, while messages keep coming."""

    async def scene(client, server) -> tuple[list[str], int]:
        visitor = visiting(client)
        got: list[dict[str, Any]] = []

        async def write() -> None:
            for number in range(60):
                await asyncio.to_thread(server.say, f"Message {number}", to=visitor.key)

        writing = asyncio.create_task(write())
        connections = 0
        while len(got) < 60:
            heard = await visitor.listen(
                int(got[-1]["id"]) if got else None,
                until=partial(has_texts, min(2, 60 - len(got))),
            )
            got += [one for one in heard if one["name"] == "message"]
            connections += 1
        await writing
        return texts(got), connections

    received, connections = on(scene)
    assert received == [f"Message {number}" for number in range(60)]
    assert connections >= 30


def test_a_message_comes_when_it_is_written_while_one_listens(on, visiting) -> None:
    async def scene(client, server) -> list[dict[str, Any]]:
        visitor = visiting(client)

        def written_when_live(heard: list[dict[str, Any]]) -> bool:
            if heard[-1]["name"] == "live":
                server.say("Fresh", to=visitor.key)
            return texts(heard) == ["Fresh"]

        return await visitor.listen(until=written_when_live)

    assert texts(on(scene)) == ["Fresh"]


def test_a_lost_wake_up_costs_a_heartbeat_and_no_message(on, thread, visiting) -> None:
    async def scene(client, _server) -> list[dict[str, Any]]:
        visitor = visiting(client)

        def written_without_a_word(heard: list[dict[str, Any]]) -> bool:
            if heard[-1]["name"] == "live":
                thread.say("Fresh", to=visitor.key)
            return texts(heard) == ["Fresh"]

        return await visitor.listen(until=written_without_a_word)

    heard = on(scene, heartbeat=0.02)
    assert texts(heard) == ["Fresh"]


def test_a_silent_stream_shows_signs_of_life(on, visiting) -> None:
    async def scene(client, _server) -> list[str]:
        async with client.stream("GET", "/chat/website/events", headers=visiting(client).headers) as response:
            lines: list[str] = []
            async for line in response.aiter_lines():
                lines.append(line)
                if lines.count(": still here") == 3:
                    return lines
        return lines

    lines = on(scene, heartbeat=0.02)
    assert lines[0] == "retry: 1000"
    assert lines.index(": still here") > lines.index("event: live")


def test_who_has_the_conversation_and_who_writes_is_told_when_it_changes(on, thread, visiting) -> None:
    anna = Header(holder=Holder.PERSON, name="Anna Berg", initials_of="Anna Berg")

    async def scene(client, server) -> list[dict[str, Any]]:
        visitor = visiting(client)
        steps = iter(["typing on", "typing off", "same", "anna"])

        def step(heard: list[dict[str, Any]]) -> bool:
            if heard[-1]["value"] == asdict(anna):
                return True
            if heard[-1]["name"] in ("live", "typing"):
                match next(steps):
                    case "typing on":
                        server.call(server.hub.typing, visitor.key, on=True)
                    case "typing off":
                        server.call(server.hub.typing, visitor.key, on=False)
                    case "same":
                        server.call(server.hub.notify, visitor.key)
                        thread.headers[visitor.key] = anna
                        server.call(server.hub.notify, visitor.key)
            return False

        return await visitor.listen(until=step)

    heard = on(scene)
    assert [one["name"] for one in heard] == ["", "header", "live", "typing", "typing", "header"]
    assert [one["value"] for one in heard[3:5]] == [{"on": True}, {"on": False}]
    assert all(one["id"] is None for one in heard)


def test_who_comes_while_somebody_writes_is_told(on, visiting) -> None:
    async def scene(client, server) -> list[dict[str, Any]]:
        visitor = visiting(client)
        server.call(server.hub.typing, visitor.key, on=True)
        return await visitor.listen(until=named("live"))

    assert [one["value"] for one in on(scene) if one["name"] == "typing"] == [{"on": True}]


def test_of_too_many_streams_the_oldest_ends_and_is_told_why(on, visiting) -> None:
    async def scene(client, server) -> None:
        visitor = visiting(client)
        oldest = asyncio.create_task(visitor.listen(until=named("closed")))
        others = []
        await asyncio.to_thread(server.wait_for_streams, lambda count: count == 1)
        others.append(asyncio.create_task(visitor.listen(until=named("closed"))))
        await asyncio.to_thread(server.wait_for_streams, lambda count: count == 2)
        others.append(asyncio.create_task(visitor.listen(until=named("closed"))))
        assert (await oldest)[-1]["value"] == {"reason": "elsewhere"}
        assert not any(other.done() for other in others)
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    on(scene, limits=Limits(streams_per_visitor=2))


def test_over_all_visitors_there_is_an_end_too(on, visiting) -> None:
    async def scene(client, server) -> None:
        first = asyncio.create_task(visiting(client).listen(until=named("closed")))
        await asyncio.to_thread(server.wait_for_streams, lambda count: count == 1)
        response = await client.get("/chat/website/events", headers=visiting(client).headers)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        first.cancel()

    on(scene, limits=Limits(streams=1))


def test_a_closed_connection_leaves_nothing_behind(on, visiting) -> None:
    async def scene(client, server) -> None:
        await asyncio.gather(*(visiting(client).listen(until=named("live")) for _ in range(10)))
        await asyncio.to_thread(server.wait_for_streams, lambda count: count == 0)

    on(scene)


def test_a_database_that_goes_away_ends_the_stream_and_nothing_else(on, thread, visiting) -> None:
    async def scene(client, server) -> list[dict[str, Any]]:
        visitor = visiting(client)

        def breaks(heard: list[dict[str, Any]]) -> bool:
            if heard[-1]["name"] == "live":
                thread.broken = True
                server.call(server.hub.notify, visitor.key)
            return False

        await visitor.listen(until=breaks)
        thread.broken = False
        thread.say("There again", to=visitor.key)
        return await visitor.listen(until=named("live"))

    assert texts(on(scene)) == ["There again"]


def test_stopping_ends_a_hundred_streams_at_once(serve, thread, visiting) -> None:
    server = serve(thread, limits=Limits(streams_per_visitor=100, address_requests=Limits().address_messages))

    async def scene() -> tuple[float, list[list[dict[str, Any]]]]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=server.origin, timeout=30, limits=limits, verify=False) as client:
            streams = [asyncio.create_task(visiting(client).listen(until=named("closed"))) for _ in range(50)]
            await asyncio.to_thread(server.wait_for_streams, lambda count: count == 50)
            started = time.monotonic()
            await asyncio.to_thread(server.stop)
            return time.monotonic() - started, await asyncio.gather(*streams)

    seconds, heard = asyncio.run(scene())
    assert all(one[-1]["value"] == {"reason": "stopping"} for one in heard)
    assert seconds < 10


def test_while_the_server_stops_no_stream_begins(on, visiting) -> None:
    async def scene(client, server) -> int:
        server.call(server.hub.close)
        return (await client.get("/chat/website/events", headers=visiting(client).headers)).status_code

    assert on(scene) == 503


def test_a_stream_that_joins_a_stopping_hub_ends_as_it_begins() -> None:
    async def scenario() -> None:
        hub = Hub()
        hub.close()
        assert hub.stopping
        assert hub.join("a", at_most=4).end is End.STOPPING

    asyncio.run(scenario())


def test_leaving_twice_is_no_harm_and_forgets_the_contact() -> None:
    async def scenario() -> None:
        hub = Hub()
        first, second = hub.join("a", at_most=4), hub.join("a", at_most=4)
        first.close()
        first.close()
        assert len(hub) == 1
        second.close()
        assert len(hub) == 0
        hub.notify("a")

    asyncio.run(scenario())


def test_what_happens_between_reading_and_sleeping_wakes() -> None:
    async def scenario() -> None:
        hub = Hub()
        stream = hub.join("a", at_most=4)
        stream.rest()
        hub.notify("a")
        assert await stream.wait(60)
        stream.rest()
        assert not await stream.wait(0)

    asyncio.run(scenario())


def test_typing_alone_is_no_reason_to_read_but_a_long_silence_is() -> None:
    async def scenario() -> None:
        hub = Hub()
        stream = hub.join("a", at_most=4)
        assert stream.rest(), "nothing has been read yet"
        hub.typing("a", on=True)
        assert await stream.wait(60)
        assert not stream.rest()
        hub.typing("a", on=False)
        hub.notify("a")
        assert stream.rest()
        assert not stream.rest()
        # A wake-up may have been lost, so that a heartbeat looks.
        assert not await stream.wait(0)
        assert stream.rest()

    asyncio.run(scenario())


def test_an_event_is_one_line_of_data_whatever_is_in_it() -> None:
    made = event("message", {"text": "a\r\nb\u2028c\n\nevent: x\nid: 9"}, id=3)
    assert made.decode("ascii").split("\n")[0:2] == ["id: 3", "event: message"]
    assert made.count(b"\n") == 4
    assert made.endswith(b"\n\n")
