"""Adding, checking and removing channels: the YAML, the applied version and the audit row go together (CRE-6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from custagent.channels.live_chat.adapter import policy, snippet
from custagent.channels.origins import normal_origin
from custagent.config.agents import agent_names
from custagent.config.editor import drop_items, put_back, put_items
from custagent.config.findings import did_you_mean
from custagent.config.kinds import brought_kind, settings_of
from custagent.config.secrets import reference_name
from custagent.config.shape import complaints
from custagent.core.channel import Channel, ChannelBase, ChannelKind, LiveChatChannel
from custagent.core.errors import ConfigError, UnknownName, UsageError
from custagent.core.ids import content_hash, is_name
from custagent.core.people import Permission
from custagent.core.workspace import Workspace
from custagent.core.written import BaseAddress
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_workspace, refuse_errors
from custagent.runtime.definitions.channel_settings import models
from custagent.runtime.definitions.handover import live_assignments
from custagent.runtime.kinds.served import Guided, adapter_of, served_kind, surroundings
from custagent.store.channel_states import Paused, Trouble
from custagent.store.checks import ChannelCheck
from custagent.store.conversations.channel_news import UnreadItem

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
    #: Whether that agent only suggests: people have every conversation, with its drafts (ASG-5).
    suggests: bool
    #: Whether that agent is paused.
    paused: bool
    #: Who paused the channel, and when; None while it is not.
    channel_paused: Paused | None
    #: What does not work there, as the runner noticed.
    troubles: tuple[Trouble, ...]
    #: Whether an agent can go live on it (ASG-1), and what stands in the way; "" when nothing does.
    connected: bool
    fault: str
    #: The last `channels check` of it, as it is set up now; None when there was none.
    check: ChannelCheck | None


def add_channel(app: Application, kind: str, name: str, given: Mapping[str, Any], *, desk: str = "") -> Channel:
    """Write a channel into custagent.yaml and put it into force. `given` are its settings as they stand in the file, and
    `desk` "" is the default one.

    Raises UsageError for a kind that is not there, a name that is taken, and settings that are missing or wrong;
    ConfigError for an unknown desk, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    model = _model(kind)
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be a channel's name: lower-case letters, digits and hyphens only", hint=ADD_HINT
        )
    if any(channel.name == name for channel in app.workspace.channels):
        raise UsageError(
            f"there is a channel called {name!r} already",
            hint="See all with: custagent channels list\nChange one in custagent.yaml, then run: custagent apply",
        )
    item: dict[str, Any] = {"name": name, "kind": kind} | dict(given)
    if "origins" in item and kind == ChannelKind.LIVE_CHAT:
        item["origins"] = list(dict.fromkeys(map(_origin, item["origins"])))
    if kind == ChannelKind.LIVE_CHAT and not item.get("origins"):
        raise UsageError("a live chat needs at least one site that may show it", hint=ADD_HINT)
    if wrong := complaints(model, item):
        raise UsageError(
            f"this is no {kind} channel yet: " + "; ".join(wrong.values()),
            hint=f"See what it takes: custagent channels add {kind} --help",
        )
    refuse_errors([app.home.workspace_file])
    with put_back(app.home.workspace_file):
        put_items(app.home.workspace_file, "channels", [item | ({"desk": desk} if desk else {})], key="name")
        apply_workspace(app, action="channels add", subject=name)
    return find_channel(app, name)


def add_live_chat(app: Application, name: str, origins: Sequence[str], *, desk: str = "") -> Channel:
    """The same for a live chat that these sites may show."""
    return add_channel(app, ChannelKind.LIVE_CHAT.value, name, {"origins": list(origins)}, desk=desk)


def steps_elsewhere(app: Application, channel: Channel, address: str = "") -> Sequence[str]:
    """What is to be done outside custagent before the channel works, a step each.

    `address` is where providers reach the runner; "" is the workspace's `public_url`, or words that stand for it.
    """
    kind = served_kind(channel.kind)
    reached = (address or app.workspace.public_url or "https://YOUR-RUNNER").rstrip("/")
    return tuple(kind.guide(channel, reached)) if isinstance(kind, Guided) else ()


