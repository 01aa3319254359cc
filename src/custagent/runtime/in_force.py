"""What is live: the last applied text of each agent and of the workspace, whatever the files say now (CRE-6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from custagent.config.agents import agent_from_text
from custagent.config.workspace import workspace_from_text
from custagent.conversation.service import AgentInForce
from custagent.core.agent import AgentDefinition, Assignment
from custagent.core.ports import Answerer
from custagent.core.record import AppliedVersion
from custagent.core.workspace import Channel, Workspace
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    version: AppliedVersion
    definition: AgentDefinition


class InForce:
    """The definitions that the runner works by. Asked anew for every turn; read again only when they have changed."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._parsed: dict[str, _Parsed] = {}
        self._answerers: dict[tuple[str, int, int], Answerer] = {}
        self._workspace: tuple[int, Workspace] | None = None

    def workspace(self) -> Workspace:
        """The workspace as it was last applied; as its file says while it never was."""
        live = self._app.store.versions.applied(WORKSPACE_KEY)
        if live is None:
            return self._app.workspace
        if self._workspace is None or self._workspace[0] != live.version:
            text = workspace_from_text(live.text, self._app.home)
            self._workspace = (live.version, text)
        return self._workspace[1]

    def channels(self) -> Mapping[str, Channel]:
        """The channels by name."""
        return {channel.name: channel for channel in self.workspace().channels}

    def assigned(self) -> Mapping[str, tuple[AgentDefinition, Assignment, AppliedVersion]]:
        """By channel: the agent on it."""
        found: dict[str, tuple[AgentDefinition, Assignment, AppliedVersion]] = {}
        for parsed in self._definitions():
            for assignment in parsed.definition.assignments:
                found.setdefault(assignment.channel, (parsed.definition, assignment, parsed.version))
        return found

    def agent_on(self, channel: str) -> AgentInForce | None:
        """The agent that answers on the channel now; None when people alone do."""
        assigned = self.assigned().get(channel)
        if assigned is None:
            return None
        definition, assignment, version = assigned
        return AgentInForce(
            definition=definition,
            assignment=assignment,
            version=version.version,
            generation=self._app.index_folder(definition.name).generation(),
            answerer=self._answerer(definition, version.version),
            paused=self._app.store.pauses.is_paused(definition.name),
        )

    def _definitions(self) -> list[_Parsed]:
        live = self._app.store.versions.live()
        for name, version in live.items():
            if name == WORKSPACE_KEY:
                continue
            known = self._parsed.get(name)
            if known is None or known.version.version != version.version:
                definition = agent_from_text(version.text, self._app.home, name)
                self._parsed[name] = _Parsed(version=version, definition=definition)
        for gone in self._parsed.keys() - live.keys():
            del self._parsed[gone]
        return list(self._parsed.values())

    def _answerer(self, definition: AgentDefinition, version: int) -> Answerer:
        key = (definition.name, version, self._workspace[0] if self._workspace else 0)
        if key not in self._answerers:
            self._answerers = {known: one for known, one in self._answerers.items() if known[0] != definition.name}
            self._answerers[key] = self._app.answerer(definition, self.workspace())
        return self._answerers[key]
