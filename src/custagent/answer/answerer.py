"""The one way from a question to an answer: preview, test and live alike (ANS-1).

language -> triggers -> complete the question -> retrieve -> rank -> signals -> confidence -> decide -> compose
(-> verify)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from custagent.answer.compose import Composed, Composer, footnoted
from custagent.answer.deciding.confidence import confidence_of, is_underspecified
from custagent.answer.deciding.decide import Attempts, ask_again, attempts_in, decide, decide_early
from custagent.answer.deciding.evidence import evidence_of
from custagent.answer.deciding.followup import complete, goes_on, is_new_topic, said_before, stands_alone
from custagent.answer.deciding.ranking import Ranking, rank
from custagent.answer.deciding.reference import with_references
from custagent.answer.model.rewrite import Rewritten, rewrite
from custagent.answer.signals import Signals, read_signals, topic_words
from custagent.answer.together import Solved, parts_of, sum_of, surer, together
from custagent.answer.understanding.same_words import in_words_of_content
from custagent.answer.understanding.several import MAX_PARTS, OWN_TOPIC
from custagent.answer.understanding.triggers import Triggers, guarded
from custagent.answer.understanding.understanding import Asked, understand
from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.core.agent import AgentDefinition, Guardrail, ShortAnswerSource
from custagent.core.answer import Answer, Decision, DecisionKind, Part, Question, Reason, Utterance
from custagent.core.document import ScoredChunk
from custagent.core.ports import ChatModel, Clock, Retriever, Search
from custagent.core.workspace import Workspace
from custagent.language import words
from custagent.locales import Catalogue, nearest

#: How many passages are looked at: enough for ten distinct pages even where one page fills the top.
POOL = 100
#: A part that is handed over for these reasons takes the whole message along.
_FOR_PEOPLE = (Reason.FAILED, Reason.GUARDRAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentAnswerer:
    """An Answerer over one agent's content."""

    agent: AgentDefinition
    workspace: Workspace
    retriever: Retriever
    clock: Clock
    #: Writes the replies; without one they are taken word for word from the content.
    model: ChatModel | None = None
    #: Told each sentence of the model's reply to a single question as soon as it is checked; only a preview listens.
    said: Callable[[str], None] | None = None

    def answer(self, question: Question) -> Answer:
        """See the port."""
        watch = _Stopwatch()
        agent = self.agent.on_channel(question.channel)
        asked = understand(question, agent)
        attempts = attempts_in(asked.question.history)
        voice = voice_of(agent, self.workspace)
        wording = Wording(agent=agent, wanted=asked.language, voice=voice, history=asked.question.history)
        composer = Composer(agent=agent, workspace=self.workspace, wording=wording, model=self.model, said=self.said)
        turn = _Turn(agent=agent, composer=composer, attempts=attempts, watch=watch)
        early = decide_early(asked.triggers, agent, attempts)
        watch.lap("understand")
        each = self._answer_each(asked, turn) if asked.parts and (early is None or _is_closed(early)) else None
        if each:
            return each
        if early:
            evidence = evidence_of(asked.language, asked.triggers, thresholds=agent.confidence)
            return _answer(
                Solved(
                    question=asked.question.text,
                    decision=early,
                    composed=composer.without_content(early, asked.triggers),
                    evidence=evidence,
                ),
                watch,
            )
        solved = self._solve(asked, turn)
        return _answer(_with_note(solved, asked.question, wording), watch)

    def _answer_each(self, asked: Asked, turn: _Turn) -> Answer | None:
        """One reply to several questions; None where none of them is answered by itself."""
        # A part that is not answered is named, so that asking back about it does not count; what is sure is answered.
        composer = replace(turn.composer, parts=len(asked.parts[:MAX_PARTS]), said=None)
        used_up = Attempts(clarify=turn.agent.clarify_attempts)
        only_sure = replace(turn, attempts=used_up, composer=composer, may_forget=False)
        solved: list[Solved] = []
        said = asked.question.history
        for part in asked.parts[:MAX_PARTS]:
            question = replace(asked.question, text=part, history=said)
            names = len(topic_words(part, asked.language)) >= OWN_TOPIC
            if names and not goes_on(question, asked.language, self._catalogue(asked.language)):
                # What it is asked together with is no context, but another thing.
                question = replace(question, history=asked.question.history)
            solved.append(self._solve_part(replace(asked, question=question, parts=()), part, only_sure))
            if solved[-1].decision.kind is DecisionKind.HANDOFF and solved[-1].decision.reason in _FOR_PEOPLE:
                return _answer(solved[-1], turn.watch)
            said += (Utterance(role="contact", text=part),)
        unread = asked.parts[MAX_PARTS:]
        wording = turn.composer.wording
        sure = 0.0 if asked.picks else surer(turn.agent.confidence.answer)
        whole = together(solved, unread, wording, sure=sure)
        if whole is None:
            return None
        return _answer(_with_note(whole, asked.question, wording), turn.watch, parts=parts_of(solved, unread))

    def _solve_part(self, asked: Asked, part: str, turn: _Turn) -> Solved:
        """One of several questions, or of several options that were picked."""
        if asked.picks:
            return self._solve(replace(asked, chosen=part, triggers=Triggers()), turn)
        languages = (asked.language, turn.agent.default_language)
        if rail := guarded(part, turn.agent, languages):
            return _closed(asked, rail, turn)
        return self._solve(replace(asked, triggers=Triggers()), turn)

    def _solve(self, asked: Asked, turn: _Turn) -> Solved:
        """One question from the content."""
        search, rewriting = self._search_for(asked, turn)
        if isinstance(search, Guardrail):
            return _closed(asked, search, turn)
        ranking, signals = self._search(asked, search, turn.watch)
        attempts = turn.attempts
        own = replace(asked.question, text=search.text) if rewriting.text else asked.question
        if ranking.chunks and not asked.chosen:
            signals = with_references(signals, own, asked.language)
        if turn.may_forget and is_new_topic(own, asked.language, self._catalogue(asked.language)):
            attempts = self._forgotten(attempts, signals, turn.agent)
        decision = self._decide(asked, ranking, signals, replace(turn, attempts=attempts))
        turn.watch.lap("decide")
        composed = self._composed(asked, decision, ranking, turn)
        if composed.refused:
            decision = ask_again(Reason.NOTHING_FITS, turn.agent, attempts, confidence=0.0)
            composed = replace(self._composed(asked, decision, ranking, turn), usage=composed.usage)
        turn.watch.lap("compose")
        return Solved(
            question=asked.question.text,
            decision=composed.decision or decision,
            composed=replace(composed, usage=sum_of((rewriting.usage, composed.usage))),
            candidates=ranking.candidates,
            evidence=evidence_of(asked.language, asked.triggers, ranking, signals, thresholds=turn.agent.confidence),
        )

    def _composed(self, asked: Asked, decision: Decision, ranking: Ranking, turn: _Turn) -> Composed:
        if decision.reason is Reason.NO_QUESTION:
            return turn.composer.without_content(decision, asked.triggers)
        return turn.composer.with_content(decision, asked.question, ranking)

    def _catalogue(self, language: str) -> Catalogue:
        return nearest(language, self.agent.default_language)

    def _search_for(self, asked: Asked, turn: _Turn) -> tuple[Search | Guardrail, Rewritten]:
        """What to search for, or the closed topic that it would be, that of the message before perhaps."""
        language = asked.language
        rewriting = Rewritten()
        if self.model and not asked.chosen:
            rewriting = rewrite(asked.question, language, self.model)
            turn.watch.lap("rewrite")
        texts = self._catalogue(language)
        search = complete(asked.question, language, texts, chosen=asked.chosen)
        if rewriting.text:
            search = Search(text=rewriting.text, context=search.context, weight=search.weight)
        languages = (language, turn.agent.default_language)
        if rail := guarded(search.text, turn.agent, languages):
            if asked.chosen or rewriting.text or not stands_alone(asked.question.text, language, texts):
                return rail, rewriting
            return Search(text=asked.question.text), rewriting
        if search.context and guarded(search.context, turn.agent, languages):
            return Search(text=search.text), rewriting
        return search, rewriting

    def _search(self, asked: Asked, search: Search, watch: _Stopwatch) -> tuple[Ranking, Signals]:
        language = asked.language
        search = self._in_words_of_content(search, language)
        found = self.retriever.retrieve(search, limit=POOL)
        watch.add(found.timings_ms)
        valid = self._valid(found.chunks)
        ranking = _ranked(asked, search, valid, found.rarity)
        signals = read_signals(search.text, language, ranking.chunks, found.rarity)
        if confidence_of(signals) < self.agent.confidence.clarify:
            # What nothing in the contact's language answers may be answered in another (ANS-6).
            foreign = [one for one in valid if one.chunk.language != language]
            other = _ranked(asked, search, foreign, found.rarity)
            theirs = read_signals(search.text, language, (*other.chunks, *ranking.chunks), found.rarity)
            if foreign and confidence_of(theirs) >= self.agent.confidence.clarify:
                return other, theirs
        return ranking, signals

    def _in_words_of_content(self, search: Search, language: str) -> Search:
        def holding(text: str) -> Mapping[str, int]:
            return self.retriever.holding(text, language)

        text, context = (in_words_of_content(one, language, holding) for one in (search.text, search.context))
        return replace(search, text=text, context=context)

    def _forgotten(self, attempts: Attempts, signals: Signals, agent: AgentDefinition) -> Attempts:
        """What was tried for another topic does not count (ANS-2), where the content knows the new one.

        Where nothing fits it cannot be told from the old one in other words, which the agent has just asked for.
        """
        return Attempts() if confidence_of(signals) >= agent.confidence.clarify else attempts

    def _decide(self, asked: Asked, ranking: Ranking, signals: Signals, turn: _Turn) -> Decision:
        decision = decide(
            confidence_of(signals),
            topics=len(ranking.topics),
            ambiguous=ranking.ambiguous,
            underspecified=is_underspecified(signals),
            follows=said_before(asked.question, self._catalogue(asked.language)) is not None,
            agent=turn.agent,
            attempts=turn.attempts,
            chosen=bool(asked.chosen),
        )
        if asked.triggers.bare and decision.kind is not DecisionKind.HANDOFF and not _holds(ranking, asked.question):
            return ask_again(Reason.NO_QUESTION, turn.agent, turn.attempts, confidence=decision.confidence)
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
class _Turn:
    """What stays the same while one message is answered."""

    #: As it is on the message's channel.
    agent: AgentDefinition
    composer: Composer
    attempts: Attempts
    watch: _Stopwatch
    #: Whether a new topic begins afresh; one of several questions does not.
    may_forget: bool = True


