"""The runner: one process that receives, answers, delivers, syncs and closes (RUN-1).

It holds the workspace's lease; a second runner is refused and told who has it. Everything it knows is in the
database, so that it may end at any moment, and the next one goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from custagent.answer.wording import Wording
from custagent.channels.hub import Hub
from custagent.channels.live_chat import LiveChatAdapter
from custagent.conversation.lifecycle import close_by_silence, threading_of
from custagent.conversation.privacy import mask
from custagent.conversation.routing import takes
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.conversation import Begun, Conversation
from custagent.core.errors import CustagentError, LeaseHeld, Overtaken, StoreError, UnknownName
from custagent.core.message import InboundMessage
from custagent.core.ports import ChannelAdapter
from custagent.core.workspace import ChannelKind, LiveChatChannel
from custagent.runtime.answering import Answering
from custagent.runtime.bootstrap import Application
from custagent.runtime.delivery import Delivery
from custagent.runtime.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.syncing import Syncing
from custagent.runtime.waiting import wait_for_any
from custagent.store.lease import LeaseHolder

_log = logging.getLogger(__name__)

#: How long a crashed runner keeps the workspace from the next one.
LEASE = timedelta(seconds=15)
#: How often within its length the lease is renewed.
RENEWALS = 5
#: Seconds between looks for conversations that silence has closed.
CLOSED_EVERY = 20.0


class Runner:
    """The background work of one workspace, and what the web server needs of it."""

    def __init__(self, app: Application, *, lease: timedelta = LEASE) -> None:
        """Takes the lease. Raises LeaseHeld, which names the runner that has it; ConfigError, StoreError."""
        self._app = app
        self._lease = lease
        self.hub = Hub()
        self.in_force = InForce(app)
        # What cannot be read must not first take the workspace from a runner that could begin.
        self.in_force.workspace()
        self._holder = LeaseHolder.this_process(app.clock.now())
        self._fence = app.store.lease.acquire(self._holder, lease, app.clock.now())
        self.stopping = asyncio.Event()
        directory = WorkspaceDirectory(self.in_force.workspace, app.store.conversations)
        self._delivery = Delivery(app.store.outbox, self._adapters, app.clock, fence=self._fence, check=self.check)
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
        """Work until `stop` is called, then finish what is under way; `release` follows.

        Raises LeaseHeld when another runner took over: nothing is written any more.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in self._work():
                    tasks.create_task(work)
        except* LeaseHeld as lost:
            raise _first(lost) from None
        finally:
            self.stop()

    def check(self) -> None:
        """Whether this runner can do its work now. Raises StoreError, LeaseHeld when another runner took over."""
        self._app.store.lease.check(self._fence)

    def stop(self) -> None:
        """End soon: open streams at once, turns and deliveries when they are done."""
        self.stopping.set()
        self.hub.close()

    def release(self) -> None:
        """Let the next runner begin at once: the last thing that this one does."""
        self._app.store.lease.release(self._fence)

    async def receive(self, inbound: InboundMessage) -> Begun:
        """Mask a contact's message and write it down; durable when it returns (ANS-7, CONV-2).

        Raises UnknownName for a channel that is gone, LeaseHeld, StoreError: then nothing was written.
        """
        workspace = self.in_force.workspace()
        channel = next((one for one in workspace.channels if one.name == inbound.channel), None)
        if channel is None:
            raise UnknownName(f"The channel {inbound.channel!r} does not exist any more.")
        assigned = self.in_force.assigned().get(inbound.channel)
        masked = replace(inbound, text=mask(inbound.text, kinds=workspace.privacy.mask).text)
        begun = await asyncio.wrap_future(
            self._app.store.conversations.begin_soon(
                masked,
                threading_of(ChannelKind(channel.kind)),
                agent=assigned[0].name if assigned and takes(assigned[1], inbound.contact_key) else "",
                at=self._app.clock.now(),
                fence=self._fence,
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
        """Renew in time, by a clock that cannot be set. Raises LeaseHeld when another runner has taken over."""
        while not self.stopping.is_set():
            await wait_for_any(self.stopping, seconds=self._lease.total_seconds() / RENEWALS)
            try:
                await asyncio.to_thread(self._app.store.lease.renew, self._fence, self._lease, self._app.clock.now())
            except LeaseHeld:
                raise
            except StoreError as error:
                # Until somebody else takes it, the lease is still this runner's.
                _log.error("the lease could not be renewed: %s", error.message)

    async def _close_silent(self) -> None:
        """Close what nobody has said anything in for too long (CONV-1)."""
        while not self.stopping.is_set():
            try:
                await asyncio.to_thread(self.close_silent)
            except LeaseHeld:
                raise
            except CustagentError as error:
                _log.error("nothing can be closed for the moment: %s", error.message)
            await wait_for_any(self.stopping, seconds=CLOSED_EVERY)

    def close_silent(self) -> int:
        """Close all that is due now; how many were closed. Raises LeaseHeld, StoreError."""
        store, now, closed = self._app.store.conversations, self._app.clock.now(), 0
        threadings = {
            name: threading_of(ChannelKind(channel.kind)) for name, channel in self.in_force.channels().items()
        }
        going_on = True
        while going_on and not self.stopping.is_set():
            # Nothing is closed in a round in which everything went on just before: then it waits for the next look.
            going_on = False
            for conversation in store.due_for_closing(threadings, now):
                try:
                    store.commit(close_by_silence(conversation, now), fence=self._fence)
                except Overtaken:
                    _log.info("conversation %s went on just before it was closed", conversation.id)
                else:
                    closed, going_on = closed + 1, True
        return closed


def _first(group: BaseExceptionGroup[LeaseHeld]) -> LeaseHeld:
    """The first error of the group, or of the groups in it."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return Wording(agent=agent, wanted=language).message(key).text
