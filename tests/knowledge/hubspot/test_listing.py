"""Which pages of HubSpot's lists customers can read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.knowledge.hubspot import listing

PUBLIC: dict[str, Any] = {
    "id": "11",
    "name": "Returns (internal)",
    "htmlTitle": "  Returns\n& refunds ",
    "url": "HTTPS://www.example.com:443/returns?utm_source=x#top",
    "language": "en-gb",
    "currentState": "PUBLISHED",
    "currentlyPublished": True,
    "updated": "2026-02-01T08:30:00Z",
    "archivedAt": "1970-01-01T00:00:00Z",
    "widgets": {"a": {}},
}


def test_a_public_page_is_taken() -> None:
    (page,), others = listing("site-pages", [PUBLIC])
    assert others == []
    assert (page.kind, page.id, page.title) == ("site-pages", "11", "Returns & refunds")
    assert (page.url, page.language, page.updated) == (
        "https://www.example.com/returns", "en-gb", "2026-02-01T08:30:00Z",
    )  # fmt: skip
    assert page.modules == {"widgets": {"a": {}}}


@pytest.mark.parametrize(
    ("fields", "reason", "quiet"),
    [
        ({"currentlyPublished": False}, "not published", True),
        ({"currentlyPublished": None, "currentState": "SCHEDULED"}, "not published", True),
        ({"currentlyPublished": None, "currentState": None, "state": "DRAFT"}, "not published", True),
        ({"archivedInDashboard": True}, "archived", True),
        ({"archived": True}, "archived", True),
        ({"abStatus": "loser_variant"}, "A/B", True),
        ({"password": "secret"}, "password", False),
        ({"publicAccessRulesEnabled": True}, "sign-in", False),
        ({"pageRedirected": True}, "another page", False),
        ({"url": ""}, "address", False),
        ({"url": "/returns"}, "address", False),
        ({"id": None}, "number", False),
        ({"id": "../../etc"}, "number", False),
    ],
)
def test_what_customers_cannot_read_is_left_out(fields: dict[str, Any], reason: str, quiet: bool) -> None:
    pages, (other,) = listing("blog", [PUBLIC | fields])
    assert pages == []
    assert reason in other.reason
    assert other.quiet is quiet
    assert "secret" not in other.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"currentlyPublished": None},
        {"currentlyPublished": None, "currentState": "PUBLISHED_AB"},
        {"currentState": "PUBLISHED_OR_SCHEDULED"},
        {"abStatus": "master"},
        {"id": 11},
    ],
)
def test_other_words_for_public(fields: dict[str, Any]) -> None:
    pages, _ = listing("site-pages", [PUBLIC | fields])
    assert [page.id for page in pages] == ["11"]


def test_an_address_is_taken_once() -> None:
    pages, (other,) = listing("site-pages", [PUBLIC, PUBLIC | {"id": "12", "url": "https://www.example.com/returns"}])
    assert [page.id for page in pages] == ["11"]
    assert (other.id, "Returns" in other.reason) == ("12", True)


@pytest.mark.parametrize(("fields", "title"), [({"htmlTitle": None}, "Returns (internal)"),
                                               ({"htmlTitle": "", "name": ""}, "https://www.example.com/returns")])  # fmt: skip
def test_a_page_has_always_a_title(fields: dict[str, Any], title: str) -> None:
    (page,), _ = listing("site-pages", [PUBLIC | fields])
    assert page.title == title


_ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.integers(), max_size=2))


@given(st.dictionaries(st.sampled_from([*PUBLIC, "postBody", "password", "layoutSections"]), _ANY))
def test_no_shape_breaks_it(fields: dict[str, Any]) -> None:
    pages, others = listing("blog", [PUBLIC | fields])
    assert len(pages) + len(others) == 1
