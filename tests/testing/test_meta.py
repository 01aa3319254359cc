"""The fake provider behaves as the real one: it signs, retries until it is answered 200, and forgets nothing."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from custagent.channels.hub import Hub
from custagent.channels.reception import Surroundings
from custagent.channels.signature import signer
from custagent.config.secrets import resolve_all
from custagent.core.errors import ChannelError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Message, MessageKind, OutboundMessage, Sender
from custagent.core.workspace import WhatsAppChannel
from custagent.testing import FrozenClock
from custagent.testing.meta import Account, FakeMeta, Fault, Habits
from custagent.testing.whatsapp import BASE, FakeWhatsApp, parse

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
        return [message.external_id for body in self.bodies for message in parse(body, NUMBERS).messages]

    def told(self) -> Counter[tuple[int, str]]:
        updates = [update for body in self.bodies for update in parse(body, NUMBERS).updates]
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
        yield provider


@pytest.fixture
def adapter(meta: FakeMeta):
    return adapter_of(meta.environment)


def adapter_of(environment: Mapping[str, str]):
    channel = WhatsAppChannel(
        name="phone", kind="whatsapp", phone_number_id=ACCOUNT.phone_number_id, access_token="${WHATSAPP_TOKEN}",
        app_secret="${WHATSAPP_SECRET}", verify_token="${WHATSAPP_VERIFY}",
    )  # fmt: skip
    around = Surroundings(
        hub=Hub(), clock=FrozenClock(), environ=environment, secrets=lambda name: resolve_all(name, environment)
    )
    return FakeWhatsApp().adapter(channel, around)


def outbound(number: int = 7) -> OutboundMessage:
    message = Message(
        id=number, conversation="c", sender=Sender.AGENT, kind=MessageKind.ANSWER, text="Två år 😀.",
        at=datetime.now(UTC),
    )  # fmt: skip
    return OutboundMessage(id=number, message=message, channel="phone", contact_key="46701")


def send(adapter, number: int = 7) -> DeliveryReceipt:
    return asyncio.run(adapter.send(outbound(number)))


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


@pytest.mark.parametrize(("fault", "why"), [(Fault.FAIL, "HTTP 500"), (Fault.SLOW_DOWN, "HTTP 429")])
def test_it_can_refuse_for_the_moment(meta, adapter, fault, why):
    meta.disturb(fault)
    with pytest.raises(ChannelError, match=why):
        send(adapter)
    assert meta.replies == []
    assert send(adapter).status is DeliveryStatus.SENT


def test_it_can_take_a_reply_without_a_word(meta, webhook, adapter):
    meta.disturb(Fault.DROP)
    with pytest.raises(ChannelError, match="cannot be reached"):
        send(adapter)
    assert [reply.reference for reply in meta.replies] == ["7"]
    assert meta.wait_for(lambda: (7, "sent") in webhook.told())


def test_it_can_refuse_for_good(meta, adapter):
    meta.disturb(Fault.REFUSE)
    refused = send(adapter)
    assert refused.status is DeliveryStatus.FAILED
    assert "Message undeliverable" in refused.error
    assert meta.replies == []


def test_it_can_lose_what_it_took(meta, webhook, adapter):
    meta.disturb(Fault.LOSE)
    assert send(adapter).status is DeliveryStatus.SENT
    assert meta.wait_for(lambda: webhook.told() == {(7, "failed"): 1})


def test_one_that_says_nothing_is_not_waited_for_for_ever(meta, adapter, monkeypatch):
    monkeypatch.setattr("custagent.testing.whatsapp.SEND_TIMEOUT", 0.05)
    meta.disturb(Fault.HANG)
    with pytest.raises(ChannelError, match="TimeoutError"):
        send(adapter)


def test_it_knows_whose_token_it_is(meta):
    stranger = adapter_of({**meta.environment, "WHATSAPP_TOKEN": "another"})
    with pytest.raises(ChannelError, match="HTTP 401"):
        send(stranger)
    assert meta.replies == []


def test_a_check_names_what_is_missing(meta, adapter):
    assert asyncio.run(adapter.check()) == [("its secrets are set", ""), ("the provider knows the number", "")]
    environment = dict(meta.environment)
    del environment["WHATSAPP_VERIFY"]
    ((step, wrong),) = asyncio.run(adapter_of(environment).check())
    assert (step, "WHATSAPP_VERIFY" in wrong) == ("its secrets are set", True)
    nowhere = {name: value for name, value in meta.environment.items() if name != BASE}
    _, (_, wrong) = asyncio.run(adapter_of(nowhere).check())
    assert BASE in wrong
    wrong_token = {**meta.environment, "WHATSAPP_TOKEN": "another"}
    _, (_, wrong) = asyncio.run(adapter_of(wrong_token).check())
    assert "HTTP 401" in wrong


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
    assert value["contacts"] == [{"wa_id": "46701", "profile": {"name": "Åsa"}}]
    (item,) = value["messages"]
    assert set(item) == {"from", "id", "timestamp", "type", "text"}
