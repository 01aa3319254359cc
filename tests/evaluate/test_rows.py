"""The report for a spreadsheet and for scripts."""

import json
from datetime import timedelta

from custagent.cli.render import json_text
from custagent.core.conversation import Status
from custagent.core.gap import Gap, GapKind, GapStatus
from custagent.evaluate.definitions import DEFINITIONS
from custagent.evaluate.rows import as_json, rows_of
from custagent.evaluate.stats import Division
from tests.evaluate.reports import NOW, facts, report

#: Three of ada and two of bo, one of which still goes on and has not been answered.
MADE = report(
    [
        *[facts(ups=1)] * 3,
        facts(agent="bo", channel="mail"),
        facts(agent="bo", status=Status.PENDING, outcome=None, last_message_at=NOW, agent_at=None, took_part=False,
              replies=0, charged=0, opened_at=NOW - timedelta(hours=1)),
    ]
)  # fmt: skip


def test_a_row_a_group_with_the_same_columns():
    rows = rows_of(MADE)
    assert [(row["by"], row["name"], row["conversations"]) for row in rows] == [
        ("total", "Northwind", 5), ("agent", "ada", 3), ("agent", "bo", 2), ("channel", "web", 4), ("channel", "mail", 1),
        ("language", "en", 5), ("week", "2026-W46", 4), ("week", "2026-W47", 1),
    ]  # fmt: skip
    assert len({tuple(row) for row in rows}) == 1
    (bo,) = [row for row in rows if row["name"] == "bo"]
    assert (bo["handled"], bo["handled_of"], bo["handled_share"]) == (1, 2, 0.5)
    assert (bo["ended_answered"], bo["ended_going_on"], bo["credits_used"], bo["credits_per_resolution"]) == (
        1,
        1,
        100,
        100,
    )
    assert (bo["helpful_share"], bo["helpful_low"], bo["person_reply_median_seconds"]) == (None, None, None)
    assert bo["agent_reply_median_seconds"] == bo["agent_reply_p90_seconds"] == 4
    assert [row["name"] for row in rows_of(MADE, [Division.AGENT])] == ["Northwind", "ada", "bo"]


def test_scripts_get_everything_with_what_it_means():
    told = as_json(MADE, [Division.CHANNEL])
    assert list(told["by"]) == ["channel"]
    rate = told["total"]["confirmed"]
    assert (rate["count"], rate["of"], rate["share"], rate["enough"]) == (3, 4, 0.75, False)
    assert told["definitions"]["resolved"]["text"] == DEFINITIONS["resolved"].text
    assert (told["agent"], told["channel"], told["credits"]["balance"]) == (None, None, -100)
    assert json.loads(json_text(told))["since"] == "2026-10-19T12:00:00+00:00"
    # Every figure has its definition.
    named = {"settled" if name == "too_young" else name for name in told["total"]} | {"gaps", "uncertainty"}
    assert named - {"still_waiting"} == set(DEFINITIONS)


def test_gaps_are_told_whole():
    gap = Gap(
        id=1, agent="ada", kind=GapKind.WRONG, status=GapStatus.OPEN, topic="Do you ship to Mars?", language="en",
        questions=4, conversations=3, languages=("en",), channels=("web",), last_seen=NOW,
    )  # fmt: skip
    (told,) = json.loads(json_text(as_json(report([facts()], gaps=(gap,)))))["gaps"]
    assert (told["kind"], told["topic"], told["conversations"], told["last_seen"]) == (
        "wrong", "Do you ship to Mars?", 3, "2026-11-18T12:00:00+00:00",
    )  # fmt: skip
