"""A site is read page by page: within its bounds, by its rules, and with an honest account (SRC-2, SRC-3)."""

from __future__ import annotations

import gzip

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.crawl import CrawlDone, Validators
from custagent.knowledge.web.same_bytes import bytes_hash


def robots(web, *lines: str) -> None:
    web.pages["/robots.txt"] = web.reply(body="\n".join(lines), headers={"Content-Type": "text/plain"})


def sitemap(web, path: str, *targets: str, pack=lambda body: body) -> None:
    """Addresses are made absolute when the server knows its own."""

    def page(request):
        entries = "".join(f"<url><loc>{web.url(target)}</loc></url>" for target in targets)
        return web.reply(body=pack(f"<urlset>{entries}</urlset>".encode()))

    web.pages[path] = page


def test_links_are_followed_on_the_same_host_only(web, run) -> None:
    web.pages["/"] = web.html("/a", "b/c.html", "https://other.example/x", "mailto:x@shop.example", "#top", "")
    web.pages["/a"] = web.html("/", "/b/c.html#part", "/a?utm_source=x")
    web.pages["/b/c.html"] = web.html("d.html")
    web.pages["/b/d.html"] = web.html()
    result = run()
    assert result.read == ["/", "/a", "/b/c.html", "/b/d.html"]
    assert result.done == CrawlDone(
        complete=True, read=4, unchanged=0, skipped=0, failed=0, left_out=0, left_out_urls=()
    )
    maps = ["/robots.txt", "/sitemap.xml", "/sitemap_index.xml"]
    assert sorted(web.targets) == ["/", "/a", "/b/c.html", "/b/d.html", *maps]


def test_a_page_brings_what_it_is_and_where_it_leads(web, run) -> None:
    web.pages["/"] = web.html("/a", "/a#x", "https://other.example/", ETag='"v1"')
    web.pages["/a"] = web.html()
    first = next(page for page in run().pages if page.raw.etag)
    assert first.url == first.raw.location == web.url("/")
    assert first.page == first.raw.body.decode()
    assert first.raw.media_type == "text/html"
    assert first.links == (web.url("/a"),)


def test_sitemap_pages_come_first_under_a_limit(web, run) -> None:
    web.pages["/"] = web.html("/linked", "/deep/linked")
    for path in ("/linked", "/deep/linked", "/listed", "/very/deep/listed"):
        web.pages[path] = web.html()
    sitemap(web, "/sitemap.xml", "/very/deep/listed", "/listed", "/")
    assert run(max_pages=2).read == ["/", "/listed"]
    result = run(max_pages=4)
    assert result.read == ["/", "/linked", "/listed", "/very/deep/listed"]
    assert not result.done.complete
    assert (result.done.left_out, result.done.left_out_urls) == (1, (web.url("/deep/linked"),))


def test_sitemaps_named_by_robots_with_index_and_gzip(web, run) -> None:
    web.pages["/"] = web.html()
    for path in ("/a", "/b"):
        web.pages[path] = web.html()
    web.pages["/robots.txt"] = lambda _: web.reply(body=f"Sitemap: {web.url('/index.xml')}")
    web.pages["/index.xml"] = lambda _: web.reply(
        body=f"<sitemapindex><sitemap><loc>{web.url('/one.xml.gz')}</loc></sitemap></sitemapindex>"
    )
    sitemap(web, "/one.xml.gz", "/a", "/b", pack=gzip.compress)
    result = run()
    assert result.read == ["/", "/a", "/b"]
    assert result.done.complete
    assert "/sitemap.xml" not in web.targets


def test_the_other_usual_name_of_a_sitemap(web, run) -> None:
    web.pages["/"] = web.html()
    web.pages["/sitemap_index.xml"] = web.reply(body="<urlset><url><loc>/a</loc></url></urlset>")
    web.pages["/a"] = web.html()
    result = run()
    assert (result.read, result.failed, result.done.complete) == (["/", "/a"], [], True)


