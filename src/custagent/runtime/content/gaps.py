"""Knowledge gaps: found in the conversations when somebody asks for them, shown, put aside (GAP-1, GAP-2).

Nothing of it is in the way of a message, and nothing is lost while no runner runs: what was asked and how it ended stands
in the messages, and each look goes on behind the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custagent.answer.signals import topic_words
from custagent.config.agents import agent_names
from custagent.core.errors import UsageError
from custagent.core.gap import (
    AskedOnce,
    Gap,
    GapKind,
    GapQuestion,
    GapStatus,
    GroupedQuestion,
    LookedAt,
    NewQuestion,
    Placed,
)
from custagent.core.people import Permission
from custagent.evaluate.asked import answered_then, questions_in
from custagent.evaluate.grouping import SAME, Grouping, compared
from custagent.evaluate.likeness import Asked, Likeness
from custagent.runtime.bootstrap import Application

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Replies that are looked at in one go.
AT_ONCE = 500

#: Told how many questions have been read so far.
Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look into the conversations brought."""

    #: Questions that are in a gap now.
    new: int = 0
    #: Answered gaps that came open again.
    reopened: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapDetail:
    """A gap with all that somebody who answers it wants to know."""

    gap: Gap
    #: The one that it is called by first.
    questions: tuple[GapQuestion, ...]

    @property
    def draft(self) -> str:
        """What a person replied to one of them, the latest such reply; "" where nobody did."""
        latest = max((one for one in self.questions if one.replied), key=lambda one: one.reply, default=None)
        return latest.replied if latest else ""

    @property
    def suggested_question(self) -> str:
        """What a short answer would be written under: completed from its conversation, where it went on from there."""
        first = self.questions[0] if self.questions else None
        text = self.gap.topic if first is None or not first.text else first.text
        return " ".join(text.split())


def look_for_gaps(app: Application, agents: Sequence[str] | None = None, *, watch: Watch = lambda _: None) -> Found:
    """Bring the gaps of these agents, or of all, up to what has been asked by now. Raises IndexDamaged, EmbedderError."""
    found = [_Look(app, agent, watch).go() for agent in (agent_names(app.home) if agents is None else agents)]
    return Found(new=sum(one.new for one in found), reopened=tuple(gap for one in found for gap in one.reopened))


def show_gap(app: Application, number: int) -> GapDetail:
    """A gap and its questions. Raises UnknownName."""
    gap = app.store.gaps.gap(number)
    return GapDetail(gap=gap, questions=app.store.gap_questions.of(number))


def dismiss_gap(app: Application, number: int) -> Gap:
    """Nobody will write an answer: it is not listed any more. Raises UnknownName, PermissionDenied, UsageError."""
    return _set(app, number, GapStatus.DISMISSED, "gaps dismiss")


def reopen_gap(app: Application, number: int) -> Gap:
    """It is worth an answer after all, or its answer did not do. Raises UnknownName, PermissionDenied, UsageError."""
    return _set(app, number, GapStatus.OPEN, "gaps reopen")


def _set(app: Application, number: int, status: GapStatus, action: str) -> Gap:
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    gap = app.store.gaps.gap(number)
    if gap.status is status:
        raise UsageError(f"gap {number} is {status.value} already", hint=f"custagent gaps show {number}")
    entry = app.audit_entry(action, gap.agent, before=gap.status.value, after=f"gap {number}: {status.value}")
    app.store.gaps.set_status(number, status, app.clock.now(), audit=entry)
    return app.store.gaps.gap(number)


class _Look:
    """One look through an agent's conversations."""

    def __init__(self, app: Application, agent: str, watch: Watch) -> None:
        self._app = app
        self._agent = agent
        self._watch = watch
        self._read = 0
        self._new = 0
        self._reopened: list[int] = []
        self._centre: NDArray[np.float32] | None = None

    def go(self) -> Found:
        gaps = self._app.store.gaps
        gaps.withdraw(self._agent)
        until = gaps.read_until(self._agent)
        while looked := gaps.unread(self._agent, after=until, limit=AT_ONCE):
            until = looked[-1].reply
            self._put(GapKind.UNANSWERED, looked, until)
        self._put(GapKind.WRONG, gaps.judged_wrong(self._agent), until)
        return Found(new=self._new, reopened=tuple(self._reopened))

    def _put(self, kind: GapKind, looked: Sequence[LookedAt], until: int) -> None:
        """Group the questions of this kind in these replies."""
        then = {one.reply: answered_then(one) for one in looked}
        # Who refuses twice what was offered tells of the same question twice.
        asked = list(dict.fromkeys(one for reply in looked for one in questions_in(reply) if one.kind is kind))
        if not asked:
            if looked:
                self._app.store.gaps.put(self._agent, (), self._app.clock.now(), until=until)
            return
        earlier = [self._fresh(one) for one in self._app.store.gaps.grouped(self._agent, kind)]
        new = [self._embedded(one) for one in asked]
        likeness = Likeness([*compared(earlier), *compared(new)], self._centre_of_content())
        new = [one for one in new if not self._was_answered(likeness, one, then.get(one.asked.reply, ("", "")))]
        placed = Grouping(likeness=likeness, earlier=earlier).place(new)
        self._write(placed, until)

    def _write(self, placed: Sequence[Placed], until: int) -> None:
        self._reopened += self._app.store.gaps.put(self._agent, placed, self._app.clock.now(), until=until)
        self._new += len(placed)

    def _embedded(self, asked: AskedOnce) -> NewQuestion:
        embedder = self._app.embedder
        vector = embedder.embed_query(asked.searched)[0].astype("<f4").tobytes()
        self._read += 1
        self._watch(self._read)
        words = topic_words(asked.searched, asked.language)
        return NewQuestion(asked=asked, words=words, engine=embedder.name, vector=vector)

    def _was_answered(self, likeness: Likeness, question: NewQuestion, then: tuple[str, str]) -> bool:
        """Whether the contact put it in other words, and those were answered: then it did not end in a rephrase."""
        searched, language = then
        if not searched:
            return False
        vector = self._app.embedder.embed_query(searched)[0].astype("<f4").tobytes()
        answered = Asked(vector=vector, words=topic_words(searched, language))
        return bool(likeness.between(compared([question]), [answered])[0, 0] >= SAME)

    def _fresh(self, question: GroupedQuestion) -> GroupedQuestion:
        """With a vector of the engine of now, where the one that is kept cannot be compared with it."""
        embedder = self._app.embedder
        if question.engine in embedder.comparable:
            return question
        kept = self._app.store.gap_questions.of(question.gap)
        searched = next(one.searched for one in kept if (one.reply, one.part) == (question.reply, question.part))
        vector = embedder.embed_query(searched)[0].astype("<f4").tobytes()
        self._app.store.gaps.embedded_anew({(question.reply, question.part): vector}, embedder.name)
        return GroupedQuestion(
            reply=question.reply, part=question.part, gap=question.gap, words=question.words, engine=embedder.name,
            vector=vector,
        )  # fmt: skip

    def _centre_of_content(self) -> NDArray[np.float32]:
        if self._centre is None:
            from custagent.knowledge.index.centre import content_centre

            self._centre = content_centre(self._app.index_folder(self._agent), self._app.embedder)
        return self._centre