def unset_variables(app: Application, channel: Channel) -> list[str]:
    """The variables that hold the channel's secrets and are not set here, in the order of its settings."""
    named = (reference_name(value) for value in channel.model_dump().values())
    return list(dict.fromkeys(name for name in named if name and not app.environ.get(name)))


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
    with put_back(app.home.workspace_file):
        drop_items(app.home.workspace_file, "channels", [name], key="name")
        apply_workspace(app, action="channels remove", subject=name)
    app.store.checks.forget(name)
    app.store.channel_states.forget(name)


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
    return snippet(address, name, channel.look)


def policy_for(app: Application, url: str = "") -> tuple[str, ...]:
    """What the site's Content-Security-Policy must allow for that tag, a directive each; () where no address is known."""
    address = url or app.workspace.public_url
    return policy(address) if address else ()


def find_channel(app: Application, name: str) -> Channel:
    """The channel of custagent.yaml. Raises UnknownName."""
    channels = {channel.name: channel for channel in app.workspace.channels}
    if name in channels:
        return channels[name]
    hint = did_you_mean(name, channels) if channels else f"Add one with: {ADD_HINT}"
    raise UnknownName(f"there is no channel called {name!r}", hint=hint or "See all with: custagent channels list")


def unread_items(app: Application, channel: str | None = None) -> Sequence[UnreadItem]:
    """What came in, on the channel or on any, and could not be read; the newest first. Raises UnknownName."""
    if channel is not None:
        find_channel(app, channel)
    return app.store.channel_news.unread(channel=channel)


def clear_unread(app: Application, channel: str | None = None) -> int:
    """Delete these; how many. Channels that are gone may be named. Raises PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    count = app.store.channel_news.clear_unread(channel=channel)
    if count:
        app.store.audit.record(app.audit_entry("channels unread --clear", channel or "", before=f"{count} items"))
    return count


def channel_states(app: Application, workspace: Workspace | None = None) -> list[ChannelState]:
    """Every channel of custagent.yaml, in the file's order; of the one in force, say, when it is given."""
    live, paused = live_assignments(app), app.store.pauses.paused()
    held, troubles = app.store.channel_states.paused(), app.store.channel_states.troubles()
    listed = []
    for channel in (workspace or app.workspace).channels:
        there = live.get(channel.name)
        agent = there.agent.name if there else ""
        fault = connection_fault(app, channel)
        listed.append(
            ChannelState(
                name=channel.name,
                kind=channel.kind,
                desk=channel.desk,
                origins=channel.origins if isinstance(channel, LiveChatChannel) else (),
                agent=agent,
                suggests=there is not None and there.assignment.mode == "suggest",
                paused=agent in paused,
                channel_paused=held.get(channel.name),
                troubles=tuple(one for one in troubles if one.channel == channel.name),
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
    return tuple(await adapter_of(channel, served_kind(channel.kind), surroundings(app)).check())


def _first_fault(steps: Sequence[tuple[str, str]]) -> str:
    return next((wrong for _, wrong in steps if wrong), "")


def _last_check(app: Application, channel: Channel) -> ChannelCheck | None:
    """The last check of the channel as it is set up now."""
    check = app.store.checks.last().get(channel.name)
    return check if check and check.settings == _settings(channel) else None


def _model(kind: str) -> type[ChannelBase]:
    """Raises UsageError for a kind that nothing here brings."""
    known = models()
    if kind in known:
        return known[kind]
    brought = brought_kind(kind)
    if brought is not None:
        settings_of(kind)  # raises, and says what is wrong with the package
    raise UsageError(
        f"nothing that is installed here serves {kind!r} channels",
        hint=f"{did_you_mean(kind, known)}\nOther kinds come with a package: install it into the Python that runs custagent",
    )


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
