"""Past customers' questions put to an agent, before any customer meets it: nothing is written, charged or sent (PRE-2).

Conversations are replayed as they went: what the agent says itself stands before the contact's next message. From the
handoff on a person has the conversation, so what the contact wrote after it is asked of nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from custagent.config.agents import SUFFIX, agent_from_text
from custagent.config.home import AGENTS, WORKSPACE_FILE
from custagent.config.workspace import workspace_from_text
from custagent.core.agent import AgentDefinition, CollectionSource, FileSource
from custagent.core.answer import Answer, Question, Utterance
from custagent.core.document import Chunk
from custagent.core.errors import ConfigError, UnknownName
from custagent.core.past_question import PastQuestion, Replayed
from custagent.core.ports import Answerer, Embedder, VectorCache
from custagent.core.workspace import Workspace
from custagent.knowledge.embed.remembering import RememberingEmbedder
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.retrieve import HybridRetriever
from custagent.knowledge.reading import Listener
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.content.rehearsal import Rehearsal
from custagent.runtime.proving.past_questions import by_conversation
from custagent.runtime.revision import find_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who answers past questions."""

    #: What people call it: "as the files are", "as applied", "at HEAD~1".
    called: str
    agent: AgentDefinition
    workspace: Workspace
    answerer: Answerer
    #: Where the index is that it answers from.
    index: IndexFolder
    #: Web sources that it answers from as they were stored.
    from_store: tuple[str, ...] = ()
    #: What of its content could not be read, a sentence each.
    problems: tuple[str, ...] = ()
    #: Pages that differ from those which the preview and the live agent know.
    unsynced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation as it would have gone, and with another candidate where one was asked as well."""

    now: tuple[Replayed, ...]
    #: The same messages in the same order; empty without another candidate.
    before: tuple[Replayed, ...] = ()


class Simulation:
    """Opens candidates and asks them. A context manager: what it reads afresh is thrown away when it is left."""

    def __init__(self, app: Application, agent: str, listener: Listener) -> None:
        self._app = app
        self._name = agent
        self._listener = listener
        self._open = ExitStack()
        #: Remembers every question.
        self.embedder: Embedder = RememberingEmbedder(app.embedder)
        self._vectors: list[VectorCache] = [app.store.vectors]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def draft(self) -> Candidate:
        """The agent as its files are, its content read afresh. Raises UnknownName, ConfigError, EmbedderError."""
        agent = self._app.agent(self._name)
        return self._rehearse("as the files are", agent, self._app.workspace, self._app.home.root)

    def applied(self) -> Candidate:
        """The agent as it is live, with the content that was read last. Raises UnknownName, ConfigError."""
        live = self._app.store.versions.live()
        if self._name not in live:
            raise UnknownName(
                f"no version of {self._name} was ever applied",
                hint=f"Put its file into force with: custagent apply {self._name}",
            )
        agent = agent_from_text(live[self._name].text, self._app.home, self._name)
        written = live.get(WORKSPACE_KEY)
        workspace = workspace_from_text(written.text, self._app.home) if written else self._app.workspace
        folder = self._app.index_folder(self._name)
        retriever = HybridRetriever(folder, self._app.store.documents, self.embedder)
        return Candidate(
            called=f"as applied (version {live[self._name].version})",
            agent=agent,
            workspace=workspace,
            answerer=self._app.answerer(agent, workspace, retriever=retriever),
            index=folder,
        )

    def at_revision(self, name: str) -> Candidate:
        """The agent and its files as a git commit has them; web pages are those that are stored.

        Raises UsageError for what is no revision, CustagentError when the agent was not there, ConfigError.
        """
        revision = find_revision(self._app.home.root, name)
        called = f"at {name}"
        path = f"{AGENTS}/{self._name}{SUFFIX}"
        try:
            agent = agent_from_text(revision.text(path), self._app.home, self._name)
            workspace = workspace_from_text(revision.text(WORKSPACE_FILE), self._app.home)
        except ConfigError as error:
            raise ConfigError(f"at revision {name}: {error.message}", hint=error.hint) from error
        folder = Path(self._open.enter_context(TemporaryDirectory(prefix="custagent-")))
        places = [source.location for source in agent.sources if isinstance(source, FileSource | CollectionSource)]
        left_out = revision.write(places, folder)
        candidate = self._rehearse(called, agent, workspace, folder)
        links = tuple(f"{path}: a link is not followed in another revision" for path in left_out)
        return replace(candidate, problems=(*candidate.problems, *links))

    def run(
        self, questions: Sequence[PastQuestion], now: Candidate, before: Candidate | None = None, *, jobs: int = 1
    ) -> Iterator[Conversation]:
        """Each conversation as it would have gone, in the order of the file; `jobs` at a time."""

        def ask(asked: Sequence[PastQuestion]) -> Conversation:
            return Conversation(now=self._replay(asked, now), before=self._replay(asked, before) if before else ())

        pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="simulate")
        try:
            yield from pool.map(ask, by_conversation(questions))
        finally:
            pool.shutdown(cancel_futures=True)

    def _replay(self, asked: Sequence[PastQuestion], who: Candidate) -> tuple[Replayed, ...]:
        said: tuple[Utterance, ...] = ()
        replayed: list[Replayed] = []
        for turn, one in enumerate(asked, 1):
            if replayed and replayed[-1].is_handed_over:
                replayed.append(Replayed(question=one, turn=turn, decision=None))
                continue
            masked = self._masked(who, one)
            said = masked.history or said
            question = Question(text=masked.text, language=one.language, channel=one.channel, history=said)
            answer = who.answerer.answer(question)
            replayed.append(_replayed(masked, turn, answer))
            said = (*said, Utterance(role="contact", text=masked.text), _said(answer))
        return tuple(replayed)

    def _masked(self, who: Candidate, one: PastQuestion) -> PastQuestion:
        """As a channel would have taken it in (ANS-7)."""
        mask = partial(self._app.masked, workspace=who.workspace)
        history = tuple(replace(said, text=mask(said.text)) for said in one.history)
        return replace(one, text=mask(one.text), history=history)

    def _rehearse(self, called: str, agent: AgentDefinition, workspace: Workspace, files: Path) -> Candidate:
        rehearsal = self._open.enter_context(
            Rehearsal(self._app, agent, workspace, files=files, embedder=self.embedder, known=tuple(self._vectors))
        )
        answerer = rehearsal.read(self._listener)
        self._vectors.append(rehearsal.vectors)
        return Candidate(
            called=called,
            agent=agent,
            workspace=workspace,
            answerer=answerer,
            index=rehearsal.index,
            from_store=tuple(rehearsal.from_store),
            problems=tuple(rehearsal.problems),
            unsynced=_differing(rehearsal.chunks, self._app.store.documents.chunks_of(agent.name)),
        )


def _replayed(question: PastQuestion, turn: int, answer: Answer) -> Replayed:
    nearest = answer.candidates[0] if answer.candidates else None
    return Replayed(
        question=question,
        turn=turn,
        decision=answer.decision.kind,
        reason=answer.decision.reason,
        confidence=answer.decision.confidence,
        language=answer.evidence.language,
        text=answer.text,
        sources=tuple(dict.fromkeys(citation.link for citation in answer.citations)),
        nearest_title=nearest.title if nearest else "",
        nearest=nearest.location if nearest else "",
        searched=answer.evidence.searched,
        dollars=answer.usage.cost or 0.0,
    )


def _said(answer: Answer) -> Utterance:
    return Utterance(
        role="agent",
        text=answer.text,
        decision=answer.decision.kind,
        options=answer.options,
        reason=answer.decision.reason,
    )


def _differing(fresh: Sequence[Chunk], stored: Sequence[Chunk]) -> int:
    """How many pages are not the same in both."""
    pages: list[Mapping[str, frozenset[str]]] = []
    for chunks in (fresh, stored):
        by_page: dict[str, set[str]] = {}
        for chunk in chunks:
            by_page.setdefault(chunk.location, set()).add(chunk.hash)
        pages.append({location: frozenset(hashes) for location, hashes in by_page.items()})
    one, other = pages
    changed = sum(one[location] != other[location] for location in one.keys() & other.keys())
    # A short answer that is put otherwise is another page: it counts once.
    return changed + max(len(one.keys() - other.keys()), len(other.keys() - one.keys()))
