"""A webhook's routes: checked unread, taken in one piece, acknowledged last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from custagent.channels.signature import SIGNATURE_HEADER, sign
from custagent.channels.webhook import MAX_BATCH, Batch, webhook_routes
from custagent.core.channel_event import Unread
from custagent.core.errors import ConfigError, CustagentError, Overloaded, StoreError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, InboundMessage
from custagent.testing import FrozenClock

PATH = "/webhooks/post"


class Words:
    """A provider whose bodies are lines: "say ID TEXT", "read ID", "broken KIND", anything else is unknown; "?" is no batch."""

    def __init__(self) -> None:
        self.parsed: list[tuple[bytes, str]] = []
        self.wrong: CustagentError | None = None

    def secrets(self) -> Sequence[str]:
        if self.wrong:
            raise self.wrong
        return ["new", "old"]

    def verify_tokens(self) -> Sequence[str]:
        if self.wrong:
            raise self.wrong
        return ["welcome"]

    def parse(self, body: bytes, *, secret: str) -> Batch:
        self.parsed.append((body, secret))
        if body == b"?":
            raise ValueError("no batch")
        if body == b"[":
            raise RecursionError
        messages, updates, unknown, events = [], [], [], []
        for line in body.decode().splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "say":
                messages.append(
                    InboundMessage(
                        channel="post", external_id=rest, contact_key="k", text=rest, sent_at=FrozenClock().now()
                    )
                )
            elif kind == "read":
                receipt = DeliveryReceipt(status=DeliveryStatus.READ, external_id=rest)
                updates.append(DeliveryUpdate(channel="post", receipt=receipt))
            elif kind == "broken":
                events.append(Unread(channel="post", kind=rest, content="{}", content_hash=rest))
            else:
                unknown.append(kind)
        return Batch(messages=tuple(messages), updates=tuple(updates), events=tuple(events), ignored=tuple(unknown))


class Desk:
    """A Reception that keeps what it is given, or cannot."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.noted: list[str] = []
        self.unread: list[str] = []
        self.full: set[str] = set()

    async def receive_all(self, messages: Sequence[InboundMessage]) -> Sequence[Any]:
        if "messages" in self.full:
            raise StoreError("the disk is full")
        if "queue" in self.full:
            raise Overloaded("more waits than can be answered soon", retry_after=40)
        self.taken += [message.external_id for message in messages]
        return ()

    async def note(self, updates: Sequence[DeliveryUpdate]) -> None:
        if "updates" in self.full:
            raise StoreError("the disk is full")
        self.noted += [update.receipt.external_id for update in updates]

    async def take(self, events: Sequence[Unread]) -> None:
        if "events" in self.full:
            raise StoreError("the disk is full")
        self.unread += [event.kind for event in events]


class Post:
    """The webhook, and whoever posts to it."""

    def __init__(self) -> None:
        self.words, self.desk = Words(), Desk()
        routes = webhook_routes(PATH, self.words, self.desk, body_timeout=0.1)  # type: ignore[arg-type]
        self._app = Starlette(routes=routes)

    def post(self, body: bytes | AsyncIterator[bytes], *signatures: str, **headers: str) -> httpx.Response:
        listed = [(SIGNATURE_HEADER, one) for one in signatures] + [*headers.items()]
        return self._ask("POST", content=body, headers=listed)

    def send(self, *lines: str, secret: str = "new") -> httpx.Response:
        body = "\n".join(lines).encode()
        return self.post(body, sign(body, secret))

    def ask(self, **query: str) -> httpx.Response:
        return self._ask("GET", params={f"hub.{name}": value for name, value in query.items()})

    def _ask(self, method: str, **request: Any) -> httpx.Response:
        async def scene() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, PATH, **request)

        return asyncio.run(scene())


@pytest.fixture
def post() -> Post:
    return Post()


def test_a_batch_is_taken_in_its_order(post):
    assert post.send("say 1", "read a", "say 2", "broken x", "read b").status_code == 200
    assert (post.desk.taken, post.desk.noted, post.desk.unread) == (["1", "2"], ["a", "b"], ["x"])


