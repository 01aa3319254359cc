"""WhatsApp (Cloud API): what sends on a number, tries its connection, and keeps its webhooks subscribed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from custagent.channels.http import PATIENCE, UNSURE
from custagent.channels.meta import Graph, first, mappings, text
from custagent.channels.reception import Reception, Surroundings
from custagent.channels.whatsapp.media import fetch_media
from custagent.channels.whatsapp.replies import posts
from custagent.core.channel import Channel, WhatsAppChannel
from custagent.core.errors import ChannelError, ConfigError, CustagentError, SendFault
from custagent.core.message import Attachment, DeliveryReceipt, DeliveryStatus, OutboundMessage, RepliedTo
from custagent.core.ports import ChannelAdapter

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from custagent.channels.webhook import Batch, Webhook

_log = logging.getLogger(__name__)

#: Where Meta brings batches to, for all channels of the kind.
WEBHOOK_PATH: Final = "/webhooks/whatsapp"
#: How long after a contact's message Meta takes free text, less what a clock may be wrong by and a sending may take.
WINDOW: Final = timedelta(hours=24) - timedelta(minutes=5)
#: Seconds that marks may take: an answer may be ready before.
_MARK_PATIENCE: Final = 5.0
#: Seconds to wait for one contact, 4 to the power of the tries, at most.
_SLOW: Final = 4
_SLOWEST: Final = 900.0
#: Seconds between two subscriptions, and before one that failed is tried again.
_DAILY: Final = 86_400.0
_AGAIN: Final = 300.0
#: Seconds between two looks at which channels there are.
_LOOK: Final = 30.0

#: What an error's code means on WhatsApp, beside what it means on both of Meta's channels (channels sheet, §1.7).
FAULTS: Final[Mapping[int, SendFault]] = {
    **dict.fromkeys((131005, 131031, 131042, 131045, 133010), SendFault.CHANNEL_OUT),
    **dict.fromkeys((131000, 131016, 131057, 133004), SendFault.RETRY),
    **dict.fromkeys((130429, 131048), SendFault.SLOW_CHANNEL),
    **dict.fromkeys((131056, 131049, 130472, 131064), SendFault.SLOW_CONTACT),
    131047: SendFault.WINDOW_CLOSED,
    **dict.fromkeys((131026, 131030, 130403, 131050, 130497, 131021), SendFault.PERMANENT),
    **dict.fromkeys((131008, 131009, 131051, 131053, 131062, 135000), SendFault.PERMANENT),
    **dict.fromkeys(range(132000, 133000), SendFault.PERMANENT),
}
#: Seconds that nothing more should be sent after these: a limit that is set by hand, or by the day.
_UNHURRIED: Final[Mapping[int, float]] = {131048: 3_600.0, 131049: 86_400.0, 130472: 86_400.0, 131064: 86_400.0}


class WhatsAppKind:
    """The kind (ServedKind, Guided)."""

    #: Seconds to wait for the provider's word on a reply that may have been taken, before it is sent again.
    unsure: float = UNSURE
    #: Seconds that sending one piece of a reply may take.
    patience: float = PATIENCE

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See ServedKind."""
        if not isinstance(channel, WhatsAppChannel):
            raise TypeError(f"{channel.name} is a {channel.kind} channel")
        return WhatsAppAdapter(channel, around, unsure=self.unsure, patience=self.patience)

    def routes(self, runner: Reception) -> Sequence[BaseRoute]:
        """See ServedKind."""
        # Commands that only look at a channel need no web server.
        from custagent.channels.webhook import webhook_routes

        words: Webhook = _Words(runner)
        return webhook_routes(WEBHOOK_PATH, words, runner)

    def work(self, runner: Reception, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """See ServedKind: webhooks stay subscribed."""
        return (keep_subscribed(runner, stop),)

    def guide(self, channel: Channel, address: str) -> Sequence[str]:
        """See Guided."""
        verify = channel.verify_token if isinstance(channel, WhatsAppChannel) else "verify_token"
        public = (
            f"Let the runner at {address} be reached from the internet by an https:// address with a proper certificate:"
            " Meta brings messages nowhere else."
        )
        webhook = (
            "At developers.facebook.com open your app > WhatsApp > Configuration > Webhook > Edit. Callback URL:"
            f" {address}{WEBHOOK_PATH}  Verify token: the value of {verify}  The runner has to run while you save it."
        )
        fields = (
            "There, under Webhook fields, subscribe to messages, and to smb_message_echoes where people also answer in the"
            " WhatsApp Business app."
        )
        return [public, webhook, fields]


class WhatsAppAdapter(ChannelAdapter):
    """A ChannelAdapter for one number."""

    def __init__(
        self,
        channel: WhatsAppChannel,
        around: Surroundings,
        *,
        unsure: float = UNSURE,
        patience: float = PATIENCE,
    ) -> None:
        """`unsure` and `patience` are those of the kind."""
        self._channel = channel
        self._around = around
        self._unsure = unsure
        self._patience = patience
        self._graph = Graph(
            channel.name,
            base=channel.graph_base_url,
            version=channel.graph_version,
            token=lambda: around.secrets(channel.access_token)[0],
            app_secrets=partial(around.secrets, channel.app_secret),
            faults=FAULTS,
        )

    @property
    def name(self) -> str:
        """See the port."""
        return self._channel.name

    @property
    def idempotent(self) -> bool:
        """See the port: Meta takes no key by which it would know a reply again."""
        return False

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. The outbox's id and the piece's number go along, and come back with every status.

        What may have been taken without our being told is not tried again before Meta has had time to tell of it.
        """
        self._require_window(outbound)
        bodies = posts(outbound)
        if not bodies:
            raise ChannelError(f"{self.name}: the reply has no text", fault=SendFault.PERMANENT)
        external_id = ""
        for part in range(outbound.parts_sent, len(bodies)):
            try:
                external_id = await self._given(bodies[part])
            except ChannelError as error:
                raise self._sorted(error, outbound, part) from error
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=external_id)

    async def working(self, contact_key: str, replied_to: RepliedTo) -> None:
        """See the port: the message is marked as read, with all before it, and the contact sees that somebody types."""
        del contact_key
        mark = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": replied_to.external_id,
            "typing_indicator": {"type": "text"},
        }
        await self._post(mark, seconds=_MARK_PATIENCE)

    async def fetch(self, attachment: Attachment) -> bytes:
        """See the port."""
        channel = self._channel
        return await fetch_media(
            self._graph, attachment.reference, number=channel.phone_number_id, base=channel.graph_base_url
        )

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: from the secrets to the webhook, each step with where to click."""
        channel = self._channel
        steps = [("its secrets are set", self._missing(channel.access_token, channel.app_secret))]
        if not steps[0][1]:
            number = await self._tried(self._number())
            steps.append(("the access token opens the number", number))
            if not number:
                steps.append(("its webhooks are subscribed", await self._tried(self.subscribe())))
        steps.append(("the verify token is set", self._missing(channel.verify_token)))
        return steps

    async def subscribe(self) -> str:
        """Let Meta bring what happens on the number's account; what keeps it from doing so, "" for nothing.

        It may be asked again and again. Raises ChannelError.
        """
        account = self._channel.business_account_id
        if account is None:
            return (
                "business_account_id is missing: copy it from WhatsApp Manager > Account tools > Phone numbers, or from"
                " the app's WhatsApp > API setup, into custagent.yaml"
            )
        path = [account, "subscribed_apps"]
        if not mappings((await self._graph.call("GET", path)).get("data")):
            await self._graph.call("POST", path)
            if not mappings((await self._graph.call("GET", path)).get("data")):
                return (
                    "Meta says that no app is subscribed: open the app > WhatsApp > Configuration, and save the webhook"
                )
        return ""

    async def _given(self, body: Mapping[str, Any]) -> str:
        """Meta's id of a message that it took."""
        told = await self._post(body, seconds=self._patience, unsure=self._unsure)
        external_id = text(first(told.get("messages")), "id")
        if not external_id:
            raise ChannelError(f"{self.name}: Meta's answer names no message", retry_after=self._unsure)
        return external_id

    async def _post(self, body: Mapping[str, Any], *, seconds: float, unsure: float = 0.0) -> dict[str, Any]:
        path = [self._channel.phone_number_id, "messages"]
        return await self._graph.call("POST", path, body=body, seconds=seconds, unsure=unsure)

    def _require_window(self, outbound: OutboundMessage) -> None:
        last = outbound.replied_to
        # Who has written again since has opened it anew; when, Meta knows.
        if last is not None and not last.newer and self._around.clock.now() - last.sent_at >= WINDOW:
            raise ChannelError(
                f"{self.name}: the contact wrote more than 24 hours ago, and WhatsApp takes no free text any more",
                hint="Send a template from WhatsApp Manager, or answer on another channel.",
                fault=SendFault.WINDOW_CLOSED,
                parts_sent=outbound.parts_sent,
            )

    def _sorted(self, error: ChannelError, outbound: OutboundMessage, part: int) -> ChannelError:
        """The error with how far the reply has come, and how long it should wait."""
        pause = error.retry_after
        if error.fault is SendFault.SLOW_CONTACT:
            pause = max(pause, min(float(_SLOW ** min(outbound.attempts + 1, 8)), _SLOWEST))
        for code, seconds in _UNHURRIED.items():
            if f"(#{code})" in error.message:
                pause = max(pause, seconds)
        return ChannelError(error.message, hint=error.hint, fault=error.fault, retry_after=pause, parts_sent=part)

    def _missing(self, *references: str) -> str:
        for reference in references:
            try:
                self._around.secrets(reference)
            except ConfigError as error:
                return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    async def _number(self) -> str:
        told = await self._graph.call(
            "GET", [self._channel.phone_number_id], query={"fields": "id,display_phone_number,verified_name"}
        )
        if text(told, "id") != self._channel.phone_number_id:
            return "phone_number_id is no number: copy it from the app > WhatsApp > API setup > Phone number ID"
        return ""

    async def _tried(self, step: Coroutine[Any, Any, str]) -> str:
        try:
            return await step
        except ChannelError as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message


class _Words:
    """What Meta's bodies say, for the WhatsApp channels in force (Webhook)."""

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
        from custagent.channels.whatsapp.words import parse

        numbers = {}
        for channel in _channels(self._reception):
            with suppress(ConfigError):
                if secret in self._reception.around.secrets(channel.app_secret):
                    numbers[channel.phone_number_id] = channel.name
        return parse(body, numbers, now=self._reception.around.clock.now())

    def _all(self, setting: str) -> Collection[str]:
        found: set[str] = set()
        missing: ConfigError | None = None
        for channel in _channels(self._reception):
            try:
                found.update(self._reception.around.secrets(getattr(channel, setting)))
            except ConfigError as error:
                missing = error
        if missing and not found:
            raise missing
        return found


async def keep_subscribed(reception: Reception, stop: asyncio.Event, *, look: float = _LOOK) -> None:
    """Subscribe each number's account when the runner starts or the channel is new, and daily; a failure is tried again.

    Meta drops subscriptions without a word, and then brings nothing more.
    """
    due: dict[WhatsAppChannel, float] = {}
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        try:
            channels = _channels(reception)
        except CustagentError as error:
            _log.warning("which WhatsApp channels there are cannot be told for the moment: %s", error.message)
            channels = []
        for channel in channels:
            if due.get(channel, 0.0) <= loop.time():
                wrong = await _subscribed(channel, reception.around)
                due[channel] = loop.time() + (_AGAIN if wrong else _DAILY)
                if wrong:
                    _log.error("the webhooks of %s could not be subscribed: %s", channel.name, wrong)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look)


async def _subscribed(channel: WhatsAppChannel, around: Surroundings) -> str:
    try:
        return await WhatsAppAdapter(channel, around).subscribe()
    except ChannelError as error:
        return error.message


def _channels(reception: Reception) -> list[WhatsAppChannel]:
    return [one for one in reception.channels().values() if isinstance(one, WhatsAppChannel)]
