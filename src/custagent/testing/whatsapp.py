"""A channel kind that speaks to `FakeMeta` as a WhatsApp channel speaks to Meta: signed batches in, single posts out.

It stands in for `kind: whatsapp` of custagent.yaml with that kind's own settings, and takes nothing else of the real
service: text and button messages, the four statuses, the error codes that make a difference. A runner serves it when
this package names it (see docs/webhooks.md), or when `serve` is given it as one of its `kinds`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from starlette.routing import BaseRoute

from custagent.channels.plain import plain_text
from custagent.channels.reception import Reception, Surroundings
from custagent.channels.webhook import Batch, Webhook, webhook_routes
from custagent.core.errors import ChannelError, ConfigError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, DeliveryUpdate, InboundMessage, OutboundMessage
from custagent.core.ports import ChannelAdapter
from custagent.core.workspace import Channel, WhatsAppChannel
from custagent.testing.wire import Exchange, call

#: Where the provider posts to, for all channels of the kind.
WEBHOOK_PATH: Final = "/webhooks/whatsapp"
#: The variable that says where the fake provider is. Without it nothing is sent anywhere.
BASE: Final = "WHATSAPP_GRAPH_BASE"
GRAPH_VERSION: Final = "v25.0"
#: Seconds that the provider may take.
SEND_TIMEOUT: Final = 5.0
#: Error codes after which this reply is not tried again: nobody there, the window is closed, the number is not allowed.
PERMANENT: Final = frozenset({100, 131026, 131030, 131047, 131051})

_STATUSES: Final = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}
_OK: Final = 200


class FakeWhatsApp:
    """The kind: what `serve` is given for `whatsapp`."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See ServedKind."""
        if not isinstance(channel, WhatsAppChannel):
            raise TypeError(f"{channel.name} is a {channel.kind} channel")
        return FakeWhatsAppAdapter(channel, around)

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        """See ServedKind."""
        return webhook_routes(WEBHOOK_PATH, _Words(reception), reception)


class FakeWhatsAppAdapter(ChannelAdapter):
    """A ChannelAdapter whose provider is `FakeMeta`."""

    def __init__(self, channel: WhatsAppChannel, around: Surroundings) -> None:
        self._channel = channel
        self._around = around

    @property
    def name(self) -> str:
        """See the port."""
        return self._channel.name

    @property
    def idempotent(self) -> bool:
        """See the port: the provider takes no key by which it would know a reply again."""
        return False

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. The outbox's id goes along, and comes back with every status."""
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": outbound.contact_key,
            "type": "text",
            "text": {"body": outbound.message.text, "preview_url": False},
            "biz_opaque_callback_data": str(outbound.id),
        }
        answer = await self._call("POST", "/messages", json.dumps(body).encode())
        told = _mapping(answer.body)
        if answer.status == _OK:
            return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=_text(_first(told.get("messages")), "id"))
        error = told.get("error")
        error = error if isinstance(error, dict) else {}
        reason = f"{error.get('message') or 'no reason given'} (HTTP {answer.status})"
        if error.get("code") in PERMANENT:
            return DeliveryReceipt(status=DeliveryStatus.FAILED, error=reason)
        raise ChannelError(f"the provider of {self.name} refused: {reason}")

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: the secrets are there, and the provider knows the number."""
        missing = ""
        for reference in (self._channel.access_token, self._channel.app_secret, self._channel.verify_token):
            try:
                self._around.secrets(reference)
            except ConfigError as error:
                missing = missing or f"{error.message}; {error.hint}"
        steps = [("its secrets are set", missing)]
        if not missing:
            try:
                answer = await self._call("GET", "")
                wrong = "" if answer.status == _OK else f"the provider does not know the number (HTTP {answer.status})"
            except ChannelError as error:
                wrong = error.message
            steps.append(("the provider knows the number", wrong))
        return steps

    async def _call(self, method: str, path: str, body: bytes = b"") -> Exchange:
        base = self._around.environ.get(BASE)
        if not base:
            raise ChannelError(f"{self.name} is a channel for tests, and {BASE} does not say where its provider is")
        try:
            token = self._around.secrets(self._channel.access_token)[0]
            return await call(
                method,
                f"{base}/{GRAPH_VERSION}/{self._channel.phone_number_id}{path}",
                {
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "User-Agent": f"custagent process {os.getpid()}",
                },
                body,
                seconds=SEND_TIMEOUT,
            )
        except ConfigError as error:
            raise ChannelError(f"{self.name} cannot send: {error.message}") from error
        except (OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise ChannelError(f"the provider of {self.name} cannot be reached: {reason}") from error


class _Words(Webhook):
    """What the provider's bodies say, for the WhatsApp channels in force."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def secrets(self) -> Collection[str]:
        """See the protocol."""
        return self._all("app_secret")

    def verify_tokens(self) -> Collection[str]:
        """See the protocol."""
        return self._all("verify_token")

    def parse(self, body: bytes, *, secret: str) -> Batch:
        """See the protocol. An app's secret vouches for its own numbers only."""
        numbers = {}
        for channel in self._channels():
            with suppress(ConfigError):
                if secret in self._reception.around.secrets(channel.app_secret):
                    numbers[channel.phone_number_id] = channel.name
        return parse(body, numbers)

    def _all(self, setting: str) -> Collection[str]:
        found: set[str] = set()
        missing: ConfigError | None = None
        for channel in self._channels():
            try:
                found.update(self._reception.around.secrets(getattr(channel, setting)))
            except ConfigError as error:
                missing = error
        if missing and not found:
            raise missing
        return found

    def _channels(self) -> list[WhatsAppChannel]:
        return [one for one in self._reception.channels().values() if isinstance(one, WhatsAppChannel)]


