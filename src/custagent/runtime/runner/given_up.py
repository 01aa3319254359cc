"""What follows when a reply of the agent can never arrive: people have the conversation, for the contact was answered nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from custagent.conversation.rerouting import queue_of
from custagent.conversation.summary import summarise
from custagent.core.answer import Reason
from custagent.core.conversation import Event, Status, Turn, transition
from custagent.core.errors import Overtaken, UnknownName
from custagent.core.message import OutboundMessage, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce

_log = logging.getLogger(__name__)

#: Why people have it (`reasons`).
NOT_DELIVERED = "not-delivered"
#: An answer, and the contact's next message, may come in between.
_TRIES = 3


def leave_to_people(app: Application, in_force: InForce, *, fence: int) -> Callable[[OutboundMessage], None]:
    """What delivery does about a reply that it gives up. It raises LeaseHeld, StoreError."""

    def leave(outbound: OutboundMessage) -> None:
        if outbound.message.sender is not Sender.AGENT:
            return
        store = app.store.conversations
        for _ in range(_TRIES):
            now = store.conversation(outbound.message.conversation)
            if now is None or now.status is not Status.PENDING:
                return
            agent = in_force.assigned().get(now.channel)
            told = summarise(store.messages(now.id), reason=Reason.FAILED, language=now.language)
            turn = Turn(
                conversation=now,
                status=transition(now.status, Event.HANDED_OFF),
                assignee=queue_of(agent[1].handoff.to) if agent else "",
                withdraws=True,
                summary=replace(told, reason=NOT_DELIVERED),
                at=app.clock.now(),
            )
            try:
                store.commit(turn, fence=fence)
            except Overtaken:
                continue
            except UnknownName:
                return
            _log.warning("conversation %s is left to people: the agent's reply cannot be delivered", now.id)
            return

    return leave
