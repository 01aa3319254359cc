"""Pausing agents, or whole channels, and letting them go on: rows, which a running runner sees within a second (MAN-1)."""

from __future__ import annotations

from collections.abc import Sequence

from custagent.config.agents import agent_names
from custagent.core.people import Permission
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.channels import find_channel


def pause_agents(app: Application, names: Sequence[str] = ()) -> list[str]:
    """Pause the named agents, or every one: they hand what comes in to people. Those that were not paused before.

    Raises UnknownName, PermissionDenied.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    return [
        name
        for name in _wanted(app, names)
        if app.store.pauses.pause(name, app.actor.name, app.clock.now(), audit=app.audit_entry("pause", name))
    ]


def resume_agents(app: Application, names: Sequence[str] = ()) -> list[str]:
    """Let the named agents, or every one, go on. Those that had been paused. Raises UnknownName, PermissionDenied."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    paused = app.store.pauses.paused()
    wanted = _wanted(app, names) if names else list(paused)
    return [name for name in wanted if app.store.pauses.resume(name, audit=app.audit_entry("resume", name))]


def pause_channel(app: Application, name: str) -> bool:
    """Pause a channel: what comes in is kept, and the agent hands it to people; theirs still goes out. False when it was.

    Raises UnknownName, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    find_channel(app, name)
    entry = app.audit_entry("channels pause", name)
    return app.store.channel_states.pause(name, app.actor.name, app.clock.now(), audit=entry)


def resume_channel(app: Application, name: str) -> bool:
    """Let a channel go on. False when it was not paused. Raises UnknownName, PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    find_channel(app, name)
    return app.store.channel_states.resume(name, audit=app.audit_entry("channels resume", name))


def _wanted(app: Application, names: Sequence[str]) -> list[str]:
    """The named agents, by file or live; all there are when none is named."""
    live = set(app.store.versions.live()) - {WORKSPACE_KEY}
    known = sorted({*agent_names(app.home), *live})
    for name in names:
        if name not in known:
            app.agent(name)  # raises, and tells the nearest name
    return list(dict.fromkeys(names)) or known
