"""The people of the workspace, with what routing needs to know of their work (HND-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from custagent.conversation.hours import WorkingHours, next_common, working_hours
from custagent.conversation.routing import availability
from custagent.core.agent import Assignment
from custagent.core.people import Availability, Colleague, Seat, Team, User
from custagent.core.ports import Clock
from custagent.core.workspace import Workspace
from custagent.store import Store

#: The hours that must all be open for a user: their own, and those of the team that is asked for.
Way = tuple[WorkingHours | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A user as things are now."""

    user: User
    availability: Availability
    open_conversations: int
    #: When their hours begin or end next, UTC; None when they work always, or not within the week.
    hours_change_at: datetime | None


class WorkspaceDirectory:
    """A Directory over custagent.yaml, who is away, and what everybody has. It keeps nothing: each call looks anew."""

    def __init__(self, workspace: Callable[[], Workspace], store: Store, clock: Clock) -> None:
        self._workspace = workspace
        self._store = store
        self._clock = clock

    def available(self, targets: Sequence[str]) -> Sequence[Colleague]:
        """See the port."""
        return self.look().available(targets)

    def opens_at(self, targets: Sequence[str]) -> datetime | None:
        """See the port."""
        return self.look().opens_at(targets)

    def team_works(self, assignment: Assignment) -> bool:
        """Whether it is team hours for an assignment (ASG-5); reads nothing but custagent.yaml."""
        return People(self._workspace(), self._clock.now(), away=frozenset(), work={}, given={}).team_works(assignment)

    def look(self) -> People:
        """Everybody as things are now."""
        now, workspace = self._clock.now(), self._workspace()
        return People(
            workspace,
            now,
            away=frozenset(self._store.presence.absences(now)),
            work=dict(self._store.handoffs.owners()),
            given=dict(self._store.handoffs.last_given(f"user:{user.name}" for user in workspace.users)),
        )


