"""Why a reply came out as it did: from what was kept with it, whatever has become of the content since (ANS-3, ANS-8)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from custagent.conversation.evidence import evidence_object
from custagent.core.answer import Answer, DecisionKind
from custagent.core.document import Citation
from custagent.core.errors import UnknownName, UsageError
from custagent.core.message import Message, Sender
from custagent.runtime.bootstrap import Application

_LIST_HINT = "See the messages' numbers with: custagent conversations show CONVERSATION"


class Now(StrEnum):
    """What has become of a passage since it was used."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that was looked at."""

    title: str
    heading: str
    #: A URL, or a path inside the workspace, with the part of it that the passage is.
    link: str
    text: str
    score: float
    cosine: float
    lexical: float
    #: The pieces of its text that were quoted, as (begin, end), in order; none where the reply does not rest on it.
    quoted: tuple[tuple[int, int], ...] = ()
    #: None in a preview, which looks at the content of now, and for replies of older versions.
    now: Now | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """One decision with what it rests on."""

    #: Of one of several questions: its words; "" where the message was one question.
    question: str = ""
    decision: str
    reason: str
    confidence: float | None
    #: What was searched for, "" when the content was not asked.
    searched: str = ""
    #: ISO 639-1 code that the message was taken to be in.
    language: str = ""
    triggers: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    #: As `core.answer.Reckoning`; None when the content was not asked, and for replies of older versions.
    reckoning: Mapping[str, Any] | None = None
    passages: tuple[Passage, ...] = ()

    @property
    def reckoned(self) -> float | None:
        """The confidence that the kept signals give by the kept reckoning; None without one."""
        if self.reckoning is None:
            return None
        odds = self.reckoning["base"] + math.fsum(self.reckoning["parts"].values())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reply, and all that it rests on."""

    #: The reply's id; 0 in a preview, which keeps nothing.
    message: int = 0
    conversation: str = ""
    channel: str = ""
    at: datetime | None = None
    #: What the contact had said, and this is the reply to.
    asked: tuple[str, ...]
    text: str
    language: str
    options: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    reasoning: Reasoning
    #: Where the message asked several things, the reasoning of each.
    parts: tuple[Reasoning, ...] = ()
    agent: str
    #: 0 where none is known; the version that is live now, 0 when there is none.
    agent_version: int = 0
    live_version: int = 0
    index_generation: int = 0
    usage: Mapping[str, Any] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    #: Credits that its conversation has cost so far.
    credits: int = 0


def explain_answer(answer: Answer, question: str, *, agent: str) -> Explanation:
    """The explanation of an answer that was just made, in a preview: nothing of it is kept (PRE-2)."""
    kept = evidence_object(answer)
    quotes = [citation.quote for citation in answer.citations]
    decision = answer.decision
    decided = {"decision": decision.kind.value, "reason": decision.reason.value, "confidence": decision.confidence}
    return Explanation(
        asked=(question,),
        text=answer.text,
        language=answer.language,
        options=answer.options,
        citations=answer.citations,
        reasoning=_reasoning({**kept, **decided}, quotes),
        parts=_parts(kept, quotes),
        agent=agent,
        usage=kept["usage"],
        timings_ms=kept["timings_ms"],
    )


def explain_message(app: Application, number: int) -> Explanation:
    """The explanation of a kept reply; for a message of the contact, of the reply to it.

    Raises UnknownName, UsageError for a message that nothing was decided about.
    """
    found = app.store.conversations.message(number)
    if found is None:
        raise UnknownName(f"there is no message {number}", hint=_LIST_HINT)
    thread = app.store.conversations.messages(found.conversation)
    reply = _reply_to(thread, found) if found.sender is Sender.CONTACT else found
    if reply.sender is Sender.PERSON:
        raise UsageError(
            f"message {number} was written by {reply.author or 'a person'}: people's replies are not explained",
            hint=f"The agent's replies: custagent explain {reply.conversation}",
        )
    if not reply.decision:
        raise UsageError(
            f"message {number} is a fixed text ({reply.kind.value}): nothing was decided for it",
            hint=f"The agent's replies: custagent explain {reply.conversation}",
        )
    return _kept_explanation(app, reply, thread)


def explain_conversation(app: Application, conversation: str) -> Sequence[Explanation]:
    """The explanation of each reply of the agent in the conversation, in order. Raises UnknownName."""
    if app.store.conversations.conversation(conversation) is None:
        raise UnknownName(
            f"there is no conversation {conversation!r}", hint="See the latest with: custagent conversations list"
        )
    thread = app.store.conversations.messages(conversation)
    return [_kept_explanation(app, message, thread) for message in thread if message.decision]


def _reply_to(thread: Sequence[Message], asked: Message) -> Message:
    """The agent's reply that a contact's message led to. Raises UsageError when there is none."""
    for message in thread:
        if message.id > asked.id and message.decision and asked.id in _asked_ids(message, thread):
            return message
    raise UsageError(
        f"message {asked.id} is the contact's, and the agent has not replied to it",
        hint=f"See what became of it: custagent conversations show {asked.conversation}",
    )


def _kept_explanation(app: Application, reply: Message, thread: Sequence[Message]) -> Explanation:
    conversation = app.store.conversations.conversation(reply.conversation)
    agent = conversation.agent if conversation else ""
    live = app.store.versions.live().get(agent)
    kept = _evidence_of(reply)
    quotes = [citation.quote for citation in reply.citations]
    fates = _Fates(app, agent)
    asked = _asked_ids(reply, thread)
    decided = {"decision": reply.decision, "reason": reply.reason, "confidence": reply.confidence}
    charged = sum(entry.amount for entry in app.store.ledger.entries_of(reply.conversation))
    return Explanation(
        message=reply.id,
        conversation=reply.conversation,
        channel=conversation.channel if conversation else "",
        at=reply.at,
        asked=tuple(message.text for message in thread if message.id in asked),
        text=reply.text,
        language=reply.language,
        options=reply.options,
        citations=reply.citations,
        reasoning=_reasoning({**kept, **decided}, quotes, fates),
        parts=_parts(kept, quotes, fates),
        agent=agent,
        agent_version=reply.agent_version,
        live_version=live.version if live else 0,
        index_generation=reply.index_generation,
        usage=kept.get("usage", {}),
        timings_ms=kept.get("timings_ms", {}),
        credits=-charged,
    )


def _evidence_of(reply: Message) -> dict[str, Any]:
    """What was kept; nothing for imported replies, and after the contact's texts were erased (CONV-3)."""
    kept = json.loads(reply.evidence) if reply.evidence else {}
    return kept if isinstance(kept, dict) else {}


