"""Which pages belong to a source (SRC-2)."""

from __future__ import annotations

import pytest

from custagent.knowledge.web.scope import Scope


def inside(start: str, kind: str, url: str) -> bool:
    return Scope(start=start, kind=kind).contains(url)


@pytest.mark.parametrize(
    ("start", "url", "host", "domain"),
    [
        ("https://shop.example/", "https://shop.example/a", True, True),
        ("https://shop.example/", "http://shop.example/a", True, True),
        ("https://shop.example/", "https://www.shop.example/a", True, True),
        ("https://www.shop.example/", "https://shop.example/a", True, True),
        ("https://www.shop.example/", "https://help.shop.example/a", False, True),
        ("https://shop.example/", "https://a.b.shop.example/", False, True),
        ("https://help.shop.example/", "https://shop.example/", False, False),
        ("https://shop.example/", "https://otherhop.example/", False, False),
        ("https://shop.example/", "https://evilshop.example/", False, False),
        ("https://shop.example/", "https://shop.example.evil.example/", False, False),
        ("https://shop.example/", "https://shop.example:8443/", False, False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/a", True, True),
        ("http://127.0.0.1/", "http://9.127.0.0.1/", False, False),
        ("http://[::1]:8000/", "http://[::1]:8000/a", True, True),
        ("http://[::1]/", "http://[::2]/a", False, False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8001/a", False, False),
    ],
)
def test_host_and_domain(start, url, host, domain) -> None:
    assert (inside(start, "host", url), inside(start, "domain", url)) == (host, domain)


@pytest.mark.parametrize(
    ("start", "path", "expected"),
    [
        ("https://shop.example/help/", "/help/a/b", True),
        ("https://shop.example/help/", "/help/", True),
        ("https://shop.example/help/", "/help", False),
        ("https://shop.example/help/", "/helpless/", False),
        ("https://shop.example/help/", "/", False),
        ("https://shop.example/help", "/help", True),
        ("https://shop.example/help", "/help?x=1", True),
        ("https://shop.example/help", "/help/a", True),
        ("https://shop.example/help", "/helpless", False),
        ("https://shop.example/help/index.html", "/help/a.html", True),
        ("https://shop.example/help/index.html", "/a.html", False),
        ("https://shop.example/", "/a", True),
    ],
)
def test_prefix(start, path, expected) -> None:
    assert inside(start, "prefix", f"https://shop.example{path}") is expected


def test_prefix_of_another_address_than_the_start() -> None:
    scope = Scope(start="https://shop.example/help/en/", below="https://shop.example/help/", kind="prefix")
    assert scope.contains("https://shop.example/help/sv/")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/help/a", True),
        ("/help/a/b?c", True),
        ("/blog/a", False),
        ("/help/old/a", False),
        ("/help/a.pdf", False),
        ("/Help/a", False),
        ("/", True),
    ],
)
def test_include_and_exclude(path, expected) -> None:
    scope = Scope(start="https://shop.example/", include=("/help/*",), exclude=("*/old/*", "https://*.pdf"))
    assert scope.wants(f"https://shop.example{path}") is expected


def test_exclude_alone() -> None:
    scope = Scope(start="https://shop.example/", exclude=("/blog/*",))
    assert scope.wants("https://shop.example/help")
    assert not scope.wants("https://shop.example/blog/a")
    assert not scope.wants("https://other.example/help")


@pytest.mark.parametrize(
    ("start", "url", "expected"),
    [
        ("https://shop.example/", "http://www.shop.example/a?b", "https://shop.example/a?b"),
        ("https://www.shop.example/", "http://shop.example/a", "https://www.shop.example/a"),
        ("http://shop.example/", "https://www.shop.example/a", "https://shop.example/a"),
        ("https://shop.example/", "https://help.shop.example/a", "https://help.shop.example/a"),
        ("https://shop.example/", "http://shop.example:8080/a", "http://shop.example:8080/a"),
        ("http://[::1]:8000/", "http://[::1]:8000/a", "http://[::1]:8000/a"),
    ],
)
def test_home(start, url, expected) -> None:
    assert Scope(start=start).home(url) == expected
