"""The figures of a workspace, held against a second reckoning from the raw rows (STAT-1)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custagent.config.editor import NewAgent
from custagent.config.home import Home, init_home
from custagent.core.conversation import Conversation
from custagent.core.errors import UnknownName, UsageError
from custagent.core.gap import AskedOnce, GapKind, GapStatus, NewQuestion, Placed
from custagent.core.message import Message, MessageKind
from custagent.evaluate.rows import as_json
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import create_agent
from custagent.runtime.figures.stats import read_local, workspace_report
from custagent.runtime.proving.preview import PreviewSession
from custagent.testing import FrozenClock
from tests.month import BEGINS, NOW, Month
from tests.recount import Recount, of_json

ZONE = "Europe/Stockholm"
SINCE, UNTIL = "2026-10-01T00:00+00:00", "2026-11-02T09:30+00:00"


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a month of 1,500 conversations, in the time zone ZONE."""
    folder = tmp_path_factory.mktemp("month") / "workspace"
    home = init_home(folder, name="Northwind & <Sons>")
    written = home.workspace_file.read_text(encoding="utf-8")
    home.workspace_file.write_text(written.replace("timezone: UTC", f"timezone: {ZONE}"), encoding="utf-8")
    with Application(home, user="anna", clock=FrozenClock(NOW)) as app:
        create_agent(app, NewAgent(name="support"))
    Month(seed=11, conversations=1_500).write(home.database)
    return folder


@pytest.fixture
def looked_at(month: Path) -> Iterator[Application]:
    with Application(Home(root=month), user="anna", clock=FrozenClock(NOW)) as app:
        yield app


@pytest.fixture
def recount(month: Path) -> Recount:
    return Recount(Home(root=month).database, now=NOW, zone=ZONE)


class TestAgainstASecondReckoning:
    @pytest.mark.parametrize(
        "only", [{}, {"agent": "sales"}, {"channel": "mail"}, {"agent": "support", "channel": "web"}]
    )
    def test_every_figure_is_the_same(self, looked_at: Application, recount: Recount, only: dict[str, str]) -> None:
        told = as_json(workspace_report(looked_at, since=SINCE, until=UNTIL, **only))
        chosen = recount.chosen(BEGINS, NOW, **only)
        expected = recount.figures(chosen)
        assert min(expected["handled"][0], expected["resolved"][0], expected["confirmed"][0], expected["wrong"]) > 0
        assert of_json(told["total"]) == expected
        for division, groups in told["by"].items():
            named = {group["name"]: of_json(group) for group in groups}
            assert named == {name: recount.figures(rows) for name, rows in recount.by(chosen, division).items()}
        by_day = recount.by(chosen, "day")
        assert [group["conversations"] for group in told["course"]] == [
            len(by_day.get(group["name"], [])) for group in told["course"]
        ]
        assert sum(group["conversations"] for group in told["course"]) == len(chosen)

    def test_credits_are_the_ledgers(self, looked_at: Application, recount: Recount) -> None:
        for since, until in ((BEGINS, NOW), (BEGINS + timedelta(days=7), BEGINS + timedelta(days=9, hours=3))):
            told = as_json(workspace_report(looked_at, since=since.isoformat(), until=until.isoformat()))["credits"]
            sums = recount.ledger(since, until)
            assert told["sums"] == sums
            used = -sum(sums.get(kind, 0) for kind in ("charge", "reversal"))
            assert told["used"] == used == told["charged"] - told["given_back"] > 0
        assert told["balance"] == looked_at.store.ledger.balance() == sum(row["amount"] for row in recount.entries)
        assert looked_at.store.ledger.verify() is None

    def test_credits_of_the_whole_are_those_of_its_parts(self, looked_at: Application) -> None:
        report = workspace_report(looked_at, since=SINCE, until="2026-12-01")
        whole = workspace_report(looked_at, since="2026-09-01", until="2026-12-31")
        assert whole.ledger.used == whole.total.used
        for groups in report.by.values():
            assert sum(group.figures.used for group in groups) == report.total.used
            assert sum(group.figures.conversations for group in groups) == report.total.conversations


def test_what_is_erased_is_counted_on(month: Path, tmp_path: Path) -> None:
    """CONV-3: figures agree before and after; one that was still going on is closed by it."""
    home = Home(root=tmp_path / "copy")
    shutil.copytree(month, home.root)
    with Application(home, user="anna", clock=FrozenClock(NOW)) as app:
        before = as_json(workspace_report(app, since=SINCE, until=UNTIL))
        closed = [
            row["id"]
            for row in Recount(home.database, now=NOW, zone=ZONE).conversations
            if row["status"] == "closed" and not row["channel"].startswith("import:")
        ]
        erased = app.store.erasure.erase([], closed, NOW)
        assert erased.conversations == len(closed) > 1_000
        assert as_json(workspace_report(app, since=SINCE, until=UNTIL)) == before


