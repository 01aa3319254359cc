"""What Messenger's webhook says, in our words. Pure: bytes in, messages, news of replies and events out.

A body has entries, one a page, with events in `messaging`, or in `standby` while another app of the page has the contact's
thread: then people see the message, and the agent is silent. Nothing of a body fails anything else of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from custagent.channels.messenger.content import ID, LONGEST_NAME, content_of, id_in, option
from custagent.channels.meta import canonical, mapping, mappings, text
from custagent.channels.plain import plain_text
from custagent.core.channel_event import ChannelEvent, MessageChanged, PersonWrote, Unread
from custagent.core.message import (
    Attachment,
    DeliveryReceipt,
    DeliveryStatus,
    DeliveryUpdate,
    Identity,
    IdentityKind,
    InboundMessage,
)

if TYPE_CHECKING:
    from custagent.channels.webhook import Batch

#: What stands in the metadata of our messages, which comes back with their echoes: the outbox row and the piece of it.
REFERENCE: Final = re.compile(r"custagent:([0-9]{1,18}):([0-9]{1,4})(\+)?")
#: Why the agent leaves a message to people that came while another app has the thread.
STANDBY: Final = "another app of the page has the conversation"

#: What happens on a page and is no matter of a conversation, or is told better elsewhere.
_LEFT_ASIDE: Final = frozenset({
    "account_linking", "app_roles", "game_play", "message_request", "messaging_feedback", "optin", "payment",
    "policy-enforcement", "policy_enforcement", "reaction", "referral", "request_thread_control",
})  # fmt: skip
#: What every event has, whatever it tells.
_AROUND: Final = frozenset({"sender", "recipient", "timestamp", "hop_context", "is_echo"})
_EARLIEST: Final = datetime(2010, 1, 1, tzinfo=UTC)
#: How far a clock of the provider's may be ahead of ours.
_AHEAD: Final = timedelta(days=1)

_Read: TypeAlias = InboundMessage | DeliveryUpdate | ChannelEvent | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that is a channel."""

    #: The channel's name.
    channel: str
    page_id: str
    app_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """One thing that happened, with what is read the same way of all."""

    page: Page
    told: Mapping[str, Any]
    #: The contact: Messenger's id of the person for this page; "" where the event names none.
    psid: str
    #: Whether the page is who did it.
    by_page: bool
    standby: bool
    at: datetime
    body_hash: str

    @property
    def identities(self) -> tuple[Identity, ...]:
        return (Identity(kind=IdentityKind.PSID, value=self.psid),)


