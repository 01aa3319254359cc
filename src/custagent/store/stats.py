"""Conversations and credits, counted for figures (STAT-1). No text is read, so erased contacts count on."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.core.conversation import IMPORTED, Outcome, Status
from custagent.core.credit import CreditKind
from custagent.core.message import CHARGED_KINDS, MessageKind
from custagent.core.stats import GAVE_AWAY, TOOK_PART, ConversationFacts, LedgerFacts
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text


def _listed(kinds: Iterable[MessageKind]) -> str:
    return ", ".join(f"'{kind.value}'" for kind in sorted(kinds))


_ARRIVED = "outbox.status NOT IN ('failed', 'dropped')"
_AGENTS = f"messages.sender = 'agent' AND {_ARRIVED}"
_REPLY = f"{_AGENTS} AND messages.kind IN ({_listed(CHARGED_KINDS)})"
_PART = f"{_AGENTS} AND messages.kind IN ({_listed(TOOK_PART)})"
_SPOKEN = f"{_AGENTS} AND messages.kind IN ({_listed(TOOK_PART | {MessageKind.SMALL_TALK})})"
_GIVEN_AWAY = f"messages.sender = 'agent' AND messages.kind IN ({_listed(GAVE_AWAY)})"
#: When it went out, as far as the channel tells; else when it was written.
_OUT_AT = "coalesce(nullif(outbox.sent_at, ''), messages.at)"
#: Digits in front of a reason, so that the smallest is the first one said.
_DIGITS = 19
_SAID = (
    f"sum({_REPLY}), max(iif({_PART}, messages.id, 0)),"
    f" max(iif({_AGENTS} AND messages.kind = 'answer', messages.id, 0)), max({_GIVEN_AWAY}),"
    f" min(iif({_GIVEN_AWAY}, printf('%0{_DIGITS}d', messages.id) || messages.reason, NULL)),"
    " max(messages.sender = 'person'), min(iif(messages.sender = 'contact', messages.at, NULL)),"
    f" min(iif({_SPOKEN}, {_OUT_AT}, NULL)),"
    # What a person wrote past us has no row in the outbox.
    f" min(iif(messages.sender = 'person' AND coalesce({_ARRIVED}, 1), {_OUT_AT}, NULL))"
)
_WITH_PEOPLE = frozenset({Status.OPEN.value, Status.SNOOZED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which conversations are counted: those that began from `since` on and before `until`; imports never are."""

    since: datetime
    until: datetime
    #: Only those that this agent has or had, or on this channel; "" for all.
    agent: str = ""
    channel: str = ""


class Stats:
    """What figures are reckoned from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def facts(self, span: Span) -> tuple[tuple[ConversationFacts, ...], LedgerFacts]:
        """The conversations of the span, in no order, and the ledger's entries written in it; of one moment."""
        return self._database.read(lambda connection: (_conversations(connection, span), _ledger(connection, span)))

    def agents(self) -> Collection[str]:
        """The agents that ever had a conversation, those that were deleted since included."""
        return self._names("agent")

    def channels(self) -> Collection[str]:
        """The channels that there ever was a conversation on, imports left out."""
        return self._names("channel")

    def _names(self, column: str) -> Collection[str]:
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT DISTINCT {column} FROM conversations WHERE instr(channel, ?) <> 1 AND {column} <> ''"  # noqa: S608 - constants of this file
                f" ORDER BY {column}",
                (IMPORTED,),
            ).fetchall()
        )
        return tuple(name for (name,) in rows)


