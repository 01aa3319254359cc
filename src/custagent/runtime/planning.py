"""What `apply` would change: between what is in force and the files (CRE-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from custagent.config.agents import agent_from_text, agent_names, agent_path
from custagent.config.cases import agents_with_cases, load_cases
from custagent.config.differences import Difference, differences
from custagent.config.workspace import workspace_from_text
from custagent.core.agent import AgentDefinition
from custagent.core.record import AppliedVersion
from custagent.core.workspace import Workspace
from custagent.runtime.agents import definition_text, refuse_errors
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.cases import Change, compare, run_cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would become of one agent, or of custagent.yaml."""

    #: The agent's name, or "custagent.yaml".
    agent: str
    #: "new", "changed", "written-otherwise" (comments or order alone), "unchanged" or "retired".
    kind: str
    #: The version in force, 0 for none.
    version: int
    differences: tuple[Difference, ...] = ()
    #: The test cases that end otherwise with the files than with what is in force.
    cases: tuple[Change, ...] = ()


def plan(app: Application, names: Sequence[str] = (), *, cases: bool = True) -> list[Planned]:
    """What `apply` would do to each, in its order. Nothing is changed.

    `cases`: whether the test cases of changed agents are run, with either definition and the content as it is now.
    Raises ConfigError with the findings for files that `apply` would refuse.
    """
    wanted = list(names) or agent_names(app.home)
    refuse_errors([app.home.workspace_file, *(agent_path(app.home, name) for name in wanted)])
    live = app.store.versions.live()
    before = _workspace_in_force(app, live)
    done = [] if names else [_planned(WORKSPACE_KEY, live, definition_text(app, WORKSPACE_KEY), before, app.workspace)]
    for name in wanted:
        applied = live.get(name)
        in_force = agent_from_text(applied.text, app.home, name) if applied else None
        done.append(_planned(name, live, definition_text(app, name), in_force, app.agent(name)))
        if cases and in_force is not None and done[-1].differences:
            done[-1] = _with_cases(app, done[-1], in_force, before or app.workspace)
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
        return Planned(agent=name, kind="new", version=0, differences=differences(None, after))
    found = differences(before, after)
    same = "unchanged" if applied.text == text else "written-otherwise"
    return Planned(agent=name, kind="changed" if found else same, version=applied.version, differences=found)


def _with_cases(app: Application, planned: Planned, before: AgentDefinition, workspace: Workspace) -> Planned:
    if planned.agent not in agents_with_cases(app.home):
        return planned
    placed = load_cases(app.home, planned.agent)
    then = run_cases(app, placed, answerers={planned.agent: app.answerer(before, workspace)})
    changes = compare(run_cases(app, placed), [result.as_json() for result in then])
    return replace(planned, cases=tuple(changes))


def _workspace_in_force(app: Application, live: Mapping[str, AppliedVersion]) -> Workspace | None:
    applied = live.get(WORKSPACE_KEY)
    return workspace_from_text(applied.text, app.home) if applied else None