@pytest.mark.parametrize("secret", ["new", "old"])
def test_while_a_secret_is_changed_both_are_good(post, secret):
    assert post.send("say 1", secret=secret).status_code == 200
    assert post.words.parsed == [(b"say 1", secret)]


@pytest.mark.parametrize(
    ("signatures", "status"),
    [
        ([], 401),
        ([sign(b"say 1", "new")] * 2, 401),
        (["sha1=" + "0" * 40], 401),
        ([sign(b"say 1", "another")], 403),
        ([sign(b"say 1 ", "new")], 403),
        ([sign(b"say 1", "")], 403),
    ],
)
def test_what_is_not_signed_is_not_even_parsed(post, signatures, status):
    assert post.post(b"say 1", *signatures).status_code == status
    assert post.words.parsed == []
    assert post.desk.taken == []


def test_a_batch_that_cannot_be_read_comes_again(post, caplog):
    for body in ("?", "["):
        assert post.send(body).status_code == 500
    assert post.desk.taken == []
    assert "no batch" not in caplog.text, "what was wrong with it may quote it"


def test_what_nobody_understands_fails_nothing_and_is_told_by_kind_alone(post, caplog):
    caplog.set_level("INFO")
    assert post.send("say 1", "sticker 4111111111111111", "sticker", "<b>4111</b>", "say 2").status_code == 200
    assert post.desk.taken == ["1", "2"]
    assert "(no name) (1), sticker (2)" in caplog.text
    assert "4111" not in caplog.text


@pytest.mark.parametrize("full", [{"messages"}, {"updates"}, {"events"}, {"messages", "updates"}])
def test_what_is_not_written_down_is_not_acknowledged(post, full):
    post.desk.full = full
    refused = post.send("say 1", "read a", "broken x")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    post.desk.full = set()
    assert post.send("say 1", "read a").status_code == 200


def test_when_too_much_waits_the_provider_is_told_when_to_come_again(post, caplog):
    post.desk.full = {"queue"}
    refused = post.send("say 1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "40")
    assert caplog.text == "", "whoever refuses it tells of it, once for many"


def test_a_secret_that_is_missing_loses_nothing(post, caplog):
    post.words.wrong = ConfigError("the environment variable APP_SECRET is not set")
    assert post.send("say 1").status_code == 503
    assert post.ask(mode="subscribe", verify_token="welcome", challenge="7").status_code == 503
    assert "APP_SECRET" in caplog.text


def test_a_body_that_is_too_large_is_read_no_further(post):
    signature = sign(b"", "new")
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 65536

    assert post.post(endless(), signature).status_code == 413
    assert read * 65536 < MAX_BATCH + 2 * 65536
    assert post.post(b"", signature, **{"Content-Length": str(MAX_BATCH + 1)}).status_code == 413
    assert post.post(b"", signature, **{"Content-Length": "9" * 400}).status_code == 413
    body = b"say 1".ljust(MAX_BATCH)
    assert post.post(body, sign(body, "new")).status_code == 200
    assert post.post(body + b" ", sign(body + b" ", "new")).status_code == 413


def test_a_body_that_does_not_end_is_waited_for_in_vain(post):
    async def slow() -> AsyncIterator[bytes]:
        yield b"say"
        await asyncio.sleep(5)

    assert post.post(slow(), sign(b"say", "new")).status_code == 408


def test_the_provider_asks_whether_it_may_come(post):
    known = post.ask(mode="subscribe", verify_token="welcome", challenge="11<b>58")
    assert (known.status_code, known.text) == (200, "11<b>58")
    assert known.headers["content-type"].startswith("text/plain")
    for query in (
        {"mode": "subscribe", "verify_token": "else", "challenge": "7"},
        {"mode": "subscribe", "challenge": "7"},
        {"mode": "subscribe", "verify_token": "", "challenge": "7"},
        {"mode": "unsubscribe", "verify_token": "welcome", "challenge": "7"},
        {},
    ):
        refused = post.ask(**query)
        assert refused.status_code == 403
        assert "7" not in refused.text
