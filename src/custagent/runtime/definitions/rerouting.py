"""People's conversations find their way: queues are worked off, and what somebody left or does not answer goes on (HND-1).

Everything is read from the database at each look, and each conversation goes on in a transaction of its own: a restart
loses nothing, and the same rows lead to the same owners. A runner looks by its timers, a command right after a change.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.conversation.rerouting import (
    USER,
    give,
    is_late,
    is_left,
    is_lost,
    late_at,
    may_announce,
    others,
    queue_of,
    targets_of,
)
from custagent.conversation.routing import choose
from custagent.core.agent import AgentDefinition, Handoff
from custagent.core.conversation import Conversation, Held
from custagent.core.errors import Overtaken
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.people import Availability, Colleague
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.directory import People, WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.log import fields

_log = logging.getLogger(__name__)

#: Conversations that one look moves at most, so that the runner's other timers are not held up.
MOST_AT_ONCE = 200
#: Conversations of one user that are looked at.
MOST_READ = 1000
_NOT_SET = Handoff()


class Rerouting:
    """Gives people's conversations to whoever is there."""

    def __init__(self, app: Application, in_force: InForce, *, fence: int = 0) -> None:
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._directory = WorkspaceDirectory(in_force.workspace, app.store, app.clock)
        self._moved: list[Conversation] = []
        self._more = False

    def look(self) -> list[Conversation]:
        """Do all that is due now; the conversations that went to somebody else. Raises LeaseHeld, StoreError."""
        self._moved, people = [], self._directory.look()
        self._more = False
        before = -1
        # Who gives one up may be given another: it comes to an end, for nobody is tried twice.
        while before < len(self._moved) and not self._is_full():
            before = len(self._moved)
            for owner in self._app.store.handoffs.owners():
                self._look_after(owner, people)
        self._work_off(people)
        return self._moved

    def next_at(self) -> datetime | None:
        """When there will be something to do, as far as can be told; may be in the past, None when nothing is."""
        now = self._app.clock.now()
        if self._more:
            return now
        absences = self._app.store.presence.absences(now).values()
        moments = [absence.until for absence in absences if absence.until]
        owners = self._app.store.handoffs.owners()
        for owner in owners if self._limits_answers() else ():
            for held in self._app.store.handoffs.held_by(owner, waiting=True, limit=MOST_READ):
                due = late_at(held, self._handoff(held.conversation))
                # Of what is late already nobody else could be given it: the next change of people is waited for.
                moments += [due] if due and due > now else []
        if owners or self._app.store.handoffs.queues():
            change = self._directory.look().next_change()
            moments += [change] if change else []
        return min(moments, default=None)

    def _look_after(self, owner: str, people: People) -> None:
        """Move on what this user left behind, or does not answer."""
        name = owner.removeprefix(USER)
        availability = people.availability(name)
        lost = is_lost(availability)
        if not lost and availability is not Availability.AWAY and not self._limits_answers():
            return
        for held in self._app.store.handoffs.held_by(owner, waiting=not lost, limit=MOST_READ):
            if self._is_full():
                return
            handoff = self._handoff(held.conversation)
            targets = self._targets(held.conversation.channel, owner, people)
            left = is_left(held, people.availability(name, targets), handoff)
            if not left and not is_late(held, handoff, self._app.clock.now()):
                continue
            chosen = self._choose(held.conversation, others(people.available(targets), held))
            if chosen is not None:
                self._give(held, f"{USER}{chosen.user.name}", people)
            elif lost or (left and targets):
                # Whoever comes first finds it in the queue, the owner as well.
                self._give(held, queue_of(targets), people)

    def _work_off(self, people: People) -> None:
        """Give what waits in queues to whoever is there, oldest first."""
        queues = self._app.store.handoffs.queues()
        unserved = {queue for queue in queues if not self._serves(queue, people)}
        while len(unserved) < len(queues) and not self._is_full():
            waiting = self._app.store.handoffs.queued(limit=MOST_AT_ONCE, without=unserved)
            before = len(self._moved), len(unserved)
            for held in waiting:
                conversation = held.conversation
                queue = (conversation.channel, conversation.assignee)
                if queue in unserved or self._is_full():
                    continue
                chosen = self._choose(conversation, people.available(self._targets(*queue, people)))
                if chosen is None:
                    unserved.add(queue)
                else:
                    self._give(held, f"{USER}{chosen.user.name}", people)
            if not waiting or before == (len(self._moved), len(unserved)):
                return

    def _give(self, held: Held, owner: str, people: People) -> None:
        """Let the conversation go to a user or into a queue, and tell a contact who waits, once."""
        conversation = held.conversation
        said = self._announcement(conversation) if held.waits and owner.startswith(USER) else ()
        turn = give(conversation, owner, self._app.clock.now(), said=said)
        try:
            self._app.store.conversations.commit(turn, fence=self._fence)
        except Overtaken:
            _log.info("conversation %s went on just before it was given to somebody else", conversation.id)
            return
        people.note_given(owner, conversation.assignee)
        _log.info("rerouted", extra=fields(conversation=conversation.id, before=conversation.assignee, assignee=owner))
        self._moved.append(conversation)

    def _announcement(self, conversation: Conversation) -> Sequence[Message]:
        """That a colleague takes over, unless the contact has heard that and nobody has spoken since.

        Contacts whom the agent never talked to are told nothing by it.
        """
        agent = self._agent(conversation.channel)
        if (
            agent is None
            or not conversation.agent
            or not may_announce(self._app.store.conversations.messages(conversation.id))
        ):
            return ()
        language = conversation.language or conversation.contact.language or agent.default_language
        voice = voice_of(agent, self._in_force.workspace())
        said = Wording(agent=agent, wanted=language, voice=voice).message(MessageKind.HANDOFF.value)
        return (
            Message(
                conversation=conversation.id,
                sender=Sender.AGENT,
                kind=MessageKind.HANDOFF,
                text=said.text,
                language=said.language,
                at=self._app.clock.now(),
            ),
        )

    def _choose(self, conversation: Conversation, available: Sequence[Colleague]) -> Colleague | None:
        agent = self._agent(conversation.channel)
        return choose(
            available,
            language=conversation.language or conversation.contact.language,
            role=agent.role if agent else None,
        )

    def _serves(self, queue: tuple[str, str], people: People) -> bool:
        """Whether somebody is there for what waits in it."""
        return bool(people.available(self._targets(*queue, people)))

    def _targets(self, channel: str, assignee: str, people: People) -> tuple[str, ...]:
        handoff = self._in_force.handoffs().get(channel)
        # The queue of a team that is gone is nobody's: what waits there is everybody's whom the assignment names.
        queue = assignee if people.has_team(assignee) else ""
        return targets_of(queue, handoff, people.desk_teams(channel))

    def _handoff(self, conversation: Conversation) -> Handoff:
        return self._in_force.handoffs().get(conversation.channel, _NOT_SET)

    def _agent(self, channel: str) -> AgentDefinition | None:
        assigned = self._in_force.assigned().get(channel)
        return assigned[0] if assigned else None

    def _limits_answers(self) -> bool:
        """Whether somewhere time alone takes a conversation from its owner."""
        handoffs = self._in_force.handoffs().values()
        return any(handoff.reroute_after or "hours-end" in handoff.reroute_on for handoff in handoffs)

    def _is_full(self) -> bool:
        self._more = len(self._moved) >= MOST_AT_ONCE
        return self._more
