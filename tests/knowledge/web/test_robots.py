"""robots.txt by RFC 9309, and the traps around it."""

from __future__ import annotations

import asyncio

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import AddressRefused, FetchError
from custagent.knowledge.web.robots import MOST_BYTES, fetch_robots, parse_robots

SITE = "https://shop.example"


def allows(text: str | bytes, path: str) -> bool:
    return parse_robots(text.encode() if isinstance(text, str) else text).allows(SITE + path)


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("", "/a", True),
        ("User-agent: *\nDisallow: /a", "/ab", False),
        ("User-agent: *\nDisallow: /a/", "/a", True),
        # The longest match counts, and of two equally long ones the permission (§2.2.2).
        ("User-agent: *\nDisallow: /help/\nAllow: /help/faq", "/help/faq/1", True),
        ("User-agent: *\nAllow: /\nDisallow: /help/", "/help/x", False),
        ("User-agent: *\nDisallow: /x\nAllow: /x", "/x", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /*?sort=", "/list?sort=up", False),
        ("User-agent: *\nDisallow: /a%3cd.html", "/a%3Cd.html", False),
        ("User-agent: *\nDisallow: /é", "/%C3%A9", False),
        ("User-agent: *\nDisallow: /A", "/a", True),
        # Our own group counts instead of the one for everyone (§2.2.1), however the name is written.
        ("User-agent: *\nDisallow: /\n\nUser-agent: custagent\nDisallow: /x", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: CustAgent\nDisallow: /", "/a", False),
        ("User-agent: custagent/2.0\nDisallow: /", "/a", False),
        ("User-agent: custagent # us\nDisallow: /", "/a", False),
        ("user-agent:custagent\ndisallow:/", "/a", False),
        ("User-agent: custagent\n\nUser-agent: *\nDisallow: /", "/a", False),
        # Groups of one name are one group.
        (
            "User-agent: custagent\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: custagent\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: x\nUser-agent: custagent\nDisallow: /b", "/b", False),
        # Names that only look like ours.
        ("User-agent: cust\nDisallow: /", "/a", True),
        ("User-agent: c\nDisallow: /", "/a", True),
        ("User-agent: custagent-news\nDisallow: /", "/a", True),
        ("User-agent: mycustagent\nDisallow: /", "/a", True),
        ("User-agent: custagents\nDisallow: /", "/a", True),
        ("User agent cust\nDisallow: /", "/a", True),
        ("User-agent: another\nDisallow: /", "/a", True),
        ("User-agent: cust*\nDisallow: /", "/a", True),
        ("User-agent:\nDisallow: /", "/a", True),
        # Rules before any agent belong to nobody.
        ("Disallow: /\nUser-agent: *\nDisallow: /b", "/a", True),
        ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a\r", "/a", False),
        ("User-agent: *\nCrawl-delay: 5\nDisallow: /a", "/a", False),
        ("<html><body>Not found</body></html>", "/a", True),
    ],
)
def test_rules(rules, path, expected) -> None:
    assert allows(rules, path) is expected


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert not allows(b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/a")


def test_bytes_that_are_no_text() -> None:
    assert not allows(b"\xff\xfe# \x80\nUser-agent: *\nDisallow: /a", "/a")


def test_only_the_first_500_kib_count() -> None:
    filler = b"# filler\n" * (MOST_BYTES // 9)
    start = b"User-agent: *\nDisallow: /early\n"
    assert not allows(start + filler + b"Disallow: /late\n", "/early")
    assert allows(start + filler + b"Disallow: /late\n", "/late")


def test_a_rule_cut_in_two_does_not_forbid_everything() -> None:
    start = b"User-agent: *\n#"
    rule = b"\nDisallow: /private/area\n"
    body = start + b"x" * (MOST_BYTES - len(start) - len(b"\nDisallow: /")) + rule
    assert body[:MOST_BYTES].endswith(b"Disallow: /")
    assert allows(body, "/a")


def test_delay_and_sitemaps() -> None:
    robots = parse_robots(
        b"Sitemap: https://shop.example/one.xml\nUser-agent: *\nCrawl-delay: 9\n"
        b"User-agent: custagent\nCrawl-delay: 2.5\nSitemap: /two.xml\n"
    )
    assert robots.crawl_delay == 2.5
    assert robots.sitemaps == ("https://shop.example/one.xml", "/two.xml")
    assert parse_robots(b"User-agent: *\nCrawl-delay: soon").crawl_delay is None


def fetched(outcome: bytes | FetchError):
    asked = []

    async def load(url: str) -> RawContent:
        asked.append(url)
        if isinstance(outcome, FetchError):
            raise outcome
        return RawContent(location=url, body=outcome)

    robots = asyncio.run(fetch_robots(SITE, load))
    assert asked == ["https://shop.example/robots.txt"]
    return robots


def test_rules_are_fetched() -> None:
    robots = fetched(b"User-agent: *\nDisallow: /a")
    assert robots.unreachable is None
    assert not robots.allows(SITE + "/a")
    assert robots.allows(SITE + "/b")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_rules_forbid_nothing(status) -> None:
    robots = fetched(FetchError("no", status=status))
    assert robots.unreachable is None
    assert robots.allows(SITE + "/a")


@pytest.mark.parametrize(
    "error",
    [
        FetchError("down", status=500),
        FetchError("busy", status=503),
        FetchError("slow", status=429),
        FetchError("off"),
        AddressRefused("closed"),
    ],
)
def test_rules_out_of_reach_forbid_everything_for_now(error) -> None:
    robots = fetched(error)
    assert robots.unreachable is error
    assert not robots.allows(SITE + "/a")