@dataclass(slots=True)
class _Found:
    """What a body brings, each with when it happened."""

    messages: list[tuple[datetime, InboundMessage]] = field(default_factory=list)
    updates: list[tuple[datetime, DeliveryUpdate]] = field(default_factory=list)
    events: list[tuple[datetime, ChannelEvent]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def add(self, at: datetime, one: _Read) -> None:
        if isinstance(one, str):
            self.ignored.append(one)
        elif isinstance(one, InboundMessage):
            self.messages.append((at, one))
        elif isinstance(one, DeliveryUpdate):
            self.updates.append((at, one))
        else:
            self.events.append((at, one))

    def batch(self) -> Batch:
        """In the order in which it happened: after an outage events come in any."""
        # Whoever only sends needs no web server.
        from custagent.channels.webhook import Batch

        return Batch(
            messages=tuple(one for _, one in sorted(self.messages, key=lambda pair: pair[0])),
            updates=tuple(one for _, one in sorted(self.updates, key=lambda pair: pair[0])),
            events=tuple(one for _, one in sorted(self.events, key=lambda pair: pair[0])),
            ignored=tuple(self.ignored),
        )


def parse(body: bytes, pages: Mapping[str, Page], *, now: datetime) -> Batch:
    """What a body brings for `pages`, which are by their id. A body about anything but pages is left aside by its name.

    `now` is when things happened whose time cannot be read. Raises ValueError for what is no batch at all.
    """
    sent = json.loads(body.decode("utf-8"))
    about = text(sent, "object")
    if not about:
        raise ValueError("the body is no batch")
    if about != "page":
        return _Found(ignored=[about]).batch()
    found, body_hash = _Found(), hashlib.sha256(body).hexdigest()
    for entry in mappings(sent.get("entry")):
        page = pages.get(id_in(entry, "id"))
        found.ignored += [f"change-{text(change, 'field')}" for change in mappings(entry.get("changes"))]
        entry_at = _moment(entry.get("time"), now, otherwise=now)
        for place in ("messaging", "standby"):
            for item in _items(entry.get(place)):
                if page is None:
                    found.ignored.append("of-another-page")
                    continue
                at = _moment(mapping(item).get("timestamp"), now, otherwise=entry_at)
                for one in read_event(item, page, at=at, standby=place == "standby", body_hash=body_hash):
                    found.add(at, one)
    return found.batch()


def read_event(item: object, page: Page, *, at: datetime, standby: bool, body_hash: str = "") -> Iterable[_Read]:
    """What one event says; of one that is known and needs nothing, its name."""
    told = mapping(item)
    kind = next((key for key in told if key in _READERS), "") or next((key for key in told if key in _LEFT_ASIDE), "")
    read = _READERS.get(kind)
    if read is None:
        return (kind,) if kind else (_unread(item, page, next((key for key in told if key not in _AROUND), "event")),)
    sender, recipient = id_in(told.get("sender"), "id"), id_in(told.get("recipient"), "id")
    by_page = sender == page.page_id or mapping(told.get("message")).get("is_echo") is True
    event = _Event(
        page=page, told=told, psid=recipient if by_page else sender, by_page=by_page, standby=standby, at=at,
        body_hash=body_hash,
    )  # fmt: skip
    found = tuple(read(event))
    return found or (_unread(item, page, kind),)


def _message(event: _Event) -> Iterable[_Read]:
    message = mapping(event.told.get("message"))
    mid = id_in(message, "mid")
    if not mid or not event.psid:
        return
    if message.get("is_deleted") is True:
        changed = MessageChanged(
            channel=event.page.channel, external_id=f"deleted:{mid}", changed=mid, text="", at=event.at
        )
        yield "deleted-echo" if event.by_page else changed
        return
    if event.by_page:
        yield _echo(event, message, mid)
        return
    said, files = content_of(message)
    quoted = id_in(message.get("reply_to"), "mid")
    yield _inbound(event, mid, said, files, {"reply_to": quoted} if quoted else {})


def _echo(event: _Event, message: Mapping[str, Any], mid: str) -> _Read:
    """The page wrote: we did, or somebody past us. An app of the page's own, its inbox too, has another id than ours."""
    if id_in(message, "app_id") == event.page.app_id:
        ours = REFERENCE.fullmatch(text(message, "metadata"))
        return DeliveryUpdate(
            channel=event.page.channel,
            receipt=DeliveryReceipt(status=DeliveryStatus.SENT, external_id=mid),
            outbound=int(ours[1]) if ours else 0,
            part=int(ours[2]) if ours else 0,
            last=not (ours and ours[3]),
            sent_at=event.at,
        )
    said, files = content_of(message)
    return _person(event, mid, said, files)


def _postback(event: _Event) -> Iterable[_Read]:
    """A button was pressed; in `standby` its payload is missing."""
    pressed = mapping(event.told.get("postback"))
    said = option(pressed) or plain_text(text(pressed, "title"))
    if said and event.psid and not event.by_page:
        key = canonical([event.psid, event.told.get("timestamp"), pressed.get("payload")])
        yield _inbound(event, id_in(pressed, "mid") or f"postback:{_hash(key)}", said)


def _edit(event: _Event) -> Iterable[_Read]:
    edit = mapping(event.told.get("message_edit"))
    mid, said = id_in(edit, "mid"), plain_text(text(edit, "text"))
    if event.by_page:
        yield "edit-echo"
    elif mid and said:
        version = id_in(edit, "num_edit") or _hash(said)
        yield MessageChanged(
            channel=event.page.channel, external_id=f"edit:{mid}:{version}", changed=mid, text=said, at=event.at
        )


def _delivery(event: _Event) -> Iterable[_Read]:
    """Where it has no ids, it is about everything before a moment."""
    told = mapping(event.told.get("delivery"))
    mids = told.get("mids")
    known = [mid for mid in mids if isinstance(mid, str) and ID.fullmatch(mid)] if isinstance(mids, list) else []
    if not known:
        yield _until(event, told, DeliveryStatus.DELIVERED)
    for mid in known:
        receipt = DeliveryReceipt(status=DeliveryStatus.DELIVERED, external_id=mid)
        yield DeliveryUpdate(channel=event.page.channel, receipt=receipt)


def _seen(event: _Event) -> Iterable[_Read]:
    yield _until(event, mapping(event.told.get("read")), DeliveryStatus.READ)


def _until(event: _Event, told: Mapping[str, Any], status: DeliveryStatus) -> _Read:
    """All that the page had sent to the contact by the watermark has come that far."""
    until = _moment(told.get("watermark"), event.at, otherwise=_EARLIEST)
    if until == _EARLIEST or event.by_page or not event.psid:
        return "watermark"
    return DeliveryUpdate(
        channel=event.page.channel,
        receipt=DeliveryReceipt(status=status),
        until=until,
        contact_key=event.psid,
    )


def _control(event: _Event) -> Iterable[_Read]:
    """The thread went to another app, such as the page's inbox: somebody of the company has it. Or it came back to us.

    Who has it back says nothing to the contact by that: the agent answers again when people release it (HND-4).
    """
    kind = next(key for key in event.told if key in ("pass_thread_control", "take_thread_control"))
    control = mapping(event.told.get(kind))
    owner, before = id_in(control, "new_owner_app_id"), id_in(control, "previous_owner_app_id")
    ours = event.page.app_id
    if event.psid and (owner != ours if owner else kind == "take_thread_control" and before == ours):
        key = canonical([kind, event.psid, event.told.get("timestamp"), owner])
        yield _person(event, f"control:{_hash(key)}", "", ())
    else:
        yield kind


_READERS: Final[Mapping[str, Callable[[_Event], Iterable[_Read]]]] = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "delivery": _delivery,
    "read": _seen,
    "pass_thread_control": _control,
    "take_thread_control": _control,
}