def test_a_failing_sitemap_makes_the_account_incomplete(web, run) -> None:
    web.pages["/"] = web.html()
    web.pages["/sitemap.xml"] = web.reply(status=503)
    result = run()
    assert (result.read, result.failed, result.done.complete) == (["/"], ["/sitemap.xml"], False)
    robots(web, "Sitemap: /broken.xml")
    web.pages["/broken.xml"] = web.reply(body="<urlset>")
    result = run()
    assert (result.failed, result.done.complete) == (["/broken.xml"], False)
    robots(web, "Sitemap: /gone.xml")
    result = run()
    assert (result.failed, result.done.complete) == (["/gone.xml"], True)


def test_a_page_in_place_of_a_guessed_sitemap_is_no_failure(web, run) -> None:
    web.pages["/"] = web.html()
    web.pages["/sitemap.xml"] = web.html("/never")
    result = run()
    assert (result.read, result.failed, result.done.complete) == (["/"], [], True)


def test_robots_is_honoured(web, run) -> None:
    robots(web, "User-agent: *", "Disallow: /private/")
    web.pages["/"] = web.html("/private/a", "/public")
    web.pages["/public"] = web.html()
    web.pages["/private/a"] = web.html()
    sitemap(web, "/sitemap.xml", "/private/b")
    result = run()
    assert result.read == ["/", "/public"]
    assert result.skipped == [("/private/a", "robots"), ("/private/b", "robots")]
    assert result.done.complete
    assert not any(target.startswith("/private") for target in web.targets)


