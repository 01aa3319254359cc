"""A knowledge gap becomes a short answer and a test case, and its questions are asked again (GAP-1)."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.config.cases import case_path, load_cases
from custagent.config.new_case import add_case
from custagent.conversation.service import utterances
from custagent.core.agent import ShortAnswerSource
from custagent.core.answer import Answer, DecisionKind, Question, Reason
from custagent.core.errors import CustagentError, UsageError
from custagent.core.gap import Gap, GapKind, GapQuestion, GapStatus
from custagent.core.message import MessageKind, Sender
from custagent.core.people import Permission
from custagent.core.ports import Answerer
from custagent.knowledge.reading import Listener
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.gaps import GapDetail, show_gap
from custagent.runtime.content.sources import Place, add_places, sync

#: Decisions that rest on the content.
_FROM_CONTENT = frozenset({Reason.GROUNDED, Reason.SHORT_ANSWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """A question of the gap, and what the agent does with it now."""

    question: GapQuestion
    answer: Answer
    #: Whether it is answered now; of a gap of wrong answers: by a short answer.
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GapAnswered:
    """What became of a gap whose answer was written."""

    #: As it is now.
    gap: Gap
    #: What the short answer is written under.
    question: str
    #: Whether that question itself gets the answer: then there is a test case for it, and the gap is closed.
    works: bool
    #: Whether the test case was written just now; there may have been one.
    case_added: bool
    #: Those of which the words are left, in the order of `GapDetail.questions`.
    again: tuple[AskedAgain, ...]

    @property
    def answered(self) -> int:
        """How many of the questions are answered now."""
        return sum(one.answered for one in self.again)


def require_may_answer(app: Application) -> None:
    """Raises PermissionDenied: asked before somebody writes an answer for nothing."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)


def answer_gap(app: Application, number: int, text: str, listener: Listener, *, question: str = "") -> GapAnswered:
    """Write the short answer into the agent's file, put it into force, and ask again what the gap holds.

    `question` is what it is written under, the one that the gap is called by unless told otherwise. Nothing is changed
    unless the test cases can be read, and a gap whose question does not get the answer stays open. Raises UnknownName,
    PermissionDenied, UsageError, ConfigError.
    """
    require_may_answer(app)
    detail = show_gap(app, number)
    wanted = " ".join((question or detail.suggested_question).split())
    _refuse(app, detail, wanted, text)
    agent = detail.gap.agent
    place = Place(mapping={"short_answer": wanted, "answer": text.strip()})
    definition = add_places(app, agent, [place])
    for state in sync(app, definition, listener, only=[wanted]):
        if state.error:
            raise CustagentError(
                f"the short answer is in agents/{agent}.yaml, but could not be read: {state.error}",
                hint=f"custagent sources sync {agent}",
            )
    answerer = app.answerer(definition)
    works = _is_it(answerer.answer(Question(text=wanted)))
    added = works and add_case(
        app.home,
        agent,
        {"ask": wanted, "expect": DecisionKind.ANSWER.value, "reason": Reason.SHORT_ANSWER.value},
    )
    again = tuple(_ask_again(app, answerer, detail.gap.kind, one) for one in detail.questions if one.text)
    if works:
        entry = app.audit_entry("gaps answer", agent, before=detail.gap.status.value, after=f"gap {number}: answered")
        app.store.gaps.set_status(number, GapStatus.ANSWERED, app.clock.now(), audit=entry)
    return GapAnswered(gap=app.store.gaps.gap(number), question=wanted, works=works, case_added=added, again=again)


def _refuse(app: Application, detail: GapDetail, question: str, text: str) -> None:
    """What cannot become a short answer, told before anything is changed."""
    number, agent = detail.gap.id, detail.gap.agent
    if not question:
        raise UsageError(
            f"the words of gap {number} were erased, so there is no question to write an answer under",
            hint=f'Say which: custagent gaps answer {number} --question "…" --text "…"',
        )
    if not text.strip():
        raise UsageError("the answer has no words", hint=f'custagent gaps answer {number} --text "…"')
    if case_path(app.home, agent).is_file():
        load_cases(app.home, agent)
    for source in app.agent(agent).sources:
        # The same one was written by a command that was stopped on the way: it goes on from there.
        if isinstance(source, ShortAnswerSource) and source.short_answer == question and source.answer != text.strip():
            raise UsageError(
                f"{agent} has another short answer to {question!r} already",
                hint=f'Change it in agents/{agent}.yaml, or write another question with --question "…".',
            )


def _is_it(answer: Answer) -> bool:
    return answer.decision.kind is DecisionKind.ANSWER and answer.decision.reason is Reason.SHORT_ANSWER


def _ask_again(app: Application, answerer: Answerer, kind: GapKind, question: GapQuestion) -> AskedAgain:
    """As the contact asked it: with what had been said before it, on the same channel."""
    conversation = app.store.conversations.conversation(question.conversation)
    thread = [one for one in app.store.conversations.messages(question.conversation) if one.id < question.reply]
    while thread and (thread[-1].sender is Sender.CONTACT or thread[-1].kind is MessageKind.DISCLOSURE):
        thread.pop()
    answer = answerer.answer(
        Question(
            text=question.text,
            language=conversation.language if conversation else question.language,
            channel=question.channel,
            history=tuple(utterances(thread)),
        )
    )
    content = answer.decision.kind is DecisionKind.ANSWER and answer.decision.reason in _FROM_CONTENT
    answered = _is_it(answer) if kind is GapKind.WRONG else content
    return AskedAgain(question=question, answer=answer, answered=answered)
