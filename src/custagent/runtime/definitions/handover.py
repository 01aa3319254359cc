"""Which agent is live on which channel, and what becomes of its conversations when it is taken off (ASG-1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.config.agents import agent_from_text
from custagent.conversation.hours import opening_text
from custagent.conversation.rerouting import USER, queue_of
from custagent.conversation.routing import choose
from custagent.conversation.summary import summarise
from custagent.core.agent import AgentDefinition, Assignment
from custagent.core.conversation import Conversation, Event, Status, Turn, transition
from custagent.core.errors import ConfigError, Overtaken
from custagent.core.message import Message, MessageKind, Sender
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.directory import WorkspaceDirectory

#: Looks without a success, after which conversations that change all the time are left to the runner: it finds no agent
#: for them either, and gives them to people.
MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAssignment:
    """An agent on a channel, as it was last applied."""

    agent: AgentDefinition
    assignment: Assignment


def live_assignments(app: Application) -> Mapping[str, LiveAssignment]:
    """By channel: the agent that is live there, whatever the files say now.

    A version that this custagent cannot read any more is left out, so that a mended file can be put into force.
    """
    found: dict[str, LiveAssignment] = {}
    for name, version in app.store.versions.live().items():
        if name == WORKSPACE_KEY:
            continue
        try:
            agent = agent_from_text(version.text, app.home, name)
        except ConfigError:
            continue
        for assignment in agent.assignments:
            found.setdefault(assignment.channel, LiveAssignment(agent=agent, assignment=assignment))
    return found


def hand_over_lost(app: Application, before: Mapping[str, LiveAssignment]) -> Mapping[str, int]:
    """Give people the conversations of every channel that had an agent `before` and has none now.

    How many there were, by the agent's name.
    """
    counts: Counter[str] = Counter()
    for channel in before.keys() - live_assignments(app).keys():
        counts[before[channel].agent.name] += _hand_over(app, before[channel])
    return counts


def _hand_over(app: Application, lost: LiveAssignment) -> int:
    store, done, fruitless = app.store.conversations, 0, 0
    directory = WorkspaceDirectory(lambda: app.workspace, app.store, app.clock)
    while fruitless < MOST_ROUNDS:
        waiting = store.list(status=Status.PENDING, channel=lost.assignment.channel)
        if not waiting:
            break
        before = done
        for conversation in waiting:
            turn = _turn(app, lost, conversation, directory)
            try:
                store.commit(turn)
                done += 1
            except Overtaken:
                continue  # it is listed anew, as it is now
        fruitless = 0 if done > before else fruitless + 1
    return done


def _turn(app: Application, lost: LiveAssignment, conversation: Conversation, directory: WorkspaceDirectory) -> Turn:
    """The agent's last turn: what it had not sent yet is withdrawn, the contact is told, people get the conversation.

    A team gets it into its queue, from which all of them are shared out in order (`rerouting`). What the contact said last
    stays unanswered until a person replies.
    """
    handoff, now = lost.assignment.handoff, app.clock.now()
    language = conversation.language or conversation.contact.language or lost.agent.default_language
    available = directory.available(handoff.to)
    transfers = handoff.mode == "transfer" and bool(available)
    kind = MessageKind.HANDOFF if transfers else MessageKind.HANDOFF_UNAVAILABLE
    voice = voice_of(lost.agent, app.workspace)
    said = Wording(agent=lost.agent, wanted=language, voice=voice).message(kind.value.replace("-", "_"))
    opens_at = None if transfers else directory.opens_at(handoff.to)
    opening = f"\n\n{opening_text(opens_at, now, language=said.language)}" if opens_at else ""
    team = queue_of(handoff.to)
    chosen = None if team else choose(available, language=language, role=lost.agent.role)
    return Turn(
        conversation=conversation,
        status=transition(conversation.status, Event.HANDED_OFF),
        assignee=f"{USER}{chosen.user.name}" if chosen else team,
        messages=(
            Message(
                conversation=conversation.id,
                sender=Sender.AGENT,
                kind=kind,
                text=f"{said.text}{opening}",
                language=said.language,
                at=now,
            ),
        ),
        withdraws=True,
        summary=summarise(app.store.conversations.messages(conversation.id), reason=None, language=language),
        at=now,
    )
