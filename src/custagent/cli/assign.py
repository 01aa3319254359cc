"""Commands that put agents on channels and take them off: assign, unassign, pause, resume."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from custagent.cli.ask import ask_choice, ask_choices, ask_yes, can_ask
from custagent.cli.opening import AgentName, Json, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, warn
from custagent.core.agent import ConfidencePreset
from custagent.core.errors import UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.assignments import Terms, open_channels, possible_targets, read_terms
from custagent.runtime.definitions.assignments import assign as assign_agent
from custagent.runtime.definitions.assignments import unassign as unassign_agent
from custagent.runtime.definitions.pauses import pause_agents, resume_agents

Channels = Annotated[
    list[str] | None,
    typer.Argument(metavar="CHANNEL", help="Names of channels."),
]
Agents = Annotated[list[str] | None, typer.Argument(metavar="AGENT", help="Names of agents.")]


class HandoffMode(StrEnum):
    TRANSFER = "transfer"
    STAY = "stay"


class RerouteOn(StrEnum):
    AWAY = "away"
    HOURS_END = "hours-end"


class Hours(StrEnum):
    ALWAYS = "always"
    TEAM_HOURS = "team-hours"
    OUTSIDE_TEAM_HOURS = "outside-team-hours"


class Mode(StrEnum):
    REPLY = "reply"
    SUGGEST = "suggest"


def assign(
    ctx: typer.Context,
    agent: AgentName,
    channels: Channels = None,
    handoff: Annotated[
        HandoffMode | None,
        typer.Option(
            help="transfer: people get what it cannot finish; stay: it keeps it. Default: stay, or transfer with --to.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option(metavar="user:NAME|team:NAME", help="Who gets it. Repeatable.")
    ] = None,
    update_avatar: Annotated[
        bool, typer.Option("--update-avatar/--no-update-avatar", help="Show the person's photo in the chat's header.")
    ] = True,
    reroute_after: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Who does not answer for so long loses it to the next: 15m.", show_default=False
        ),
    ] = "",
    reroute_on: Annotated[
        list[RerouteOn] | None,
        typer.Option(help="When waiting contacts go to others. Repeatable. Default: away.", show_default=False),
    ] = None,
    hours: Annotated[
        Hours,
        typer.Option(help="When it takes new conversations: by the hours of those who get what it cannot finish."),
    ] = Hours.ALWAYS,
    share: Annotated[str, typer.Option(metavar="PERCENT", help="How many of the new conversations.")] = "100%",
    mode: Annotated[Mode, typer.Option(help="reply: it answers; suggest: it drafts for people.")] = Mode.REPLY,
    confidence: Annotated[
        ConfidencePreset | None,
        typer.Option(
            help="How sure it has to be on these channels. Default: as the agent's file says.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Let an agent answer on channels.

    It takes new conversations; those that people have stay theirs. With a terminal and no channel it asks. On a channel
    that the agent has already, the new settings take the place of the old ones.

    Examples:
      custagent assign support web
      custagent assign support web --handoff transfer --to team:support --no-update-avatar
      custagent assign support web --to team:support --reroute-after 15m --hours outside-team-hours
      custagent assign support
    """
    app = open_app(ctx)
    by_default = bool(channels) and handoff is None and not to
    if channels:
        terms = read_terms(
            handoff=handoff.value if handoff else "",
            to=to or (),
            update_avatar=update_avatar,
            reroute_after=reroute_after,
            reroute_on=[one.value for one in reroute_on] if reroute_on else None,
            hours=hours.value,
            share=share,
            mode=mode.value,
            confidence=confidence.value if confidence else "",
        )
    elif can_ask() and not json:
        channels, terms = _form(app, agent)
    else:
        app.agent(agent)
        there = open_channels(app, agent)
        raise UsageError("name at least one channel", hint=f"For example: custagent assign {agent} {there[0].name}")
    done = assign_agent(app, agent, channels, terms)
    if json:
        print_json(done)
        return
    success(f"{agent} is on {', '.join(done.channels)} (version {done.version})")
    for channel, fault in done.unconnected.items():
        warn(f"{channel} is not connected yet: {fault}", hint=f"custagent channels check {channel}")
    if terms.mode == "suggest":
        say("It answers nobody here: people get every conversation, with its draft in the inbox.")
    elif by_default:
        _tell_that_nobody_gets_it(app, agent, done.channels)
    next_steps(["custagent run"] if app.store.lease.holder(app.clock.now()) is None else ["custagent status"])


