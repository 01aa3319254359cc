"""The web server beside the background work: health, refusals, and ends that lose nothing."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta

import httpx
import pytest

from custagent.core.errors import LeaseHeld, StoreError, UsageError
from custagent.runtime.in_force import FRESH
from custagent.runtime.runner.admission import LEAST
from custagent.runtime.runner.runner import LEASE, Runner
from custagent.runtime.web.server import _listen, lifespan_of, make_asgi, refused_port, serve
from custagent.store import Store
from custagent.store.database.lease import LeaseHolder

ORIGIN = "https://www.northwind.example"


class Served:
    """A workspace that is served, and a client of it."""

    def __init__(self, address: str, client: httpx.AsyncClient, task: asyncio.Task[None]) -> None:
        self.address = address
        self.client = client
        self.task = task

    async def ends(self) -> None:
        """It ends in order: within the time that a stop may take."""
        async with asyncio.timeout(60):
            await self.task


@asynccontextmanager
async def serving(app, *, lease: timedelta = LEASE, host: str = "127.0.0.1") -> AsyncIterator[Served]:
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, host=host, port=0, started=started, lease=lease))
    try:
        async with asyncio.timeout(60):
            await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
        # Loopback has no certificates, and loading those of the world takes a while.
        async with httpx.AsyncClient(base_url=started.result(), timeout=30, verify=False) as client:
            yield Served(started.result(), client, task)
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait([task], timeout=30)


def visitor() -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets.token_urlsafe(32)}", "Origin": ORIGIN}


def message(text: str = "How long is the warranty?") -> dict[str, str]:
    return {"client_msg_id": str(uuid.uuid4()), "text": text}


def another_takes_over(app) -> None:
    app.clock.advance(hours=1)
    holder = LeaseHolder(host="elsewhere", pid=4711, since=app.clock.now())
    app.store.lease.acquire(holder, timedelta(seconds=15), app.clock.now())


def test_it_is_alive_and_ready_and_ends_on_a_signal(live):
    async def scene() -> None:
        async with serving(live) as served:
            alive, ready = await served.client.get("/healthz"), await served.client.get("/readyz")
            assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
            assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
            os.kill(os.getpid(), signal.SIGTERM)
            await served.ends()

    asyncio.run(scene())
    # What the signals did before, they do again.
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert live.store.lease.holder(live.clock.now()) is None


def test_ctrl_c_ends_it_too(live):
    async def scene() -> None:
        async with serving(live) as served:
            os.kill(os.getpid(), signal.SIGINT)
            await served.ends()

    asyncio.run(scene())


def test_without_the_lease_it_is_alive_but_not_ready_and_takes_no_message(live):
    async def scene() -> None:
        # Renewed so seldom that it does not notice by itself.
        async with serving(live, lease=timedelta(hours=1)) as served:
            await asyncio.to_thread(another_takes_over, live)
            assert (await served.client.get("/healthz")).status_code == 200
            ready = await served.client.get("/readyz")
            assert ready.status_code == 503
            assert "process 4711 on elsewhere" in ready.json()["reason"]
            sent = await served.client.post("/chat/website/messages", json=message(), headers=visitor())
            assert (sent.status_code, sent.json()["error"]["code"]) == (503, "busy")
            # At its end it gives back nothing that is not its own.
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait([served.task], timeout=30)

    asyncio.run(scene())
    assert live.store.conversations.list() == ()
    assert live.store.lease.holder(live.clock.now()).pid == 4711


def test_it_ends_by_itself_when_another_runner_took_over(live):
    async def scene() -> None:
        async with serving(live, lease=timedelta(seconds=0.5)) as served:
            async with served.client.stream("GET", "/chat/website/events", headers=visitor()) as stream:
                events = stream.aiter_lines()
                await anext(events)
                await asyncio.to_thread(another_takes_over, live)
                assert "data: " + json.dumps({"reason": "stopping"}) in [line async for line in events]
            await served.ends()

    with pytest.raises(LeaseHeld, match="process 4711 on elsewhere"):
        asyncio.run(scene())


def test_a_second_one_is_told_of_the_first_and_not_of_its_port(live):
    async def scene() -> None:
        async with serving(live) as served:
            port = httpx.URL(served.address).port
            with pytest.raises(LeaseHeld, match=f"process {os.getpid()} on "):
                await serve(live, host="127.0.0.1", port=port)
            # The first one is none the worse for it.
            assert (await served.client.get("/readyz")).status_code == 200

    asyncio.run(scene())


@pytest.mark.parametrize("listening", [True, False])
def test_a_port_that_is_taken_is_told_and_the_workspace_let_go(live, listening):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        if listening:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError) as caught:
            asyncio.run(serve(live, host="127.0.0.1", port=port))
    assert f"port {port} on 127.0.0.1 cannot be used" in caught.value.message
    assert f"custagent run --port {port + 1}" in caught.value.hint
    assert live.store.lease.holder(live.clock.now()) is None


def test_two_that_start_at_once_do_not_get_one_port():
    """An address can be bound twice while nobody listens: it is found out before anybody is told that it works."""
    with closing(_listen("127.0.0.1", 0)) as first, pytest.raises(UsageError, match="cannot be used"):
        _listen("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machines_is_told(live, host):
    with pytest.raises(UsageError, match=host) as caught:
        asyncio.run(serve(live, host=host, port=0))
    assert "--host 127.0.0.1" in caught.value.hint


def test_a_port_of_the_systems_is_told_with_a_way_round_it():
    refused = refused_port(PermissionError(errno.EACCES, "Permission denied"), "0.0.0.0", 80, "custagent run")
    assert refused.message == "port 80 on 0.0.0.0 cannot be used: Permission denied"
    assert "Ports below 1024" in refused.hint
    assert "custagent run --port 8700" in refused.hint


def test_it_listens_at_an_ipv6_address(live, require):
    with closing(socket.socket(socket.AF_INET6)) as probe:
        require("IPv6", probe.connect_ex(("::1", 1, 0, 0)) != 99, "the machine has no ::1")

    async def scene() -> None:
        async with serving(live, host="::1") as served:
            assert served.address.startswith("http://[::1]:")
            assert (await served.client.get("/readyz")).status_code == 200

    asyncio.run(scene())


def test_a_database_that_is_away_is_told_as_busy(live):
    async def scene() -> httpx.Response:
        app = make_asgi(live, Runner(live))
        live.store.close()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.example") as client:
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
            # For a moment what was in force is taken to be so still.
            await asyncio.sleep(FRESH)
            return await client.get("/chat/website/hello")

    told = asyncio.run(scene())
    assert (told.status_code, told.headers["retry-after"]) == (503, "5")
    assert told.json()["error"]["code"] == "busy"


def test_when_too_much_waits_the_browser_is_told_when_to_come_again(live):
    async def scene() -> httpx.Response:
        runner = Runner(live)
        for _ in range(60):
            runner.admission.counted({"website": 5 * LEAST}, 10.0)
        transport = httpx.ASGITransport(make_asgi(live, runner))
        async with httpx.AsyncClient(transport=transport, base_url="http://chat.example") as client:
            return await client.post("/chat/website/messages", json=message(), headers=visitor())

    told = asyncio.run(scene())
    assert (told.status_code, told.headers["retry-after"]) == (503, "60")
    assert told.json()["error"]["code"] == "busy"
    assert live.store.conversations.list() == ()


def test_while_it_stops_it_is_not_ready(live):
    async def scene() -> None:
        runner = Runner(live)
        runner.stop()
        transport = httpx.ASGITransport(make_asgi(live, runner))
        async with httpx.AsyncClient(transport=transport, base_url="http://chat.example") as client:
            ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["reason"]) == (503, "it is stopping")

    asyncio.run(scene())


def test_a_message_that_is_on_its_way_when_it_stops_is_taken_or_refused_never_lost(live, until):
    """The rest of the body arrives after the signal: what is then told as taken is there."""

    async def scene() -> tuple[bytes, dict[str, str]]:
        body = message()
        raw = json.dumps(body).encode()
        async with serving(live) as served:
            url = httpx.URL(served.address)
            reader, writer = await asyncio.open_connection(url.host, url.port)
            head = ["POST /chat/website/messages HTTP/1.1", f"Host: {url.netloc.decode()}", f"Origin: {ORIGIN}"]
            head += [f"Authorization: {visitor()['Authorization']}", "Content-Type: application/json"]
            head += [f"Content-Length: {len(raw)}", "", ""]
            writer.write("\r\n".join(head).encode() + raw[:10])
            await writer.drain()
            # It has come as far as the body.
            await served.client.get("/healthz")
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: signal_was_heard(url))
            writer.write(raw[10:])
            answer = await reader.read()
            writer.close()
            await served.ends()
        return answer, body

    answer, body = asyncio.run(scene())
    assert answer.startswith(b"HTTP/1.1 202 ")
    ((_, waiting),) = live.store.conversations.unhandled()
    assert [one.text for one in waiting] == [body["text"]]


def signal_was_heard(url: httpx.URL) -> bool:
    """Nobody listens any more."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex((url.host, url.port)) != 0


def test_under_another_server_the_lifespan_holds_the_runner(live):
    async def scene() -> None:
        async with lifespan_of(live) as runner:
            await asyncio.sleep(0)
            with pytest.raises(LeaseHeld):
                Runner(live)
        assert runner.stopping.is_set()

    asyncio.run(scene())
    with pytest.raises(StoreError, match="is closed"):
        live.store.lease.holder(live.clock.now())
    with Store(live.home.database, live.clock) as store:
        assert store.lease.holder(live.clock.now()) is None


def test_a_lifespan_that_was_replaced_ends_with_the_reason_and_closes_the_workspace(live):
    async def scene() -> None:
        async with lifespan_of(live) as runner:
            await asyncio.to_thread(another_takes_over, live)
            runner.stop()

    with pytest.raises(LeaseHeld):
        asyncio.run(scene())
    with pytest.raises(StoreError, match="is closed"):
        live.store.lease.holder(live.clock.now())
