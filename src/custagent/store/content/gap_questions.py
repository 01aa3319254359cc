"""The questions of a knowledge gap as people read them: the contact's words, what came closest, what a person replied."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from custagent.core.gap import GapQuestion, NearestContent
from custagent.store.content.gaps import QUESTION_TEXT
from custagent.store.database.database import Database
from custagent.store.database.moments import from_text


class GapQuestions:
    """Reads what belongs to a gap."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, gap: int) -> tuple[GapQuestion, ...]:
        """The gap's questions, the one that it is called by first, then in the order in which they were asked."""

        def read(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(
                f"SELECT asked.reply, asked.part, asked.conversation, conversations.channel, {QUESTION_TEXT},"  # noqa: S608 - a constant of the room
                " replies.language, replies.at, replies.decision, replies.reason, replies.evidence,"
                # The longest of what people wrote afterwards: the first may only greet.
                " coalesce((SELECT text FROM messages WHERE messages.conversation = asked.conversation"
                " AND messages.id > asked.reply AND messages.sender = 'person' ORDER BY length(text) DESC, id LIMIT 1), '')"
                " FROM gap_questions AS asked JOIN messages AS replies ON replies.id = asked.reply"
                " JOIN conversations ON conversations.id = asked.conversation WHERE asked.gap = ?"
                " ORDER BY asked.names DESC, asked.reply, asked.part",
                (gap,),
            ).fetchall()

        return tuple(_question(row) for row in self._database.read(read))

    def open_texts(self, agent: str) -> tuple[tuple[str, str], ...]:
        """(words, language) of each question of the agent's open gaps, in the order in which they were asked."""
        rows = self._database.read(
            lambda connection: connection.execute(
                f"SELECT {QUESTION_TEXT}, replies.language FROM gap_questions AS asked"  # noqa: S608 - a constant of the room
                " JOIN messages AS replies ON replies.id = asked.reply JOIN gaps ON gaps.id = asked.gap"
                " WHERE gaps.agent = ? AND gaps.status = 'open' ORDER BY asked.reply, asked.part",
                (agent,),
            ).fetchall()
        )
        return tuple((text, language) for text, language in rows if text.strip())


def _question(row: Sequence[Any]) -> GapQuestion:
    reply, part, conversation, channel, text, language, at, decision, reason, evidence, replied = row
    told = json.loads(evidence) if evidence else {}
    if part and told:
        told = told["parts"][part - 1]
        decision, reason = told["decision"], told["reason"]
    passages = told.get("passages") or ()
    return GapQuestion(
        reply=reply,
        part=part,
        conversation=conversation,
        channel=channel,
        text=text,
        searched=told.get("searched", ""),
        language=language,
        at=from_text(at),
        decision=f"{decision} ({reason})",
        nearest=_nearest(passages[0]) if passages else None,
        replied=replied,
    )


def _nearest(passage: dict[str, Any]) -> NearestContent:
    place = passage["location"]
    if passage["page"] is not None:
        place = f"{place}#page={passage['page']}"
    elif passage["anchor"]:
        place = f"{place}#{passage['anchor']}"
    return NearestContent(title=passage["title"], place=place, score=passage["score"])
