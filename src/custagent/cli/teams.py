"""Commands for groups of people: teams list, show, add, edit, remove, members."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from custagent.cli.ask import ask_choices, ask_text, can_ask, confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, table
from custagent.core.errors import UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.people import Changed, read_hours
from custagent.runtime.definitions.teams import (
    ADD_HINT,
    TeamState,
    add_team,
    change_members,
    edit_team,
    find_team,
    remove_team,
    team_states,
)

TeamName = Annotated[str, typer.Argument(metavar="TEAM", help="The team's name.", show_default=False)]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", metavar="CODE", help="All members answer in it. Repeatable.")
]
HoursOption = Annotated[
    list[str] | None,
    typer.Option("--hours", metavar="DAYS TIMES", help="When it works: 'mon-fri 09:00-17:00'. Repeatable."),
]
TimezoneOption = Annotated[str, typer.Option(help="The hours' time zone, if not the workspace's.", show_default=False)]


class Clearable(StrEnum):
    """What a team may be without."""

    HOURS = "hours"
    TIMEZONE = "timezone"
    LANGUAGES = "languages"


_CLEARED: dict[Clearable, Any] = {Clearable.HOURS: {}, Clearable.TIMEZONE: None, Clearable.LANGUAGES: []}


def list_teams(ctx: typer.Context, json: Json = False) -> None:
    """List the teams of this workspace.

    Who of each can be given a conversation now, and how many wait in its queue. Times are UTC.

    Example:
      custagent teams list
    """
    app = open_app(ctx)
    listed = team_states(app)
    if json:
        print_json([_as_json(state) for state in listed])
        return
    if not listed:
        say("There is no team yet.")
        next_steps([ADD_HINT if app.workspace.users else "custagent users add"])
        return
    table(
        ["Team", "Members", "Available now", "Works", "Queue", "Gets conversations of"],
        [
            [
                state.team.name,
                " ".join(state.team.members),
                " ".join(state.available) or "nobody",
                _works(state),
                state.waiting,
                " ".join(f"{agent} on {channel}" for agent, channel in state.assignments),
            ]
            for state in listed
        ],
    )


def show(ctx: typer.Context, name: TeamName, json: Json = False) -> None:
    """Show one team.

    Example:
      custagent teams show support
    """
    state = find_team(open_app(ctx), name)
    if json:
        print_json(_as_json(state))
        return
    team = state.team
    zone = f" ({team.timezone})" if team.timezone else ""
    facts = [
        ("Team", team.name),
        ("Members", ", ".join(team.members) or "nobody"),
        ("Available", ", ".join(state.available) or "nobody"),
        ("Languages", ", ".join(team.languages) or "those of its members"),
        (
            "Hours",
            "; ".join(f"{days} {times}" for days, times in team.hours.items()) + zone if team.hours else "always",
        ),
        ("Works", _works(state)),
        ("Queue", counted(state.waiting, "conversation")),
        ("Assignments", ", ".join(f"{agent} on {channel}" for agent, channel in state.assignments) or "none"),
        ("Desks", ", ".join(state.desks) or "none"),
    ]
    for label, value in facts:
        say(f"{label + ':':<14}{value}")


def add(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A short name, such as support.", show_default=False)
    ] = "",
    member: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="Who is in it. Repeatable.", show_default=False),
    ] = None,
    language: LanguageOption = None,
    hours: HoursOption = None,
    timezone: TimezoneOption = "",
    json: Json = False,
) -> None:
    """Add a team.

    Writes it into custagent.yaml and puts it into force. With a terminal it asks for what was not given.

    Examples:
      custagent teams add support --member anna --member bo
      custagent teams add night --member cleo --hours 'mon-sun 22:00-06:00' --timezone Europe/Stockholm
    """
    app = open_app(ctx)
    asks = can_ask() and not json and not (name and member)
    name = name or (ask_text("Short name, such as support") if asks else "")
    if not name:
        raise UsageError("what is the team called?", hint=f"For example: {ADD_HINT}")
    known = [user.name for user in app.workspace.users]
    if asks and member is None and known:
        member = ask_choices("Who is in it?", known, default=known[:1])
    settings = {"members": member or [], **_settings(language, hours, timezone)}
    done = add_team(app, name, settings)
    if json:
        print_json(_find_json(app, name))
        return
    success(f"Added {name}")
    _tell_moved(done)
    next_steps([f"custagent assign AGENT CHANNEL --to team:{name}"])


def edit(
    ctx: typer.Context,
    name: TeamName,
    language: LanguageOption = None,
    hours: HoursOption = None,
    timezone: TimezoneOption = "",
    clear: Annotated[
        list[Clearable] | None, typer.Option(help="Do without it. Repeatable.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Change a team's hours and languages.

    What is given takes the place of what was there; the rest, and your comments in the file, stay.

    Examples:
      custagent teams edit support --hours 'mon-fri 09:00-12:00,13:00-17:00'
      custagent teams edit support --clear hours
    """
    app = open_app(ctx)
    settings = _settings(language, hours, timezone) | {one.value: _CLEARED[one] for one in clear or ()}
    if not settings:
        raise UsageError(
            "what is to change?", hint=f"For example: custagent teams edit {name} --hours 'mon-fri 09:00-17:00'"
        )
    done = edit_team(app, name, settings)
    if json:
        print_json(_find_json(app, name))
        return
    success(f"{name} is changed" if done.changed else f"{name} was so already")
    _tell_moved(done)


