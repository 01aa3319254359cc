"""Teams: the YAML, the applied version and the audit row go together, and conversations follow (CRE-3, CRE-6, HND-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.config.findings import did_you_mean
from custagent.config.people import add_item, change_item, drop_team
from custagent.conversation.hours import working_hours
from custagent.core.errors import UnknownName, UsageError
from custagent.core.ids import is_name
from custagent.core.people import Permission, Team
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import refuse_errors
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.definitions.people import Changed, find_user, put_into_force
from custagent.runtime.definitions.targets import assignments_of, refuse_lost_targets

ADD_HINT = "custagent teams add support --member anna --hours 'mon-fri 09:00-17:00'"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamState:
    """One team of custagent.yaml as things are now; `custagent teams list` prints it."""

    team: Team
    #: The members who can be given a conversation now, as members of it.
    available: tuple[str, ...]
    #: Whether it is within the team's hours, and when that changes, UTC; None when it works always.
    works: bool
    hours_change_at: datetime | None
    #: Conversations that wait in its queue, put aside ones too.
    waiting: int
    #: (agent, channel) of the assignments that hand over to it, and the desks that it works at.
    assignments: tuple[tuple[str, str], ...]
    desks: tuple[str, ...]


def team_states(app: Application) -> list[TeamState]:
    """Every team, in the order of custagent.yaml."""
    people = WorkspaceDirectory(lambda: app.workspace, app.store, app.clock).look()
    now, states = app.clock.now(), []
    for team in app.workspace.teams:
        hours = working_hours(team.hours, team.timezone or app.workspace.timezone)
        target = f"team:{team.name}"
        states.append(
            TeamState(
                team=team,
                available=tuple(one.user.name for one in people.available([target])),
                works=hours is None or hours.open_at(now),
                hours_change_at=hours.next_change(now) if hours else None,
                waiting=app.store.handoffs.count_of(target),
                assignments=tuple(assignments_of(app, target)),
                desks=tuple(desk.name for desk in app.workspace.desks if team.name in desk.teams),
            )
        )
    return states


def find_team(app: Application, name: str) -> TeamState:
    """The team of that name. Raises UnknownName."""
    states = {state.team.name: state for state in team_states(app)}
    if name in states:
        return states[name]
    hint = did_you_mean(name, states) if states else f"Add one with: {ADD_HINT}"
    raise UnknownName(f"there is no team called {name!r}", hint=hint or "See all with: custagent teams list")


def add_team(app: Application, name: str, settings: Mapping[str, Any]) -> Changed:
    """Write a team into custagent.yaml and put it into force; `settings` are the keys of `Team` as they stand there.

    Raises UsageError, UnknownName for a member who is no user, ConfigError, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    if not is_name(name):
        raise UsageError(f"{name!r} cannot name a team: lower-case letters, digits and hyphens only", hint=ADD_HINT)
    if any(team.name == name for team in app.workspace.teams):
        raise UsageError(
            f"there is a team called {name!r} already", hint=f"Change it with: custagent teams edit {name}"
        )
    members = [find_user(app, member).user.name for member in settings.get("members", ())]
    refuse_errors([app.home.workspace_file])
    item = {"name": name, **settings, "members": list(dict.fromkeys(members))}
    return put_into_force(app, "teams add", name, lambda path: add_item(path, "teams", item))


def edit_team(app: Application, name: str, settings: Mapping[str, Any]) -> Changed:
    """Change some settings of a team. Raises UnknownName, ConfigError, PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    find_team(app, name)
    refuse_errors([app.home.workspace_file])
    return put_into_force(app, "teams edit", name, lambda path: change_item(path, "teams", name, settings))


def change_members(app: Application, name: str, add: Sequence[str], remove: Sequence[str]) -> Changed:
    """Take users into a team, or out of it. Refused when an assignment would be left with nobody.

    Raises UsageError, UnknownName, ConfigError, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    team = find_team(app, name).team
    gone = {find_user(app, member).user.name for member in remove}
    for member in gone - set(team.members):
        raise UnknownName(f"{member} is not in the team {name}", hint=f"It has {', '.join(team.members) or 'nobody'}.")
    members = [*team.members, *(find_user(app, member).user.name for member in add)]
    members = [member for member in dict.fromkeys(members) if member not in gone]
    teams = [
        one.model_copy(update={"members": tuple(members)}) if one.name == name else one for one in app.workspace.teams
    ]
    refuse_lost_targets(app, app.workspace.users, teams, why=f"nobody in {name} holds a seat then")
    refuse_errors([app.home.workspace_file])
    now = {"members": members}
    done = put_into_force(app, "teams members", name, lambda path: change_item(path, "teams", name, now))
    return Changed(name=name, changed=done.changed, moved=done.moved, now=now)


def remove_team(app: Application, name: str) -> Changed:
    """Take a team out of custagent.yaml and off the desks; refused while an assignment names it.

    What waits in its queue then waits for whoever the assignment names, or for anybody. Raises UsageError, UnknownName,
    ConfigError, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    state = find_team(app, name)
    if state.assignments:
        agent, channel = state.assignments[0]
        raise UsageError(
            f"{agent} hands over to the team {name} on {channel}, so it cannot be removed",
            hint=f"Name somebody else first: custagent assign {agent} {channel} --to team:NAME",
        )
    refuse_errors([app.home.workspace_file])
    done = put_into_force(app, "teams remove", name, lambda path: drop_team(path, name))
    return Changed(name=name, changed=True, moved=done.moved, kept=app.store.handoffs.count_of(f"team:{name}"))
