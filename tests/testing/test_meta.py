"""The fake provider behaves as the real one: it signs, retries until it is answered 200, and forgets nothing."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from custagent.channels.signature import signer
from custagent.channels.whatsapp.adapter import WhatsAppAdapter
from custagent.channels.whatsapp.words import parse
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus
from custagent.testing.meta import Account, FakeMeta, Fault, Habits
from tests.channels.whatsapp.conftest import around, channel_at, outbound

ACCOUNT = Account()
NUMBERS = {ACCOUNT.phone_number_id: "phone"}


class Webhook:
    """Takes what is posted to it, or answers as it is told to first."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.bodies: list[bytes] = []
        self.wrongly_signed = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                outer.bodies.append(body)
                outer.wrongly_signed += signer(body, self.headers["X-Hub-Signature-256"], [ACCOUNT.app_secret]) is None
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def said(self) -> list[str]:
        return [
            message.external_id
            for body in self.bodies
            for message in parse(body, NUMBERS, now=datetime.now(UTC)).messages
        ]

    def told(self) -> Counter[tuple[int, str]]:
        updates = [update for body in self.bodies for update in parse(body, NUMBERS, now=datetime.now(UTC)).updates]
        return Counter((update.outbound, update.receipt.status.value) for update in updates)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    opened = Webhook()
    yield opened
    opened.close()


@pytest.fixture
def meta(webhook: Webhook) -> Iterator[FakeMeta]:
    with FakeMeta(habits=Habits(pause=0.01, longest_pause=0.05, patience=1.0)) as provider:
        provider.reach(webhook.address)
        provider.open_window("46701")
        yield provider


@pytest.fixture
def adapter(meta: FakeMeta) -> WhatsAppAdapter:
    return WhatsAppAdapter(channel_at(meta.address), around(meta.environment))


def send(adapter: WhatsAppAdapter) -> DeliveryReceipt:
    return asyncio.run(adapter.send(outbound(to="46701")))


def fault_of(adapter: WhatsAppAdapter) -> SendFault:
    with pytest.raises(ChannelError) as caught:
        send(adapter)
    return caught.value.fault


def test_it_brings_a_message_until_it_is_answered_200(meta, webhook):
    webhook.answers = [503, 500, 403]
    message = meta.write("46701", "hej")
    assert meta.wait_for(lambda: message in meta.acknowledged)
    assert webhook.said() == [message] * 4
    assert len(set(webhook.bodies)) == 1, "it is always the same bytes"
    assert webhook.wrongly_signed == 0
    assert meta.answers == [(503, 1), (500, 1), (403, 1), (200, 1)]


def test_it_brings_what_nobody_was_there_for(webhook):
    with FakeMeta(habits=Habits(pause=0.01)) as meta:
        message = meta.write("46701", "hej")
        time.sleep(0.05)
        assert not meta.acknowledged
        meta.reach(webhook.address)
        assert meta.wait_for(lambda: message in meta.acknowledged)


def test_it_brings_many_in_batches_in_any_order_and_some_again(webhook):
    with FakeMeta(habits=Habits(batch=10, again=1.0, pause=0.01), seed=1) as meta:
        messages = [meta.write(f"46{number}", "hej") for number in range(60)]
        meta.reach(webhook.address)
        assert meta.wait_for(lambda: set(messages) <= meta.acknowledged)
        assert meta.wait_for(lambda: meta.idle)
    said = webhook.said()
    assert Counter(said) == dict.fromkeys(messages, 2)
    assert len(webhook.bodies) < len(said)
    assert list(dict.fromkeys(said)) != messages


def test_it_takes_a_reply_and_tells_what_became_of_it(meta, webhook, adapter):
    receipt = send(adapter)
    (reply,) = meta.replies
    assert (reply.to, reply.text, reply.reference) == ("46701", "Två år 😀.", "7")
    assert receipt == DeliveryReceipt(status=DeliveryStatus.SENT, external_id=reply.id)
    assert meta.wait_for(lambda: meta.idle and sum(webhook.told().values()) == 3)
    assert webhook.told() == {(7, "sent"): 1, (7, "delivered"): 1, (7, "read"): 1}


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [(Fault.FAIL, SendFault.RETRY), (Fault.SLOW_DOWN, SendFault.SLOW_CHANNEL), (Fault.CUT, SendFault.RETRY)],
)
def test_it_can_refuse_for_the_moment(meta, adapter, fault, meaning):
    meta.disturb(fault)
    assert fault_of(adapter) is meaning
    assert meta.replies == []
    assert send(adapter).status is DeliveryStatus.SENT


def test_it_can_take_a_reply_without_a_word(meta, webhook, adapter):
    meta.disturb(Fault.DROP)
    assert fault_of(adapter) is SendFault.RETRY
    assert [reply.reference for reply in meta.replies] == ["7"]
    assert meta.wait_for(lambda: (7, "sent") in webhook.told())


def test_it_can_refuse_for_good(meta, adapter):
    meta.disturb(Fault.REFUSE)
    assert fault_of(adapter) is SendFault.PERMANENT
    assert meta.replies == []


def test_it_can_lose_what_it_took(meta, webhook, adapter):
    meta.disturb(Fault.LOSE)
    assert send(adapter).status is DeliveryStatus.SENT
    assert meta.wait_for(lambda: webhook.told() == {(7, "failed"): 1})


def test_who_never_wrote_cannot_be_written_to(meta, adapter):
    meta.close_window("46701")
    assert fault_of(adapter) is SendFault.WINDOW_CLOSED
    meta.write("46701", "hej")
    assert send(adapter).status is DeliveryStatus.SENT


def test_its_bodies_are_those_of_the_documentation(meta, webhook):
    message = meta.write("46701", "hej", name="Åsa")
    assert meta.wait_for(lambda: message in meta.acknowledged)
    sent = json.loads(webhook.bodies[0])
    assert sent["object"] == "whatsapp_business_account"
    (entry,) = sent["entry"]
    (change,) = entry["changes"]
    value = change["value"]
    assert (entry["id"], change["field"], value["messaging_product"]) == (ACCOUNT.business, "messages", "whatsapp")
    assert value["metadata"]["phone_number_id"] == ACCOUNT.phone_number_id
    assert value["contacts"] == [{"wa_id": "46701", "user_id": "SE.46701", "profile": {"name": "Åsa"}}]
    (item,) = value["messages"]
    assert set(item) == {"from", "from_user_id", "id", "timestamp", "type", "text"}


def test_who_has_no_number_is_known_by_an_id_alone(meta, webhook):
    message = meta.write("SE.1349", "hej")
    assert meta.wait_for(lambda: message in meta.acknowledged)
    value = json.loads(webhook.bodies[0])["entry"][0]["changes"][0]["value"]
    assert "wa_id" not in value["contacts"][0]
    assert "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"] == "SE.1349"
