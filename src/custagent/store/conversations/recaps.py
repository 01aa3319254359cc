"""What models wrote for the people who took conversations over, and what that used up (HND-4)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from custagent.core.answer import Usage
from custagent.core.conversation import Status
from custagent.core.handoff import Recap, RecapOutcome, WaitingRecap
from custagent.store.database.database import Database
from custagent.store.database.lease import check_fence
from custagent.store.database.moments import to_text

#: Who closed a conversation, or erased it, needs no recap of it.
_NEEDED = f"conversations.status IN ('{Status.OPEN.value}', '{Status.SNOOZED.value}')"
#: What `recap_of` reads; NULL throughout where no recap was tried.
RECAP_COLUMNS = "said, language, model, calls, input_tokens, output_tokens, cost"


class Recaps:
    """One row a handoff once a recap was tried, whatever became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(
        self, since: datetime, *, agents: Collection[str], limit: int, busy: Collection[int] = ()
    ) -> tuple[WaitingRecap, ...]:
        """The last handoff of each conversation that people have, by these agents and after `since`, and not yet tried.

        The youngest first, for somebody may be about to read it; none of the `busy` handoffs.
        """
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT handoffs.id, handoffs.conversation, conversations.agent, handoffs.message FROM handoffs"  # noqa: S608 - a constant
                " JOIN conversations ON conversations.id = handoffs.conversation"
                f" WHERE handoffs.at > ?1 AND {_NEEDED}"
                " AND conversations.agent IN (SELECT value FROM json_each(?2))"
                " AND handoffs.id NOT IN (SELECT value FROM json_each(?3))"
                " AND NOT EXISTS (SELECT 1 FROM recaps WHERE recaps.handoff = handoffs.id)"
                " AND NOT EXISTS (SELECT 1 FROM handoffs AS later WHERE later.conversation = handoffs.conversation"
                " AND later.id > handoffs.id) ORDER BY handoffs.at DESC, handoffs.id DESC LIMIT ?4",
                (to_text(since), json.dumps(list(agents)), json.dumps(list(busy)), max(limit, 0)),
            ).fetchall()
        )
        return tuple(
            WaitingRecap(handoff=handoff, conversation=conversation, agent=agent, message=message)
            for handoff, conversation, agent, message in rows
        )

    def keep(
        self,
        waiting: WaitingRecap,
        recap: Recap | None,
        *,
        outcome: RecapOutcome,
        usage: Usage,
        read: Mapping[int, str],
        at: datetime,
        fence: int = 0,
    ) -> RecapOutcome:
        """Write down what became of it and what it used up. What was noted of the handoff before stays, and is returned.

        Its lines are kept only where they are still of use: people have the conversation, nobody erased it, and no
        message of those that it was made of changed: `read` is their texts, by id. Else the outcome is LATE. Raises LeaseHeld.
        """

        def write(connection: sqlite3.Connection) -> RecapOutcome:
            check_fence(connection, fence)
            noted = connection.execute("SELECT outcome FROM recaps WHERE handoff = ?", (waiting.handoff,)).fetchone()
            if noted:
                return RecapOutcome(noted[0])
            late = recap is not None and not _is_needed(connection, waiting.conversation, read)
            became = RecapOutcome.LATE if late else outcome
            connection.execute(
                "INSERT INTO recaps (handoff, conversation, outcome, said, language, model, calls, input_tokens,"
                " output_tokens, cost, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    waiting.handoff, waiting.conversation, became.value, "" if late or recap is None else _text(recap),
                    recap.language if recap else "", usage.model, usage.calls, usage.input_tokens, usage.output_tokens,
                    usage.cost, to_text(at),
                ),
            )  # fmt: skip
            return became

        return self._database.write(write)


def recap_of(row: Sequence[Any]) -> tuple[Recap | None, Usage | None]:
    """The recap of a row of RECAP_COLUMNS, where it has lines, and what it used up, where it was tried."""
    said, language, model, calls, sent, written, cost = row
    if said is None:
        return None, None
    usage = Usage(model=model, calls=calls, input_tokens=sent, output_tokens=written, cost=cost)
    if not said:
        return None, usage
    lines = {name: tuple(told) for name, told in json.loads(said).items()}
    return Recap(language=language, model=model, **lines), usage


def _text(recap: Recap) -> str:
    lines = {"request": recap.request, "tried": recap.tried, "still_open": recap.still_open}
    return json.dumps(lines, ensure_ascii=False)


def _is_needed(connection: sqlite3.Connection, conversation: str, read: Mapping[int, str]) -> bool:
    row = connection.execute(f"SELECT 1 FROM conversations WHERE id = ? AND {_NEEDED}", (conversation,)).fetchone()  # noqa: S608 - a constant
    if row is None:
        return False
    texts = connection.execute("SELECT id, text FROM messages WHERE conversation = ?", (conversation,))
    return dict(read).items() <= dict(texts.fetchall()).items()
