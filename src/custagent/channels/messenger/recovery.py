"""Keeps pages subscribed, and takes in what contacts wrote while nobody listened.

Meta tries a few times to tell of a message, and an app that did not listen for an hour is told nothing more. So when the
runner starts, and every hour, each page is subscribed anew, and the newest messages of each thread since the last time are
compared with what is written down: whatever kept Meta from getting through, nothing is missed. What an app of the page, or
a person, has answered meanwhile is left to people, and so is what is in another app's hands, or older than Messenger lets
anybody but people answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from custagent.channels.messenger.content import id_in
from custagent.channels.messenger.page import MessengerPage, file_of, link_of
from custagent.channels.messenger.replies import WINDOW
from custagent.channels.messenger.words import STANDBY
from custagent.channels.meta import canonical, mapping, mappings, text
from custagent.channels.plain import plain_text
from custagent.channels.reception import Reception
from custagent.core.channel import MessengerChannel
from custagent.core.channel_event import ChannelEvent, PersonWrote, Unread
from custagent.core.errors import CustagentError, LeaseHeld
from custagent.core.ids import content_hash
from custagent.core.message import Attachment, Identity, IdentityKind, InboundMessage

_log = logging.getLogger(__name__)

#: Seconds between looks at which pages there are.
LOOK: Final = 30.0
#: Seconds after which a page is looked after again, and those after which a failure is tried again, doubled up to the longest.
AGAIN: Final = 3_600.0
FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 3_600.0
#: How much earlier than the last time is looked, for what was under way then.
OVERLAP: Final = timedelta(hours=1)
#: How far back is looked at most: for longer not even people may answer.
FURTHEST: Final = timedelta(days=7)
#: Seconds between calls of the Conversations API, of which it takes two a second.
PACE: Final = 0.5
#: Seconds in which Meta may still bring the echo of a reply of ours that was going out when the runner before ended.
SETTLE: Final = 15.0
#: Answers of it that are read at most, 25 threads each.
MOST_PAGES: Final = 40
_ANSWERED: Final = "it was answered elsewhere"
_LATE: Final = "it is older than a day"


@dataclass(slots=True)
class _Watched:
    """A page, as this process has it."""

    #: When it is looked after next, by the clock that cannot be set.
    due: float = 0.0
    pause: float = FIRST_PAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patience:
    """How long is waited, in seconds: `PACE`, `SETTLE`; tests have less."""

    pace: float
    settle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """When a page was last caught up with, and since when it is ours at all: what is older was never ours to answer."""

    begun: datetime
    seen: datetime

    @classmethod
    def read(cls, remembered: str) -> _Past | None:
        try:
            told = mapping(json.loads(remembered))
            found = cls(
                begun=datetime.fromisoformat(text(told, "begun")), seen=datetime.fromisoformat(text(told, "seen"))
            )
        except ValueError:
            return None
        return found if found.begun.tzinfo and found.seen.tzinfo else None

    def written(self) -> str:
        return json.dumps({"begun": self.begun.isoformat(), "seen": self.seen.isoformat()})

    def since(self, now: datetime) -> datetime:
        """What is looked at: nothing from before we listened at all. Meta tells moments in whole seconds."""
        return max(self.begun, min(self.seen, now) - OVERLAP, now - FURTHEST).replace(microsecond=0)


async def keep_pages(
    reception: Reception,
    stop: asyncio.Event,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    look: float = LOOK,
    pace: float = PACE,
    settle: float = SETTLE,
) -> None:
    """Until `stop` is set. A fault of one page is told, and tried again. Raises LeaseHeld."""
    watched: dict[str, _Watched] = {}
    while not stop.is_set():
        channels = _pages(reception)
        watched = {name: watched.get(name, _Watched()) for name in channels}
        for name, channel in channels.items():
            if not stop.is_set():
                tending = _tend(reception, channel, watched[name], monotonic, _Patience(pace=pace, settle=settle))
                await _unless_stopped(tending, stop)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look)


async def _unless_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do it, or leave off where `stop` is set: what is not taken in by then is taken in by the next runner."""
    doing, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        doing.cancel()
        await asyncio.wait({doing})
    if not doing.cancelled():
        doing.result()


