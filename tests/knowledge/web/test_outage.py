"""SRC-3: a site that is out of order for a while loses no page, and its source says that it is stale."""

from __future__ import annotations

import asyncio

import pytest

from custagent.core.agent import UrlSource
from custagent.core.document import SourceStatus
from custagent.knowledge.web.fetch import FetchLimits

PATHS = ["/", *(f"/p{number:02}" for number in range(1, 20))]
HTML = {"Content-Type": "text/html"}


def sentence(path: str) -> str:
    return f"The page {path} says how this works and what it costs."


@pytest.fixture
def site(library) -> UrlSource:
    """A start page and nineteen that it leads to, read once."""
    put(library, PATHS[1:])
    source = library.site()
    assert library.read(source).pages == 20
    library.clock.advance(hours=24)
    # Little patience from here on: what is silent is silent for good.
    library.limits = FetchLimits(page=1.0, silence=0.3, back_off=0.0, wait=0.0)
    return source


def put(library, linked: list[str]) -> None:
    library.page("/", sentence("/"), *linked)
    for path in linked:
        library.page(path, sentence(path), "/")


def fail(library, paths: list[str], status: int = 500) -> None:
    for path in paths:
        library.web.pages[path] = library.web.reply(status=status, headers={"Retry-After": "0"})


def held_all(library, site, state) -> bool:
    """Whether every page is still answered from."""
    answered = all(any(sentence(path) in text for text in library.texts()) for path in PATHS)
    return (state.pages, library.held(site), answered) == (20, sorted(PATHS), True)


