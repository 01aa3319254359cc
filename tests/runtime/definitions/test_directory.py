"""Who can be given conversations: seat, absence, hours, capacity, and what everybody has already."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from custagent.core.agent import Assignment, Handoff
from custagent.core.channel import LiveChatChannel
from custagent.core.conversation import Status
from custagent.core.message import MessageKind
from custagent.core.people import Availability, Seat, Team, User
from custagent.core.workspace import Desk, Workspace
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.store.presence import Absence


def user(name: str, seat: Seat = Seat.SERVICE, **given) -> User:
    return User(name=name, full_name=name.title(), email=f"{name}@northwind.example", seat=seat, **given)


# The clock stands at noon on a Thursday, 2026-01-15, UTC.
WORKSPACE = Workspace(
    name="Northwind",
    timezone="Europe/Stockholm",
    users=(
        user("anna"),
        user("bo", Seat.SALES),
        user("cleo", Seat.NONE),
        user("dan", hours={"thu": "14:00-16:00"}),
        user("eva", hours={"thu": "08:00-12:30"}, timezone="UTC"),
    ),
    teams=(
        Team(name="support", members=("anna", "cleo", "gone"), languages=("sv",)),
        Team(name="all", members=("bo", "anna"), languages=("en",)),
        Team(name="night", members=("anna", "dan"), hours={"mon-sun": "22:00-06:00"}),
        Team(name="day", members=("dan", "eva"), hours={"mon-fri": "09:00-17:00"}),
        Team(name="empty"),
    ),
    channels=(
        LiveChatChannel(name="web", kind="live-chat", desk="inbox"),
        LiveChatChannel(name="wiki", kind="live-chat", desk="help-desk"),
    ),
    desks=(Desk(name="inbox", teams=("night",)), Desk(name="help-desk")),
)


@pytest.fixture
def directory(clients) -> WorkspaceDirectory:
    return WorkspaceDirectory(lambda: WORKSPACE, clients.store, clients.clock)


def names(directory: WorkspaceDirectory, *targets: str) -> list[str]:
    return [one.user.name for one in directory.available(targets)]


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        (["user:anna"], ["anna"]),
        (["user:cleo"], []),
        (["user:nobody"], []),
        (["team:support"], ["anna"]),
        (["team:all"], ["bo", "anna"]),
        (["team:nobody"], []),
        (["team:empty"], []),
        (["anna"], []),
        (["team:support", "user:anna", "team:all"], ["anna", "bo"]),
        # It is 13:00 in Stockholm: dan has not begun, eva works by UTC.
        (["team:day"], ["eva"]),
        (["user:dan"], []),
        # As a member of a team that sleeps nobody is there, by name they are.
        (["team:night"], []),
        (["team:night", "user:anna"], ["anna"]),
        ([], []),
    ],
)
def test_who_is_there_of_those_named_each_once(directory, targets, found):
    assert names(directory, *targets) == found


def test_hours_begin_and_end(directory, clients):
    clients.clock.advance(minutes=30)
    assert names(directory, "team:day") == []
    clients.clock.advance(minutes=30)
    assert names(directory, "team:day") == ["dan"]


def test_the_languages_of_all_teams_that_somebody_was_named_by(directory):
    (anna,) = directory.available(["team:support"])
    assert (anna.speaks("sv"), anna.speaks("en")) == (True, False)
    both = next(one for one in directory.available(["team:support", "team:all"]) if one.user.name == "anna")
    assert (both.speaks("sv"), both.speaks("en")) == (True, True)


def test_who_is_away_is_not_there_until_then(directory, clients):
    now = clients.clock.now()
    clients.store.presence.set_away("anna", Absence(actor="anna", since=now, until=now + timedelta(hours=1)))
    assert names(directory, "team:all") == ["bo"]
    clients.clock.advance(hours=1)
    assert names(directory, "team:all") == ["bo", "anna"]


def test_what_everybody_has_and_since_when(directory, clients):
    first = clients.write(key="k1").conversation.id
    clients.commit(first, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna")
    clients.clock.advance(hours=1)
    given = clients.clock.now()
    second = clients.write(key="k2").conversation.id
    clients.commit(second, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna")
    anna, bo = sorted(directory.available(["team:all"]), key=lambda one: one.user.name)
    assert (anna.open_conversations, anna.last_given_at) == (2, given)
    assert (bo.open_conversations, bo.last_given_at) == (0, None)


def test_nobody_is_given_more_than_they_can_have(clients):
    users = tuple(one.model_copy(update={"capacity": 1}) for one in WORKSPACE.users)
    directory = WorkspaceDirectory(lambda: WORKSPACE.model_copy(update={"users": users}), clients.store, clients.clock)
    conversation = clients.write(key="k1").conversation.id
    clients.commit(conversation, MessageKind.HANDOFF, status=Status.OPEN, assignee="user:anna")
    assert names(directory, "team:all") == ["bo"]
    assert directory.look().availability("anna") is Availability.BUSY
    clients.commit(conversation, status=Status.CLOSED)
    assert names(directory, "team:all") == ["bo", "anna"]


def test_it_follows_the_workspace(clients):
    users = []
    directory = WorkspaceDirectory(
        lambda: WORKSPACE.model_copy(update={"users": tuple(users)}), clients.store, clients.clock
    )
    assert names(directory, "user:anna") == []
    users.append(user("anna"))
    assert names(directory, "user:anna") == ["anna"]


@pytest.mark.parametrize(
    ("targets", "opens"),
    [
        # Both must work: dan from 14:00, his team until 17:00.
        (["user:dan"], "2026-01-15T14:00"),
        (["team:night"], "2026-01-15T22:00"),
        (["team:night", "user:dan"], "2026-01-15T14:00"),
        # Somebody's hours are now: it is no matter of hours.
        (["team:day"], None),
        (["team:night", "user:anna"], None),
        (["user:cleo"], None),
        (["team:empty"], None),
        ([], None),
    ],
)
def test_when_the_first_of_them_works_again(directory, targets, opens):
    found = directory.opens_at(targets)
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == opens
    assert found is None or found.tzinfo == ZoneInfo("Europe/Stockholm")


def test_opening_hours_do_not_ask_who_is_away(directory, clients):
    """HND-2: they are the company's, and nobody knows when somebody without an end is back."""
    clients.store.presence.set_away("dan", Absence(actor="dan", since=clients.clock.now()))
    assert directory.opens_at(["user:dan"]) is not None


def test_team_hours_are_those_of_the_people_named_else_of_the_desk(directory, clients):
    def works(channel: str, *to: str) -> bool:
        handoff = Handoff(mode="transfer", to=to) if to else Handoff()
        return directory.team_works(Assignment(channel=channel, handoff=handoff, hours="team-hours"))

    assert works("web", "team:day")
    assert not works("web", "team:night")
    assert works("web", "team:night", "user:anna")
    assert not works("web")
    assert not works("wiki"), "nobody works there at all"
    clients.clock.advance(hours=10)
    assert works("web")


def test_how_everybody_stands(directory, clients):
    found = {one.user.name: one for one in directory.look().standings()}
    assert {name: one.availability.value for name, one in found.items()} == {
        "anna": "available",
        "bo": "available",
        "cleo": "no-seat",
        "dan": "off-hours",
        "eva": "available",
    }
    assert found["dan"].hours_change_at == clients.clock.now() + timedelta(hours=1)
    assert found["eva"].hours_change_at == clients.clock.now() + timedelta(minutes=30)
    assert found["bo"].hours_change_at is None
    assert directory.look().next_change() == clients.clock.now() + timedelta(minutes=30)
