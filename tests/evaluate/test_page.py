"""The page of figures: whole, escaped, without a script or a network, with every definition."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from custagent.core.gap import Gap, GapKind, GapStatus
from custagent.evaluate.definitions import DEFINITIONS
from custagent.evaluate.figures import Rate
from custagent.evaluate.page import page_of
from tests.evaluate.reports import NOW, facts, report

WAYS = ("resolved", "answered", "confirmed", "deflected", "handed_over")
NASTY = "<script>alert('x')</script>&\"'"
GAP = Gap(
    id=1, agent="ada", kind=GapKind.UNANSWERED, status=GapStatus.OPEN, topic=f"Zollgebühren {NASTY}", language="de",
    questions=4, conversations=3, languages=("de",), channels=("web",), last_seen=NOW,
)  # fmt: skip


def read(page: str) -> ET.Element:
    first, _, rest = page.partition("\n")
    assert first == "<!doctype html>"
    return ET.fromstring(rest)


def words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def table_named(root: ET.Element, heading: str) -> list[list[str]]:
    """The rows of the first table in the section with this heading."""
    section = next(one for one in root.iter("section") if words(one.find("h2")) == heading)
    rows = next(section.iter("table")).iter("tr")
    return [[words(cell) for cell in row] for row in rows]


def test_what_is_named_by_others_stays_text():
    rest = {"channel": NASTY, "language": NASTY, "agent": NASTY, "reason": NASTY}
    page = page_of(report([facts(**rest)] * 30, workspace=NASTY, agent=NASTY, channel=NASTY, gaps=(GAP,)))
    root = read(page)
    assert list(root.iter("script")) == []
    assert "<script" not in page
    assert NASTY in words(root.find("head/title"))
    assert [row[0] for row in table_named(root, "By channel")] == ["Channel", NASTY, "In all"]
    assert table_named(root, "Knowledge gaps")[1][0] == f"Zollgebühren {NASTY}"


def test_nothing_comes_from_elsewhere_and_nothing_runs():
    page = page_of(report([facts()] * 30))
    root = read(page)
    assert re.findall(r"https?://|//\w|url\(|@import", page) == []
    assert {name for one in root.iter() for name in one.attrib if name.startswith("on")} == set()
    assert {one.tag for one in root.iter()} & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    (policy,) = [one.get("content") for one in root.iter("meta") if one.get("http-equiv")]
    assert policy.startswith("default-src 'none';")


def test_every_definition_stands_on_it():
    page = words(read(page_of(report([facts(reason="angry", downs=1)] * 30, gaps=(GAP,)))))
    assert [name for name, one in DEFINITIONS.items() if one.text not in page] == []


def test_three_ways_stand_side_by_side_with_how_sure_they_are():
    # All are resolved and answered, every other one is confirmed, none was handed over.
    told = table_named(read(page_of(report([facts(), facts(ups=1)] * 15))), "Resolved, by three definitions")
    low, high = Rate(count=15, base=30).interval
    assert [row[0].startswith(DEFINITIONS[name].title) for row, name in zip(told[1:], WAYS, strict=True)] == [True] * 5
    assert [row[2:] for row in told[1:]] == [
        ["100 %", "89 to 100 %", "30 of 30"],
        ["100 %", "89 to 100 %", "30 of 30"],
        ["50 %", f"{100 * low:.0f} to {100 * high:.0f} %", "15 of 30"],
        ["100 %", "89 to 100 %", "30 of 30"],
        ["0 %", "0 to 11 %", "0 of 30"],
    ]


def test_of_few_it_says_so():
    told = table_named(read(page_of(report([facts()] * 19))), "Resolved, by three definitions")
    assert told[1][2:] == ["too few to tell", "", "19 of 19"]
    by_agent = table_named(read(page_of(report([facts()] * 19 + [facts(agent="bo")] * 20))), "By agent")
    assert [row[2] for row in by_agent[1:3]] == ["100 %84 to 100 %", "19 of 19"]


def test_without_conversations_it_says_so():
    page = page_of(report([]))
    assert "No conversation began in this time" in words(read(page))
    assert "<svg" not in page


def test_drawings_tell_what_the_table_below_them_tells():
    began = [NOW - timedelta(days=days) for days in (9, 9, 7)]
    root = read(page_of(report([facts(opened_at=at) for at in began], since=NOW - timedelta(days=9))))
    (drawn,) = [one for one in root.iter("svg") if one.get("class") == "course"]
    told = [one.find("title").text for one in drawn.iter("g")]
    rows = {row[0]: row[1] for row in table_named(root, "Conversations, day by day")[1:]}
    assert len(told) == len(rows) == 10
    assert told[0] == "2026-11-09: answered by the agent 2"
    assert list(rows.items())[:3] == [("2026-11-09", "2"), ("2026-11-10", "0"), ("2026-11-11", "1")]
    heights = [sum(float(rect.get("height")) for rect in one.iter("rect") if "fill" in rect.get("class"))
               for one in drawn.iter("g")]  # fmt: skip
    assert heights[:3] == [100, 0, 50]


@pytest.mark.parametrize("field", ["agent_times", "person_times"])
def test_times_that_there_are_none_of(field):
    one = replace(facts(), agent_at=None, person_at=None)
    assert "none yet" in words(read(page_of(report([one] * 25)))), field
