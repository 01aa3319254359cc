"""Teams: what is written, what conversations do, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.runtime.definitions.teams import add_team, change_members, edit_team, find_team, remove_team, team_states


def text(office) -> str:
    return office.app.home.workspace_file.read_text(encoding="utf-8")


def test_a_team_is_written_and_put_into_force(office):
    add_team(office.app, "night", {"members": ["cleo", "bo", "cleo"], "hours": {"mon-sun": "22:00-06:00"}})
    state = find_team(office.app, "night")
    assert (state.team.members, state.available, state.works) == (("cleo", "bo"), (), False)
    assert state.hours_change_at == office.clock.now() + timedelta(hours=9)
    assert (state.assignments, find_team(office.app, "support").assignments) == ((), (("support", "web"),))
    assert "# joined in May" in text(office)
    assert office.store.audit.entries(1)[0].action == "teams add"


@pytest.mark.parametrize(
    ("name", "settings", "kind", "said"),
    [
        ("Night", {}, UsageError, "cannot name a team"),
        ("support", {}, UsageError, "a team called 'support' already"),
        ("night", {"members": ["dan"]}, UnknownName, "no user called 'dan'"),
    ],
)
def test_what_does_not_fit(office, name, settings, kind, said):
    before = text(office)
    with pytest.raises(kind, match=said):
        add_team(office.app, name, settings)
    assert text(office) == before


def test_hours_that_end_send_nobody_anything_more(office):
    edit_team(office.app, "support", {"hours": {"mon-fri": "08:00-12:00"}})
    name = office.give("team:support")
    assert office.look() == []
    assert edit_team(office.app, "support", {"hours": {}}).moved == 1
    assert office.owner(name) != "team:support"
    assert not edit_team(office.app, "support", {"hours": {}}).changed


def test_members_come_and_go_but_never_all_that_an_assignment_needs(office):
    done = change_members(office.app, "support", ["cleo"], ["bo"])
    assert (done.now["members"], find_team(office.app, "support").team.members) == (["anna", "cleo"], ("anna", "cleo"))
    with pytest.raises(UsageError, match="nobody in support holds a seat then"):
        change_members(office.app, "support", [], ["anna"])
    with pytest.raises(UnknownName, match="bo is not in the team support"):
        change_members(office.app, "support", [], ["bo"])


def test_a_team_that_an_assignment_names_stays_and_another_goes(office, change):
    with pytest.raises(UsageError, match="support hands over to the team support on web"):
        remove_team(office.app, "support")
    change("users:", "desks:\n  - {name: inbox, teams: [spare]}\n  - {name: help-desk}\nusers:")
    name = office.give("team:spare")
    assert find_team(office.app, "spare").waiting == 1
    assert remove_team(office.app, "spare").moved == 1
    assert office.owner(name).startswith("user:")
    assert [state.team.name for state in team_states(office.app)] == ["support"]
    assert "spare" not in text(office)
    with pytest.raises(UnknownName, match="no team called 'spare'"):
        find_team(office.app, "spare")


def test_only_an_admin(office, open_app):
    as_bo = open_app("bo")
    for attempt in (
        lambda: add_team(as_bo, "night", {}),
        lambda: edit_team(as_bo, "spare", {"hours": {}}),
        lambda: change_members(as_bo, "spare", ["anna"], []),
        lambda: remove_team(as_bo, "spare"),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
