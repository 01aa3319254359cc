"""Commands for where messages come from: channels add, list, check, snippet, remove."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from custagent.cli.ask import confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import fail, next_steps, print_json, say, success, table
from custagent.core.conversation import Status
from custagent.runtime.channels import (
    ADD_HINT,
    ChannelState,
    add_live_chat,
    channel_states,
    check_channel,
    find_channel,
    remove_channel,
    snippet_for,
)

ChannelName = Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's name.", show_default=False)]


class Kind(StrEnum):
    LIVE_CHAT = "live-chat"


def add(
    ctx: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="live-chat: a chat on your own web pages.", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A short name, such as web.", show_default=False)],
    origin: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A site that may show the chat. Repeatable.")
    ] = None,
    desk: Annotated[str, typer.Option(help="The desk whose queue its conversations join.")] = "inbox",
    json: Json = False,
) -> None:
    """Add a live chat.

    Writes it into custagent.yaml and puts it into force. Only the sites that you name can show the chat.

    Examples:
      custagent channels add live-chat web --origin https://www.example.com
      custagent channels add live-chat web --origin https://example.com --origin https://www.example.com --desk help-desk
    """
    app = open_app(ctx)
    channel = add_live_chat(app, name, origin or [], desk="" if desk == "inbox" else desk)
    if json:
        print_json(channel)
        return
    success(f"Added {kind.value} {channel.name} for {', '.join(channel.origins)}")
    next_steps([f"custagent assign AGENT {channel.name}", f"custagent channels snippet {channel.name}"])


def list_channels(ctx: typer.Context, json: Json = False) -> None:
    """List the channels of this workspace.

    Example:
      custagent channels list
    """
    app = open_app(ctx)
    listed = channel_states(app)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no channel yet.")
        next_steps([ADD_HINT])
        return
    table(["Channel", "Kind", "Desk", "Agent", "Last check", "Sites"], [_row(state) for state in listed])
    for state in listed:
        if state.fault:
            say(f"{state.name}: {state.fault}", style="yellow")


def _row(state: ChannelState) -> list[object]:
    agent = f"{state.agent} (paused)" if state.paused else state.agent or "none"
    last = "never" if state.check is None else "passed" if state.check.passed else "failed"
    return [state.name, state.kind, state.desk, agent, last, " ".join(state.origins)]


def check(ctx: typer.Context, name: ChannelName, json: Json = False) -> None:
    """Try a channel's connection step by step.

    Says what is wrong where, and remembers how it went. Exit code 1 when a step is wrong.

    Example:
      custagent channels check web
    """
    app = open_app(ctx)
    checked = check_channel(app, name)
    if json:
        steps = [{"step": step, "wrong": wrong} for step, wrong in checked.steps]
        print_json({"channel": name, "passed": checked.passed, "at": checked.at, "steps": steps})
    else:
        for step, wrong in checked.steps:
            if wrong:
                fail(f"{step}: {wrong}")
            else:
                success(f"ok: {step}")
        if checked.passed:
            say(f"{name} is connected.")
    if not checked.passed:
        raise typer.Exit(1)


def snippet(
    ctx: typer.Context,
    name: ChannelName,
    url: Annotated[
        str,
        typer.Option(
            metavar="PUBLIC_URL", help="Where browsers reach the runner; else `public_url:`.", show_default=False
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Print the script tag that puts a live chat on a page.

    Paste it before </body> on the pages of the sites that the channel lists.

    Examples:
      custagent channels snippet web --url https://chat.example.com
      custagent channels snippet web
    """
    app = open_app(ctx)
    tag = snippet_for(app, name, url)
    if json:
        print_json({"channel": name, "snippet": tag})
        return
    say(tag)


def remove(ctx: typer.Context, name: ChannelName, yes: Yes = False) -> None:
    """Remove a channel that no agent is on.

    Takes it out of custagent.yaml at once. Its conversations stay, but nothing more is sent on it.

    Example:
      custagent channels remove web --yes
    """
    app = open_app(ctx)
    find_channel(app, name)
    waiting = app.store.conversations.list(status=Status.OPEN, channel=name, limit=1)
    told = " People still have open conversations on it, and could not reply any more." if waiting else ""
    confirm(f"Remove {name}?{told}", yes=yes)
    remove_channel(app, name)
    success(f"Removed {name}")
