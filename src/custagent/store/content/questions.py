"""What contacts asked an agent, counted: for those who improve its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custagent.store.database.database import Database
from custagent.store.database.moments import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedQuestion:
    """The same words, however often they were written."""

    text: str
    #: ISO 639-1, as far as it was told.
    language: str
    count: int


class Questions:
    """Contacts' messages as questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(self, agent: str, *, since: datetime, limit: int) -> Sequence[CountedQuestion]:
        """What contacts wrote in conversations that the agent has or had, the most written first, from `since` on.

        What was erased is not told; nor is what people answered from the start.
        """
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT messages.text, coalesce(nullif(messages.language, ''), conversations.language), count(*)"
                " FROM messages JOIN conversations ON conversations.id = messages.conversation"
                " WHERE conversations.agent = ? AND messages.sender = 'contact' AND messages.at >= ?"
                " AND trim(messages.text) <> '' GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT ?",
                (agent, to_text(since), limit),
            ).fetchall()
        )
        return tuple(CountedQuestion(text=text, language=language, count=count) for text, language, count in rows)
