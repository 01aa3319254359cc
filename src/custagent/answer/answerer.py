"""The one way from a question to an answer: preview, test and live alike (ANS-1).

language -> triggers -> complete the question -> retrieve -> rank -> signals -> confidence -> decide -> compose
(-> verify)
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from custagent.answer.compose import Composed, Composer
from custagent.answer.confidence import confidence_of
from custagent.answer.decide import Attempts, ask_again, attempts_in, decide, decide_early
from custagent.answer.followup import chosen_option, complete, is_new_topic
from custagent.answer.ranking import Ranking, rank
from custagent.answer.signals import Signals, read_signals
from custagent.answer.triggers import Triggers, find_triggers
from custagent.answer.wording import Wording
from custagent.core.agent import AgentDefinition, ShortAnswerSource
from custagent.core.answer import Answer, Candidate, Decision, DecisionKind, Evidence, Question, Reason
from custagent.core.document import ScoredChunk
from custagent.core.ports import ChatModel, Clock, Retriever
from custagent.core.workspace import Workspace
from custagent.language import detect
from custagent.locales import Catalogue, catalogue, languages, nearest

#: How many passages are looked at: enough for ten distinct pages even where one page fills the top.
POOL = 100
#: How many passages are kept as evidence.
EVIDENCE = 10
#: What a message says beyond this is not read.
MAX_MESSAGE_CHARS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentAnswerer:
    """An Answerer over one agent's content."""

    agent: AgentDefinition
    workspace: Workspace
    retriever: Retriever
    clock: Clock
    #: Writes the replies; without one they are taken word for word from the content.
    model: ChatModel | None = None

    def answer(self, question: Question) -> Answer:
        """See the port."""
        watch = _Stopwatch()
        asked = self._understand(_readable(question))
        attempts = attempts_in(asked.question.history)
        wording = Wording(agent=self.agent, wanted=asked.language)
        composer = Composer(agent=self.agent, workspace=self.workspace, wording=wording, model=self.model)
        early = decide_early(asked.triggers, self.agent, attempts)
        watch.lap("understand")
        if early:
            return _answer(composer.without_content(early, asked.triggers), early, watch=watch)
        ranking, signals = self._search(asked, watch)
        if is_new_topic(asked.question, asked.language, self._catalogue(asked.language)):
            attempts = self._forgotten(attempts, signals)
        decision = self._decide(asked, ranking, signals, attempts)
        watch.lap("decide")
        composed = composer.with_content(decision, asked.question, ranking)
        if composed.refused:
            decision = ask_again(Reason.NOTHING_FITS, self.agent, attempts, confidence=0.0)
            composed = replace(composer.with_content(decision, asked.question, ranking), usage=composed.usage)
        watch.lap("compose")
        evidence = Evidence(chunks=ranking.chunks[:EVIDENCE], signals=signals.by_name())
        return _answer(composed, decision, watch=watch, candidates=ranking.candidates, evidence=evidence)

    def _understand(self, question: Question) -> _Asked:
        """What can be told from the message and the conversation alone."""
        every = [catalogue(language) for language in languages()]
        chosen = chosen_option(question, every)
        language = self._language(question, every, chosen=chosen)
        likely = (self._catalogue(language), self._catalogue(self.agent.default_language), *every)
        triggers = find_triggers(question.text, self.agent, {one.language: one for one in likely}.values())
        if chosen:
            # The words of an option are the agent's own: a page called "Talk to a person" asks for nobody.
            triggers = Triggers(guardrail=triggers.guardrail)
        return _Asked(question=question, language=triggers.language or language, triggers=triggers, chosen=chosen)

    def _language(self, question: Question, every: Iterable[Catalogue], *, chosen: str) -> str:
        """The message's language where it is sure, else the conversation's, else the agent's (ANS-6)."""
        given = _language_code(question.language)
        prior = given or self.agent.default_language
        for index, said in enumerate(() if given else question.history):
            if said.role == "contact" and not chosen_option(
                replace(question, text=said.text, history=question.history[:index]), every
            ):
                prior = detect(said.text, prior)[0] or prior
        return prior if chosen else detect(question.text, prior)[0] or prior

    def _catalogue(self, language: str) -> Catalogue:
        return nearest(language, self.agent.default_language)

    def _search(self, asked: _Asked, watch: _Stopwatch) -> tuple[Ranking, Signals]:
        language = asked.language
        search = complete(asked.question, language, self._catalogue(language), chosen=asked.chosen)
        found = self.retriever.retrieve(search, limit=POOL)
        watch.laps.update(found.timings_ms)
        watch.skip()
        ranking = rank(search.text, language, self._valid(found.chunks), chosen=asked.chosen)
        return ranking, read_signals(search.text, language, ranking.chunks, found.rarity)

    def _forgotten(self, attempts: Attempts, signals: Signals) -> Attempts:
        """What was tried for another topic does not count (ANS-2), where the content knows the new one.

        Where nothing fits it cannot be told from the old one in other words, which the agent has just asked for.
        """
        return Attempts() if confidence_of(signals) >= self.agent.confidence.clarify else attempts

    def _decide(self, asked: _Asked, ranking: Ranking, signals: Signals, attempts: Attempts) -> Decision:
        decision = decide(
            confidence_of(signals),
            topics=len(ranking.topics),
            ambiguous=ranking.ambiguous,
            agent=self.agent,
            attempts=attempts,
            chosen=bool(asked.chosen),
        )
        if decision.kind is DecisionKind.ANSWER and ranking.chunks[0].chunk.question:
            return replace(decision, reason=Reason.SHORT_ANSWER)
        return decision

    def _valid(self, found: Sequence[ScoredChunk]) -> list[ScoredChunk]:
        """Without the short answers that are not true today (SRC-1)."""
        today = self.clock.now().astimezone(ZoneInfo(self.workspace.timezone)).date()
        expired = {
            source.short_answer
            for source in self.agent.sources
            if isinstance(source, ShortAnswerSource)
            and not (source.valid_from or today) <= today <= (source.valid_until or today)
        }
        return [scored for scored in found if scored.chunk.question not in expired]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A message with what was understood of it."""

    question: Question
    language: str
    triggers: Triggers
    #: The option of the agent's last message that it picks, "" when it picks none.
    chosen: str


class _Stopwatch:
    """Milliseconds by step."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started = self._last = clock()
        self.laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = self._clock()
        self.laps[step] = (now - self._last) * 1000
        self._last = now

    def skip(self) -> None:
        """Go on from here: the time since the last lap is told by its own steps."""
        self._last = self._clock()

    def all(self) -> dict[str, float]:
        return {**self.laps, "total": (self._clock() - self._started) * 1000}


def _answer(
    composed: Composed,
    decision: Decision,
    *,
    watch: _Stopwatch,
    candidates: tuple[Candidate, ...] = (),
    evidence: Evidence | None = None,
) -> Answer:
    return Answer(
        decision=composed.decision or decision,
        text=composed.text,
        language=composed.language,
        citations=composed.citations,
        options=composed.options,
        candidates=candidates,
        evidence=evidence or Evidence(),
        usage=composed.usage,
        timings_ms={step: round(ms, 2) for step, ms in watch.all().items()},
    )


def _readable(question: Question) -> Question:
    """Without what cannot be encoded, and no longer than anybody writes."""
    history = tuple(replace(said, text=_readable_text(said.text)) for said in question.history)
    return replace(question, text=_readable_text(question.text), history=history)


def _readable_text(text: str) -> str:
    return text[:MAX_MESSAGE_CHARS].encode("utf-8", "replace").decode("utf-8")


def _language_code(language: str) -> str:
    """ISO 639-1 from what a browser or person gives ("sv-SE", "EN"); "" for what is no code."""
    code = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    code = {"no": "nb", "nn": "nb"}.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else ""
