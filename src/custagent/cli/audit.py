"""The command that shows who changed what: audit."""

from __future__ import annotations

from typing import Annotated

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import print_json, say, table
from custagent.runtime.changes import changes_of


def audit(
    ctx: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="An agent, channel, user or conversation. Default: all.", show_default=False
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed.")] = 50,
    json: Json = False,
) -> None:
    """List who changed what, newest first.

    Every change to agents, content, channels, people and settings, and every look of a person into a contact's data.
    The texts before and after a change are in --json.

    Examples:
      custagent audit
      custagent audit support --limit 5 --json
    """
    entries = changes_of(open_app(ctx), subject, limit=limit)
    if json:
        print_json(entries)
        return
    if not entries:
        say("Nothing was changed yet." if not subject else f"Nothing is noted about {subject!r}.")
        return
    rows = [[f"{one.at:%Y-%m-%d %H:%M}", one.actor, one.action, one.subject, one.git_commit[:8]] for one in entries]
    table(["Time (UTC)", "Who", "What", "On", "Commit"], rows)
