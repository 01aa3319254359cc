"""Summaries by the agent's model for those who took conversations over, in the background (HND-4).

The handoff itself never waits for it: the summary that needs no model is there at once, and is replaced where the model's
is borne out. What is left to do is in the database: a runner that ends in the middle leaves it to the next one, and one
that comes after more than an hour does not begin any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import timedelta
from functools import partial

from custagent.answer.model.recap import RecapWriter, WrittenRecap
from custagent.core.agent import EMBEDDED, AgentDefinition, ModelOptions
from custagent.core.conversation import Conversation
from custagent.core.errors import CustagentError, LeaseHeld, StoreError
from custagent.core.handoff import RecapOutcome, WaitingRecap
from custagent.core.message import Message
from custagent.core.ports import ChatModel
from custagent.core.workspace import Workspace
from custagent.core.written import seconds
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce
from custagent.runtime.log import fields
from custagent.runtime.waiting import start_thread, wait_for_any

_log = logging.getLogger(__name__)

#: Conversations that are summed up at a time: answering contacts comes first.
AT_ONCE = 2
#: Seconds between looks into the database.
POLL = 2.0
#: A person has long read on in what was handed over before.
YOUNG = timedelta(hours=1)
#: Seconds beside the model's own `timeout` after which it is not waited for any more.
BESIDE_MODEL = 5.0
#: Threads that were left behind and have not ended; at more no model is asked.
MOST_LEFT = 8


class Recapping:
    """The loop of a runner that has handed-over conversations summed up."""

    def __init__(
        self,
        app: Application,
        in_force: InForce,
        *,
        fence: int,
        model_of: Callable[[AgentDefinition, Workspace], ChatModel | None] | None = None,
        poll: float = POLL,
        beside_model: float = BESIDE_MODEL,
    ) -> None:
        """`model_of` makes the model of an agent, as `Application.chat_model` does unless told otherwise."""
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._model_of = model_of or app.chat_model
        self._poll = poll
        self._beside_model = beside_model
        self._wake = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        #: Threads that were given up and go on.
        self._left: list[Future[WrittenRecap]] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what is not done then is begun anew by the next runner. Raises LeaseHeld."""
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                self._wake.clear()
                for waiting, agent in await self._due():
                    self._tasks[waiting.handoff] = tasks.create_task(self._work(waiting, agent))
                await wait_for_any(self._wake, stop, seconds=self._poll)
            for task in self._tasks.values():
                task.cancel()

    async def _due(self) -> Sequence[tuple[WaitingRecap, AgentDefinition]]:
        self._left = [thread for thread in self._left if not thread.done()]
        room = min(AT_ONCE - len(self._tasks), MOST_LEFT - len(self._left))
        if room <= 0:
            return ()
        try:
            return await asyncio.to_thread(self._look, room, tuple(self._tasks))
        except CustagentError as error:
            _log.error("no conversation can be summed up for the moment: %s", error.message)
            return ()

    def _look(self, room: int, busy: Sequence[int]) -> Sequence[tuple[WaitingRecap, AgentDefinition]]:
        agents = self._agents()
        if not agents:
            return ()
        since = self._app.clock.now() - YOUNG
        found = self._app.store.recaps.waiting(since, agents=tuple(agents), limit=room, busy=busy)
        return [(waiting, agents[waiting.agent]) for waiting in found]

    def _agents(self) -> Mapping[str, AgentDefinition]:
        """Those that have a model and may use it, by name: a paused one asks nobody."""
        assigned = (one[0] for one in self._in_force.assigned().values())
        with_model = {agent.name: agent for agent in assigned if agent.model != EMBEDDED}
        return {name: agent for name, agent in with_model.items() if not self._app.store.pauses.is_paused(name)}

    async def _work(self, waiting: WaitingRecap, agent: AgentDefinition) -> None:
        try:
            await self._sum_up(waiting, agent)
        except LeaseHeld:
            raise
        except StoreError as error:
            _log.error("the summary of conversation %s is left for later: %s", waiting.conversation, error.message)
        else:
            self._wake.set()
        finally:
            self._tasks.pop(waiting.handoff, None)

    async def _sum_up(self, waiting: WaitingRecap, agent: AgentDefinition) -> None:
        """Have it written, in a thread that is left behind when it takes too long, and keep what it came to."""
        store = self._app.store
        conversation = await asyncio.to_thread(store.conversations.conversation, waiting.conversation)
        thread = await asyncio.to_thread(store.conversations.messages, waiting.conversation)
        told = [message for message in thread if message.id <= waiting.message]
        if conversation is None:
            return
        done = await self._written_by(agent, conversation, told)
        outcome = await asyncio.to_thread(
            store.recaps.keep,
            waiting,
            done.recap,
            outcome=_outcome(done),
            usage=done.usage,
            read={message.id: message.text for message in told},
            at=self._app.clock.now(),
            fence=self._fence,
        )
        _log.info("summed up", extra=fields(conversation=conversation.id, agent=agent.name, outcome=outcome.value))

    async def _written_by(
        self, agent: AgentDefinition, conversation: Conversation, told: Sequence[Message]
    ) -> WrittenRecap:
        within = float(seconds((agent.model_options or ModelOptions()).timeout))
        work = partial(self._write, agent, told, conversation.language, within)
        writing = start_thread(work, name=f"recap-{conversation.id}")
        try:
            async with asyncio.timeout(within + self._beside_model):
                return await asyncio.wrap_future(writing)
        except TimeoutError:
            self._left.append(writing)
            _log.warning("the model of agent %s did not sum up conversation %s in time", agent.name, conversation.id)
        except StoreError:
            raise
        except CustagentError as error:
            _log.warning("conversation %s is not summed up: %s", conversation.id, error.message)
        except Exception:  # noqa: BLE001 - the task's boundary: what one model writes must not stop the runner
            _log.exception("conversation %s could not be summed up", conversation.id)
        return WrittenRecap(failed=True)

    def _write(self, agent: AgentDefinition, told: Sequence[Message], language: str, within: float) -> WrittenRecap:
        workspace = self._in_force.workspace()
        model = self._model_of(agent, workspace)
        if model is None:
            return WrittenRecap(failed=True)
        writer = RecapWriter(model=model, language=workspace.default_language, within=within)
        return writer.write(told, language=language)


def _outcome(done: WrittenRecap) -> RecapOutcome:
    if done.recap is not None:
        return RecapOutcome.CHECKED
    return RecapOutcome.FAILED if done.failed else RecapOutcome.REFUSED