def _tell_that_nobody_gets_it(app: Application, agent: str, channels: Sequence[str]) -> None:
    """Nobody chose it: contacts who ask for a person are told that nobody is there, and no person learns of it (HND-1)."""
    targets = possible_targets(app.workspace)
    to = targets[0] if targets else "user:NAME"
    warn(
        "No person gets what it cannot answer: it tells the contact that nobody is there, and goes on.",
        hint=f"custagent assign {agent} {' '.join(channels)} --to {to}"
        + ("" if targets else ", once somebody has a seat: custagent users add"),
    )


def _form(app: Application, agent: str) -> tuple[list[str], Terms]:
    """The channels and terms, asked for step by step: desk, kind, accounts, handoff, targets, avatar (ASG-1)."""
    app.agent(agent)
    there = open_channels(app, agent)
    desks = list(dict.fromkeys(channel.desk for channel in there))
    desk = desks[0] if len(desks) == 1 else ask_choice("Which desk?", desks, default=desks[0])
    there = [channel for channel in there if channel.desk == desk]
    kinds = list(dict.fromkeys(channel.kind for channel in there))
    kind = kinds[0] if len(kinds) == 1 else ask_choice("Which kind of channel?", list(kinds), default=kinds[0])
    names = [channel.name for channel in there if channel.kind == kind]
    chosen = ask_choices(f"Which {kind} channels of the desk {desk}?", names, default=names[:1])
    targets = possible_targets(app.workspace)
    if not targets:
        say("Nobody has a seat yet, so the agent keeps what it cannot finish and says that nobody is there.")
        return chosen, read_terms()
    handoff = ask_choice(
        "When the agent cannot finish, transfer to people or stay with the agent?",
        [mode.value for mode in HandoffMode],
        default=HandoffMode.TRANSFER.value,
    )
    if handoff == HandoffMode.STAY:
        return chosen, read_terms()
    to = ask_choices("Who gets it?", targets, default=targets[:1])
    avatar = ask_yes("Show the person's photo in the chat's header then?", default=True)
    return chosen, read_terms(handoff=handoff, to=to, update_avatar=avatar)


def unassign(ctx: typer.Context, agent: AgentName, channels: Channels = None, json: Json = False) -> None:
    """Take an agent off channels at once.

    Off all of them, if none is named. Its conversations there go to people, and the contacts are told.

    Examples:
      custagent unassign support web
      custagent unassign support
    """
    app = open_app(ctx)
    done = unassign_agent(app, agent, channels or ())
    if json:
        print_json(done)
        return
    success(f"{agent} is off {', '.join(done.channels)}")
    if done.handed_over:
        say(f"{counted(done.handed_over, 'conversation')} in progress went to people.")
        next_steps(["custagent conversations list --status open"])


def pause(
    ctx: typer.Context,
    agents: Agents = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every agent.")] = False,
    json: Json = False,
) -> None:
    """Let people answer for a while.

    A paused agent hands every message to people. A running runner knows within a second.

    Examples:
      custagent pause support
      custagent pause --all
    """
    app = open_app(ctx)
    changed = pause_agents(app, _agents(agents, everyone=everyone, command="pause"))
    if json:
        print_json({"paused": changed})
        return
    say(f"Paused: {', '.join(changed)}" if changed else "Nothing changed: paused already.")
    if changed:
        next_steps([f"custagent resume {'--all' if everyone else ' '.join(changed)}"])


def resume(
    ctx: typer.Context,
    agents: Agents = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every paused agent.")] = False,
    json: Json = False,
) -> None:
    """Let a paused agent go on.

    It takes new messages again; conversations that people have stay theirs.

    Examples:
      custagent resume support
      custagent resume --all
    """
    app = open_app(ctx)
    changed = resume_agents(app, _agents(agents, everyone=everyone, command="resume"))
    if json:
        print_json({"resumed": changed})
        return
    say(f"Resumed: {', '.join(changed)}" if changed else "Nothing changed: not paused.")


def _agents(agents: list[str] | None, *, everyone: bool, command: str) -> list[str]:
    """The named ones; none for all. Raises UsageError unless exactly one of the two was said."""
    if bool(agents) == everyone:
        raise UsageError(
            "name an agent, or say --all",
            hint=f"For example: custagent {command} support\nFor all of them: custagent {command} --all",
        )
    return agents or []