def test_previews_never_count(shop: Application) -> None:
    """PRE-2."""
    session = PreviewSession(shop.answerer(shop.agent("support")))
    assert session.ask("How long may I return it?").text
    report = workspace_report(shop)
    assert (report.total.conversations, report.ledger.counts) == (0, {})


def test_open_gaps_that_were_asked_about_are_told(
    shop: Application, hear: Callable[..., Conversation], reply: Callable[..., Message]
) -> None:
    def gap(key: str, channel: str, agent: str) -> int:
        conversation = hear(shop, key, "Do you ship to Mars?", channel=channel, agent=agent)
        said = reply(shop, conversation, MessageKind.REPHRASE, reason="nothing-fits")
        asked = AskedOnce(
            reply=said.id, conversation=conversation.id, kind=GapKind.UNANSWERED, searched="Do you ship to Mars?",
            language="en",
        )  # fmt: skip
        question = NewQuestion(asked=asked, words=frozenset({"mars"}), engine="e", vector=b"")
        shop.store.gaps.put(agent, [Placed(question=question, group=1, names=True)], shop.clock.now(), until=said.id)
        return max(one.id for one in shop.store.gaps.find([agent]))

    web, wiki, closed = gap("k1", "web", "support"), gap("k2", "wiki", "sales"), gap("k3", "web", "sales")
    entry = shop.audit_entry("gaps dismiss", "sales")
    shop.store.gaps.set_status(closed, GapStatus.DISMISSED, shop.clock.now(), audit=entry)

    def told(**only: str) -> set[int]:
        return {one.id for one in workspace_report(shop, **only).gaps}

    tomorrow = (shop.clock.now() + timedelta(days=1)).isoformat()
    after = (shop.clock.now() + timedelta(seconds=1)).isoformat()
    assert told(until=tomorrow) == {web, wiki}
    assert told(until=tomorrow, agent="sales") == told(until=tomorrow, channel="wiki") == {wiki}
    assert told(since=after, until=tomorrow) == set()


class TestSpan:
    def test_without_words_it_is_the_last_thirty_days_by_the_calendar(self, looked_at: Application) -> None:
        report = workspace_report(looked_at)
        assert report.until == NOW
        assert report.since == datetime(2026, 10, 4, tzinfo=ZoneInfo(ZONE))
        assert [group.name for group in report.course][::29] == ["2026-10-04", "2026-11-02"]
        assert len(report.course) == 30

    def test_days_are_those_of_the_workspace_and_count_whole(self, looked_at: Application) -> None:
        report = workspace_report(looked_at, since="2026-10-24", until="2026-10-25")
        # On the 25th clocks go back: the two days have 49 hours.
        assert report.since.astimezone(UTC) == datetime(2026, 10, 23, 22, tzinfo=UTC)
        assert report.until.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC)
        assert [group.name for group in report.course] == ["2026-10-24", "2026-10-25"]

    def test_a_conversation_belongs_to_the_span_it_began_in(self, looked_at: Application, recount: Recount) -> None:
        first = min(recount.chosen(BEGINS, NOW), key=lambda row: row["opened_at"])["opened_at"]
        after = (datetime.fromisoformat(first) + timedelta(microseconds=1)).isoformat()
        assert workspace_report(looked_at, since="2026-09-30", until=after).total.conversations == 1
        assert workspace_report(looked_at, since="2026-09-30", until=first).total.conversations == 0

    def test_long_spans_are_told_by_week_from_the_first_one_on(self, looked_at: Application) -> None:
        report = workspace_report(looked_at, since="2020-01-01")
        assert [group.name for group in report.course] == [f"2026-W{week}" for week in range(40, 46)]

    def test_a_span_that_is_none_is_refused(self, looked_at: Application) -> None:
        with pytest.raises(UsageError, match="nothing lies between 2026-10-09"):
            workspace_report(looked_at, since="2026-10-09", until="2026-10-08")

    @pytest.mark.parametrize("said", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
    def test_what_is_no_time_is_refused(self, said: str) -> None:
        with pytest.raises(UsageError):
            read_local(said, NOW, ZoneInfo(ZONE), end=True)

    def test_names_that_nobody_ever_had_are_refused(self, looked_at: Application) -> None:
        with pytest.raises(UnknownName, match="no agent 'supprt'") as refused:
            workspace_report(looked_at, agent="supprt")
        assert refused.value.hint == "There is: sales, support"
        with pytest.raises(UnknownName, match="no channel 'wbe'"):
            workspace_report(looked_at, channel="wbe")
        # The agent was deleted long ago, and has figures all the same.
        assert workspace_report(looked_at, agent="sales").total.conversations > 0
