"""Showing contacts that an answer is being made, while it is: at once, and again before the sign goes out.

It never delays the answer: a channel that cannot be reached is not waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from custagent.channels.hub import Hub
from custagent.core.conversation import Conversation
from custagent.core.errors import ChannelError, StoreError
from custagent.core.ports import ChannelAdapter
from custagent.store.conversations.outbox import SqliteOutbox

_log = logging.getLogger(__name__)

#: Seconds between signs: WhatsApp's goes out after 25 s, Messenger's after 20.
AGAIN = 18.0
#: Seconds that one sign may take.
PATIENCE = 10.0


class ShowingWork:
    """What the runner shows while the agent thinks."""

    def __init__(
        self,
        hub: Hub,
        outbox: SqliteOutbox,
        adapters: Callable[[], Mapping[str, ChannelAdapter]],
        *,
        again: float = AGAIN,
    ) -> None:
        self._hub = hub
        self._outbox = outbox
        self._adapters = adapters
        self._again = again

    @contextmanager
    def during(self, conversation: Conversation) -> Iterator[None]:
        """The contact sees that a reply is being written, in the chat or on any other channel that can show it."""
        self._hub.typing(conversation.contact.key, on=True)
        showing = asyncio.create_task(self._show(conversation))
        try:
            yield
        finally:
            showing.cancel()
            self._hub.typing(conversation.contact.key, on=False)

    async def _show(self, conversation: Conversation) -> None:
        try:
            adapter = self._adapters().get(conversation.channel)
            if adapter is None or type(adapter).working is ChannelAdapter.working:
                return
            asked = await asyncio.to_thread(self._outbox.asked_last, conversation.id)
            while asked is not None:
                async with asyncio.timeout(PATIENCE):
                    await adapter.working(conversation.contact.key, asked)
                await asyncio.sleep(self._again)
        except (ChannelError, StoreError, TimeoutError) as error:
            told = error.message if isinstance(error, (ChannelError, StoreError)) else "it took too long"
            _log.info("%s: the contact was not shown that an answer is made: %s", conversation.channel, told)
        except Exception:  # noqa: BLE001 - the task's boundary: nothing depends on what is shown
            _log.exception("%s: the contact was not shown that an answer is made", conversation.channel)
