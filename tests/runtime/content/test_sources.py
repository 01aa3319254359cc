"""Adding, reading and removing sources: YAML, content, database and index go together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from custagent.config.agents import agent_path
from custagent.config.editor import NewAgent
from custagent.core.document import SourceStatus
from custagent.core.errors import SourceError, UnknownName, UsageError
from custagent.core.ports import Search
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.source_states import states
from custagent.runtime.content.sources import Place, add_places, find_place, remove_source, sync
from custagent.runtime.definitions.agents import create_agent, delete_agent
from custagent.runtime.proving.site import StaticSite


class Listener:
    """Counts what it hears."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.failed: list[str] = []

    def page_read(self, location: str) -> None:
        self.pages.append(location)

    def page_failed(self, location: str, reason: str) -> None:
        assert reason
        self.failed.append(location)

    def embedded(self, done: int, total: int) -> None:
        assert done <= total


@pytest.fixture
def support(app: Application) -> str:
    create_agent(app, NewAgent(name="support"))
    return "support"


def add(app: Application, agent: str, *texts: str, allow: tuple[str, ...] = (), **options: object) -> Listener:
    places = [find_place(app, text, dict(options)) for text in texts]
    definition = add_places(app, agent, places, allow_hosts=allow)
    listener = Listener()
    sync(app, definition, listener, only=[place.location for place in places])
    return listener


def found(app: Application, agent: str, question: str) -> list[str]:
    return [scored.chunk.text for scored in app.retriever(agent).retrieve(Search(text=question), limit=3).chunks]


def test_a_file_from_outside_is_copied_and_answers(app: Application, support: str, tmp_path: Path) -> None:
    outside = tmp_path / "Refunds.md"
    outside.write_text("# Refunds\n\nRefunds take five days.\n", encoding="utf-8")
    add(app, support, str(outside))
    assert (app.home.content_folder / "Refunds.md").read_bytes() == outside.read_bytes()
    assert "file: content/Refunds.md" in agent_path(app.home, support).read_text(encoding="utf-8")
    (state,) = states(app, support)
    assert (state.status, state.pages, state.chunks) == (SourceStatus.READY, 1, 1)
    assert found(app, support, "refunds") == ["Refunds take five days."]
    version = app.store.versions.applied(support)
    assert version is not None
    assert version.version == 2


def test_another_file_of_the_same_name_is_not_overwritten(app: Application, support: str, tmp_path: Path) -> None:
    (app.home.content_folder / "faq.md").write_text("# Ours\n\nText.\n", encoding="utf-8")
    outside = tmp_path / "faq.md"
    outside.write_text("# Other\n\nText.\n", encoding="utf-8")
    with pytest.raises(SourceError, match="already"):
        find_place(app, str(outside), {})
    assert (app.home.content_folder / "faq.md").read_text(encoding="utf-8") == "# Ours\n\nText.\n"


