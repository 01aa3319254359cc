"""Origins in one form, and what a Content-Security-Policy is told of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.origins import frame_ancestors, is_own, normal_origin


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("https://shop.example:80", "https://shop.example:80"),
        ("http://127.0.0.1:08080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_has_one_form(text: str, normal: str) -> None:
    assert normal_origin(text) == normal
    assert normal_origin(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "*", "https://*", "https://*.shop.example", "https://shop.example/", "https://shop.example/a", "shop.example",
        "ftp://shop.example", "javascript:alert(1)", "https://shop.example; script-src *", "https://a.example https://b.example",
        "https://shop.example\n", " https://shop.example", "https://user@shop.example", "https://", "https://shop.example:", "https://.example",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_none(text: str) -> None:
    assert normal_origin(text) == ""


@given(st.text(max_size=60))
def test_no_text_ends_a_directive(text: str) -> None:
    assert not set(normal_origin(text)) & set(" ;,'\"\n*/?#@") - {"/"}
    assert not is_own(text, "shop.example") or normal_origin(text) == text


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("https://chat.example", "chat.example", True),
        ("http://chat.example", "chat.example", True),
        ("https://chat.example", "chat.example:443", True),
        ("https://chat.example:8443", "chat.example:8443", True),
        ("https://chat.example", "CHAT.example", True),
        ("https://chat.example", "chat.example:8443", False),
        ("https://evil.example", "chat.example", False),
        ("https://chat.example.evil.example", "chat.example", False),
        ("", "", False),
        ("null", "null", False),
    ],
)
def test_the_server_knows_its_own_pages(origin: str, host: str, own: bool) -> None:
    assert is_own(origin, host) is own


def test_only_own_pages_and_listed_sites_may_show_the_frame() -> None:
    assert frame_ancestors([]) == "'self'"
    listed = ["https://Shop.example:443", "nonsense;", "https://shop.example", "http://localhost:8000"]
    assert frame_ancestors(listed) == "'self' https://shop.example http://localhost:8000"


def test_what_is_longer_than_any_origin_is_none() -> None:
    assert normal_origin("https://" + "a" * 250) != ""
    assert normal_origin("https://" + "a" * 293) == ""
