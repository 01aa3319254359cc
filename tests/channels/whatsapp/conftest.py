"""A provider, and the real adapter at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custagent.channels.hub import Hub
from custagent.channels.reception import Surroundings
from custagent.channels.whatsapp.adapter import WhatsAppAdapter
from custagent.config.secrets import resolve_all
from custagent.core.channel import WhatsAppChannel
from custagent.core.message import DeliveryReceipt, Message, MessageKind, OutboundMessage, RepliedTo, Sender
from custagent.testing import FrozenClock
from custagent.testing.meta import Account, FakeMeta, Habits

CONTACT = "46701234567"
ACCOUNT = Account()


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(habits=Habits(pause=0.01, longest_pause=0.05, patience=1.0)) as provider:
        provider.open_window(CONTACT)
        yield provider


def channel_at(base: str, **more: Any) -> WhatsAppChannel:
    return WhatsAppChannel(**{
        "name": "phone", "kind": "whatsapp", "phone_number_id": ACCOUNT.phone_number_id,
        "business_account_id": ACCOUNT.business, "access_token": "${WHATSAPP_TOKEN}",
        "app_secret": "${WHATSAPP_SECRET}", "verify_token": "${WHATSAPP_VERIFY}", "graph_base_url": base, **more,
    })  # fmt: skip


def around(environment: Mapping[str, str]) -> Surroundings:
    return Surroundings(
        hub=Hub(), clock=FrozenClock(), environ=environment, secrets=lambda name: resolve_all(name, environment)
    )


@pytest.fixture
def adapter(meta: FakeMeta) -> WhatsAppAdapter:
    return WhatsAppAdapter(channel_at(meta.address), around(meta.environment))


@pytest.fixture
def adapter_with(meta: FakeMeta) -> Callable[..., WhatsAppAdapter]:
    """With other variables, or other settings."""

    def make(environment: Mapping[str, str] | None = None, **settings: Any) -> WhatsAppAdapter:
        chosen = meta.environment if environment is None else environment
        return WhatsAppAdapter(channel_at(settings.pop("base", meta.address), **settings), around(chosen))

    return make


def outbound(text: str = "Två år 😀.", *, to: str = CONTACT, number: int = 7, **more: Any) -> OutboundMessage:
    options = more.pop("options", ())
    message = Message(
        id=number, conversation="c", sender=Sender.AGENT, kind=MessageKind.ANSWER, text=text, at=datetime.now(UTC),
        options=options,
    )  # fmt: skip
    return OutboundMessage(id=number, message=message, channel="phone", contact_key=to, **more)


def replied(ago: timedelta, external_id: str = "wamid.1") -> RepliedTo:
    return RepliedTo(external_id=external_id, sent_at=FrozenClock().now() - ago)


def send(adapter: WhatsAppAdapter, reply: OutboundMessage | None = None) -> DeliveryReceipt:
    return asyncio.run(adapter.send(reply or outbound()))
