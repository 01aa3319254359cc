"""The runner: one process that receives, answers, delivers, syncs and closes (RUN-1).

It holds the workspace's lease; a second runner is refused and told who has it. Everything it knows is in the
database, so that it may end at any moment, and the next one goes on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.channels.hub import Hub
from custagent.conversation.lifecycle import threading_of
from custagent.conversation.opting import confirmation, opts_for
from custagent.conversation.rerouting import queue_of
from custagent.conversation.routing import takes
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition, Assignment
from custagent.core.channel import Channel
from custagent.core.channel_event import ChannelEvent
from custagent.core.conversation import Arrival, Begun, Conversation, Status, Threading
from custagent.core.errors import LeaseHeld, StoreError, UnknownName
from custagent.core.message import Attachment, DeliveryUpdate, InboundMessage
from custagent.core.ports import ChannelAdapter
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.figures.credit_rules import CreditRules
from custagent.runtime.in_force import Assigned, InForce
from custagent.runtime.kinds.served import ServedKind, adapter_of, served_kinds, surroundings
from custagent.runtime.log import fields
from custagent.runtime.runner.admission import Admission
from custagent.runtime.runner.answering import Answering
from custagent.runtime.runner.channel_states import ChannelStates
from custagent.runtime.runner.credit_keeper import CreditKeeper
from custagent.runtime.runner.delivery import Delivery
from custagent.runtime.runner.events import ChannelEvents, masked_message
from custagent.runtime.runner.fetching import Fetching
from custagent.runtime.runner.given_up import leave_to_people
from custagent.runtime.runner.histogram import ANSWER_BOUNDS, Histogram
from custagent.runtime.runner.kinds_work import keep_at_work
from custagent.runtime.runner.notifications import Notifications
from custagent.runtime.runner.recapping import Recapping
from custagent.runtime.runner.retention import Retention
from custagent.runtime.runner.showing_work import ShowingWork
from custagent.runtime.runner.syncing import Syncing
from custagent.runtime.runner.timers import Timers
from custagent.runtime.runner.turns import Turns
from custagent.runtime.waiting import result_of, start_thread, wait_for_any
from custagent.store.channel_states import Way
from custagent.store.database.lease import LeaseHolder

_log = logging.getLogger(__name__)

#: How long a crashed runner keeps the workspace from the next one.
LEASE = timedelta(seconds=15)
#: How often within its length the lease is renewed.
RENEWALS = 5


class Runner:
    """The background work of one workspace, and what the web server needs of it."""

    def __init__(
        self, app: Application, *, lease: timedelta = LEASE, kinds: Mapping[str, ServedKind] | None = None
    ) -> None:
        """Takes the lease. `kinds` are the kinds of channel that it serves, by name; all that there are unless told.

        Raises LeaseHeld, which names the runner that has it; ConfigError, StoreError, WorkspaceError.
        """
        self.app = app
        self._lease = lease
        self.hub = Hub()
        self.around = surroundings(app, self.hub)
        self.kinds = served_kinds() if kinds is None else kinds
        self.in_force = InForce(app)
        # What cannot be read must not first take the workspace from a runner that could begin.
        self.in_force.workspace()
        self._holder = LeaseHolder.this_process(app.clock.now())
        self._fence = app.store.lease.acquire(self._holder, lease, app.clock.now())
        self.stopping = asyncio.Event()
        self._threadings: tuple[Workspace, Mapping[str, Threading]] | None = None
        #: How long contacts waited for the agent's turns (`/metrics`).
        self.answer_seconds = Histogram(ANSWER_BOUNDS)
        self.directory = WorkspaceDirectory(self.in_force.workspace, app.store, app.clock)
        self.channel_states, self._delivery = self._outgoing()
        keeper = CreditKeeper(app, CreditRules(app, self.in_force), fence=self._fence)
        service = ConversationService(directory=self.directory, clock=app.clock, texts=self._text)
        self._answering = Answering(
            app.store.conversations,
            Turns(app.store.conversations, self.in_force, service, fence=self._fence, credits_=keeper),
            working=ShowingWork(self.hub, app.store.outbox, self._adapters).during,
            committed=self._answered,
        )
        self.admission = Admission(app.store.conversations.count_unhandled)
        self.events = ChannelEvents(
            app,
            self.in_force,
            fence=self._fence,
            threadings=lambda: self._threadings_of(self.in_force.workspace()),
            changed=self._changed_by_channel,
        )
        self._fetching = Fetching(app.store.files, self.events.folder, self._adapters, app.clock, fence=self._fence)
        self._syncing = Syncing(app)
        self._notifications = Notifications(app, self.in_force, fence=self._fence)
        self._recapping = Recapping(app, self.in_force, fence=self._fence)
        retention = Retention(app, self.in_force, fence=self._fence)
        self.timers = Timers(
            app, self.in_force, fence=self._fence, changed=self._committed, also=[keeper.look, retention.look]
        )

    def _outgoing(self) -> tuple[ChannelStates, Delivery]:
        app, fence = self.app, self._fence
        states = ChannelStates(
            app, self.in_force, fence=fence, kinds=self.kinds, around=self.around, changed=self._committed
        )
        return states, Delivery(
            app.store.outbox,
            self._adapters,
            app.clock,
            fence=fence,
            check=self.check,
            states=states,
            name_of=self._name_of,
            given_up=leave_to_people(app, self.in_force, fence=fence),
        )

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

    @property
    def fence(self) -> int:
        """The token of its lease, with which its writes prove that no other runner has taken over."""
        return self._fence

    def check(self) -> None:
        """Whether this runner can do its work now. Raises StoreError, LeaseHeld when another runner took over."""
        self.app.store.lease.check(self._fence)

    def stop(self) -> None:
        """End soon: open streams at once, turns and deliveries when they are done."""
        self.stopping.set()
        self.hub.close()

    def sleep(self) -> None:
        """What Ctrl-Z does, but never in the middle of a write: it would take the database's lock along, and nobody could
        follow this runner when its lease has run out.
        """
        self.app.store.between_writes(_stop_this_process)

    def release(self) -> None:
        """Let the next runner begin at once: the last thing that this one does."""
        self.app.store.lease.release(self._fence)
        self.app.store.seal()

    def team_works(self, assignment: Assignment) -> bool:
        """Whether it is the hours of the people whom the agent hands over to (ASG-5). Raises ConfigError, StoreError."""
        return self.directory.team_works(assignment)

    def channels(self) -> Mapping[str, Channel]:
        """The channels in force, by name. Raises ConfigError, StoreError."""
        return self.in_force.channels()

    async def receive(self, inbound: InboundMessage) -> Begun:
        """Mask a contact's message and write it down; durable when it returns (ANS-7, CONV-2).

        Raises UnknownName for a channel that is gone, LeaseHeld, StoreError: then nothing was written.
        """
        (begun,) = await self.receive_all([inbound])
        return begun

    async def receive_all(self, messages: Sequence[InboundMessage]) -> tuple[Begun, ...]:
        """The same for a batch, in its order and in one transaction: all of it is written, or nothing.

        Raises Overloaded too, when it would have to wait too long (R14).
        """
        if not messages:
            return ()
        workspace, assigned = self.in_force.workspace(), self.in_force.assigned()
        threadings = self._threadings_of(workspace)
        arrivals = []
        for inbound in messages:
            if inbound.channel not in threadings:
                raise UnknownName(f"The channel {inbound.channel!r} does not exist any more.")
            arrivals.append(self._arrival(inbound, workspace, threadings[inbound.channel], assigned))
        await self._require_room(arrivals)
        store, now = self.app.store.conversations, self.app.clock.now()
        self.admission.begin_writing(len(arrivals))
        try:
            begun = await result_of(store.begin_all_soon(arrivals, at=now, fence=self._fence))
        finally:
            self.admission.end_writing(len(arrivals))
        for one in begun:
            self._taken(one)
        return begun

    def _arrival(
        self, inbound: InboundMessage, workspace: Workspace, threading: Threading, assigned: Mapping[str, Assigned]
    ) -> Arrival:
        agent = assigned.get(inbound.channel)
        taken = agent and takes(agent[1], inbound.contact_key, team_works=partial(self.team_works, agent[1]))
        # In the live chat, where most comes from, there is nothing to look for.
        opts = opts_for(self.in_force.channels()[inbound.channel].kind, inbound.text) if inbound.identities else None
        return Arrival(
            message=masked_message(inbound, workspace.privacy.mask),
            threading=threading,
            agent=agent[0].name if agent and taken else "",
            queue=queue_of(agent[1].handoff.to) if agent else "",
            opts=opts,
            confirmation=confirmation(opts, inbound.text, inbound.language, workspace.default_language) if opts else "",
        )

    def _taken(self, begun: Begun) -> None:
        """A contact's message is written down: who is to deal with it hears of it."""
        conversation = begun.conversation
        if any(file.reference for file in begun.message.attachments):
            self._fetching.wake()
        if conversation.status is Status.PENDING and not begun.duplicate:
            self.admission.came(conversation.channel)
            self._answering.heard(conversation)
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "received",
                extra=fields(
                    conversation=conversation.id,
                    message=begun.message.id,
                    channel=conversation.channel,
                    duplicate=begun.duplicate,
                    new=begun.new,
                    text=begun.message.text,
                ),
            )

    def _threadings_of(self, workspace: Workspace) -> Mapping[str, Threading]:
        """How conversations on each channel end; made once a workspace."""
        if self._threadings is None or self._threadings[0] is not workspace:
            times = workspace.conversations.close_after
            threadings = {one.name: threading_of(one.kind, times) for one in workspace.channels}
            self._threadings = workspace, threadings
        return self._threadings[1]

    async def _require_room(self, arrivals: Sequence[Arrival]) -> None:
        """Raises Overloaded for a message that would wait too long for an agent. People's conversations go on."""
        for arrival in arrivals:
            message = arrival.message
            if not arrival.agent or not self.admission.is_full(message.channel):
                continue
            latest = self.app.store.conversations.latest
            going_on = await asyncio.to_thread(latest, message.channel, message.contact_key)
            if going_on is None or going_on.status not in (Status.OPEN, Status.SNOOZED):
                raise self.admission.refusal(message.channel)

    async def note(self, updates: Sequence[DeliveryUpdate]) -> None:
        """What providers tell of replies, written down; durable when it returns. Raises LeaseHeld, StoreError."""
        if updates:
            noting = self.app.store.outbox.note_all_soon(updates, self.app.clock.now(), fence=self._fence)
            known = await result_of(noting)
            if known < len(updates):
                _log.info("%s of %s words on replies were about none of ours", len(updates) - known, len(updates))

    async def trouble(self, channel: str, reason: str) -> None:
        """See Reception."""
        states = self.channel_states
        if reason:
            await asyncio.to_thread(states.failed, channel, reason, Way.RECEIVING)
        elif states.is_noticed(channel, Way.RECEIVING):
            await asyncio.to_thread(states.works, channel, Way.RECEIVING)

    async def take(self, events: Sequence[ChannelEvent]) -> None:
        """See Reception."""
        await self.events.take(events)

    async def keep(self, content: bytes, *, name: str, media_type: str) -> Attachment:
        """See Reception."""
        return await self.events.keep(content, name=name, media_type=media_type)

    async def conversation_of(self, channel: str, external_ids: Sequence[str]) -> Conversation | None:
        """See Reception."""
        return await self.events.conversation_of(channel, external_ids)

    async def known(self, channel: str, external_ids: Collection[str]) -> Collection[str]:
        """See Reception."""
        return await self.events.known(channel, external_ids)

    async def remember(self, channel: str, value: str) -> None:
        """See Reception."""
        await self.events.remember(channel, value)

    async def remembered(self, channel: str) -> str:
        """See Reception."""
        return await self.events.remembered(channel)

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._answering.run(self.stopping),
            self.admission.run(self.stopping),
            self._delivery.run(self.stopping),
            self.channel_states.run(self.stopping),
            self._syncing.run(self.stopping),
            self.timers.run(self.stopping),
            self._notifications.run(self.stopping),
            self._fetching.run(self.stopping),
            self._recapping.run(self.stopping),
            *(
                keep_at_work(name, partial(kind.work, self, self.stopping), self.stopping)
                for name, kind in self.kinds.items()
                if hasattr(kind, "work")
            ),
            self._keep_lease(),
            self._warm_up(),
        ]

    def _adapters(self) -> Mapping[str, ChannelAdapter]:
        return {
            name: adapter_of(channel, self.kinds.get(channel.kind), self.around)
            for name, channel in self.in_force.channels().items()
        }

    def _name_of(self, user: str) -> str:
        return next((one.full_name for one in self.in_force.workspace().users if one.name == user), user)

    def _text(self, agent: AgentDefinition, key: str, language: str) -> str:
        voice = voice_of(agent, self.in_force.workspace())
        return Wording(agent=agent, wanted=language, voice=voice).message(key).text

    def _answered(self, conversation: Conversation) -> None:
        self.answer_seconds.observe((self.app.clock.now() - conversation.last_message_at).total_seconds())
        self.admission.answered(conversation.channel)
        self._committed(conversation)

    def _changed_by_channel(self, conversation: Conversation) -> None:
        self._committed(conversation)
        if conversation.status is Status.PENDING:
            self._answering.heard(conversation)

    def _committed(self, conversation: Conversation) -> None:
        self._delivery.wake()
        self.hub.notify(conversation.contact.key)

    async def _warm_up(self) -> None:
        """Beside everything else, so that messages are taken at once and the first of them is answered soon."""
        warming = asyncio.wrap_future(start_thread(self.in_force.warm_up, name="warm-up"))
        stopped = asyncio.create_task(self.stopping.wait())
        # Not waited for at the end: nothing of it is written.
        either: list[asyncio.Future[Any]] = [warming, stopped]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not warming.done():
            warming.cancel()
        elif error := warming.exception():
            _log.warning("the agents could not be made ready, so the first answers take longer: %s", error)

    async def _keep_lease(self) -> None:
        """Renew in time, by a clock that cannot be set. Raises LeaseHeld when another runner has taken over."""
        while not self.stopping.is_set():
            await wait_for_any(self.stopping, seconds=self._lease.total_seconds() / RENEWALS)
            try:
                await asyncio.to_thread(self.app.store.lease.renew, self._fence, self._lease, self.app.clock.now())
            except LeaseHeld:
                raise
            except StoreError as error:
                # Until somebody else takes it, the lease is still this runner's.
                _log.error("the lease could not be renewed: %s", error.message)


def _first(group: BaseExceptionGroup[LeaseHeld]) -> LeaseHeld:
    """The first error of the group, or of the groups in it."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _stop_this_process() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    # Threads are stopped one after the other, this one last if need be.
    time.sleep(0.02)
