"""What happens by the clock: conversations are closed, wake, go to other people, are overdue, or are asked whether the
answer helped.

What is due stands in the database, so that whatever came due while nobody ran is caught up with at the start, and nothing
happens twice: each thing is done in a transaction of its own, under the runner's lease, after which it is not due any
more. A moment that is exactly reached counts. Between two looks the loop sleeps by a clock that cannot be set, and never
long, so that a machine's clock that is set meanwhile is soon noticed; what is due is told by the new time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.conversation.lifecycle import ask_whether_it_helped, close_by_silence, threading_of, wake
from custagent.core.agent import AgentDefinition
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Threading, Turn
from custagent.core.errors import CustagentError, LeaseHeld, Overtaken
from custagent.core.notice import Notice
from custagent.core.people import Permission
from custagent.core.written import seconds
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.rerouting import Rerouting
from custagent.runtime.in_force import InForce
from custagent.runtime.log import fields
from custagent.runtime.waiting import wait_for_any
from custagent.store.conversations.timers import Overdue, overdue_key

_log = logging.getLogger(__name__)

#: Seconds between two looks at the most, and at the least.
LONGEST_SLEEP = 20.0
SHORTEST_SLEEP = 0.1
#: Nobody wants to be asked about an answer of yesterday: a follow-up that is later than this, because nobody ran or the
#: setting is new, is left out.
TOO_LATE = timedelta(hours=1)
#: The kind of notices about contacts who wait for a person.
OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """An agent that follows up its answers on a channel."""

    channel: str
    agent: AgentDefinition
    wait: timedelta


class Timers:
    """The timers of a runner."""

    def __init__(
        self,
        app: Application,
        in_force: InForce,
        *,
        fence: int,
        changed: Callable[[Conversation], None],
        also: Sequence[Callable[[], object]] = (),
    ) -> None:
        """`changed` hears, in the loop, of each conversation that the clock changed; `also` is done at each look."""
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._changed = changed
        self._also = also
        self._rerouting = Rerouting(app, in_force, fence=fence)
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is due until `stop` is set. Raises LeaseHeld."""
        self._stop = stop
        while not stop.is_set():
            pause = SHORTEST_SLEEP
            try:
                for conversation in await asyncio.to_thread(self.look):
                    self._changed(conversation)
                pause = await asyncio.to_thread(self._pause)
            except LeaseHeld:
                raise
            except CustagentError as error:
                _log.error("nothing can be done by the clock for the moment: %s", error.message)
                pause = LONGEST_SLEEP
            await wait_for_any(stop, seconds=pause)

    def look(self) -> list[Conversation]:
        """Do all that is due now; the conversations in which something changed. Raises LeaseHeld, StoreError."""
        changed = [*self.close_silent(), *self.end_snoozes(), *self._rerouting.look(), *self.follow_up()]
        self.tell_overdue()
        for work in self._also:
            work()
        return changed

    def close_silent(self) -> list[Conversation]:
        """Close what nobody has said anything in for too long (CONV-1)."""
        store, threadings, now = self._app.store.conversations, self._threadings(), self._app.clock.now()
        return self._all(lambda: ((one, close_by_silence(one, now)) for one in store.due_for_closing(threadings, now)))

    def end_snoozes(self) -> list[Conversation]:
        """Wake what was put aside until now: whoever put it aside has it again."""
        timers, now = self._app.store.timers, self._app.clock.now()
        return self._all(lambda: ((one, wake(one, now)) for one in timers.ended_snoozes(now)))

    def follow_up(self) -> list[Conversation]:
        """Ask whether the answer helped, where the agent has that set and the contact has been silent for so long.

        Once after an answer or a question back that reached the contact; never when people have the conversation, nor
        by a paused agent, nor by mail.
        """
        asked: list[Conversation] = []
        for asking in self._asking():
            asked += self._all(partial(self._questions, asking))
        return asked

    def tell_overdue(self) -> int:
        """Tell people, once, of each contact who has waited for one of them as long as silence may last (CONV-1)."""
        threadings, now, told = self._threadings(), self._app.clock.now(), 0
        while found := self._app.store.timers.waiting_for_people(threadings, now):
            for overdue in found:
                told += self._app.store.notices.tell(_notice(overdue, now), fence=self._fence)
            if self._stop.is_set():
                break
        return told

    def _all(self, due: Callable[[], Iterator[tuple[Conversation, Turn]]]) -> list[Conversation]:
        """Commit everything that is due, as it is read in pieces; what went on just before waits for the next look."""
        done: list[Conversation] = []
        going_on = True
        while going_on and not self._stop.is_set():
            # A round in which everything went on just before is the last one.
            going_on = False
            for conversation, turn in due():
                try:
                    self._app.store.conversations.commit(turn, fence=self._fence)
                except Overtaken:
                    _log.info("conversation %s went on just before its time was over", conversation.id)
                else:
                    _log.info("timer", extra=fields(conversation=conversation.id, status=turn.status.value))
                    done.append(conversation)
                    going_on = True
        return done

    def _questions(self, asking: _Asking) -> Iterator[tuple[Conversation, Turn]]:
        now = self._app.clock.now()
        by = now - asking.wait
        store = self._app.store.timers
        for one in store.unasked_answers(asking.channel, asking.agent.name, after=by - TOO_LATE, by=by):
            language = one.language or one.contact.language or asking.agent.default_language
            voice = voice_of(asking.agent, self._in_force.workspace())
            said = Wording(agent=asking.agent, wanted=language, voice=voice).message("follow_up")
            yield one, ask_whether_it_helped(one, said.text, said.language, now)

    def _asking(self) -> Iterator[_Asking]:
        kinds = {name: channel.kind for name, channel in self._in_force.channels().items()}
        paused = self._app.store.pauses.paused()
        for channel, (agent, _, _) in self._in_force.assigned().items():
            if (
                agent.follow_up is None
                or agent.name in paused
                or kinds.get(channel, ChannelKind.EMAIL) == ChannelKind.EMAIL
            ):
                continue
            yield _Asking(channel=channel, agent=agent, wait=timedelta(seconds=seconds(agent.follow_up.after)))

    def _threadings(self) -> Mapping[str, Threading]:
        workspace = self._in_force.workspace()
        close_after = workspace.conversations.close_after
        return {one.name: threading_of(one.kind, close_after) for one in workspace.channels}

    def _pause(self) -> float:
        """Seconds until the next thing is due; never long, for another process or a set clock may change it."""
        threadings, now, store = self._threadings(), self._app.clock.now(), self._app.store
        moments = [store.conversations.next_closing_at(threadings), store.timers.next_at(threadings)]
        moments.append(self._rerouting.next_at())
        for asking in self._asking():
            after = now - asking.wait - TOO_LATE
            moments.append(
                store.timers.next_unasked_at(asking.channel, asking.agent.name, after=after, wait=asking.wait)
            )
        left = [(moment - now).total_seconds() for moment in moments if moment is not None]
        return max(SHORTEST_SLEEP, min([LONGEST_SLEEP, *left]))


def _notice(overdue: Overdue, now: datetime) -> Notice:
    return Notice(
        key=overdue_key(overdue),
        kind=OVERDUE,
        permission=Permission.ANSWER,
        text=f"A contact on {overdue.channel} has waited for a person since {overdue.since:%Y-%m-%d %H:%M} UTC:"
        f" conversation {overdue.conversation}.",
        conversation=overdue.conversation,
        at=now,
    )
