"""The reference is what the program says of itself, and says something of everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from custagent.config.schema import agent_schema, workspace_schema
from custagent.core.case import CaseFile
from custagent.store.database.migrations import bring_up
from tests.pages import DOCS, anchors
from tests.reference import load

reference = load("reference")
settings = load("reference_pages.settings")
tables = load("reference_pages.tables")
addresses = load("reference_pages.addresses")
SCHEMAS = {
    "custagent.yaml": workspace_schema(),
    "agents/NAME.yaml": agent_schema(),
    "agents/NAME.test.yaml": CaseFile.model_json_schema(by_alias=True),
}


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        bring_up(connection)
        yield connection


@pytest.mark.parametrize("name", reference.PAGES)
def test_it_is_up_to_date(name: str) -> None:
    assert reference.stale(name) == [], "run: python docs/reference.py --write"


def test_what_is_out_of_date_is_told_and_written(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    monkeypatch.setattr(reference, "PAGES", {"exit-codes.md": reference.PAGES["exit-codes.md"]})
    monkeypatch.setattr("sys.argv", ["reference.py"])
    assert reference.main() == 1
    assert "docs/exit-codes.md is out of date" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["reference.py", "--write"])
    assert reference.main() == 0
    monkeypatch.setattr("sys.argv", ["reference.py"])
    assert reference.main() == 0
    assert (tmp_path / "exit-codes.md").read_text(encoding="utf-8").startswith("# Exit codes")


@pytest.mark.parametrize("file", SCHEMAS)
def test_every_key_says_what_it_is(file: str) -> None:
    silent = [
        f"{mapping}.{name}" for mapping, name, value in settings.keys(SCHEMAS[file]) if not value.get("description")
    ]
    assert silent == []


@pytest.mark.parametrize("file", SCHEMAS)
def test_every_key_stands_on_the_page(file: str) -> None:
    page = (DOCS / "yaml.md").read_text(encoding="utf-8")
    assert [name for _, name, _ in settings.keys(SCHEMAS[file]) if f"| `{name}` |" not in page] == []


def test_each_kind_of_value_is_said_in_words() -> None:
    page = (DOCS / "yaml.md").read_text(encoding="utf-8")
    assert "| `close_after` | [close_after](#conversations-close_after) |" in page
    assert "| `max_pages` | whole number, 1 to 100,000 | `1000` |" in page
    assert "| `from` | day, as `2026-12-01` |" in page
    assert {"conversations-close_after", "channels-email", "sources-url"} <= anchors(page)


def test_every_column_of_every_table_is_said(database) -> None:
    page = (DOCS / "database.md").read_text(encoding="utf-8")
    for table in tables.tables(database):
        section = page.partition(f"### {table}\n")[2].partition("\n#")[0]
        assert section, table
        for column, _, _ in tables.columns(database, table):
            assert f"| `{column}` |" in section, f"{table}.{column}"


def test_a_column_that_nobody_describes_is_an_error(database) -> None:
    with pytest.raises(LookupError, match=r"gaps\.novelty: add a line to"):
        tables.line_of(database, "gaps", "novelty", {})


def test_what_a_column_may_hold_is_told(database) -> None:
    assert tables.line_of(database, "gaps", "status", {}).endswith("One of `open`, `answered`, `dismissed`.")


def test_a_comment_of_a_migration_belongs_to_what_follows_it() -> None:
    said = tables.said()
    assert said["messages.edited_at"] == "When the contact changed a message, after it had come."
    assert said["source_documents"].startswith("Which source of which agent")


def test_every_address_says_what_it_does() -> None:
    page = (DOCS / "http.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(("| GET", "| POST"))]
    assert len(rows) > 30
    assert [row for row in rows if row.endswith("|  |")] == []
