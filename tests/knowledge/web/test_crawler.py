"""Each page once, under one address, politely, and to an end whatever the site does (SRC-2)."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from contextlib import aclosing

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import AddressRefused
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.crawl import PageLinks, PageRead, crawl
from custagent.knowledge.web.fetch import Fetcher, FetchLimits


def robots(web, *lines: str) -> None:
    web.pages["/robots.txt"] = web.reply(body="\n".join(lines), headers={"Content-Type": "text/plain"})


def canonical(target: str) -> str:
    return f'<link rel="canonical" href="{target}">'


def test_pages_with_one_canonical_are_one(web, run) -> None:
    web.pages["/"] = web.html("/p?a=1", "/p?a=2", "/p")
    for target in ("/p", "/p?a=1", "/p?a=2"):
        web.pages[target] = web.html("/more", head=canonical("/p"))
    web.pages["/more"] = web.html()
    result = run()
    assert result.read == ["/", "/more", "/p"]
    assert result.skipped == [("/p?a=1", "duplicate"), ("/p?a=2", "duplicate")]
    assert Counter(web.targets)["/p"] == 1


def test_a_canonical_that_nothing_links_to_is_found(web, run) -> None:
    web.pages["/"] = web.html("/index.html?x", "/index.html")
    web.pages["/index.html"] = web.html(head=canonical("/"))
    web.pages["/index.html?x"] = web.html(head=canonical("/other"))
    web.pages["/other"] = web.html(head=canonical("/other"))
    result = run()
    assert result.read == ["/", "/other"]
    assert result.done.complete


def test_a_canonical_in_the_header_counts(web, run) -> None:
    web.pages["/"] = web.html("/a.pdf?download")
    web.pages["/a.pdf?download"] = web.html(Link='</a.pdf>; rel="canonical"')
    web.pages["/a.pdf"] = web.html()
    assert run().read == ["/", "/a.pdf"]


def test_a_dead_canonical_is_ignored(web, run) -> None:
    web.pages["/"] = web.html("/p?a=1")
    web.pages["/p?a=1"] = web.html(head=canonical("/p"))
    result = run()
    assert (result.read, result.failed, result.skipped) == (["/", "/p?a=1"], ["/p"], [])


def test_canonicals_in_a_circle_give_one_page(web, run) -> None:
    web.pages["/"] = web.html("/a", "/b")
    web.pages["/a"] = web.html(head=canonical("/b"))
    web.pages["/b"] = web.html(head=canonical("/a"))
    result = run()
    assert (result.read, result.skipped) == (["/", "/a"], [("/b", "duplicate")])


def test_a_canonical_that_redirects_back_gives_the_page(web, run) -> None:
    web.pages["/"] = web.html("/a/")
    web.pages["/a/"] = web.html(head=canonical("/a"))
    web.pages["/a"] = web.reply(status=301, headers={"Location": "/a/"})
    result = run()
    assert (result.read, result.skipped) == (["/", "/a/"], [("/a", "duplicate")])


@pytest.mark.parametrize("target", ["https://other.example/p", "/private/p", "/left/p", "http://[", "javascript:1"])
def test_a_canonical_that_may_not_be_read_is_ignored(web, run, target) -> None:
    robots(web, "User-agent: *", "Disallow: /private/")
    web.pages["/"] = web.html("/p")
    web.pages["/p"] = web.html(head=canonical(target))
    assert run(exclude=("/left/*",)).read == ["/", "/p"]


def test_the_start_may_have_another_canonical(web, run) -> None:
    web.pages["/?ref=x"] = web.html("/a", head=canonical("/"))
    web.pages["/"] = web.html("/a", head=canonical("/"))
    web.pages["/a"] = web.html()
    result = run("/?ref=x")
    assert (result.read, result.skipped) == (["/", "/a"], [("/?ref=x", "duplicate")])


def test_a_canonical_beyond_the_limit_is_left_out(web, run) -> None:
    web.pages["/"] = web.html("/a", "/b")
    web.pages["/a"] = web.html(head=canonical("/c"))
    web.pages["/b"] = web.pages["/c"] = web.html()
    result = run(max_pages=2)
    assert (result.read, result.skipped) == (["/", "/b"], [("/a", "limit")])
    assert result.done.left_out_urls == (web.url("/c"),)


def test_redirects_on_the_way(web, run) -> None:
    web.pages["/"] = web.html("/old", "/new", "/away", "/left", "/a")
    web.pages["/old"] = web.reply(status=301, headers={"Location": "/new"})
    web.pages["/a"] = web.reply(status=302, headers={"Location": "/b?utm_source=x"})
    web.pages["/away"] = web.reply(status=302, headers={"Location": "https://other.example/"})
    web.pages["/left"] = web.reply(status=302, headers={"Location": "/excluded"})
    web.pages["/new"] = web.pages["/b"] = web.html()
    result = run(exclude=("/excluded",))
    assert result.read == ["/", "/b", "/new"]
    assert result.skipped == [
        ("/a", "duplicate"),
        ("/away", "elsewhere"),
        ("/left", "elsewhere"),
        ("/old", "duplicate"),
    ]
    assert result.done.complete
    assert Counter(web.targets)["/new"] == 1


def test_redirects_do_not_get_around_robots(web, run) -> None:
    robots(web, "User-agent: *", "Disallow: /private")
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.reply(status=301, headers={"Location": "/private"})
    result = run()
    assert result.skipped == [("/a", "duplicate"), ("/private", "robots")]
    assert "/private" not in web.targets


def test_redirects_that_never_end(web, run) -> None:
    web.pages["/"] = web.html("/self", "/ping", "/pong", "/0")
    for source, target in (("/self", "/self"), ("/ping", "/pong"), ("/pong", "/ping")):
        web.pages[source] = web.reply(status=302, headers={"Location": target})
    for number in range(9):
        web.pages[f"/{number}"] = web.reply(status=302, headers={"Location": f"/{number + 1}"})
    result = run()
    assert result.read == ["/"]
    assert result.failed == ["/5", "/ping", "/pong", "/self"]
    assert "/7" not in web.targets


def test_noindex_is_not_a_page_but_its_links_count(web, run) -> None:
    web.pages["/"] = web.html("/list", "/hidden")
    web.pages["/list"] = web.html("/a", head='<meta name="robots" content="noindex">')
    web.pages["/hidden"] = web.html("/b", **{"X-Robots-Tag": "noindex, nofollow"})
    web.pages["/a"] = web.pages["/b"] = web.html()
    result = run()
    assert result.read == ["/", "/a"]
    assert result.skipped == [("/hidden", "noindex"), ("/list", "noindex")]


def test_nofollow_is_honoured(web, run) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.html("/b", head='<meta name="robots" content="nofollow">')
    web.pages["/b"] = web.html()
    result = run()
    assert result.read == ["/", "/a"]
    assert next(page for page in result.pages if page.url.endswith("/a")).links == ()


def test_what_holds_no_text_is_skipped(web, run) -> None:
    web.pages["/"] = web.html("/logo.png", "/app.zip", "/manual.pdf")
    web.pages["/logo.png"] = web.reply(body=b"x", headers={"Content-Type": "image/png"})
    web.pages["/app.zip"] = web.reply(body=b"x", headers={"Content-Type": "application/zip"})
    web.pages["/manual.pdf"] = web.reply(body=b"x", headers={"Content-Type": "application/pdf"})
    result = run()
    assert result.read == ["/", "/manual.pdf"]
    assert result.skipped == [("/app.zip", "not-text"), ("/logo.png", "not-text")]


def test_an_endless_calendar_ends(web, run) -> None:
    class Calendar(dict):
        def get(self, target, default=None):
            month = re.fullmatch(r"/calendar/(\d+)", target)
            if month is None:
                return super().get(target, default)
            return web.html(f"/calendar/{int(month[1]) + 1}", f"/calendar/{int(month[1]) + 2}")

    web.pages = Calendar({"/": web.html("/calendar/0")})
    result = run(max_pages=12)
    assert result.done.read == 12
    assert result.done.left_out > 0
    assert not result.done.complete
    shallow = run(max_depth=3)
    assert shallow.read == ["/", *(f"/calendar/{number}" for number in range(5))]
    assert not shallow.done.complete


def test_filters_without_end_leave_room_for_pages(web, run) -> None:
    class Shop(dict):
        def get(self, target, default=None):
            if not target.startswith("/shop?"):
                return super().get(target, default)
            return web.html(*(f"{target}&{name}={value}" for name in "abc" for value in range(4)))

    web.pages = Shop({"/": web.html("/shop?a=1", "/1"), **{f"/{n}": web.html(f"/{n + 1}") for n in range(1, 6)}})
    result = run(max_pages=30)
    assert {f"/{number}" for number in range(1, 6)} < set(result.read)


def test_endless_duplicates_end(web, run) -> None:
    class Sessions(dict):
        def get(self, target, default=None):
            if not target.startswith("/?s="):
                return super().get(target, default)
            number = int(target[4:])
            links = [f"/?s={number * 2 + step}" for step in (1, 2)]
            return web.html(*links, head=canonical("/"))

    web.pages = Sessions({"/": web.html("/?s=0")})
    result = run(max_pages=5, max_depth=1000)
    assert result.read == ["/"]
    assert not result.done.complete
    assert len(web.requests) < 150


def test_the_set_of_pages_does_not_depend_on_who_answers_first(web, run) -> None:
    """Slow and quick pages, folds, failures, and a limit in the middle: always the same pages."""
    web.pages["/"] = web.html(*(f"/{number}" for number in range(40)))
    for number in range(40):
        head = canonical("/3") if number % 7 == 0 else ""
        web.pages[f"/{number}"] = web.html(f"/{number}/deep", head=head)
        web.pages[f"/{number}/deep"] = web.html()
        if number % 5 == 0:
            del web.pages[f"/{number}"]
    expected = run(max_pages=20, concurrency=1).read
    assert len(expected) == 20
    for concurrency in (2, 7, 16):
        assert run(max_pages=20, concurrency=concurrency).read == expected


def test_no_more_requests_at_a_time_than_allowed(web, run) -> None:
    busy = most = 0

    async def slow(writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    web.pages["/"] = web.html(*(f"/{number}" for number in range(12)))
    web.raw = {f"/{number}": slow for number in range(12)}
    assert run(concurrency=3).done.read == 13
    assert most == 3


def test_crawl_delay_is_kept(web, run, waits) -> None:
    robots(web, "User-agent: *", "Crawl-delay: 2")
    web.pages["/"] = web.html("/a", "/b")
    web.pages["/a"] = web.pages["/b"] = web.html()
    assert run().done.read == 3
    # Between the start, the two guessed sitemaps, and two pages.
    assert waits.slept == [2.0, 2.0, 2.0, 2.0]


def test_too_many_requests_slow_the_crawl_down(web, run, waits) -> None:
    refused = []

    def busy(request):
        if not refused:
            refused.append(request)
            return web.reply(status=429, headers={"Retry-After": "3"})
        return web.html("/b", "/c")

    web.pages["/"] = web.html("/a")
    web.pages["/a"] = busy
    web.pages["/b"] = web.pages["/c"] = web.html()
    assert run().done.read == 4
    assert waits.slept[0] == 3.0
    assert waits.slept[1:] == [0.5, 0.5]


def test_refusing_for_good_slows_the_crawl_down_too(web, run, waits) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.reply(status=429)
    web.pages["/b"] = web.html("/c")
    web.pages["/c"] = web.html()
    robots(web, "Sitemap: /list.txt")
    web.pages["/list.txt"] = lambda _: web.reply(body=web.url("/b"))
    assert run(concurrency=1).read == ["/", "/b", "/c"]
    assert waits.slept == [1.0, 0.5]


def test_a_subdomain_without_robots_is_left_alone(web, run) -> None:
    hosts = ("shop.example", "help.shop.example")
    web.pages["/"] = web.html("http://help.shop.example/a")
    web.pages["/a"] = web.html()
    web.pages["/robots.txt"] = lambda request: web.reply(status=500 if "help" in request.headers["host"] else 404)
    result = run("http://shop.example/", hosts=hosts, scope="domain")
    assert result.skipped == [("http://help.shop.example/a", "robots-unreachable")]
    assert not result.done.complete


def test_a_private_subdomain_is_refused_and_does_no_harm(web, run) -> None:
    web.pages["/"] = web.html("http://intranet.shop.example/a")
    result = run("http://shop.example/", hosts=("shop.example",), closed=("intranet.shop.example",), scope="domain")
    assert result.failed == ["http://intranet.shop.example/a"]
    assert isinstance(result.failures[0].error, AddressRefused)
    assert result.done.complete


def test_a_page_that_takes_too_long_does_not_hold_up_the_rest(web, run) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    web.pages["/"] = web.html("/slow", "/a")
    web.pages["/a"] = web.html()
    web.raw["/slow"] = drip
    result = run(limits=FetchLimits(page=0.3))
    assert (result.read, result.failed) == (["/", "/a"], ["/slow"])


def test_a_caller_that_stops_leaves_nothing_behind(web, read_page, accept) -> None:
    async def scene() -> None:
        async with web, Fetcher(AddressGuard([web.host])) as fetcher:
            web.pages["/"] = web.html(*(f"/{number}" for number in range(200)))
            before = asyncio.all_tasks()
            stream = crawl(web.url("/"), fetcher=fetcher, read_page=read_page, accept=accept)
            async with aclosing(stream):
                async for event in stream:
                    assert isinstance(event, PageRead)
                    break
            left = {task for task in asyncio.all_tasks() - before if "_serve" not in repr(task)}
            assert left == set()

    asyncio.run(scene())


def test_pages_are_parsed_one_at_a_time_and_beside_the_network(web, read_page, accept) -> None:
    busy, together, threads = [], [], set()

    def slow(raw: RawContent) -> PageLinks[str]:
        busy.append(raw)
        together.append(len(busy))
        threads.add(threading.current_thread())
        time.sleep(0.002)
        busy.remove(raw)
        return read_page(raw)

    async def scene() -> None:
        async with web, Fetcher(AddressGuard([web.host])) as fetcher:
            web.pages["/"] = web.html(*(f"/{number}" for number in range(12)))
            web.pages |= {f"/{number}": web.html() for number in range(12)}
            async for _ in crawl(web.url("/"), fetcher=fetcher, read_page=slow, accept=accept):
                pass

    asyncio.run(scene())
    assert together == [1] * 13
    assert threading.main_thread() not in threads


def test_a_fault_in_reading_comes_out_as_it_is(web, read_page, accept) -> None:
    def broken(raw: RawContent) -> PageLinks[str]:
        if raw.location.endswith("/a"):
            raise ZeroDivisionError
        return read_page(raw)

    async def scene() -> None:
        async with web, Fetcher(AddressGuard([web.host])) as fetcher:
            web.pages["/"] = web.html("/a", "/b")
            web.pages["/a"] = web.pages["/b"] = web.html()
            with pytest.raises(ZeroDivisionError):
                async for _ in crawl(web.url("/"), fetcher=fetcher, read_page=broken, accept=accept):
                    pass

    asyncio.run(scene())
