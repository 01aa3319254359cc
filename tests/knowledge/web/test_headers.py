"""Header lines that say something about the page."""

from __future__ import annotations

import httpx
import pytest

from custagent.knowledge.web import headers as header


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html; charset=utf-8", ("text/html", "utf-8")),
        ('Text/HTML; Charset="UTF-8"', ("text/html", "utf-8")),
        ("text/plain;charset=ISO-8859-1; format=flowed", ("text/plain", "iso-8859-1")),
        ("text/plain; charset='utf-8'", ("text/plain", "utf-8")),
        ("application/pdf", ("application/pdf", "")),
        ("nonsense", ("nonsense", "")),
        ("", ("", "")),
    ],
)
def test_content_type(value, expected) -> None:
    assert header.media_type(httpx.Headers({"Content-Type": value})) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2020 07:28:30 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "²"}, None),
        ({}, None),
    ],
)
def test_retry_after(fields, expected) -> None:
    fields = {name: value.encode() for name, value in fields.items()}
    assert header.retry_after(httpx.Headers(fields)) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["noindex"], {"noindex"}),
        (["NoIndex, NoFollow"], {"noindex", "nofollow"}),
        (["none"], {"none", "noindex", "nofollow"}),
        (["custagent: noindex"], {"noindex"}),
        (["*: noindex"], {"noindex"}),
        (["otherbot: noindex"], set()),
        (["otherbot: noindex", "nofollow"], {"nofollow"}),
        (["unavailable_after: 2026-01-01, noindex"], {"unavailable_after: 2026-01-01", "noindex"}),
        ([], set()),
    ],
)
def test_x_robots_tag(lines, expected) -> None:
    assert header.robots_directives(httpx.Headers([("X-Robots-Tag", line) for line in lines])) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('<https://shop.example/a>; rel="canonical"', "https://shop.example/a"),
        ("</a>; rel=canonical", "/a"),
        ('</style.css>; rel=preload; as=style, </a>; rel="canonical"', "/a"),
        ('</b>; rel="alternate"', ""),
        ("</a>; title=canonical", ""),
        ("", ""),
    ],
)
def test_canonical_link(value, expected) -> None:
    assert header.canonical_link(httpx.Headers({"Link": value})) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, ""), ({"Content-Language": " pt-BR "}, "pt-BR"), ({"Content-Language": "en, sv"}, "")],
)
def test_language(fields, expected) -> None:
    assert header.language(httpx.Headers(fields)) == expected
