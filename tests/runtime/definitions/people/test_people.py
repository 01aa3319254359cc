"""Users: what is written, who may, what conversations do, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from custagent.core.errors import ConfigError, PermissionDenied, UnknownName, UsageError
from custagent.core.message import MessageKind
from custagent.core.people import Availability, Seat
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.people import (
    add_user,
    edit_user,
    find_user,
    read_hours,
    remove_user,
    set_away,
    set_back,
    user_states,
)
from custagent.runtime.in_force import InForce

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
DAN = {"full_name": "Dan Ek", "email": "dan@northwind.example"}


def text(office) -> str:
    return office.app.home.workspace_file.read_text(encoding="utf-8")


def audited(office) -> list[tuple[str, str, str]]:
    return [(one.actor, one.action, one.subject) for one in office.store.audit.entries(9)]


def test_a_user_is_written_put_into_force_and_audited_with_comments_kept(office):
    done = add_user(office.app, "dan", {**DAN, "seat": "sales", "hours": {"mon-fri": "09:00-17:00"}, "capacity": 3})
    assert (done.name, done.changed) == ("dan", True)
    state = find_user(office.app, "DAN@northwind.example")
    assert (state.user.seat, dict(state.user.hours), state.user.capacity) == (Seat.SALES, {"mon-fri": "09:00-17:00"}, 3)
    assert InForce(office.app).workspace().users[-1].name == "dan"
    assert audited(office)[0] == ("anna", "users add", "dan")
    assert "# The lead." in text(office)
    assert "- name: bo  # joined in May" in text(office)


def test_a_change_sets_what_is_given_and_leaves_the_rest_as_it_was_written(office):
    before = text(office)
    edit_user(office.app, "bo", {"languages": ["sv", "en"], "capacity": 2})
    after = text(office)
    assert "- name: bo  # joined in May\n    full_name: Bo Ek" in after
    assert after.replace("    languages: [sv, en]", "    languages: [sv]").replace("    capacity: 2\n", "") == before
    edit_user(office.app, "bo", {"capacity": None})
    assert find_user(office.app, "bo").user.capacity is None
    assert not edit_user(office.app, "bo", {"capacity": None}).changed


@pytest.mark.parametrize(
    ("name", "settings", "kind", "said"),
    [
        ("Dan!", DAN, UsageError, "cannot name a user"),
        ("bo", DAN, UsageError, "a user called 'bo' already"),
        (
            "dan",
            {**DAN, "email": "Bo@Northwind.example"},
            ConfigError,
            "the email 'bo@northwind.example' is used twice",
        ),
        ("dan", {**DAN, "timezone": "Mars/North"}, ConfigError, "no time zone is called 'Mars/North'"),
        ("dan", {**DAN, "hours": {"mon": "09:00-09:00"}}, ConfigError, "is no time at all"),
        ("dan", {**DAN, "photo": "photos/dan.png"}, ConfigError, "there is no file 'photos/dan.png'"),
    ],
)
def test_what_does_not_fit_changes_nothing(office, name, settings, kind, said):
    before = text(office)
    with pytest.raises(kind, match=said):
        add_user(office.app, name, settings)
    assert text(office) == before


def test_the_first_user_must_be_able_to_add_the_second(home, app: Application):
    with pytest.raises(UsageError, match="the first user needs the permission admin"):
        add_user(app, "dan", {**DAN, "permissions": ["answer"]})
    add_user(app, "dan", {**DAN, "permissions": ["admin"]})
    assert "users:" in home.workspace_file.read_text(encoding="utf-8")


def test_the_last_admin_stays_one(office):
    for attempt in (
        lambda: edit_user(office.app, "anna", {"permissions": ["answer"]}),
        lambda: remove_user(office.app, "anna"),
    ):
        with pytest.raises(UsageError, match="anna is the only admin"):
            attempt()
    edit_user(office.app, "bo", {"permissions": ["admin"]})
    edit_user(office.app, "anna", {"permissions": ["answer"]})


def test_only_an_admin_changes_people_and_everybody_says_of_themselves_that_they_are_away(office, open_app):
    as_bo, as_cleo = open_app("bo"), open_app("cleo")
    for attempt in (
        lambda: add_user(as_bo, "dan", DAN),
        lambda: edit_user(as_bo, "bo", {"capacity": 1}),
        lambda: remove_user(as_bo, "cleo"),
        lambda: set_away(as_cleo, "bo"),
        lambda: set_back(as_cleo, "bo"),
    ):
        with pytest.raises(PermissionDenied, match="needs the permission admin"):
            attempt()
    assert set_away(as_bo, "bo").changed
    assert set_back(office.app, "bo").changed
    assert audited(office)[:2] == [("anna", "users back", "bo"), ("bo", "users away", "bo")]


def test_going_away_and_coming_back_moves_conversations_at_once(office):
    waits, answered = office.give("user:anna", "k1"), office.give("user:anna", "k2")
    office.say(answered, MessageKind.PERSON)
    done = set_away(office.app, "anna", "2h")
    assert (done.moved, done.kept, done.now["until"]) == (1, 1, office.clock.now() + timedelta(hours=2))
    assert office.owner(waits) == "user:bo"
    assert find_user(office.app, "anna").availability is Availability.AWAY
    assert find_user(office.app, "anna").absence.actor == "anna"
    set_away(office.app, "bo")
    assert office.owner(waits) == "team:support"
    assert set_back(office.app, "anna").moved == 1
    assert office.owner(waits) == "user:anna"
    assert not set_back(office.app, "anna").changed


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("30m", "2026-01-15T12:30"),
        # In Stockholm, where they work.
        ("2026-01-20", "2026-01-19T23:00"),
        ("2026-01-15T18:00", "2026-01-15T17:00"),
        ("2026-01-15T18:00+00:00", "2026-01-15T18:00"),
    ],
)
def test_until_when(office, said, until):
    assert f"{set_away(office.app, 'bo', said).now['until']:%Y-%m-%dT%H:%M}" == until


@pytest.mark.parametrize("said", ["soon", "2026-01-15", "2026-01-15T12:59"])
def test_no_time_or_one_that_is_over(office, said):
    with pytest.raises(UsageError, match=r"is no time|is over already"):
        set_away(office.app, "bo", said)
    assert office.store.presence.absences(office.clock.now()) == {}


def test_losing_the_seat_gives_what_they_have_to_others(office):
    name = office.give("user:bo")
    assert edit_user(office.app, "bo", {"seat": "none"}).moved == 1
    assert office.owner(name) == "user:anna"
    with pytest.raises(UsageError, match=r"support hands over to team:support on web.*anna holds no seat then"):
        edit_user(office.app, "anna", {"seat": "none"})


def test_a_user_who_goes_leaves_teams_absence_and_conversations_behind(office):
    name = office.give("user:bo")
    set_away(office.app, "bo")
    done = remove_user(office.app, "bo")
    assert (done.moved, done.kept) == (0, 0), "anna has it since bo went away"
    assert office.owner(name) == "user:anna"
    assert "bo" not in text(office)
    assert office.store.presence.absences(office.clock.now()) == {}
    with pytest.raises(UnknownName, match="no user called 'bo'"):
        find_user(office.app, "bo")


def test_a_target_of_an_assignment_cannot_go(office, change):
    change("to: [team:support]", "to: [user:bo]")
    before = text(office)
    with pytest.raises(UsageError, match="support hands over to user:bo on web") as caught:
        remove_user(office.app, "bo")
    assert "custagent assign support web --to" in caught.value.hint
    assert text(office) == before


def test_a_picture_from_elsewhere_is_copied_and_one_of_the_workspace_named(office, tmp_path: Path):
    outside = tmp_path / "Me.PNG"
    outside.write_bytes(PNG)
    edit_user(office.app, "bo", {}, photo=outside)
    assert find_user(office.app, "bo").user.photo == "photos/bo.png"
    inside = office.app.home.root / "faces" / "b.webp"
    inside.parent.mkdir()
    inside.write_bytes(b"RIFF0000WEBP")
    edit_user(office.app, "bo", {}, photo=inside)
    assert find_user(office.app, "bo").user.photo == "faces/b.webp"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.gif", b"GIF89a", "no picture that every browser shows"),
        ("a.png", b"<svg>", "holds something else than its name says"),
        ("a.webp", b"RIFF0000AVI ", "holds something else"),
        ("a.jpg", b"\xff\xd8\xff" + b"0" * 200_000, "larger than 200 KB"),
        ("gone.png", None, "cannot be opened"),
    ],
)
def test_what_is_no_picture(office, tmp_path: Path, name, body, said):
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(UsageError, match=said):
        edit_user(office.app, "bo", {}, photo=tmp_path / name)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        (["mon-fri 09:00-17:00"], {"mon-fri": "09:00-17:00"}),
        (
            ["mon-thu: 08:00-12:00,13:00-16:00; fri 08:00-13:00"],
            {"mon-thu": "08:00-12:00, 13:00-16:00", "fri": "08:00-13:00"},
        ),
        (["sat 10:00-14:00", "sun 22:00-24:00"], {"sat": "10:00-14:00", "sun": "22:00-24:00"}),
    ],
)
def test_hours_as_they_are_typed(said, hours):
    assert read_hours(said) == hours


@pytest.mark.parametrize(
    "said", ["mon", "9-5", "monday 09:00-17:00", "mon 9:00-17:00", "mon 09:00-25:00", "mon 24:00-01:00"]
)
def test_what_are_no_hours(said):
    with pytest.raises(UsageError, match="is no working time"):
        read_hours([said])


def test_the_list_tells_who_is_there(office, change: Callable[[str, str], None]):
    change("    languages: [sv]", "    hours: {mon-fri: 14:00-15:00}\n    timezone: UTC")
    states = {state.user.name: state for state in user_states(office.app)}
    assert [state.availability.value for state in states.values()] == ["available", "off-hours", "no-seat"]
    assert states["bo"].hours_change_at == office.clock.now() + timedelta(hours=2)
    assert (states["bo"].teams, states["cleo"].teams) == (("support", "spare"), ())
    assert office.store.versions.applied(WORKSPACE_KEY) is not None
