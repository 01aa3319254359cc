"""WhatsApp's own route: every shape signed, batched and shuffled through a real server; what is not Meta's is refused."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from custagent.channels.signature import sign
from custagent.channels.whatsapp.adapter import WEBHOOK_PATH, WhatsAppKind, keep_subscribed
from custagent.core.channel_event import ChannelEvent
from custagent.core.message import DeliveryUpdate, InboundMessage
from custagent.testing.meta_words import as_bytes
from tests.channels.whatsapp.conftest import ACCOUNT, around, channel_at
from tests.channels.whatsapp.shapes import SHAPES, batch, body, change
from tests.channels.whatsapp.test_words import CHANGED, ECHOES, IGNORED, NEW_IDENTITIES, SAID, TOLD

ENVIRONMENT = {
    "WHATSAPP_TOKEN": ACCOUNT.access_token, "WHATSAPP_SECRET": "the-new-secret",
    "WHATSAPP_SECRET_PREVIOUS": ACCOUNT.app_secret, "WHATSAPP_VERIFY": ACCOUNT.verify_token,
}  # fmt: skip


class Taken:
    """A Reception that remembers what it was given."""

    def __init__(self, environment: Mapping[str, str] = ENVIRONMENT, base: str = "http://127.0.0.1:9") -> None:
        self.around = around(environment)
        self._channels = {"phone": channel_at(base)}
        self.messages: list[InboundMessage] = []
        self.updates: list[DeliveryUpdate] = []
        self.events: list[ChannelEvent] = []

    def channels(self):
        return self._channels

    async def receive_all(self, messages):
        self.messages += messages
        return ()

    async def note(self, updates):
        self.updates += updates

    async def take(self, events):
        self.events += events

    @property
    def nothing(self) -> bool:
        return not (self.messages or self.updates or self.events)


@contextmanager
def served(reception: Taken) -> Iterator[httpx.Client]:
    """The kind's own routes on a real server."""
    import threading

    config = uvicorn.Config(
        Starlette(routes=list(WhatsAppKind().routes(reception))), host="127.0.0.1", port=0, log_config=None,
        lifespan="off", ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.fixture(scope="module")
def reception() -> Taken:
    return Taken()


@pytest.fixture(scope="module")
def client(reception: Taken) -> Iterator[httpx.Client]:
    with served(reception) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _forgets(reception: Taken) -> None:
    reception.messages, reception.updates, reception.events = [], [], []


def post(client: httpx.Client, sent: bytes, **headers: str) -> int:
    given = headers or {"X-Hub-Signature-256": sign(sent, ACCOUNT.app_secret)}
    return client.post(WEBHOOK_PATH, content=sent, headers=given).status_code


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_shape_in_batches_in_any_order(client, reception, seed, escaped):
    chance = random.Random(seed)
    names = sorted(SHAPES) * 2
    chance.shuffle(names)
    while names:
        size = chance.randint(1, 12)
        some, names = names[:size], names[size:]
        assert post(client, as_bytes(batch(*(change(name) for name in some)), escaped=escaped)) == 200
    assert Counter(one.text for one in reception.messages) == Counter(2 * [text for text, _, _ in SAID.values()])
    assert len(reception.updates) == 2 * len(TOLD)
    assert len(reception.events) == 2 * len([*CHANGED, *ECHOES, *NEW_IDENTITIES])
    # What must not be answered is no message: reactions, groups, statuses, edits, system messages, all of the account's.
    unanswered = {*IGNORED, *TOLD, *CHANGED, *ECHOES, *NEW_IDENTITIES}
    ids = {message.external_id for message in reception.messages}
    assert not ids & {item["id"] for name in unanswered for item in SHAPES[name]["value"].get("messages", ())}


@pytest.mark.parametrize("secret", ["the-new-secret", ACCOUNT.app_secret])
def test_both_secrets_are_taken_while_one_is_changed(client, reception, secret):
    sent = body(change("text"))
    assert post(client, sent, **{"X-Hub-Signature-256": sign(sent, secret)}) == 200
    assert len(reception.messages) == 1


def test_no_bit_can_be_turned(client, reception):
    sent = body(change("text"))
    signature = sign(sent, ACCOUNT.app_secret)
    for bit in random.Random(1).sample(range(8 * len(sent)), 200):
        flipped = bytearray(sent)
        flipped[bit // 8] ^= 1 << bit % 8
        assert post(client, bytes(flipped), **{"X-Hub-Signature-256": signature}) == 403
    for bit in range(4 * 64):
        digit = 7 + bit // 4
        turned = f"{int(signature[digit], 16) ^ 1 << bit % 4:x}"
        forged = signature[:digit] + turned + signature[digit + 1 :]
        assert post(client, sent, **{"X-Hub-Signature-256": forged}) == 403
    assert reception.nothing


def test_the_bytes_count_not_what_they_mean(client, reception):
    sent = as_bytes(batch(change("text")), escaped=True)
    signature = sign(sent, ACCOUNT.app_secret)
    meaning = json.loads(sent)
    rewritten = [
        json.dumps(meaning).encode(), json.dumps(meaning, ensure_ascii=False).encode(), sent + b" ", b" " + sent,
        json.dumps(meaning, indent=1).encode(), sent.replace(b"\\/", b"/"), json.dumps(meaning, sort_keys=True).encode(),
    ]  # fmt: skip
    for other in rewritten:
        if other != sent:
            assert post(client, other, **{"X-Hub-Signature-256": signature}) == 403
    assert reception.nothing


def test_one_signature_in_its_own_form(client, reception):
    sent = body(change("text"))
    good = sign(sent, ACCOUNT.app_secret)
    for headers in (
        [], [("X-Hub-Signature", good)], [("X-Hub-Signature-256", good)] * 2, [("X-Hub-Signature-256", "")],
        [("X-Hub-Signature-256", good.upper())], [("X-Hub-Signature-256", good.removeprefix("sha256="))],
        [("X-Hub-Signature-256", f"{good},{good}")], [("X-Hub-Signature-256", good[:-1])],
    ):  # fmt: skip
        assert client.post(WEBHOOK_PATH, content=sent, headers=headers).status_code == 401
    assert post(client, sent, **{"X-Hub-Signature-256": sign(sent, ACCOUNT.access_token)}) == 403
    assert post(client, sent, **{"X-Hub-Signature-256": sign(sent, ACCOUNT.verify_token)}) == 403
    assert reception.nothing


def test_the_question_whether_it_may_come(client):
    def asked(token: str, mode: str = "subscribe") -> tuple[int, str]:
        query = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}
        answer = client.get(WEBHOOK_PATH, params=query)
        return answer.status_code, answer.text

    assert asked(ACCOUNT.verify_token) == (200, "1158201444")
    assert asked("another")[0] == asked("")[0] == asked(ACCOUNT.verify_token, "unsubscribe")[0] == 403


def test_an_app_vouches_for_its_own_numbers_only():
    reception = Taken({**ENVIRONMENT, "OTHER_SECRET": "of another app"})
    other = channel_at("http://127.0.0.1:9", name="other", phone_number_id="2", app_secret="${OTHER_SECRET}")
    reception.channels()["other"] = other
    sent = body(change("text"))
    with served(reception) as client:
        assert post(client, sent, **{"X-Hub-Signature-256": sign(sent, "of another app")}) == 200
        assert reception.nothing
        assert post(client, sent) == 200
    assert [message.channel for message in reception.messages] == ["phone"]


def test_webhooks_are_subscribed_at_every_start(meta):
    async def start() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(keep_subscribed(Taken(meta.environment, meta.address), stop, look=0.01))
        await asyncio.to_thread(meta.wait_for, lambda: meta.subscribed)
        stop.set()
        await task

    asyncio.run(asyncio.wait_for(start(), 60))
    meta.unsubscribe()
    asyncio.run(asyncio.wait_for(start(), 60))
    assert meta.subscribed == 1


def test_a_subscription_that_fails_is_told_and_keeps_no_other_from_its_own(meta, caplog):
    async def start() -> None:
        stop = asyncio.Event()
        taken = Taken({**meta.environment, "DEAD_TOKEN": "another"}, meta.address)
        dead = channel_at(meta.address, name="dead", access_token="${DEAD_TOKEN}")
        taken.channels().update({"dead": dead, "phone": taken.channels().pop("phone")})
        task = asyncio.create_task(keep_subscribed(taken, stop, look=0.01))
        await asyncio.to_thread(meta.wait_for, lambda: meta.subscribed)
        stop.set()
        await task

    asyncio.run(asyncio.wait_for(start(), 60))
    assert "the webhooks of dead could not be subscribed" in caplog.text
    assert meta.subscribed == 1
