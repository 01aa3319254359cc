"""What a reading tells of what it changed, and what one tells that only looks."""

from __future__ import annotations

import pytest

from custagent.core.agent import CollectionSource, UrlSource
from custagent.core.document import Difference, SourceStatus


@pytest.fixture
def site(library) -> UrlSource:
    """A start page with three others."""
    library.page("/", "The start of everything there is to say.", "/a", "/b", "/c")
    for path in ("/a", "/b", "/c"):
        library.page(path, f"All about {path} and nothing else.", "/")
    return library.site()


def short(library, difference: Difference) -> dict[str, list[str]]:
    web = library.web.url("")
    return {
        name: sorted(place.removeprefix(web) for place in getattr(difference, name))
        for name in ("added", "changed", "removed", "unchanged")
    }


def change(library) -> None:
    library.page("/", "The start of everything there is to say.", "/a", "/b", "/d")
    library.page("/a", "Something else altogether is said of it now.")
    library.page("/d", "A page that was not there before.")
    library.web.pages["/c"] = library.web.reply(status=404)


DIFFERENCE = {"added": ["/d"], "changed": ["/", "/a"], "removed": ["/c"], "unchanged": ["/b"]}


def test_a_first_reading_adds_everything_and_a_second_changes_nothing(library, site):
    assert short(library, library.read(site).difference)["added"] == ["/", "/a", "/b", "/c"]
    difference = library.read(site).difference
    assert not difference
    assert short(library, difference)["unchanged"] == ["/", "/a", "/b", "/c"]


def test_a_reading_tells_what_it_changed(library, site):
    library.read(site)
    change(library)
    assert short(library, library.read(site).difference) == DIFFERENCE


def test_a_dry_run_tells_the_same_and_writes_nothing(library, site):
    before = library.read(site)
    texts, key = library.texts(), before.key
    fetched = library.store.documents.fetched("ada", key)
    change(library)
    library.clock.advance(hours=1)
    state = library.read(site, dry_run=True)
    assert short(library, state.difference) == DIFFERENCE
    assert (library.texts(), library.store.documents.fetched("ada", key)) == (texts, fetched)
    assert library.store.sources.source_states("ada")[key].status is SourceStatus.READY
    assert short(library, library.read(site).difference) == DIFFERENCE


def test_a_dry_run_of_what_was_never_read_leaves_no_trace(library, site):
    assert len(library.read(site, dry_run=True).difference.added) == 4
    assert library.texts() == []
    assert library.store.sources.source_states("ada") == {}


def test_a_dry_run_says_when_too_much_would_go(library, site):
    library.read(site)
    library.page("/", "The start of everything there is to say.")
    for path in ("/a", "/b", "/c"):
        library.web.pages[path] = library.web.reply(status=410)
    state = library.read(site, dry_run=True)
    assert state.error.startswith("3 of 4 pages are gone, and none was removed.")
    assert state.difference.removed == ()
    assert len(library.read(site, dry_run=True, accept_removals=True).difference.removed) == 3


def test_files_that_say_the_same_are_unchanged(library):
    for name in "ab":
        library.file(f"content/{name}.md", f"# {name}\n\nThis is about {name} and about nothing else.\n")
    folder = CollectionSource(collection="content")
    library.read(folder)
    library.file("content/b.md", "# b\n\nThis is about something else than before.\n")
    difference = library.read(folder).difference
    assert (difference.changed, difference.unchanged) == (("content/b.md",), ("content/a.md",))


def test_what_another_agent_holds_is_fetched_once(library, site):
    library.read(site, agent="bo")
    for path in ("/", "/a", "/b", "/c"):
        library.only_unchanged(path)
    state = library.read(site, agent="ada")
    assert library.conditional() == ["/", "/a", "/b", "/c"]
    assert (state.pages, len(state.difference.added)) == (4, 4)
    assert library.texts("ada") == library.texts("bo")


def test_a_single_page_that_another_source_holds_is_fetched_once(library, site):
    library.read(site, agent="bo")
    page = UrlSource(url=library.web.url("/a"))
    state = library.read(page, agent="ada")
    assert (library.conditional(), state.pages) == (["/a"], 1)
    assert library.held(page, "ada") == ["/a"]
    assert state.difference.added == (library.web.url("/a"),)


def test_what_only_others_hold_is_not_this_source_s(library, site):
    library.read(site, agent="bo")
    library.page("/", "The start of everything there is to say.", "/a")
    state = library.read(site, agent="ada")
    assert library.held(site, "ada") == ["/", "/a"]
    assert state.difference.removed == ()
