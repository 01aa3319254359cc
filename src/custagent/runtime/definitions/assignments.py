"""Putting agents on channels and taking them off (ASG-1, ASG-2): the YAML, the applied version and the audit row go
together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from custagent.config.agents import agent_path
from custagent.config.editor import drop_items, put_back, put_items
from custagent.core.agent import Handoff
from custagent.core.channel import Channel
from custagent.core.errors import CustagentError, UnknownName, UsageError
from custagent.core.people import Permission, Seat
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import apply_agents, refuse_errors
from custagent.runtime.definitions.channels import ADD_HINT, connection_fault, find_channel
from custagent.runtime.definitions.handover import live_assignments
from custagent.runtime.in_force import InForce

#: Percent.
_WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How an agent works on a channel, as `assign` is told."""

    handoff: Handoff = field(default_factory=Handoff)
    #: "always", "team-hours" or "outside-team-hours".
    hours: str = "always"
    #: Percent of new conversations.
    share: int = 100
    #: "reply" or "suggest".
    mode: str = "reply"
    #: The name of the thresholds on this channel; "" for the agent's own (ANS-2).
    confidence: str = ""

    def as_item(self, channel: str) -> dict[str, Any]:
        """The assignment as it stands in YAML: what is left at its default is left out."""
        handoff: dict[str, Any] = {}
        if self.handoff.mode != "stay":
            handoff = {"mode": self.handoff.mode, "to": list(self.handoff.to)}
        if not self.handoff.update_avatar:
            handoff["update_avatar"] = False
        if self.handoff.reroute_after is not None:
            handoff["reroute_after"] = self.handoff.reroute_after
        if self.handoff.reroute_on != Handoff().reroute_on:
            handoff["reroute_on"] = list(self.handoff.reroute_on)
        terms = {
            "handoff": handoff or None,
            "hours": self.hours,
            "share": self.share,
            "mode": self.mode,
            "confidence": self.confidence,
        }
        usual = {"handoff": None, "hours": "always", "share": 100, "mode": "reply", "confidence": ""}
        return {"channel": channel} | {key: value for key, value in terms.items() if value != usual[key]}


