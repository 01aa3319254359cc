"""The runner: one process that receives, answers, delivers, syncs and closes (RUN-1).

It holds the workspace's lease; a second runner is refused and told who has it. Everything it knows is in the
database, so that it may end at any moment, and the next one goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from custagent.answer.wording import Wording
from custagent.channels.hub import Hub
from custagent.channels.live_chat import LiveChatAdapter
from custagent.conversation.lifecycle import close_by_silence, threading_of
from custagent.conversation.privacy import mask
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.conversation import Begun, Conversation
from custagent.core.errors import LeaseHeld, Overtaken
from custagent.core.message import InboundMessage
from custagent.core.ports import ChannelAdapter
from custagent.core.workspace import ChannelKind, LiveChatChannel
from custagent.runtime.answering import Answering
from custagent.runtime.bootstrap import Application
from custagent.runtime.delivery import Delivery, wait_for_any
from custagent.runtime.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.syncing import Syncing
from custagent.store.lease import LeaseHolder

_log = logging.getLogger(__name__)

#: How long a crashed runner keeps the workspace from the next one.
LEASE = timedelta(seconds=15)
RENEWED_EVERY = LEASE / 5
#: Seconds between looks for conversations that silence has closed.
CLOSED_EVERY = 20.0


class Runner:
    """The background work of one workspace, and what the web server needs of it."""

    def __init__(self, app: Application) -> None:
        """Takes the lease. Raises LeaseHeld, which names the runner that has it."""
        self._app = app
        self._holder = LeaseHolder.this_process(app.clock.now())
        self._fence = app.store.lease.acquire(self._holder, LEASE, app.clock.now())
        self.hub = Hub()
        self.in_force = InForce(app)
        self.stopping = asyncio.Event()
        directory = WorkspaceDirectory(self.in_force.workspace, app.store.conversations)
        self._delivery = Delivery(app.store.outbox, self._adapters, app.clock, fence=self._fence)
        self._answering = Answering(
            app.store.conversations,
            self.in_force,
            ConversationService(directory=directory, clock=app.clock, texts=_text),
            fence=self._fence,
            working=self._working,
            committed=self._committed,
        )
        self._syncing = Syncing(app)

    async def run(self) -> None:
        """Work until `stop` is called, then finish what is under way, and give the lease back.

        Raises LeaseHeld when another runner took over.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in self._work():
                    tasks.create_task(work)
        except* LeaseHeld as lost:
            raise lost.exceptions[0] from None
        finally:
            self._app.store.lease.release(self._fence)

    def check(self) -> None:
        """Whether this runner can do its work now. Raises StoreError, LeaseHeld when another runner took over."""
        self._app.store.lease.check(self._fence)

    def stop(self) -> None:
        """End soon: open streams at once, turns and deliveries when they are done."""
        self.stopping.set()
        self.hub.close()

    async def receive(self, inbound: InboundMessage) -> Begun:
        """Mask a contact's message and write it down; durable when it returns (ANS-7, CONV-2)."""
        workspace = self.in_force.workspace()
        kind = ChannelKind(self.in_force.channels()[inbound.channel].kind)
        assigned = self.in_force.assigned().get(inbound.channel)
        masked = InboundMessage(
            channel=inbound.channel,
            external_id=inbound.external_id,
            contact_key=inbound.contact_key,
            text=mask(inbound.text, kinds=workspace.privacy.mask).text,
            sent_at=inbound.sent_at,
            language=inbound.language,
            contact_name=inbound.contact_name,
            attachments=inbound.attachments,
            body_hash=inbound.body_hash,
        )
        begun = await asyncio.wrap_future(
            self._app.store.conversations.begin_soon(
                masked,
                threading_of(kind),
                agent=assigned[0].name if assigned else "",
                at=self._app.clock.now(),
            )
        )
        self._answering.wake()
        return begun

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._answering.run(self.stopping),
            self._delivery.run(self.stopping),
            self._syncing.run(self.stopping),
            self._close_silent(),
            self._keep_lease(),
        ]

    def _adapters(self) -> Mapping[str, ChannelAdapter]:
        return {
            name: LiveChatAdapter(name, channel.origins, self.hub)
            for name, channel in self.in_force.channels().items()
            if isinstance(channel, LiveChatChannel)
        }

    @contextmanager
    def _working(self, conversation: Conversation) -> Iterator[None]:
        """The contact sees that a reply is being written."""
        self.hub.typing(conversation.contact.key, on=True)
        try:
            yield
        finally:
            self.hub.typing(conversation.contact.key, on=False)

    def _committed(self, conversation: Conversation) -> None:
        self._delivery.wake()
        self.hub.notify(conversation.contact.key)

    async def _keep_lease(self) -> None:
        """Renew in time. When another runner has taken over, this one must end: its writes are refused anyway."""
        while not self.stopping.is_set():
            await wait_for_any(self.stopping, seconds=RENEWED_EVERY.total_seconds())
            try:
                await asyncio.to_thread(self._app.store.lease.renew, self._fence, LEASE, self._app.clock.now())
            except LeaseHeld:
                self.stop()
                raise

    async def _close_silent(self) -> None:
        """Close what nobody has said anything in for too long (CONV-1)."""
        while not self.stopping.is_set():
            await asyncio.to_thread(self.close_silent)
            await wait_for_any(self.stopping, seconds=CLOSED_EVERY)

    def close_silent(self) -> int:
        """Close all that is due now; how many were closed."""
        store, now = self._app.store.conversations, self._app.clock.now()
        threadings = {
            name: threading_of(ChannelKind(channel.kind)) for name, channel in self.in_force.channels().items()
        }
        closed = 0
        for conversation in store.due_for_closing(threadings, now):
            try:
                store.commit(close_by_silence(conversation, now), fence=self._fence)
                closed += 1
            except Overtaken:
                _log.info("conversation %s went on just before it was closed", conversation.id)
        return closed


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return Wording(agent=agent, wanted=language).message(key).text
