"""The command that makes an agent: create (CRE-1)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from custagent.cli.ask import can_ask
from custagent.cli.asker import Asker, Plain
from custagent.cli.opening import Json, Yes, open_app
from custagent.cli.render import counted, next_steps, print_json, say, stdout, success, table, visible, warn
from custagent.cli.sources import read_places, read_sources
from custagent.cli.wizard import Wizard
from custagent.config.begun import forget_begun
from custagent.config.editor import NewAgent
from custagent.config.findings import did_you_mean
from custagent.config.templates import PLAIN, TEMPLATES, template_languages
from custagent.core.agent import EMBEDDED, AgentDefinition, ConfidencePreset, Personality, Role
from custagent.core.errors import UsageError
from custagent.core.ids import is_name
from custagent.core.people import Permission
from custagent.locales import FALLBACK, catalogue
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.source_states import find_state
from custagent.runtime.content.sources import Place, find_place
from custagent.runtime.definitions.agents import create_agent, definition_text, refuse_taken

AI_NOTICE = (
    "Replies are made by AI and may contain errors. The agent says so to everyone,\n"
    "and asks them not to send sensitive data."
)
#: So many lines of a definition are shown on a terminal; the rest is in the file.
_MOST_LINES = 16
#: What a program reports that Ctrl-C ended.
_INTERRUPTED = 130


def create(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A short name, such as support.", show_default=False)
    ] = "",
    template: Annotated[
        str,
        typer.Option(
            metavar="TEMPLATE", help=f"A definition to begin with: {', '.join(TEMPLATES)}.", show_default=False
        ),
    ] = "",
    role: Annotated[Role | None, typer.Option(help="What the agent does.", show_default=False)] = None,
    personality: Annotated[Personality | None, typer.Option(help="How it speaks.", show_default=False)] = None,
    voice: Annotated[
        str, typer.Option(metavar="VOICE", help="A brand voice of the workspace.", show_default=False)
    ] = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Its default language, such as en or sv.", show_default=False)
    ] = "",
    model: Annotated[str, typer.Option(help="embedded, or provider/name as LiteLLM knows it.")] = EMBEDDED,
    confidence: Annotated[
        ConfidencePreset | None,
        typer.Option(help="How sure it has to be before it answers.", show_default="balanced, or as the template says"),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH_OR_URL", help="What it answers from, read at once. Repeatable.", show_default=False),
    ] = None,
    import_related: Annotated[
        bool, typer.Option("--import-related", help="With a web address: read the whole site.")
    ] = False,
    list_templates: Annotated[bool, typer.Option("--list-templates", help="List the templates, and end.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Create an agent.

    Writes agents/NAME.yaml, and reads the content you name. With a terminal it asks for what was not given; with --yes it
    asks nothing. Stopped with Ctrl-C it makes nothing, and your answers are offered again the next time.

    Examples:
      custagent create
      custagent create support --role customer-service --personality friendly --yes
      custagent create support --template shop --source https://help.example.com --import-related --yes
    """
    if list_templates:
        _list_templates(json=json)
        return
    app = open_app(ctx)
    given: dict[str, str] = {
        "name": name,
        "language": language,
        "template": _known(template),
        "role": role.value if role else "",
        "tone": voice or (personality.value if personality else ""),
        "content": "given" if source else "",
    }
    given = {key: value for key, value in given.items() if value}
    if name:
        _refuse_name(app, name)
    places, related = list(source or []), import_related
    if can_ask() and not yes and not json:
        answers = _asked(app, given)
        places += [answers["place"]] if "place" in answers else []
        related |= answers.get("whole") == "whole"
    else:
        answers = given
    found = [find_place(app, place, {"import_related": True} if related else {}) for place in places]
    agent = create_agent(app, _new_agent(app, answers, personality, voice, model=model, confidence=confidence))
    _finish(app, agent, found, template=answers.get("template", PLAIN), json=json)


def _known(template: str) -> str:
    """The template's name. Raises UsageError when there is none of that name."""
    if template and template not in TEMPLATES:
        raise UsageError(
            f"there is no template {template!r} ({did_you_mean(template, TEMPLATES)})",
            hint="See them with: custagent create --list-templates",
        )
    return template


def _refuse_name(app: Application, name: str) -> None:
    """Raises UsageError when it cannot name a new agent."""
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be an agent's name: lower-case letters, digits and hyphens only",
            hint="For example: custagent create support",
        )
    refuse_taken(app, name)


