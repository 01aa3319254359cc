"""Turns a decision into the reply: quotes with citations, a question back, or a fixed text (ANS-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from custagent.answer.extract import extract
from custagent.answer.prompt import build_prompt
from custagent.answer.ranking import Ranking
from custagent.answer.signals import topic_words
from custagent.answer.triggers import SmallTalk, Triggers
from custagent.answer.verify import verify
from custagent.answer.wording import Worded, Wording
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Decision, DecisionKind, Question, Reason, Usage
from custagent.core.document import Chunk, Citation
from custagent.core.errors import ModelError
from custagent.core.ports import ChatModel
from custagent.core.workspace import Workspace

#: How many passages a model is given.
PASSAGES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A reply's words and what they rest on."""

    text: str
    #: ISO 639-1 code of the text's fixed parts.
    language: str
    citations: tuple[Citation, ...] = ()
    options: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    #: Set when composing changed the decision: a model that failed means a handoff.
    decision: Decision | None = None
    #: The model found that the passages do not answer the question; there is no text.
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Writes the replies of one agent in one language."""

    agent: AgentDefinition
    workspace: Workspace
    wording: Wording
    model: ChatModel | None

    def without_content(self, decision: Decision, triggers: Triggers) -> Composed:
        """The reply to a message that needed no search."""
        if decision.kind is DecisionKind.HANDOFF:
            return _fixed(self.wording.message("handoff"))
        if decision.reason is Reason.GUARDRAIL and triggers.guardrail and triggers.guardrail.message:
            return Composed(text=triggers.guardrail.message, language=self.agent.default_language)
        if decision.reason is Reason.SMALL_TALK and triggers.small_talk:
            return _fixed(self._small_talk(triggers.small_talk))
        if decision.reason is Reason.EMPTY:
            return _fixed(self.wording.fixed("empty"))
        return _fixed(self.wording.message("rephrase"))

    def with_content(self, decision: Decision, question: Question, ranking: Ranking) -> Composed:
        """The reply to a question that the content was searched for."""
        match decision.kind:
            case DecisionKind.CLARIFY:
                asked = self.wording.clarify(ranking.topics)
                return Composed(text=asked.text, language=asked.language, options=ranking.topics)
            case DecisionKind.REPHRASE:
                return _fixed(self.wording.message("rephrase"))
            case DecisionKind.HANDOFF:
                return _fixed(self.wording.message("handoff"))
        if self.model is None or decision.reason is Reason.SHORT_ANSWER:
            return self._quoted(ranking)
        return self._written(self.model, question, ranking)

    def _quoted(self, ranking: Ranking) -> Composed:
        best = ranking.quoted[0]
        citations = tuple(self._citation(ranking.query, chunk) for chunk in ranking.quoted)
        quotes = "\n\n".join(citation.quote for citation in citations)
        put = self.wording.short_answer if best.question else self.wording.answer
        worded = put(quotes, best.language)
        return Composed(text=worded.text, language=worded.language, citations=citations)

    def _written(self, model: ChatModel, question: Question, ranking: Ranking) -> Composed:
        passages = [scored.chunk for scored in ranking.chunks[:PASSAGES]]
        language = self.wording.wanted
        prompt = build_prompt(question, passages, agent=self.agent, workspace=self.workspace, language=language)
        try:
            completion = model.complete(prompt)
        except ModelError:
            failed = Decision(kind=DecisionKind.HANDOFF, reason=Reason.FAILED, confidence=0.0)
            handoff = self.wording.message("handoff")
            return Composed(text=handoff.text, language=handoff.language, decision=failed)
        usage = Usage(
            model=completion.model, input_tokens=completion.input_tokens, output_tokens=completion.output_tokens
        )
        verified = verify(completion.text, passages, language=language)
        if verified.refused:
            return Composed(text="", language=language, usage=usage, refused=True)
        if not verified.text:
            # Nothing that the model wrote is borne out: the content speaks for itself.
            quoted = self._quoted(ranking)
            return Composed(text=quoted.text, language=quoted.language, citations=quoted.citations, usage=usage)
        citations = tuple(self._citation(said, passages[index]) for index, said in verified.resting.items())
        return Composed(text=verified.text, language=language, citations=citations, usage=usage)

    def _citation(self, about: str, chunk: Chunk) -> Citation:
        private = frozenset(source.location for source in self.agent.sources if source.private)
        public = [location for location in chunk.sources if location not in private]
        return Citation(
            title=chunk.title,
            source=next(iter(public or chunk.sources), chunk.location),
            location=chunk.location,
            quote=extract(topic_words(about, chunk.language), chunk),
            heading=chunk.heading,
            anchor=chunk.anchor,
            page=chunk.page,
            private=bool(chunk.sources) and not public,
        )

    def _small_talk(self, kind: SmallTalk) -> Worded:
        return self.wording.message("greeting") if kind is SmallTalk.GREETING else self.wording.fixed(kind.value)


def shown_to_contact(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """The citations that the contact may see: a private source stays without link and name (SRC-4)."""
    return tuple(citation for citation in citations if not citation.private)


def _fixed(worded: Worded) -> Composed:
    return Composed(text=worded.text, language=worded.language)
