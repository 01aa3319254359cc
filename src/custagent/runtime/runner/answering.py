"""The agents' work: takes contacts' messages that wait, one conversation at a time each, and commits the turns.

What waits is in the database, so nothing is lost with the process, and what another process gives back to the agent
is seen as well. Conversations run beside each other; one conversation has one worker. However much waits, only the next
few conversations are known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial

from custagent.core.conversation import Conversation
from custagent.core.errors import LeaseHeld, Overtaken, StoreError
from custagent.core.ports import ConversationStore
from custagent.runtime.runner.faults import FIRST_PAUSE, Faults
from custagent.runtime.runner.places import Places
from custagent.runtime.runner.turns import Turns, Work
from custagent.runtime.waiting import start_thread, wait_for_any

_log = logging.getLogger(__name__)

#: Seconds between looks into the database for work that nobody told of: given back by people, or put off.
POLL = 0.5
#: How much longer than a look takes is the time until the next: where very much waits, looking must not be the work.
_LOOKS_APART = 19
#: Conversations that are fetched at a time.
AHEAD = 200
#: Seconds after which a turn that asks no model is taken to hang all the same, rather than to reckon.
PATIENCE = 20.0
#: Threads of one channel that were left behind and have not ended; at more, nothing there is thought about.
MOST_LEFT = 32
#: Seconds that turns which are being made may take when the runner stops. A turn that is later is made anew by the next
#: runner: nothing of it has been written.
FINISH = 8.0


class Answering:
    """The answering loop of a runner."""

    def __init__(
        self,
        store: ConversationStore,
        turns: Turns,
        *,
        working: Callable[[Conversation], AbstractContextManager[None]],
        committed: Callable[[Conversation], None],
        places: Places | None = None,
        poll: float = POLL,
        first_pause: float = FIRST_PAUSE,
        patience: float = PATIENCE,
        finish: float = FINISH,
    ) -> None:
        """`working` is entered while a conversation is thought about, `committed` hears of every turn."""
        self._store = store
        self._turns = turns
        self._working = working
        self._committed = committed
        self._places = places or Places()
        self._faults = Faults(first_pause=first_pause)
        self._poll = poll
        self._patience = patience
        self._finish = finish
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        #: The conversations that come next, the oldest first, with their channels.
        self._ahead: dict[str, str] = {}
        #: More waits in the database than is known here, so what comes in is younger, and stays there.
        self._more = True
        #: When to look into the database again, in the loop's time.
        self._look_at = 0.0
        #: By channel: threads that were given up and go on, until whatever they wait for ends.
        self._left: defaultdict[str, list[Future[None]]] = defaultdict(list)

    def wake(self) -> None:
        """Something may be there to do: look."""
        self._look_at = 0.0
        self._wake.set()

    def heard(self, conversation: Conversation) -> None:
        """A message for the agent came in there; no look into the database is needed to know."""
        if len(self._ahead) >= AHEAD:
            self._more = True
        elif not self._more:
            self._ahead.setdefault(conversation.id, conversation.channel)
            self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; turns that are being made then are finished. Raises LeaseHeld."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                if self._places.free and self._next() is None:
                    await self._look()
                while self._places.free and not stop.is_set() and (conversation := self._next()):
                    channel = self._ahead.pop(conversation)
                    self._places.take(conversation, channel)
                    task = tasks.create_task(self._work(conversation, channel))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                await wait_for_any(self._wake, stop, seconds=self._poll)
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=self._finish)
                for task in late:
                    task.cancel()

    def _next(self) -> str | None:
        """The oldest conversation that is known and may begin now: others are passed by, and keep their turn."""
        now, full = asyncio.get_running_loop().time(), self._places.full()
        for conversation, channel in self._ahead.items():
            passed_by = conversation in self._places or channel in full
            if not passed_by and not self._faults.is_left_alone(conversation, now):
                return conversation
        return None

    async def _look(self) -> None:
        """Fetch what comes next, if there is more than is known, or it is time."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._more and now < self._look_at:
            return
        # Asked before reading: a worker that ends meanwhile may have dealt with what was read.
        busy = [*self._places, *self._faults.left_alone(now)]
        look = partial(self._store.unhandled, limit=AHEAD, busy=busy, full=self._places.full())
        try:
            found = [conversation for conversation, _ in await asyncio.to_thread(look)]
        except StoreError as error:
            _log.error("nothing can be answered for the moment: %s", error.message)
            found = []
        self._ahead.update((conversation.id, conversation.channel) for conversation in found)
        self._more = len(found) >= AHEAD
        self._look_at = loop.time() + max(self._poll, _LOOKS_APART * (loop.time() - now))

    async def _work(self, conversation: str, channel: str) -> None:
        """Make one turn, whatever becomes of it."""
        loop = asyncio.get_running_loop()
        patience = loop.call_later(self._patience, self._let_begin, conversation)
        try:
            work = await asyncio.to_thread(self._turns.look, conversation)
            if work is not None:
                await self._think(work)
                self._committed(work.conversation)
            self._faults.forget(conversation)
        except Overtaken:
            # Something else happened to it meanwhile: what is left to do is seen when it is looked at again.
            self._ahead.setdefault(conversation, channel)
            _log.info("conversation %s changed while its answer was made", conversation)
        except LeaseHeld:
            raise
        except _LeftBehind as left:
            self._faults.hopeless(conversation)
            self._ahead.setdefault(conversation, channel)
            _log.error("conversation %s was not answered within %.0f s: handed over", conversation, left.seconds)
        except StoreError as error:
            # The agent is not to blame: when the disk has room again, it answers.
            self._faults.not_written(conversation, loop.time())
            _log.error("the answer in conversation %s could not be written: %s", conversation, error.message)
        except Exception:  # noqa: BLE001 - see below
            # The task's boundary: one conversation's fault must not stop the others.
            self._faults.failed(conversation, loop.time())
            _log.exception("conversation %s could not be answered", conversation)
        finally:
            patience.cancel()
            self._places.give_back(conversation)
            self._wake.set()

    async def _think(self, work: Work) -> None:
        """In a thread of its own, which is left behind when it takes too long. Raises _LeftBehind, and what it raises."""
        conversation = work.conversation
        hand_over = self._faults.is_hopeless(conversation.id) or self._hangs(conversation.channel)
        make = self._turns.give_up if hand_over else self._turns.reply
        if work.asks_model:
            self._let_begin(conversation.id)
        with self._working(conversation):
            thinking = start_thread(partial(make, work), name=f"answer-{conversation.id}")
            try:
                async with asyncio.timeout(work.deadline) as limit:
                    await asyncio.wrap_future(thinking)
            except TimeoutError:
                if not limit.expired():
                    raise
                # What it may write in the end is refused: the conversation will have changed.
                self._left[conversation.channel].append(thinking)
                raise _LeftBehind(work.deadline) from None

    def _hangs(self, channel: str) -> bool:
        """Whether so much of the channel's was left behind that asking once more would only add to it."""
        if channel in self._left:
            self._left[channel] = [thinking for thinking in self._left[channel] if not thinking.done()]
        return len(self._left.get(channel, ())) >= MOST_LEFT

    def _let_begin(self, conversation: str) -> None:
        """The turn waits for something: another one may begin."""
        self._places.wait(conversation)
        self._wake.set()


class _LeftBehind(Exception):
    """A turn was not done in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds
