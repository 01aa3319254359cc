"""What Prometheus reads, who may read it, and that it is what happened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from custagent.core.channel_event import Unread
from custagent.core.message import DeliveryReceipt, DeliveryStatus, InboundMessage
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_workspace
from custagent.runtime.runner.runner import Runner
from custagent.runtime.web.metrics import MEDIA_TYPE, Metrics, _escaped, _Rested
from custagent.runtime.web.server import make_asgi
from custagent.store.channel_states import Trouble, Way
from custagent.store.database.backup import copy_database
from custagent.store.database.backup_folder import folder_of, name_for

#: A line of the text format 0.0.4: a name, labels in quotes, a number.
LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\d+(\.\d+)?(e[+-]\d+)?|-\d+)')
LABELLED = re.compile(r'(\w+)="([^"]*)"')


def values(text: str) -> dict[str, float]:
    """By name with labels, without the prefix."""
    lines = [line.removeprefix("custagent_") for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


@pytest.fixture
def runner(live: Application) -> Runner:
    return Runner(live)


@pytest.fixture
def metrics(live: Application, runner: Runner) -> Metrics:
    return Metrics(live, runner)


@pytest.fixture
def hear(live: Application, runner: Runner) -> Callable[[str, str], None]:
    """A contact writes; an agent that runs for a moment answers."""

    async def answer(key: str, text: str) -> None:
        work = asyncio.create_task(runner.run())
        await runner.receive(
            InboundMessage(
                channel="website", external_id=f"{key}{text}", contact_key=key, text=text, sent_at=live.clock.now(),
                contact_name="Ada Lovelace",
            )
        )  # fmt: skip
        async with asyncio.timeout(60):
            while live.store.totals.waiting().messages or live.store.totals.waiting().replies:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        runner.stop()
        await work
        runner.stopping.clear()

    return lambda key, text: asyncio.run(answer(key, text))


def test_every_line_is_of_the_format(metrics: Metrics, hear: Callable[[str, str], None]) -> None:
    hear("k1", "How long is the warranty?")
    text = metrics.text()
    assert text.endswith("\n")
    named: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in named, "a figure is told once"
            named[name] = kind
            assert (kind == "counter") == name.endswith("_total"), name
        elif not line.startswith("# HELP "):
            assert LINE.fullmatch(line), line
            name = re.split(r"[ {]", line)[0]
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert named.get(name) or named.get(base) == "histogram", name


def test_what_came_was_answered_and_sent_is_counted(
    live: Application, metrics: Metrics, hear: Callable[[str, str], None]
) -> None:
    hear("k1", "How long is the warranty?")
    hear("k2", "How long is the warranty then?")
    found = values(metrics.text())
    assert found['messages_received_total{channel="website"}'] == 2
    assert found['turns_total{channel="website",decision="answer"}'] == 2
    assert found['replies{channel="website",status="sent"}'] >= 2
    assert found['conversations{status="pending"}'] == 2
    assert (found["messages_waiting"], found["replies_waiting"]) == (0, 0)
    assert found["answer_seconds_count"] == found['answer_seconds_bucket{le="+Inf"}'] == 2
    assert found["credits_balance"] == live.store.ledger.balance() == -200
    assert found['index_generation{agent="support"}'] == 1
    assert found['index_passages{agent="support"}'] == 1
    assert (found["lease_held"], found["streams_open"]) == (1, 0)
    assert found["memory_bytes"] > 10_000_000
    assert found["database_bytes"] > 4096
    hear("k1", "And how long is the warranty of a bag?")
    again = values(metrics.text())
    assert again['messages_received_total{channel="website"}'] == 3, "what was counted is not counted again"


def test_what_waits_grows_older(live: Application, metrics: Metrics, clients: object, runner: Runner) -> None:
    async def receive() -> None:
        await runner.receive(
            InboundMessage(channel="website", external_id="x", contact_key="k", text="Hi", sent_at=live.clock.now())
        )

    asyncio.run(receive())
    live.clock.advance(minutes=2)  # type: ignore[attr-defined] # a FrozenClock
    found = values(metrics.text())
    assert (found["messages_waiting"], found["messages_waiting_oldest_seconds"]) == (1, 120)
    assert found['last_sync_age_seconds{agent="support"}'] == 120


def test_a_lost_lease_a_damaged_index_and_a_backup_are_told(
    live: Application, metrics: Metrics, runner: Runner
) -> None:
    assert "backup_age_seconds" not in values(metrics.text())
    folder = folder_of(live.home.database)
    folder.mkdir()
    copy_database(live.home.database, folder / name_for(live.clock.now()))
    live.clock.advance(hours=1)  # type: ignore[attr-defined] # a FrozenClock
    runner.release()
    (live.home.index_folder / "support" / "current").write_text("nonsense")
    found = values(metrics.text())
    assert found["backup_age_seconds"] == 3600
    assert found["lease_held"] == 0
    assert 'index_generation{agent="support"}' not in found


def test_how_long_channels_are_out_and_paused_is_told(live: Application, metrics: Metrics) -> None:
    now, states = live.clock.now(), live.store.channel_states
    assert not [name for name in values(metrics.text()) if name.startswith(("channel_", "unread_"))]
    states.begin(Trouble(channel="website", way=Way.SENDING, since=now, reason="away"))
    states.pause("website", "anna", now)
    item = Unread(channel="website", kind="poll", content="{}", content_hash="h")
    live.store.channel_news.take_soon([item], now, threadings={}).result()
    live.clock.advance(minutes=3)  # type: ignore[attr-defined] # a FrozenClock
    found = values(metrics.text())
    assert found['channel_out_seconds{channel="website",way="sending"}'] == 180
    assert found['channel_paused_seconds{channel="website"}'] == 180
    assert found['unread_items{channel="website"}'] == 1


def test_no_label_holds_anything_of_a_contact(
    live: Application, metrics: Metrics, hear: Callable[[str, str], None]
) -> None:
    hear("secret-key", "My words")
    reply = live.store.totals.last_message()
    live.store.outbox.record(reply, DeliveryReceipt(status=DeliveryStatus.FAILED, error="ada@x.org"), live.clock.now())
    text = metrics.text()
    assert {label for label, _ in LABELLED.findall(text)} <= {"channel", "decision", "status", "agent", "version", "le"}
    assert not any(word in text for word in ("secret-key", "My words", "Lovelace", "ada@x.org"))


def test_labels_are_escaped() -> None:
    assert _escaped('a"b\\c\nd') == 'a\\"b\\\\c\\nd'


def test_a_count_of_every_row_is_not_made_all_the_time() -> None:
    made: list[int] = []

    def count() -> int:
        made.append(sum(range(300_000)))
        return len(made)

    rested = _Rested(count)
    assert [rested() for _ in range(20)] == [1] * 20


class TestWhoMayRead:
    @asynccontextmanager
    async def client(
        self, runner: Runner, host: str = "127.0.0.1", **options: object
    ) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(make_asgi(runner.app, runner), client=(host, 5))
        async with httpx.AsyncClient(
            transport=transport, base_url=options.pop("base_url", "http://127.0.0.1:8700")
        ) as one:  # type: ignore[arg-type] # an address
            yield one

    def status(
        self, runner: Runner, host: str = "127.0.0.1", headers: dict[str, Any] | None = None, **options: str
    ) -> int:
        async def ask() -> int:
            async with self.client(runner, host, **options) as client:
                response = await client.get("/metrics", headers=headers)
                if response.status_code == 200:
                    assert response.headers["content-type"] == MEDIA_TYPE
                    assert "custagent_info" in response.text
                else:
                    assert "custagent_" not in response.text
                return response.status_code

        return asyncio.run(ask())

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
    def test_programs_on_this_machine(self, runner: Runner, host: str) -> None:
        assert self.status(runner, host) == 200
        assert self.status(runner, host, base_url="http://localhost:8700") == 200
        assert self.status(runner, host, base_url="http://[::1]:8700") == 200

    @pytest.mark.parametrize("host", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "unix"])
    def test_nobody_else(self, runner: Runner, host: str) -> None:
        assert self.status(runner, host) == 403

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
    def test_no_proxy_on_this_machine(self, runner: Runner, header: str) -> None:
        assert self.status(runner, headers={header: "127.0.0.1"}) == 403

    def test_no_web_page_that_calls_this_machine_by_another_name(self, runner: Runner) -> None:
        assert self.status(runner, base_url="http://rebound.example:8700") == 403

    def test_who_shows_the_token(self, live: Application, put: Callable[..., None]) -> None:
        put(live.home.workspace_file, "name: Northwind", "name: Northwind\nmetrics: {token: '${METRICS_TOKEN}'}")
        live.__dict__.pop("workspace")
        apply_workspace(live, action="apply", subject="custagent.yaml")
        live._environ = {"METRICS_TOKEN": "abc"}
        runner = Runner(live)
        far = {"host": "192.0.2.7", "base_url": "https://chat.example.com"}
        assert self.status(runner, headers={"Authorization": "Bearer abc"}, **far) == 200
        for shown in ("Bearer abd", "abc", "Bearer ", "Bearer äbc"):
            assert self.status(runner, headers={"Authorization": shown.encode()}, **far) == 403
        assert self.status(runner) == 200, "this machine needs none"
        live._environ = {}
        assert self.status(runner, headers={"Authorization": "Bearer "}, **far) == 403
