"""The agents' work: takes contacts' messages that wait, one conversation at a time each, and commits the turns.

What waits is in the database, so nothing is lost with the process, and what another process gives back to the agent
is seen as well. Conversations run beside each other; one conversation has one worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from custagent.conversation.service import ConversationService
from custagent.core.conversation import Conversation
from custagent.core.errors import LeaseHeld, Overtaken
from custagent.core.message import Message
from custagent.core.ports import ConversationStore
from custagent.runtime.delivery import wait_for_any
from custagent.runtime.in_force import InForce

_log = logging.getLogger(__name__)

#: Seconds between looks for work when nobody wakes the loop.
POLL = 0.5
#: Failures in a row after which a conversation goes to people rather than wait for ever.
MOST_FAILURES = 3
#: Answers that are thought about at a time; the engine itself uses all cores.
AT_ONCE = 4


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
    ) -> None:
        """`working` is entered while a conversation is thought about, `committed` hears of every turn."""
        self._store = store
        self._in_force = in_force
        self._service = service
        self._fence = fence
        self._working = working
        self._committed = committed
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        self._failures: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answer")

    def wake(self) -> None:
        """A message came in."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; turns that are being made then are finished."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                for conversation, messages in await asyncio.to_thread(self._store.unhandled):
                    if conversation.id not in self._busy and len(self._busy) < AT_ONCE:
                        self._busy.add(conversation.id)
                        tasks.create_task(self._work(conversation, messages))
                await wait_for_any(self._wake, stop, seconds=POLL)
        self._threads.shutdown()

    async def _work(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        loop = asyncio.get_running_loop()
        try:
            with self._working(conversation):
                await loop.run_in_executor(self._threads, self._turn, conversation, messages)
            self._failures.pop(conversation.id, None)
            self._committed(conversation)
        except Overtaken:
            # Something else happened to it meanwhile; the next look sees what is left to do.
            _log.info("conversation %s changed while its answer was made", conversation.id)
        except LeaseHeld:
            _log.warning("the lease is lost: conversation %s is left to the other runner", conversation.id)
        except Exception:  # noqa: BLE001 - see below
            # The task's boundary: one conversation's fault must not stop the others.
            self._failures[conversation.id] = self._failures.get(conversation.id, 0) + 1
            _log.exception("conversation %s could not be answered", conversation.id)
        finally:
            self._busy.discard(conversation.id)
            self._wake.set()

    def _turn(self, conversation: Conversation, messages: Sequence[Message]) -> None:
        """Make and commit one turn, in a thread of its own."""
        agent = self._in_force.agent_on(conversation.channel)
        if agent is None or self._failures.get(conversation.id, 0) >= MOST_FAILURES:
            turn = self._service.give_up(conversation, messages, agent)
        else:
            thread = self._store.messages(conversation.id)
            turn = self._service.reply(agent, conversation, thread, messages)
        self._store.commit(turn, fence=self._fence)
