"""Reading whole sites: what is in, what is not and why, what a second look costs, and what a page's end means."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from custagent.core.agent import FileSource, UrlSource
from custagent.core.document import SourceStatus
from custagent.core.errors import StoreError
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.index.index import IndexFolder
from custagent.knowledge.index.indexer import Indexer
from custagent.runtime.proving.site import StaticSite
from custagent.testing import HashEmbedder
from tests.knowledge.conftest import Reply

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def sentence(path: str) -> str:
    return f"This page is all about {path} and says how it works."


@pytest.fixture
def site(library) -> UrlSource:
    """Five pages in a chain, each reached only from the one before."""
    paths = ["/", "/a", "/b", "/c", "/d"]
    for path, following in zip(paths, [*paths[1:], "/"], strict=True):
        library.page(path, sentence(path), following)
    return library.site()


def gone(library, path: str, status: int = 404) -> None:
    library.web.pages[path] = library.web.reply(status=status)


def problems(library, state) -> dict[str, str]:
    return {location.removeprefix(library.web.url("")): reason for location, reason in state.problems}


def test_every_page_is_in(library, site):
    state = library.read(site)
    assert (state.status, state.pages, state.problems) == (SourceStatus.READY, 5, ())
    assert library.held(site) == ["/", "/a", "/b", "/c", "/d"]
    assert sorted(library.heard) == [("read", path) for path in ("/", "/a", "/b", "/c", "/d")]


def test_a_second_look_costs_one_conditional_request_a_page(library, site):
    library.read(site)
    before = library.store.documents.chunks_of("ada")
    library.clock.advance(hours=24)
    state = library.read(site)
    assert library.conditional() == ["/", "/a", "/b", "/c", "/d"]
    assert (state.status, state.pages, state.synced_at) == (SourceStatus.READY, 5, library.clock.now())
    assert library.store.documents.chunks_of("ada") == before
    assert set(library.store.documents.fetched("ada", state.key).values()) == {library.clock.now()}


def test_a_changed_page_is_read_and_the_others_are_left_alone(library, site):
    library.read(site)
    library.page("/b", "Now it is about something else altogether.", "/c")
    assert library.read(site).pages == 5
    assert any("something else" in text for text in library.texts())
    assert not any(sentence("/b") in text for text in library.texts())


def test_a_dead_link_is_listed_and_does_no_harm(library, site):
    library.page("/", sentence("/"), "/a", "/dead")
    state = library.read(site)
    assert (state.status, state.pages, state.error) == (SourceStatus.READY, 5, "")
    reason = problems(library, state)["/dead"]
    assert "404" in reason
    assert f"linked from {library.web.url('/')}" in reason


def test_a_page_that_cannot_be_read_is_listed(library, site):
    library.page("/", sentence("/"), "/a", "/broken.pdf")
    library.web.pages["/broken.pdf"] = library.web.reply(body=b"no pdf", headers={"Content-Type": "application/pdf"})
    state = library.read(site)
    assert (state.status, state.pages) == (SourceStatus.READY, 5)
    assert "no such file" in problems(library, state)["/broken.pdf"]


def test_what_robots_txt_forbids_is_listed_and_not_fetched(library, site):
    library.page("/", sentence("/"), "/a", "/internal")
    library.page("/internal", sentence("/internal"))
    library.web.pages["/robots.txt"] = library.web.reply(body="User-agent: *\nDisallow: /internal")
    state = library.read(site)
    assert problems(library, state) == {"/internal": "robots.txt asks not to read it"}
    assert "/internal" not in library.web.targets


def test_a_page_that_asks_not_to_be_searchable_leaves_the_answers(library, site):
    library.read(site)
    library.page("/d", sentence("/d"), head='<meta name="robots" content="noindex">')
    state = library.read(site)
    assert library.held(site) == ["/", "/a", "/b", "/c"]
    assert problems(library, state) == {"/d": "the page asks not to be searchable"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_removed_page_leaves_the_answers_at_once(library, site, status):
    library.read(site)
    gone(library, "/d", status)
    state = library.read(site)
    assert (state.status, library.held(site)) == (SourceStatus.READY, ["/", "/a", "/b", "/c"])
    assert not any(sentence("/d") in text for text in library.texts())


@pytest.fixture
def lost(library) -> Reply:
    """What some servers answer, with 200, where there is no page."""
    return library.web.reply(
        body="<title>Page not found | Shop</title><h1>Page not found</h1><p>Go back to the start.</p>",
        headers={"Content-Type": "text/html"},
    )


def test_a_page_that_says_itself_that_there_is_none_counts_as_gone(library, site, lost):
    library.read(site)
    library.page("/", sentence("/"), "/a", "/never")
    library.web.pages |= {"/d": lost, "/never": lost}
    state = library.read(site)
    assert (state.status, library.held(site)) == (SourceStatus.READY, ["/", "/a", "/b", "/c"])
    assert "says itself that there is no such page" in problems(library, state)["/never"]
    assert not any("Go back" in text for text in library.texts())


def test_nor_is_it_read_where_it_alone_was_given(library, lost):
    library.web.pages["/d"] = lost
    state = library.read(UrlSource(url=library.web.url("/d")))
    assert (state.status, state.pages) == (SourceStatus.FAILED, 0)
    assert "says itself that there is no such page" in state.error


def test_a_page_that_no_link_leads_to_any_more_is_removed(library, site):
    library.read(site)
    library.page("/c", sentence("/c"))
    assert library.read(site).pages == 4


def test_a_page_out_of_reach_keeps_its_last_version_and_those_behind_it(library, site):
    """SRC-3: what is linked from it is unknown now, and not gone."""
    library.read(site)
    library.web.pages["/b"] = library.web.reply(status=500)
    state = library.read(site)
    assert (state.status, library.held(site)) == (SourceStatus.STALE, ["/", "/a", "/b", "/c", "/d"])
    assert state.error == "3 of 5 pages could not be reached; their last version is kept"
    assert "500" in problems(library, state)["/b"]


def test_a_site_out_of_reach_keeps_its_last_version(library, site):
    first = library.read(site)
    library.clock.advance(hours=24)
    library.web.pages["/"] = library.web.reply(status=500)
    state = library.read(site)
    assert (state.status, state.pages, state.synced_at) == (SourceStatus.STALE, 5, first.synced_at)
    assert "500" in state.error


def test_a_robots_txt_that_fails_keeps_the_last_version(library, site):
    library.read(site)
    library.web.pages["/robots.txt"] = library.web.reply(status=500)
    state = library.read(site)
    assert (state.status, state.pages) == (SourceStatus.STALE, 5)
    assert "robots.txt" in state.error


def test_a_start_that_is_gone_leaves_the_answers_and_the_rest_stays(library, site):
    library.read(site)
    gone(library, "/")
    state = library.read(site)
    assert (state.status, library.held(site)) == (SourceStatus.STALE, ["/a", "/b", "/c", "/d"])
    assert "404" in state.error


def test_many_removed_pages_are_asked_about_first(library, site):
    library.read(site)
    library.page("/b", sentence("/b"))
    state = library.read(site)
    assert (state.status, state.pages) == (SourceStatus.STALE, 5)
    assert "2 of 5 pages are gone, and none was removed" in state.error
    assert "custagent sources sync ada --accept-removals" in state.error
    state = library.read(site, accept_removals=True)
    assert (state.status, library.held(site)) == (SourceStatus.READY, ["/", "/a", "/b"])


def test_the_limit_leaves_out_and_removes_nothing(library, site):
    library.read(site)
    few = library.site(max_pages=2)
    state = library.read(few)
    assert (state.status, state.pages) == (SourceStatus.READY, 5)
    assert problems(library, state)["/"].startswith("left out by max_pages")
    assert library.web.url("/b") in problems(library, state)["/"]


def test_a_second_address_of_a_page_is_read_once(library, site):
    library.page("/", sentence("/"), "/a", "/a?ref=menu")
    library.page("/a?ref=menu", sentence("/a"), head='<link rel="canonical" href="/a">')
    assert library.read(site).pages == 5
    assert library.held(site) == ["/", "/a", "/b", "/c", "/d"]


def test_what_is_no_page_is_left_out_without_a_word(library, site):
    served = {"/style.css": "text/css", "/feed.xml": "application/rss+xml", "/data.json": "application/json"}
    served |= {"/app.js": "text/javascript", "/setup.exe": "application/octet-stream"}
    library.page("/", sentence("/"), "/a", *served)
    for path, media_type in served.items():
        library.web.pages[path] = library.web.reply(body="x = 1 and more of it", headers={"Content-Type": media_type})
    state = library.read(site)
    assert (state.pages, state.problems) == (5, ())


def test_files_that_servers_do_not_know_are_told_by_their_names(library, site):
    library.page("/", sentence("/"), "/a", "/terms.md")
    unknown = {"Content-Type": "application/octet-stream"}
    library.web.pages["/terms.md"] = library.web.reply(body="# Terms\n\nBikes are sold as they stand.", headers=unknown)
    assert library.read(site).pages == 6


def test_a_failing_database_ends_it_and_leaves_no_crawl_behind(library, site, monkeypatch):
    def page_read(location: str) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(library, "page_read", page_read)
    with pytest.raises(StoreError) as caught:
        library.read(site)
    assert caught.value.message == "the disk is full"
    assert not {name for name in library.work_left() if not name.startswith("Web.")}


def test_stopped_in_the_middle_whole_pages_stay_and_the_rest_follows(library, site, monkeypatch):
    class Stopped(KeyboardInterrupt):
        """Ctrl-C."""

    def page_read(location: str) -> None:
        if location.endswith("/b"):
            raise Stopped

    monkeypatch.setattr(library, "page_read", page_read)
    with pytest.raises(Stopped):
        library.read(site)
    held = library.held(site)
    assert {"/", "/a", "/b"} <= set(held), "those that came with them may be in as well"
    (state,) = library.store.sources.source_states("ada").values()
    assert state.status is SourceStatus.READING
    monkeypatch.undo()
    assert library.read(site).status is SourceStatus.READY
    assert library.conditional() == held
    assert library.held(site) == ["/", "/a", "/b", "/c", "/d"]


#: Reads the example site and says so of each page; it is killed on the way.
READER = """
    import asyncio, sys
    from pathlib import Path
    from custagent.core.agent import UrlSource
    from custagent.knowledge.ingest import Ingestor
    from custagent.store import Store
    from custagent.testing import FrozenClock

    class Told:
        def page_read(self, location): print(location, flush=True) or sys.stdin.readline()
        def page_failed(self, location, reason): pass
        def embedded(self, done, total): pass

    async def main(database, origin):
        clock = FrozenClock()
        with Store(Path(database), clock) as store:
            async with Ingestor(root=Path(database).parent, documents=store.documents, sources=store.sources,
                                clock=clock, allow_hosts=[origin.removeprefix("http://")]) as ingestor:
                await ingestor.read("ada", UrlSource(url=f"{origin}/", import_related=True), Told())

    asyncio.run(main(*sys.argv[1:]))
