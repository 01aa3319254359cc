"""What `apply` would change: between what is in force and the files (CRE-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from custagent.config.agents import agent_from_text, agent_names, agent_path
from custagent.config.cases import agents_with_cases, load_cases
from custagent.config.changed_settings import ChangedSetting, changed_settings
from custagent.config.workspace import workspace_from_text
from custagent.core.agent import AgentDefinition
from custagent.core.record import AppliedVersion
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import definition_text, refuse_errors
from custagent.runtime.proving.cases import Change, compare, run_cases
from custagent.voice import voice_of

#: Settings of the workspace that no agent's reply goes by: a new setting counts until it is named here. An agent's own
#: voice counts, and another embedder cannot be tried before there is an index of it.
_NO_REPLY_GOES_BY: Final = frozenset({
    "canned_replies", "conversations", "default_language", "desks", "embedder", "fetch", "metrics", "notifications",
    "public_url", "teams", "users", "voices",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would become of one agent, or of custagent.yaml."""

    #: The agent's name, or "custagent.yaml".
    agent: str
    #: "new", "changed", "written-otherwise" (comments or order alone), "unchanged" or "retired".
    kind: str
    #: The version in force, 0 for none.
    version: int
    differences: tuple[ChangedSetting, ...] = ()
    #: The test cases that end otherwise with the files than with what is in force.
    cases: tuple[Change, ...] = ()


def plan(app: Application, names: Sequence[str] = (), *, cases: bool = True) -> list[Planned]:
    """What `apply` would do to each, in its order. Nothing is changed.

    `cases`: whether the test cases of agents that would reply by another definition, or by another custagent.yaml, are
    run both ways, with the content as it is now. Raises ConfigError with the findings for files that `apply` would
    refuse.
    """
    wanted = list(names) or agent_names(app.home)
    refuse_errors([app.home.workspace_file, *(agent_path(app.home, name) for name in wanted)])
    live = app.store.versions.live()
    before = _workspace_in_force(app, live)
    done = [] if names else [_planned(WORKSPACE_KEY, live, definition_text(app, WORKSPACE_KEY), before, app.workspace)]
    then = app.by(before or app.workspace)
    # Named agents go live alone: custagent.yaml stays as it is in force. The index stays that of the engine in force.
    now = then if names else then.by(app.workspace.model_copy(update={"embedder": then.workspace.embedder}))
    for name in wanted:
        applied = live.get(name)
        in_force = agent_from_text(applied.text, app.home, name) if applied else None
        planned = _planned(name, live, definition_text(app, name), in_force, app.agent(name))
        if cases and in_force is not None and _replies_otherwise(planned, in_force, then.workspace, now.workspace):
            planned = _with_cases(planned, in_force, then, now)
        done.append(planned)
    gone = () if names else sorted(live.keys() - {*wanted, WORKSPACE_KEY})
    return [*done, *(Planned(agent=name, kind="retired", version=live[name].version) for name in gone)]


def _planned(
    name: str,
    live: Mapping[str, AppliedVersion],
    text: str,
    before: AgentDefinition | Workspace | None,
    after: AgentDefinition | Workspace,
) -> Planned:
    applied = live.get(name)
    if applied is None:
        return Planned(agent=name, kind="new", version=0, differences=changed_settings(None, after))
    found = changed_settings(before, after)
    same = "unchanged" if applied.text == text else "written-otherwise"
    return Planned(agent=name, kind="changed" if found else same, version=applied.version, differences=found)


def _replies_otherwise(planned: Planned, agent: AgentDefinition, before: Workspace, after: Workspace) -> bool:
    return bool(planned.differences) or _gone_by(before, agent) != _gone_by(after, agent)


def _gone_by(workspace: Workspace, agent: AgentDefinition) -> tuple[Any, ...]:
    """What the agent's replies go by in custagent.yaml."""
    return voice_of(agent, workspace), workspace.model_dump(exclude=set(_NO_REPLY_GOES_BY))


def _with_cases(planned: Planned, in_force: AgentDefinition, then: Application, now: Application) -> Planned:
    """Its cases run by `then`, with the definition in force, and by `now`, with the file's."""
    if planned.agent not in agents_with_cases(now.home):
        return planned
    placed = load_cases(now.home, planned.agent)
    before = run_cases(then, placed, answerers={planned.agent: then.answerer(in_force)})
    changes = compare(run_cases(now, placed), [result.as_json() for result in before])
    return replace(planned, cases=tuple(changes))


def _workspace_in_force(app: Application, live: Mapping[str, AppliedVersion]) -> Workspace | None:
    applied = live.get(WORKSPACE_KEY)
    return workspace_from_text(applied.text, app.home) if applied else None
