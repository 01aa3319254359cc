"""The agents of a workspace at a glance: what their files say, what was read, what is live.

Apart from `agents`, which changes them: `custagent list` has to be quick, so nothing is loaded for it that it can do
without.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from custagent.config.agents import agent_names, agent_path
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
