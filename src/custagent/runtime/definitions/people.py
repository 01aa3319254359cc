"""Users: the YAML, the applied version and the audit row go together, and conversations follow (CRE-3, CRE-6, HND-1).

Only who is away, and since when, is a row.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from custagent.config.editor import put_back
from custagent.config.findings import did_you_mean
from custagent.config.people import add_item, change_item, drop_user
from custagent.config.photos import file_fault
from custagent.core.errors import PermissionDenied, UnknownName, UsageError
from custagent.core.ids import is_name
from custagent.core.people import WEEKDAYS, Availability, Permission, User
from custagent.core.written import DAYS_PATTERN, TIMES_PATTERN, seconds
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.definitions.agents import apply_workspace, refuse_errors
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.definitions.rerouting import Rerouting
from custagent.runtime.definitions.targets import refuse_lost_targets
from custagent.runtime.in_force import InForce
from custagent.store.presence import Absence

ADD_HINT = 'custagent users add anna --full-name "Anna Berg" --email anna@example.com --seat service'
#: Where pictures from elsewhere are copied to.
PHOTOS = "photos"
_LENGTH = re.compile(r"[1-9][0-9]{0,5}[smhd]")
#: A look moves so many at most; whoever goes away leaves no more rounds than these behind.
_MOST_LOOKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """One user of custagent.yaml as things are now; `custagent users list` prints it."""

    user: User
    #: The teams that the user is in.
    teams: tuple[str, ...]
    availability: Availability
    #: Conversations that the user has and that are open, or put aside too.
    open: int
    unfinished: int
    #: Who said that the user is away, since and until when; None: nobody.
    absence: Absence | None
    #: When the hours begin or end next, UTC; None when the user works always.
    hours_change_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change of people did."""

    #: The user's or team's name.
    name: str
    #: False: it was so already.
    changed: bool
    #: Conversations that went to somebody else, or from a queue to somebody.
    moved: int = 0
    #: Of a user who goes: the conversations that stay, for no contact waits there or nobody else can have them.
    kept: int = 0
    #: Further fields, as they are now.
    now: Mapping[str, Any] = field(default_factory=dict)


def user_states(app: Application) -> list[UserState]:
    """Every user, in the order of custagent.yaml."""
    directory = WorkspaceDirectory(lambda: app.workspace, app.store, app.clock)
    absences = app.store.presence.absences(app.clock.now())
    return [
        UserState(
            user=standing.user,
            teams=tuple(team.name for team in app.workspace.teams if standing.user.name in team.members),
            availability=standing.availability,
            open=standing.open_conversations,
            unfinished=app.store.handoffs.count_of(f"user:{standing.user.name}"),
            absence=absences.get(standing.user.name),
            hours_change_at=standing.hours_change_at,
        )
        for standing in directory.look().standings()
    ]


def find_user(app: Application, name: str) -> UserState:
    """The user of that name, or with that email. Raises UnknownName."""
    states = user_states(app)
    for state in states:
        if name == state.user.name or name.lower() == state.user.email.lower():
            return state
    known = [state.user.name for state in states]
    hint = did_you_mean(name, known) if known else f"Add one with: {ADD_HINT}"
    raise UnknownName(f"there is no user called {name!r}", hint=hint or "See all with: custagent users list")


def add_user(app: Application, name: str, settings: Mapping[str, Any], *, photo: Path | None = None) -> Changed:
    """Write a user into custagent.yaml and put it into force; `settings` are the keys of `User` as they stand there.

    The first user must be an admin, or nobody could change anything after. Raises UsageError, ConfigError,
    PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    if not is_name(name):
        raise UsageError(f"{name!r} cannot name a user: lower-case letters, digits and hyphens only", hint=ADD_HINT)
    if any(user.name == name for user in app.workspace.users):
        raise UsageError(
            f"there is a user called {name!r} already", hint=f"Change them with: custagent users edit {name}"
        )
    if not app.workspace.users and Permission.ADMIN.value not in settings.get("permissions", ()):
        raise UsageError(
            "the first user needs the permission admin, or nobody could change people and channels any more",
            hint=f"Add --permission admin to: custagent users add {name}",
        )
    refuse_errors([app.home.workspace_file])
    item = {"name": name, **settings}
    if photo is not None:
        item["photo"] = keep_photo(app, name, photo)
    return put_into_force(app, "users add", name, lambda path: add_item(path, "users", item))


def edit_user(app: Application, name: str, settings: Mapping[str, Any], *, photo: Path | None = None) -> Changed:
    """Change some settings of a user. Raises UsageError when the last admin would go, or a target of an assignment lose
    the seat; UnknownName, ConfigError, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    user = find_user(app, name).user
    values = dict(settings)
    if photo is not None:
        values["photo"] = keep_photo(app, user.name, photo)
    if "permissions" in values and Permission.ADMIN.value not in values["permissions"]:
        _require_another_admin(app, user)
    if values.get("seat", user.seat) != user.seat:
        seat = type(user.seat)(values["seat"])
        after = [one.model_copy(update={"seat": seat}) if one == user else one for one in app.workspace.users]
        refuse_lost_targets(app, after, app.workspace.teams, why=f"{user.name} holds no seat then")
    refuse_errors([app.home.workspace_file])
    return put_into_force(app, "users edit", user.name, lambda path: change_item(path, "users", user.name, values))


