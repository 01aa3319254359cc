"""Adding, checking and removing channels: the YAML, the applied version and the audit row go together (CRE-6)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from custagent.channels.live_chat import snippet
from custagent.channels.origins import normal_origin
from custagent.config.agents import agent_names
from custagent.config.editor import drop_items, put_items
from custagent.config.findings import did_you_mean
from custagent.core.errors import ConfigError, UnknownName, UsageError
from custagent.core.ids import content_hash, is_name
from custagent.core.people import Permission
from custagent.core.workspace import Channel, LiveChatChannel, Workspace
from custagent.core.written import BaseAddress
from custagent.runtime.agents import apply_workspace, refuse_errors
from custagent.runtime.bootstrap import Application
from custagent.runtime.handover import live_assignments
from custagent.runtime.served import served_kind, surroundings
from custagent.store.checks import ChannelCheck

#: What makes the first channel; told wherever one is missing.
ADD_HINT = "custagent channels add live-chat web --origin https://www.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """One channel of custagent.yaml with what is known of it; `custagent channels list` prints it."""

    name: str
    kind: str
    desk: str
    #: The sites that may show it; only a live chat has them.
    origins: tuple[str, ...]
    #: The agent that is live on it, "" when people alone answer.
    agent: str
    #: Whether that agent is paused.
    paused: bool
    #: Whether an agent can go live on it (ASG-1), and what stands in the way; "" when nothing does.
    connected: bool
    fault: str
    #: The last `channels check` of it, as it is set up now; None when there was none.
    check: ChannelCheck | None


def add_live_chat(app: Application, name: str, origins: Sequence[str], *, desk: str = "") -> LiveChatChannel:
    """Write a live chat into custagent.yaml and put it into force. `desk` "" is the default one.

    Raises UsageError for a name that is taken or what is no origin, ConfigError for an unknown desk, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be a channel's name: lower-case letters, digits and hyphens only", hint=ADD_HINT
        )
    if any(channel.name == name for channel in app.workspace.channels):
        raise UsageError(
            f"there is a channel called {name!r} already",
            hint="See all with: custagent channels list\nChange one in custagent.yaml, then run: custagent apply",
        )
    if not origins:
        raise UsageError("a live chat needs at least one site that may show it", hint=ADD_HINT)
    refuse_errors([app.home.workspace_file])
    item: dict[str, Any] = {"name": name, "kind": "live-chat", "origins": list(dict.fromkeys(map(_origin, origins)))}
    put_items(app.home.workspace_file, "channels", [item | ({"desk": desk} if desk else {})], key="name")
    apply_workspace(app, action="channels add", subject=name)
    added = find_channel(app, name)
    if not isinstance(added, LiveChatChannel):
        raise TypeError(f"{name} was written as a live chat and read as {added.kind}")
    return added


def remove_channel(app: Application, name: str) -> None:
    """Take a channel out of custagent.yaml. Refused while an agent is on it. Raises UsageError, UnknownName."""
    app.actor.require(Permission.ADMIN, app.workspace)
    find_channel(app, name)
    agents = _agents_on(app, name)
    if agents:
        raise UsageError(
            f"{' and '.join(agents)} answers on {name}, so the channel cannot be removed",
            hint=f"Take it off first: custagent unassign {agents[0]} {name}",
        )
    refuse_errors([app.home.workspace_file])
    drop_items(app.home.workspace_file, "channels", [name], key="name")
    apply_workspace(app, action="channels remove", subject=name)
    app.store.checks.forget(name)


def check_channel(app: Application, name: str) -> ChannelCheck:
    """Try the channel's connection step by step, and remember how it went (ASG-1). Raises UnknownName."""
    app.actor.require(Permission.ADMIN, app.workspace)
    channel = find_channel(app, name)
    check = ChannelCheck(
        channel=name, settings=_settings(channel), steps=asyncio.run(_steps(app, channel)), at=app.clock.now()
    )
    before = _last_check(app, channel)
    changed = before is None or before.passed != check.passed
    entry = app.audit_entry("channels check", name, before=_told(before), after=_told(check))
    app.store.checks.save(check, audit=entry if changed else None)
    return check


