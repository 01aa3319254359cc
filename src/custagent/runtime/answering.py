"""The agents' work: takes contacts' messages that wait, one conversation at a time each, and commits the turns.

What waits is in the database, so nothing is lost with the process, and what another process gives back to the agent
is seen as well. Conversations run beside each other; one conversation has one worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from custagent.conversation.service import ConversationService
from custagent.core.conversation import Conversation
from custagent.core.errors import LeaseHeld, Overtaken, StoreError
from custagent.core.message import Message
from custagent.core.ports import ConversationStore
from custagent.runtime.in_force import InForce
from custagent.runtime.waiting import in_thread, wait_for_any

_log = logging.getLogger(__name__)

#: Seconds between looks for work when nobody wakes the loop.
POLL = 0.5
#: Failures in a row after which a conversation is handed over rather than tried again.
MOST_FAILURES = 3
#: Seconds before it is tried again after the first failure; doubled with the next.
FIRST_PAUSE = 0.5
#: Answers that are thought about at a time; the engine itself uses all cores.
AT_ONCE = 4
#: Seconds that turns which are being made may take when the runner stops. A turn that is later is made anew by the next
#: runner: nothing of it has been written.
FINISH = 8.0


class Answering:
    """The answering loop of a runner."""

    def __init__(
        self,
        store: ConversationStore,
        in_force: InForce,
        service: ConversationService,
        *,
        fence: int,
        working: Callable[[Conversation], AbstractContextManager[None]],
        committed: Callable[[Conversation], None],
        poll: float = POLL,
        first_pause: float = FIRST_PAUSE,
        finish: float = FINISH,
    ) -> None:
        """`working` is entered while a conversation is thought about, `committed` hears of every turn."""
        self._store = store
        self._in_force = in_force
        self._service = service
        self._fence = fence
        self._working = working
        self._committed = committed
        self._poll = poll
        self._first_pause = first_pause
        self._finish = finish
        self._wake = asyncio.Event()
        #: The conversations that have a worker.
        self._busy: dict[str, asyncio.Task[None]] = {}
        #: How often each failed in a row, and until when it is left alone, in the loop's time.
        self._failures: dict[str, int] = {}
        self._left_until: dict[str, float] = {}

    def wake(self) -> None:
        """A message came in."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; turns that are being made then are finished. Raises LeaseHeld."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                for conversation, messages in await self._waiting():
                    if len(self._busy) < AT_ONCE:
                        self._busy[conversation.id] = tasks.create_task(self._work(conversation, messages))
                await wait_for_any(self._wake, stop, seconds=self._poll)
            if self._busy:
                _, late = await asyncio.wait(self._busy.values(), timeout=self._finish)
                for task in late:
                    task.cancel()

    async def _waiting(self) -> Sequence[tuple[Conversation, Sequence[Message]]]:
        """The conversations that have no worker and may be tried now."""
        # Asked before reading: a worker that ends meanwhile may have dealt with what was read.
        busy, now = set(self._busy), asyncio.get_running_loop().time()
        try:
            waiting = await asyncio.to_thread(self._store.unhandled)
        except StoreError as error:
            _log.error("nothing can be answered for the moment: %s", error.message)
            return ()
        return [one for one in waiting if one[0].id not in busy and self._left_until.get(one[0].id, 0.0) <= now]

    async def _work(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        try:
            with self._working(conversation):
                await in_thread(partial(self._turn, conversation, messages), name=f"answer-{conversation.id}")
            self._failures.pop(conversation.id, None)
            self._left_until.pop(conversation.id, None)
            self._committed(conversation)
        except Overtaken:
            # Something else happened to it meanwhile; the next look sees what is left to do.
            _log.info("conversation %s changed while its answer was made", conversation.id)
        except LeaseHeld:
            raise
        except StoreError as error:
            # The agent is not to blame: when the disk has room again, it answers.
            self._leave_alone(conversation, self._first_pause)
            _log.error("the answer in conversation %s could not be written: %s", conversation.id, error.message)
        except Exception:  # noqa: BLE001 - see below
            # The task's boundary: one conversation's fault must not stop the others.
            failures = self._failures.get(conversation.id, 0)
            self._failures[conversation.id] = failures + 1
            self._leave_alone(conversation, self._first_pause * 2 ** min(failures, MOST_FAILURES))
            _log.exception("conversation %s could not be answered", conversation.id)
        finally:
            self._busy.pop(conversation.id, None)
            self._wake.set()

    def _leave_alone(self, conversation: Conversation, seconds: float) -> None:
        self._left_until[conversation.id] = asyncio.get_running_loop().time() + seconds

    def _turn(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        """Make and commit one turn, in a thread of its own."""
        agent = self._in_force.agent_on(conversation.channel)
        thread = self._store.messages(conversation.id)
        if agent is None or self._failures.get(conversation.id, 0) >= MOST_FAILURES:
            turn = self._service.give_up(agent, conversation, thread, messages)
        else:
            turn = self._service.reply(agent, conversation, thread, messages)
        self._store.commit(turn, fence=self._fence)