def set_own_hours(app: Application, hours: Mapping[str, str], timezone: str) -> Changed:
    """Change when the acting user works; everybody may say that of themselves. "" is the workspace's time zone.

    Refused while custagent.yaml holds other changes that nobody has put into force, unless the user might do that.
    Raises ConfigError with the findings, PermissionDenied, UnknownName.
    """
    user = find_user(app, app.actor.name).user
    live = app.store.versions.applied(WORKSPACE_KEY)
    file = app.home.workspace_file
    if live is not None and live.text != file.read_text(encoding="utf-8"):
        _require_admin_to_apply(app)
    refuse_errors([file])
    values: dict[str, Any] = {}
    if dict(hours) != dict(user.hours):
        values["hours"] = dict(hours)
    if timezone != (user.timezone or ""):
        values["timezone"] = timezone or None
    return put_into_force(app, "users edit", user.name, lambda path: change_item(path, "users", user.name, values))


def remove_user(app: Application, name: str) -> Changed:
    """Take a user out of custagent.yaml and out of the teams; what they had goes to others, or into the queue.

    Refused for the last admin, and while an assignment names them or would be left with nobody. Raises UsageError,
    UnknownName, ConfigError, PermissionDenied.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    user = find_user(app, name).user
    users = [one for one in app.workspace.users if one.name != user.name]
    if users:
        _require_another_admin(app, user)
    teams = [
        team.model_copy(update={"members": tuple(one for one in team.members if one != user.name)})
        for team in app.workspace.teams
    ]
    refuse_lost_targets(app, users, teams, why=f"{user.name} is gone then")
    refuse_errors([app.home.workspace_file])
    done = put_into_force(app, "users remove", user.name, lambda path: drop_user(path, user.name))
    app.store.presence.set_back(user.name, app.clock.now())
    # Else the next one of this name could be signed in to with the old password.
    app.store.sign_in.forget(user.name)
    return Changed(
        name=done.name, changed=True, moved=done.moved, kept=app.store.handoffs.count_of(f"user:{user.name}")
    )


def set_away(app: Application, name: str, until: str = "") -> Changed:
    """Note that a user is away; contacts who wait for them go to others, as the assignments say.

    Everybody may say so of themselves, an admin of all. `until` is a length (2h), a day or a time in the user's zone; ""
    is until `users back`. Raises UsageError, UnknownName, PermissionDenied.
    """
    user = _own_or_admin(app, name)
    now = app.clock.now()
    end = _read_until(app, user, until) if until else None
    audit = app.audit_entry("users away", user.name, after=f"until {end:%Y-%m-%d %H:%M} UTC" if end else "away")
    changed = app.store.presence.set_away(user.name, Absence(actor=app.actor.name, since=now, until=end), audit=audit)
    moved = reroute(app)
    return Changed(
        name=user.name, changed=changed, moved=moved, kept=app.store.handoffs.count_of(f"user:{user.name}"),
        now={"until": end},
    )  # fmt: skip


def set_back(app: Application, name: str) -> Changed:
    """Note that a user is there again; what waits in queues is worked off. Raises UnknownName, PermissionDenied."""
    user = _own_or_admin(app, name)
    audit = app.audit_entry("users back", user.name, before="away")
    changed = app.store.presence.set_back(user.name, app.clock.now(), audit=audit)
    return Changed(name=user.name, changed=changed, moved=reroute(app))


def reroute(app: Application) -> int:
    """Let conversations follow a change of people at once, whether a runner works or not; how many went on."""
    rerouting, moved = Rerouting(app, InForce(app)), 0
    for _ in range(_MOST_LOOKS):
        found = len(rerouting.look())
        moved += found
        if not found:
            break
    return moved


def read_hours(said: Sequence[str]) -> dict[str, str]:
    """Hours as they are typed: "mon-fri 09:00-17:00", several between semicolons or one an option. Raises UsageError."""
    hours: dict[str, str] = {}
    for part in (part.strip() for text in said for part in text.split(";") if part.strip()):
        days, _, times = part.replace(": ", " ").partition(" ")
        times = ", ".join(one.strip() for one in times.split(","))
        if not re.fullmatch(DAYS_PATTERN, days) or not re.fullmatch(TIMES_PATTERN, times):
            raise UsageError(
                f"{part!r} is no working time",
                hint=f"Write weekdays ({', '.join(WEEKDAYS)}) and times, such as: --hours 'mon-fri 09:00-12:00,13:00-17:00'",
            )
        hours[days] = times
    return hours


def keep_photo(app: Application, name: str, photo: Path) -> str:
    """Where the picture lies in the workspace; one from elsewhere is copied to photos/. Raises UsageError."""
    try:
        wrong = file_fault(photo)
    except OSError as error:
        wrong = f"{photo} cannot be opened: {error.strerror}"
    if wrong:
        raise UsageError(wrong, hint="For example: --photo anna.jpg")
    place = photo.resolve()
    if place.is_relative_to(app.home.root) and not place.is_relative_to(app.home.state_folder):
        return place.relative_to(app.home.root).as_posix()
    target = app.home.root / PHOTOS / f"{name}{photo.suffix.lower()}"
    try:
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(photo, target)
    except OSError as error:
        raise UsageError(f"{photo} cannot be copied into the workspace: {error.strerror}") from error
    return target.relative_to(app.home.root).as_posix()


def put_into_force(app: Application, action: str, name: str, change: Callable[[Path], None]) -> Changed:
    """Change custagent.yaml and let it go live, both or neither; then conversations follow. Raises ConfigError, StoreError."""
    with put_back(app.home.workspace_file):
        change(app.home.workspace_file)
        applied = apply_workspace(app, action=action, subject=name)
    return Changed(name=name, changed=applied.changed, moved=reroute(app))


def _require_another_admin(app: Application, user: User) -> None:
    """Raises UsageError when nobody else could change people and channels."""
    others = (one for one in app.workspace.users if one.name != user.name)
    if Permission.ADMIN in user.permissions and not any(Permission.ADMIN in one.permissions for one in others):
        raise UsageError(
            f"{user.name} is the only admin: nobody could change people and channels any more",
            hint="Make somebody else one first: custagent users edit NAME --permission admin",
        )


def _require_admin_to_apply(app: Application) -> None:
    """Raises PermissionDenied: along with their own, others' changes of custagent.yaml would go live (CRE-3)."""
    if not app.workspace.may(app.actor.user, Permission.ADMIN):
        raise PermissionDenied(
            "custagent.yaml holds changes that nobody has put into force yet, so nothing can be changed just now",
            hint="Ask an admin to run: custagent apply",
        )


def _own_or_admin(app: Application, name: str) -> User:
    user = find_user(app, name).user
    if app.actor.user != user and not app.workspace.may(app.actor.user, Permission.ADMIN):
        raise PermissionDenied(
            f"{app.actor.name or 'somebody without a name'} may not say this of {user.name}: it needs the permission admin",
            hint="For yourself, say who you are: --as NAME",
        )
    return user


def _read_until(app: Application, user: User, said: str) -> datetime:
    now = app.clock.now()
    if _LENGTH.fullmatch(said):
        return now + timedelta(seconds=seconds(said))
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise UsageError(
            f"{said!r} is no time", hint="Write 2h, 3d, a day as 2026-12-27, or a time as 2026-12-27T13:00."
        ) from error
    zone = ZoneInfo(user.timezone or app.workspace.timezone)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    if moment <= now:
        raise UsageError(f"{said} is over already", hint="Say when the user is back, or leave --until out.")
    return moment
