"""Commands for the workspace and its agents: init, create, list, show, edit, delete, apply."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.app import invocation
from custagent.cli.ask import ask_choice, ask_text, can_ask, confirm
from custagent.cli.opening import AgentName, Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, say, success, table, warn
from custagent.core.agent import (
    EMBEDDED,
    AgentDefinition,
    ConfidencePreset,
    ConfidenceThresholds,
    Personality,
    Role,
)
from custagent.core.errors import UsageError
from custagent.core.ids import is_name
from custagent.runtime.agents import AgentSummary, Applied, apply_agents, create_agent, delete_agent, summaries
from custagent.runtime.rollback import apply_revision

AI_NOTICE = (
    "Replies are made by AI and may contain errors. The agent says so to every contact, and asks them "
    "not to send sensitive data."
)


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
    from custagent.config.home import init_home
    from custagent.config.schema import write_schemas

    folder = invocation(ctx).workspace or Path.cwd()
    home = init_home(folder, name=name or folder.resolve().name)
    write_schemas(home)
    if json:
        print_json({"workspace": home.root})
        return
    success(f"Workspace ready in {home.root}")
    next_steps(["custagent create support"])


def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A short name, such as support.", show_default=False)] = "",
    role: Annotated[Role | None, typer.Option(help="What the agent does.", show_default=False)] = None,
    personality: Annotated[Personality | None, typer.Option(help="How it speaks.", show_default=False)] = None,
    voice: Annotated[str, typer.Option(help="A brand voice of the workspace.", show_default=False)] = "",
    language: Annotated[str, typer.Option(help="Its default language, such as en or sv.", show_default=False)] = "",
    model: Annotated[str, typer.Option(help="embedded, or provider/name as LiteLLM knows it.")] = EMBEDDED,
    confidence: Annotated[
        ConfidencePreset, typer.Option(help="How sure it has to be before it answers.")
    ] = ConfidencePreset.BALANCED,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Create an agent.

    Writes agents/NAME.yaml. With a terminal it asks for what was not given; with --yes it asks nothing.

    Examples:
      custagent create support
      custagent create support --role customer-service --personality friendly --yes
    """
    from custagent.config.editor import NewAgent

    app = open_app(ctx)
    asking = can_ask() and not yes and not json
    name = _agent_name(name, asking=asking)
    if asking:
        role = role or Role(ask_choice("What does it do?", [one.value for one in Role], default="customer-service"))
        if personality is None and not voice:
            voices = [one.name for one in app.workspace.voices]
            tone = ask_choice("How does it speak?", [*Personality, *voices], default="friendly")
            # A voice of the workspace may be called like a personality; then the workspace's is meant.
            voice, personality = (tone, None) if tone in voices else ("", Personality(tone))
    new = NewAgent(
        name=name,
        role=role or Role.CUSTOMER_SERVICE,
        personality=None if voice else personality or Personality.FRIENDLY,
        voice=voice or None,
        default_language=language or app.workspace.default_language,
        model=model,
        confidence=confidence,
    )
    agent = create_agent(app, new)
    if json:
        print_json({"agent": agent.name, "file": f"agents/{agent.name}.yaml"})
        return
    _tell_created(agent)


def _agent_name(name: str, *, asking: bool) -> str:
    """The name that was given or is asked for. Raises UsageError when it cannot name an agent."""
    if not name and not asking:
        raise UsageError("the agent needs a name", hint="custagent create support --yes")
    name = name or ask_text("The agent's short name", default="support")
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be an agent's name: lower-case letters, digits and hyphens only",
            hint="For example: custagent create support",
        )
    return name


def _tell_created(agent: AgentDefinition) -> None:
    success(f"Created agents/{agent.name}.yaml")
    say(AI_NOTICE)
    if agent.model != EMBEDDED:
        warn(
            f"Contacts' questions and your content will be sent to {agent.model.partition('/')[0]}, under its terms. "
            "The embedded default sends nothing anywhere."
        )
    next_steps(
        [
            f"custagent sources add {agent.name} https://help.example.com --import-related",
            f"custagent preview {agent.name}",
        ]
    )


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


def show(ctx: typer.Context, agent: AgentName, json: Json = False) -> None:
    """Show one agent.

    Example:
      custagent show support
    """
    from custagent.runtime.source_states import states

    app = open_app(ctx)
    definition = app.agent(agent)
    (summary,) = summaries(app, [agent])
    listed = states(app, agent)
    if json:
        print_json({"definition": definition, "summary": summary, "sources": listed})
        return
    tone = definition.voice or (definition.personality.value if definition.personality else "plain")
    live = f"version {summary.version}" if summary.version else "never applied"
    facts = [
        ("Role", definition.role.value),
        ("Tone", tone),
        ("Language", definition.default_language),
        ("Model", definition.model),
        ("Confidence", _confidence(definition.confidence)),
        *((f"  on {one.channel}", _confidence(one.confidence)) for one in definition.assignments if one.confidence),
        ("Channels", ", ".join(summary.channels) or "none"),
        ("Live", live + (", the file was changed since" if summary.edited and summary.version else "")),
    ]
    for label, value in facts:
        say(f"{label + ':':<16}{value}")
    say(f"{'Sources:':<16}{len(listed)}, {summary.pages} pages")
    for state in listed:
        say(f"  {state.kind:<13}{state.location}  ({state.status.value}, {state.pages} pages)")


def _confidence(thresholds: ConfidenceThresholds) -> str:
    name = f"{thresholds.preset.value}: " if thresholds.preset else ""
    return f"{name}answers from confidence {thresholds.answer:.2f}, asks back from {thresholds.clarify:.2f}"


def edit(ctx: typer.Context, agent: AgentName) -> None:
    """Change an agent's settings.

    Opens the agent's file in your editor ($EDITOR), checks it when you save, and puts it into force.

    Example:
      custagent edit support
    """
    from custagent.config.agents import agent_path
    from custagent.config.validate import validate

    app = open_app(ctx)
    app.agent(agent)
    path = agent_path(app.home, agent)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    if not can_ask():
        raise UsageError(
            f"there is no terminal to open {editor} in",
            hint=f"Edit {path} yourself, then run: custagent apply",
        )
    while True:
        subprocess.run([*editor.split(), str(path)], check=False)
        report = validate([path])
        if not report.errors:
            break
        say(report.as_text())
        if not typer.confirm("The file has errors. Open it again?", default=True):
            warn(f"{path.name} was saved with errors and is not in force.", hint=f"custagent edit {agent}")
            raise typer.Exit(1)
    _tell_applied(apply_agents(app, [agent]))


def delete(ctx: typer.Context, agent: AgentName, yes: Yes = False) -> None:
    """Delete an agent.

    Removes its file, its content and its index. It must not be assigned to a channel.

    Example:
      custagent delete support --yes
    """
    app = open_app(ctx)
    app.agent(agent)
    confirm(f"Delete {agent} with all that it has read?", yes=yes)
    delete_agent(app, agent)
    success(f"Deleted {agent}")


def apply(
    ctx: typer.Context,
    agents: Annotated[list[str] | None, typer.Argument(metavar="[AGENT]...", help="All, if none is named.")] = None,
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
    _tell_applied(done)
    if rev:
        files = " ".join(f"agents/{name}.yaml" for name in agents or [])
        warn("The files may say otherwise; the next `custagent apply` puts them into force again.")
        next_steps([f"git checkout {rev} -- {files}"])


def _tell_applied(done: list[Applied]) -> None:
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