async def _tend(
    reception: Reception,
    channel: MessengerChannel,
    state: _Watched,
    monotonic: Callable[[], float],
    patience: _Patience,
) -> None:
    """Do for one page what is due."""
    try:
        if state.due <= monotonic():
            await listen(reception, channel, pace=patience.pace, settle=patience.settle)
            await reception.trouble(channel.name, "")
            state.due, state.pause = monotonic() + AGAIN, FIRST_PAUSE
    except LeaseHeld:
        raise
    except CustagentError as error:
        _log.warning("%s may not hear of new messages, it is tried again: %s", channel.name, error.message)
        state.due = monotonic() + state.pause
        state.pause = min(2 * state.pause, LONGEST_PAUSE)
        with suppress(CustagentError):
            await reception.trouble(channel.name, f"Meta could not be asked for what happens on it: {error.message}")


async def listen(reception: Reception, channel: MessengerChannel, *, pace: float = PACE, settle: float = SETTLE) -> int:
    """Subscribe a page, and take in what was missed since the last time; how many messages.

    Raises ChannelError, StoreError, Overloaded: then it is all done again, and nothing is taken twice.
    """
    page, now, count = MessengerPage(channel, reception.around), reception.around.clock.now(), 0
    await page.subscribe()
    past = _Past.read(await reception.remembered(channel.name))
    if past is not None:
        patience = _Patience(pace=pace, settle=settle)
        count = await recover(reception, page, since=past.since(now), now=now, patience=patience)
        if count:
            _log.warning("%s: took in %s messages that Meta had not brought", channel.name, count)
    await reception.remember(channel.name, _Past(begun=past.begun if past else now, seen=now).written())
    return count


async def recover(
    reception: Reception, page: MessengerPage, *, since: datetime, now: datetime, patience: _Patience
) -> int:
    """Take in what contacts wrote since then and is not written down; how many messages that were. Raises as `listen`."""
    after, count = "", 0
    for number in range(MOST_PAGES):
        if number:
            await asyncio.sleep(patience.pace)
        threads, after = await page.threads(after)
        current = [thread for thread in threads if (_moment(thread, "updated_time") or now) >= since]
        said = [(thread.get("is_owner") is True, list(_said(thread, since))) for thread in current]
        for found in await _missed(reception, page.channel, said, now=now, settle=patience.settle):
            count += await _take(reception, found)
        if not after or len(current) < len(threads):
            return count
    _log.warning("%s: there were more threads than are read at a time; older ones are left", page.channel.name)
    return count


