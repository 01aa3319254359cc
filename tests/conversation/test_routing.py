"""Who gets a conversation (HND-1)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from custagent.conversation.routing import choose, takes
from custagent.core.agent import Assignment

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Language goes before all else.
        ({"name": "zoe", "languages": ("sv",), "open": 9, "at": LATE}, {"name": "adam", "languages": ("en",)}),
        # Then the fewest conversations.
        ({"name": "zoe", "open": 1, "at": LATE}, {"name": "adam", "open": 2, "at": EARLY}),
        # Then the longest idle; who was never given one is idle longest.
        ({"name": "zoe", "at": EARLY}, {"name": "adam", "at": LATE}),
        ({"name": "zoe"}, {"name": "adam", "at": EARLY}),
        # Then the name.
        ({"name": "adam", "at": EARLY}, {"name": "zoe", "at": EARLY}),
    ],
)
def test_the_order(colleague, first, second):
    both = [
        colleague(
            one["name"], *one.get("languages", ()), open_conversations=one.get("open", 0), last_given_at=one.get("at")
        )
        for one in (first, second)
    ]
    for order in permutations(both):
        assert choose(order, language="sv").user.name == first["name"]


def test_nobody_is_nobody():
    assert choose([], language="sv") is None


def test_a_language_that_nobody_speaks_makes_no_difference(colleague):
    assert choose([colleague("bo", "sv"), colleague("anna", "en")], language="").user.name == "anna"


@pytest.mark.parametrize("share", [1, 20, 50, 99])
def test_the_share_goes_by_the_contact(share):
    assignment = Assignment(channel="web", share=share)
    taken = [takes(assignment, f"contact {number}") for number in range(4000)]
    assert taken == [takes(assignment, f"contact {number}") for number in range(4000)]
    assert abs(sum(taken) / 4000 - share / 100) < 0.03


def test_an_agent_that_must_not_answer_takes_nothing():
    contacts = [f"contact {number}" for number in range(100)]
    assert all(takes(Assignment(channel="web"), contact) for contact in contacts)
    for held_back in ({"mode": "suggest"}, {"hours": "team-hours"}, {"hours": "outside-team-hours"}):
        assert not any(takes(Assignment(channel="web", **held_back), contact) for contact in contacts)


@pytest.mark.parametrize(
    "terms", [{"mode": "suggest"}, {"hours": "team-hours"}, {"hours": "outside-team-hours"}], ids=str
)
def test_an_agent_that_may_not_answer_takes_nothing(terms):
    assert not takes(Assignment(channel="website", **terms), "k1")


def test_all_of_it_takes_everybody():
    assert all(takes(Assignment(channel="website"), str(number)) for number in range(1000))


def test_a_share_goes_by_the_contact_and_is_kept_to():
    shares = [Assignment(channel="website", share=share) for share in (20, 50)]
    taken = [{number for number in range(2000) if takes(one, str(number))} for one in shares]
    assert 340 < len(taken[0]) < 460
    assert 920 < len(taken[1]) < 1080
    # Whoever was in a smaller share is in a larger one.
    assert taken[0] < taken[1]
    assert taken[0] != {number for number in range(2000) if takes(Assignment(channel="other", share=20), str(number))}
