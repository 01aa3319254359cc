"""Commands for the workspace and its agents: init, show, delete, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.app import invocation
from custagent.cli.ask import confirm
from custagent.cli.opening import AgentName, Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, warn
from custagent.core.agent import ConfidenceThresholds
from custagent.core.errors import UsageError
from custagent.runtime.definitions.agents import Applied, apply_agents, delete_agent
from custagent.runtime.definitions.rollback import apply_revision
from custagent.runtime.definitions.roster import summaries


def init(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--name", help="The company, as contacts know it.", show_default=False)] = "",
    json: Json = False,
) -> None:
    """Make the current folder a workspace.

    Writes custagent.yaml and the folders agents/ and content/; run-time state goes to .custagent/, which git ignores.

    Example:
      custagent init --name "Northwind Bikes"
    """
    from custagent.config.home import init_home, refuse_inside
    from custagent.config.schema import write_schemas

    folder = invocation(ctx).workspace or Path.cwd()
    if invocation(ctx).workspace is None:
        refuse_inside(folder)
    home = init_home(folder, name=name or folder.absolute().name)
    write_schemas(home)
    if json:
        print_json({"workspace": home.root})
        return
    success(f"Workspace ready in {home.root}")
    next_steps(["custagent create support"])


def show(ctx: typer.Context, agent: AgentName, json: Json = False) -> None:
    """Show one agent.

    Example:
      custagent show support
    """
    from custagent.runtime.content.source_states import states

    app = open_app(ctx)
    definition = app.agent(agent)
    (summary,) = summaries(app, [agent])
    listed = states(app, agent)
    if json:
        print_json({"definition": definition, "summary": summary, "sources": listed})
        return
    personality = definition.personality.value if definition.personality else "none"
    live = f"version {summary.version}" if summary.version else "never applied"
    facts = [
        ("Role", definition.role.value),
        ("Voice", definition.voice) if definition.voice else ("Personality", personality),
        ("Language", definition.default_language),
        ("Model", definition.model),
        ("Confidence", _confidence(definition.confidence)),
        *((f"  on {one.channel}", _confidence(one.confidence)) for one in definition.assignments if one.confidence),
        ("Channels", ", ".join(summary.channels) or "none"),
        ("Live", live + (", the file was changed since" if summary.edited and summary.version else "")),
    ]
    for label, value in facts:
        say(f"{label + ':':<16}{value}")
    say(f"{'Sources:':<16}{len(listed)}, {counted(summary.pages, 'page')}")
    for state in listed:
        say(f"  {state.kind:<14}{state.location}  ({state.status.value}, {counted(state.pages, 'page')})")


def _confidence(thresholds: ConfidenceThresholds) -> str:
    name = f"{thresholds.preset.value}: " if thresholds.preset else ""
    return f"{name}answers from confidence {thresholds.answer:.2f}, asks back from {thresholds.clarify:.2f}"


def delete(ctx: typer.Context, agent: AgentName, yes: Yes = False, json: Json = False) -> None:
    """Delete an agent.

    Removes its file, its content and its index. It must not be assigned to a channel.

    Example:
      custagent delete support --yes
    """
    app = open_app(ctx)
    app.agent(agent)
    confirm(f"Delete {agent} with all that it has read?", yes=yes)
    delete_agent(app, agent)
    if json:
        print_json({"agent": agent})
        return
    success(f"Deleted {agent}")


def apply(
    ctx: typer.Context,
    agents: Annotated[
        list[str] | None,
        typer.Argument(metavar="AGENT", help="All, if none is named."),
    ] = None,
    rev: Annotated[
        str,
        typer.Option(
            metavar="REVISION", help="The agents as this git revision has them; the files stay.", show_default=False
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Put the YAML files into force.

    Checks them first; a file with an error changes nothing. The runner answers by the last applied version, at once.
    See first what would change: custagent plan.

    Examples:
      custagent apply
      custagent apply support
      custagent apply support --rev HEAD~1
    """
    app = open_app(ctx)
    if rev and not agents:
        raise UsageError("--rev needs the agents' names", hint=f"custagent apply AGENT --rev {rev}")
    done = apply_revision(app, rev, agents or []) if rev else apply_agents(app, agents or [])
    if json:
        print_json(done)
        return
    tell_applied(done)
    if rev:
        files = " ".join(f"agents/{name}.yaml" for name in agents or [])
        warn("The files may say otherwise; the next `custagent apply` puts them into force again.")
        next_steps([f"git checkout {rev} -- {files}"])


def tell_applied(done: list[Applied]) -> None:
    """What went live, and what followed from it."""
    for one in done:
        if not one.version:
            success(f"{one.agent}: retired, its file is gone")
        elif one.changed:
            success(f"{one.agent}: version {one.version} is live")
        else:
            say(f"{one.agent}: version {one.version}, nothing changed")
        if one.handed_over:
            say(
                f"  {counted(one.handed_over, 'conversation')} went to people: {one.agent} is not on the channel any more"
            )
