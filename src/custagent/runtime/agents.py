"""Creating, applying and deleting agents: the file, the applied version and the audit row go together (CRE-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from custagent.config.agents import agent_names, agent_path
from custagent.config.editor import NewAgent, new_agent_text, write_new
from custagent.config.schema import write_schemas
from custagent.config.validate import validate
from custagent.core.agent import AgentDefinition
from custagent.core.errors import ConfigError, UsageError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSummary:
    """One line of `custagent list`."""

    name: str
    role: str
    model: str
    sources: int
    pages: int
    channels: tuple[str, ...]
    #: The version that is live, 0 when none was applied.
    version: int
    #: Whether the file says something else than the live version.
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `apply` did for one agent."""

    agent: str
    version: int
    changed: bool


def create_agent(app: Application, new: NewAgent) -> AgentDefinition:
    """Write `agents/<name>.yaml` and put it into force. Raises UsageError, ConfigError, PermissionDenied."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    path = agent_path(app.home, new.name)
    if path.exists():
        raise UsageError(
            f"there is an agent called {new.name!r} already ({path.relative_to(app.home.root)})",
            hint=f"Change it with: custagent edit {new.name}",
        )
    write_new(path, new_agent_text(new))
    write_schemas(app.home)
    apply_agents(app, [new.name], action="create")
    return app.agent(new.name)


def apply_agents(app: Application, names: Sequence[str] = (), *, action: str = "apply") -> list[Applied]:
    """Put the files into force, all of the workspace or the named ones; a file with an error changes nothing.

    Agents whose file is gone are retired when no names are given. Raises ConfigError with the findings.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    wanted = list(names) or agent_names(app.home)
    report = validate([app.home.workspace_file, *(agent_path(app.home, name) for name in wanted)])
    if report.errors:
        raise ConfigError(report.as_text(errors_only=True), hint="Mend this, then run the command again.")
    done = [_apply(app, name, action) for name in wanted]
    if not names:
        for gone in sorted(set(app.store.versions.live()) - set(wanted)):
            _retire(app, gone)
            done.append(Applied(agent=gone, version=0, changed=True))
    return done


def delete_agent(app: Application, name: str) -> None:
    """Remove the agent's file, content and index; its history stays. Refuses while it is assigned (MAN-1)."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    agent = app.agent(name)
    if agent.assignments:
        channels = ", ".join(assignment.channel for assignment in agent.assignments)
        raise UsageError(
            f"{name} is assigned to {channels}, so it cannot be deleted",
            hint=f"Take it off first: custagent unassign {name}",
        )
    path = agent_path(app.home, name)
    text = path.read_text(encoding="utf-8")
    app.store.sources.forget_agent(name)
    app.index_folder(name).remove()
    path.unlink()
    app.store.versions.retire(name, audit=app.audit_entry("delete", name, before=text))


def summaries(app: Application, names: Iterable[str] | None = None) -> list[AgentSummary]:
    """What `custagent list` shows. Raises ConfigError for a file that cannot be read."""
    live = app.store.versions.live()
    lines = []
    for name in names or agent_names(app.home):
        agent = app.agent(name)
        version = live.get(name)
        text = agent_path(app.home, name).read_text(encoding="utf-8")
        states = app.store.sources.source_states(name)
        lines.append(
            AgentSummary(
                name=name,
                role=agent.role.value,
                model=agent.model,
                sources=len(agent.sources),
                pages=sum(state.pages for state in states.values()),
                channels=tuple(assignment.channel for assignment in agent.assignments),
                version=version.version if version else 0,
                edited=version is None or version.text != text,
            )
        )
    return lines


def _apply(app: Application, name: str, action: str) -> Applied:
    text = agent_path(app.home, name).read_text(encoding="utf-8")
    before = app.store.versions.applied(name)
    version = app.store.versions.apply(
        name,
        text,
        actor=app.actor.name,
        git_commit=(
            entry := app.audit_entry(action, name, before=before.text if before else "", after=text)
        ).git_commit,
        at=entry.at,
        audit=entry,
    )
    return Applied(agent=name, version=version, changed=before is None or before.version != version)


def _retire(app: Application, name: str) -> None:
    live = app.store.versions.applied(name)
    app.store.versions.retire(name, audit=app.audit_entry("delete", name, before=live.text if live else ""))