def _asked(app: Application, given: Mapping[str, str]) -> dict[str, str]:
    """All answers. Ctrl-C ends the program: nothing was made, and what was answered is kept."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    try:
        return Wizard(app, _asker(), given).run()
    except KeyboardInterrupt:
        warn("No agent was made. Your answers so far are kept; go on with:", hint="custagent create")
        raise typer.Exit(_INTERRUPTED) from None


def _asker() -> Asker:
    """The one that this terminal can show."""
    if os.name != "nt" and os.environ.get("TERM", "dumb") in ("", "dumb"):
        return Plain()
    from custagent.cli.menu import Menu

    return Menu()


def _new_agent(
    app: Application,
    answers: Mapping[str, str],
    personality: Personality | None,
    voice: str,
    *,
    model: str,
    confidence: ConfidencePreset | None,
) -> NewAgent:
    """What create_agent is given. Raises UsageError without a name."""
    if not answers.get("name"):
        raise UsageError("the agent needs a name", hint="custagent create support --yes")
    tone = answers.get("tone", "")
    if tone and not voice and personality is None:
        # A voice of the workspace may be called like a personality; then the workspace's is meant.
        voices = [one.name for one in app.workspace.voices]
        voice, personality = (tone, None) if tone in voices else ("", Personality(tone))
    return NewAgent(
        name=answers["name"],
        template=answers.get("template") or PLAIN,
        role=Role(answers["role"]) if "role" in answers else None,
        personality=None if voice else personality,
        voice=voice or None,
        default_language=answers.get("language") or app.workspace.default_language,
        model=model,
        confidence=confidence,
    )


def _finish(app: Application, agent: AgentDefinition, places: Sequence[Place], *, template: str, json: bool) -> None:
    """Tell what was made, then read its content. Exit code 1 when some of it could not be read (SRC-5)."""
    forget_begun(app.home)
    if not json:
        _tell_created(app, agent, template)
    if agent.sources:  # the short answers that a template brings
        read_sources(app, agent, [source.location for source in agent.sources])
    broken = _read(app, agent, places, json=json) if places else False
    if json:
        made = {"agent": agent.name, "file": f"agents/{agent.name}.yaml"}
        print_json({**made, "sources": [place.location for place in places]} if places else made)
    else:
        next_steps(_next(app, agent, places, broken=broken))
    if broken:
        raise typer.Exit(1)


def _read(app: Application, agent: AgentDefinition, places: Sequence[Place], *, json: bool) -> bool:
    """Read the content as `sources add` does; whether some of it could not be read. Ctrl-C ends the program."""
    try:
        read_places(app, agent.name, places)
    except KeyboardInterrupt:
        warn(
            f"Stopped while reading. {agent.name} is made and knows its content; read the rest with:",
            hint=f"custagent sources sync {agent.name}",
        )
        raise typer.Exit(_INTERRUPTED) from None
    states = [find_state(app, agent.name, place.location) for place in places]
    for state in states:
        if not json and not state.error:
            success(f"{state.location}: {counted(state.pages, 'page')}, {counted(state.chunks, 'passage')}")
    return any(state.error for state in states)


def _tell_created(app: Application, agent: AgentDefinition, template: str) -> None:
    language = agent.default_language
    success(f"Created agents/{agent.name}.yaml")
    _show_definition(definition_text(app, agent.name), agent.name)
    say()
    if template != PLAIN and language not in template_languages(template):
        say(f"The template's own texts are in English; in {_named(language)} the built-in ones serve.")
    say(AI_NOTICE)
    if agent.model != EMBEDDED:
        warn(
            f"Questions and content will be sent to {agent.model.partition('/')[0]}, under its terms.",
            hint="The embedded default sends nothing anywhere.",
        )


def _named(language: str) -> str:
    return catalogue(FALLBACK).languages.get(language, language)


def _show_definition(text: str, name: str) -> None:
    """What was written, without its comments."""
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if not stdout().is_terminal:
        say("\n".join(f"  {line}" for line in lines))
        return
    from rich.padding import Padding
    from rich.syntax import Syntax

    shown = visible("\n".join(lines[:_MOST_LINES]))
    syntax = Syntax(shown, "yaml", theme="ansi_light", background_color="default", word_wrap=True)
    stdout().print(Padding(syntax, (0, 0, 0, 2)))
    if len(lines) > _MOST_LINES:
        say(f"  and {len(lines) - _MOST_LINES} more lines: custagent edit {name}", style="dim")


def _next(app: Application, agent: AgentDefinition, places: Sequence[Place], *, broken: bool) -> list[str]:
    """The three commands that make sense now."""
    channels, name = app.workspace.channels, agent.name
    preview = f"custagent preview {name}"
    live = (
        f"custagent assign {name} {channels[0].name}"
        if channels
        else "custagent channels add live-chat website --origin https://www.example.com"
    )
    if broken:
        return [f"custagent sources sync {name}", preview, live]
    if places:
        return [preview, f"custagent test {name} --init", live]
    return [f"custagent sources add {name} https://help.example.com --import-related", preview, live]


def _list_templates(*, json: bool) -> None:
    if json:
        listed = [
            {"template": name, "meaning": TEMPLATES[name], "languages": template_languages(name)} for name in TEMPLATES
        ]
        print_json(listed)
        return
    rows = [[name, TEMPLATES[name], ", ".join(template_languages(name))] for name in TEMPLATES]
    table(["Template", "What it is for", "Texts in"], rows)
    next_steps([f"custagent create support --template {next(iter(TEMPLATES))}"])
