"""The command that sets a channel up: channels add. Its options are what the kinds' models say that they take."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from custagent.cli.ask import ask_choice, ask_text, can_ask
from custagent.cli.opening import Json, open_app
from custagent.cli.render import next_steps, print_json, say, success
from custagent.config.agents import agent_names
from custagent.core.channel import Channel, ChannelBase, ChannelKind, LiveChatChannel
from custagent.core.errors import UsageError
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.channel_settings import (
    Form,
    Setting,
    models,
    secret_reference,
    settings,
    variable_for,
)
from custagent.runtime.definitions.channels import ADD_HINT, add_channel, steps_elsewhere, unset_variables

#: Options of the command itself, which no setting may take the place of.
_OWN: Final = frozenset({"ctx", "kind", "name", "desk", "json", "url", "workspace", "as", "help"})


def add(
    ctx: typer.Context,
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="live-chat, whatsapp, messenger or email; or what a package brings.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A short name, such as web.", show_default=False)
    ] = None,
    desk: Annotated[str, typer.Option(metavar="DESK", help="The desk whose queue its conversations join.")] = "inbox",
    url: Annotated[
        str,
        typer.Option(
            metavar="PUBLIC_URL",
            help="Where the runner is reached from outside; else `public_url:`.",
            show_default=False,
        ),
    ] = "",
    json: Json = False,
    **told: Any,
) -> None:
    """Add a channel.

    Writes it into custagent.yaml and puts it into force; then says what to do at the provider, and which command comes
    next. What is missing is asked for at a terminal. Secrets stay in the environment: the file names the variable, which
    is called after the channel unless you say otherwise.

    Examples:
      custagent channels add live-chat web --origin https://www.example.com
      custagent channels add whatsapp phone --phone-number-id 10600000000001 --business-account-id 10200000000001
      custagent channels add messenger page --page-id 10700000000001 --app-id 10300000000001 --app-secret-env META_SECRET
      custagent channels add email post --address help@example.com --imap-host imap.example.com \
