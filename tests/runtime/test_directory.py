"""Who can be given conversations: holders of a seat among those named, with what they have already."""

from __future__ import annotations

import pytest

from custagent.core.conversation import Status
from custagent.core.message import MessageKind
from custagent.core.people import Seat, Team, User
from custagent.core.workspace import Workspace
from custagent.runtime.directory import WorkspaceDirectory


def user(name: str, seat: Seat = Seat.SERVICE) -> User:
    return User(name=name, full_name=name.title(), email=f"{name}@northwind.example", seat=seat)


WORKSPACE = Workspace(
    name="Northwind",
    users=(user("anna"), user("bo", Seat.SALES), user("cleo", Seat.NONE)),
    teams=(Team(name="support", members=("anna", "cleo", "gone")), Team(name="all", members=("bo", "anna"))),
)


@pytest.fixture
def directory(clients) -> WorkspaceDirectory:
    return WorkspaceDirectory(lambda: WORKSPACE, clients.store.conversations)


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (["user:anna"], ["anna"]),
        (["user:cleo"], []),
        (["user:nobody"], []),
        (["team:support"], ["anna"]),
        (["team:all"], ["bo", "anna"]),
        (["team:nobody"], []),
        (["team:support", "user:anna", "team:all"], ["anna", "bo"]),
        ([], []),
    ],
)
def test_holders_of_a_seat_among_those_named_each_once(directory, targets, names):
    assert [one.user.name for one in directory.available(targets)] == names


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


def test_it_follows_the_workspace(clients):
    users = []
    directory = WorkspaceDirectory(
        lambda: WORKSPACE.model_copy(update={"users": tuple(users)}), clients.store.conversations
    )
    assert list(directory.available(["user:anna"])) == []
    users.append(user("anna"))
    assert [one.user.name for one in directory.available(["user:anna"])] == ["anna"]
