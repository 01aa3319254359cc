"""A reply that a model writes, checked before anybody reads it, mended once where it fails (ANS-4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from custagent.answer.model.prompt import build_prompt, build_repair
from custagent.answer.model.statements import FORM, MAX_WRITTEN, Draft, Statement, read
from custagent.answer.model.verify import Fault, Verifier, joined, resting
from custagent.answer.voice import avoided_words, voice_of
from custagent.core.agent import AgentDefinition, ModelOptions
from custagent.core.answer import Question, Usage
from custagent.core.document import Chunk
from custagent.core.errors import ModelError
from custagent.core.ports import ChatModel, Completion
from custagent.core.workspace import Workspace
from custagent.core.written import seconds

#: With fewer seconds left nothing is mended.
LEAST_FOR_MENDING = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model's reply comes to."""

    #: "" when nothing that it wrote is borne out.
    text: str = ""
    #: What rests on each passage, by its index from 0, in order of first use.
    resting: Mapping[int, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    #: The model says that the passages do not answer the question.
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Has replies written in one language for one agent."""

    model: ChatModel
    agent: AgentDefinition
    workspace: Workspace
    language: str
    #: Told each sentence as soon as it is checked, in the order of the reply; only a preview listens.
    said: Callable[[str], None] | None = None

    def write(self, question: Question, passages: Sequence[Chunk]) -> Written:
        """The reply to a question from these passages. Raises ModelError when the model fails before it wrote anything.

        All of it, mending included, takes no longer than the model's `timeout`.
        """
        deadline = time.monotonic() + seconds((self.agent.model_options or ModelOptions()).timeout)
        private = frozenset(index for index, chunk in enumerate(passages) if self._is_private(chunk))
        prompt = build_prompt(
            question, passages, agent=self.agent, workspace=self.workspace, language=self.language, private=private
        )
        reply = _Reply(self._verifier(passages, private), self.said)
        usage, text, refused = Usage(), "", False
        try:
            first = self.model.complete(
                prompt, form=FORM, within=left(deadline), heard=reply.hear if self.said else None
            )
        except ModelError:
            if not reply.said_anything:
                raise
        else:
            usage, text = used(usage, first), first.text
            refused = reply.take(read(text))
        if refused:
            return Written(usage=usage, refused=True)
        if text and (reply.failed or not reply.kept) and left(deadline) > LEAST_FOR_MENDING:
            usage = self._mend(prompt, text, reply, usage, deadline)
        reply.end()
        return Written(text=joined(reply.kept), resting=resting(reply.kept), usage=usage)

    def _mend(self, prompt: list[dict[str, str]], text: str, reply: _Reply, usage: Usage, deadline: float) -> Usage:
        repair = build_repair(prompt, text[:MAX_WRITTEN], reply.failed)
        try:
            second = self.model.complete(repair, form=FORM, within=left(deadline))
        except ModelError:
            # What is borne out stays; where nothing is, the content speaks for itself.
            return usage
        reply.replace_failed(read(second.text).statements)
        return used(usage, second)

    def _verifier(self, passages: Sequence[Chunk], private: frozenset[int]) -> Verifier:
        voice = voice_of(self.agent, self.workspace)
        language = self.language
        avoided = (lambda text: avoided_words(text, voice, language)) if voice else (lambda _: ())
        return Verifier(passages, language=language, private=private, avoided=avoided)

    def _is_private(self, chunk: Chunk) -> bool:
        private = {source.location for source in self.agent.sources if source.private}
        return bool(chunk.sources) and private.issuperset(chunk.sources)


class _Reply:
    """The statements of a reply in their order, each kept, failed, or waiting for its turn to be said."""

    def __init__(self, verifier: Verifier, said: Callable[[str], None] | None) -> None:
        self._verifier = verifier
        self._said = said
        #: In the reply's order. A fault is None for those that are borne out.
        self._checked: list[tuple[Statement, Fault | None]] = []
        self._count_read = 0
        self._count_said = 0

    @property
    def kept(self) -> list[Statement]:
        """Those that may be sent."""
        return [statement for statement, fault in self._checked if fault is None]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Those that may not, with the reason."""
        return [(statement.text, fault.value) for statement, fault in self._checked if fault is not None]

    @property
    def said_anything(self) -> bool:
        return self._count_said > 0

    def hear(self, text: str) -> None:
        """The model has written so much so far."""
        self._check(read(text, ended=False).statements)
        self._say()

    def take(self, draft: Draft) -> bool:
        """The model is done. Whether it found that the passages do not answer."""
        self._check(draft.statements)
        self._say()
        return draft.refused and not self.kept

    def replace_failed(self, statements: Sequence[Statement]) -> None:
        """Put what was written anew in the place of what failed, as long as there are places; nothing fails twice."""
        places = [index for index, (_, fault) in enumerate(self._checked) if fault is not None]
        mended = [(statement, self._verifier.fault(statement)) for statement in statements]
        if not places:
            self._checked += mended
            return
        # More sentences than failed: one was split up, and they stand where the last of them stood.
        anew = dict(zip(places, mended, strict=False))
        rest = mended[len(places) :]
        self._checked = [
            one
            for index, old in enumerate(self._checked)
            for one in (anew.get(index, old), *(rest if index == places[-1] else ()))
        ]

    def end(self) -> None:
        """Nothing is mended any more: say what is left."""
        self._checked = [(statement, fault) for statement, fault in self._checked if fault is None]
        self._count_said = min(self._count_said, len(self._checked))
        self._say()

    def _check(self, statements: Sequence[Statement]) -> None:
        """What is new among them; a sentence that is said again is not."""
        for statement in statements[self._count_read :]:
            self._count_read += 1
            if all(statement.text != before.text for before, _ in self._checked):
                self._checked.append((statement, self._verifier.fault(statement)))

    def _say(self) -> None:
        """What comes next, up to the first sentence that failed: it may be mended, and keeps its place."""
        for statement in self._sayable():
            self._count_said += 1
            if self._said:
                self._said(statement.text)

    def _sayable(self) -> Iterator[Statement]:
        for statement, fault in self._checked[self._count_said :]:
            if fault is not None:
                return
            yield statement


def used(before: Usage, completion: Completion) -> Usage:
    """What was used up with one more completion."""
    costs = [cost for cost in (before.cost, completion.cost) if cost is not None]
    return replace(
        before,
        model=completion.model,
        input_tokens=before.input_tokens + completion.input_tokens,
        output_tokens=before.output_tokens + completion.output_tokens,
        calls=before.calls + 1,
        cost=sum(costs) if costs else None,
    )


def left(deadline: float) -> float:
    """Seconds until a moment of the monotonic clock; 0.0 after it."""
    return max(0.0, deadline - time.monotonic())
