"""Where a crawl ends: pages that say the same are one, and a site as a whole may cost so much and no more."""

from __future__ import annotations

import pytest

from custagent.knowledge.web.crawl import Validators


@pytest.fixture
def known_page():
    """What is known of a page whose server does not tell whether it has changed."""
    return lambda content: Validators(links=(), content=content)


def says(text: str) -> str:
    """The page says exactly that."""
    return f"<title>{text}</title>"


def test_pages_that_say_the_same_are_one(web, run) -> None:
    web.pages["/"] = web.html("/p", "/p?sort=up", "/index.html", "/q", head=says("start"))
    web.pages["/index.html"] = web.html(head=says("start"))
    for target in ("/p", "/p?sort=up"):
        web.pages[target] = web.html("/more", head=says("p"))
    web.pages["/q"] = web.html(head=says("q"))
    web.pages["/more"] = web.html(head=says("more"))
    result = run(concurrency=1)
    assert result.read == ["/", "/more", "/p", "/q"]
    assert result.skipped == [("/index.html", "duplicate"), ("/p?sort=up", "duplicate")]
    assert result.done.complete


def test_of_pages_that_say_the_same_the_known_one_stays(web, run, known_page) -> None:
    """Whichever answers first: what is cited must not change from day to day."""
    web.pages["/"] = web.html("/a", "/b")
    for target in ("/a", "/b"):
        web.pages[target] = web.html(head=says("the same"))
    result = run(known={"/b": known_page("the same")})
    assert (result.read, result.skipped) == (["/", "/b"], [("/a", "duplicate")])


def test_a_known_page_that_died_does_not_take_the_other_with_it(web, run, known_page) -> None:
    web.pages["/"] = web.html("/a", "/b", "/c")
    for target in ("/a", "/c"):
        web.pages[target] = web.html(head=says("the same"))
    result = run(known={"/b": known_page("the same")}, concurrency=1)
    assert (result.read, result.failed) == (["/", "/a"], ["/b"])
    assert result.skipped == [("/c", "duplicate")]


def test_a_known_page_that_moved_is_read_where_it_is(web, run, known_page) -> None:
    web.pages["/"] = web.html("/new", "/old")
    web.pages["/new"] = web.html(head=says("the same"))
    web.pages["/old"] = web.reply(status=301, headers={"Location": "/new"})
    result = run(known={"/old": known_page("the same")})
    assert (result.read, result.skipped) == (["/", "/new"], [("/old", "duplicate")])


def test_pages_of_which_nothing_is_known_are_not_taken_for_one(web, run) -> None:
    web.pages["/"] = web.html("/a", "/b")
    web.pages["/a"] = web.html()
    web.pages["/b"] = web.html()
    assert run().read == ["/", "/a", "/b"]


@pytest.mark.parametrize(("setting", "stop"), [("max_bytes", "bytes"), ("max_seconds", "seconds")])
def test_a_site_has_its_limits_as_a_whole(web, run, setting, stop) -> None:
    links = [f"/p{number}" for number in range(40)]
    web.pages["/"] = web.html(*links)
    for link in links:
        web.pages[link] = web.html(head=says("x" * 200 + link))
    # The clock stands still while nobody sleeps, so no time at all is the only time that can be over.
    result = run(concurrency=1, **{setting: 3000 if setting == "max_bytes" else -1.0})
    assert 1 <= len(result.read) < 20
    assert result.done.left_out == 41 - len(result.read)
    assert (result.done.stopped.value, result.done.complete) == (stop, False)


def test_a_site_that_stops_answering_is_left_alone(web, run) -> None:
    links = [f"/p{number}" for number in range(40)]
    web.pages["/"] = web.html(*links)
    for link in links:
        web.pages[link] = web.reply(status=500)
    result = run(concurrency=1, max_silence=5)
    assert (len(result.failed), result.done.stopped.value, result.done.left_out) == (5, "silence", 35)
    assert not result.done.complete


def test_failures_between_pages_that_arrive_do_not_end_it(web, run) -> None:
    links = [f"/p{number}" for number in range(40)]
    web.pages["/"] = web.html(*links)
    for number, link in enumerate(links):
        web.pages[link] = web.html() if number % 4 == 0 else web.reply(status=500)
    result = run(concurrency=1, max_silence=5)
    assert (len(result.read), len(result.failed), result.done.stopped) == (11, 30, None)
