"""Knowledge gaps and their questions. What was asked stands in the messages alone; here is which belong together."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from custagent.core.answer import DecisionKind, Reason
from custagent.core.errors import UnknownName
from custagent.core.gap import Gap, GapKind, GapStatus, GroupedQuestion, LookedAt, NewQuestion, Placed
from custagent.core.message import CHARGED_KINDS, MessageKind
from custagent.core.record import AuditEntry
from custagent.store.audit import add_entry
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text, to_text

#: Whether somebody is against a reply: a person's word counts more than the contact's.
_AGAINST: Final = (
    "coalesce((SELECT verdict FROM judgements WHERE judgements.message = messages.id),"
    " (SELECT verdict FROM feedback WHERE feedback.message = messages.id), '') = 'down'"
)
#: The reply before it and its evidence, as JSON, where that asked back with a choice.
_BEFORE: Final = (
    "(SELECT json_object('reply', id, 'evidence', evidence) FROM messages AS before WHERE before.id = (SELECT max(id)"
    " FROM messages AS earlier WHERE earlier.conversation = messages.conversation AND earlier.id < messages.id"
    " AND earlier.sender = 'agent' AND earlier.decision <> '') AND before.decision = 'clarify')"
)
_FROM_CONTENT: Final = f"('{Reason.GROUNDED.value}', '{Reason.SHORT_ANSWER.value}')"
_REPLY: Final = "messages.id, messages.conversation, messages.decision, messages.reason, messages.language"
#: How the evidence of a reply to several questions, which is JSON, goes on somewhere. Reading all of it takes longer.
_PARTS: Final = '"parts": [{'
_MAY_BE_WRONG: Final = ", ".join(f"'{kind.value}'" for kind in sorted(CHARGED_KINDS - {MessageKind.REPHRASE}))
#: The words of a question, where `asked` is gap_questions and `replies` are messages: masked as they were kept, as they
#: stand now. `Message.evidence` tells which messages they are in, or holds those of one of several questions.
QUESTION_TEXT: Final = (
    "CASE WHEN replies.evidence = '' THEN '' WHEN asked.part > 0"
    " THEN coalesce(json_extract(replies.evidence, '$.parts[' || (asked.part - 1) || '].question'), '')"
    " ELSE coalesce((SELECT group_concat(text, char(10)) FROM (SELECT text FROM messages WHERE id IN"
    " (SELECT value FROM json_each(replies.evidence, '$.asked')) ORDER BY id)), '') END"
)
_COUNTED: Final = (
    "SELECT gaps.id, gaps.agent, gaps.kind, gaps.status, gaps.closed_at, gaps.reopened_at, count(*),"
    " count(DISTINCT asked.conversation),"
    " group_concat(DISTINCT replies.language), group_concat(DISTINCT conversations.channel), max(replies.at)"
    " FROM gaps JOIN gap_questions AS asked ON asked.gap = gaps.id JOIN messages AS replies ON replies.id = asked.reply"
    " JOIN conversations ON conversations.id = asked.conversation"
)


class Gaps:
    """What contacts asked and was not answered, by topic."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_until(self, agent: str) -> int:
        """Up to which reply, by message id, the agent's conversations were looked through; 0 before the first time."""
        row = self._database.read(
            lambda connection: connection.execute("SELECT reply FROM gaps_read WHERE agent = ?", (agent,)).fetchone()
        )
        return int(row[0]) if row else 0

    def unread(self, agent: str, *, after: int, limit: int) -> tuple[LookedAt, ...]:
        """The agent's next `limit` replies with ids above `after` that may be to unanswered questions, in order."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_REPLY}, messages.evidence, {_AGAINST}, {_then()}, {_BEFORE} FROM messages"  # noqa: S608 - constants of this file
                " JOIN conversations ON conversations.id = messages.conversation"
                " WHERE conversations.agent = ?1 AND conversations.channel NOT LIKE 'import:%' AND messages.id > ?2"
                " AND messages.sender = 'agent' AND messages.evidence <> '' AND (messages.decision IN"
                f" ('{DecisionKind.REPHRASE.value}', '{DecisionKind.HANDOFF.value}')"
                f" OR instr(messages.evidence, '{_PARTS}')) ORDER BY messages.id LIMIT ?3",
                (agent, after, limit),
            ).fetchall()
        )
        return tuple(_looked_at(row) for row in rows)

    def judged_wrong(self, agent: str) -> tuple[LookedAt, ...]:
        """The agent's replies that somebody is against and that are in no gap yet, in order."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_REPLY}, messages.evidence, 1, '', NULL FROM messages"  # noqa: S608 - constants of this file
                " JOIN conversations ON conversations.id = messages.conversation WHERE messages.id IN"
                " (SELECT message FROM feedback WHERE verdict = 'down'"
                " UNION SELECT message FROM judgements WHERE verdict = 'down')"
                f" AND conversations.agent = ? AND messages.kind IN ({_MAY_BE_WRONG}) AND {_AGAINST}"
                " AND messages.evidence <> '' AND NOT EXISTS"
                " (SELECT 1 FROM gap_questions WHERE reply = messages.id) ORDER BY messages.id",
                (agent,),
            ).fetchall()
        )
        return tuple(_looked_at(row) for row in rows)

    def grouped(self, agent: str, kind: GapKind) -> tuple[GroupedQuestion, ...]:
        """All questions of the agent's gaps of this kind, closed ones too, without those that were erased."""
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT reply, part, gap, words, engine, vector FROM gap_questions WHERE vector <> ''"
                " AND gap IN (SELECT id FROM gaps WHERE agent = ? AND kind = ?) ORDER BY reply, part",
                (agent, kind.value),
            ).fetchall()
        )
        return tuple(
            GroupedQuestion(
                reply=reply, part=part, gap=gap, words=frozenset(words.split()), engine=engine,
                vector=base64.b64decode(vector),
            )
            for reply, part, gap, words, engine, vector in rows
        )  # fmt: skip

    def put(self, agent: str, placed: Sequence[Placed], at: datetime, *, until: int) -> tuple[int, ...]:
        """Write down where questions belong, and up to which reply was read; the gaps that came open again.

        What another process has put meanwhile stays where it is. A gap that was answered opens again by a question that
        was asked since.
        """

        def put(connection: sqlite3.Connection) -> tuple[int, ...]:
            made: dict[tuple[GapKind, int], int] = {}
            opened: set[int] = set()
            for one in placed:
                asked = one.question.asked
                known = "SELECT 1 FROM gap_questions WHERE reply = ? AND part = ?"
                if connection.execute(known, (asked.reply, asked.part)).fetchone():
                    continue
                gap = one.gap or made.get((asked.kind, one.group)) or _new_gap(connection, agent, asked.kind)
                if not one.gap:
                    made[asked.kind, one.group] = gap
                _add_question(connection, one, gap)
                if _reopened(connection, gap, asked.reply, at):
                    opened.add(gap)
            connection.execute(
                "INSERT INTO gaps_read (agent, reply) VALUES (?1, ?2)"
                " ON CONFLICT (agent) DO UPDATE SET reply = max(reply, ?2)",
                (agent, until),
            )
            return tuple(sorted(opened))

        return self._database.write(put)

    def embedded_anew(self, questions: Mapping[tuple[int, int], bytes], engine: str) -> None:
        """Replace vectors, by reply and part: the workspace has another engine now. Erased ones stay erased."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE gap_questions SET engine = ?, vector = ? WHERE reply = ? AND part = ? AND vector <> ''",
                [(engine, _as_text(vector), *place) for place, vector in questions.items()],
            )

        self._database.write(write)

    def withdraw(self, agent: str) -> int:
        """Take the replies out that nobody is against any more; how many. A gap of which nothing is left goes with them."""

        def write(connection: sqlite3.Connection) -> int:
            gone = connection.execute(
                "DELETE FROM gap_questions WHERE gap IN (SELECT id FROM gaps WHERE agent = ? AND kind = 'wrong')"  # noqa: S608 - constants of this file
                f" AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = gap_questions.reply AND {_AGAINST})",
                (agent,),
            ).rowcount
            if gone:
                connection.execute("DELETE FROM gaps WHERE id NOT IN (SELECT gap FROM gap_questions)")
            return int(gone)

        return self._database.write(write)

    def find(
        self,
        agents: Collection[str] | None = None,
        *,
        kinds: Collection[GapKind] = tuple(GapKind),
        statuses: Collection[GapStatus] = tuple(GapStatus),
        since: datetime | None = None,
    ) -> tuple[Gap, ...]:
        """The gaps of these agents, those of most conversations first; `since`: in which something was asked since then."""

        def read(connection: sqlite3.Connection) -> tuple[Gap, ...]:
            marks = [", ".join("?" * len(group)) for group in (kinds, statuses)]
            rows = connection.execute(
                f"{_COUNTED} WHERE gaps.kind IN ({marks[0]}) AND gaps.status IN ({marks[1]}) GROUP BY gaps.id"
                " HAVING max(replies.at) >= ? ORDER BY 8 DESC, 11 DESC, 1",
                (*kinds, *statuses, to_text(since) if since else ""),
            ).fetchall()
            return tuple(_gap(connection, row) for row in rows if agents is None or row[1] in agents)

        return self._database.read(read)

    def gap(self, number: int) -> Gap:
        """The gap of this number. Raises UnknownName."""

        def read(connection: sqlite3.Connection) -> Gap | None:
            row = connection.execute(f"{_COUNTED} WHERE gaps.id = ? GROUP BY gaps.id", (number,)).fetchone()
            return _gap(connection, row) if row else None

        found = self._database.read(read)
        if found is None:
            raise UnknownName(f"There is no gap {number}.", hint="See them with: custagent gaps list")
        return found

    def set_status(self, number: int, status: GapStatus, at: datetime, *, audit: AuditEntry) -> None:
        """Close a gap, or open it again."""

        def write(connection: sqlite3.Connection) -> None:
            closed_at = None if status is GapStatus.OPEN else to_text(at)
            connection.execute(
                "UPDATE gaps SET status = ?, closed_at = ?, reopened_at = NULL WHERE id = ?",
                (status.value, closed_at, number),
            )
            add_entry(connection, audit)

        self._database.write(write)


def _then() -> str:
    """The evidence of the next reply that was decided, where it answers from the content and nobody is against it."""
    following = (
        "SELECT min(id) FROM messages AS later WHERE later.conversation = messages.conversation"
        " AND later.id > messages.id AND later.sender = 'agent' AND later.decision <> ''"
    )
    return (
        f"coalesce((SELECT evidence FROM messages AS following WHERE following.id = ({following})"  # noqa: S608 - constants of this file
        f" AND following.decision = '{DecisionKind.ANSWER.value}' AND following.reason IN {_FROM_CONTENT}"
        f" AND NOT {_AGAINST.replace('messages.id', 'following.id')}), '')"
    )


def _looked_at(row: Sequence[Any]) -> LookedAt:
    reply, conversation, decision, reason, language, evidence, against, then, before = row
    asked_back: dict[str, Any] = json.loads(before) if before else {"reply": 0, "evidence": ""}
    return LookedAt(
        reply=reply, conversation=conversation, decision=decision, reason=reason, language=language, evidence=evidence,
        against=bool(against), then=then, before=asked_back["reply"], before_evidence=asked_back["evidence"],
    )  # fmt: skip


def _new_gap(connection: sqlite3.Connection, agent: str, kind: GapKind) -> int:
    made = connection.execute("INSERT INTO gaps (agent, kind) VALUES (?, ?)", (agent, kind.value))
    return int(made.lastrowid or 0)


def _add_question(connection: sqlite3.Connection, placed: Placed, gap: int) -> None:
    question: NewQuestion = placed.question
    connection.execute(
        "INSERT INTO gap_questions (reply, part, gap, conversation, names, words, engine, vector)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            question.asked.reply, question.asked.part, gap, question.asked.conversation, int(placed.names),
            " ".join(sorted(question.words)), question.engine, _as_text(question.vector),
        ),
    )  # fmt: skip


def _reopened(connection: sqlite3.Connection, gap: int, reply: int, at: datetime) -> bool:
    changed = connection.execute(
        "UPDATE gaps SET status = 'open', closed_at = NULL, reopened_at = ? WHERE id = ? AND status = 'answered'"
        " AND closed_at < (SELECT at FROM messages WHERE id = ?)",
        (to_text(at), gap, reply),
    )
    return changed.rowcount > 0


def _as_text(vector: bytes) -> str:
    return base64.b64encode(vector).decode("ascii")


def _gap(connection: sqlite3.Connection, row: Sequence[Any]) -> Gap:
    number, agent, kind, status, closed_at, reopened_at, questions, conversations, languages, channels, last = row
    topic, language = _topic(connection, number)
    return Gap(
        id=number,
        agent=agent,
        kind=GapKind(kind),
        status=GapStatus(status),
        topic=topic,
        language=language,
        questions=questions,
        conversations=conversations,
        languages=_listed(languages),
        channels=_listed(channels),
        last_seen=from_text(last),
        closed_at=from_text(closed_at) if closed_at else None,
        reopened_at=from_text(reopened_at) if reopened_at else None,
    )


def _topic(connection: sqlite3.Connection, gap: int) -> tuple[str, str]:
    """The question that it is called by, or the first one of which the words are left, and its language."""
    for text, language in connection.execute(
        f"SELECT {QUESTION_TEXT}, replies.language FROM gap_questions AS asked"  # noqa: S608 - constants of this file
        " JOIN messages AS replies ON replies.id = asked.reply WHERE asked.gap = ?"
        " ORDER BY asked.names DESC, asked.reply, asked.part",
        (gap,),
    ):
        if text.strip():
            return " ".join(text.split()), language
    return "", ""


def _listed(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(filter(None, (joined or "").split(","))))
