"""What channels tell the runner beside messages and the fate of replies: masked, written down, and looked up again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from custagent.conversation.privacy import mask, mask_json
from custagent.core.channel_event import ChannelEvent, IdentitiesChanged, MessageChanged, PersonWrote, Unread
from custagent.core.conversation import Conversation, Threading
from custagent.core.message import Attachment, InboundMessage
from custagent.core.privacy import MaskKind
from custagent.runtime.bootstrap import Application
from custagent.runtime.files import FileFolder
from custagent.runtime.in_force import InForce
from custagent.runtime.log import fields
from custagent.runtime.waiting import result_of

_log = logging.getLogger(__name__)


class ChannelEvents:
    """The runner's side of what `Reception` promises beyond messages."""

    def __init__(
        self,
        app: Application,
        in_force: InForce,
        *,
        fence: int,
        threadings: Callable[[], Mapping[str, Threading]],
        changed: Callable[[Conversation], None],
    ) -> None:
        """`threadings` tells how each channel's conversations end; `changed` hears of each conversation that did."""
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._threadings = threadings
        self._changed = changed
        self.folder = FileFolder(app.home.files_folder)

    async def take(self, events: Sequence[ChannelEvent]) -> None:
        """See Reception."""
        threadings = self._threadings()
        # Of a channel that is gone meanwhile, nobody needs to know more.
        known = [event for event in events if event.channel in threadings or isinstance(event, Unread)]
        if not known:
            return
        kinds = self._in_force.workspace().privacy.mask
        masked = [masked_event(event, kinds) for event in known]
        news = self._app.store.channel_news
        taking = news.take_soon(masked, self._app.clock.now(), threadings=threadings, fence=self._fence)
        for conversation in await result_of(taking):
            self._changed(conversation)
            _log.info(
                "changed by its channel", extra=fields(conversation=conversation.id, channel=conversation.channel)
            )
        for event in masked:
            if isinstance(event, Unread):
                _log.warning("%s: an item of kind %s cannot be read; it is kept", event.channel, event.kind[:40])

    async def keep(self, content: bytes, *, name: str, media_type: str) -> Attachment:
        """See Reception."""
        name = mask(name, kinds=self._in_force.workspace().privacy.mask).text
        return await asyncio.to_thread(self.folder.keep, content, name=name, media_type=media_type)

    async def conversation_of(self, channel: str, external_ids: Sequence[str]) -> Conversation | None:
        """See Reception."""
        return await asyncio.to_thread(self._app.store.channel_news.conversation_of, channel, external_ids)

    async def known(self, channel: str, external_ids: Collection[str]) -> Collection[str]:
        """See Reception."""
        return await asyncio.to_thread(self._app.store.channel_news.known, channel, external_ids)

    async def remember(self, channel: str, value: str) -> None:
        """See Reception."""
        await result_of(self._app.store.channel_news.remember_soon(channel, value, fence=self._fence))

    async def remembered(self, channel: str) -> str:
        """See Reception."""
        return await asyncio.to_thread(self._app.store.channel_news.remembered, channel)


def masked_message(inbound: InboundMessage, kinds: Collection[MaskKind]) -> InboundMessage:
    """A contact's message as it may be written down (ANS-7): its text, and whatever else people write themselves."""
    text = _storable(mask(inbound.text, kinds=kinds).text)
    if inbound.contact_name or inbound.attachments or inbound.reply_details:
        return replace(
            inbound,
            text=text,
            contact_name=_storable(mask(inbound.contact_name, kinds=kinds).text),
            attachments=_masked_files(inbound.attachments, kinds),
            reply_details={
                name: _storable(mask(value, kinds=kinds).text) for name, value in inbound.reply_details.items()
            },
        )
    return inbound if text == inbound.text else replace(inbound, text=text)


def masked_event(event: ChannelEvent, kinds: Collection[MaskKind]) -> ChannelEvent:
    """The same of what else a channel tells."""
    match event:
        case Unread():
            return replace(event, content=_storable(_masked_json(event.content, kinds)))
        case MessageChanged():
            return replace(event, text=_storable(mask(event.text, kinds=kinds).text))
        case PersonWrote():
            text = _storable(mask(event.text, kinds=kinds).text)
            return replace(event, text=text, attachments=_masked_files(event.attachments, kinds))
        case IdentitiesChanged():
            return event


def _masked_files(files: Sequence[Attachment], kinds: Collection[MaskKind]) -> tuple[Attachment, ...]:
    return tuple(replace(file, name=_storable(mask(file.name, kinds=kinds).text)) for file in files)


def _masked_json(content: str, kinds: Collection[MaskKind]) -> str:
    """As JSON where it is JSON; else as the text that it is."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return mask(content, kinds=kinds).text
    try:
        return json.dumps(mask_json(value, kinds=kinds), ensure_ascii=False)
    except (ValueError, RecursionError):
        return mask(content, kinds=kinds).text


def _storable(text: str) -> str:
    """Without halves of characters, which JSON can hold and a database cannot: a message must not fail for one."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
