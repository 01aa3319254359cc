"""Looking at conversations: what was said, what became of it, and what it cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from custagent.core.conversation import Conversation, Status
from custagent.core.credit import CreditEntry
from custagent.core.errors import UnknownName, UsageError
from custagent.core.handoff import HandoffRecord
from custagent.core.message import DeliveryStatus, Message, Verdict
from custagent.core.written import seconds
from custagent.runtime.bootstrap import Application
from custagent.store.conversations.search import NOBODY, Filter, Hit

_EVERY = Filter()
_LENGTH = re.compile(r"[1-9][0-9]{0,5}[smhd]")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRecord:
    """One conversation with everything that is kept of it."""

    conversation: Conversation
    messages: tuple[Message, ...]
    #: How far each reply has come, by its message's id.
    deliveries: Mapping[int, DeliveryStatus]
    #: The entries of the ledger that belong to it.
    credit_entries: tuple[CreditEntry, ...]
    #: What the contact thinks of the replies that they judged, by message id.
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    #: When it wakes by itself, while it is snoozed.
    snoozed_until: datetime | None = None
    #: What people were told each time they got it, oldest first (HND-4).
    handoffs: tuple[HandoffRecord, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every field of the values; a message's evidence as an object, its `delivery`, None for what came in, and
        `feedback`, None for what was not judged.
        """
        messages = [
            {
                **_fields(message),
                "evidence": json.loads(message.evidence) if message.evidence else None,
                "delivery": self.deliveries.get(message.id),
                "feedback": self.verdicts.get(message.id),
            }
            for message in self.messages
        ]
        return {
            **_fields(self.conversation),
            "snoozed_until": self.snoozed_until,
            "messages": messages,
            "handoffs": self.handoffs,
            "credit_entries": self.credit_entries,
        }


def find_conversation(app: Application, conversation: str) -> ConversationRecord:
    """The conversation of this id. Raises UnknownName."""
    found = app.store.conversations.conversation(conversation)
    if found is None:
        raise _unknown(conversation)
    return ConversationRecord(
        conversation=found,
        messages=tuple(app.store.conversations.messages(conversation)),
        deliveries=app.store.outbox.statuses(conversation),
        credit_entries=app.store.ledger.entries_of(conversation),
        verdicts=app.store.feedback.verdicts(conversation),
        snoozed_until=app.store.timers.snoozed_until(conversation),
        handoffs=app.store.handoffs.records(conversation),
    )


def read_filter(
    app: Application,
    *,
    status: Status | None = None,
    channel: str = "",
    agent: str = "",
    language: str = "",
    assignee: str = "",
    contact: str = "",
    since: str = "",
    until: str = "",
) -> Filter:
    """Which conversations are meant, as people say it.

    `assignee` is "user:NAME", "team:NAME", a bare name or "nobody"; `since` and `until` are a day, a day with a time
    (UTC), or a length of time before now, such as 7d. Raises UsageError.
    """
    return Filter(
        status=status,
        channel=channel,
        agent=agent,
        language=language,
        assignee=_assignee(app, assignee),
        contact=contact,
        since=read_moment(app, since, end=False) if since else None,
        until=read_moment(app, until, end=True) if until else None,
    )


def read_conversation(app: Application, conversation: str) -> ConversationRecord:
    """The same for a person who looks at it, which is written down (CRE-3). Raises UnknownName."""
    record = find_conversation(app, conversation)
    note_reading(app, conversation)
    return record


def note_reading(app: Application, conversation: str) -> None:
    """Write down that somebody looked into a conversation."""
    app.store.audit.record(app.audit_entry("conversation read", conversation))


def list_conversations(
    app: Application, wanted: Filter = _EVERY, *, limit: int, before: str = ""
) -> Sequence[Conversation]:
    """Those in which something was said last come first; `before` goes on after the last one of a page.

    Raises UnknownName when there is no conversation `before`.
    """
    _require_known(app, before)
    return app.store.search.list(wanted, limit=limit, before=before)


def search_conversations(
    app: Application,
    words: str,
    wanted: Filter = _EVERY,
    *,
    limit: int,
    before: str = "",
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Sequence[Hit]:
    """Conversations with a message that holds all the words, in the order of `list_conversations`.

    What was said since the last search is noted first; `progress` hears (messages noted, to note). Raises UsageError
    when there is no word to look for, UnknownName.
    """
    if not any(letter.isalnum() for letter in words):
        raise UsageError("there is no word to look for", hint="For example: custagent conversations search refund")
    _require_known(app, before)
    app.store.search.note_words(progress)
    hits = app.store.search.find(words, wanted, limit=limit, before=before)
    # How much was seen, and never what was looked for: it may be somebody's name.
    app.store.audit.record(app.audit_entry("conversations search", "conversations", after=f"{len(hits)} found"))
    return hits


def _require_known(app: Application, conversation: str) -> None:
    if conversation and app.store.conversations.conversation(conversation) is None:
        raise _unknown(conversation)


def _unknown(conversation: str) -> UnknownName:
    return UnknownName(
        f"there is no conversation {conversation!r}", hint="See the latest with: custagent conversations list"
    )


def _assignee(app: Application, said: str) -> str:
    if not said or said == NOBODY or ":" in said:
        return said
    teams = {team.name for team in app.workspace.teams}
    users = {user.name for user in app.workspace.users}
    return f"team:{said}" if said in teams - users else f"user:{said}"


def read_moment(app: Application, said: str, *, end: bool) -> datetime:
    """The moment that is meant; of a whole day its beginning, or with `end` the beginning of the next."""
    if _LENGTH.fullmatch(said):
        return app.clock.now() - timedelta(seconds=seconds(said))
    return _moment(said, end=end)


def _moment(said: str, *, end: bool) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise UsageError(
            f"{said!r} is no time",
            hint="Write a day as 2026-11-18, a time as 2026-11-18T12:30 (UTC), or 7d for a week ago.",
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1) if end and _DAY.fullmatch(said) else moment


def read_later(now: datetime, said: str) -> datetime:
    """The moment to come that is meant: a day, a day with a time (UTC), or a length of time from `now`.

    Raises UsageError.
    """
    if _LENGTH.fullmatch(said):
        return now + timedelta(seconds=seconds(said))
    return _moment(said, end=False)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
