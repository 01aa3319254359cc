"""The conversation service: a contact's messages in, the agent's turn out. It decides nothing about content: the
Answerer does; and it writes nothing: the store does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from custagent.conversation.credits import USUAL, charge_for
from custagent.conversation.evidence import evidence_text
from custagent.conversation.hours import opening_text
from custagent.conversation.rerouting import USER, queue_of
from custagent.conversation.routing import choose
from custagent.conversation.summary import summarise
from custagent.core.agent import AgentDefinition, Assignment, Handoff
from custagent.core.answer import Answer, Decision, DecisionKind, Question, Reason, Utterance
from custagent.core.conversation import Charge, Conversation, Event, Turn, transition
from custagent.core.message import Message, MessageKind, Sender
from custagent.core.ports import Answerer, Clock, Directory

_KINDS = {
    DecisionKind.ANSWER: MessageKind.ANSWER,
    DecisionKind.CLARIFY: MessageKind.CLARIFY,
    DecisionKind.REPHRASE: MessageKind.REPHRASE,
}
#: What the contact does not reply to: after "Did that help?" they still choose from what was offered before it.
_UNHEARD = frozenset({MessageKind.DISCLOSURE, MessageKind.FOLLOW_UP})
#: What the model of the conversation is told of earlier replies; greetings and notices say nothing about content.
_DECISIONS = {kind.value: decision for decision, kind in _KINDS.items()}
_REASONS = {reason.value: reason for reason in Reason}


def kind_of(decision: Decision) -> MessageKind:
    """What kind of message a decision makes: the kind tells whether it is charged (CRED-1)."""
    small_talk = decision.reason is Reason.SMALL_TALK
    return MessageKind.SMALL_TALK if small_talk else _KINDS.get(decision.kind, MessageKind.HANDOFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInForce:
    """An agent as it is live on a channel."""

    definition: AgentDefinition
    assignment: Assignment
    #: The applied version (CRE-6) and the index generation that it answers by (ANS-8).
    version: int
    generation: int
    answerer: Answerer
    #: It hands every conversation to people (ANS-2), because of `paused_for`: somebody paused it, or the channel is out.
    paused: bool = False
    paused_for: Reason = Reason.PAUSED


class Texts(Protocol):
    """The agents' fixed texts."""

    def __call__(self, agent: AgentDefinition, key: str, language: str) -> str:
        """The text of `messages:` called `key`, in `language` where there is one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationService:
    """Makes the agent's turns."""

    directory: Directory
    clock: Clock
    texts: Texts

    def reply(
        self,
        agent: AgentInForce,
        conversation: Conversation,
        thread: Sequence[Message],
        unhandled: Sequence[Message],
        *,
        charge: Charge = USUAL,
    ) -> Turn:
        """The agent's turn for `unhandled`, the contact's messages that wait; `thread` is all of the conversation.

        Messages that came while the agent was thinking are answered together: the contact meant one thing. `charge` is
        what the turn costs if a reply in it costs something. A paused agent thinks about nothing: it hands over at once
        (ANS-2).
        """
        earlier = _without(thread, unhandled)
        if agent.paused:
            return self._hand_off(
                agent, conversation, earlier, unhandled, _unthought(agent, conversation, agent.paused_for)
            )
        question = Question(
            text="\n".join(message.text for message in unhandled),
            language=conversation.language,
            channel=conversation.channel,
            history=tuple(utterances(earlier)),
            attachments=tuple(file for message in unhandled for file in message.attachments),
        )
        answer = agent.answerer.answer(question)
        if answer.decision.kind is DecisionKind.HANDOFF:
            return self._hand_off(agent, conversation, earlier, unhandled, answer)
        kind = kind_of(answer.decision)
        messages = [*self._disclosure(agent, conversation, earlier, answer.language)]
        messages.append(self._message(agent, conversation, kind, answer.text, answer))
        turn = self._turn(agent, conversation, messages, unhandled, answer, event=Event.AGENT_REPLIED)
        return replace(turn, charge=charge_for(messages, charge))

    def out_of_credits(
        self, agent: AgentInForce, conversation: Conversation, thread: Sequence[Message], unhandled: Sequence[Message]
    ) -> Turn:
        """The turn for messages that no credits are left for (CRED-3): handed over, or kept and told so. It is free."""
        unthought = _unthought(agent, conversation, Reason.OUT_OF_CREDITS)
        return self._hand_off(agent, conversation, _without(thread, unhandled), unhandled, unthought)

    def give_up(
        self,
        agent: AgentInForce | None,
        conversation: Conversation,
        thread: Sequence[Message],
        unhandled: Sequence[Message],
    ) -> Turn:
        """The turn for messages that cannot be answered: the agent failed, or there is none on the channel any more.

        An agent that failed hands over as its assignment says (ANS-2); without one, nobody can say anything, and the
        conversation waits for people.
        """
        if agent is not None:
            failed = _unthought(agent, conversation, Reason.FAILED)
            return self._hand_off(agent, conversation, _without(thread, unhandled), unhandled, failed)
        return Turn(
            conversation=conversation,
            status=transition(conversation.status, Event.HANDED_OFF),
            handled=tuple(message.id for message in unhandled),
            summary=summarise(thread, reason=Reason.FAILED, language=conversation.language),
            at=self.clock.now(),
        )

    def _hand_off(
        self,
        agent: AgentInForce,
        conversation: Conversation,
        earlier: Sequence[Message],
        unhandled: Sequence[Message],
        answer: Answer,
    ) -> Turn:
        """Give the conversation to people, or keep it, as the assignment says (HND-1, HND-2)."""
        handoff: Handoff = agent.assignment.handoff
        messages = [*self._disclosure(agent, conversation, earlier, answer.language)]
        if handoff.mode == "stay":
            out = answer.decision.reason is Reason.OUT_OF_CREDITS
            kind = MessageKind.OUT_OF_CREDITS if out else MessageKind.HANDOFF_UNAVAILABLE
            messages.append(self._notice(agent, conversation, kind, answer))
            return self._turn(agent, conversation, messages, unhandled, answer, event=Event.AGENT_REPLIED)
        available = self.directory.available(handoff.to)
        chosen = choose(available, language=answer.language, role=agent.definition.role)
        kind = MessageKind.HANDOFF if chosen else MessageKind.HANDOFF_UNAVAILABLE
        notice = self._notice(agent, conversation, kind, answer)
        messages.append(notice if chosen else self._with_hours(notice, handoff))
        assignee = f"{USER}{chosen.user.name}" if chosen else queue_of(handoff.to)
        turn = self._turn(agent, conversation, messages, unhandled, answer, event=Event.HANDED_OFF, assignee=assignee)
        told = summarise([*earlier, *unhandled], reason=answer.decision.reason, language=answer.language, answer=answer)
        return replace(turn, summary=told)

    def _with_hours(self, notice: Message, handoff: Handoff) -> Message:
        """ "Nobody is there", with when somebody is again, where that is a matter of working hours (HND-2)."""
        opens_at = self.directory.opens_at(handoff.to)
        if opens_at is None:
            return notice
        opening = opening_text(opens_at, self.clock.now(), language=notice.language)
        return replace(notice, text=f"{notice.text}\n\n{opening}")

    def _disclosure(
        self, agent: AgentInForce, conversation: Conversation, earlier: Sequence[Message], language: str
    ) -> Sequence[Message]:
        """That an AI answers: at first contact, and again when people gave the conversation back (ASG-4)."""
        for message in reversed(earlier):
            if message.kind is MessageKind.DISCLOSURE:
                return ()
            if message.sender is Sender.PERSON:
                break
        text = self.texts(agent.definition, "disclosure", language)
        return (self._plain(conversation, MessageKind.DISCLOSURE, text, language),)

    def _notice(self, agent: AgentInForce, conversation: Conversation, kind: MessageKind, answer: Answer) -> Message:
        text = self.texts(agent.definition, kind.value.replace("-", "_"), answer.language)
        return self._message(agent, conversation, kind, text, answer)

    def _plain(self, conversation: Conversation, kind: MessageKind, text: str, language: str) -> Message:
        return Message(
            conversation=conversation.id,
            sender=Sender.AGENT,
            kind=kind,
            text=text,
            language=language,
            at=self.clock.now(),
        )

    def _message(
        self, agent: AgentInForce, conversation: Conversation, kind: MessageKind, text: str, answer: Answer
    ) -> Message:
        """A reply with everything it rests on (ANS-8)."""
        return Message(
            conversation=conversation.id,
            sender=Sender.AGENT,
            kind=kind,
            text=text,
            language=answer.language,
            at=self.clock.now(),
            options=answer.options,
            citations=answer.citations,
            decision=answer.decision.kind.value,
            reason=answer.decision.reason.value,
            confidence=answer.decision.confidence,
            agent_version=agent.version,
            index_generation=agent.generation,
        )

    def _turn(
        self,
        agent: AgentInForce,
        conversation: Conversation,
        messages: Sequence[Message],
        unhandled: Sequence[Message],
        answer: Answer,
        *,
        event: Event,
        assignee: str = "",
    ) -> Turn:
        handled = tuple(message.id for message in unhandled)
        evidence = evidence_text(answer, handled)
        return Turn(
            conversation=conversation,
            status=transition(conversation.status, event),
            assignee=assignee,
            agent=agent.definition.name,
            language=answer.language,
            messages=tuple(replace(one, evidence=evidence) if one.decision else one for one in messages),
            handled=handled,
            at=self.clock.now(),
        )


def _without(thread: Sequence[Message], unhandled: Sequence[Message]) -> list[Message]:
    """What was said before the messages that wait."""
    waiting = {message.id for message in unhandled}
    return [message for message in thread if message.id not in waiting]


def _unthought(agent: AgentInForce, conversation: Conversation, reason: Reason) -> Answer:
    """The handoff that is decided without looking at what was asked."""
    return Answer(
        decision=Decision(kind=DecisionKind.HANDOFF, reason=reason, confidence=0.0),
        text="",
        language=conversation.language or conversation.contact.language or agent.definition.default_language,
    )


def utterances(messages: Sequence[Message]) -> list[Utterance]:
    """The conversation as the answerer sees it; people's replies count as the company's."""
    said: list[Utterance] = []
    for message in messages:
        if message.sender is Sender.CONTACT:
            said.append(Utterance(role="contact", text=message.text))
        elif message.kind not in _UNHEARD:
            decision = _DECISIONS.get(message.decision)
            reason = _REASONS.get(message.reason) if decision else None
            said.append(
                Utterance(role="agent", text=message.text, decision=decision, options=message.options, reason=reason)
            )
    return said