async def silent(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def everywhere(library, reply) -> None:
    for path in [*PATHS, "/robots.txt", "/sitemap.xml"]:
        library.web.pages[path] = reply


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_every_page_answers_with_an_error(library, site, status):
    before = library.store.sources.source_states("ada").popitem()[1]
    everywhere(library, library.web.reply(status=status, headers={"Retry-After": "0"}))
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert str(status) in state.error
    assert held_all(library, site, state)
    assert state.synced_at == before.synced_at, "it is as old as it was"


def test_every_page_is_silent(library, site):
    for path in [*PATHS, "/robots.txt"]:
        library.web.raw[path] = silent
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert "fell silent" in state.error or "not there whole" in state.error
    assert held_all(library, site, state)


def test_robots_txt_is_out_of_order(library, site):
    fail(library, ["/robots.txt"], 503)
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert "robots.txt comes first" in state.error
    assert held_all(library, site, state)
    assert "/" not in library.web.targets


def test_half_of_the_pages_fail(library, site):
    fail(library, PATHS[10:])
    state = library.read(site)
    assert (state.status, state.error) == (
        SourceStatus.STALE,
        "10 of 20 pages could not be reached; their last version is kept",
    )
    assert held_all(library, site, state)


def test_few_pages_that_fail_do_not_make_a_source_stale(library, site):
    fail(library, PATHS[14:])
    state = library.read(site)
    assert (state.status, state.error, len(state.problems)) == (SourceStatus.READY, "", 6)
    assert held_all(library, site, state)


def test_pages_behind_failing_ones_are_not_gone(library, site):
    """The pages that half of the site was reached by are out of order."""
    library.page("/", sentence("/"), "/p01", "/p02")
    fail(library, ["/p01", "/p02"])
    state = library.read(site)
    assert state.error == "19 of 20 pages could not be reached; their last version is kept"
    assert held_all(library, site, state)


def test_a_bot_check_takes_the_place_of_the_pages(library, site):
    fail(library, PATHS[5:], 403)
    state = library.read(site)
    assert state.error == "15 of 20 pages could not be reached; their last version is kept"
    assert held_all(library, site, state)


MAINTENANCE = "<title>Back soon</title><p>We are improving our site. Please come back in an hour or two, thank you.</p>"


def test_the_start_says_that_there_is_maintenance(library, site):
    library.web.pages["/"] = library.web.reply(body=MAINTENANCE, headers=HTML)
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert "19 of 20 pages are gone, and none was removed" in state.error
    assert held_all(library, site, state), "the start is not what it says now either"
    state = library.read(site, accept_removals=True)
    assert (state.status, library.held(site)) == (SourceStatus.READY, ["/"])
    assert "improving our site" in library.texts()[0]


def test_maintenance_everywhere(library, site):
    everywhere(library, library.web.reply(body=MAINTENANCE, headers=HTML))
    library.web.pages["/robots.txt"] = library.web.reply(status=404)
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert held_all(library, site, state)


def test_maintenance_at_the_start_while_a_sitemap_lists_the_rest(library, site):
    listed = "".join(f"<url><loc>{library.web.url(path)}</loc></url>" for path in PATHS[:17])
    library.web.pages["/sitemap.xml"] = library.web.reply(body=f"<urlset>{listed}</urlset>")
    library.web.pages["/"] = library.web.reply(body=MAINTENANCE, headers=HTML)
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert "leads nowhere, as sites do under maintenance" in state.error
    assert "custagent sources sync ada --accept-removals" in state.error
    assert held_all(library, site, state)


def test_all_pages_lead_to_a_sign_in(library, site):
    everywhere(library, library.web.reply(status=302, headers={"Location": "/login"}))
    library.web.pages["/robots.txt"] = library.web.reply(status=404)
    library.web.pages["/login"] = library.web.reply(body="<title>Login</title><p>Please sign in.", headers=HTML)
    state = library.read(site)
    assert state.status is SourceStatus.STALE
    assert sorted(set(PATHS) - set(library.held(site))) == []


def test_it_recovers(library, site):
    fail(library, PATHS)
    library.read(site)
    put(library, PATHS[1:])
    state = library.read(site)
    assert (state.status, state.error, state.synced_at) == (SourceStatus.READY, "", library.clock.now())


def test_a_site_that_stops_answering_is_left_alone(library):
    """Each of a thousand pages that time out may take half a minute: after some of them it is enough."""
    linked = [f"/page{number}" for number in range(60)]
    library.limits = FetchLimits(page=1.0, silence=0.3, back_off=0.0)
    library.page("/", sentence("/"), "/first", *linked)
    library.page("/first", sentence("/first"))
    fail(library, linked)
    source = library.site()
    state = library.read(source)
    asked = [target for target in library.web.targets if target.startswith("/page")]
    assert len(set(asked)) < 40
    assert (state.status, library.held(source)) == (SourceStatus.STALE, ["/", "/first"])
    assert "stopped answering" in state.error
    assert "custagent sources sync ada" in state.error
    assert any(reason.startswith("left out because the site stopped answering") for _, reason in state.problems)


@pytest.mark.parametrize(("linked", "left"), [(14, 14), (13, 20)])
def test_thirty_per_cent_may_go_and_more_is_asked_about(library, site, linked, left):
    """Of twenty pages, six are 30 %, and seven 35 %."""
    library.page("/", sentence("/"), *PATHS[1:linked])
    state = library.read(site)
    assert state.pages == left
    asks = f"{20 - linked} of 20 pages are gone, and none was removed"
    assert (asks in state.error) == (left == 20)
    state = library.read(site, accept_removals=True)
    assert (state.status, state.pages, state.error) == (SourceStatus.READY, linked, "")


def test_thirty_one_of_a_hundred_is_too_much(library):
    paths = [f"/q{number:02}" for number in range(99)]
    for path in paths:
        library.page(path, sentence(path))
    library.page("/", sentence("/"), *paths)
    source = library.site()
    assert library.read(source).pages == 100
    for number, expected in ((31, 100), (30, 70)):
        for path in paths[:31]:
            library.page(path, sentence(path))
        for path in paths[:number]:
            library.web.pages[path] = library.web.reply(status=410)
        state = library.read(source)
        assert (state.pages, bool(state.error)) == (expected, expected == 100)
