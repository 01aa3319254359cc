"""Commands for where messages come from: channels list, check, pause, resume, unread, snippet, remove."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from custagent.cli.ask import confirm
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, fail, next_steps, print_json, say, stderr, success, table, warn
from custagent.core.conversation import Status
from custagent.runtime.definitions.channels import (
    ADD_HINT,
    ChannelState,
    channel_states,
    check_channel,
    clear_unread,
    find_channel,
    policy_for,
    remove_channel,
    snippet_for,
    unread_items,
)
from custagent.runtime.definitions.pauses import pause_channel, resume_channel
from custagent.runtime.runner.channel_states import in_words

ChannelName = Annotated[
    str,
    typer.Argument(metavar="CHANNEL", help="The channel's name.", show_default=False),
]


def list_channels(ctx: typer.Context, json: Json = False) -> None:
    """List the channels of this workspace.

    Who answers on each, whether it is paused, since when something does not work there, and how the last check went.

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
    headings = ["Channel", "Kind", "Desk", "Agent", "State", "Last check", "Sites"]
    table(headings, [_row(state) for state in listed])
    for state in listed:
        for trouble in state.troubles:
            warn(in_words(trouble), hint=f"custagent channels check {state.name}")
        if state.fault:
            say(f"{state.name}: {state.fault}", style="yellow")


def _row(state: ChannelState) -> list[object]:
    agent = f"{state.agent} (paused)" if state.paused else state.agent or "none"
    last = "never" if state.check is None else "passed" if state.check.passed else "failed"
    how = ", ".join(_how(state)) or "in force"
    return [state.name, state.kind, state.desk, agent, how, last, " ".join(state.origins)]


def _how(state: ChannelState) -> Iterator[str]:
    if state.channel_paused:
        yield f"paused since {_moment(state.channel_paused.since)}"
    for trouble in state.troubles:
        yield f"not {trouble.way.value} since {_moment(trouble.since)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


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


def pause(ctx: typer.Context, name: ChannelName, json: Json = False) -> None:
    """Let people answer on a channel for a while.

    What comes in is kept, and the agent hands it to people, as its assignment says. What people write still goes out. A
    running runner sees it with the next message.

    Example:
      custagent channels pause phone
    """
    changed = pause_channel(open_app(ctx), name)
    if json:
        print_json({"channel": name, "changed": changed})
        return
    success(f"Paused {name}: people answer there" if changed else f"{name} was paused already")
    next_steps([f"custagent channels resume {name}"])


def resume(ctx: typer.Context, name: ChannelName, json: Json = False) -> None:
    """Let the agent answer on a paused channel again.

    Conversations that people have meanwhile stay theirs.

    Example:
      custagent channels resume phone
    """
    changed = resume_channel(open_app(ctx), name)
    if json:
        print_json({"channel": name, "changed": changed})
        return
    success(f"{name} goes on" if changed else f"{name} was not paused")


def unread(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="CHANNEL", help="Of this channel only.", show_default=False),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Delete them.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """List what came in and could not be read.

    Providers add new kinds of messages. What this version cannot read is kept as JSON, with everything masked that is
    masked in messages, so that nothing is lost: it is for whoever mends it.

    Examples:
      custagent channels unread
      custagent channels unread phone --clear --yes
    """
    app = open_app(ctx)
    if clear:
        confirm(f"Delete what could not be read{f' on {name}' if name else ''}?", yes=yes)
        count = clear_unread(app, name)
        if json:
            print_json({"deleted": count})
            return
        success(f"Deleted {counted(count, 'item')}")
        return
    items = unread_items(app, name)
    if json:
        print_json(items)
        return
    if not items:
        say("Everything that came in could be read.")
        return
    table(
        ["Item", "Channel", "Kind", "Came", "Content"],
        [[one.id, one.channel, one.kind, _moment(one.at), one.content] for one in items],
    )


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

    Paste it before </body> on the pages of the sites that the channel lists. The tag names the script by its hash, so
    that browsers run this one and no other; it goes on working after updates of custagent.

    Examples:
      custagent channels snippet web --url https://chat.example.com
      custagent channels snippet web
    """
    app = open_app(ctx)
    tag = snippet_for(app, name, url)
    if json:
        print_json({"channel": name, "snippet": tag, "policy": policy_for(app, url)})
        return
    say(tag)
    told = "; ".join(policy_for(app, url))
    stderr().print(f"If your pages send a Content-Security-Policy, add to it: {told}", style="dim", soft_wrap=True)


def remove(ctx: typer.Context, name: ChannelName, yes: Yes = False, json: Json = False) -> None:
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
    if json:
        print_json({"channel": name})
        return
    success(f"Removed {name}")
