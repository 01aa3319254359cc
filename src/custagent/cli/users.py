"""Commands for the people who work here: users list, show, add, edit, remove, away, back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from custagent.cli.ask import ask_choice, ask_choices, ask_text, can_ask, confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, table
from custagent.core.errors import UsageError
from custagent.core.people import Availability, Permission, Seat
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.people import (
    ADD_HINT,
    Changed,
    UserState,
    add_user,
    edit_user,
    find_user,
    read_hours,
    remove_user,
    set_away,
    set_back,
    user_states,
)

UserName = Annotated[
    str,
    typer.Argument(metavar="USER", help="The user's name, or email.", show_default=False),
]
SeatOption = Annotated[Seat | None, typer.Option(help="The paid seat.", show_default=False)]
PermissionOption = Annotated[
    list[Permission] | None, typer.Option("--permission", help="What the user may do. Repeatable.")
]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", metavar="CODE", help="Answers in it, such as sv. Repeatable.")
]
HoursOption = Annotated[
    list[str] | None,
    typer.Option("--hours", metavar="DAYS TIMES", help="Working hours: 'mon-fri 09:00-17:00'. Repeatable."),
]
TimezoneOption = Annotated[str, typer.Option(help="The hours' time zone, if not the workspace's.", show_default=False)]
CapacityOption = Annotated[
    int | None, typer.Option(min=1, max=1000, help="The most open conversations at once.", show_default=False)
]
PhotoOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A picture for the chat; copied into photos/.", show_default=False)
]
FullNameOption = Annotated[str, typer.Option(help="The name that contacts see.", show_default=False)]
EmailOption = Annotated[str, typer.Option(help="The address that git and sign-in know.", show_default=False)]

_WHY = {
    Availability.AVAILABLE: "available",
    Availability.NO_SEAT: "no seat",
    Availability.AWAY: "away",
    Availability.OFF_HOURS: "not working now",
    Availability.BUSY: "at capacity",
}


class Clearable(StrEnum):
    """What a user, or a team, may be without."""

    HOURS = "hours"
    TIMEZONE = "timezone"
    LANGUAGES = "languages"
    CAPACITY = "capacity"
    PHOTO = "photo"
    PERMISSIONS = "permissions"


_CLEARED: dict[Clearable, Any] = {
    Clearable.HOURS: {},
    Clearable.TIMEZONE: None,
    Clearable.LANGUAGES: [],
    Clearable.CAPACITY: None,
    Clearable.PHOTO: None,
    Clearable.PERMISSIONS: [],
}


def list_users(ctx: typer.Context, json: Json = False) -> None:
    """List the users of this workspace.

    Who can be given a conversation now, and what each of them has. Times are UTC.

    Example:
      custagent users list
    """
    listed = user_states(open_app(ctx))
    if json:
        print_json([_as_json(state) for state in listed])
        return
    if not listed:
        say("No user is listed yet, so everybody may do everything here, and no conversation can be handed over.")
        next_steps([f"{ADD_HINT} --permission admin"])
        return
    table(
        ["User", "Name", "Seat", "Languages", "Teams", "Now", "Open"],
        [
            [
                state.user.name,
                state.user.full_name,
                state.user.seat.value,
                " ".join(state.user.languages),
                " ".join(state.teams),
                _now(state),
                f"{state.open} of {state.user.capacity}" if state.user.capacity else state.open,
            ]
            for state in listed
        ],
    )


def show(ctx: typer.Context, name: UserName, json: Json = False) -> None:
    """Show one user.

    Example:
      custagent users show anna
    """
    state = find_user(open_app(ctx), name)
    if json:
        print_json(_as_json(state))
        return
    user = state.user
    zone = f" ({user.timezone})" if user.timezone else ""
    facts = [
        ("User", f"{user.name}, {user.full_name}"),
        ("Email", user.email),
        ("Seat", user.seat.value),
        ("Permissions", ", ".join(user.permissions) or "none"),
        ("Languages", ", ".join(user.languages) or "not said"),
        ("Teams", ", ".join(state.teams) or "none"),
        (
            "Hours",
            "; ".join(f"{days} {times}" for days, times in user.hours.items()) + zone if user.hours else "always",
        ),
        ("Photo", user.photo or "none"),
        ("Now", _now(state)),
        ("Has", f"{counted(state.open, 'open conversation')}, at most {user.capacity or 'any number'}"),
    ]
    for label, value in facts:
        say(f"{label + ':':<14}{value}")


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A short name, such as anna.", show_default=False)] = "",
    full_name: FullNameOption = "",
    email: EmailOption = "",
    seat: SeatOption = None,
    permission: PermissionOption = None,
    language: LanguageOption = None,
    hours: HoursOption = None,
    timezone: TimezoneOption = "",
    capacity: CapacityOption = None,
    photo: PhotoOption = None,
    json: Json = False,
) -> None:
    """Add a user.

    Writes them into custagent.yaml and puts it into force. With a terminal it asks for what was not given. Only who has
    a seat, service or sales, can be given conversations. Without --permission they may answer, and the first user may do
    everything.

    Examples:
      custagent users add anna --full-name "Anna Berg" --email anna@example.com --seat service
      custagent users add bo --full-name "Bo Ek" --email bo@example.com --seat sales --language sv --hours 'mon-fri 09:00-17:00'
    """
    app = open_app(ctx)
    asks = can_ask() and not json and not (name and full_name and email)
    name = name or (ask_text("Short name, such as anna") if asks else "")
    full_name = full_name or (ask_text("Full name, as contacts see it") if asks else "")
    email = email or (ask_text("Email") if asks else "")
    if not (name and full_name and email):
        raise UsageError("a user needs a short name, --full-name and --email", hint=f"For example: {ADD_HINT}")
    if asks:
        seat, permission, language = _form(app, seat, permission, language)
    may_all = permission is None and not app.workspace.users
    if permission is None:
        permission = list(Permission) if may_all else [Permission.ANSWER]
    settings = _settings(
        full_name=full_name, email=email, seat=seat, permission=permission, language=language, hours=hours,
        timezone=timezone, capacity=capacity,
    )  # fmt: skip
    done = add_user(app, name, settings, photo=photo)
    if json:
        print_json(find_json(app, name))
        return
    success(f"Added {name}, who as the first user may do everything" if may_all else f"Added {name}")
    _tell_moved(done)
    steps = ["custagent assign AGENT CHANNEL --to user:" + name] if seat in (Seat.SERVICE, Seat.SALES) else []
    next_steps(steps or [f"custagent users edit {name} --seat service"])


def edit(
    ctx: typer.Context,
    name: UserName,
    full_name: FullNameOption = "",
    email: EmailOption = "",
    seat: SeatOption = None,
    permission: PermissionOption = None,
    language: LanguageOption = None,
    hours: HoursOption = None,
    timezone: TimezoneOption = "",
    capacity: CapacityOption = None,
    photo: PhotoOption = None,
    clear: Annotated[
        list[Clearable] | None, typer.Option(help="Do without it. Repeatable.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Change a user's settings.

    What is given takes the place of what was there; the rest, and your comments in the file, stay. Conversations follow:
    those of a user who loses the seat go to others.

    Examples:
      custagent users edit anna --seat sales --language sv --language en
      custagent users edit anna --hours 'mon-thu 08:00-16:00; fri 08:00-13:00' --timezone Europe/Stockholm
      custagent users edit anna --clear capacity
    """
    app = open_app(ctx)
    settings = _settings(
        full_name=full_name, email=email, seat=seat, permission=permission, language=language, hours=hours,
        timezone=timezone, capacity=capacity,
    )  # fmt: skip
    settings |= {one.value: _CLEARED[one] for one in clear or ()}
    if not settings and photo is None:
        raise UsageError("what is to change?", hint=f"For example: custagent users edit {name} --seat service")
    done = edit_user(app, name, settings, photo=photo)
    if json:
        print_json(find_json(app, done.name))
        return
    success(f"{done.name} is changed" if done.changed else f"{done.name} was so already")
    _tell_moved(done)