def _conversations(connection: sqlite3.Connection, span: Span) -> tuple[ConversationFacts, ...]:
    where, values = _condition(span)

    def by_conversation(columns: str, tables: str) -> dict[str, tuple[Any, ...]]:
        rows = connection.execute(
            f"SELECT conversations.id, {columns} FROM conversations {tables} WHERE {where} GROUP BY conversations.id",  # noqa: S608 - constants of this file
            values,
        )
        return {row[0]: row[1:] for row in rows}

    of_table = "JOIN {0} ON {0}.conversation = conversations.id"
    said = by_conversation(_SAID, f"{of_table.format('messages')} LEFT JOIN outbox ON outbox.message = messages.id")
    told = by_conversation("min(handoffs.at)", of_table.format("handoffs"))
    judged = by_conversation("sum(verdict = 'up'), sum(verdict = 'down')", of_table.format("feedback"))
    wrong = by_conversation("sum(verdict = 'down')", of_table.format("judgements"))
    paid = by_conversation(
        "sum(iif(kind = 'charge', -amount, 0)), sum(iif(kind = 'reversal', amount, 0))",
        of_table.format("credit_entries"),
    )
    rows = connection.execute(
        "SELECT id, agent, channel, language, opened_at, last_message_at, status, closed_from, outcome"  # noqa: S608 - constants of this file
        f" FROM conversations WHERE {where}",
        values,
    )
    nothing = (0, 0, 0, 0, None, 0, None, None, None)
    return tuple(
        _facts(
            row,
            said.get(row[0], nothing),
            told.get(row[0], (None,))[0],
            (*judged.get(row[0], (0, 0)), *wrong.get(row[0], (0,)), *paid.get(row[0], (0, 0))),
        )
        for row in rows
    )


def _facts(
    row: tuple[Any, ...], said: tuple[Any, ...], told_at: str | None, counts: tuple[int, ...]
) -> ConversationFacts:
    conversation, agent, channel, language, opened_at, last_message_at, status, closed_from, outcome = row
    replies, last_part, last_answer, gave_away, reason, person, wrote_at, agent_at, person_at = said
    ups, downs, wrong, charged, given_back = counts
    had_people = status in _WITH_PEOPLE or closed_from in _WITH_PEOPLE or outcome == Outcome.PERSON.value
    return ConversationFacts(
        conversation=conversation,
        agent=agent,
        channel=channel,
        language=language,
        opened_at=from_text(opened_at),
        last_message_at=from_text(last_message_at),
        status=Status(status),
        outcome=Outcome(outcome) if outcome else None,
        replies=replies or 0,
        took_part=last_part > 0,
        answered_last=last_part > 0 and last_part == last_answer,
        person_asked=bool(gave_away or told_at),
        person_involved=bool(person or told_at or had_people),
        reason=reason[_DIGITS:] if reason else "",
        handed_over_at=_moment(told_at),
        wrote_at=_moment(wrote_at),
        agent_at=_moment(agent_at),
        person_at=_moment(person_at),
        ups=ups,
        downs=downs,
        wrong=wrong,
        charged=charged,
        given_back=given_back,
    )


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _ledger(connection: sqlite3.Connection, span: Span) -> LedgerFacts:
    """Its entries are of the span by their own time; with an agent or channel, those of its conversations."""
    names, values = _names_of(span)
    rows: list[tuple[str, int, int]] = connection.execute(
        "SELECT kind, count(*), sum(amount) FROM credit_entries"  # noqa: S608 - constants of this file
        " LEFT JOIN conversations ON conversations.id = credit_entries.conversation"
        f" WHERE credit_entries.at >= ? AND credit_entries.at < ?{names} GROUP BY kind",
        (to_text(span.since), to_text(span.until), *values),
    ).fetchall()
    counts: Mapping[CreditKind, int] = {CreditKind(kind): count for kind, count, _ in rows}
    return LedgerFacts(counts=counts, sums={CreditKind(kind): total for kind, _, total in rows})


def _condition(span: Span) -> tuple[str, tuple[str, ...]]:
    names, values = _names_of(span)
    where = "conversations.opened_at >= ? AND conversations.opened_at < ? AND instr(conversations.channel, ?) <> 1"
    return where + names, (to_text(span.since), to_text(span.until), IMPORTED, *values)


def _names_of(span: Span) -> tuple[str, tuple[str, ...]]:
    asked = {"agent": span.agent, "channel": span.channel}
    named = {column: name for column, name in asked.items() if name}
    return "".join(f" AND conversations.{column} = ?" for column in named), tuple(named.values())
