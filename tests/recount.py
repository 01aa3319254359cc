"""The figures reckoned a second time, from the raw rows and by plain loops: nothing of `custagent` is used here.

Each rule stands here as docs/stats.md says it. What comes out has the names of `stats --json`.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

REPLIES = ("answer", "clarify", "rephrase")
GAVE_UP = ("handoff", "handoff-unavailable", "out-of-credits")


class Recount:
    """All rows of a database, by conversation."""

    def __init__(self, path: Path, *, now: datetime, zone: str) -> None:
        self.now, self.zone = now, ZoneInfo(zone)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            self.conversations = connection.execute("SELECT * FROM conversations").fetchall()
            self.entries = connection.execute("SELECT * FROM credit_entries ORDER BY id").fetchall()
            self.outbox = {row["message"]: row for row in connection.execute("SELECT * FROM outbox")}
            self.rows = {
                table: self._grouped(connection, f"SELECT {columns} FROM {table} ORDER BY 1")
                for table, columns in (
                    ("messages", "id, conversation, sender, kind, at, reason"),
                    ("handoffs", "id, conversation, at"),
                    ("feedback", "message, conversation, verdict"),
                    ("judgements", "message, conversation, verdict"),
                    ("credit_entries", "id, conversation, kind, amount"),
                )
            }

    def _grouped(self, connection: sqlite3.Connection, query: str) -> dict[str, list[sqlite3.Row]]:
        found: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in connection.execute(query):
            found[row["conversation"]].append(row)
        return found

    def chosen(self, since: datetime, until: datetime, **wanted: str) -> list[sqlite3.Row]:
        """The conversations that began in the span, with these values in their columns."""
        return [
            row
            for row in self.conversations
            if since <= datetime.fromisoformat(row["opened_at"]) < until
            and not row["channel"].startswith("import:")
            and all(row[column] == value for column, value in wanted.items())
        ]

    def by(self, chosen: list[sqlite3.Row], division: str) -> dict[str, list[sqlite3.Row]]:
        """The same, sorted out."""
        found = defaultdict(list)
        for row in chosen:
            began = datetime.fromisoformat(row["opened_at"]).astimezone(self.zone)
            year, week, _ = began.isocalendar()
            name = {
                "agent": row["agent"] or "people from the start",
                "channel": row["channel"],
                "language": row["language"] or "not known",
                "week": f"{year}-W{week:02}",
                "day": began.date().isoformat(),
            }[division]
            found[name].append(row)
        return dict(found)

    def figures(self, chosen: list[sqlite3.Row]) -> dict[str, Any]:
        """What `stats --json` tells of them."""
        counts: Counter[str] = Counter()
        endings: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        agent_times, person_times = [], []
        for row in chosen:
            one = self._one(row)
            endings[one["ending"]] += 1
            if one["reason"]:
                reasons[one["reason"]] += 1
            agent_times += one["agent_time"]
            person_times += one["person_time"]
            counts.update({name: value for name, value in one.items() if isinstance(value, int)})
        settled, resolved = counts["settled"], counts["resolved"]
        return {
            "conversations": len(chosen),
            "handled": (counts["handled"], len(chosen)),
            **{
                name: (counts[name], settled)
                for name in ("resolved", "answered", "confirmed", "deflected", "handed_over")
            },
            "helpful": (counts["ups"], counts["ups"] + counts["downs"]),
            "too_young": counts["handled"] - settled,
            "endings": dict(endings),
            "reasons": dict(reasons),
            "wrong": counts["wrong"],
            "still_waiting": counts["still_waiting"],
            "agent_times": ranks(agent_times),
            "person_times": ranks(person_times),
            "charged": counts["charged"],
            "given_back": counts["given_back"],
            "credits_per_resolution": counts["cost_of_settled"] / resolved if resolved else None,
        }

    def ledger(self, since: datetime, until: datetime) -> dict[str, int]:
        """The sum of each kind of entry in the span."""
        sums: Counter[str] = Counter()
        for entry in self.entries:
            if since <= datetime.fromisoformat(entry["at"]) < until:
                sums[entry["kind"]] += entry["amount"]
        return dict(sums)

    def _one(self, row: sqlite3.Row) -> dict[str, Any]:
        said = self._said(row["id"])
        told = [datetime.fromisoformat(one["at"]) for one in self.rows["handoffs"].get(row["id"], [])]
        person = bool(
            said["person_wrote"]
            or told
            or row["status"] in ("open", "snoozed")
            or row["closed_from"] in ("open", "snoozed")
            or row["outcome"] == "person"
        )
        verdicts = Counter(one["verdict"] for one in self.rows["feedback"].get(row["id"], []))
        silent = self.now - datetime.fromisoformat(row["last_message_at"])
        handled = bool(said["part"])
        settled = handled and silent >= timedelta(hours=72)
        alone, fine = settled and not person, verdicts["down"] == 0
        entries = self.rows["credit_entries"].get(row["id"], [])
        charged = sum(-one["amount"] for one in entries if one["kind"] == "charge")
        given_back = sum(one["amount"] for one in entries if one["kind"] == "reversal")
        since = min(told) if told else said["wrote_at"] if row["agent"] == "" else None
        person_at = said["person_at"]
        return {
            "ending": (row["outcome"] or "nothing-asked") if row["status"] == "closed" else "going-on",
            "reason": said["reason"],
            "handled": int(handled),
            "settled": int(settled),
            "resolved": int(alone and fine and said["replies"] > 0 and not said["gave_up"]),
            "answered": int(alone and said["part"][-1] == "answer"),
            "confirmed": int(alone and fine and verdicts["up"] > 0),
            "deflected": int(alone),
            "handed_over": int(settled and bool(told)),
            "ups": verdicts["up"],
            "downs": verdicts["down"],
            "wrong": sum(one["verdict"] == "down" for one in self.rows["judgements"].get(row["id"], [])),
            "still_waiting": int(since is not None and person_at is None and row["status"] != "closed"),
            "agent_time": _times(said["wrote_at"], said["agent_at"]),
            "person_time": _times(since, person_at),
            "charged": charged,
            "given_back": given_back,
            "cost_of_settled": charged - given_back if settled else 0,
        }

    def _said(self, conversation: str) -> dict[str, Any]:
        """What was said in it, message by message."""
        said: dict[str, Any] = {
            "part": [], "replies": 0, "gave_up": False, "reason": "", "person_wrote": False, "wrote_at": None,
            "agent_at": None, "person_at": None,
        }  # fmt: skip
        for message in self.rows["messages"].get(conversation, []):
            sent = self.outbox.get(message["id"])
            arrived = sent is not None and sent["status"] not in ("failed", "dropped")
            at = datetime.fromisoformat((sent["sent_at"] if sent else "") or message["at"])
            if message["sender"] == "contact":
                said["wrote_at"] = said["wrote_at"] or at
            elif message["sender"] == "person":
                said["person_wrote"] = True
                if arrived or sent is None:
                    said["person_at"] = said["person_at"] or at
            else:
                _agent_said(said, message, at, arrived=arrived)
        return said


def _agent_said(said: dict[str, Any], message: sqlite3.Row, at: datetime, *, arrived: bool) -> None:
    kind = message["kind"]
    if kind in GAVE_UP:
        said["reason"] = said["reason"] if said["gave_up"] else message["reason"]
        said["gave_up"] = True
    if arrived and kind in (*REPLIES, *GAVE_UP):
        said["part"].append(kind)
        said["replies"] += kind in REPLIES
    if arrived and kind in (*REPLIES, *GAVE_UP, "small-talk"):
        said["agent_at"] = min(said["agent_at"] or at, at)


def _times(start: datetime | None, end: datetime | None) -> list[float]:
    return [] if start is None or end is None or end < start else [(end - start).total_seconds()]


def ranks(values: list[float]) -> tuple[int, float | None, float | None]:
    """How many, and the values at most which half and nine tenths of them are."""
    ordered = sorted(values)
    if not ordered:
        return 0, None, None
    return len(ordered), ordered[math.ceil(len(ordered) / 2) - 1], ordered[math.ceil(len(ordered) * 9 / 10) - 1]


def of_json(told: dict[str, Any]) -> dict[str, Any]:
    """The figures of `stats --json` in the same form."""
    rates = ("handled", "resolved", "answered", "confirmed", "deflected", "handed_over", "helpful")
    return {
        "conversations": told["conversations"],
        **{name: (told[name]["count"], told[name]["of"]) for name in rates},
        "too_young": told["too_young"],
        "endings": {name: count for name, count in told["endings"].items() if count},
        "reasons": told["reasons"],
        "wrong": told["wrong"],
        "still_waiting": told["still_waiting"],
        **{
            name: (told[name]["count"], told[name]["median_seconds"], told[name]["p90_seconds"])
            for name in ("agent_times", "person_times")
        },
        "charged": told["credits"]["charged"],
        "given_back": told["credits"]["given_back"],
        "credits_per_resolution": told["credits_per_resolution"],
    }
