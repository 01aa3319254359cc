"""The composition root: opens a workspace and puts the rooms together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from custagent.config.agents import load_agent
from custagent.config.home import Home, find_home
from custagent.config.secrets import resolve, resolve_all
from custagent.config.workspace import load_workspace
from custagent.core.agent import EMBEDDED, AgentDefinition
from custagent.core.errors import EngineMissing
from custagent.core.people import User
from custagent.core.workspace import Workspace
from custagent.runtime.actor import Actor, find_actor, git_commit
from custagent.runtime.clock import SystemClock

if TYPE_CHECKING:
    from custagent.core.ports import Answerer, ChatModel, Clock, Embedder, Retriever
    from custagent.core.record import AuditEntry
    from custagent.knowledge.index.index import IndexFolder
    from custagent.knowledge.index.indexer import Indexer
    from custagent.runtime.mending import Mending
    from custagent.store.store import Store

#: Asked at the start of a runner so that everything is loaded; nobody reads the answer.
_ANY_QUESTION = "Where is my order?"
#: Embedding engines that send nothing anywhere; what one of another package does is not known.
LOCAL_ENGINES = ("bundled", "sentence-transformers")
#: What the applied text of custagent.yaml is kept under; no agent can be called so.
WORKSPACE_KEY = "custagent.yaml"


class Application:
    """An open workspace. Everything in it is made when it is first asked for: commands start quickly.

    A context manager; it closes the database.
    """

    def __init__(
        self,
        home: Home,
        *,
        user: str | None = None,
        clock: Clock | None = None,
        environ: Mapping[str, str] = os.environ,
        embedder: Embedder | None = None,
    ) -> None:
        self.home = home
        self.clock: Clock = clock or SystemClock()
        self._user = user
        self._environ = environ
        self._embedder = embedder
        #: Who has the engine, if not this one itself.
        self._lender: Application | None = None

    @cached_property
    def workspace(self) -> Workspace:
        """`custagent.yaml` as it stands. Raises ConfigError."""
        return load_workspace(self.home)

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that the program was started in."""
        return self._environ

    def secrets(self, reference: str) -> tuple[str, ...]:
        """What `${NAME}` stands for, and the value before while it is being changed. Raises ConfigError."""
        return resolve_all(reference, self._environ)

    @cached_property
    def actor(self) -> Actor:
        """Who is acting."""
        return find_actor(self.workspace, self._user, self.home.root)

    def acting(self, user: User, workspace: Workspace | None = None) -> Application:
        """The same workspace with somebody else who acts, and who has proved to be that user.

        By `workspace`, else by the file as it stands. It shares what is open: only the first one is closed.
        """
        self.store  # noqa: B018 - opened once, before it is shared
        other = copy(self)
        other.__dict__["actor"] = Actor(name=user.name, user=user)
        other.__dict__.pop("workspace", None)
        return other if workspace is None else other.by(workspace)

    def by(self, workspace: Workspace) -> Application:
        """The same with another text of custagent.yaml, such as that in force. It shares what is open.

        The engine too, where both name the same: it is loaded once, when one of them first needs it.
        """
        self.store, self._mending  # noqa: B018 - made once, before they are shared
        other = copy(self)
        lent = {"_lender": self if workspace.embedder == self.workspace.embedder else None}
        other.__dict__.update(lent, workspace=workspace)
        return other

    @cached_property
    def store(self) -> Store:
        """The database. Raises StoreError."""
        from custagent.store.store import Store

        return Store(self.home.database, self.clock)

    @cached_property
    def embedder(self) -> Embedder:
        """The engine that the workspace names. Raises EmbedderError."""
        if self._embedder:
            return self._embedder
        if self._lender:
            return self._lender.embedder
        from custagent.knowledge.embed import make_embedder

        settings = self.workspace.embedder
        return make_embedder(settings, api_key=self._secret(settings.api_key), memory=self.home.engine_file)

    @property
    def words_only(self) -> EngineMissing | None:
        """Why content is found by its words alone on this machine; None where an engine tells what it means.

        Raises what making the engine raises: EmbedderError, ConfigError.
        """
        try:
            self.embedder.comparable  # noqa: B018 - asking is how it tells
        except EngineMissing as missing:
            return missing
        return None

    @cached_property
    def indexer(self) -> Indexer:
        from custagent.knowledge.index.indexer import Indexer

        return Indexer(self.store.documents, self.store.vectors, self.embedder)

    @cached_property
    def _mending(self) -> Mending:
        from custagent.runtime.mending import Mending

        return Mending(lambda: self.indexer)

    def index_folder(self, agent: str) -> IndexFolder:
        """The index generations of one agent."""
        from custagent.knowledge.index.index import IndexFolder

        return IndexFolder(self.home.index_folder, agent)

    def agent(self, name: str) -> AgentDefinition:
        """The definition in the file. Raises UnknownName, ConfigError."""
        return load_agent(self.home, name)

    def retriever(self, agent: str) -> Retriever:
        from custagent.knowledge.index.retrieve import HybridRetriever

        folder = self.index_folder(agent)
        mend = partial(self._mending.begin, folder)
        return HybridRetriever(folder, self.store.documents, self.embedder, mend=mend)

    def masked(self, text: str, *, workspace: Workspace | None = None) -> str:
        """A text as it may be shown to a model, or written down (ANS-7)."""
        from custagent.conversation.privacy import mask

        return mask(text, kinds=(workspace or self.workspace).privacy.mask).text

    def answerer(
        self,
        agent: AgentDefinition,
        workspace: Workspace | None = None,
        *,
        said: Callable[[str], None] | None = None,
        retriever: Retriever | None = None,
    ) -> Answerer:
        """The one way from a question to an answer (ANS-1); by the workspace's file unless told otherwise.

        `said` is told each sentence of a model's reply as soon as it is checked; only a preview listens (ANS-4).
        `retriever` finds passages elsewhere than in the content that is stored; only a simulation has another.
        """
        from custagent.answer.answerer import ContentAnswerer

        return ContentAnswerer(
            agent=agent,
            workspace=workspace or self.workspace,
            retriever=retriever or self.retriever(agent.name),
            clock=self.clock,
            model=self.chat_model(agent, workspace),
            said=said,
        )

    def warm_up(self, answerer: Answerer) -> None:
        """Load what the first question to it would have to wait for: engine, index, languages, the model's library.

        Asks no model, and no engine of which it is not known that it is on this machine: nothing leaves it unasked. Raises what answering
        raises: IndexDamaged, EmbedderError, StoreError.
        """
        from custagent.answer.answerer import ContentAnswerer
        from custagent.answer.model.model import LiteLLMChatModel
        from custagent.core.answer import Question

        if isinstance(answerer, ContentAnswerer) and isinstance(answerer.model, LiteLLMChatModel):
            answerer.model.load()
        if isinstance(answerer, ContentAnswerer) and self.workspace.embedder.engine in LOCAL_ENGINES:
            replace(answerer, model=None).answer(Question(text=_ANY_QUESTION))

    def chat_model(self, agent: AgentDefinition, workspace: Workspace | None = None) -> ChatModel | None:
        """The model that writes the agent's replies; None for the embedded default."""
        if agent.model == EMBEDDED:
            return None
        from custagent.answer.model.model import LiteLLMChatModel

        options = agent.model_options
        key = self._secret(options.api_key) if options else None
        return LiteLLMChatModel(agent.model, options, api_key=key, masked=partial(self.masked, workspace=workspace))

    def audit_entry(self, action: str, subject: str, *, before: str = "", after: str = "") -> AuditEntry:
        """A change by the acting user, now (CRE-3)."""
        from custagent.core.record import AuditEntry

        return AuditEntry(
            at=self.clock.now(),
            actor=self.actor.name,
            action=action,
            subject=subject,
            before=before,
            after=after,
            git_commit=git_commit(self.home.root),
        )

    def close(self) -> None:
        """Close what was opened."""
        if "_mending" in self.__dict__:
            self._mending.close()
        if "store" in self.__dict__:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else resolve(reference, self._environ)


def open_application(workspace: Path | None, user: str | None) -> Application:
    """The workspace given, or found upward from the current folder. Raises WorkspaceError."""
    return Application(find_home(Path.cwd(), explicit=workspace), user=user)
