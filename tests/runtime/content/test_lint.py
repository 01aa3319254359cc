"""An agent's content looked over as it is stored: pages, short answers, brand voice, what customers ask."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custagent.config.home import Home
from custagent.core.errors import CustagentError, UsageError
from custagent.knowledge.lint import Rule
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.lint import changed_at, lint
from custagent.runtime.content.sources import sync
from tests.runtime.conftest import Clients, Silent

AGENT = """\
name: support
role: customer-service
personality: friendly
voice: plain
sources:
  - collection: content/blog
    type: {type}
  - short_answer: Do you ship to Norway?
    answer: Yes, to all of Norway within four days.
    until: 2020-01-31
"""
PAGE = "# Sending a bike back\n\nYou can send a bike back within 30 days. Pack it as it came. We pay for the parcel. It is cheap. The money is on your card five days later.\n"


@pytest.fixture
def read(home: Home, open_app: Callable[..., Application], listener: Silent) -> Callable[..., Application]:
    """The workspace with one page in a collection of some type, read."""

    def write(kind: str = "blog", age: timedelta = timedelta()) -> Application:
        file = home.root / "content" / "blog" / "returns.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE, encoding="utf-8")
        text = AGENT.format(type=kind).replace("personality: friendly\n", "")
        (home.root / "agents" / "support.yaml").write_text(text, encoding="utf-8")
        with home.workspace_file.open("a", encoding="utf-8") as workspace:
            workspace.write("voices:\n  - name: plain\n    description: Short.\n    words:\n      avoid: [cheap]\n")
        app = open_app()
        changed = (app.clock.now() - age).timestamp()
        os.utime(file, (changed, changed))
        sync(app, app.agent("support"), listener)
        return app

    return write


def test_findings_come_in_the_order_of_the_sources(read: Callable[..., Application]) -> None:
    found = lint(read(), "support")
    assert [(one.rule, one.location) for one in found] == [
        (Rule.AVOIDED_WORD, "content/blog/returns.md"),
        (Rule.EXPIRED, "Do you ship to Norway?"),
    ]


@pytest.mark.parametrize(("kind", "old"), [("landing-pages", True), ("blog", False)])
def test_how_soon_a_page_is_old_depends_on_what_it_is(read: Callable[..., Application], kind: str, old: bool) -> None:
    found = lint(read(kind, timedelta(days=200)), "support")
    assert (Rule.STALE_PAGE in {one.rule for one in found}) == old


def test_customers_words_that_no_page_says(read: Callable[..., Application], clients: Clients, tmp_path: Path) -> None:
    app = read()
    phrases = tmp_path / "searches.txt"
    phrases.write_text("\ufeffkickstand creaks\r\n\r\nsend kickstand back\r\n", encoding="utf-8")
    found = [one for one in lint(app, "support", phrases=phrases) if one.rule is Rule.UNSAID]
    assert [one.quote for one in found] == ["kickstand", "creaks"]
    assert found[0].message.startswith("2 questions say 'kickstand'")


def test_what_cannot_be_looked_over_is_told(app: Application, read: Callable[..., Application], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        lint(read(), "support", phrases=tmp_path / "missing.txt")


def test_without_content_there_is_nothing_to_look_over(home: Home, open_app: Callable[..., Application]) -> None:
    (home.root / "agents" / "support.yaml").write_text(
        "name: support\nrole: customer-service\npersonality: friendly\nsources:\n  - file: content/missing.md\n",
        encoding="utf-8",
    )
    with pytest.raises(CustagentError, match="no content") as refused:
        lint(open_app(), "support")
    assert "sources sync support" in refused.value.hint


def test_a_page_is_as_old_as_it_says_itself(read: Callable[..., Application]) -> None:
    app = read("landing-pages")
    document = app.store.documents.document("content/blog/returns.md")
    assert document is not None
    server = replace(document, last_modified="Sat, 04 Jul 2020 12:00:00 GMT")
    assert changed_at(app, server) == datetime(2020, 7, 4, 12, tzinfo=UTC)
    assert changed_at(app, replace(server, dated="2026-05-03T00:00:00+00:00")) == datetime(2026, 5, 3, tzinfo=UTC)