class _Stopwatch:
    """Milliseconds by step."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started = self._last = clock()
        self.laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = self._clock()
        self.laps[step] = self.laps.get(step, 0.0) + (now - self._last) * 1000
        self._last = now

    def add(self, laps: Mapping[str, float]) -> None:
        """Go on from here: the time since the last lap is told by its own steps."""
        for step, ms in laps.items():
            self.laps[step] = self.laps.get(step, 0.0) + ms
        self._last = self._clock()

    def all(self) -> dict[str, float]:
        return {**self.laps, "total": (self._clock() - self._started) * 1000}


def _answer(solved: Solved, watch: _Stopwatch, *, parts: tuple[Part, ...] = ()) -> Answer:
    composed = solved.composed
    return Answer(
        decision=solved.decision,
        text=footnoted(composed),
        language=composed.language,
        citations=composed.citations,
        options=composed.options,
        parts=parts,
        candidates=solved.candidates,
        evidence=solved.evidence,
        usage=composed.usage,
        timings_ms={step: round(ms, 2) for step, ms in watch.all().items()},
    )


def _is_closed(early: Decision) -> bool:
    """Whether a topic is closed that has a text: the other questions of the message may still be answered."""
    return early.reason is Reason.GUARDRAIL and early.kind is DecisionKind.ANSWER


def _closed(asked: Asked, rail: Guardrail, turn: _Turn) -> Solved:
    """A question about a topic that is never answered, or that goes on from one."""
    triggers = Triggers(guardrail=rail)
    kind = DecisionKind.ANSWER if rail.message else DecisionKind.HANDOFF
    decision = Decision(kind=kind, reason=Reason.GUARDRAIL, confidence=1.0)
    return Solved(
        question=asked.question.text,
        decision=decision,
        composed=turn.composer.without_content(decision, triggers),
        evidence=evidence_of(asked.language, triggers, thresholds=turn.agent.confidence),
    )


def _holds(ranking: Ranking, question: Question) -> bool:
    """Whether the best passage has the number that is asked about: an error code, a part's number."""
    own = set(words(question.text, ""))
    return bool(ranking.chunks and own) and own <= set(words(ranking.chunks[0].chunk.indexed_text, ""))


def _ranked(
    asked: Asked, search: Search, found: Sequence[ScoredChunk], rarity: Mapping[str, Mapping[str, float]]
) -> Ranking:
    return rank(search.text, asked.language, found, rarity=rarity, context=search.context, chosen=asked.chosen)


def _with_note(solved: Solved, question: Question, wording: Wording) -> Solved:
    """The reply with the remark that the files which came along were not read; a person will read them."""
    if not question.attachments or solved.decision.kind is DecisionKind.HANDOFF:
        return solved
    text = f"{solved.composed.text}\n\n{wording.fixed('attachment_unread').text}"
    return replace(solved, composed=replace(solved.composed, text=text))
