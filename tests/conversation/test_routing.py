"""Who gets a conversation (HND-1)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from custagent.conversation.hours import working_hours
from custagent.conversation.routing import availability, choose, takes
from custagent.core.agent import Assignment, Role
from custagent.core.people import Availability, Colleague, Seat


def NEVER_ASKED() -> bool:  # noqa: N802 - it stands for a value
    raise AssertionError("hours make no difference here")


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
    taken = [takes(assignment, f"contact {number}", team_works=NEVER_ASKED) for number in range(4000)]
    assert taken == [takes(assignment, f"contact {number}", team_works=NEVER_ASKED) for number in range(4000)]
    assert abs(sum(taken) / 4000 - share / 100) < 0.03


def test_an_agent_that_should_only_suggest_takes_nothing():
    contacts = [f"contact {number}" for number in range(100)]
    assert all(takes(Assignment(channel="web"), contact, team_works=NEVER_ASKED) for contact in contacts)
    suggests = Assignment(channel="web", mode="suggest", hours="team-hours")
    assert not any(takes(suggests, contact, team_works=lambda: True) for contact in contacts)


@pytest.mark.parametrize(("hours", "while_they_work"), [("team-hours", True), ("outside-team-hours", False)])
def test_hours_are_those_of_the_people(hours, while_they_work):
    """ASG-5, with the share on top."""
    whole, half = Assignment(channel="web", hours=hours), Assignment(channel="web", hours=hours, share=50)
    contacts = [f"contact {number}" for number in range(400)]
    for works in (True, False):
        taken = [takes(half, contact, team_works=lambda works=works: works) for contact in contacts]
        assert takes(whole, "k1", team_works=lambda works=works: works) is (works is while_they_work)
        assert (120 < sum(taken) < 280) is (works is while_they_work)


def test_all_of_it_takes_everybody():
    assert all(takes(Assignment(channel="website"), str(number), team_works=NEVER_ASKED) for number in range(1000))


def test_a_share_goes_by_the_contact_and_is_kept_to():
    shares = [Assignment(channel="website", share=share) for share in (20, 50)]
    taken = [{number for number in range(2000) if takes(one, str(number), team_works=NEVER_ASKED)} for one in shares]
    assert 340 < len(taken[0]) < 460
    assert 920 < len(taken[1]) < 1080
    # Whoever was in a smaller share is in a larger one.
    assert taken[0] < taken[1]
    assert taken[0] != {
        number
        for number in range(2000)
        if takes(Assignment(channel="other", share=20), str(number), team_works=NEVER_ASKED)
    }


OFFICE = working_hours({"mon-fri": "09:00-17:00"}, "UTC")
# A Friday.
NOON, NIGHT = datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2026, 1, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "given", "found"),
    [
        ({}, (0, False, NOON), Availability.AVAILABLE),
        ({"capacity": 2}, (1, False, NOON), Availability.AVAILABLE),
        ({"capacity": 2}, (2, False, NOON), Availability.BUSY),
        ({"capacity": 2}, (3, False, NOON), Availability.BUSY),
        ({}, (0, False, NIGHT), Availability.OFF_HOURS),
        ({"capacity": 1}, (1, False, NIGHT), Availability.OFF_HOURS),
        ({}, (0, True, NIGHT), Availability.AWAY),
        ({"seat": Seat.NONE}, (0, True, NIGHT), Availability.NO_SEAT),
    ],
)
def test_who_can_be_given_one_more(colleague, changes, given, found):
    open_, away, at = given
    user = colleague("anna").user.model_copy(update=changes)
    assert availability(user, [None, OFFICE], away=away, open_conversations=open_, at=at) is found


def test_all_hours_must_be_open(colleague):
    weekend = working_hours({"sat-sun": "09:00-17:00"}, "UTC")
    user = colleague("anna").user
    found = availability(user, [OFFICE, weekend], away=False, open_conversations=0, at=NOON)
    assert found is Availability.OFF_HOURS


def test_the_seat_that_the_role_prefers(colleague):
    """CRE-4, HND-1: sales go to a sales seat while one is there, service to whoever has least, service seats first."""

    def seated(name: str, seat: Seat, *languages: str, **rest) -> Colleague:
        one = colleague(name, *languages, **rest)
        return Colleague(user=one.user.model_copy(update={"seat": seat}), open_conversations=one.open_conversations)

    sales, service = seated("zoe", Seat.SALES, open_conversations=5), seated("adam", Seat.SERVICE)
    for role in (Role.SALES_REPRESENTATIVE, Role.MARKETING_SPECIALIST):
        assert choose([sales, service], language="sv", role=role) is sales
        assert choose([service], language="sv", role=role) is service
        speaks = seated("bo", Seat.SERVICE, "sv", open_conversations=9)
        assert choose([sales, speaks], language="sv", role=role) is speaks
    assert choose([sales, service], language="sv", role=Role.CUSTOMER_SERVICE) is service
    busy, equal = seated("zoe", Seat.SERVICE, open_conversations=1), seated("yan", Seat.SERVICE)
    idle = seated("adam", Seat.SALES)
    assert choose([busy, idle], language="sv", role=Role.CUSTOMER_SERVICE) is idle
    assert choose([equal, idle], language="sv", role=Role.CUSTOMER_SERVICE) is equal
    assert choose([equal, idle], language="sv") is idle


def test_the_languages_of_the_team_count_as_the_user_s(colleague):
    anna, bo = colleague("anna"), colleague("bo")
    swedish = Colleague(user=bo.user, team_languages=("sv",))
    assert choose([anna, swedish], language="sv") is swedish