def test_a_folder_brings_every_file_that_can_be_read(app: Application, support: str, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("# A\n\nAlpha.\n", encoding="utf-8")
    (folder / "deep" / "b.txt").write_text("Beta is here.\n", encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    listener = add(app, support, str(folder))
    assert sorted(listener.pages) == ["content/articles/a.md", "content/articles/deep/b.txt"]
    (state,) = states(app, support)
    assert (state.kind, state.location, state.pages) == ("collection", "content/articles", 2)


@pytest.mark.parametrize("text", ["missing.pdf", "photo.png"])
def test_what_cannot_be_a_source_is_refused(
    app: Application, support: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SourceError):
        find_place(app, text, {})


def test_run_time_state_is_no_content(app: Application, support: str) -> None:
    for folder in (app.home.state_folder, app.home.root):
        with pytest.raises(UsageError, match="cannot be a source"):
            find_place(app, str(folder), {})


def test_a_site_needs_its_private_address_allowed(app: Application, support: str, tmp_path: Path) -> None:
    site_folder = tmp_path / "site"
    site_folder.mkdir()
    (site_folder / "index.html").write_text(
        "<html lang=en><title>Help</title><main><h1>Help</h1><p>Opening hours are nine to five.</p>"
        "<a href=/two.html>two</a></main></html>",
        encoding="utf-8",
    )
    (site_folder / "two.html").write_text(
        "<html lang=en><title>Two</title><main><h1>Two</h1><p>Parking is free.</p></main></html>", encoding="utf-8"
    )
    with StaticSite(site_folder) as site:
        with pytest.raises(SourceError, match=r"127\.0\.0\.1") as refused:
            add(app, support, f"{site.origin}/", import_related=True)
        assert (
            f"custagent sources add support {site.origin}/ --import-related --allow-host {site.host}"
            in refused.value.hint
        )
        assert states(app, support) == []
        add(app, support, f"{site.origin}/", allow=(site.host,), import_related=True)
    (state,) = states(app, support)
    assert (state.status, state.pages) == (SourceStatus.READY, 2)
    assert site.host in app.workspace.fetch.allow_hosts
    assert site.host in app.store.versions.live()["custagent.yaml"].text  # commands apply what they write (CRE-6)
    assert found(app, support, "parking")[0] == "Parking is free."


def test_a_removed_source_leaves_the_answers_at_once(app: Application, support: str, tmp_path: Path) -> None:
    for name, text in (("a", "Alpha is first."), ("b", "Beta is second.")):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n{text}\n", encoding="utf-8")
    add(app, support, str(tmp_path / "a.md"), str(tmp_path / "b.md"))
    remove_source(app, support, "content/a.md")
    assert found(app, support, "alpha first") == ["Beta is second."]
    assert [state.location for state in states(app, support)] == ["content/b.md"]
    with pytest.raises(UnknownName, match="no source"):
        remove_source(app, support, "content/a.md")


def test_a_source_taken_out_of_the_file_is_forgotten_by_sync(app: Application, support: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# a\n\nAlpha is first.\n", encoding="utf-8")
    add(app, support, str(tmp_path / "a.md"))
    path = agent_path(app.home, support)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("sources:")] + "sources: []\n", encoding="utf-8")
    sync(app, app.agent(support), Listener())
    assert found(app, support, "alpha") == []
    assert app.store.sources.source_states(support) == {}


def test_a_short_answer_is_a_source(app: Application, support: str) -> None:
    place = Place(mapping={"short_answer": "Do you ship to Norway?", "answer": "Yes, in four days."})
    definition = add_places(app, support, [place])
    sync(app, definition, Listener())
    (state,) = states(app, support)
    assert (state.kind, state.pages, state.chunks) == ("short-answer", 1, 1)
    assert found(app, support, "ship Norway") == ["Yes, in four days."]


def test_a_broken_file_is_told_and_the_rest_is_read(app: Application, support: str, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good\n\nGood text.\n", encoding="utf-8")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    add(app, support, str(tmp_path / "broken.pdf"), str(tmp_path / "good.md"))
    broken, good = states(app, support)
    assert broken.status is SourceStatus.FAILED
    assert "broken.pdf" in broken.error
    assert good.status is SourceStatus.READY
    assert found(app, support, "good") == ["Good text."]


def vectors(app: Application) -> int:
    """How many are kept."""
    with closing(sqlite3.connect(app.home.database)) as connection:
        return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]


def test_vectors_of_words_that_no_page_has_any_more_are_dropped(app: Application, support: str) -> None:
    page = app.home.content_folder / "a.md"
    page.write_text("# Refunds\n\nRefunds take five days.\n\n## Cash\n\nNever.\n", encoding="utf-8")
    add(app, support, str(page))
    assert vectors(app) == 2
    page.write_text("# Refunds\n\nRefunds take nine days.\n\n## Cash\n\nNever.\n", encoding="utf-8")
    before = app.embedder.embedded
    sync(app, app.agent(support), Listener())
    assert (vectors(app), app.embedder.embedded - before) == (2, 1)


def test_a_deleted_agent_leaves_no_vectors_but_those_of_others(app: Application, support: str) -> None:
    create_agent(app, NewAgent(name="other"))
    for name, text in (("a.md", "Refunds take five days."), ("b.md", "We ship to Norway.")):
        (app.home.content_folder / name).write_text(text, encoding="utf-8")
    pages = [str(app.home.content_folder / name) for name in ("a.md", "b.md")]
    add(app, support, *pages)
    add(app, "other", pages[0])
    assert vectors(app) == 2
    delete_agent(app, support)
    assert vectors(app) == 1
    assert found(app, "other", "refunds") == ["Refunds take five days."]