"""


def kill_after_the_first(database: Path, origin: str) -> str:
    """Start a reader of its own process, and kill it when it has told of a page, and waits; which it was."""
    program = [sys.executable, "-c", textwrap.dedent(READER), str(database), origin]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        told = reader.stdout.readline().strip()
        reader.kill()
    assert reader.returncode == -signal.SIGKILL
    return told


def test_the_example_site_killed_on_the_way_and_read_to_its_end(library, tmp_path):
    """SRC-5, with a real server, a real kill, and then the figures that examples/README.md promises."""
    embedder, folder = HashEmbedder(dimension=16), IndexFolder(tmp_path / "index", "ada")
    indexer = Indexer(library.store.documents, library.store.vectors, embedder)
    with StaticSite(EXAMPLES / "help-site") as served:
        library.allow_hosts = [served.host]
        source = UrlSource(url=f"{served.origin}/", import_related=True)
        # The first page is stored by itself; how many of the others go together depends on how fast they come.
        told = kill_after_the_first(tmp_path / "custagent.db", served.origin)
        kept = library.store.documents.validators("ada", library.store.sources.source_states("ada").popitem()[0])
        assert list(kept) == [told], "it was killed on the way"

        state = library.read(source)
        assert (state.status, state.error) == (SourceStatus.READY, "")
        assert indexer.update(folder, lambda *_: None)

        pages = {page.removeprefix(served.origin) for page in library.held(source)}
        expected = {f"/{file.relative_to(EXAMPLES / 'help-site')}" for file in (EXAMPLES / "help-site").rglob("*.html")}
        expected = {page.removesuffix("index.html") for page in expected}
        assert pages == expected - {"/internal/returns-desk.html", "/products/spring-campaign.html"}
        listed = {place.removeprefix(served.origin): reason for place, reason in state.problems}
        assert listed.keys() == {
            "/internal/returns-desk.html",
            "/products/spring-campaign.html",
            "/orders/archive-2018.html",
        }

        embedded, live = embedder.embedded, folder.live()
        again = library.read(source)
        assert (again.status, again.pages, again.chunks) == (state.status, state.pages, state.chunks)
        assert not indexer.update(folder, lambda *_: None)
        assert (embedder.embedded, folder.live()) == (embedded, live), "a second sync embeds nothing"


def test_pages_of_a_site_and_files_stand_side_by_side(library, site):
    library.file("terms.md", "# Terms\n\nBikes are sold as they stand.")
    terms = FileSource(file="terms.md")
    library.read(site)
    library.read(terms)
    gone(library, "/d")
    library.read(site)
    assert library.held(terms) == ["terms.md"]
    assert len(library.texts()) == 5


#: A converter that cannot convert anything.
BROKEN = "raise SystemExit(3)"


def without_validators(library, *paths: str) -> None:
    for path in paths:
        library.page(path, sentence(path), *(other for other in paths if other != path))
        reply = library.web.pages[path](SimpleNamespace(headers={}))
        library.web.pages[path] = library.web.reply(body=reply.body, headers={"Content-Type": "text/html"})


def test_equal_bytes_are_not_converted_again(library):
    without_validators(library, "/", "/a", "/b")
    source = library.site()
    library.read(source)
    library.page("/b", "Now it is about something else.", "/")
    changed = library.read(source)
    assert [place.removeprefix(library.web.url("")) for place in changed.difference.changed] == ["/b"]
    with Converter(entry=BROKEN) as library.converter:
        state = library.read(source)
    assert (state.status, state.problems, library.held(source)) == (SourceStatus.READY, (), ["/", "/a", "/b"])
    assert sorted(library.heard) == [("read", "/"), ("read", "/a"), ("read", "/b")]


def test_nor_those_of_a_single_page(library):
    without_validators(library, "/a")
    source = UrlSource(url=library.web.url("/a"))
    library.read(source)
    with Converter(entry=BROKEN) as library.converter:
        assert library.read(source).status is SourceStatus.READY
        library.page("/a", "Now it is about something else.")
        assert library.read(source).status is SourceStatus.STALE


def test_a_page_is_dated_by_itself_else_by_the_site_map(library):
    said = '<meta property="article:modified_time" content="2026-05-03">'
    library.page("/", sentence("/"), "/a", "/b", head=said)
    library.page("/a", sentence("/a"))
    library.page("/b", sentence("/b"))
    entries = "".join(
        f"<url><loc>{library.web.url(path)}</loc><lastmod>2025-12-24</lastmod></url>" for path in ("/", "/a")
    )
    library.web.pages["/sitemap.xml"] = library.web.reply(body=f"<urlset>{entries}</urlset>")
    library.read(library.site())
    dated = {path: library.store.documents.document(library.web.url(path)).dated for path in ("/", "/a", "/b")}
    assert dated == {"/": "2026-05-03T00:00:00+00:00", "/a": "2025-12-24T00:00:00+00:00", "/b": ""}


def test_the_pages_in_other_languages_are_related(library):
    head = (
        '<link rel="alternate" hreflang="sv" href="/sv"><link rel="alternate" hreflang="de" href="https://de.example/">'
    )
    library.page("/", sentence("/"), head=head)
    library.page("/sv", "Här står allt om hur man lämnar tillbaka en cykel som man inte vill ha.")
    library.read(library.site())
    assert library.held(library.site()) == ["/", "/sv"]
