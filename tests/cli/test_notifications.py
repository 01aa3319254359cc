"""notifications list, retry: how it stands with webhooks, there and in `status`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.core.notice import Notice
from custagent.runtime.bootstrap import open_application
from custagent.runtime.in_force import InForce

Run = Callable[..., Any]
WEBHOOKS = """
notifications:
  webhooks:
    - {url: 'https://hooks.northwind.example/x?key=s3', secret: '${HOOK}', events: [handoff, credits]}
    - {url: 'https://pager.example/', secret: '${HOOK}'}
"""


@pytest.fixture
def hooked(run: Run, workspace: Path) -> Path:
    file = workspace / "custagent.yaml"
    file.write_text(file.read_text(encoding="utf-8") + WEBHOOKS, encoding="utf-8")
    assert run("apply").code == 0
    return workspace


@pytest.fixture
def failing(hooked: Path) -> str:
    """The first of them did not take an event."""
    with open_application(hooked, None) as app:
        now, hook = app.clock.now(), InForce(app).workspace().notifications.webhooks[0]
        app.store.notices.tell(Notice(key="k", kind="credits", permission="admin", text="Few are left.", at=now))
        app.store.notifications.collect({hook.key: hook.events}, lambda id_, _: id_, now)
        (one,) = app.store.notifications.due(now, webhooks=[hook.key], limit=9)
        later = now + timedelta(hours=1)
        app.store.notifications.note_failed(one, "it answered 500", later, now, held_until=later)
    return hook.key


@pytest.mark.usefixtures("workspace")
def test_without_one(run: Run) -> None:
    assert "lists no webhook" in run("notifications", "list").out
    done = run("notifications", "retry")
    assert (done.code != 0, "lists no webhook" in done.err) == (True, True)


@pytest.mark.usefixtures("hooked")
def test_all_is_well(run: Run) -> None:
    head, *rows = run("notifications", "list").out.splitlines()
    assert head.split("\t") == ["Webhook", "Told of", "Told", "Waiting", "Given up"]
    assert rows == [
        "hooks.northwind.example\thandoff, credits\t0\t0\t0",
        "pager.example\thandoff, overdue, credits, channel\t0\t0\t0",
    ]
    assert "Nothing waits" in run("notifications", "retry").out
    assert "webhook" not in run("status").err


def test_one_that_fails_is_told_and_tried_again(run: Run, failing: str) -> None:
    done = run("notifications", "list")
    assert "hooks.northwind.example cannot be told of 1 event, it is tried again: it answered 500" in done.err
    assert "key=s3" not in done.out + done.err, "an address may hold a secret"
    assert "cannot be told of 1 event" in run("status").err
    first, second = run("notifications", "list", "--json").json
    assert (first["key"], first["state"]["failing"], second["state"]["failing"]) == (failing, 1, 0)
    assert "Nothing waits" in run("notifications", "retry", "pager.example").out
    assert "1 event put back" in run("notifications", "retry", "hooks.northwind.example").out
    assert run("audit", "--json").json[0]["action"] == "notifications retry"
    done = run("notifications", "retry", "elsewhere.example")
    assert (done.code, "there is no webhook 'elsewhere.example'" in done.err) == (2, True)
