"""What WhatsApp's webhooks say, in our words (channels sheet, §1.1 to §1.4). Pure: bytes in, values out.

Nothing is where it should be until it was looked at, and one broken item never fails the others: it becomes `Unread`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from custagent.channels.meta import canonical, first, mapping, mappings, reason, text
from custagent.channels.plain import plain_text
from custagent.channels.webhook import Batch
from custagent.channels.whatsapp.content import Content, content_of
from custagent.core.channel_event import ChannelEvent, IdentitiesChanged, MessageChanged, PersonWrote, Unread
from custagent.core.message import (
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    Identity,
    IdentityKind,
    InboundMessage,
)

_OURS: Final = "whatsapp_business_account"
#: Fields that tell of the account, not of a conversation.
_OF_ACCOUNT: Final = frozenset({
    "account_alerts", "account_review_update", "account_settings_update", "account_update", "automatic_events",
    "business_capability_update", "business_status_update", "calls", "flows", "group_lifecycle_update",
    "group_participants_update", "group_settings_update", "group_status_update", "history",
    "message_template_components_update", "message_template_quality_update", "message_template_status_update",
    "messaging_handovers", "partner_solutions", "payment_configuration_update", "phone_number_name_update",
    "phone_number_quality_update", "security", "smb_app_state_sync", "standby", "template_category_update",
    "template_correct_category_detection", "tracking_events", "user_id_update", "user_preferences",
})  # fmt: skip
_STATUSES: Final = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    # A voice message that was listened to.
    "played": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}
_SAYS_NOTHING: Final = frozenset({"deleted", "warning", "pending"})
_NEW_NUMBER: Final = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})
#: What was sent along with a reply: the outbox's id, and which piece.
_REFERENCE: Final = re.compile(r"([0-9]{1,18})(?::([0-9]{1,4})(\+)?)?")
#: There was no WhatsApp before; what a clock tells that is older, or of tomorrow, is taken as now.
_BEGAN: Final = datetime(2009, 1, 1, tzinfo=UTC)
_LONGEST_NAME: Final = 200
_LONGEST_ID: Final = 500


def parse(body: bytes, numbers: Mapping[str, str], *, now: datetime) -> Batch:
    """What a batch brings; `numbers` are the channels' names by the id of their number. Raises ValueError."""
    sent = json.loads(body.decode("utf-8"))
    if not isinstance(sent, dict) or not isinstance(sent.get("object"), str):
        raise ValueError("the body is no batch of Meta's")  # noqa: TRY004 - of any body that is none
    if sent["object"] != _OURS:
        return Batch(ignored=(f"object-{sent['object']}",))
    reading = _Reading(numbers, now, hashlib.sha256(body).hexdigest())
    for entry in reading.each(sent.get("entry"), "entry"):
        for change in reading.each(entry.get("changes"), "change"):
            reading.change(change)
    return reading.batch()


