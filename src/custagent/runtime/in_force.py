"""What is live: the last applied text of each agent and of the workspace, whatever the files say now (CRE-6)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from custagent.config.agents import agent_from_text
from custagent.config.workspace import workspace_from_text
from custagent.conversation.service import AgentInForce
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Question, Reason
from custagent.core.channel import Channel
from custagent.core.errors import ConfigError, CustagentError, IndexDamaged, StoreError
from custagent.core.ports import Answerer
from custagent.core.record import AppliedVersion
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application

_log = logging.getLogger(__name__)

#: Seconds for which what was in force may be taken to be so still, where another process may have changed it: reading
#: the database at each request costs the web server more than the rest of it. A turn is always made by what is.
FRESH = 0.05


#: An agent, its assignment to a channel, and the version of the agent that says so.
Assigned: TypeAlias = tuple[AgentDefinition, Assignment, AppliedVersion]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """One applied text as it was read; None: this version of custagent cannot read it."""

    version: int
    definition: AgentDefinition | None


class _MadeWhenAsked(Answerer):
    """An Answerer that is made when it is first needed: an agent that cannot answer can still hand over."""

    def __init__(self, make: Callable[[], Answerer]) -> None:
        self._make = make

    def answer(self, question: Question) -> Answer:
        """See the port. Raises what making it raises."""
        return self._make().answer(question)


class InForce:
    """The definitions that the runner works by. Asked anew for every turn; read again only when they have changed.

    What this process applies is in force at once.

    Threads may share it.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._agents: dict[str, _Parsed] = {}
        #: (agent, its version, the workspace's version): what an answerer was made by.
        self._answerers: dict[tuple[str, int, int], Answerer] = {}
        self._workspace: tuple[int, Workspace] | None = None
        #: What was made of the versions that were live, which stay the same mapping until one of them changes.
        self._seen: tuple[Mapping[str, AppliedVersion], Workspace] | None = None
        self._channels: tuple[Workspace, Mapping[str, Channel]] | None = None
        self._assigned: tuple[Mapping[str, AppliedVersion], Mapping[str, Assigned]] | None = None
        #: By channel: to whom agents that only suggest leave what comes there; made with `_assigned`.
        self._suggesting: Mapping[str, Handoff] = {}

    def workspace(self) -> Workspace:
        """The workspace as it was last applied; as its file says while it never was. Raises ConfigError, StoreError."""
        live = self._app.store.versions.live(fresh_for=FRESH)
        seen = self._seen
        if seen is None or seen[0] is not live:
            with self._lock:
                seen = self._seen = live, self._workspace_of(live)[1]
        return seen[1]

    def channels(self) -> Mapping[str, Channel]:
        """The channels by name."""
        workspace, made = self.workspace(), self._channels
        if made is None or made[0] is not workspace:
            made = self._channels = workspace, {channel.name: channel for channel in workspace.channels}
        return made[1]

    def assigned(self) -> Mapping[str, Assigned]:
        """By channel: the agent that answers on it.

        One that only suggests (ASG-5) answers nobody: people have those conversations.
        """
        return self._assigned_in(self._app.store.versions.live(fresh_for=FRESH))

    def handoffs(self) -> Mapping[str, Handoff]:
        """By channel: whom the agent there hands over to, one that only suggests as well."""
        assigned = self.assigned()
        return {**self._suggesting, **{channel: one[1].handoff for channel, one in assigned.items()}}

    def _assigned_in(self, live: Mapping[str, AppliedVersion]) -> Mapping[str, Assigned]:
        made = self._assigned
        if made is None or made[0] is not live:
            with self._lock:
                made = self._assigned = live, self._assigned_by(live)
        return made[1]

    def agent_on(self, channel: str) -> AgentInForce | None:
        """The agent that answers on the channel now; None when people alone do."""
        assigned = self._assigned_in(self._app.store.versions.live()).get(channel)
        if assigned is None:
            return None
        definition, assignment, version = assigned
        paused = self._app.store.pauses.is_paused(definition.name)
        on_channel = None if paused else self._app.store.channel_states.hands_over(channel)
        return AgentInForce(
            definition=definition,
            assignment=assignment,
            version=version.version,
            generation=self._generation(definition.name),
            answerer=_MadeWhenAsked(partial(self._answerer, definition, version.version)),
            paused=paused or on_channel is not None,
            paused_for=Reason.PAUSED if paused else on_channel or Reason.PAUSED,
        )

    def warm_up(self) -> None:
        """Load what the first questions to the agents would have to wait for, an agent after the other.

        One that cannot answer is told in the log, with what to do about it: better at the start than at the first
        question. Raises StoreError.
        """
        for definition, version in {
            one[0].name: (one[0], one[2].version) for one in self._assigned_in(self._app.store.versions.live()).values()
        }.values():
            try:
                self._app.warm_up(self._answerer(definition, version))
            except StoreError:
                raise
            except CustagentError as error:
                _log.warning("agent %s cannot answer as it is: %s %s", definition.name, error.message, error.hint)

    def _assigned_by(self, live: Mapping[str, AppliedVersion]) -> Mapping[str, Assigned]:
        """The lock is held."""
        found: dict[str, Assigned] = {}
        suggesting: dict[str, Handoff] = {}
        for name, definition in self._definitions(live).items():
            for assignment in definition.assignments:
                if assignment.mode == "reply":
                    found.setdefault(assignment.channel, (definition, assignment, live[name]))
                else:
                    suggesting.setdefault(assignment.channel, assignment.handoff)
        self._suggesting = suggesting
        # An index takes memory: what answered for an agent that is gone goes with it.
        self._answerers = {key: answerer for key, answerer in self._answerers.items() if key[0] in live}
        return found

    def _definitions(self, live: Mapping[str, AppliedVersion]) -> Mapping[str, AgentDefinition]:
        """By name, the agents that this version of custagent can read; the lock is held."""
        for gone in self._agents.keys() - live.keys():
            del self._agents[gone]
        for name, version in live.items():
            known = self._agents.get(name)
            if name != WORKSPACE_KEY and (known is None or known.version != version.version):
                self._agents[name] = _Parsed(version=version.version, definition=self._read(name, version))
        return {name: parsed.definition for name, parsed in self._agents.items() if parsed.definition is not None}

    def _read(self, name: str, version: AppliedVersion) -> AgentDefinition | None:
        try:
            return agent_from_text(version.text, self._app.home, name)
        except ConfigError as error:
            _log.error("version %s of agent %s cannot be read, so it answers nobody: %s", version.version, name, error)
            return None

    def _workspace_of(self, live: Mapping[str, AppliedVersion]) -> tuple[int, Workspace]:
        """(its version, the workspace); the lock is held. A text that cannot be read changes nothing."""
        applied = live.get(WORKSPACE_KEY)
        if applied is None:
            return 0, self._app.workspace
        if self._workspace is None or self._workspace[0] != applied.version:
            try:
                self._workspace = applied.version, workspace_from_text(applied.text, self._app.home)
            except ConfigError as error:
                if self._workspace is None:
                    raise
                _log.error("version %s of %s cannot be read: %s", applied.version, WORKSPACE_KEY, error)
                self._workspace = applied.version, self._workspace[1]
        return self._workspace

    def _generation(self, agent: str) -> int:
        """0 where it cannot be told: the answerer says what is wrong when it is asked."""
        try:
            return self._app.index_folder(agent).generation()
        except IndexDamaged:
            return 0

    def _answerer(self, definition: AgentDefinition, version: int) -> Answerer:
        live = self._app.store.versions.live()
        with self._lock:
            workspace_version, workspace = self._workspace_of(live)
            key = (definition.name, version, workspace_version)
            if key not in self._answerers:
                self._answerers = {known: one for known, one in self._answerers.items() if known[0] != definition.name}
                self._answerers[key] = self._app.answerer(definition, workspace)
            return self._answerers[key]