class People:
    """The people of a workspace at one moment. What is given meanwhile is noted with `note_given`."""

    def __init__(
        self,
        workspace: Workspace,
        at: datetime,
        *,
        away: frozenset[str],
        work: dict[str, int],
        given: dict[str, datetime],
    ) -> None:
        """`work` and `given` go by "user:NAME": open conversations, and when the last was given."""
        self._workspace = workspace
        self._at = at
        self._away = away
        self._work = work
        self._given = given
        self._hours: dict[str, WorkingHours | None] = {}

    def available(self, targets: Sequence[str]) -> list[Colleague]:
        """Those among the targets who can be given a conversation now, each once, in the order of the targets."""
        found: dict[str, Colleague] = {}
        for target in targets:
            users, team = self._named(target)
            for user in users:
                if self._standing(user, [self._way(user, team)]) is not Availability.AVAILABLE:
                    continue
                spoken = found[user.name].team_languages if user.name in found else ()
                found[user.name] = Colleague(
                    user=user,
                    team_languages=(*spoken, *(team.languages if team else ())),
                    open_conversations=self._work.get(f"user:{user.name}", 0),
                    last_given_at=self._given.get(f"user:{user.name}"),
                )
        return list(found.values())

    def opens_at(self, targets: Sequence[str]) -> datetime | None:
        """When the working hours of the first of them begin again, in the workspace's zone (HND-2).

        None when somebody's hours are now, or nobody with a seat is among them.
        """
        ways = [way for target in targets for way in self._ways_to(target)]
        moments = [moment for way in ways if (moment := next_common(way, self._at)) is not None]
        first = min(moments, default=self._at)
        return None if first == self._at else first.astimezone(ZoneInfo(self._workspace.timezone))

    def team_works(self, assignment: Assignment) -> bool:
        """Whether it is team hours for an assignment (ASG-5): those of the people it hands over to, else of its desk."""
        return any(self._open(way) for target in self.targets_for(assignment) for way in self._ways_to(target))

    def targets_for(self, assignment: Assignment) -> tuple[str, ...]:
        """Whom an assignment hands over to; those who work at the channel's desk when it names nobody."""
        return tuple(assignment.handoff.to) or tuple(f"team:{team}" for team in self.desk_teams(assignment.channel))

    def desk_teams(self, channel: str) -> tuple[str, ...]:
        """The teams that work at the desk of a channel."""
        desk = next((one.desk for one in self._workspace.channels if one.name == channel), "")
        return next((one.teams for one in self._workspace.desks if one.name == desk), ())

    def has_team(self, assignee: str) -> bool:
        """Whether "team:NAME" is a team of the workspace."""
        return any(assignee == f"team:{team.name}" for team in self._workspace.teams)

    def availability(self, name: str, targets: Sequence[str] = ()) -> Availability | None:
        """Whether a user is there now: by name where the targets name them, or as a member of a team; None: no such user.

        All their teams count, whoever gave them what they have. So does what they have already: an owner may be `busy`
        with the very conversation that is asked about.
        """
        user = self._users.get(name)
        if user is None:
            return None
        teams = [team for team in self._workspace.teams if name in team.members]
        ways = [self._way(user)] * (f"user:{name}" in targets)
        ways += [self._way(user, team) for team in teams]
        return self._standing(user, ways or [self._way(user)])

    def standings(self) -> list[Standing]:
        """Every user, in the order of custagent.yaml. Hours are their own, else those of their teams."""
        return [self._standing_of(user) for user in self._workspace.users]

    def note_given(self, owner: str, before: str) -> None:
        """The conversation of "user:NAME" `before`, or of a queue, is `owner`'s now."""
        for assignee, change in ((before, -1), (owner, 1)):
            if assignee.startswith("user:"):
                self._work[assignee] = self._work.get(assignee, 0) + change
        if owner.startswith("user:"):
            self._given[owner] = self._at

    def next_change(self) -> datetime | None:
        """When the hours of somebody with a seat, or of a team, begin or end next."""
        written = [self._hours_of(user) for user in self._users.values() if user.seat is not Seat.NONE]
        written += [self._hours_of(team) for team in self._workspace.teams]
        moments = (one.next_change(self._at) for one in written if one is not None)
        return min((moment for moment in moments if moment is not None), default=None)

    @cached_property
    def _users(self) -> dict[str, User]:
        return {user.name: user for user in self._workspace.users}

    def _standing_of(self, user: User) -> Standing:
        teams = [] if user.hours else [team for team in self._workspace.teams if user.name in team.members]
        ways = [self._way(user, team) for team in teams] or [self._way(user)]
        bound = [one for way in ways for one in way if one is not None]
        changes = [moment for one in bound if (moment := one.next_change(self._at)) is not None]
        return Standing(
            user=user,
            availability=self._standing(user, ways),
            open_conversations=self._work.get(f"user:{user.name}", 0),
            hours_change_at=min(changes, default=None),
        )

    def _standing(self, user: User, ways: Sequence[Way]) -> Availability:
        """The best that one of the ways allows."""
        work, away = self._work.get(f"user:{user.name}", 0), user.name in self._away
        found = [availability(user, way, away=away, open_conversations=work, at=self._at) for way in ways]
        # With hours open the rest is the same for every way.
        return next((one for one in found if one is not Availability.OFF_HOURS), Availability.OFF_HOURS)

    def _ways_to(self, target: str) -> list[Way]:
        """How the holders of a seat among those named by a target can be reached."""
        users, team = self._named(target)
        return [self._way(user, team) for user in users if user.seat is not Seat.NONE]

    def _named(self, target: str) -> tuple[list[User], Team | None]:
        """The users that "user:NAME" or "team:NAME" means, and the team; nobody for a name that nothing has."""
        kind, _, name = target.partition(":")
        team = next((one for one in self._workspace.teams if one.name == name), None) if kind == "team" else None
        names = team.members if team else (name,) if kind == "user" else ()
        return [self._users[one] for one in names if one in self._users], team

    def _way(self, user: User, team: Team | None = None) -> Way:
        return (self._hours_of(user), self._hours_of(team) if team else None)

    def _hours_of(self, one: User | Team) -> WorkingHours | None:
        key = f"{type(one).__name__} {one.name}"
        if key not in self._hours:
            self._hours[key] = working_hours(one.hours, one.timezone or self._workspace.timezone)
        return self._hours[key]

    def _open(self, way: Way) -> bool:
        return all(hours is None or hours.open_at(self._at) for hours in way)