def snippet_for(app: Application, name: str, url: str = "") -> str:
    """The script tag that puts the chat on a page (ASG-3), for a runner that browsers reach at `url`.

    With "" it is the workspace's `public_url`. Raises UsageError when neither is set or the channel is no chat.
    """
    channel = find_channel(app, name)
    if not isinstance(channel, LiveChatChannel):
        raise UsageError(f"{name} is a {channel.kind} channel: only a live chat is put on a page")
    address = url or app.workspace.public_url
    if not address:
        raise UsageError(
            "where will browsers reach the runner?",
            hint=f"custagent channels snippet {name} --url https://chat.example.com\n"
            "Or set `public_url:` in custagent.yaml once.",
        )
    try:
        TypeAdapter(BaseAddress).validate_python(address)
    except ValidationError as exc:
        raise UsageError(
            f"{address!r} is not an address that browsers can reach the runner at",
            hint="Write http:// or https:// and the host, such as https://chat.example.com",
        ) from exc
    return snippet(address, name)


def find_channel(app: Application, name: str) -> Channel:
    """The channel of custagent.yaml. Raises UnknownName."""
    channels = {channel.name: channel for channel in app.workspace.channels}
    if name in channels:
        return channels[name]
    hint = did_you_mean(name, channels) if channels else f"Add one with: {ADD_HINT}"
    raise UnknownName(f"there is no channel called {name!r}", hint=hint or "See all with: custagent channels list")


def channel_states(app: Application, workspace: Workspace | None = None) -> list[ChannelState]:
    """Every channel of custagent.yaml, in the file's order; of the one in force, say, when it is given."""
    live, paused = live_assignments(app), app.store.pauses.paused()
    listed = []
    for channel in (workspace or app.workspace).channels:
        agent = live[channel.name].agent.name if channel.name in live else ""
        fault = connection_fault(app, channel)
        listed.append(
            ChannelState(
                name=channel.name,
                kind=channel.kind,
                desk=channel.desk,
                origins=channel.origins if isinstance(channel, LiveChatChannel) else (),
                agent=agent,
                paused=agent in paused,
                connected=not fault,
                fault=fault,
                check=_last_check(app, channel),
            )
        )
    return listed


def connection_fault(app: Application, channel: Channel) -> str:
    """Why no agent can go live on the channel yet; "" when one can (ASG-1).

    A live chat needs nobody else, so it is looked at as it is; of the others the last check counts.
    """
    if isinstance(channel, LiveChatChannel):
        return _first_fault(asyncio.run(_steps(app, channel)))
    check = _last_check(app, channel)
    return _first_fault(check.steps) if check else "it was never checked as it is set up now"


async def _steps(app: Application, channel: Channel) -> tuple[tuple[str, str], ...]:
    """Each step of the connection with what is wrong with it."""
    kind = served_kind(channel.kind)
    if kind is None:
        wrong = f"this version of custagent does not serve {channel.kind} channels yet"
        return ((f"{channel.kind} channels are served", wrong),)
    return tuple(await kind.adapter(channel, surroundings(app)).check())


def _first_fault(steps: Sequence[tuple[str, str]]) -> str:
    return next((wrong for _, wrong in steps if wrong), "")


def _last_check(app: Application, channel: Channel) -> ChannelCheck | None:
    """The last check of the channel as it is set up now."""
    check = app.store.checks.last().get(channel.name)
    return check if check and check.settings == _settings(channel) else None


def _settings(channel: Channel) -> str:
    return content_hash(channel.model_dump_json())


def _told(check: ChannelCheck | None) -> str:
    if check is None:
        return ""
    return "passed" if check.passed else f"failed: {_first_fault(check.steps)}"


def _agents_on(app: Application, channel: str) -> list[str]:
    """The agents that are on the channel by what is live or by their files."""
    live = live_assignments(app).get(channel)
    found = [live.agent.name] if live else []
    for name in agent_names(app.home):
        try:
            agent = app.agent(name)
        except ConfigError:
            continue  # a file that cannot be read is told where it is put into force
        if name not in found and any(assignment.channel == channel for assignment in agent.assignments):
            found.append(name)
    return found


def _origin(text: str) -> str:
    """The site as a browser names it. Raises UsageError."""
    origin = normal_origin(text.strip().removesuffix("/"))
    if not origin:
        raise UsageError(
            f"{text!r} is not a site: write scheme and host without a path, as a browser shows them",
            hint=f"For example: {ADD_HINT}",
        )
    return origin
