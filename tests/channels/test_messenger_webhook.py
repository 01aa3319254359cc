"""Whose secret vouches for which page, and what is told of bodies that are brought to the wrong place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.hub import Hub
from custagent.channels.messenger.adapter import MessengerWebhook
from custagent.channels.reception import Surroundings
from custagent.config.secrets import resolve_all
from custagent.core.channel import LiveChatChannel, MessengerChannel
from custagent.core.errors import ConfigError
from custagent.testing import FrozenClock

PAYLOADS = Path(__file__).parent.parent / "payloads" / "messenger"
PAGE_ID = "104862911483190"
ENVIRONMENT = {
    "A_SECRET": "a", "A_SECRET_PREVIOUS": "a-before", "A_VERIFY": "verify-a", "B_SECRET": "b", "B_VERIFY": "verify-b",
}  # fmt: skip


def page(name: str, page_id: str) -> MessengerChannel:
    upper = name.upper()
    return MessengerChannel(
        name=name, kind="messenger", page_id=page_id, app_id="1746292889016245", access_token="${TOKEN}",
        app_secret=f"${{{upper}_SECRET}}", verify_token=f"${{{upper}_VERIFY}}",
    )  # fmt: skip


class Desk:
    """What the webhook needs of a Reception."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.around = Surroundings(
            hub=Hub(), clock=FrozenClock(), environ={}, secrets=lambda name: resolve_all(name, environment)
        )

    def channels(self) -> Mapping[str, Any]:
        web = LiveChatChannel(name="web", kind="live-chat")
        return {"a": page("a", PAGE_ID), "b": page("b", "5"), "web": web}


def webhook(environment: Mapping[str, str] = ENVIRONMENT) -> MessengerWebhook:
    return MessengerWebhook(Desk(environment))  # type: ignore[arg-type]  # what it needs of one


def test_the_secrets_of_all_pages_are_good_those_before_too():
    assert sorted(webhook().secrets()) == ["a", "a-before", "b"]
    assert sorted(webhook().verify_tokens()) == ["verify-a", "verify-b"]


def test_a_page_whose_secret_is_missing_concerns_no_other():
    left = webhook({"B_SECRET": "b", "B_VERIFY": "verify-b"})
    assert list(left.secrets()) == ["b"]
    body = (PAYLOADS / "text.json").read_bytes().replace(PAGE_ID.encode(), b"5")
    assert left.parse(body, secret="b").messages[0].channel == "b"
    with pytest.raises(ConfigError):
        webhook({}).secrets()


@pytest.mark.parametrize(("secret", "channels"), [("a", ["a"]), ("a-before", ["a"]), ("b", [])])
def test_a_secret_vouches_for_its_own_pages_only(secret, channels):
    batch = webhook().parse((PAYLOADS / "text.json").read_bytes(), secret=secret)
    assert [message.channel for message in batch.messages] == channels
    assert batch.ignored == (() if channels else ("of-another-page",))


def test_whatsapp_at_the_wrong_address_is_told_once(caplog):
    words = webhook()
    for _ in range(3):
        batch = words.parse((PAYLOADS / "whatsapp.json").read_bytes(), secret="a")
        assert batch.ignored == ("whatsapp_business_account",)
    words.parse((PAYLOADS / "instagram.json").read_bytes(), secret="a")
    (told,) = caplog.records
    assert "/webhooks/whatsapp" in told.getMessage()