def _inbound(
    event: _Event,
    external_id: str,
    said: str,
    files: tuple[Attachment, ...] = (),
    details: Mapping[str, str] | None = None,
) -> InboundMessage:
    return InboundMessage(
        channel=event.page.channel,
        external_id=external_id,
        contact_key=event.psid,
        text=said,
        sent_at=event.at,
        attachments=files,
        identities=event.identities,
        for_people=STANDBY if event.standby else "",
        reply_details=details or {},
        body_hash=event.body_hash,
    )


def _person(event: _Event, external_id: str, said: str, files: tuple[Attachment, ...]) -> PersonWrote:
    return PersonWrote(
        channel=event.page.channel,
        external_id=external_id,
        contact_key=event.psid,
        identities=event.identities,
        text=said,
        attachments=files,
        at=event.at,
    )


def _unread(item: object, page: Page, kind: str) -> Unread:
    content = json.dumps(item, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    return Unread(
        channel=page.channel,
        kind=plain_text(kind)[:LONGEST_NAME],
        content=content,
        content_hash=_hash(canonical(item)),
    )


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _moment(value: object, now: datetime, *, otherwise: datetime) -> datetime:
    """Milliseconds since 1970; `otherwise` for what is none, or cannot be."""
    try:
        at = datetime.fromtimestamp(int(value) / 1000, UTC) if isinstance(value, int | str) else otherwise
    except (ValueError, OverflowError, OSError):
        return otherwise
    return at if _EARLIEST <= at <= now + _AHEAD else otherwise


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]