def parse(body: bytes, numbers: Mapping[str, str]) -> Batch:
    """What a batch brings; `numbers` are the channels' names by the id of their number. Raises ValueError."""
    sent = json.loads(body.decode("utf-8"))
    if not isinstance(sent, dict) or sent.get("object") != "whatsapp_business_account":
        raise ValueError("the body is no batch of a WhatsApp account")
    messages: list[InboundMessage] = []
    updates: list[DeliveryUpdate] = []
    unknown: list[str] = []
    body_hash = hashlib.sha256(body).hexdigest()
    for value in _values(sent):
        channel = numbers.get(_text(value.get("metadata"), "phone_number_id"))
        names = {_text(one, "wa_id"): _text(one.get("profile"), "name") for one in _mappings(value.get("contacts"))}
        for item in _mappings(value.get("messages")):
            message = _message(item, channel, names, body_hash) if channel else None
            if message is None:
                unknown.append(_text(item, "type"))
            else:
                messages.append(message)
        for item in _mappings(value.get("statuses")):
            update = _update(item, channel) if channel else None
            if update is None:
                unknown.append(f"status-{_text(item, 'status')}")
            else:
                updates.append(update)
    return Batch(messages=tuple(messages), updates=tuple(updates), unknown=tuple(unknown))


def _values(sent: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What stands at the end of `entry[].changes[].value`, whatever else does."""
    for entry in _mappings(sent.get("entry")):
        for change in _mappings(entry.get("changes")):
            value = change.get("value")
            if change.get("field") == "messages" and isinstance(value, dict):
                yield value


def _message(item: Mapping[str, Any], channel: str, names: Mapping[str, str], body_hash: str) -> InboundMessage | None:
    """The contact's message; None for a kind that is not read, and for one that is broken."""
    external_id, key = _text(item, "id"), _text(item, "from") or _text(item, "from_user_id")
    said = plain_text(_said(item))
    sent_at = _moment(item.get("timestamp"))
    if not external_id or not key or not said or sent_at is None:
        return None
    return InboundMessage(
        channel=channel,
        external_id=external_id,
        contact_key=key,
        text=said,
        sent_at=sent_at,
        contact_name=plain_text(names.get(key, "")),
        body_hash=body_hash,
    )


def _said(item: Mapping[str, Any]) -> str:
    if item.get("type") == "interactive":
        pressed = item.get("interactive")
        return _text(pressed.get("button_reply"), "title") if isinstance(pressed, dict) else ""
    return _text(item.get("text"), "body") if item.get("type") == "text" else ""


def _update(item: Mapping[str, Any], channel: str) -> DeliveryUpdate | None:
    status, external_id = _STATUSES.get(_text(item, "status")), _text(item, "id")
    if status is None or not external_id:
        return None
    ours = _text(item, "biz_opaque_callback_data")
    reason = _text(_first(item.get("errors")), "message")
    return DeliveryUpdate(
        channel=channel,
        receipt=DeliveryReceipt(
            status=status, external_id=external_id, error=reason if status is DeliveryStatus.FAILED else ""
        ),
        outbound=int(ours) if ours.isascii() and ours.isdigit() and len(ours) <= 18 else 0,  # noqa: PLR2004 # 64 bits
    )


def _moment(value: object) -> datetime | None:
    """Unix seconds, as a text."""
    try:
        return datetime.fromtimestamp(int(value), UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _mapping(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _mappings(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _text(holder: object, key: str) -> str:
    """A text in a mapping; "" for anything else. Halves of characters cannot be kept, and are no ids either."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