--smtp-host smtp.example.com --username help@example.com
    """
    app = open_app(ctx)
    kind, name = _what(kind, name)
    model = models().get(kind)
    given = _given(name, settings(model), told, model) if model else {}
    channel = add_channel(app, kind, name, given, desk="" if desk == "inbox" else desk)
    if json:
        print_json(channel)
        return
    where = f" for {', '.join(channel.origins)}" if isinstance(channel, LiveChatChannel) else ""
    success(f"Added {kind} {name}{where}")
    _tell(app, channel, url)


def _what(kind: str | None, name: str | None) -> tuple[str, str]:
    """Kind and name, asked for where they are missing. Raises UsageError when nobody can be asked."""
    if kind and name:
        return kind, name
    if not can_ask():
        raise UsageError("say which kind of channel, and what it is called", hint=f"For example: {ADD_HINT}")
    kind = kind or ask_choice("What do contacts write on?", sorted(models()), default=ChannelKind.LIVE_CHAT.value)
    return kind, name or ask_text("What should assignments call it", default=kind)


def _given(
    channel: str, known: tuple[Setting, ...], told: Mapping[str, Any], model: type[ChannelBase]
) -> dict[str, Any]:
    """The settings as they stand in the file: what was told, what was asked, and the usual names of secrets."""
    given: dict[str, Any] = {}
    names = {setting.name for setting in known}
    for name, value in told.items():
        if value is not None and value != [] and name not in names:
            raise UsageError(f"{_option(name, told)} is no setting of such a channel", hint="Leave it out.")
    for setting in known:
        value = told.get(setting.name)
        if value is not None and value != []:
            given[setting.name] = secret_reference(setting.name, value) if setting.form is Form.SECRET else value
    needed = model.asks_for(given)
    for setting in known:
        if setting.name not in given and (setting.required or setting.name in needed):
            value = _asked(channel, setting)
            if value is not None:
                given[setting.name] = value
    missing = [one for one in known if one.required and one.name not in given]
    if missing:
        raise UsageError(
            "still missing: " + "; ".join(f"{_option_of(one)} ({one.description.rstrip('.')})" for one in missing),
            hint="Add these options, or run the command at a terminal to be asked.",
        )
    return {setting.name: given[setting.name] for setting in known if setting.name in given}


def _asked(channel: str, setting: Setting) -> Any:
    """What a person says of a setting that is missing; without one the usual name of a secret, else None."""
    usual = variable_for(channel, setting.name)
    if not can_ask():
        return f"${{{usual}}}" if setting.form is Form.SECRET else None
    say(setting.description, style="dim")
    label = setting.name.replace("_", " ").capitalize()
    if setting.form is Form.SECRET:
        return secret_reference(setting.name, ask_text(f"{label}: the variable", default=usual))
    if setting.choices:
        return ask_choice(label, setting.choices, default=setting.choices[0])
    answer = ask_text(label)
    return answer.replace(",", " ").split() if setting.form is Form.LIST else answer


def _tell(app: Application, channel: Channel, url: str) -> None:
    """What is to be done now: here, at the provider, and then."""
    missing = unset_variables(app, channel)
    if missing:
        say()
        say("Set these variables where custagent runs:")
        for variable in missing:
            say(f"  export {variable}=…", style="cyan", whole=True)
    elsewhere = steps_elsewhere(app, channel, url)
    if elsewhere:
        say()
        say("At the provider:")
        for number, step in enumerate(elsewhere, 1):
            say(f"  {number}. {step}")
    chat = isinstance(channel, LiveChatChannel)
    check = [] if chat else [f"custagent channels check {channel.name}"]
    snippet = [f"custagent channels snippet {channel.name}"] if chat else []
    next_steps([*check, f"custagent assign {_agent(app)} {channel.name}", *snippet])


def _agent(app: Application) -> str:
    """Who is to answer there, where that can only be one."""
    names = agent_names(app.home)
    return names[0] if len(names) == 1 else "AGENT"


def _option_of(setting: Setting) -> str:
    name = setting.name.replace("_", "-")
    if setting.form is Form.LIST:
        # One value each time it stands there.
        return f"--{name.removesuffix('es' if name.endswith('ses') else 's')}"
    return f"--{name}-env" if setting.form is Form.SECRET else f"--{name}"


def _option(name: str, told: Mapping[str, Any]) -> str:
    form = Form.LIST if isinstance(told[name], list) else Form.TEXT
    return _option_of(Setting(name=name, form=form, description=""))


def _parameters() -> Iterator[inspect.Parameter]:
    """An option for each setting of any kind that takes a word or a few."""
    known: dict[str, dict[str, Setting]] = {}
    for kind, model in models().items():
        for setting in settings(model):
            known.setdefault(setting.name, {})[kind] = setting
    for name, by_kind in known.items():
        if name not in _OWN:
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(by_kind))


def _annotation(by_kind: Mapping[str, Setting]) -> Any:
    """What kinds have in common is one option; where they say different things of it, each says its own."""
    setting = next(iter(by_kind.values()))
    said = {one.description: kind for kind, one in by_kind.items()}
    option = _option_of(setting)
    names = [f"{option}/--no-{option.removeprefix('--')}"] if setting.form is Form.FLAG else [option]
    types: dict[Form, Any] = {Form.NUMBER: int | None, Form.FLAG: bool | None, Form.LIST: list[str] | None}
    metavar = {Form.SECRET: "VARIABLE", Form.NUMBER: "NUMBER", Form.FLAG: None}.get(setting.form, "TEXT")
    text = " ".join(f"{kind}: {one}" if len(said) > 1 else one for one, kind in said.items()).replace(
        ", as ${NAME}", ""
    )
    return Annotated[
        types.get(setting.form, str | None),
        typer.Option(
            *names,
            metavar="|".join(setting.choices) or metavar,
            help=f"{text} Repeatable." if setting.form is Form.LIST else text,
            rich_help_panel=" and ".join(by_kind),
            show_default=False,
        ),
    ]


def _with_settings() -> inspect.Signature:
    own = inspect.signature(add, eval_str=True)
    fixed = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    return own.replace(parameters=[*fixed, *_parameters()])


add.__signature__ = _with_settings()  # type: ignore[attr-defined] # what Typer reads the options from
