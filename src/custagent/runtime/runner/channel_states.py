"""Channels that do not work: noticed while replies go out and messages come in, told to people once that has lasted, and
told again when they work again.

While people know that nothing goes out on a channel, the agent hands its conversations there over (`InForce.agent_on`):
a contact whom no answer can reach must not be left to a machine. What waits goes out once the channel works.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from custagent.channels.reception import Surroundings
from custagent.conversation.rerouting import queue_of
from custagent.conversation.summary import summarise
from custagent.core.answer import Reason
from custagent.core.conversation import Conversation, Event, Status, Turn, transition
from custagent.core.errors import CustagentError, LeaseHeld, Overtaken
from custagent.core.message import Sender
from custagent.core.notice import Notice
from custagent.core.people import Permission
from custagent.locales.staff import StaffWords, staff_words
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce
from custagent.runtime.kinds.served import ServedKind, adapter_of
from custagent.runtime.waiting import wait_for_any
from custagent.store.channel_states import Trouble, Way

_log = logging.getLogger(__name__)

#: How long a channel does not work before people are told: a provider that restarts, or a network that blinks, is no news.
TOLD_AFTER: Final = timedelta(minutes=2)
#: Replies that are refused one by one, each for its own sake as it seems, make a channel's trouble from so many on.
MOST_DOUBTS: Final = 2
#: Seconds between looks.
POLL: Final = 5.0
#: Seconds between tries of a channel that is in trouble and has nothing to send, which would tell that it works again.
TRIES_EVERY: Final = 300.0
#: The kind of the notices.
NOTICE: Final = "channel"


@dataclass(slots=True)
class _Doubt:
    """Replies fail on a channel one by one."""

    #: Since when, in seconds of the monotonic clock.
    since: float
    #: Which: outbox rows.
    replies: set[int] = field(default_factory=set)


class ChannelStates:
    """The runner's knowledge of channels that do not work. Threads may share it."""

    def __init__(
        self,
        app: Application,
        in_force: InForce,
        *,
        fence: int,
        kinds: Mapping[str, ServedKind],
        around: Surroundings,
        changed: Callable[[Conversation], None] = lambda _conversation: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`changed` hears, in the loop, of each conversation that people got. Raises StoreError."""
        self._app = app
        self._store = app.store.channel_states
        self._in_force = in_force
        self._fence = fence
        self._kinds = kinds
        self._around = around
        self._changed = changed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        #: What the database has: a runner that follows another one goes on with what that one had noticed.
        self._known = {(one.channel, one.way): one for one in self._store.troubles()}
        self._doubts: dict[str, _Doubt] = {}
        #: When a channel in trouble was tried last, in seconds of the monotonic clock.
        self._tried: dict[str, float] = {}

    def is_noticed(self, channel: str, way: Way = Way.SENDING) -> bool:
        """Whether anything is known against the channel: then it is worth telling that it works. Costs nothing."""
        return (channel, way) in self._known or (way is Way.SENDING and channel in self._doubts)

    def failed(self, channel: str, reason: str, way: Way = Way.SENDING) -> None:
        """The channel does not work, as its provider says, or its silence. Raises LeaseHeld, StoreError."""
        with self._lock:
            known = self._known.get((channel, way))
            if known is not None and known.reason == reason:
                return
            since = known.since if known else self._app.clock.now()
            trouble = Trouble(
                channel=channel, way=way, since=since, reason=reason, told_at=known.told_at if known else None
            )
            self._store.begin(trouble, fence=self._fence)
            self._known[channel, way] = trouble

    def doubt(self, channel: str, reply: int, reason: str) -> None:
        """A reply failed for its own sake, as it seems: when several do for long, and none arrives, it is the channel.

        Raises LeaseHeld, StoreError.
        """
        now = self._monotonic()
        doubt = self._doubts.setdefault(channel, _Doubt(since=now))
        doubt.replies.add(reply)
        if len(doubt.replies) >= MOST_DOUBTS and now - doubt.since >= TOLD_AFTER.total_seconds():
            self.failed(channel, reason)

    def works(self, channel: str, way: Way = Way.SENDING) -> None:
        """The channel works. Raises LeaseHeld, StoreError."""
        with self._lock:
            if way is Way.SENDING:
                self._doubts.pop(channel, None)
                self._tried.pop(channel, None)
            known = self._known.get((channel, way))
            if known is None:
                return
            self._store.end(channel, way, self._over(known), fence=self._fence)
            del self._known[channel, way]
        _log.warning("the channel %s is %s again", channel, way.value)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set. Raises LeaseHeld."""
        while not stop.is_set():
            try:
                for conversation in await asyncio.to_thread(self.look):
                    self._changed(conversation)
                await self.try_idle()
            except LeaseHeld:
                raise
            except CustagentError as error:
                _log.error("how the channels are cannot be told for the moment: %s", error.message)
            await wait_for_any(stop, seconds=POLL)

    def look(self) -> list[Conversation]:
        """Tell what has lasted, and give people what the agent had there; those conversations.

        Raises LeaseHeld, StoreError, ConfigError.
        """
        channels, now, handed = self._in_force.channels(), self._app.clock.now(), list[Conversation]()
        for trouble in tuple(self._known.values()):
            if trouble.channel not in channels:
                with self._lock:
                    self._store.end(trouble.channel, trouble.way, fence=self._fence)
                    self._known.pop((trouble.channel, trouble.way), None)
            elif trouble.told_at is None and now - trouble.since >= TOLD_AFTER:
                with self._lock:
                    if self._known.get((trouble.channel, trouble.way)) is not trouble:
                        continue  # it passed just now, or is another one
                    self._store.tell(trouble, _begun(trouble, self._app), fence=self._fence)
                    self._known[trouble.channel, trouble.way] = replace(trouble, told_at=now)
                _log.error("people were told that %s is not %s: %s", trouble.channel, trouble.way.value, trouble.reason)
                if trouble.way is Way.SENDING:
                    handed += self._hand_over(trouble.channel)
        return handed

    async def try_idle(self) -> None:
        """Try channels that are in trouble and have nothing to send: no reply would tell that they work again."""
        now = self._monotonic()
        for trouble in tuple(self._known.values()):
            channel = self._in_force.channels().get(trouble.channel)
            last = self._tried.get(trouble.channel, float("-inf"))
            if channel is None or trouble.way is not Way.SENDING or now - last < TRIES_EVERY:
                continue
            self._tried[trouble.channel] = now
            if await asyncio.to_thread(
                self._app.store.undelivered.list, self._app.clock.now(), channel=channel.name, limit=1
            ):
                continue
            adapter = adapter_of(channel, self._kinds.get(channel.kind), self._around)
            if not any(wrong for _, wrong in await adapter.check()):
                await asyncio.to_thread(self.works, channel.name)

    def _hand_over(self, channel: str) -> list[Conversation]:
        """Give people the agent's conversations in which a reply has not arrived. It stays where it is, and goes out when
        the channel works.
        """
        store, done = self._app.store, list[Conversation]()
        waiting = store.undelivered.list(self._app.clock.now(), channel=channel)
        for id_ in dict.fromkeys(reply.conversation for reply in waiting if reply.sender is Sender.AGENT):
            conversation = store.conversations.conversation(id_)
            if conversation is None or conversation.status is not Status.PENDING:
                continue
            try:
                store.conversations.commit(self._turn(conversation), fence=self._fence)
            except Overtaken:
                continue  # something is said in it just now; the next turn there hands it over
            done.append(conversation)
        return done

    def _turn(self, conversation: Conversation) -> Turn:
        assigned = self._in_force.assigned().get(conversation.channel)
        thread = self._app.store.conversations.messages(conversation.id)
        return Turn(
            conversation=conversation,
            status=transition(conversation.status, Event.HANDED_OFF),
            assignee=queue_of(assigned[1].handoff.to) if assigned else "",
            summary=summarise(thread, reason=Reason.CHANNEL_OUT, language=conversation.language),
            at=self._app.clock.now(),
        )

    def _over(self, trouble: Trouble) -> Notice | None:
        """That it works again, for those who were told that it does not."""
        if trouble.told_at is None:
            return None
        now = self._app.clock.now()
        goes = " What waited goes out." if trouble.way is Way.SENDING else ""
        text = f"{trouble.channel} is {trouble.way.value} again, since {now:%Y-%m-%d %H:%M} UTC.{goes}"
        return _notice(trouble, f"{trouble.since.isoformat()}:over", text, self._app)


def _begun(trouble: Trouble, app: Application) -> Notice:
    return _notice(
        trouble, trouble.since.isoformat(), f"{in_words(trouble)} See: custagent channels check {trouble.channel}", app
    )


def _notice(trouble: Trouble, key: str, text: str, app: Application) -> Notice:
    return Notice(
        key=f"{NOTICE}:{trouble.channel}:{trouble.way.value}:{key}",
        kind=NOTICE,
        permission=Permission.ADMIN.value,
        text=text,
        at=app.clock.now(),
    )


def in_words(trouble: Trouble, words: StaffWords | None = None) -> str:
    """What people are told, in English unless told: what does not work, since when, why, and what follows."""
    return (
        (words or staff_words())
        .told["receiving" if trouble.way is Way.RECEIVING else "sending"]
        .format(channel=trouble.channel, moment=f"{trouble.since:%Y-%m-%d %H:%M} UTC", reason=_sentence(trouble.reason))
    )


def _sentence(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