async def _missed(
    reception: Reception,
    channel: MessengerChannel,
    said: Sequence[tuple[bool, Sequence[Mapping[str, Any]]]],
    *,
    now: datetime,
    settle: float,
) -> Sequence[Sequence[InboundMessage | ChannelEvent]]:
    """What of each thread, which are told as (whether it is ours, its messages), is to be taken in."""
    ids = [id_in(message, "id") for _, messages in said for message in messages]
    again = True
    while ids:
        known = await reception.known(channel.name, ids)
        found = [Missed(channel=channel, is_owner=owner, now=now).of(messages, known) for owner, messages in said]
        if not again or not any(isinstance(one, PersonWrote) for each in found for one in each):
            return found
        # It may have been us, a moment before the runner before this one was killed: then its echo is on its way.
        await asyncio.sleep(settle)
        again = False
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Tells what of a thread is to be taken in, and by whom it is to be answered."""

    channel: MessengerChannel
    #: Whether the thread is ours to answer.
    is_owner: bool
    now: datetime

    def of(
        self, messages: Sequence[Mapping[str, Any]], known: Collection[str]
    ) -> Sequence[InboundMessage | ChannelEvent]:
        """In its order; `messages` are in theirs. What the page wrote counts only behind something that was missed:
        before that it may be a reply of ours whose id was never noted.
        """
        found: list[InboundMessage | ChannelEvent] = []
        for message in messages:
            if id_in(message, "id") in known:
                continue
            if id_in(message.get("from"), "id") != self.channel.page_id:
                found.append(self._inbound(message))
            elif any(isinstance(one, InboundMessage) for one in found):
                found = [
                    replace(one, for_people=one.for_people or _ANSWERED) if isinstance(one, InboundMessage) else one
                    for one in found
                ]
                found += self._person(message)
        return found

    def _inbound(self, message: Mapping[str, Any]) -> InboundMessage | Unread:
        said, files = _content(message)
        psid, at = id_in(message.get("from"), "id"), _moment(message, "created_time") or self.now
        if not psid or not (said or files):
            content = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
            return Unread(
                channel=self.channel.name,
                kind="message",
                content=content,
                content_hash=content_hash(canonical(message)),
            )
        late = _LATE if self.now - at >= WINDOW else ""
        return InboundMessage(
            channel=self.channel.name,
            external_id=id_in(message, "id"),
            contact_key=psid,
            text=said,
            sent_at=at,
            contact_name=plain_text(text(message.get("from"), "name")),
            attachments=files,
            identities=(Identity(kind=IdentityKind.PSID, value=psid),),
            for_people=late if self.is_owner else STANDBY,
        )

    def _person(self, message: Mapping[str, Any]) -> Iterator[PersonWrote]:
        said, files = _content(message)
        for contact in mappings(mapping(message.get("to")).get("data"))[:1]:
            psid = id_in(contact, "id")
            if psid:
                yield PersonWrote(
                    channel=self.channel.name,
                    external_id=id_in(message, "id"),
                    contact_key=psid,
                    identities=(Identity(kind=IdentityKind.PSID, value=psid),),
                    text=said,
                    attachments=files,
                    at=_moment(message, "created_time") or self.now,
                )


async def _take(reception: Reception, found: Sequence[InboundMessage | ChannelEvent]) -> int:
    """One after the other, as it was said."""
    for one in found:
        if isinstance(one, InboundMessage):
            await reception.receive_all([one])
        else:
            await reception.take([one])
    return sum(isinstance(one, InboundMessage) for one in found)


def _said(thread: Mapping[str, Any], since: datetime) -> Iterator[Mapping[str, Any]]:
    """The messages of a thread since then that have an id, the oldest first; the API tells the newest first."""
    messages = mappings(mapping(thread.get("messages")).get("data"))
    dated = [(at, one) for one in messages if (at := _moment(one, "created_time")) and at >= since and id_in(one, "id")]
    # Of two in the same second, the one that is told later was written earlier.
    dated.reverse()
    dated.sort(key=lambda pair: pair[0])
    for _, one in dated:
        yield one


def _content(message: Mapping[str, Any]) -> tuple[str, tuple[Attachment, ...]]:
    """The words and files of a message as the Conversations API tells them."""
    words = plain_text("\n".join(dict.fromkeys(filter(None, [text(message, "message"), link_of(message)]))))
    files = []
    for item in mappings(mapping(message.get("attachments")).get("data")):
        name, media_type, address = file_of(item)
        size = item.get("size")
        files.append(
            Attachment(
                name=plain_text(name)[-120:] or "file",
                media_type=media_type,
                size=size if isinstance(size, int) and 0 <= size < 2**63 else None,
                reference=address,
            )
        )
    if sticker := text(message, "sticker"):
        files.append(Attachment(name="sticker", reference=sticker))
    return words, tuple(files)


def _moment(holder: Mapping[str, Any], key: str) -> datetime | None:
    """A moment as the Graph API writes it: 2026-11-22T20:15:00+0000."""
    try:
        at = datetime.fromisoformat(text(holder, key))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _pages(reception: Reception) -> Mapping[str, MessengerChannel]:
    try:
        found = reception.channels()
    except CustagentError as error:
        _log.warning("the pages on Messenger are not known for the moment: %s", error.message)
        return {}
    return {name: one for name, one in found.items() if isinstance(one, MessengerChannel)}