def _asked_ids(reply: Message, thread: Sequence[Message]) -> frozenset[int]:
    """The contact's messages that it replies to; as older versions did not note them, those since the reply before."""
    noted = _evidence_of(reply).get("asked")
    if noted:
        return frozenset(noted)
    found: list[int] = []
    for message in reversed([one for one in thread if one.id < reply.id]):
        if message.sender is Sender.CONTACT:
            found.append(message.id)
        elif found:
            break
    return frozenset(found)


def _parts(kept: Mapping[str, Any], quotes: Sequence[str], fates: _Fates | None = None) -> tuple[Reasoning, ...]:
    return tuple(_reasoning(part, quotes, fates) for part in kept.get("parts", ()))


def _reasoning(kept: Mapping[str, Any], quotes: Sequence[str], fates: _Fates | None = None) -> Reasoning:
    # Who asks back quotes nothing.
    said = quotes if kept["decision"] == DecisionKind.ANSWER else ()
    return Reasoning(
        question=kept.get("question", ""),
        decision=kept["decision"],
        reason=kept["reason"],
        confidence=kept["confidence"],
        searched=kept.get("searched", ""),
        language=kept.get("language", ""),
        triggers=kept.get("triggers", {}),
        signals=kept.get("signals", {}),
        reckoning=kept.get("reckoning"),
        passages=tuple(_passage(one, said, fates) for one in kept.get("passages", ())),
    )


def _passage(kept: Mapping[str, Any], quotes: Sequence[str], fates: _Fates | None) -> Passage:
    part = f"page={kept['page']}" if kept["page"] is not None else kept["anchor"]
    return Passage(
        title=kept["title"],
        heading=kept["heading"],
        link=f"{kept['location']}#{part}" if part else kept["location"],
        text=kept["text"],
        score=kept["score"],
        cosine=kept["cosine"],
        lexical=kept["lexical"],
        quoted=quoted_pieces(kept["text"], quotes),
        now=fates.of(kept) if fates else None,
    )


def quoted_pieces(text: str, quotes: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the text was quoted, as (begin, end), in order and apart.

    A quote that leaves something out of the passage is found line by line.
    """
    found: list[tuple[int, int]] = []
    for quote in quotes:
        whole = text.find(quote.strip())
        lines = [quote.strip()] if whole >= 0 else [line.strip() for line in quote.splitlines()]
        for line in filter(None, lines):
            at = text.find(line)
            if at >= 0:
                found.append((at, at + len(line)))
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


class _Fates:
    """What has become of passages since they were used; each page is looked up once."""

    def __init__(self, app: Application, agent: str) -> None:
        self._documents = app.store.documents
        self._agent = agent
        self._pages: dict[str, str | None] = {}

    def of(self, kept: Mapping[str, Any]) -> Now | None:
        if "id" not in kept:
            return None
        if kept["id"] in self._documents.chunks(self._agent, [kept["id"]]):
            return Now.UNCHANGED
        held = self._page(kept["location"])
        if held is None:
            return Now.GONE
        return Now.UNCHANGED if kept["text"] in held else Now.CHANGED

    def _page(self, location: str) -> str | None:
        """The text of the page as it is now, if the agent still answers from it."""
        if location not in self._pages:
            held = [chunk.text for chunk in self._documents.chunks_of(self._agent) if chunk.location == location]
            self._pages[location] = "\n".join(held) if held else None
        return self._pages[location]