def read_terms(
    *,
    handoff: str = "",
    to: Sequence[str] = (),
    update_avatar: bool = True,
    reroute_after: str = "",
    reroute_on: Sequence[str] | None = None,
    hours: str = "always",
    share: str = "100%",
    mode: str = "reply",
    confidence: str = "",
) -> Terms:
    """The terms as they are typed; `handoff` "" is `transfer` when somebody is named and `stay` otherwise (HND-1).

    Raises UsageError for what does not fit together.
    """
    chosen = handoff or ("transfer" if to else "stay")
    if chosen == "stay" and to:
        raise UsageError(
            "--handoff stay hands over to nobody, so --to does not fit", hint="Leave one out, or: --handoff transfer"
        )
    if chosen == "transfer" and not to:
        raise UsageError("who gets the conversations?", hint="For example: --handoff transfer --to team:support")
    written: dict[str, Any] = {"mode": chosen, "to": tuple(to), "update_avatar": update_avatar}
    if reroute_after:
        written["reroute_after"] = _duration(reroute_after)
    if reroute_on is not None:
        written["reroute_on"] = tuple(dict.fromkeys(reroute_on))
    try:
        agreed = Handoff.model_validate(written)
    except ValidationError as exc:
        raise UsageError(
            f"--to {' --to '.join(to)} names nobody: write user:NAME or team:NAME",
            hint="For example: --to team:support",
        ) from exc
    return Terms(handoff=agreed, hours=hours, share=_percent(share), mode=mode, confidence=confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What `assign` did."""

    agent: str
    channels: tuple[str, ...]
    #: The version that is live now.
    version: int
    #: The channels among them that are not connected yet, with why.
    unconnected: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """What `unassign` did."""

    agent: str
    channels: tuple[str, ...]
    version: int
    #: Conversations in progress that went to people.
    handed_over: int


def assign(app: Application, agent: str, channels: Sequence[str], terms: Terms) -> Assigned:
    """Let the agent answer on the channels, in the place of earlier terms; all of them or none.

    Raises CustagentError when none of them is connected, ConfigError for what does not fit (a channel that another
    agent has, a target without a seat), UnknownName, PermissionDenied.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    app.agent(agent)
    require_channels(app, agent)
    wanted = {name: find_channel(app, name) for name in channels}
    unconnected = {name: fault for name, channel in wanted.items() if (fault := connection_fault(app, channel))}
    if unconnected and len(unconnected) == len(wanted):
        name, fault = next(iter(unconnected.items()))
        raise CustagentError(
            f"{agent} cannot go live on {name}: {fault}", hint=f"Look at it with: custagent channels check {name}"
        )
    _require_in_force(app, wanted)
    path = agent_path(app.home, agent)
    refuse_errors([app.home.workspace_file, path])
    with put_back(path):
        put_items(path, "assignments", [terms.as_item(name) for name in wanted], key="channel")
        (applied,) = apply_agents(app, [agent], action="assign")
    return Assigned(agent=agent, channels=tuple(wanted), version=applied.version, unconnected=unconnected)


def unassign(app: Application, agent: str, channels: Sequence[str] = ()) -> Unassigned:
    """Take the agent off the channels, or off all of them, at once; its conversations there go to people (ASG-1).

    Raises CustagentError when it is on none, UnknownName for a channel that it is not on, PermissionDenied.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    there = [assignment.channel for assignment in app.agent(agent).assignments]
    there += [channel for channel, live in live_assignments(app).items() if live.agent.name == agent]
    there = list(dict.fromkeys(there))
    if not there:
        raise CustagentError(f"{agent} is on no channel", hint="Which agent is where: custagent channels list")
    for channel in channels:
        if channel not in there:
            raise UnknownName(f"{agent} is not on {channel!r}", hint=f"It is on {', '.join(there)}.")
    off = tuple(dict.fromkeys(channels)) or tuple(there)
    path = agent_path(app.home, agent)
    with put_back(path):
        drop_items(path, "assignments", off, key="channel")
        (applied,) = apply_agents(app, [agent], action="unassign")
    return Unassigned(agent=agent, channels=off, version=applied.version, handed_over=applied.handed_over)


def require_channels(app: Application, agent: str) -> None:
    """Raises CustagentError while the workspace has no channel that an agent could be on."""
    if not app.workspace.channels:
        raise CustagentError(f"there is no channel yet that {agent} could answer on", hint=f"Add one with: {ADD_HINT}")


def open_channels(app: Application, agent: str) -> list[Channel]:
    """The connected channels that no other agent has: what the form of `assign` offers.

    Raises CustagentError, which names the next command, when there is none.
    """
    require_channels(app, agent)
    live = live_assignments(app)
    free = [
        channel
        for channel in app.workspace.channels
        if channel.name not in live or live[channel.name].agent.name == agent
    ]
    if not free:
        taken = next(iter(app.workspace.channels)).name
        raise CustagentError(
            "every channel has an agent already",
            hint=f"Take one off with: custagent unassign {live[taken].agent.name} {taken}\nOr add one: {ADD_HINT}",
        )
    connected = [channel for channel in free if not connection_fault(app, channel)]
    if not connected:
        raise CustagentError(
            f"{free[0].name} is not connected: {connection_fault(app, free[0])}",
            hint=f"Look at it with: custagent channels check {free[0].name}",
        )
    return connected


def possible_targets(workspace: Workspace) -> list[str]:
    """The teams and users that conversations can be handed to: those with a seat (HND-1)."""
    seated = {user.name for user in workspace.users if user.seat is not Seat.NONE}
    teams = [f"team:{team.name}" for team in workspace.teams if seated & set(team.members)]
    return [*teams, *(f"user:{user.name}" for user in workspace.users if user.name in seated)]


def _percent(text: str) -> int:
    digits = text.strip().removesuffix("%").strip()
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:4]) <= _WHOLE:
        raise UsageError(f"{text!r} is no share of the conversations", hint="Write 1% to 100%, such as: --share 20%")
    return int(digits)


def _duration(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}[smhd]", text):
        raise UsageError(f"{text!r} is no length of time", hint="Write for example: --reroute-after 15m")
    return text


def _require_in_force(app: Application, wanted: dict[str, Channel]) -> None:
    """The runner knows the channels of the applied custagent.yaml, not those of the file (CRE-6)."""
    known = {channel.name for channel in InForce(app).workspace().channels}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise CustagentError(
            f"{missing[0]} stands in {WORKSPACE_KEY}, but is not in force yet", hint="Run: custagent apply"
        )
