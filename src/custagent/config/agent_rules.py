"""What must hold between an agent's definition, its workspace, the other agents and the files it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from custagent.config.agents import misnamed
from custagent.config.findings import Finding, Severity
from custagent.config.home import Home
from custagent.config.reader import KeyPath, Reading
from custagent.config.source_rules import check_sources
from custagent.config.workspace_rules import names, seated, unknown
from custagent.core.agent import AgentDefinition, Assignment
from custagent.core.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an agent's definition is judged against."""

    home: Home
    #: None when custagent.yaml itself is broken: then nothing is said about what should be in it.
    workspace: Workspace | None
    #: By channel, the files that assign an agent to it.
    assigned: Mapping[str, Sequence[Path]]
    today: date


def check_agent(reading: Reading, agent: AgentDefinition, around: Surroundings) -> Iterator[Finding]:
    """Everything that the definition's own shape does not tell."""
    if finding := misnamed(reading, agent):
        yield finding
    yield from _check_texts(reading, agent)
    yield from check_sources(reading, agent, around.home, around.workspace, around.today)
    if around.workspace is not None:
        yield from _check_voice(reading, agent, around.workspace)
        yield from _check_assignments(reading, agent, around.workspace, around.assigned)


def _check_voice(reading: Reading, agent: AgentDefinition, workspace: Workspace) -> Iterator[Finding]:
    if not agent.voice:
        return
    # Words are told apart by languages then, which takes longer to load than all other rules.
    from custagent.config.voice_rules import check_agent_voice, unknown_voice

    voices = names(workspace.voices)
    if agent.voice not in voices:
        yield unknown_voice(reading, agent.voice, voices)
    yield from check_agent_voice(reading, agent, workspace)


def _check_texts(reading: Reading, agent: AgentDefinition) -> Iterator[Finding]:
    for language, messages in agent.messages.items():
        if not any(messages.model_dump().values()):
            yield reading.finding(
                ("messages", language), "no-text", f"the messages for {language!r} hold no text", key=True,
                hint="write at least one, such as `greeting:`, or delete the language",
            )  # fmt: skip
    topics: set[str] = set()
    for number, guardrail in enumerate(agent.guardrails):
        if guardrail.topic.lower() in topics:
            path = ("guardrails", number, "topic")
            yield reading.finding(path, "duplicate-topic", f"the topic {guardrail.topic!r} is guarded twice")
        topics.add(guardrail.topic.lower())


def _check_assignments(
    reading: Reading, agent: AgentDefinition, workspace: Workspace, assigned: Mapping[str, Sequence[Path]]
) -> Iterator[Finding]:
    channels, here = names(workspace.channels), set[str]()
    for number, assignment in enumerate(agent.assignments):
        path: KeyPath = ("assignments", number, "channel")
        others = [file for file in assigned.get(assignment.channel, ()) if file != reading.path]
        if assignment.channel not in channels:
            yield unknown(reading, path, "channel", assignment.channel, channels)
        elif assignment.channel in here:
            yield reading.finding(path, "channel-taken", f"{agent.name} is assigned to {assignment.channel} twice")
        elif others:
            yield reading.finding(
                path, "channel-taken", f"a channel has one agent, and {assignment.channel} has {others[0].stem}",
                hint=f"take one off: custagent unassign {others[0].stem} {assignment.channel}",
            )  # fmt: skip
        here.add(assignment.channel)
        if assignment.hours != "always" and not _has_hours(assignment, workspace):
            yield reading.finding(
                ("assignments", number, "hours"), "no-hours",
                f"`{assignment.hours}` goes by the hours of whom it hands over to, and none of them has any",
                hint="give a team hours: custagent teams edit NAME --hours 'mon-fri 09:00-17:00'",
            )  # fmt: skip
        where: KeyPath = ("assignments", number, "handoff", "to")
        for position, target in enumerate(assignment.handoff.to):
            yield from _check_target(reading, (*where, position), target, workspace)


def _check_target(reading: Reading, path: KeyPath, target: str, workspace: Workspace) -> Iterator[Finding]:
    """HND-1: who is named can be given a conversation."""
    kind, _, name = target.partition(":")
    users, teams = names(workspace.users), {team.name: team.members for team in workspace.teams}
    known = users if kind == "user" else tuple(teams)
    if name not in known:
        yield unknown(reading, path, kind, name, known)
    elif kind == "user" and name not in seated(workspace):
        yield _unreachable(reading, path, f"{name} holds no seat", f"`seat: service` for {name}")
    elif kind == "team" and not seated(workspace) & set(teams[name]):
        yield _unreachable(reading, path, f"nobody in the team {name} holds a seat", "`seat: service` for a member")


def _has_hours(assignment: Assignment, workspace: Workspace) -> bool:
    """Whether somebody among those it hands over to, else a team of the channel's desk, has working hours (ASG-5)."""
    desks = {channel.name: channel.desk for channel in workspace.channels}
    at_desk = next((desk.teams for desk in workspace.desks if desk.name == desks.get(assignment.channel)), ())
    targets = assignment.handoff.to or tuple(f"team:{team}" for team in at_desk)
    teams = [team for team in workspace.teams if f"team:{team.name}" in targets]
    named = {member for team in teams for member in team.members}
    users = [user for user in workspace.users if user.name in named or f"user:{user.name}" in targets]
    return any(team.hours for team in teams) or any(user.hours for user in users)


def _unreachable(reading: Reading, path: KeyPath, why: str, fix: str) -> Finding:
    return reading.finding(
        path, "no-seat", f"{why}, so no conversation can be handed over there",
        severity=Severity.ERROR, hint=f"set {fix} in custagent.yaml, or name somebody else",
    )  # fmt: skip
