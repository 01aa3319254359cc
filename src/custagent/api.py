"""custagent from Python: open a workspace, ask its agents.

    import custagent

    with custagent.load("northwind") as workspace:
        answer = workspace.agent("support").answer("How long is the warranty?")

It answers as `custagent preview` does: no runner is needed, nothing is charged, sent, or written down (PRE-2). What
`__all__` names is stable, and so are the values that it hands out (docs/python.md): what a release takes away was marked
as going in the release before.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from custagent.config.agents import agent_from_text, agent_names
from custagent.config.home import find_home
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer, Decision, DecisionKind, Reason, Utterance
from custagent.core.document import Citation
from custagent.core.errors import (
    ConfigError,
    CustagentError,
    EmbedderError,
    IndexDamaged,
    ModelError,
    StoreError,
    UnknownName,
    WorkspaceError,
)
from custagent.core.ports import Answerer
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce
from custagent.runtime.proving.preview import PreviewSession

__all__ = [
    "AgentConversation",
    "Answer",
    "Citation",
    "ConfigError",
    "CustagentError",
    "Decision",
    "DecisionKind",
    "EmbedderError",
    "IndexDamaged",
    "LoadedAgent",
    "LoadedWorkspace",
    "ModelError",
    "Reason",
    "StoreError",
    "UnknownName",
    "Utterance",
    "WorkspaceError",
    "load",
]


def load(workspace: str | os.PathLike[str] | None = None) -> LoadedWorkspace:
    """Open a workspace: the folder given, or its custagent.yaml.

    Without one, that of the variable CUSTAGENT_WORKSPACE, else the nearest from the current folder upward. Close it in
    the end, or use it as `with`. Raises WorkspaceError.
    """
    explicit = None if workspace is None else Path(workspace)
    return LoadedWorkspace(Application(find_home(Path.cwd(), explicit=explicit)))


class LoadedWorkspace:
    """An open workspace. Threads may share it. `load` makes one."""

    def __init__(self, application: Application) -> None:
        self._application = application
        # The first that asks opens the database: once.
        self._opening = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where it is: absolute, symbolic links resolved."""
        return self._application.home.root

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of its agents, in order."""
        return tuple(agent_names(self._application.home))

    def agent(self, name: str, *, applied: bool = False) -> LoadedAgent:
        """One agent, by its file as it stands now; with `applied`, as it is live: by what was applied last.

        Ask for it once and keep it: each one holds an index of its own in memory. New content is seen at once, a change
        of the definition by the next `agent()`. Raises UnknownName, ConfigError; with `applied` StoreError too.
        """
        with self._opening:
            if not applied:
                return LoadedAgent(self._application, self._application.agent(name))
            version = self._application.store.versions.applied(name)
            if version is None:
                raise UnknownName(f"no agent called {name!r} is in force", hint=f"custagent apply {name}")
            definition = agent_from_text(version.text, self._application.home, name)
            return LoadedAgent(self._application, definition, applied=True)

    def close(self) -> None:
        """Let go of its files. May be called twice; what is asked afterwards raises StoreError."""
        self._application.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LoadedAgent:
    """An agent that can be asked. Threads may share it. `LoadedWorkspace.agent` makes one."""

    def __init__(self, application: Application, definition: AgentDefinition, *, applied: bool = False) -> None:
        self._definition = definition
        workspace = InForce(application).workspace() if applied else application.workspace
        self._answerer: Answerer = application.answerer(definition, workspace)
        self._application = application
        self._workspace = workspace

    @property
    def name(self) -> str:
        return self._definition.name

    def answer(self, question: str, *, language: str = "", channel: str = "") -> Answer:
        """The answer to one question that stands alone.

        `language`, ISO 639-1, is assumed where the question does not tell its own. `channel`, a name or a kind, makes it
        answer as there. What a model needs may take seconds; in asyncio: `await asyncio.to_thread(agent.answer, text)`.
        A model that fails gives a handoff, not an error. Raises StoreError, IndexDamaged, EmbedderError, ConfigError.
        """
        return self.conversation(language=language, channel=channel).ask(question)

    def conversation(self, *, language: str = "", channel: str = "") -> AgentConversation:
        """A conversation that begins now, in which follow-up questions are understood."""
        return AgentConversation(
            PreviewSession(self._answerer, language=language, channel=channel, masked=self._masked)
        )

    def _masked(self, text: str) -> str:
        return self._application.masked(text, workspace=self._workspace)


class AgentConversation:
    """Turns with an agent, kept in memory alone. For one thread at a time. `LoadedAgent.conversation` makes one."""

    def __init__(self, session: PreviewSession) -> None:
        self._session = session

    def ask(self, text: str) -> Answer:
        """The answer in this conversation; where it raises, as `LoadedAgent.answer` does, nothing becomes part of it."""
        return self._session.ask(text)

    @property
    def history(self) -> tuple[Utterance, ...]:
        """What was said so far, oldest first: what would be masked on a channel is masked here."""
        return self._session.history
