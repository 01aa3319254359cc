"""Whom assignments hand over to, looked at before people change: nobody may be lost whom one relies on (HND-1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from custagent.config.agents import agent_names
from custagent.core.errors import ConfigError, UsageError
from custagent.core.people import Seat, Team, User
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.handover import live_assignments


def refuse_lost_targets(app: Application, users: Sequence[User], teams: Sequence[Team], *, why: str) -> None:
    """Raises UsageError when a target of an assignment that can be given conversations now could not with these people.

    Both what is live and what the files say counts.
    """
    now, then = _reached(app.workspace.users, app.workspace.teams), _reached(users, teams)
    for agent, channel, target in _named(app):
        if target in now and target not in then:
            raise UsageError(
                f"{agent} hands over to {target} on {channel}, and nobody could have a conversation there: {why}",
                hint=f"Name somebody else first: custagent assign {agent} {channel} --to team:NAME",
            )


def assignments_of(app: Application, target: str) -> list[tuple[str, str]]:
    """(agent, channel) of each assignment that names "user:NAME" or "team:NAME"."""
    return list(dict.fromkeys((agent, channel) for agent, channel, named in _named(app) if named == target))


def _named(app: Application) -> Iterator[tuple[str, str, str]]:
    """(agent, channel, target), as they are live and as they stand in the files."""
    for channel, live in live_assignments(app).items():
        for target in live.assignment.handoff.to:
            yield live.agent.name, channel, target
    for name in agent_names(app.home):
        try:
            agent = app.agent(name)
        except ConfigError:
            continue  # a file that cannot be read is told where it is put into force
        for assignment in agent.assignments:
            for target in assignment.handoff.to:
                yield name, assignment.channel, target


def _reached(users: Sequence[User], teams: Sequence[Team]) -> set[str]:
    """The targets that lead to somebody with a seat."""
    seated = {user.name for user in users if user.seat is not Seat.NONE}
    reached = {f"team:{team.name}" for team in teams if seated & set(team.members)}
    return reached | {f"user:{name}" for name in seated}
