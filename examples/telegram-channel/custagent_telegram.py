"""Telegram as a channel of custagent: texts both ways, buttons, and typing. One file is all that a kind needs."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from pydantic import ConfigDict, Field

from custagent.channels.http import ask
from custagent.channels.pieces import pieces
from custagent.channels.plain import plain_text
from custagent.channels.reception import Reception, Surroundings
from custagent.channels.sources import with_sources
from custagent.core.channel import OtherChannel
from custagent.core.channel_event import Unread
from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import DeliveryReceipt, DeliveryStatus, InboundMessage, OutboundMessage, RepliedTo
from custagent.core.ports import ChannelAdapter
from custagent.core.written import BaseAddress, SecretRef
from custagent.runtime.kinds.served import ServedKind

#: Characters of one message.
LONGEST = 4096
#: What Telegram's error codes mean for a reply; after anything else it is tried again.
FAULTS = {400: "permanent", 401: "channel-out", 403: "permanent", 404: "channel-out", 429: "slow-channel"}


class TelegramChannel(OtherChannel):
    """The settings in custagent.yaml; `custagent channels add telegram` makes options of them, with these words."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["telegram"] = Field(description="telegram.")
    token: SecretRef = Field(description="The variable that holds the token that BotFather gave you, as ${NAME}.")
    api_base_url: BaseAddress = Field(default="https://api.telegram.org", description="Where Telegram's Bot API is.")


class TelegramKind(ServedKind):
    """What the entry point names. `routes` would be the place for webhooks; here Telegram is asked for news instead."""

    settings = TelegramChannel

    def adapter(self, channel: TelegramChannel, around: Surroundings) -> ChannelAdapter:
        """What sends on a channel, made anew for each look at it."""
        return TelegramAdapter(channel, around)

    def work(self, reception: Reception, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What the runner does beside all else, until `stop` is set."""
        return (self._receive(reception, stop),)

    async def _receive(self, reception: Reception, stop: asyncio.Event) -> None:
        while not stop.is_set():
            # Looked at anew each time: channels come and go while the runner works.
            channels = [one for one in reception.channels().values() if isinstance(one, TelegramChannel)]
            await asyncio.gather(asyncio.sleep(1), *(self._look(one, reception) for one in channels))

    async def _look(self, channel: TelegramChannel, reception: Reception) -> None:
        after = int(await reception.remembered(channel.name) or 0)
        try:
            updates = await TelegramAdapter(channel, reception.around).call("getUpdates", offset=after, timeout=2)
        except ChannelError as error:
            # People are told if it lasts.
            await reception.trouble(channel.name, error.message)
            return
        read = [parse(update, channel.name) for update in updates]
        await reception.receive_all([one for one in read if isinstance(one, InboundMessage)])
        await reception.take([one for one in read if isinstance(one, Unread)])
        if updates:
            # Last, for Telegram forgets what is before this number: by now everything is written down.
            await reception.remember(channel.name, str(updates[-1]["update_id"] + 1))
        await reception.trouble(channel.name, "")


class TelegramAdapter(ChannelAdapter):
    """What sends on one channel, and tries its connection."""

    name = ""
    #: What is sent twice is seen twice.
    idempotent = False

    def __init__(self, channel: TelegramChannel, around: Surroundings) -> None:
        self.name, self._channel, self._around = channel.name, channel, around

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """A long reply goes out in pieces; after a failure the next try goes on behind those that have gone out."""
        buttons = [[{"text": option}] for option in outbound.message.options]
        keys = {"keyboard": buttons, "one_time_keyboard": True} if buttons else {"remove_keyboard": True}
        said, chat = pieces(with_sources(outbound.message), LONGEST), outbound.contact_key
        sent, told = outbound.parts_sent, {"message_id": f"reply-{outbound.id}"}
        for text in said[sent:]:
            try:
                told = await self.call("sendMessage", chat_id=chat, text=text, reply_markup=keys)
            except ChannelError as error:
                error.parts_sent = sent
                raise
            sent += 1
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=f"{chat}:{told['message_id']}")

    async def check(self) -> Sequence[tuple[str, str]]:
        """The steps of `custagent channels check`, each with what is wrong and what to do about it."""
        wrong = ""
        try:
            await self.call("getMe")
        except ChannelError as error:
            wrong = f"{error.message}. Write /newbot to @BotFather, and put its token into {self._channel.token}"
        return [("Telegram knows the token", wrong)]

    async def working(self, contact_key: str, _: RepliedTo) -> None:
        """The contact sees that an answer is being written."""
        await self.call("sendChatAction", chat_id=contact_key, action="typing")

    async def call(self, method: str, **body: Any) -> Any:
        """One request; what Telegram refuses is a ChannelError that says what follows from it."""
        url = f"{self._channel.api_base_url}/bot{self._around.secret(self._channel.token)}/{method}"
        response = await ask("POST", url, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())
        if response.told.get("ok") is True:
            return response.told["result"]
        fault = SendFault(FAULTS.get(response.told.get("error_code"), "retry"))
        wait = response.told.get("parameters", {}).get("retry_after", 0)
        raise ChannelError(f"Telegram refused: {response.told.get('description')}", fault=fault, retry_after=wait)


def parse(update: dict[str, Any], channel: str) -> InboundMessage | Unread:
    """A contact's text; whatever else came, and what is broken, is kept for whoever mends it."""
    with suppress(KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError):
        message, chat, sender = update["message"], update["message"]["chat"], update["message"]["from"]
        text, sent_at = plain_text(message["text"]), datetime.fromtimestamp(message["date"], UTC)
        if chat["type"] == "private" and text:
            return InboundMessage(
                channel=channel, text=text, sent_at=sent_at, contact_name=plain_text(sender["first_name"]),
                contact_key=str(chat["id"]), external_id=f"{chat['id']}:{message['message_id']}",
            )  # fmt: skip
    content = json.dumps(update)
    return Unread(channel=channel, kind="update", content=content, content_hash=sha256(content.encode()).hexdigest())