def members(
    ctx: typer.Context,
    name: TeamName,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="Take into the team. Repeatable."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="Take out of it. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """List a team's members, or change them.

    Nobody can be taken out while an assignment would be left with nobody who holds a seat.

    Examples:
      custagent teams members support
      custagent teams members support --add bo --remove anna
    """
    app = open_app(ctx)
    listed: list[str] = list(find_team(app, name).team.members)
    if add or remove:
        done = change_members(app, name, add or (), remove or ())
        listed = done.now["members"]
        if not json:
            success(f"{name} is changed" if done.changed else f"{name} was so already")
            _tell_moved(done)
    if json:
        print_json({"team": name, "members": listed})
        return
    say(" ".join(listed) or f"Nobody is in {name}.")


def remove(ctx: typer.Context, name: TeamName, yes: Yes = False, json: Json = False) -> None:
    """Remove a team that no assignment names.

    Its members stay users. What waits in its queue then waits for whoever the channel's assignment or desk names.

    Example:
      custagent teams remove night --yes
    """
    app = open_app(ctx)
    state = find_team(app, name)
    waits = f" {counted(state.waiting, 'conversation')} wait in its queue." if state.waiting else ""
    confirm(f"Remove the team {name}?{waits}", yes=yes)
    done = remove_team(app, name)
    if json:
        print_json(done)
        return
    success(f"Removed {name}")
    _tell_moved(done)
    if done.kept:
        next_steps(["custagent conversations list --status open"])


def _settings(language: list[str] | None, hours: list[str] | None, timezone: str) -> dict[str, Any]:
    """What was given, as it stands in custagent.yaml."""
    settings: dict[str, Any] = {}
    if language is not None:
        settings["languages"] = list(dict.fromkeys(language))
    if hours is not None:
        settings["hours"] = read_hours(hours)
    if timezone:
        settings["timezone"] = timezone
    return settings


def _works(state: TeamState) -> str:
    if state.hours_change_at is None:
        return "always" if state.works else "never"
    return f"{'until' if state.works else 'not now, from'} {state.hours_change_at:%a %H:%M}"


def _find_json(app: Application, name: str) -> dict[str, Any]:
    return _as_json(find_team(app, name))


def _as_json(state: TeamState) -> dict[str, Any]:
    return {
        **state.team.model_dump(mode="json"),
        "available": state.available,
        "works": state.works,
        "hours_change_at": state.hours_change_at,
        "waiting": state.waiting,
        "assignments": [{"agent": agent, "channel": channel} for agent, channel in state.assignments],
        "desks": state.desks,
    }


def _tell_moved(done: Changed) -> None:
    if done.moved:
        say(f"{counted(done.moved, 'conversation')} went to somebody else.")
