"""What a person is told who takes a conversation over, in lines (HND-4)."""

from __future__ import annotations

from collections.abc import Iterator

from custagent.cli.render import counted, visible
from custagent.conversation.summary import open_question_line, request_line
from custagent.core.handoff import HandoffSummary, Recap
from custagent.runtime.inbox.conversations import ConversationRecord
from custagent.runtime.inbox.reasons import reason_in_words


def handoff_facts(record: ConversationRecord) -> Iterator[tuple[str, str]]:
    """(label, what is told) of the last handoff; nothing for a conversation that never was one's."""
    if not record.handoffs:
        return
    last = record.handoffs[-1]
    summary = last.summary
    why = reason_in_words(summary.reason) or "the agent was taken off the channel"
    yield "Handed over", f"{last.at:%Y-%m-%d %H:%M}: {why}"
    yield from _by_model(last.recap) if last.recap else _without_model(record, summary)
    yield "Tried", _tried(summary)


def _by_model(recap: Recap) -> Iterator[tuple[str, str]]:
    for label, lines in (("Asked", recap.request), ("Told", recap.tried), ("Still open", recap.still_open)):
        if lines:
            yield label, visible(" ".join(lines))
    yield "Summary", f"written by {visible(recap.model)}, checked against the conversation"


def _without_model(record: ConversationRecord, summary: HandoffSummary) -> Iterator[tuple[str, str]]:
    if request := request_line(summary, record.messages):
        yield "Asked", visible(request)
    still_open = open_question_line(summary, record.messages)
    if still_open and still_open != request:
        yield "Still open", visible(still_open)


def _tried(summary: HandoffSummary) -> str:
    """What the agent did, and the pages it looked at with how sure it was of them."""
    told = [counted(summary.answers, "answer"), counted(summary.questions_back, "question back")]
    if summary.questions_back != 1:
        told[1] = f"{summary.questions_back} questions back"
    pages = [
        f"{visible(one.title or one.location)} ({'not judged' if one.confidence is None else f'{one.confidence:.0%}'})"
        for one in summary.tried
    ]
    return "; ".join([", ".join(told), *pages])
