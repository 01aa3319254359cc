"""Creating, applying and deleting agents: the file, the applied version and the audit row go together (CRE-6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from custagent.config.agents import agent_names, agent_path
from custagent.config.editor import NewAgent, new_agent_text, put_back, write_new
from custagent.config.schema import write_schemas
from custagent.config.validate import validate
from custagent.core.agent import AgentDefinition
from custagent.core.errors import ConfigError, PermissionDenied, UsageError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.handover import hand_over_lost, live_assignments


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `apply` did for one agent, or for custagent.yaml."""

    #: The agent's name, or "custagent.yaml".
    agent: str
    #: The version that is live now; 0 when it was retired because its file is gone.
    version: int
    changed: bool
    #: Conversations that went to people because the agent was taken off their channel (ASG-1).
    handed_over: int = 0


def create_agent(app: Application, new: NewAgent) -> AgentDefinition:
    """Write `agents/<name>.yaml` and put it into force. Raises UsageError, ConfigError, PermissionDenied."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    refuse_taken(app, new.name)
    path = agent_path(app.home, new.name)
    with put_back(path):
        write_new(path, new_agent_text(new))
        write_schemas(app.home)
        apply_agents(app, [new.name], action="create")
    return app.agent(new.name)


def refuse_taken(app: Application, name: str) -> None:
    """Raises UsageError when there is an agent of that name."""
    path = agent_path(app.home, name)
    if path.exists():
        raise UsageError(
            f"there is an agent called {name!r} already ({path.relative_to(app.home.root)})",
            hint=f"Change it with: custagent edit {name}",
        )


def apply_agents(app: Application, names: Sequence[str] = (), *, action: str = "apply") -> list[Applied]:
    """Put the files into force, the whole workspace or the named agents; a file with an error changes nothing.

    With no names, custagent.yaml goes live too, and agents whose file is gone are retired. Where an agent is not on a
    channel any more, and no other one is, its conversations go to people. Raises ConfigError with the findings,
    PermissionDenied.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    wanted = list(names) or agent_names(app.home)
    refuse_errors([app.home.workspace_file, *(agent_path(app.home, name) for name in wanted)])
    before = live_assignments(app)
    done = [] if names else [_apply_checked_workspace(app, wanted, action)]
    done += [_apply(app, name, action, name) for name in wanted]
    if not names:
        for gone in sorted(app.store.versions.live().keys() - {*wanted, WORKSPACE_KEY}):
            _retire(app, gone, action="delete")
            done.append(Applied(agent=gone, version=0, changed=True))
    handed_over = hand_over_lost(app, before)
    return [replace(one, handed_over=handed_over.get(one.agent, 0)) for one in done]


def put_into_force(app: Application, texts: Mapping[str, str], *, action: str, commit: str) -> list[Applied]:
    """Let checked texts of agents go live, by name, whatever their files say; `commit` is where they are from."""
    before = live_assignments(app)
    done = [_apply(app, name, action, name, text=text, commit=commit) for name, text in texts.items()]
    handed_over = hand_over_lost(app, before)
    return [replace(one, handed_over=handed_over.get(one.agent, 0)) for one in done]


def apply_workspace(app: Application, *, action: str, subject: str) -> Applied:
    """Put custagent.yaml into force after a command has changed it. Raises ConfigError.

    `action` and `subject` are what the audit row says was done.
    """
    app.__dict__.pop("workspace", None)
    refuse_errors([app.home.workspace_file])
    return _apply(app, WORKSPACE_KEY, action, subject)


def refuse_errors(paths: Iterable[Path]) -> None:
    """Raises ConfigError with the findings when one of the files breaks a rule."""
    report = validate(paths)
    if report.errors:
        raise ConfigError(report.as_text(errors_only=True), hint="Mend this, then run the command again.")


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
    before = live_assignments(app)
    app.store.sources.forget_agent(name)
    app.index_folder(name).remove()
    app.store.vectors.drop_unused_vectors()
    text = path.read_text(encoding="utf-8")
    path.unlink()
    _retire(app, name, action="delete", text=text)
    hand_over_lost(app, before)


def _apply_checked_workspace(app: Application, agents: Sequence[str], action: str) -> Applied:
    """custagent.yaml holds channels, people and credits: only an admin puts a change of it into force (CRE-3)."""
    live = app.store.versions.applied(WORKSPACE_KEY)
    changed = live is not None and live.text != definition_text(app, WORKSPACE_KEY)
    if changed and not app.workspace.may(app.actor.user, Permission.ADMIN):
        alone = f" The agents alone go live with: custagent apply {' '.join(agents)}" if agents else ""
        raise PermissionDenied(
            f"{WORKSPACE_KEY} was changed, and {app.actor.name or 'somebody without a name'} may not put it into force: "
            "it needs the permission admin",
            hint=f"Have an admin run: custagent apply.{alone}",
        )
    return _apply(app, WORKSPACE_KEY, action, WORKSPACE_KEY)


def definition_text(app: Application, name: str) -> str:
    """The file of an agent, or custagent.yaml, as it is now."""
    path = app.home.workspace_file if name == WORKSPACE_KEY else agent_path(app.home, name)
    return path.read_text(encoding="utf-8")


def _apply(
    app: Application, name: str, action: str, subject: str, *, text: str | None = None, commit: str = ""
) -> Applied:
    """Let `text`, or else the file of the agent or custagent.yaml, go live with its audit row."""
    text = definition_text(app, name) if text is None else text
    before = app.store.versions.applied(name)
    entry = app.audit_entry(action, subject, before=before.text if before else "", after=text)
    entry = replace(entry, git_commit=commit or entry.git_commit)
    version = app.store.versions.apply(
        name, text, actor=entry.actor, git_commit=entry.git_commit, at=entry.at, audit=entry
    )
    return Applied(agent=name, version=version, changed=before is None or before.version != version)


def _retire(app: Application, name: str, *, action: str, text: str = "") -> None:
    """Take a deleted agent off; a new one of that name begins without its pause."""
    live = app.store.versions.applied(name)
    app.store.versions.retire(name, audit=app.audit_entry(action, name, before=text or (live.text if live else "")))
    app.store.pauses.resume(name)
