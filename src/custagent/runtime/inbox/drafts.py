"""What the agent would say where a person replies: when asked, or at once where it only suggests (ASG-5)."""

from __future__ import annotations

from collections.abc import Sequence

from custagent.conversation.service import utterances
from custagent.core.agent import AgentDefinition
from custagent.core.answer import Answer, Question
from custagent.core.message import Message, Sender
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.handover import live_assignments
from custagent.runtime.inbox.conversations import ConversationRecord


def draft(app: Application, agent: AgentDefinition, record: ConversationRecord) -> Answer | None:
    """The agent's reply to the contact's last words, free and unsent; None when a person has replied to them."""
    asked = _unanswered(record.messages)
    if not asked:
        return None
    before = [one for one in record.messages if one.id < asked[0].id]
    return app.answerer(agent).answer(
        Question(
            text="\n".join(one.text for one in asked),
            language=record.conversation.language,
            channel=record.conversation.channel,
            history=tuple(utterances(before)),
        )
    )


def wants_draft(app: Application, record: ConversationRecord) -> bool:
    """Whether the agent on the channel only suggests, and the contact waits for a reply."""
    live = live_assignments(app).get(record.conversation.channel)
    return live is not None and live.assignment.mode == "suggest" and bool(_unanswered(record.messages))


def _unanswered(messages: Sequence[Message]) -> list[Message]:
    """What the contact has said since a person did, oldest first."""
    last = max((one.id for one in messages if one.sender is Sender.PERSON), default=0)
    return [one for one in messages if one.sender is Sender.CONTACT and one.id > last]
