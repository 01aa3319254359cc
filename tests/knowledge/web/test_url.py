"""One page, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.knowledge.web.url import normal_url, origin, path_and_query, place

BASE = "https://shop.example/help/returns/index.html?page=2"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("HTTPS://Shop.Example", "https://shop.example/"),
        ("https://shop.example:443/a", "https://shop.example/a"),
        ("http://shop.example:80/a", "http://shop.example/a"),
        ("http://shop.example:8080/a", "http://shop.example:8080/a"),
        ("https://shop.example/a/./b/../c", "https://shop.example/a/c"),
        ("https://shop.example/a/%2e%2E/c", "https://shop.example/c"),
        ("https://shop.example/../../a", "https://shop.example/a"),
        ("https://shop.example/%7euser/%c3%a5", "https://shop.example/~user/%C3%A5"),
        ("https://shop.example/å ä", "https://shop.example/%C3%A5%20%C3%A4"),
        ("https://shop.example/a%2fb", "https://shop.example/a%2Fb"),
        ("https://shop.example/a?", "https://shop.example/a"),
        ("https://shop.example/a?x=1&&y=%3d", "https://shop.example/a?x=1&y=%3D"),
        ("https://shop.example/a#b", "https://shop.example/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://[2001:DB8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ("  https://shop.example/a\n b ", "https://shop.example/a%20b"),
        ("shipping.html", "https://shop.example/help/returns/shipping.html"),
        ("../faq/", "https://shop.example/help/faq/"),
        ("/", "https://shop.example/"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("?page=3", "https://shop.example/help/returns/index.html?page=3"),
        ("#top", "https://shop.example/help/returns/index.html?page=2"),
        ("", "https://shop.example/help/returns/index.html?page=2"),
        ("/a?utm_source=mail&id=7&UTM_medium=x&fbclid=1", "https://shop.example/a?id=7"),
        ("/a?gclid=1&mc_cid=2&_ga=3&PHPSESSID=4", "https://shop.example/a"),
        ("/a;jsessionid=0A1B2C?id=7", "https://shop.example/a?id=7"),
        ("/a;v=2/b;JSESSIONID=0A1B2C.node1/c", "https://shop.example/a;v=2/b/c"),
        ("/a?sid=9f8e7d6c5b4a39281706&id=7&session_id=0123456789ab-cd", "https://shop.example/a?id=7"),
        ("/a?sid=12&session=winter-sale-shoes", "https://shop.example/a?sid=12&session=winter-sale-shoes"),
        ("/help/help/2/2/2/", "https://shop.example/help/help/2/2/2/"),
        ("/a?gclidish=1&ref=2&utm=3", "https://shop.example/a?gclidish=1&ref=2&utm=3"),
    ],
)
def test_one_spelling(reference, expected) -> None:
    assert normal_url(reference, BASE) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "mailto:help@shop.example",
        "tel:+4612345",
        "javascript:void(0)",
        "data:text/html,hi",
        "ftp://shop.example/",
        "https://user:secret@shop.example/",
        "http://[::1",
        "http://a:b/",
        "http://xn--/",
        "/\x00",
        "/" + "a" * 3000,
        "/help/help/help/",
        "/en/faq/en/faq/en/faq",
        "/x/a/b/c/a/b/c/a/b/c/d?page=2",
    ],
)
def test_what_is_no_page(reference) -> None:
    assert normal_url(reference, BASE) == ""


def test_without_a_base_only_whole_addresses_count() -> None:
    assert normal_url("/a") == ""
    assert normal_url("https:///a") == ""
    assert normal_url("https://shop.example") == "https://shop.example/"


@given(st.text(alphabet=st.sampled_from("abZ/.%2e2F5?&=#:;@ å+~_-"), max_size=30))
def test_the_normal_spelling_is_its_own(tail) -> None:
    once = normal_url(f"https://shop.example/{tail}")
    assert once
    assert normal_url(once) == once


@given(st.text(max_size=40))
def test_any_text_gives_an_address_or_nothing(text) -> None:
    url = normal_url(text, BASE)
    assert url == "" or url.startswith(("http://", "https://"))


def test_parts_of_a_normal_address() -> None:
    assert path_and_query("https://shop.example:8443/a/b?c=/d") == "/a/b?c=/d"
    assert path_and_query("https://shop.example/") == "/"
    assert origin("https://shop.example:8443/a/b?c=/d") == "https://shop.example:8443"
    assert place("https://shop.example:8443/a") == ("https", "shop.example", "8443")
    assert place("https://shop.example/a:b") == ("https", "shop.example", "")
    assert place("http://[::1]/") == ("http", "[::1]", "")
    assert place("http://[::1]:80/") == ("http", "[::1]", "80")