def remove(ctx: typer.Context, name: UserName, yes: Yes = False, json: Json = False) -> None:
    """Remove a user.

    Takes them out of custagent.yaml and out of their teams. What they have goes to others, or waits for them. Refused
    while an assignment names the user.

    Example:
      custagent users remove bo --yes
    """
    app = open_app(ctx)
    state = find_user(app, name)
    has = f" {counted(state.unfinished, 'conversation')} of theirs will go to others." if state.unfinished else ""
    confirm(f"Remove {state.user.name}, {state.user.full_name}?{has}", yes=yes)
    done = remove_user(app, name)
    if json:
        print_json(done)
        return
    success(f"Removed {done.name}")
    _tell_moved(done)


def away(
    ctx: typer.Context,
    name: UserName,
    until: Annotated[
        str, typer.Option(metavar="TIME", help="2h, 3d, 2026-12-27 or 2026-12-27T13:00.", show_default=False)
    ] = "",
    json: Json = False,
) -> None:
    """Say that a user is away.

    Nobody gives them conversations then, and contacts who wait for them go to others, as the assignments say. Everybody
    may say so of themselves. A day counts from its beginning, in the user's time zone.

    Examples:
      custagent users away anna
      custagent users away anna --until 2026-12-27
    """
    done = set_away(open_app(ctx), name, until)
    if json:
        print_json(done)
        return
    end: datetime | None = done.now["until"]
    told = f" until {end:%Y-%m-%d %H:%M} UTC" if end else ""
    success(f"{done.name} is away{told}" if done.changed else f"{done.name} was away already{told}")
    _tell_moved(done)
    if done.kept:
        say(f"{counted(done.kept, 'conversation')} stay with {done.name}: no contact waits there, or nobody else can.")
    next_steps([f"custagent users back {done.name}"])


