"""Backups by name, restores by plan, and the look through the database before a runner begins."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.config.home import Home
from custagent.core.conversation import Conversation
from custagent.core.errors import LeaseHeld, PermissionDenied, StoreError, UnknownName, UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.upkeep.backup import (
    agents_to_index,
    check_database,
    list_backups,
    plan_restore,
    restore_backup,
    take_backup,
)
from custagent.runtime.web.server import lifespan_of
from custagent.store.database.backup_folder import folder_of
from custagent.store.database.lease import LeaseHolder

Hear = Callable[..., Conversation]


def silent(_done: int, _of: int) -> None: ...


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)


class TestTaking:
    def test_into_the_workspace_by_the_time(self, shop: Application, hear: Hear) -> None:
        hear(shop)
        taken = take_backup(shop, progress=silent)
        assert taken.path == folder_of(shop.home.database) / "custagent-20260115-120000.db"
        assert (taken.size, taken.taken_at) == (taken.path.stat().st_size, shop.clock.now())
        assert (taken.contents.conversations, taken.pruned) == (1, ())
        assert [one.path for one in list_backups(shop)] == [taken.path]

    def test_the_newest_are_kept(self, shop: Application) -> None:
        paths = []
        for _ in range(3):
            paths.append(take_backup(shop, progress=silent).path)
            shop.clock.advance(days=1)  # type: ignore[attr-defined] # a FrozenClock
        taken = take_backup(shop, keep=2, progress=silent)
        assert taken.pruned == (paths[1], paths[0])
        assert [one.path for one in list_backups(shop)] == [taken.path, paths[2]]

    def test_into_a_file_or_folder_elsewhere(self, shop: Application, tmp_path: Path) -> None:
        assert take_backup(shop, tmp_path / "safe.db", progress=silent).path == tmp_path / "safe.db"
        assert take_backup(shop, tmp_path, progress=silent).path == tmp_path / "custagent-20260115-120000.db"
        assert list_backups(shop) == ()

    def test_what_does_not_fit_together(self, shop: Application, tmp_path: Path) -> None:
        (tmp_path / "there.db").touch()
        with pytest.raises(UsageError, match="there already"):
            take_backup(shop, tmp_path / "there.db", progress=silent)
        with pytest.raises(UsageError, match="no folder") as caught:
            take_backup(shop, tmp_path / "nowhere" / "x.db", progress=silent)
        assert "mkdir -p" in caught.value.hint
        with pytest.raises(UsageError, match="--keep"):
            take_backup(shop, tmp_path / "x.db", keep=1, progress=silent)


class TestRestoring:
    def test_the_plan_tells_what_differs_and_changes_nothing(self, shop: Application, hear: Hear) -> None:
        hear(shop)
        name = take_backup(shop, progress=silent).path.name
        hear(shop, "k2")
        plan = plan_restore(shop, name)
        assert plan.now is not None
        assert (plan.now.conversations, plan.backup.conversations) == (2, 1)
        assert len(shop.store.conversations.list()) == 2

    def test_afterwards_it_is_so_and_written_down(self, shop: Application, hear: Hear) -> None:
        hear(shop)
        taken = take_backup(shop, progress=silent)
        hear(shop, "k2")
        done = restore_backup(shop, plan_restore(shop, str(taken.path)))
        assert len(shop.store.conversations.list()) == 1
        entry = shop.store.audit.entries(1)[0]
        assert (entry.actor, entry.action, entry.subject) == ("anna", "restore", taken.path.name)
        assert entry.before.startswith("2 conversations")
        assert entry.after.startswith("1 conversations")
        assert done.replaced is not None

    def test_while_a_runner_works_it_is_refused(self, shop: Application, hear: Hear) -> None:
        name = take_backup(shop, progress=silent).path.name
        hear(shop)
        holder = LeaseHolder(host="shop-1", pid=7, since=shop.clock.now())
        shop.store.lease.acquire(holder, timedelta(seconds=15), shop.clock.now())
        with pytest.raises(LeaseHeld, match="process 7 on shop-1"):
            restore_backup(shop, plan_restore(shop, name))
        assert len(shop.store.conversations.list()) == 1

    def test_of_a_damaged_database(self, shop: Application, hear: Hear, open_app: Callable[..., Application]) -> None:
        hear(shop)
        name = take_backup(shop, progress=silent).path.name
        shop.close()
        damage(shop.home.database)
        app = open_app()
        with pytest.raises(StoreError, match="is damaged") as caught:
            _ = app.store
        assert f"custagent restore {name}" in caught.value.hint
        restore_backup(app, plan_restore(app, name))
        assert len(app.store.conversations.list()) == 1

    def test_an_unknown_one_names_the_newest(self, shop: Application) -> None:
        with pytest.raises(UnknownName, match="no backup 'x'") as caught:
            plan_restore(shop, "x")
        assert caught.value.hint == "This workspace has none."
        name = take_backup(shop, progress=silent).path.name
        with pytest.raises(UnknownName) as caught:
            plan_restore(shop, "x")
        assert f"custagent restore {name}" in caught.value.hint

    def test_it_needs_admin(self, shop: Application, open_app: Callable[..., Application]) -> None:
        name = take_backup(shop, progress=silent).path.name
        with pytest.raises(PermissionDenied, match="admin"):
            plan_restore(open_app("bo"), name)

    def test_agents_with_content_are_to_be_indexed(self, live: Application) -> None:
        assert agents_to_index(live) == ["support"]


class TestBeforeARunnerBegins:
    @pytest.fixture
    def large(self, app: Application) -> Home:
        """A database that opening alone does not look through, damaged where nothing looks by itself."""
        app.store.vectors.save_vectors("engine", {f"{number:064}": bytes(8000) for number in range(1200)})
        app.close()
        size = app.home.database.stat().st_size
        assert size > 8 * 1024 * 1024
        return app.home

    def spoil(self, home: Home) -> None:
        with closing(sqlite3.connect(home.database)) as connection:
            root = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_vectors_1'"
            ).fetchone()[0]
        with home.database.open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 4096)

    def test_a_damaged_one_is_refused(self, large: Home, open_app: Callable[..., Application]) -> None:
        check_database(open_app())
        self.spoil(large)
        with pytest.raises(StoreError, match="is damaged") as caught:
            check_database(open_app())
        assert "custagent restore FILE" in caught.value.hint

    def test_beside_another_runner_nothing_is_done(self, large: Home, open_app: Callable[..., Application]) -> None:
        self.spoil(large)
        app = open_app()
        holder = LeaseHolder(host="shop-1", pid=7, since=app.clock.now())
        app.store.lease.acquire(holder, timedelta(seconds=15), app.clock.now())
        check_database(app)

    def test_also_under_somebody_elses_server(self, large: Home, open_app: Callable[..., Application]) -> None:
        async def serve() -> None:
            async with lifespan_of(open_app()):
                pytest.fail("it began on a damaged database")

        self.spoil(large)
        with pytest.raises(StoreError, match="is damaged"):
            asyncio.run(serve())

    @pytest.mark.usefixtures("large")
    def test_one_that_takes_too_long_is_told(
        self, open_app: Callable[..., Application], caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            check_database(open_app(), seconds=0.0)
        assert "too large to be looked through" in caplog.text
        assert "custagent backup" in caplog.text
