"""Messenger: the channel of a Facebook page. What sends on it, what takes its webhooks, and what to set up at Meta."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from custagent.channels.messenger.content import id_in
from custagent.channels.messenger.page import FIELDS, MessengerPage
from custagent.channels.messenger.replies import action, bodies
from custagent.channels.messenger.words import Page, parse
from custagent.channels.reception import Reception, Surroundings
from custagent.core.channel import Channel, MessengerChannel
from custagent.core.errors import ChannelError, ConfigError
from custagent.core.message import Attachment, DeliveryReceipt, DeliveryStatus, OutboundMessage, RepliedTo
from custagent.core.ports import ChannelAdapter

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from custagent.channels.webhook import Batch

_log = logging.getLogger(__name__)

#: Where Meta brings what happens on pages, for all channels of the kind.
WEBHOOK_PATH: Final = "/webhooks/messenger"
#: What the page's token must be allowed to do.
PERMISSIONS: Final = ("pages_messaging", "pages_manage_metadata")
_BUSINESS_SUITE: Final = "In Meta Business Suite > Inbox > Automations, switch off instant replies and away messages"
_WHATSAPP: Final = "whatsapp_business_account"


class MessengerKind:
    """The kind (ServedKind): pages on Messenger."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See ServedKind."""
        if not isinstance(channel, MessengerChannel):
            raise TypeError(f"{channel.name} is a {channel.kind} channel")
        return MessengerAdapter(channel, around)

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        """See ServedKind."""
        from custagent.channels.webhook import webhook_routes

        return webhook_routes(WEBHOOK_PATH, MessengerWebhook(reception), reception)

    def work(self, reception: Reception, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """See ServedKind: pages stay subscribed, and what came while nobody listened is taken in."""
        from custagent.channels.messenger.recovery import keep_pages

        return (keep_pages(reception, stop),)

    def guide(self, channel: Channel, address: str) -> Sequence[str]:
        """See Guided."""
        if not isinstance(channel, MessengerChannel):
            return ()
        return (
            f"At developers.facebook.com, open your app. App settings > Basic: put the app secret into {channel.app_secret}.",
            f"Messenger > Messenger API settings > Generate access tokens: connect the page, its token into {channel.access_token}.",
            f"Choose any word as {channel.verify_token}, and start the runner: custagent run",
            f"Messenger API settings > Configure webhooks: callback URL {address}{WEBHOOK_PATH}, and that word.",
            f"{_BUSINESS_SUITE}: they would answer beside custagent.",
        )


class MessengerAdapter(ChannelAdapter):
    """A ChannelAdapter for one page."""

    def __init__(self, channel: MessengerChannel, around: Surroundings) -> None:
        self._channel = channel
        self._around = around
        self._page = MessengerPage(channel, around)

    @property
    def name(self) -> str:
        """See the port."""
        return self._channel.name

    @property
    def idempotent(self) -> bool:
        """See the port: Meta takes no key by which it would know a reply again."""
        return False

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. The outbox row goes along, and comes back with the echo, perhaps before the answer."""
        external_id = ""
        for part, body in enumerate(bodies(outbound, now=self._around.clock.now())):
            if part < outbound.parts_sent:
                continue
            try:
                external_id = await self._page.send(body)
            except ChannelError as error:
                error.parts_sent = part
                raise
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=external_id)

    async def working(self, contact_key: str, replied_to: RepliedTo) -> None:
        """See the port."""
        del replied_to
        for name in ("mark_seen", "typing_on"):
            await self._page.show(action(contact_key, name))

    async def fetch(self, attachment: Attachment) -> bytes:
        """See the port."""
        return await self._page.file(attachment.reference)

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: from the secrets to what else answers on the page, each with where to click."""
        steps = [("its secrets are set", self._missing())]
        if steps[0][1]:
            return steps
        try:
            steps += await self._token_steps()
            steps += await self._webhook_steps()
        except ChannelError as error:
            steps.append(("Meta answers", f"{error.message}{f'; {error.hint}' if error.hint else ''}"))
        return steps

    def _missing(self) -> str:
        channel = self._channel
        for reference in (channel.access_token, channel.app_secret, channel.verify_token):
            try:
                self._around.secrets(reference)
            except ConfigError as error:
                return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    async def _token_steps(self) -> list[tuple[str, str]]:
        channel = self._channel
        about = await self._page.about_token()
        app, page, scopes = id_in(about, "app_id"), id_in(about, "profile_id"), about.get("scopes")
        wrong = ""
        if about.get("is_valid") is not True:
            wrong = "Meta does not take it any more: make a new one in the app > Messenger > Messenger API settings"
        elif app != channel.app_id:
            wrong = f"it belongs to the app {app or '(none)'}, not to {channel.app_id}: make one in the app itself"
        elif page and page != channel.page_id:
            wrong = f"it is for the page {page}, not for {channel.page_id}: take the token beside the right page"
        granted = set(map(str, scopes)) if isinstance(scopes, list) else set()
        lacking = ", ".join(one for one in PERMISSIONS if one not in granted)
        return [
            ("the access token is the page's", wrong),
            (
                "it may read and answer messages",
                f"{lacking} is missing: connect the page again in Messenger API settings, and allow all that is asked"
                if lacking
                else "",
            ),
        ]

    async def _webhook_steps(self) -> list[tuple[str, str]]:
        channel, where = self._channel, "in the app > Messenger > Messenger API settings > Configure webhooks"
        webhook = await self._page.webhook()
        address, wrong = str(webhook.get("callback_url") or ""), ""
        if not address or webhook.get("active") is False:
            wrong = f"no address is set: enter PUBLIC_URL{WEBHOOK_PATH} and the verify token {where}"
        elif not address.partition("?")[0].endswith(WEBHOOK_PATH):
            wrong = f"Meta brings messages to {address}: enter PUBLIC_URL{WEBHOOK_PATH} {where}"
        apps = await self._page.subscriptions()
        if not set(FIELDS) <= set(apps.get(channel.app_id, ())):
            await self._page.subscribe()
            apps = await self._page.subscriptions()
        lacking = ", ".join(one for one in FIELDS if one not in apps.get(channel.app_id, ()))
        unsubscribed = f"Meta does not tell of {lacking}: tick these for the page, under Webhooks, {where}"
        others = sorted(app for app in apps if app and app != channel.app_id)
        return [
            ("Meta knows where to bring messages", wrong),
            ("the page is subscribed", unsubscribed if lacking else ""),
            (_advice(others), ""),
        ]


class MessengerWebhook:
    """What Meta's bodies say, for the pages in force (Webhook)."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._told = False

    def secrets(self) -> Collection[str]:
        """See the protocol."""
        return self._all("app_secret")

    def verify_tokens(self) -> Collection[str]:
        """See the protocol."""
        return self._all("verify_token")

    def parse(self, body: bytes, *, secret: str) -> Batch:
        """See the protocol. An app's secret vouches for its own pages only."""
        pages = {}
        for channel in pages_in(self._reception.channels()):
            with suppress(ConfigError):
                if secret in self._reception.around.secrets(channel.app_secret):
                    page = Page(channel=channel.name, page_id=channel.page_id, app_id=channel.app_id)
                    pages[channel.page_id] = page
        batch = parse(body, pages, now=self._reception.around.clock.now())
        if _WHATSAPP in batch.ignored and not self._told:
            self._told = True
            _log.warning(
                "%s: Meta brings WhatsApp messages here, and they are not read: in the app > WhatsApp > Configuration,"
                " set the callback URL to PUBLIC_URL/webhooks/whatsapp",
                WEBHOOK_PATH,
            )
        return batch

    def _all(self, setting: str) -> Collection[str]:
        """The values of all pages: of one that is set up wrongly, the others know nothing."""
        found: set[str] = set()
        missing: ConfigError | None = None
        for channel in pages_in(self._reception.channels()):
            try:
                found.update(self._reception.around.secrets(getattr(channel, setting)))
            except ConfigError as error:
                missing = error
        if missing and not found:
            raise missing
        return found


def pages_in(channels: Mapping[str, Channel]) -> list[MessengerChannel]:
    """The channels that are pages."""
    return [one for one in channels.values() if isinstance(one, MessengerChannel)]


def _advice(others: Sequence[str]) -> str:
    """What nobody can check from here: whoever else answers on the page."""
    told = f"; these apps hear its messages too: {', '.join(others)}" if others else ""
    return (
        "advice: in Meta Business Suite, switch off instant replies, away messages and Meta's own agent, and under Page"
        f" settings > Conversation routing make this app the default one, or contacts get two answers{told}"
    )