class _Reading:
    """One batch while it is read."""

    def __init__(self, numbers: Mapping[str, str], now: datetime, body_hash: str) -> None:
        self._numbers = numbers
        self._now = now
        self._body_hash = body_hash
        self._channel = next(iter(numbers.values()), "")
        self._contacts: list[dict[str, Any]] = []
        self._messages: list[InboundMessage] = []
        self._updates: list[DeliveryUpdate] = []
        self._events: list[ChannelEvent] = []
        self._ignored: list[str] = []

    def batch(self) -> Batch:
        """Everything that was found."""
        return Batch(
            messages=tuple(self._messages),
            updates=tuple(self._updates),
            events=tuple(self._events),
            ignored=tuple(self._ignored),
        )

    def each(self, items: object, kind: str) -> Iterator[dict[str, Any]]:
        """The mappings of a list; whatever else stands there is kept unread."""
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict):
                yield item
            elif item is not None:
                self._unread(kind, item)

    def change(self, change: Mapping[str, Any]) -> None:
        """What stands in one change of one number."""
        field, value = text(change, "field"), change.get("value")
        number = text(mapping(value).get("metadata"), "phone_number_id")
        if field in _OF_ACCOUNT:
            self._ignored.append(field)
        elif not isinstance(value, dict) or not number:
            self._unread(field or "change", change)
        elif number not in self._numbers:
            self._ignored.append(f"{field}-of-another-number")
        else:
            self._channel = self._numbers[number]
            self._contacts = mappings(value.get("contacts"))
            self._value(field, value)

    def _value(self, field: str, value: Mapping[str, Any]) -> None:
        if field == "messages":
            for item in self.each(value.get("messages"), "message"):
                self._take(self._message(item), text(item, "type") or "message", item)
            for item in self.each(value.get("statuses"), "status"):
                self._take(self._status(item), f"status-{text(item, 'status')}", item)
            for item in self.each(value.get("errors"), "errors"):
                self._ignored.append(f"error-{item.get('code')}")
        elif field == "smb_message_echoes":
            for item in self.each(value.get("message_echoes"), "echo"):
                self._take(self._echo(item), f"echo-{text(item, 'type')}", item)
        else:
            self._unread(field or "change", value)

    def _take(
        self, found: InboundMessage | DeliveryUpdate | ChannelEvent | str | None, kind: str, item: object
    ) -> None:
        """A text names what is left aside on purpose; None is something that cannot be read."""
        match found:
            case None:
                self._unread(kind, item)
            case str():
                self._ignored.append(found)
            case InboundMessage():
                self._messages.append(found)
            case DeliveryUpdate():
                self._updates.append(found)
            case _:
                self._events.append(found)

    def _unread(self, kind: str, item: object) -> None:
        content = canonical(item)
        if not self._channel:
            self._ignored.append(kind)
            return
        self._events.append(
            Unread(
                channel=self._channel,
                kind=kind[:_LONGEST_NAME],
                content=content,
                content_hash=hashlib.sha256(content.encode()).hexdigest(),
            )
        )

    # The three sorts of items.

    def _message(self, item: Mapping[str, Any]) -> InboundMessage | ChannelEvent | str | None:
        kind, external_id = text(item, "type"), text(item, "id")[:_LONGEST_ID]
        if text(item, "group_id"):
            return "group"
        if kind == "system":
            return self._system(item, external_id)
        if kind in {"edit", "revoke"}:
            return self._changed(item, kind, external_id)
        content = content_of(item)
        if isinstance(content, str):
            return content
        contact, identities = self._whose(item, "from", "from_user_id", "from_parent_user_id")
        key = _key(identities)
        if content is None or not external_id or not key:
            return None
        return InboundMessage(
            channel=self._channel,
            external_id=external_id,
            contact_key=key,
            text=content.text,
            sent_at=self._moment(item),
            contact_name=plain_text(text(contact.get("profile"), "name"))[:_LONGEST_NAME],
            attachments=content.attachments,
            identities=identities,
            for_people=content.for_people,
            reply_details=_details(item),
            body_hash=self._body_hash,
        )

    def _changed(self, item: Mapping[str, Any], kind: str, external_id: str) -> MessageChanged | None:
        told = mapping(item.get(kind))
        changed = text(told, "original_message_id")
        content = content_of(mapping(told.get("message"))) if kind == "edit" else Content()
        if not changed or not external_id or not isinstance(content, Content):
            return None
        return MessageChanged(
            channel=self._channel, external_id=external_id, changed=changed, text=content.text, at=self._moment(item)
        )

    def _system(self, item: Mapping[str, Any], external_id: str) -> IdentitiesChanged | str | None:
        told = mapping(item.get("system"))
        kind = text(told, "type")
        if kind not in _NEW_NUMBER:
            return f"system-{kind}"
        _, before = self._whose(item, "from", "from_user_id", "from_parent_user_id")
        old = text(told, "customer")
        if old and not any(one.value == old for one in before):
            before = (*before, Identity(kind=IdentityKind.PHONE, value=old))
        now = _identities(
            bsuid=text(told, "user_id"),
            phone=text(told, "wa_id") or text(told, "new_wa_id"),
            parent=text(told, "parent_user_id"),
        )
        # The contact's entry beside the message may tell the new id already.
        before = tuple(one for one in before if one not in now)
        if not external_id or not before or not now:
            return None
        return IdentitiesChanged(
            channel=self._channel, external_id=external_id, before=before, now=now, contact_key=_key(now),
            at=self._moment(item),
        )  # fmt: skip

    def _echo(self, item: Mapping[str, Any]) -> PersonWrote | str | None:
        kind, external_id = text(item, "type"), text(item, "id")[:_LONGEST_ID]
        if text(item, "group_id"):
            return "group"
        content = f"echo-{kind}" if kind in {"edit", "revoke"} else content_of(item)
        if isinstance(content, str):
            return content
        _, identities = self._whose(item, "to", "to_user_id", "to_parent_user_id")
        key = _key(identities)
        if content is None or not external_id or not key:
            return None
        return PersonWrote(
            channel=self._channel, external_id=external_id, contact_key=key, identities=identities, text=content.text,
            attachments=content.attachments, at=self._moment(item),
        )  # fmt: skip

    def _status(self, item: Mapping[str, Any]) -> DeliveryUpdate | str | None:
        named, external_id = text(item, "status"), text(item, "id")[:_LONGEST_ID]
        if item.get("recipient_type") == "group":
            return "group"
        if named in _SAYS_NOTHING:
            return f"status-{named}"
        status = _STATUSES.get(named)
        if status is None or not external_id:
            return None
        failed = status is DeliveryStatus.FAILED
        error = plain_text(reason(first(item.get("errors")))) if failed else ""
        ours = _REFERENCE.fullmatch(text(item, "biz_opaque_callback_data"))
        return DeliveryUpdate(
            channel=self._channel,
            receipt=DeliveryReceipt(status=status, external_id=external_id, error=error),
            outbound=int(ours[1]) if ours else 0,
            part=int(ours[2] or 0) if ours else 0,
            last=not (ours and ours[3]),
        )

    # Who and when.

    def _whose(
        self, item: Mapping[str, Any], phone_key: str, bsuid_key: str, parent_key: str
    ) -> tuple[Mapping[str, Any], tuple[Identity, ...]]:
        """The contact's entry that belongs to an item, {} for none, and all that the two tell of who it is."""
        phone, bsuid = text(item, phone_key), text(item, bsuid_key)
        found: Mapping[str, Any] = {}
        for contact in self._contacts:
            ids = (text(contact, "user_id"), text(contact, "wa_id"))
            if (bsuid and ids[0] == bsuid) or (phone and ids[1] == phone):
                found = contact
                break
        else:
            # An item that does not say, beside one contact: it can only be that one.
            if len(self._contacts) == 1 and not phone and not bsuid:
                found = self._contacts[0]
        return found, _identities(
            bsuid=bsuid or text(found, "user_id"),
            phone=phone or text(found, "wa_id"),
            parent=text(item, parent_key) or text(found, "parent_user_id"),
            username=text(found.get("profile"), "username"),
        )

    def _moment(self, item: Mapping[str, Any]) -> datetime:
        """When it was, by the provider: Unix seconds as a text."""
        value = item.get("timestamp")
        try:
            at = datetime.fromtimestamp(int(value), UTC) if isinstance(value, str | int) else self._now
        except (ValueError, OverflowError, OSError):
            return self._now
        return at if _BEGAN <= at <= self._now else self._now


def _identities(*, bsuid: str, phone: str, parent: str = "", username: str = "") -> tuple[Identity, ...]:
    """The surest first: a number changes hands, a name is chosen."""
    told = (
        (IdentityKind.BSUID, bsuid),
        (IdentityKind.PHONE, phone),
        (IdentityKind.PARENT_BSUID, parent),
        (IdentityKind.USERNAME, username),
    )
    return tuple(
        Identity(kind=kind, value=plain) for kind, value in told if (plain := plain_text(value)[:_LONGEST_NAME])
    )


def _key(identities: tuple[Identity, ...]) -> str:
    """What a reply is addressed to: the number where it is told, else the id."""
    by_kind = {one.kind: one.value for one in identities}
    return by_kind.get(IdentityKind.PHONE) or by_kind.get(IdentityKind.BSUID, "")


def _details(item: Mapping[str, Any]) -> dict[str, str]:
    """What the message was a reply to, or that it was passed on."""
    context = mapping(item.get("context"))
    details = {"quoted": text(context, "id"), "quoted_from": text(context, "from")}
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        details["forwarded"] = "yes"
    return {key: value[:_LONGEST_ID] for key, value in details.items() if value}
