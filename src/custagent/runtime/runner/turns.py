"""One turn of an agent: what there is to say, said and committed. Runs in threads; the loop is `answering`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from custagent.conversation.credits import USUAL
from custagent.conversation.service import AgentInForce, ConversationService
from custagent.core.agent import EMBEDDED, ModelOptions
from custagent.core.conversation import Conversation, Turn
from custagent.core.errors import OutOfCredits
from custagent.core.message import Message
from custagent.core.ports import ConversationStore
from custagent.core.written import seconds
from custagent.runtime.in_force import InForce
from custagent.runtime.log import fields
from custagent.runtime.runner.credit_keeper import CreditKeeper

_log = logging.getLogger(__name__)

#: Seconds that a turn may take, a model's own time-out not counted: longer than any that comes to an end.
DEADLINE = 60.0
#: Seconds beside a model's time-out, for what is searched before and checked after.
BESIDE_MODEL = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What waits in a conversation, as it is now, and who is to deal with it."""

    conversation: Conversation
    #: The contact's messages that no turn has dealt with.
    messages: Sequence[Message]
    #: None: nobody answers on the channel any more.
    agent: AgentInForce | None
    #: Seconds after which whoever thinks about it is not waited for any more (ANS-2, `failed`).
    deadline: float

    @property
    def asks_model(self) -> bool:
        """Whether most of the time is spent on waiting for a model."""
        return self.agent is not None and self.agent.definition.model != EMBEDDED


class Turns:
    """Makes the agents' turns. Every method may take its time, and is called in a thread."""

    def __init__(
        self,
        store: ConversationStore,
        in_force: InForce,
        service: ConversationService,
        *,
        fence: int,
        credits_: CreditKeeper | None = None,
        deadline: float = DEADLINE,
        beside_model: float = BESIDE_MODEL,
    ) -> None:
        """Without `credits_` every conversation costs the usual, and nothing limits that."""
        self._store = store
        self._in_force = in_force
        self._service = service
        self._fence = fence
        self._credits = credits_
        self._deadline = deadline
        self._beside_model = beside_model

    def look(self, conversation: str) -> Work | None:
        """What there is to do in the conversation; None when nothing is, or people have it. Raises StoreError."""
        waiting = self._store.unhandled_in(conversation)
        if waiting is None:
            return None
        stored, messages = waiting
        agent = self._in_force.agent_on(stored.channel)
        return Work(conversation=stored, messages=messages, agent=agent, deadline=self._deadline_of(agent))

    def reply(self, work: Work) -> None:
        """Think, and commit what the agent says. Raises whatever thinking raises; Overtaken, LeaseHeld, StoreError."""
        if work.agent is None:
            self.give_up(work)
            return
        thread = self._store.messages(work.conversation.id)
        charge = self._credits.charge_of(work.conversation) if self._credits else USUAL
        # Asked first, so that nothing is thought about in vain; the commit's own look decides (CRED-3).
        if work.agent.paused or self._credits is None or self._credits.has_room(work.conversation, charge):
            turn = self._service.reply(work.agent, work.conversation, thread, work.messages, charge=charge)
            with suppress(OutOfCredits):
                self._commit(work.conversation, turn)
                return
        _log.warning("conversation %s is not answered: no credits are left for it", work.conversation.id)
        self._commit(
            work.conversation, self._service.out_of_credits(work.agent, work.conversation, thread, work.messages)
        )

    def give_up(self, work: Work) -> None:
        """Hand it over: the agent failed, or there is none. Raises Overtaken, LeaseHeld, StoreError."""
        thread = self._store.messages(work.conversation.id)
        self._commit(work.conversation, self._service.give_up(work.agent, work.conversation, thread, work.messages))

    def _deadline_of(self, agent: AgentInForce | None) -> float:
        if agent is None or agent.definition.model == EMBEDDED:
            return self._deadline
        options = agent.definition.model_options or ModelOptions()
        return self._beside_model + seconds(options.timeout)

    def _commit(self, conversation: Conversation, turn: Turn) -> None:
        written = self._store.commit(turn, fence=self._fence)
        decided = next((message for message in reversed(written) if message.decision), None)
        _log.info(
            "answered",
            extra=fields(
                conversation=conversation.id,
                channel=conversation.channel,
                messages=",".join(str(message.id) for message in written),
                decision=decided.decision if decided else "none",
                reason=decided.reason if decided else "none",
                status=turn.status.value,
                # From the contact's last message on, waiting included.
                seconds=max(0.0, (turn.at - conversation.last_message_at).total_seconds()),
                text=written[-1].text if written else "",
            ),
        )
