"""The stream that carries replies to the browser: server-sent events, replayed from the database (CONV-2).

Each message is an event whose id is the message's, so that a browser that comes back says where it was. The rest has no
id: `header` (who has the conversation), `typing`, `live` (everything older has been sent), `closed` (the server ends it).
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from custagent.channels.hub import Subscription
from custagent.channels.live_chat.chat import Header, LiveChat, render
from custagent.core.errors import StoreError

_log = logging.getLogger(__name__)

#: What a browser waits before it comes back, milliseconds; the widget adds back-off and jitter.
RETRY = 1_000


class EventStream(StreamingResponse):
    """A stream of events that leaves no subscription behind, however and however early the connection ends."""

    media_type = "text/event-stream"

    def __init__(self, chat: LiveChat, subscription: Subscription, *, after: int, heartbeat: float) -> None:
        self._subscription = subscription
        self._events = events(chat, subscription, after=after, heartbeat=heartbeat)
        super().__init__(self._events, headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send every event until the source ends or nobody listens."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._subscription.close()
            await self._events.aclose()


async def events(
    chat: LiveChat, subscription: Subscription, *, after: int, heartbeat: float
) -> AsyncGenerator[bytes, None]:
    """The contact's messages with ids above `after`, then whatever comes, until the subscription is ended.

    The database is read again at each wake-up and at each heartbeat (seconds), so a lost wake-up only costs time.
    """
    shown: Header | None = None
    typing = live = False
    try:
        yield f"retry: {RETRY}\n\n".encode()
        # Read once: what is judged from now on, the browser that does it knows.
        verdicts = await chat.feedback.given(subscription.contact_key) if chat.feedback else None
        while subscription.end is None:
            if subscription.rest():
                header = await chat.header(subscription.contact_key)
                if header != shown:
                    shown = header
                    yield event("header", asdict(header))
                for message in await chat.messages_after(subscription.contact_key, after):
                    after = message.id
                    told = render(message, person_name=chat.person_name, verdicts=verdicts)
                    yield event("message", told, id=message.id)
            if subscription.typing != typing:
                typing = not typing
                yield event("typing", {"on": typing})
            if not live:
                live = True
                yield event("live", {})
            if not await subscription.wait(heartbeat):
                yield b": still here\n\n"
        yield event("closed", {"reason": subscription.end.value})
    except StoreError as exc:
        # The browser comes back by itself, and by then the database may be there.
        _log.warning("a chat stream of channel %s ended: %s", chat.name, exc.message)


def event(name: str, content: dict[str, Any], *, id: int | None = None) -> bytes:  # noqa: A002 # the format's own word
    """One event. JSON in ASCII holds no line break, so it is one `data:` line."""
    lines = [] if id is None else [f"id: {id}"]
    lines += [f"event: {name}", f"data: {json.dumps(content)}"]
    return ("\n".join(lines) + "\n\n").encode("ascii")
