"""A live chat as a channel that replies go out on, and the tag that puts it on a page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import urlsplit

from custagent.channels.hub import Hub
from custagent.channels.live_chat.identity import Identities
from custagent.channels.live_chat.loader import integrity, loader_name
from custagent.channels.live_chat.look import attribute
from custagent.channels.origins import normal_origin
from custagent.core.errors import ConfigError
from custagent.core.look import Look
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import ChannelAdapter


def snippet(public_url: str, channel: str, look: Look | None = None) -> str:
    """The script tag that puts the chat on a page (ASG-3). `public_url` is where the runner is reached from outside.

    It names the loader by its hash, so that the page's browsers run that one and no other; later versions of the program
    go on serving it.
    """
    source = html.escape(f"{public_url.rstrip('/')}/chat/{loader_name()}")
    looks = attribute(look) if look else ""
    told_look = f' data-look="{html.escape(looks)}"' if looks else ""
    return (
        f'<script async src="{source}" integrity="{integrity()}" crossorigin="anonymous" '
        f'data-channel="{html.escape(channel)}"{told_look}></script>'
    )


def policy(public_url: str) -> tuple[str, ...]:
    """What a page's Content-Security-Policy must allow for the chat, a directive each."""
    parts = urlsplit(public_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return (f"script-src {origin}", f"frame-src {origin}")


class LiveChatAdapter(ChannelAdapter):
    """A ChannelAdapter whose provider is our own database: a reply is delivered when it is committed, streams are woken."""

    def __init__(self, name: str, origins: Sequence[str], hub: Hub, identities: Identities | None = None) -> None:
        self._name = name
        self._origins = tuple(origins)
        self._hub = hub
        self._identities = identities

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    @property
    def idempotent(self) -> bool:
        """See the port: the widget shows each id once."""
        return True

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. Sending again is no harm: the widget shows each id once."""
        self._hub.notify(outbound.contact_key)
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=str(outbound.message.id))

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: an origin is set, and each is one that a browser sends."""
        missing = (
            f"no site may show this chat yet: list it as `origins:` of channel {self._name} in custagent.yaml, "
            "then run `custagent apply`"
        )
        steps = [("a site is listed", "" if self._origins else missing)]
        for origin in self._origins:
            wrong = f"{origin} is not an origin: write scheme and host alone, such as https://www.example.com"
            steps.append((f"{origin} is an origin", "" if normal_origin(origin) else wrong))
        if self._identities is not None:
            try:
                steps.append(("the identity secret can be used", self._identities.fault()))
            except ConfigError as error:
                steps.append(("the identity secret can be used", error.message))
        return steps
