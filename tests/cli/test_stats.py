"""`custagent stats` as people type it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.cli import render, stats_view
from custagent.config.home import init_home
from custagent.evaluate.definitions import DEFINITIONS
from custagent.evaluate.stats import Division
from custagent.runtime.bootstrap import Application
from tests.evaluate.reports import NOW, facts, report
from tests.month import Month

#: Runs a command; what it printed and ended with (conftest).
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 300 conversations of the last 20 days."""
    home = init_home(tmp_path_factory.mktemp("busy") / "help", name="Northwind")
    now = datetime.now(UTC)
    with Application(home, user="anna") as app:
        assert app.store.ledger.balance() == 0
    Month(seed=3, conversations=300, begins=now - timedelta(days=20), now=now).write(home.database)
    return home.root


@pytest.fixture
def busy(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as the current folder."""
    monkeypatch.chdir(folder)
    return folder


def test_without_conversations_it_says_what_to_try(run: Run) -> None:
    assert run("init").code == 0
    done = run("stats")
    assert done.code == 0
    assert "custagent stats --since 365d" in done.out


def test_the_figures_are_the_same_in_every_form(run: Run, busy: Path) -> None:
    told = run("stats", "--json").json
    assert told["total"]["conversations"] > 250
    rows = list(csv.DictReader(io.StringIO(run("stats", "--csv").out)))
    assert rows[0]["name"] == "Northwind"
    assert int(rows[0]["resolved"]) == told["total"]["resolved"]["count"]
    assert {row["by"] for row in rows} == {"total", *Division}
    words = run("stats").out
    assert f"{told['total']['conversations']} conversations" in words
    resolved = told["total"]["resolved"]
    assert f"{resolved['share']:.0%}".replace("%", " %") in words
    assert f"{resolved['count']} of {resolved['of']}" in words


def test_it_can_be_narrowed_and_divided(run: Run, busy: Path) -> None:
    whole, one = run("stats", "--json").json, run("stats", "--agent", "sales", "--by", "channel", "--json").json
    assert list(one["by"]) == ["channel"]
    (sales,) = [group for group in whole["by"]["agent"] if group["name"] == "sales"]
    assert one["total"]["conversations"] == sales["conversations"] > 0
    heads, *lines = run("stats", "--by", "channel").out.splitlines()[1:]
    assert heads.split("\t")[0] == "Channel"
    assert [line.split("\t")[0] for line in lines[:3]] == sorted(
        (line.split("\t")[0] for line in lines[:3]), key=lambda name: -counts(whole)[name]
    )
    assert lines[3].split("\t")[:2] == ["in all", str(whole["total"]["conversations"])]


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {group["name"]: group["conversations"] for group in told["by"]["channel"]}


def test_a_page_is_written(run: Run, busy: Path) -> None:
    done = run("stats", "--html", "figures.html")
    assert "figures.html" in done.out
    page = (busy / "figures.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Northwind" in page
    refused = run("stats", "--html", "no/such/folder.html")
    assert (refused.code, "cannot be written" in refused.err) == (2, True)


def test_each_definition_is_told_on_request(run: Run, busy: Path) -> None:
    for words in (("--definitions",), ("--by", "week", "--definitions")):
        told = run("stats", *words).out
        assert [name for name, one in DEFINITIONS.items() if one.text not in told and name != "gaps"] == []
    assert DEFINITIONS["resolved"].text not in run("stats").out


def test_forms_do_not_mix_and_wrong_words_are_named(run: Run, busy: Path) -> None:
    for words in (("--csv", "--json"), ("--html", "x.html", "--csv")):
        done = run("stats", *words)
        assert (done.code, "do not go together" in done.err) == (2, True)
    assert run("stats", "--since", "yesterday").code == 2
    unknown = run("stats", "--channel", "wbe")
    assert unknown.code == 1
    assert "web" in unknown.err


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("view", ["report", *Division])
def test_it_fits_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, view: str
) -> None:
    """Nothing is wider than the terminal, and no figure is cut or broken."""
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", str(width))):
        monkeypatch.setenv(name, value)
    made = report([facts(reason="asked-for-person", ups=1, agent="a-rather-long-name-of-an-agent")] * 12_345)
    render.stdout.cache_clear()
    if view == "report":
        stats_view.show_report(made, definitions=False)
    else:
        stats_view.show_division(made, Division(view))
    render.stdout.cache_clear()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width
    shown = " ".join(lines).replace("\N{NO-BREAK SPACE}", " ")
    assert "12,345" in shown
    assert "100.0 %" in shown
    assert ("━" * 10 if view == "report" else "1,234,500") in shown


def test_of_few_there_is_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    render.stdout.cache_clear()
    stats_view.show_report(report([facts()] * 19, since=NOW - timedelta(days=12)), definitions=False)
    told = capsys.readouterr().out
    assert re.search(r"Resolved, HubSpot's way +too few to tell +19 of 19\n", told)
    assert " %" not in told
