"""Turns a decision into the reply: quotes with citations, a question back, or a fixed text (ANS-4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from custagent.answer.deciding.ranking import Ranking
from custagent.answer.model.writing import Writer
from custagent.answer.quoting.extract import Quote, quote
from custagent.answer.understanding.triggers import SmallTalk, Triggers
from custagent.answer.wording import Worded, Wording
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Decision, DecisionKind, Question, Reason, Usage
from custagent.core.document import Chunk, Citation, numbered
from custagent.core.errors import ModelError
from custagent.core.ports import ChatModel
from custagent.core.workspace import Workspace, longest_text

#: The texts of the catalogue that ask for words where there was no question.
_ASKS_FOR_WORDS = {
    Reason.EMPTY: "empty",
    Reason.ATTACHMENT: "attachment",
    Reason.NOT_HELPED: "not_helped",
}
#: How many passages a model is given.
PASSAGES = 6
#: How much of a passage is kept as what a model's sentences rest on, in characters.
RESTING_CHARS = 350
#: What the opening, the sources below it and a note may take of a message, in characters.
AROUND_CHARS = 500
#: Nobody reads more in a reply, whatever the channel carries; only a short answer, which the team wrote, may be longer.
LONGEST_QUOTES = 2_000
#: However many questions a message asks, each answer has this much room.
LEAST_ROOM = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A reply's words and what they rest on."""

    text: str
    #: ISO 639-1 code of the text's fixed parts.
    language: str
    citations: tuple[Citation, ...] = ()
    #: Which stretches of the text rest on which of the citations; `footnoted` says so to the contact.
    resting: tuple[tuple[str, tuple[Citation, ...]], ...] = ()
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
    #: How many questions the message asks: each answer may fill that part of it.
    parts: int = 1
    #: Told each sentence of a model as soon as it is checked; only a preview listens (ANS-4).
    said: Callable[[str], None] | None = None

    def without_content(self, decision: Decision, triggers: Triggers) -> Composed:
        """The reply to a message that needed no search."""
        if decision.kind is DecisionKind.HANDOFF:
            return _fixed(self.wording.message("handoff"))
        if decision.reason is Reason.GUARDRAIL and triggers.guardrail and triggers.guardrail.message:
            return Composed(text=triggers.guardrail.message, language=self.agent.default_language)
        if decision.reason is Reason.SMALL_TALK and triggers.small_talk:
            return _fixed(self._small_talk(triggers.small_talk))
        if decision.reason is Reason.NO_QUESTION and triggers.bare:
            return _fixed(self.wording.fixed(triggers.bare.value))
        if decision.reason in _ASKS_FOR_WORDS:
            return _fixed(self.wording.fixed(_ASKS_FOR_WORDS[decision.reason]))
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
            return self._quoted(question, ranking)
        return self._written(self.model, question, ranking)

    def _quoted(self, question: Question, ranking: Ranking) -> Composed:
        best = ranking.quoted[0]
        room = max(longest_text(self.workspace, question.channel) // self.parts - AROUND_CHARS, LEAST_ROOM)
        if not best.question:
            room = min(room, LONGEST_QUOTES)
        quotes = quote(ranking.query, ranking.quoted, room=room, near=[scored.chunk for scored in ranking.chunks])
        citations = [self._citation(one.chunk, one.text) for one in quotes]
        resting = _paragraphs(quotes, citations)
        notes = [self._too_long(citation) for one, citation in zip(quotes, citations, strict=True) if one.list_left_out]
        put = self.wording.short_answer if best.question else self.wording.answer
        worded = put("\n\n".join([*(told for told, _ in resting), *notes]), best.language)
        return Composed(text=worded.text, language=worded.language, citations=tuple(citations), resting=resting)

    def _too_long(self, citation: Citation) -> str:
        """Says where a list stands that the channel does not carry."""
        if citation.private:
            return self.wording.fixed("too_long_private").text
        is_page = citation.link.startswith(("http://", "https://"))
        return self.wording.fixed("too_long").text.replace("{link}", citation.link if is_page else citation.title)

    def _written(self, model: ChatModel, question: Question, ranking: Ranking) -> Composed:
        passages = [scored.chunk for scored in ranking.chunks[:PASSAGES]]
        language = self.wording.wanted
        writer = Writer(model=model, agent=self.agent, workspace=self.workspace, language=language, said=self.said)
        try:
            written = writer.write(question, passages)
        except ModelError:
            failed = Decision(kind=DecisionKind.HANDOFF, reason=Reason.FAILED, confidence=0.0)
            handoff = self.wording.message("handoff")
            return Composed(text=handoff.text, language=handoff.language, decision=failed)
        usage = written.usage
        if written.refused:
            return Composed(text="", language=language, usage=usage, refused=True)
        if not written.text:
            # Nothing that the model wrote is borne out: the content speaks for itself.
            return replace(self._quoted(question, ranking), usage=usage)
        citations = tuple(self._rested_on(said, passages[index]) for index, said in written.resting.items())
        return Composed(text=written.text, language=language, citations=citations, usage=usage)

    def _rested_on(self, said: str, chunk: Chunk) -> Citation:
        """The citation of what a model's sentences rest on."""
        found = quote(said, [chunk], room=RESTING_CHARS, grow_to=RESTING_CHARS)
        return self._citation(chunk, found[0].text if found else chunk.text)

    def _citation(self, chunk: Chunk, quoted: str) -> Citation:
        private = frozenset(source.location for source in self.agent.sources if source.private)
        public = [location for location in chunk.sources if location not in private]
        return Citation(
            title=chunk.title,
            source=next(iter(public or chunk.sources), chunk.location),
            location=chunk.location,
            quote=quoted,
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


def footnoted(composed: Composed) -> str:
    """The text, where it rests on several pages with the number of its page after each stretch: "… 59 kr. [2]".

    The numbers are those of `numbered`, by which every channel lists the sources; a private page has none (SRC-4).
    """
    numbers = {citation: number for number, citation in numbered(composed.citations)}
    if len(set(numbers.values())) == 1:
        return composed.text
    text = composed.text
    for told, citations in composed.resting:
        marks = sorted({numbers[citation] for citation in citations if not citation.private})
        text = text.replace(told, told + "".join(f" [{mark}]" for mark in marks), 1)
    return text


def _paragraphs(quotes: Sequence[Quote], citations: Sequence[Citation]) -> tuple[tuple[str, tuple[Citation, ...]], ...]:
    """What is told, each with the citations that it rests on; what two pages say is said once and rests on both."""
    told: list[str] = []
    resting: list[list[Citation]] = []
    #: In which paragraph each quote is told.
    place: list[int] = []
    for one, citation in zip(quotes, citations, strict=True):
        if one.told and one.goes_on and told:
            told[-1] += one.joint + one.told_text
            resting[-1].append(citation)
        elif one.told:
            told.append(one.told_text)
            resting.append([citation])
        place.append(len(told) - 1 if one.told or one.repeats is None else place[one.repeats])
        if one.repeats is not None and citation not in resting[place[one.repeats]]:
            resting[place[one.repeats]].append(citation)
    return tuple((text, tuple(cited)) for text, cited in zip(told, resting, strict=True))


def _fixed(worded: Worded) -> Composed:
    return Composed(text=worded.text, language=worded.language)