def test_a_forbidden_start_is_an_error(web, run) -> None:
    robots(web, "User-agent: custagent", "Disallow: /")
    with pytest.raises(FetchError, match="forbids") as caught:
        run()
    assert not caught.value.gone
    assert web.targets == ["/robots.txt"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_without_robots_nothing_is_read_now(web, run, status) -> None:
    web.pages["/robots.txt"] = web.reply(status=status)
    web.pages["/"] = web.html()
    with pytest.raises(FetchError, match=r"robots\.txt") as caught:
        run()
    assert (caught.value.status, caught.value.gone) == (status, False)
    assert set(web.targets) == {"/robots.txt"}


@pytest.mark.parametrize("status", [404, 410, 500, 403])
def test_a_dead_start_is_an_error(web, run, status) -> None:
    web.pages["/start"] = web.reply(status=status)
    with pytest.raises(FetchError) as caught:
        run("/start")
    assert caught.value.status == status


@pytest.mark.parametrize("start", ["http://10.0.0.1/", "ftp://shop.example/", "http://u:p@shop.example/", "nonsense"])
def test_a_closed_start_is_refused(run, start) -> None:
    with pytest.raises(AddressRefused) as caught:
        run(start)
    assert "robots" not in caught.value.message


def test_a_picture_is_no_start(web, run) -> None:
    web.pages["/"] = web.reply(headers={"Content-Type": "image/png"})
    with pytest.raises(FetchError, match="holds no text"):
        run()


def test_an_unreadable_start_is_a_failure_of_what_was_given(web, run) -> None:
    web.pages["/"] = web.reply(body="UNREADABLE")
    web.pages["/a"] = web.html()
    sitemap(web, "/sitemap.xml", "/a")
    result = run()
    assert (result.read, result.failed, result.done.complete) == (["/a"], ["/"], False)
    assert result.failures[0].given


def test_a_redirected_start_gives_the_site_its_name(web, run) -> None:
    hosts = ("shop.example", "www.shop.example", "help.shop.example")
    to_www = web.reply(status=301, headers={"Location": "http://www.shop.example/home"})
    home = web.html("http://shop.example/a", "http://www.shop.example/a", "/b", "http://help.shop.example/c")
    web.pages["/"] = to_www
    web.pages["/home"] = home
    web.pages["/a"] = web.pages["/b"] = web.pages["/c"] = web.html()
    start = "http://shop.example/"
    assert run(start, hosts=hosts).read == [
        "http://www.shop.example/a",
        "http://www.shop.example/b",
        "http://www.shop.example/home",
    ]
    assert "http://help.shop.example/c" in run(start, hosts=hosts, scope="domain").read


def test_a_start_that_sends_its_reader_on(web, run) -> None:
    web.pages["/"] = web.html(head='<meta http-equiv="refresh" content="0; url=/en/">')
    web.pages["/en/"] = web.html("/en/a", "/old")
    web.pages["/en/a"] = web.html()
    web.pages["/old"] = web.html(head='<meta http-equiv="refresh" content="0; url=/en/a">')
    result = run()
    assert (result.read, result.skipped) == (["/en/", "/en/a"], [("/old", "duplicate")])


def test_a_start_that_goes_in_circles(web, run) -> None:
    web.pages["/"] = web.reply(status=302, headers={"Location": "/b"})
    web.pages["/b"] = web.reply(status=302, headers={"Location": "/"})
    with pytest.raises(FetchError, match="circle"):
        run()


def test_scope_prefix(web, run) -> None:
    web.pages["/help/"] = web.html("/help/a", "/blog", "/helpless")
    web.pages["/help/a"] = web.pages["/blog"] = web.pages["/help/b"] = web.html()
    sitemap(web, "/sitemap.xml", "/help/b", "/blog")
    assert run("/help/", scope="prefix").read == ["/help/", "/help/a", "/help/b"]


def test_scope_prefix_means_the_address_that_was_given(web, run) -> None:
    web.pages["/help/"] = web.reply(status=302, headers={"Location": "/help/en/"})
    web.pages["/help/en/"] = web.html("/help/sv/", "/blog")
    web.pages["/help/sv/"] = web.pages["/blog"] = web.html()
    assert run("/help/", scope="prefix").read == ["/help/en/", "/help/sv/"]


def test_include_and_exclude(web, run) -> None:
    web.pages["/"] = web.html("/faq/a", "/faq/old", "/blog/a")
    for path in ("/faq/a", "/faq/old", "/blog/a"):
        web.pages[path] = web.html()
    assert run(include=("/faq/*",), exclude=("*/old",)).read == ["/", "/faq/a"]
    assert run(exclude=("/faq/*",)).read == ["/", "/blog/a"]


def test_dead_links_are_listed_and_do_no_harm(web, run) -> None:
    web.pages["/"] = web.html("/404", "/410", "/403", "/bad", "/a")
    web.pages["/410"] = web.reply(status=410)
    web.pages["/403"] = web.reply(status=403)
    web.pages["/bad"] = web.reply(body="UNREADABLE")
    web.pages["/a"] = web.html()
    result = run()
    assert result.read == ["/", "/a"]
    assert result.failed == ["/403", "/404", "/410", "/bad"]
    assert {failure.linked_from for failure in result.failures} == {web.url("/")}
    assert not any(failure.given for failure in result.failures)
    assert result.done.complete


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_page_out_of_reach_makes_the_account_incomplete(web, run, status) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.reply(status=status)
    result = run()
    assert (result.read, result.failed, result.done.complete) == (["/"], ["/a"], False)


@pytest.mark.parametrize(("status", "complete"), [(404, True), (410, True), (403, False)])
def test_a_known_page_that_is_refused_makes_it_incomplete_unless_gone(web, run, status, complete) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.reply(status=status)
    assert run(known={"/a": Validators()}).done.complete is complete


def test_a_known_page_that_cannot_be_read_any_more_makes_it_incomplete(web, run) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.reply(body="UNREADABLE")
    assert run().done.complete
    assert not run(known={"/a": Validators()}).done.complete


def conditional(web, reply, etag: str):
    def page(request):
        if request.headers.get("if-none-match") == etag:
            return web.reply(status=304)
        return reply

    return page


def test_unchanged_pages_still_lead_on(web, run) -> None:
    web.pages["/"] = conditional(web, web.html("/never-sent"), '"1"')
    web.pages["/a"] = web.html("/new")
    web.pages["/new"] = web.html()
    result = run(known={"/": Validators(etag='"1"', links=("/a", "/left")), "/a": Validators()}, exclude=("/left",))
    assert (result.unchanged, result.read, result.done.complete) == (["/"], ["/a", "/new"], True)


def test_an_unchanged_page_with_its_links_gives_a_complete_account(web, run) -> None:
    web.pages["/"] = conditional(web, web.html(), '"1"')
    web.pages["/orphan"] = web.html()
    result = run(known={"/": Validators(etag='"1"', links=()), "/orphan": Validators()})
    assert (result.unchanged, result.read, result.done.complete) == (["/"], [], True)
    assert "/orphan" not in web.targets


def test_an_unchanged_page_without_its_links_loses_nothing(web, run) -> None:
    web.pages["/"] = conditional(web, web.html("/a"), '"1"')
    web.pages["/a"] = conditional(web, web.html(), '"2"')
    result = run(known={"/": Validators(etag='"1"'), "/a": Validators(etag='"2"'), "/gone": Validators()})
    assert (result.unchanged, result.failed) == (["/", "/a"], ["/gone"])
    assert not result.done.complete


def test_changed_pages_are_read_again(web, run) -> None:
    web.pages["/"] = conditional(web, web.html("/a"), '"2"')
    web.pages["/a"] = web.html()
    assert run(known={"/": Validators(etag='"1"', links=())}).read == ["/", "/a"]


def test_translations_in_the_site_map_are_read_and_tell_their_language(web, run) -> None:
    web.pages["/"] = web.html()
    web.pages["/sv"] = web.html(head="<title>sv</title>")
    web.pages["/fr"] = web.html(head="<title>fr</title>", **{"Content-Language": "fr-CA"})

    def listed(_request):
        others = "".join(
            f'<link rel="alternate" hreflang="{code}" href="{web.url(f"/{code}")}"/>' for code in ("sv", "fr")
        )
        elsewhere = '<link rel="alternate" hreflang="de" href="https://other.example/de"/>'
        return web.reply(
            body=f"<urlset><url><loc>{web.url('/')}</loc><lastmod>2026-05-03</lastmod>{others}{elsewhere}</url></urlset>"
        )

    web.pages["/sitemap.xml"] = listed
    result = run()
    assert result.read == ["/", "/fr", "/sv"]
    assert {page.url.rpartition("/")[2]: page.raw.language for page in result.pages} == {
        "": "",
        "sv": "sv",
        "fr": "fr-CA",
    }


def test_when_the_site_map_says_that_a_page_was_changed(web, run) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.html(head="<title>a</title>")
    web.pages["/sitemap.xml"] = lambda _: web.reply(
        body=f"<urlset><url><loc>{web.url('/a')}</loc><lastmod>2026-05-03</lastmod></url></urlset>"
    )
    assert {page.url.removeprefix(web.url("")): page.changed for page in run().pages} == {"/": "", "/a": "2026-05-03"}


def of_bytes(reply, **more) -> Validators:
    raw = RawContent(location="", body=reply.body.encode(), media_type="text/html")
    return Validators(bytes_hash=bytes_hash(raw), **more)


def test_equal_bytes_without_validators_are_the_page_of_before(web, run) -> None:
    web.pages["/"] = web.html("/a")
    web.pages["/a"] = web.html(head="<title>now</title>")
    known = {
        "/": of_bytes(web.pages["/"], links=("/a",)),
        "/a": of_bytes(web.html(head="<title>then</title>"), links=()),
    }
    result = run(known=known)
    assert (result.unchanged, result.read, result.done.complete) == (["/"], ["/a"], True)


@pytest.mark.parametrize(
    "headers", [{"X-Robots-Tag": "noindex"}, {"X-Robots-Tag": "nofollow"}, {"Link": '</b>; rel="canonical"'}]
)
def test_equal_bytes_are_read_when_the_server_says_something_beside_them(web, run, headers) -> None:
    web.pages["/"] = web.html(**headers)
    web.pages["/b"] = web.html()
    assert run(known={"/": of_bytes(web.pages["/"], links=())}).unchanged == []