def back(ctx: typer.Context, name: UserName, json: Json = False) -> None:
    """Say that a user is there again.

    What waits in the queues is given out at once, the oldest first.

    Example:
      custagent users back anna
    """
    done = set_back(open_app(ctx), name)
    if json:
        print_json(done)
        return
    success(f"{done.name} is back" if done.changed else f"{done.name} was not away")
    _tell_moved(done)


def find_json(app: Application, name: str) -> dict[str, Any]:
    """One user as `--json` prints it."""
    return _as_json(find_user(app, name))


def _form(
    app: Application, seat: Seat | None, permission: list[Permission] | None, language: list[str] | None
) -> tuple[Seat, list[Permission], list[str]]:
    first = not app.workspace.users
    seats = [one.value for one in Seat]
    chosen = seat or Seat(
        ask_choice("Which paid seat? Only holders can be given conversations.", seats, default="service")
    )
    if permission is None:
        usual = [one.value for one in Permission] if first else [Permission.ANSWER.value]
        label = "What may they do? The first user needs admin." if first else "What may they do?"
        permission = [Permission(one) for one in ask_choices(label, [one.value for one in Permission], default=usual)]
    if language is None:
        said = ask_text("Languages they answer in, with commas between", default=app.workspace.default_language)
        language = [one.strip() for one in said.split(",") if one.strip()]
    return chosen, permission, language


def _settings(**given: Any) -> dict[str, Any]:
    """What was given, as it stands in custagent.yaml."""
    names = {"permission": "permissions", "language": "languages"}
    settings = {names.get(key, key): value for key, value in given.items() if value not in (None, "")}
    if "hours" in settings:
        settings["hours"] = read_hours(settings["hours"])
    if "permissions" in settings:
        settings["permissions"] = [one.value for one in dict.fromkeys(settings["permissions"])]
    if "languages" in settings:
        settings["languages"] = list(dict.fromkeys(settings["languages"]))
    if "seat" in settings:
        settings["seat"] = settings["seat"].value
    return settings


def _now(state: UserState) -> str:
    """Whether the user can be given a conversation, why not, and when that ends."""
    told, absence = _WHY[state.availability], state.absence
    if state.availability is Availability.AWAY and absence is not None and absence.until is not None:
        return f"{told} until {absence.until:%Y-%m-%d %H:%M}"
    if state.availability is Availability.OFF_HOURS and state.hours_change_at is not None:
        return f"{told}, from {state.hours_change_at:%a %H:%M}"
    return told


def _as_json(state: UserState) -> dict[str, Any]:
    return {
        **state.user.model_dump(mode="json"),
        "teams": state.teams,
        "availability": state.availability,
        "open_conversations": state.open,
        "away_since": state.absence.since if state.absence else None,
        "away_until": state.absence.until if state.absence else None,
        "hours_change_at": state.hours_change_at,
    }


def _tell_moved(done: Changed) -> None:
    if done.moved:
        say(f"{counted(done.moved, 'conversation')} went to somebody else.")
