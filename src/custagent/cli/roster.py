"""The command that lists the agents: list. It has a page of its own because it has to be quick."""

from __future__ import annotations

import typer

from custagent.cli.opening import Json, open_app
from custagent.cli.render import next_steps, print_json, say, table
from custagent.runtime.definitions.roster import AgentSummary, summaries


def list_agents(ctx: typer.Context, json: Json = False) -> None:
    """List the agents of this workspace.

    Example:
      custagent list
    """
    app = open_app(ctx)
    listed = summaries(app)
    if json:
        print_json(listed)
        return
    if not listed:
        say("There is no agent yet.")
        next_steps(["custagent create support"])
        return
    table(["Agent", "Role", "Sources", "Pages", "Channels", "Live"], [_row(summary) for summary in listed])
    if any(summary.edited for summary in listed):
        say("* the file was changed since; put it into force with: custagent apply")


def _row(summary: AgentSummary) -> list[object]:
    live = f"version {summary.version}{'*' if summary.edited else ''}" if summary.version else "no*"
    return [summary.name, summary.role, summary.sources, summary.pages, ", ".join(summary.channels) or "none", live]
