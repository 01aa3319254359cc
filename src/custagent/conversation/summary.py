"""The conversation in short, for the person who takes it over (HND-4). Pure, and without a model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custagent.core.answer import Answer, Reason
from custagent.core.handoff import HandoffSummary, TriedSource
from custagent.core.message import Message, MessageKind, Sender

#: So many pages are told: more is a search of one's own.
MOST_TRIED = 5
#: Letters of the request that are told on its line.
LONGEST_REQUEST = 300
#: What contacts say to get a person says nothing about what they need one for.
_WANTS_PERSON = frozenset({Reason.ASKED_FOR_PERSON.value, Reason.HANDOFF_PHRASE.value, Reason.ANGRY.value})
_ASKED_BACK = frozenset({MessageKind.CLARIFY, MessageKind.REPHRASE})
#: What the agent says beside its reply.
_BESIDE = frozenset({MessageKind.GREETING, MessageKind.DISCLOSURE, MessageKind.FOLLOW_UP, MessageKind.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The contact's messages that one reply dealt with."""

    messages: tuple[int, ...]
    #: The reply's; None for what nobody replied to.
    kind: MessageKind | None
    reason: str

    @property
    def small_talk(self) -> bool:
        return self.kind is MessageKind.SMALL_TALK

    @property
    def wants_person(self) -> bool:
        return self.reason in _WANTS_PERSON


def summarise(
    thread: Sequence[Message], *, reason: Reason | None, language: str, answer: Answer | None = None
) -> HandoffSummary:
    """What is told of a conversation as people get it; `thread` is all of it, what nobody replied to at its end.

    `answer` is the decision to hand over, with what it rests on; without one nobody thought about the last messages.
    """
    why = reason.value if reason else ""
    groups = list(_groups(thread, why))
    said = [group for group in groups if not group.small_talk]
    asked = [group for group in said if not group.wants_person] or said
    gave_up = bool(said) and said[-1].wants_person
    # Whoever asks for a person after an answer was not helped by it.
    still_open = asked[-1:] if gave_up else [one for one in asked[-1:] if one.kind is not MessageKind.ANSWER]
    return HandoffSummary(
        reason=why,
        language=language,
        asked=tuple(number for group in asked for number in group.messages),
        open_question=still_open[0].messages[-1] if still_open else 0,
        answers=sum(one.kind is MessageKind.ANSWER for one in thread),
        questions_back=sum(one.kind in _ASKED_BACK for one in thread),
        tried=tuple(_tried(thread, answer))[:MOST_TRIED],
    )


def request_line(summary: HandoffSummary, messages: Sequence[Message]) -> str:
    """What the contact asked, on one line: as much as there is room for, the last of it if need be."""
    return _one_line(message.text for message in messages if message.id in summary.asked)


def open_question_line(summary: HandoffSummary, messages: Sequence[Message]) -> str:
    """The question that is still open, on one line; "" when none is."""
    return _one_line(message.text for message in messages if message.id == summary.open_question)


def _one_line(texts: Iterator[str]) -> str:
    line = " / ".join(dict.fromkeys(" ".join(text.split()) for text in texts))
    return line if len(line) <= LONGEST_REQUEST else f"… {line[-LONGEST_REQUEST:].partition(' ')[2]}"


def _groups(thread: Sequence[Message], reason: str) -> Iterator[_Asked]:
    waiting: list[int] = []
    for message in thread:
        if message.sender is Sender.CONTACT:
            waiting.append(message.id)
        elif waiting and message.kind not in _BESIDE:
            yield _Asked(messages=tuple(waiting), kind=message.kind, reason=message.reason)
            waiting = []
    if waiting:
        yield _Asked(messages=tuple(waiting), kind=None, reason=reason)


def _tried(thread: Sequence[Message], answer: Answer | None) -> list[TriedSource]:
    """Each page once, with the best that was thought of it; best first."""
    found: dict[str, tuple[float, float, TriedSource]] = {}
    for location, title, score, confidence in [*_kept(thread), *_fresh(answer)]:
        tried = TriedSource(title=title, location=location, confidence=confidence)
        rank = (confidence if confidence is not None else -1.0, score)
        if location not in found or rank > found[location][:2]:
            found[location] = (*rank, tried)
    return [tried for _, _, tried in sorted(found.values(), key=lambda one: (-one[0], -one[1], one[2].location))]


def _kept(thread: Sequence[Message]) -> Iterator[tuple[str, str, float, float | None]]:
    for message in thread:
        evidence: Mapping[str, Any] = json.loads(message.evidence) if message.evidence else {}
        for passage in evidence.get("passages", ()):
            yield passage["location"], passage["title"], passage["score"], message.confidence


def _fresh(answer: Answer | None) -> Iterator[tuple[str, str, float, float | None]]:
    for scored in answer.evidence.chunks if answer else ():
        yield scored.chunk.location, scored.chunk.title, scored.score, answer.decision.confidence if answer else None
